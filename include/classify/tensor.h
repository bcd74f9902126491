/** @file classify/tensor.h
 *  The tensor: a typed, strided, up to 8-dimensional array, owned, wrapped or viewed.
 *
 *  A tensor is a handle on a storage. Views and datasets share the storage, which is freed with its
 *  last user. Element (i, j, …) lies at data + (i·strides[0] + j·strides[1] + …) elements; its
 *  value is the stored number times the tensor's scale.
 *
 *  **Use.** Wrap memory that the program has, without a copy, and pass it on:
 *
 *  @code
 *  static const float pixels[2][3] = {{0, 1, 2}, {3, 4, 5}};
 *  const int64_t shape[2] = {2, 3};
 *  clf_tensor *x = NULL;
 *  clf_status status = clf_tensor_wrap(&x, NULL, pixels, CLF_F32, 2, shape, NULL);
 *  if (status < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  clf_tensor_free(x);
 *  @endcode
 *
 *  clf_tensor_create() makes a tensor that owns its memory, clf_tensor_copy() converts one to
 *  another element type, and clf_tensor_slice(), clf_tensor_reshape() and clf_tensor_permute() make
 *  views, which share the memory. clf_tensor_to_dlpack() and clf_tensor_from_dlpack() exchange
 *  tensors with NumPy, PyTorch and others.
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
  CLF_F32 = 1,  /**< IEEE single */
  CLF_F64 = 2,  /**< IEEE double */
  CLF_U8 = 3,   /**< uint8_t: pixels, usually with a scale of 1/255 */
  CLF_I32 = 4,  /**< int32_t */
  CLF_I64 = 5,  /**< int64_t */
  CLF_BF16 = 6, /**< bfloat16, the upper half of an IEEE single: weights of reduced precision */
  CLF_I8 = 7    /**< int8_t: weights of reduced precision */
};

enum { CLF_MAX_DIMENSIONS = 8 };

/* Making tensors */

/** Makes a zero-filled C-contiguous tensor.
 *  @param out    receives the tensor; free it with clf_tensor_free()
 *  @param dtype  CLF_F32, CLF_F64, CLF_U8, CLF_I32, CLF_I64, CLF_BF16 or CLF_I8
 *  @param ndim   0…8
 *  @param shape  [ndim] sizes ≥ 0; may be NULL when ndim is 0
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE, CLF_ERROR_SHAPE, CLF_ERROR_MEMORY
 *  @since 0.1
 */
CLF_API clf_status clf_tensor_create(clf_tensor **out, clf_context *context, int32_t dtype,
                                     int32_t ndim, const int64_t *shape);

/** Makes a tensor on the caller's memory, without a copy. The library only reads it.
 *  @param data     borrowed until every tensor and dataset that shares it is freed; aligned to its
 *                  element
 *  @param strides  [ndim] in elements, may be negative or 0; NULL for C-contiguous. The stride of
 *                  an axis with fewer than two elements is ignored
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE, CLF_ERROR_SHAPE, CLF_ERROR_MEMORY
 *  @since 0.1
 */
CLF_API clf_status clf_tensor_wrap(clf_tensor **out, clf_context *context, const void *data,
                                   int32_t dtype, int32_t ndim, const int64_t *shape,
                                   const int64_t *strides);

/** Called once when nothing uses the wrapped memory any more. */
typedef void (*clf_release_callback)(void *user);

/** Sets the function that is called when the memory of clf_tensor_wrap() is no longer needed: when
 *  the tensor and everything that shares its memory have been freed.
 *  @param tensor    made by clf_tensor_wrap(), or a view of that one
 *  @param user      passed to the callback
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (the memory was not wrapped, or a callback is set already)
 *  Thread class: no other thread may use the tensor or what shares its memory during the call.
 *  @since 0.1 */
CLF_API clf_status clf_tensor_set_release(clf_tensor *tensor, clf_release_callback callback,
                                          void *user);

/** Makes a C-contiguous copy with elements of type `dtype`. Values are converted and the scale is
 *  applied: the scale of the copy is 1. A copy from u8 to u8 keeps the bytes and the scale.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE, CLF_ERROR_SHAPE (sizes that overflow in
 *          wider elements), CLF_ERROR_MEMORY, CLF_ERROR_DATA (a value that the integer type cannot
 *          hold: the message has its index)
 *  @since 0.1
 */
CLF_API clf_status clf_tensor_copy(clf_tensor **out, const clf_tensor *tensor, int32_t dtype);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_tensor_free(clf_tensor *tensor);

/* Views */

/** Makes a view of `count` indices of one axis.
 *  @param out     receives the view; free it with clf_tensor_free()
 *  @param start   the first index
 *  @param count   how many indices, ≥ 0
 *  @param step    from one index to the next; negative to go backward, not 0
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE (a range beyond the axis), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_tensor_slice(clf_tensor **out, const clf_tensor *tensor, int32_t axis,
                                    int64_t start, int64_t count, int64_t step);

/** Makes a view with another shape of the same number of elements. The tensor must be C-contiguous.
 *  @param out    receives the view; free it with clf_tensor_free()
 *  @param shape  [ndim] sizes; one of them may be -1, and is then computed from the others
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_tensor_reshape(clf_tensor **out, const clf_tensor *tensor, int32_t ndim,
                                      const int64_t *shape);

/** Makes a view with the axes in another order.
 *  @param out   receives the view; free it with clf_tensor_free()
 *  @param axes  [ndim] a permutation of 0…ndim-1: axis i of the view is axis axes[i] of the tensor
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_tensor_permute(clf_tensor **out, const clf_tensor *tensor,
                                      const int32_t *axes);

/* What a tensor has */

/** Returns the address of the first element; NULL for a NULL tensor or one without elements. The
 *  caller may write through it only where clf_tensor_writable() is 1. The memory lives as long as
 *  any tensor or dataset that shares it. @since 0.1 */
CLF_API void *clf_tensor_data(const clf_tensor *tensor);
/** Returns 1 when the caller may write through clf_tensor_data(), and 0 for memory that was wrapped
 *  or belongs to a model or dataset. @since 0.1 */
CLF_API int32_t clf_tensor_writable(const clf_tensor *tensor);
/** Returns the element type, CLF_F32 …; 0 for NULL. @since 0.1 */
CLF_API int32_t clf_tensor_dtype(const clf_tensor *tensor);
/** Returns the number of dimensions; -1 for NULL. @since 0.1 */
CLF_API int32_t clf_tensor_ndim(const clf_tensor *tensor);
/** Returns the extent of an axis: its number of indices; -1 for NULL or no such axis. @since 0.1 */
CLF_API int64_t clf_tensor_extent(const clf_tensor *tensor, int32_t axis);
/** Returns the stride of an axis in elements; 0 for NULL or no such axis. @since 0.1 */
CLF_API int64_t clf_tensor_stride(const clf_tensor *tensor, int32_t axis);
/** Returns the number of elements; -1 for NULL. @since 0.1 */
CLF_API int64_t clf_tensor_count(const clf_tensor *tensor);
/** Returns the factor between stored numbers and values, 1 unless it was set; NaN for NULL.
 *  @since 0.1 */
CLF_API double clf_tensor_scale(const clf_tensor *tensor);

/** Sets the scale of this handle (not of other views). Only u8 tensors can have a scale other than
 *  1.
 *  @param scale  such as 1.0 / 255; 1.2e-38 to 1.3e36, so that floats hold the values
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE @since 0.1 */
CLF_API clf_status clf_tensor_set_scale(clf_tensor *tensor, double scale);

/* Exchange with other libraries */

/** Exports the tensor as a DLPack `DLManagedTensor *` that shares its memory. DLPack has no scale,
 *  so the scale is left out.
 *  @param out  receives the pointer, whose consumer calls its `deleter` once. A Python capsule of
 *              it is named "dltensor".
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY
 *  Source: DLPack, `DLManagedTensor`, CPU device. @since 0.1 */
CLF_API clf_status clf_tensor_to_dlpack(void **out, const clf_tensor *tensor);

/** Imports a DLPack `DLManagedTensor *` without a copy. Its deleter is called when nothing uses the
 *  memory any more, and not when this function fails.
 *  @param out      receives the tensor; free it with clf_tensor_free()
 *  @param managed  the `DLManagedTensor *`
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE (an element type other than the five),
 *          CLF_ERROR_SHAPE, CLF_ERROR_UNSUPPORTED (not in CPU memory), CLF_ERROR_MEMORY @since 0.1
 */
CLF_API clf_status clf_tensor_from_dlpack(clf_tensor **out, clf_context *context, void *managed);

#ifdef __cplusplus
}
#endif

#endif
