/* Views: other shapes and strides on the storage of a tensor. */
#include <string.h>

#include "base/border.h"
#include "base/memory.h"
#include "base/status.h"
#include "tensor/tensor.h"

clf_status clf_tensor_slice(clf_tensor **out, const clf_tensor *tensor, int32_t axis, int64_t start,
                            int64_t count, int64_t step) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(tensor);
  CLF__ENTER("tensor");
  if (axis < 0 || axis >= tensor->ndim || step == 0 || count < 0) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "slice: axis %d of %d, count %lld, step %lld: the axis must exist, the count "
                     "not be negative, the step not 0",
                     axis, tensor->ndim, (long long)count, (long long)step);
  }
  int64_t extent = tensor->shape[axis];
  bool inside = start >= 0 && start <= extent && (count == 0 || start < extent);
  if (inside && count > 0) {
    /* Dividing the distance to the end by the step bounds the count without overflow. */
    int64_t distance = step > 0 ? extent - 1 - start : start;
    int64_t stride = step > 0 ? step : step == INT64_MIN ? INT64_MAX : -step;
    inside = count - 1 <= distance / stride;
  }
  if (!inside) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "slice: start %lld, count %lld, step %lld leave axis %d of extent %lld",
                     (long long)start, (long long)count, (long long)step, axis, (long long)extent);
  }
  clf_tensor *view = clf__tensor_view(tensor);
  if (view == NULL) {
    return CLF_ERROR_MEMORY;
  }
  view->shape[axis] = count;
  if (clf_tensor_count(view) > 0) {
    view->data =
        (char *)view->data + start * view->strides[axis] * (int64_t)clf__dtype_size(view->dtype);
  }
  view->strides[axis] = count > 1 ? view->strides[axis] * step : view->strides[axis];
  *out = view;
  return CLF_OK;
}

/* Computes the size that is -1. */
static clf_status infer_size(const clf_tensor *tensor, int32_t ndim, const int64_t *wanted,
                             int64_t *shape) {
  int64_t known = 1;
  int32_t open = -1;
  for (int32_t i = 0; i < ndim; i++) {
    shape[i] = wanted[i];
    if (shape[i] == -1 && open < 0) {
      open = i;
    } else if (shape[i] < 0 || !clf__mul_i64(known, shape[i], &known)) {
      return clf__fail(CLF_ERROR_SHAPE, "reshape: size %lld of axis %d cannot be",
                       (long long)shape[i], i);
    }
  }
  int64_t count = clf_tensor_count(tensor);
  if (open >= 0 && known > 0 && count % known == 0) {
    shape[open] = count / known;
    return CLF_OK;
  }
  if (open >= 0 || known != count) {
    return clf__fail(CLF_ERROR_SHAPE, "reshape: %lld elements do not fill the new shape",
                     (long long)count);
  }
  return CLF_OK;
}

clf_status clf_tensor_reshape(clf_tensor **out, const clf_tensor *tensor, int32_t ndim,
                              const int64_t *shape) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(tensor);
  CLF__ENTER("tensor");
  if (ndim < 0 || ndim > CLF_MAX_DIMENSIONS || (ndim > 0 && shape == NULL)) {
    return clf__fail(CLF_ERROR_ARGUMENT, "reshape: ndim is %d; it must be 0 to %d, with a shape",
                     ndim, CLF_MAX_DIMENSIONS);
  }
  if (!clf__tensor_contiguous(tensor)) {
    return clf__fail(CLF_ERROR_SHAPE, "reshape: the tensor is not contiguous; copy it first");
  }
  int64_t inferred[CLF_MAX_DIMENSIONS] = {0};
  clf_status status = infer_size(tensor, ndim, shape, inferred);
  if (status == CLF_OK) {
    status = clf__tensor_check_shape(tensor->dtype, ndim, inferred);
  }
  if (status < 0) {
    return status;
  }
  clf_tensor *view = clf__tensor_view(tensor);
  if (view == NULL) {
    return CLF_ERROR_MEMORY;
  }
  view->ndim = ndim;
  memcpy(view->shape, inferred, sizeof inferred);
  clf__tensor_strides(ndim, view->shape, view->strides);
  *out = view;
  return CLF_OK;
}

clf_status clf_tensor_permute(clf_tensor **out, const clf_tensor *tensor, const int32_t *axes) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(tensor);
  CLF__REQUIRE(axes);
  CLF__ENTER("tensor");
  uint32_t seen = 0;
  for (int32_t i = 0; i < tensor->ndim; i++) {
    if (axes[i] < 0 || axes[i] >= tensor->ndim || (seen & (1u << axes[i])) != 0) {
      return clf__fail(CLF_ERROR_ARGUMENT, "permute: the axes must be 0 to %d, each once",
                       tensor->ndim - 1);
    }
    seen |= 1u << axes[i];
  }
  clf_tensor *view = clf__tensor_view(tensor);
  if (view == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int32_t i = 0; i < tensor->ndim; i++) {
    view->shape[i] = tensor->shape[axes[i]];
    view->strides[i] = tensor->strides[axes[i]];
  }
  *out = view;
  return CLF_OK;
}
