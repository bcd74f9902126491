/* Copies of tensors in another element type. Conversions keep the value where possible. Conversion
 * to an integer type rounds toward zero, and fails for values out of its range and for NaN. */
#include <math.h>
#include <string.h>

#include "base/bf16.h"
#include "base/border.h"
#include "tensor/tensor.h"

/* Returns the address of the element at a flat C-order index. */
static const char *element_at(const clf_tensor *tensor, int64_t index) {
  int64_t offset = 0;
  for (int32_t i = tensor->ndim - 1; i >= 0; i--) {
    offset += index % tensor->shape[i] * tensor->strides[i];
    index /= tensor->shape[i];
  }
  return (const char *)tensor->data + offset * (int64_t)clf__dtype_size(tensor->dtype);
}

/* Rounding twice may differ from rounding once, unless the first time an inexact number becomes the
 * odd one of its two neighbors: it then keeps its side of each tie (Boldo and Melquiond, 2008). */
static float to_odd_f32(double value) {
  const float nearest = (float)value;
  uint32_t bits;
  if ((double)nearest == value || isnan(value)) {
    return nearest;
  }
  memcpy(&bits, &nearest, sizeof bits);
  bits -= fabs((double)nearest) > fabs(value); /* now toward zero */
  bits |= 1;
  float odd;
  memcpy(&odd, &bits, sizeof odd);
  return odd;
}

/* The same with the upper 53 of 64 bits. */
static double to_odd_f64(int64_t value) {
  const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  const uint64_t lost = magnitude & 0x7ff;
  if (magnitude <= (uint64_t)1 << 53 || lost == 0) {
    return (double)value;
  }
  const double odd = (double)((magnitude - lost) | 0x800);
  return value < 0 ? -odd : odd;
}

static double load_f64(const char *element, int32_t dtype) {
  switch (dtype) {
  case CLF_F32:
    return (double)*(const float *)(const void *)element;
  case CLF_F64:
    return *(const double *)(const void *)element;
  case CLF_U8:
    return (double)*(const uint8_t *)element;
  case CLF_I32:
    return (double)*(const int32_t *)(const void *)element;
  case CLF_BF16:
    return (double)clf__bf16_value(*(const uint16_t *)(const void *)element);
  case CLF_I8:
    return (double)*(const int8_t *)element;
  default:
    return (double)*(const int64_t *)(const void *)element;
  }
}

double clf__tensor_value(const clf_tensor *tensor, int64_t index) {
  return load_f64(element_at(tensor, index), tensor->dtype) * tensor->scale;
}

/* Writes a value as `dtype`; returns false if an integer type cannot represent it. */
static bool store_f64(void *element, int32_t dtype, double value) {
  switch (dtype) {
  case CLF_F32:
    *(float *)element = (float)value;
    return true;
  case CLF_F64:
    *(double *)element = value;
    return true;
  case CLF_BF16:
    *(uint16_t *)element = clf__bf16_of(to_odd_f32(value));
    return true;
  case CLF_I8:
    if (!(value > -129 && value < 128)) {
      return false;
    }
    *(int8_t *)element = (int8_t)value;
    return true;
  case CLF_U8:
    if (!(value > -1 && value < 256)) {
      return false;
    }
    *(uint8_t *)element = (uint8_t)value;
    return true;
  case CLF_I32:
    if (!(value > -2147483649.0 && value < 2147483648.0)) {
      return false;
    }
    *(int32_t *)element = (int32_t)value;
    return true;
  default:
    if (!(value >= -0x1p63 && value < 0x1p63)) {
      return false;
    }
    *(int64_t *)element = (int64_t)value;
    return true;
  }
}

/* Copies elements unchanged, one run of the last axis at a time. */
static void copy_bytes(clf_tensor *copy, const clf_tensor *tensor) {
  size_t size = clf__dtype_size(tensor->dtype);
  int64_t run = tensor->ndim > 0 ? tensor->shape[tensor->ndim - 1] : 1;
  int64_t stride = tensor->ndim > 0 ? tensor->strides[tensor->ndim - 1] : 1;
  char *to = copy->data;
  for (int64_t i = 0; i < clf_tensor_count(tensor); i += run) {
    const char *from = element_at(tensor, i);
    if (stride == 1) {
      memcpy(to, from, (size_t)run * size);
      to += (size_t)run * size;
      continue;
    }
    for (int64_t j = 0; j < run; j++, to += size) {
      memcpy(to, from + j * stride * (int64_t)size, size);
    }
  }
}

static clf_status convert(clf_tensor *copy, const clf_tensor *tensor) {
  size_t to_size = clf__dtype_size(copy->dtype);
  int64_t from_size = (int64_t)clf__dtype_size(tensor->dtype);
  int64_t run = tensor->ndim > 0 ? tensor->shape[tensor->ndim - 1] : 1;
  int64_t stride = tensor->ndim > 0 ? tensor->strides[tensor->ndim - 1] : 1;
  const bool rounds_again =
      tensor->dtype == CLF_I64 && (copy->dtype == CLF_F32 || copy->dtype == CLF_BF16);
  char *to = copy->data;
  for (int64_t i = 0; i < clf_tensor_count(tensor); i += run) {
    const char *from = element_at(tensor, i);
    for (int64_t j = 0; j < run; j++, to += to_size) {
      const char *element = from + j * stride * from_size;
      const double value = rounds_again ? to_odd_f64(*(const int64_t *)(const void *)element)
                                        : load_f64(element, tensor->dtype) * tensor->scale;
      if (!store_f64(to, copy->dtype, value)) {
        return clf__fail(CLF_ERROR_DATA, "copy: element %lld does not fit %s", (long long)(i + j),
                         clf__dtype_name(copy->dtype));
      }
    }
  }
  return CLF_OK;
}

clf_status clf_tensor_copy(clf_tensor **out, const clf_tensor *tensor, int32_t dtype) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(tensor);
  CLF__ENTER("tensor");
  clf_tensor *copy = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(
      clf__tensor_create_uninitialized(&copy, tensor->context, dtype, tensor->ndim, tensor->shape));
  if (dtype == tensor->dtype) {
    copy->scale = tensor->scale;
    copy_bytes(copy, tensor);
  } else {
    status = convert(copy, tensor);
  }
  if (status < 0) {
    clf_tensor_free(copy);
    return status;
  }
  *out = copy;
  return CLF_OK;
}
