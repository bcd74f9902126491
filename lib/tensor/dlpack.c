/* DLPack: the C structure by which array libraries share memory (DLPack, version 0.x
 * `DLManagedTensor`; CPU device only). The layout is fixed by that specification. */
#include <string.h>

#include "base/border.h"
#include "tensor/tensor.h"

enum { DEVICE_CPU = 1, CODE_INT = 0, CODE_UINT = 1, CODE_FLOAT = 2, CODE_BFLOAT = 4 };

typedef struct dl_array {
  void *data;
  int32_t device_type;
  int32_t device_id;
  int32_t ndim;
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
  int64_t *shape;
  int64_t *strides; /* elements; NULL for C-contiguous */
  uint64_t byte_offset;
} dl_array;

typedef struct dl_managed {
  dl_array array;
  void *manager;
  void (*deleter)(struct dl_managed *self);
} dl_managed;

static const struct {
  int32_t dtype;
  uint8_t code, bits;
} types[] = {{CLF_F32, CODE_FLOAT, 32}, {CLF_F64, CODE_FLOAT, 64}, {CLF_U8, CODE_UINT, 8},
             {CLF_I32, CODE_INT, 32},   {CLF_I64, CODE_INT, 64},   {CLF_BF16, CODE_BFLOAT, 16},
             {CLF_I8, CODE_INT, 8}};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

/* An exported managed tensor owns a view, whose shape and strides it points to. */
static void delete_exported(dl_managed *managed) {
  clf_tensor *view = managed->manager;
  clf_context *context = clf__context_retain(view->context);
  clf_tensor_free(view);
  clf__free(managed);
  clf__context_release(context);
}

clf_status clf_tensor_to_dlpack(void **out, const clf_tensor *tensor) {
  CLF__REQUIRE(tensor);
  CLF__REQUIRE(out);
  CLF__ENTER("tensor");
  clf_tensor *view = NULL;
  CLF__CHECK(clf__tensor_share(&view, tensor));
  dl_managed *managed = clf__alloc_zeroed(tensor->context, 1, sizeof *managed);
  if (managed == NULL) {
    clf_tensor_free(view);
    return CLF_ERROR_MEMORY;
  }
  managed->array = (dl_array){.data = view->data,
                              .device_type = DEVICE_CPU,
                              .ndim = view->ndim,
                              .lanes = 1,
                              .shape = view->shape,
                              .strides = view->strides};
  for (size_t i = 0; i < TYPE_COUNT; i++) {
    if (types[i].dtype == view->dtype) {
      managed->array.code = types[i].code;
      managed->array.bits = types[i].bits;
    }
  }
  managed->manager = view;
  managed->deleter = delete_exported;
  *out = managed;
  return CLF_OK;
}

static int32_t dtype_of(const dl_array *array) {
  for (size_t i = 0; i < TYPE_COUNT && array->lanes == 1; i++) {
    if (types[i].code == array->code && types[i].bits == array->bits) {
      return types[i].dtype;
    }
  }
  return 0;
}

static void release_imported(void *user) {
  dl_managed *managed = user;
  if (managed->deleter != NULL) {
    managed->deleter(managed);
  }
}

clf_status clf_tensor_from_dlpack(clf_tensor **out, clf_context *context, void *managed) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(managed);
  CLF__ENTER("tensor");
  const dl_array *array = &((dl_managed *)managed)->array;
  if (array->device_type != DEVICE_CPU) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "DLPack: device %d is not CPU memory",
                     array->device_type);
  }
  int32_t dtype = dtype_of(array);
  if (dtype == 0) {
    return clf__fail(CLF_ERROR_TYPE,
                     "DLPack: elements of code %d, %d bits, %d lanes are not f32, f64, u8, i32, "
                     "i64, bf16 or i8",
                     array->code, array->bits, array->lanes);
  }
  if (array->byte_offset > UINTPTR_MAX - (uintptr_t)array->data) {
    return clf__fail(CLF_ERROR_ARGUMENT, "DLPack: the byte_offset %llu is beyond the memory",
                     (unsigned long long)array->byte_offset);
  }
  const char *data = array->data != NULL ? (const char *)array->data + array->byte_offset : NULL;
  CLF__CHECK(clf_tensor_wrap(out, context, data, dtype, array->ndim, array->shape, array->strides));
  return clf_tensor_set_release(*out, release_imported, managed);
}
