/* The members of a tensor: a shape on a reference-counted storage. */
#ifndef CLF_TENSOR_TENSOR_H
#define CLF_TENSOR_TENSOR_H

#include <stdbool.h>

#include <classify/tensor.h>

#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

typedef struct clf__storage clf__storage; /* reference-counted memory and how to release it */

struct clf_tensor {
  clf_context *context;
  clf__storage *storage;
  void *data; /* the first element */
  int32_t dtype;
  int32_t ndim;
  bool writable;
  double scale;
  int64_t shape[CLF_MAX_DIMENSIONS];
  int64_t strides[CLF_MAX_DIMENSIONS]; /* elements */
};

size_t clf__dtype_size(int32_t dtype);      /* 0 for an unknown dtype */
const char *clf__dtype_name(int32_t dtype); /* "f32" … */
bool clf__tensor_contiguous(const clf_tensor *tensor);

/* Makes a writable C-contiguous tensor whose elements are uninitialized; the caller must set all of
 * them. */
clf_status clf__tensor_create_uninitialized(clf_tensor **out, clf_context *context, int32_t dtype,
                                            int32_t ndim, const int64_t *shape);
/* Make tensors for the library: [n] or [rows, columns], zeroed, writable. */
clf_status clf__tensor_vector(clf_tensor **out, clf_context *context, int32_t dtype, int64_t n);
clf_status clf__tensor_matrix(clf_tensor **out, clf_context *context, int32_t dtype, int64_t rows,
                              int64_t columns);
/* Makes a second handle on the same storage, to be given another shape; NULL without memory. */
clf_tensor *clf__tensor_view(const clf_tensor *tensor);
/* Refuses what is no dtype, no shape, or too large. */
clf_status clf__tensor_check_shape(int32_t dtype, int32_t ndim, const int64_t *shape);
/* Computes the strides of a C-contiguous tensor. */
void clf__tensor_strides(int32_t ndim, const int64_t *shape, int64_t *strides);
/* Makes a read-only handle on the same memory. */
clf_status clf__tensor_share(clf_tensor **out, const clf_tensor *tensor);

/* Bytes of a file that several tensors share; the last one releases them. */
typedef struct clf__tensor_bytes clf__tensor_bytes;
/* Takes ownership of the bytes (*bytes is then zero), unless it fails. */
clf_status clf__tensor_bytes_share(clf__tensor_bytes **out, clf_context *context,
                                   clf__bytes *bytes);
void clf__tensor_bytes_release(clf__tensor_bytes *shared); /* NULL is fine */
/* Makes a read-only tensor of elements at `data`, in these bytes. */
clf_status clf__tensor_of_bytes(clf_tensor **out, clf_context *context, clf__tensor_bytes *shared,
                                const void *data, int32_t dtype, int32_t ndim,
                                const int64_t *shape);

/* Returns the element at a flat C-order index, with the scale applied. For code that need not be
 * fast. */
double clf__tensor_value(const clf_tensor *tensor, int64_t index);

#endif
