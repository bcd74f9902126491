/* Convolution of images in two dimensions, channels last, as cross-correlation:
 *
 *   y[i, j, d] = b[d] + sum_{m, n, c} W[m, n, c, d] x[i stride + m dilation - pad_top,
 *                                                     j stride + n dilation - pad_left, c]
 *
 * where x is 0 outside the image. x [rows, height, width, channels], W [kernel_height,
 * kernel_width, channels, filters], y [rows, out_height, out_width, filters], without gaps. What is
 * padded below and to the right follows from the size of y. All fail only for lack of memory, with
 * the outputs untouched. */
#ifndef CLF_OPS_CONV2D_H
#define CLF_OPS_CONV2D_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

typedef struct clf__conv2d {
  int64_t height, width, channels, filters;
  int64_t kernel_height, kernel_width, stride, dilation;
  int64_t pad_top, pad_left;
  int64_t out_height, out_width;
} clf__conv2d;

/* `bias` [filters] may be NULL for 0; with `relu`, y is replaced by max(y, 0). */
clf_status clf__conv2d_forward(clf_context *context, const clf__conv2d *conv, int64_t rows,
                               const float *x, const float *w, const float *bias, bool relu,
                               float *y);
/* dx = the gradient by x, where dy is that by y before `relu`. */
clf_status clf__conv2d_backward_data(clf_context *context, const clf__conv2d *conv, int64_t rows,
                                     const float *dy, const float *w, float *dx);
/* dw and dbias (NULL where it is not wanted) = the gradients by W and b, summed over the rows. */
clf_status clf__conv2d_backward_weights(clf_context *context, const clf__conv2d *conv, int64_t rows,
                                        const float *x, const float *dy, float *dw, float *dbias);

#endif
