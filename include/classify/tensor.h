/** @file classify/tensor.h
 *  The tensor: a typed, strided, up to 8-dimensional array, owned, wrapped or viewed.
 *
 *  A tensor is a handle on a storage; views and datasets share the storage, which goes with its
 *  last user. Element (i, j, …) lies at data + (i·strides[0] + j·strides[1] + …) elements; its
 *  value is the stored number times the tensor's scale.
 *
 *  Thread class of the file: different tensors in any threads; one tensor in many threads while
 *  none changes it.
 */
#ifndef CLASSIFY_TENSOR_H
#define CLASSIFY_TENSOR_H

#include <classify/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque; see the file's head. */
typedef struct clf_tensor clf_tensor;

/** Element types. The values never change. */
enum {
  CLF_F32 = 1, /**< IEEE single */
  CLF_F64 = 2, /**< IEEE double */
  CLF_U8 = 3,  /**< uint8_t: pixels, with a scale of 1/255 as a rule */
  CLF_I32 = 4, /**< int32_t */
  CLF_I64 = 5  /**< int64_t */
};

enum { CLF_MAX_DIMENSIONS = 8 };

/** Makes a zero-filled C-contiguous tensor.
 *  @param out    receives the tensor; free it with clf_tensor_free()
 *  @param dtype  CLF_F32, CLF_F64, CLF_U8, CLF_I32 or CLF_I64
 *  @param ndim   0…8
 *  @param shape  [ndim] sizes ≥ 0; may be NULL when ndim is 0
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE, CLF_ERROR_SHAPE, CLF_ERROR_MEMORY
 *  @since 0.1
 */
CLF_API clf_status clf_tensor_create(clf_tensor **out, clf_context *context, int32_t dtype,
                                     int32_t ndim, const int64_t *shape);

/** Called once when the last user of a wrapped memory is gone. */
typedef void (*clf_release_callback)(void *user);

/** Makes a tensor on the caller's memory, without a copy. The library only reads it.
 *  @param data     borrowed until every tensor and dataset that shares it is freed; aligned to its
 *                  element
 *  @param strides  [ndim] in elements, may be negative or 0; NULL for C-contiguous. Of axes with
 *                  less than two elements they are not looked at
 *  @param release  called with `user` when the memory is no longer needed; NULL for nothing. Not
 *                  called when this function fails.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE, CLF_ERROR_SHAPE, CLF_ERROR_MEMORY
 *  @since 0.1
 */
CLF_API clf_status clf_tensor_wrap(clf_tensor **out, clf_context *context, const void *data,
                                   int32_t dtype, int32_t ndim, const int64_t *shape,
                                   const int64_t *strides, clf_release_callback release,
                                   void *user);

/** Makes a C-contiguous copy as `dtype`, values converted and the scale applied (the copy's scale
 *  is 1, except u8 → u8, which keeps bytes and scale).
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE, CLF_ERROR_SHAPE (sizes that overflow in
 *          wider elements), CLF_ERROR_MEMORY, CLF_ERROR_DATA (a value that the integer type cannot
 *          hold: its index is in the message)
 *  @since 0.1
 */
CLF_API clf_status clf_tensor_copy(clf_tensor **out, const clf_tensor *tensor, int32_t dtype);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_tensor_free(clf_tensor *tensor);

/** A view of `length` indices of one axis, from `start` in steps of `step` (≠ 0).
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE (a range beyond the axis), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_tensor_slice(clf_tensor **out, const clf_tensor *tensor, int32_t axis,
                                    int64_t start, int64_t length, int64_t step);

/** A view with another shape; one size may be -1 (what is left). Needs a C-contiguous tensor.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_tensor_reshape(clf_tensor **out, const clf_tensor *tensor, int32_t ndim,
                                      const int64_t *shape);

/** A view with the axes in another order; `axes` [ndim] is a permutation of 0…ndim-1.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_tensor_permute(clf_tensor **out, const clf_tensor *tensor,
                                      const int32_t *axes);

/** The first element's address; NULL for a NULL tensor or one without elements. Writable only when
 *  the library owns the memory (see clf_tensor_writable()). @since 0.1 */
CLF_API void *clf_tensor_data(const clf_tensor *tensor);
/** 1 when the caller may write through clf_tensor_data(); 0 for wrapped or model-owned memory.
 *  @since 0.1 */
CLF_API int32_t clf_tensor_writable(const clf_tensor *tensor);
/** Element type; 0 for NULL. @since 0.1 */
CLF_API int32_t clf_tensor_dtype(const clf_tensor *tensor);
/** Number of dimensions; -1 for NULL. @since 0.1 */
CLF_API int32_t clf_tensor_ndim(const clf_tensor *tensor);
/** Size of an axis; -1 for NULL or no such axis. @since 0.1 */
CLF_API int64_t clf_tensor_size(const clf_tensor *tensor, int32_t axis);
/** Stride of an axis in elements; 0 for NULL or no such axis. @since 0.1 */
CLF_API int64_t clf_tensor_stride(const clf_tensor *tensor, int32_t axis);
/** Number of elements; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_tensor_count(const clf_tensor *tensor);
/** Factor between stored numbers and values, 1 unless set; NaN for NULL. @since 0.1 */
CLF_API double clf_tensor_scale(const clf_tensor *tensor);

/** Sets the scale of this handle (not of other views). Only u8 tensors take one other than 1.
 *  @param scale  such as 1.0 / 255; 1.2e-38 to 1.3e36, so that floats hold the values
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE @since 0.1 */
CLF_API clf_status clf_tensor_set_scale(clf_tensor *tensor, double scale);

/** Hands the tensor out as a DLPack `DLManagedTensor *`, sharing memory (the scale is not part of
 *  DLPack and is left out).
 *  @param out  receives the pointer; its consumer calls its `deleter` once. To make a Python
 *              capsule of it, name the capsule "dltensor".
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY
 *  Source: DLPack, `DLManagedTensor`, CPU device. @since 0.1 */
CLF_API clf_status clf_tensor_to_dlpack(const clf_tensor *tensor, void **out);

/** Takes a DLPack `DLManagedTensor *` without a copy; calls its deleter when the last user is gone
 *  (not when this function fails).
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE (an element type other than the five),
 *          CLF_ERROR_SHAPE, CLF_ERROR_UNSUPPORTED (not in CPU memory), CLF_ERROR_MEMORY @since 0.1
 */
CLF_API clf_status clf_tensor_from_dlpack(clf_tensor **out, clf_context *context, void *managed);

#ifdef __cplusplus
}
#endif

#endif
