/* Convolution of images in two dimensions, channels last, as cross-correlation:
 *
 *   y[i, j, d] = b[d] + sum_{m, n, c} W[m, n, c, d] x[i stride + m dilation - pad_top,
 *                                                     j stride + n dilation - pad_left, c]
 *
 * where x is 0 outside the image, and a pad below 0 leaves pixels out. x [rows, height, width,
 * channels], W [kernel_height, kernel_width, channels, filters], y [rows, out_height, out_width,
 * filters], without gaps. What is padded below and to the right follows from the size of y. What
 * can fail does so only for lack of memory, with the outputs untouched. */
#ifndef CLF_OPS_CONV_CONV2D_H
#define CLF_OPS_CONV_CONV2D_H

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

/* dw, dbias and dx (the latter two NULL where they are not wanted) = the gradients by W, b, both
 * summed over the rows, and x. dy is the gradient by y, and may be written over. `y` is what a
 * forward pass with `relu` gave, or NULL after one without. */
clf_status clf__conv2d_backward(clf_context *context, const clf__conv2d *conv, int64_t rows,
                                const float *x, const float *y, float *dy, const float *w,
                                float *dw, float *dbias, float *dx);

/* Weights made ready once, for any number of clf__conv2d_infer on any threads: how many floats they
 * are and what that works in, -1 where they cannot be counted. */
int64_t clf__conv2d_packed_size(const clf__conv2d *conv);
int64_t clf__conv2d_scratch_size(const clf__conv2d *conv);
void clf__conv2d_pack(clf_context *context, const clf__conv2d *conv, const float *w, float *packed);
/* The forward pass on the calling thread, which never fails. */
void clf__conv2d_infer(clf_context *context, const clf__conv2d *conv, int64_t rows, const float *x,
                       const float *packed, const float *bias, bool relu, float *y, float *scratch);

#endif
