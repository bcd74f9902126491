/* Stored arrays as tensors: wrapped where they lie when the machine reads them as they are, else
 * decoded element by element.
 *
 * Fortran order is C order with the axes reversed, so such an array is a tensor of the reversed
 * shape seen through a permutation. */
#include "data/array.h"

#include <string.h>

static bool native_order(const clf__array *array) {
  const bool big_endian_machine = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
  return array->width == 1 || array->big_endian == big_endian_machine;
}

/* The dtype that reads the elements as they are stored; 0 for none. */
static int32_t dtype_of(const clf__array *array) {
  static const struct {
    char kind;
    int32_t width;
    int32_t dtype;
  } dtypes[] = {{'u', 1, CLF_U8},  {'b', 1, CLF_U8},  {'i', 4, CLF_I32},
                {'i', 8, CLF_I64}, {'f', 4, CLF_F32}, {'f', 8, CLF_F64}};
  for (size_t i = 0; native_order(array) && i < sizeof dtypes / sizeof dtypes[0]; i++) {
    if (dtypes[i].kind == array->kind && dtypes[i].width == array->width) {
      return dtypes[i].dtype;
    }
  }
  return 0;
}

static int64_t count_of(const clf__array *array) {
  int64_t count = 1;
  for (int32_t i = 0; i < array->ndim; i++) {
    count *= array->shape[i];
  }
  return count;
}

clf_status clf__array_whole(size_t *size, const clf__array *array, const char *name) {
  size_t bytes = (size_t)array->width;
  for (int32_t i = 0; i < array->ndim; i++) {
    if (array->shape[i] == 0) {
      return clf__fail(CLF_ERROR_DATA, "%s: it has no elements: the size of axis %d is 0", name, i);
    }
    if (!clf__mul_size(bytes, (size_t)array->shape[i], &bytes) || bytes > INT64_MAX / 8) {
      return clf__fail(CLF_ERROR_SHAPE, "%s: the sizes overflow at axis %d, which has %lld", name,
                       i, (long long)array->shape[i]);
    }
  }
  *size = bytes + array->offset;
  return CLF_OK;
}

static clf_status check_whole(const clf__array *array, const clf__bytes *bytes, const char *name) {
  size_t whole;
  clf_status status = clf__array_whole(&whole, array, name);
  if (status == CLF_OK && whole != bytes->size) {
    status = clf__fail(CLF_ERROR_FORMAT, "%s: it has %zu bytes; its header promises %zu", name,
                       bytes->size, whole);
  }
  return status;
}

static double element(const unsigned char *at, const clf__array *array) {
  uint64_t bits = 0;
  int32_t width = array->width;
  for (int32_t i = 0; i < width; i++) {
    bits |= (uint64_t)at[array->big_endian ? width - 1 - i : i] << (8 * i);
  }
  if (array->kind == 'f' && width == 4) {
    uint32_t half = (uint32_t)bits;
    float single;
    memcpy(&single, &half, sizeof single);
    return (double)single;
  }
  if (array->kind == 'f') {
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
  }
  if (array->kind == 'i') {
    int32_t unused = 64 - 8 * width;
    return (double)((int64_t)(bits << unused) >> unused);
  }
  return (double)bits;
}

static clf_status decode(clf_tensor **out, clf_context *context, const unsigned char *data,
                         const clf__array *array, const int64_t *shape, int32_t dtype) {
  clf_status status = clf_tensor_create(out, context, dtype, array->ndim, shape);
  if (status < 0) {
    return status;
  }
  float *singles = (*out)->data;
  double *doubles = (*out)->data;
  for (int64_t i = 0; i < count_of(array); i++, data += array->width) {
    if (dtype == CLF_F32) {
      singles[i] = (float)element(data, array);
    } else {
      doubles[i] = element(data, array);
    }
  }
  return CLF_OK;
}

static void release_bytes(void *user) {
  clf__bytes_release(user);
  clf__free(user);
}

static clf_status wrap(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                       const clf__array *array, const int64_t *shape, int32_t dtype) {
  clf__bytes *held = clf__alloc(context, sizeof *held);
  if (held == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *held = *bytes;
  clf_status status = clf_tensor_wrap(out, context, bytes->data + array->offset, dtype, array->ndim,
                                      shape, NULL, release_bytes, held);
  if (status < 0) {
    clf__free(held);
  } else {
    *bytes = (clf__bytes){NULL, 0, false};
  }
  return status;
}

/* The view with the axes reversed takes the tensor's place. */
static clf_status reverse_axes(clf_tensor **tensor) {
  int32_t axes[CLF_MAX_DIMENSIONS];
  for (int32_t i = 0; i < (*tensor)->ndim; i++) {
    axes[i] = (*tensor)->ndim - 1 - i;
  }
  clf_tensor *view = NULL;
  clf_status status = clf_tensor_permute(&view, *tensor, axes);
  clf_tensor_free(*tensor);
  *tensor = view;
  return status;
}

clf_status clf__array_tensor(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                             const clf__array *array, int32_t dtype, const char *name) {
  clf_status status = check_whole(array, bytes, name);
  if (status < 0) {
    return status;
  }
  int64_t shape[CLF_MAX_DIMENSIONS];
  for (int32_t i = 0; i < array->ndim; i++) {
    shape[i] = array->shape[array->fortran ? array->ndim - 1 - i : i];
  }
  clf_tensor *tensor = NULL;
  const unsigned char *data = bytes->data + array->offset;
  int32_t stored = dtype_of(array);
  if (stored != 0 && (uintptr_t)data % (uintptr_t)array->width == 0) {
    status = wrap(&tensor, context, bytes, array, shape, stored);
  } else {
    status = decode(&tensor, context, data, array, shape, dtype);
  }
  if (status == CLF_OK && array->fortran) {
    status = reverse_axes(&tensor);
  }
  if (status < 0) {
    return clf__fail_within(status, "%s", name);
  }
  *out = tensor;
  return CLF_OK;
}

clf_status clf__array_load(clf_tensor **out, clf_context *context, const char *path, bool map,
                           clf__array_header header, clf__measure measure) {
  clf__bytes bytes = {NULL, 0, false};
  clf__array array = {0};
  clf_status status = clf__source_open(&bytes, context, path, map, measure);
  if (status < 0) {
    return status;
  }
  CLF__TRY(header(&array, bytes.data, bytes.size, path));
  CLF__TRY(clf__array_tensor(out, context, &bytes, &array, CLF_F64, path));
done:
  clf__bytes_release(&bytes);
  return status;
}

/* Labels [rows, 1] as [rows]. */
static clf_status set_labels(clf_dataset *dataset, const clf_tensor *labels) {
  if (labels->ndim != 2 || labels->shape[1] != 1) {
    return clf_dataset_set_labels(dataset, labels);
  }
  clf_tensor *vector = NULL;
  clf_status status = clf_tensor_reshape(&vector, labels, 1, labels->shape);
  if (status == CLF_OK) {
    status = clf_dataset_set_labels(dataset, vector);
  }
  clf_tensor_free(vector);
  return status;
}

clf_status clf__array_attach(clf_dataset *dataset, const clf_tensor *labels, bool regression,
                             const char *name) {
  if (clf_tensor_size(labels, 0) != clf_dataset_rows(dataset)) {
    return clf__fail(CLF_ERROR_SHAPE, "%s: it has %lld labels for %lld rows", name,
                     (long long)clf_tensor_size(labels, 0), (long long)clf_dataset_rows(dataset));
  }
  clf_status status =
      regression ? clf_dataset_set_targets(dataset, labels) : set_labels(dataset, labels);
  return status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
}
