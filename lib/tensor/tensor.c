/* Tensors: handles with a shape on a reference-counted storage, which views share. Shapes are
 * checked so that the number of elements, their bytes and every offset that strides can reach fit
 * an int64_t. */
#include "tensor/tensor.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"

struct clf__storage {
  atomic_int_least64_t references;
  void *owned; /* a block of the library, or NULL */
  clf_release_callback release;
  void *user;
};

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {
    [CLF_F32] = {"f32", 4}, [CLF_F64] = {"f64", 8},   [CLF_U8] = {"u8", 1}, [CLF_I32] = {"i32", 4},
    [CLF_I64] = {"i64", 8}, [CLF_BF16] = {"bf16", 2}, [CLF_I8] = {"i8", 1},
};
enum { DTYPE_COUNT = sizeof dtypes / sizeof dtypes[0] };

size_t clf__dtype_size(int32_t dtype) {
  return dtype > 0 && dtype < DTYPE_COUNT ? dtypes[dtype].size : 0;
}

const char *clf__dtype_name(int32_t dtype) {
  return clf__dtype_size(dtype) != 0 ? dtypes[dtype].name : "unknown dtype";
}

static void storage_release(clf__storage *storage) {
  if (storage == NULL || atomic_fetch_sub(&storage->references, 1) != 1) {
    return;
  }
  if (storage->release != NULL) {
    storage->release(storage->user);
  }
  clf__free(storage->owned);
  clf__free(storage);
}

clf_status clf__tensor_check_shape(int32_t dtype, int32_t ndim, const int64_t *shape) {
  if (clf__dtype_size(dtype) == 0) {
    return clf__fail(CLF_ERROR_TYPE, "tensor: %d is not a dtype", dtype);
  }
  if (ndim < 0 || ndim > CLF_MAX_DIMENSIONS || (ndim > 0 && shape == NULL)) {
    return clf__fail(CLF_ERROR_ARGUMENT, "tensor: ndim is %d; it must be 0 to %d, with a shape",
                     ndim, CLF_MAX_DIMENSIONS);
  }
  int64_t bytes = (int64_t)clf__dtype_size(dtype);
  for (int32_t i = 0; i < ndim; i++) {
    if (shape[i] < 0) {
      return clf__fail(CLF_ERROR_SHAPE, "tensor: size %lld of axis %d is negative",
                       (long long)shape[i], i);
    }
    /* An axis of size 0 must not hide an overflow of the other axes, whose strides would be
     * wrong. */
    if (!clf__mul_i64(bytes, shape[i] > 0 ? shape[i] : 1, &bytes)) {
      return clf__fail(CLF_ERROR_SHAPE, "tensor: the sizes overflow at axis %d", i);
    }
  }
  return CLF_OK;
}

void clf__tensor_strides(int32_t ndim, const int64_t *shape, int64_t *strides) {
  int64_t step = 1;
  for (int32_t i = ndim - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i] > 0 ? shape[i] : 1;
  }
}

/* Copies the caller's strides of axes with at least two indices. Other strides are meaningless and
 * may be any number, which could overflow arithmetic. */
static void choose_strides(int32_t ndim, const int64_t *shape, const int64_t *wanted,
                           int64_t *strides) {
  bool empty = false;
  clf__tensor_strides(ndim, shape, strides);
  for (int32_t i = 0; i < ndim; i++) {
    empty |= shape[i] == 0;
  }
  for (int32_t i = 0; i < ndim && wanted != NULL && !empty; i++) {
    strides[i] = shape[i] > 1 ? wanted[i] : strides[i];
  }
}

/* Everything that strides reach, below and above the data, must be addressable. */
static clf_status check_reach(const void *data, int32_t dtype, int32_t ndim, const int64_t *shape,
                              const int64_t *strides) {
  int64_t below = 0, above = 1;
  for (int32_t i = 0; i < ndim; i++) {
    int64_t reach = 0, *sum = strides[i] < 0 ? &below : &above;
    if (strides[i] == INT64_MIN ||
        !clf__mul_i64(shape[i] > 0 ? shape[i] - 1 : 0, strides[i] < 0 ? -strides[i] : strides[i],
                      &reach) ||
        reach > INT64_MAX - *sum) {
      return clf__fail(CLF_ERROR_SHAPE, "tensor: stride %lld of axis %d overflows",
                       (long long)strides[i], i);
    }
    *sum += reach;
  }
  const int64_t size = (int64_t)clf__dtype_size(dtype);
  const uintptr_t place = (uintptr_t)data;
  if (!clf__mul_i64(below, size, &below) || !clf__mul_i64(above, size, &above) ||
      (data != NULL && (place < (uint64_t)below || UINTPTR_MAX - place < (uint64_t)above))) {
    return clf__fail(CLF_ERROR_SHAPE, "tensor: the strides reach beyond what can be addressed");
  }
  return CLF_OK;
}

/* Makes a handle with all its memory, which retains the context; it has no storage yet. */
static clf_tensor *make_handle(clf_context *context) {
  clf_tensor *tensor = clf__handle_create(context, sizeof *tensor);
  if (tensor == NULL) {
    return NULL;
  }
  tensor->scale = 1;
  return tensor;
}

static clf_status make(clf_tensor **out, clf_context *context, int32_t dtype, int32_t ndim,
                       const int64_t *shape, const int64_t *strides) {
  clf_tensor *tensor = make_handle(context);
  if (tensor == NULL) {
    return CLF_ERROR_MEMORY;
  }
  tensor->storage = clf__alloc_zeroed(tensor->context, 1, sizeof *tensor->storage);
  if (tensor->storage == NULL) {
    clf_tensor_free(tensor);
    return CLF_ERROR_MEMORY;
  }
  atomic_init(&tensor->storage->references, 1);
  tensor->dtype = dtype;
  tensor->ndim = ndim;
  if (ndim > 0) {
    memcpy(tensor->shape, shape, (size_t)ndim * sizeof *shape);
  }
  choose_strides(ndim, tensor->shape, strides, tensor->strides);
  *out = tensor;
  return CLF_OK;
}

clf_status clf__tensor_create_uninitialized(clf_tensor **out, clf_context *context, int32_t dtype,
                                            int32_t ndim, const int64_t *shape) {
  CLF__CHECK(clf__tensor_check_shape(dtype, ndim, shape));
  clf_tensor *tensor = NULL;
  CLF__CHECK(make(&tensor, context, dtype, ndim, shape, NULL));
  tensor->data =
      clf__alloc_array(tensor->context, clf_tensor_count(tensor), clf__dtype_size(dtype));
  if (tensor->data == NULL) {
    clf_tensor_free(tensor);
    return CLF_ERROR_MEMORY;
  }
  tensor->storage->owned = tensor->data;
  tensor->writable = true;
  *out = tensor;
  return CLF_OK;
}

clf_status clf_tensor_create(clf_tensor **out, clf_context *context, int32_t dtype, int32_t ndim,
                             const int64_t *shape) {
  CLF__REQUIRE(out);
  CLF__ENTER("tensor");
  clf_tensor *tensor = NULL;
  clf_status status = clf__tensor_create_uninitialized(&tensor, context, dtype, ndim, shape);
  if (status == CLF_OK) {
    memset(tensor->data, 0, (size_t)clf_tensor_count(tensor) * clf__dtype_size(dtype));
    *out = tensor;
  }
  return status;
}

clf_status clf_tensor_wrap(clf_tensor **out, clf_context *context, const void *data, int32_t dtype,
                           int32_t ndim, const int64_t *shape, const int64_t *strides) {
  CLF__REQUIRE(out);
  CLF__ENTER("tensor");
  int64_t chosen[CLF_MAX_DIMENSIONS];
  clf_status status = clf__tensor_check_shape(dtype, ndim, shape);
  if (status == CLF_OK) {
    choose_strides(ndim, shape, strides, chosen);
    status = check_reach(data, dtype, ndim, shape, chosen);
  }
  if (status < 0) {
    return status;
  }
  if ((uintptr_t)data % clf__dtype_size(dtype) != 0) {
    return clf__fail(CLF_ERROR_ARGUMENT, "tensor: the data are not aligned to their %zu bytes",
                     clf__dtype_size(dtype));
  }
  clf_tensor *tensor = NULL;
  status = make(&tensor, context, dtype, ndim, shape, chosen);
  if (status < 0) {
    return status;
  }
  if (data == NULL && clf_tensor_count(tensor) > 0) {
    clf_tensor_free(tensor);
    return clf__fail(CLF_ERROR_ARGUMENT, "tensor: data must not be NULL");
  }
  tensor->data = (void *)(uintptr_t)data;
  *out = tensor;
  return CLF_OK;
}

clf_status clf_tensor_set_release(clf_tensor *tensor, clf_release_callback callback, void *user) {
  CLF__REQUIRE(tensor);
  CLF__REQUIRE(callback);
  CLF__ENTER("tensor");
  if (tensor->storage->owned != NULL || tensor->storage->release != NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "tensor: its memory is %s; a callback is set once, for memory that "
                     "clf_tensor_wrap() was given",
                     tensor->storage->owned != NULL ? "the library's" : "released by one already");
  }
  tensor->storage->release = callback;
  tensor->storage->user = user;
  return CLF_OK;
}

void clf_tensor_free(clf_tensor *tensor) {
  if (tensor == NULL) {
    return;
  }
  storage_release(tensor->storage);
  clf__handle_free(tensor);
}

clf_tensor *clf__tensor_view(const clf_tensor *tensor) {
  clf_tensor *view = make_handle(tensor->context);
  if (view != NULL) {
    *view = *tensor;
    atomic_fetch_add(&view->storage->references, 1);
  }
  return view;
}

clf_status clf__tensor_share(clf_tensor **out, const clf_tensor *tensor) {
  clf_tensor *view = clf__tensor_view(tensor);
  if (view == NULL) {
    return CLF_ERROR_MEMORY;
  }
  view->writable = false;
  *out = view;
  return CLF_OK;
}

clf_status clf_tensor_set_scale(clf_tensor *tensor, double scale) {
  CLF__REQUIRE(tensor);
  CLF__ENTER("tensor");
  const double min = (double)FLT_MIN, max = (double)FLT_MAX / UINT8_MAX;
  if (!(scale >= min && scale <= max)) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "tensor: the scale is %s; it must be %s to %s, so that floats hold the values",
                     clf__number_text(scale), clf__number_text(min), clf__number_text(max));
  }
  if (tensor->dtype != CLF_U8 && scale != 1) {
    return clf__fail(CLF_ERROR_TYPE, "tensor: only u8 tensors take a scale, this one is %s",
                     clf__dtype_name(tensor->dtype));
  }
  tensor->scale = scale;
  return CLF_OK;
}

void *clf_tensor_data(const clf_tensor *tensor) {
  return tensor != NULL && clf_tensor_count(tensor) > 0 ? tensor->data : NULL;
}

int32_t clf_tensor_writable(const clf_tensor *tensor) {
  return tensor != NULL && tensor->writable;
}

int32_t clf_tensor_dtype(const clf_tensor *tensor) {
  return tensor != NULL ? tensor->dtype : 0;
}

int32_t clf_tensor_ndim(const clf_tensor *tensor) {
  return tensor != NULL ? tensor->ndim : -1;
}

int64_t clf_tensor_extent(const clf_tensor *tensor, int32_t axis) {
  return tensor != NULL && axis >= 0 && axis < tensor->ndim ? tensor->shape[axis] : -1;
}

int64_t clf_tensor_stride(const clf_tensor *tensor, int32_t axis) {
  return tensor != NULL && axis >= 0 && axis < tensor->ndim ? tensor->strides[axis] : 0;
}

int64_t clf_tensor_count(const clf_tensor *tensor) {
  if (tensor == NULL) {
    return -1;
  }
  int64_t count = 1;
  for (int32_t i = 0; i < tensor->ndim; i++) {
    count *= tensor->shape[i];
  }
  return count;
}

double clf_tensor_scale(const clf_tensor *tensor) {
  return tensor != NULL ? tensor->scale : NAN;
}

bool clf__tensor_contiguous(const clf_tensor *tensor) {
  int64_t step = 1;
  for (int32_t i = tensor->ndim - 1; i >= 0; i--) {
    if (tensor->shape[i] > 1 && tensor->strides[i] != step) {
      return clf_tensor_count(tensor) == 0;
    }
    step *= tensor->shape[i];
  }
  return true;
}

clf_status clf__tensor_vector(clf_tensor **out, clf_context *context, int32_t dtype, int64_t n) {
  return clf_tensor_create(out, context, dtype, 1, &n);
}

clf_status clf__tensor_matrix(clf_tensor **out, clf_context *context, int32_t dtype, int64_t rows,
                              int64_t columns) {
  return clf_tensor_create(out, context, dtype, 2, (int64_t[]){rows, columns});
}
