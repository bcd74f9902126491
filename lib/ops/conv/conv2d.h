/* Convolution of images in two dimensions, channels last, as cross-correlation:
 *
 *   y[i, j, d] = b[d] + sum_{m, n, c} W[m, n, c, d] x[i stride + m dilation - pad_top,
 *                                                     j stride + n dilation - pad_left, c]
 *
 * where x is 0 outside the image, and a pad below 0 leaves pixels out. x [rows, height, width,
 * channels], W [kernel_height, kernel_width, channels, filters], y [rows, out_height, out_width,
 * filters], without gaps. The padding below and to the right follows from the size of y. Functions
 * that can fail do so only if memory runs out, and leave the outputs untouched. */
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
  /* Pixel (p, q) lies at (p spread, q spread) of a grid of zeros, to which the other members refer.
   * The gradient of strides is such a convolution; everywhere else it is 0, which means 1. */
  int64_t spread;
  /* Products are of numbers rounded to bf16, where a method has as many products as the definition;
   * Winograd's have six times fewer in f32, and need its digits. With tiles, all are of bf16 but
   * those with strides or dilation of few channels. */
  bool bf16;
} clf__conv2d;

/* The operands of a pass. */
typedef struct clf__conv_pass {
  clf_context *context;
  const struct clf__kernels *kernels; /* set by the functions below */
  const clf__conv2d *conv;
  int64_t rows;
  const float *x, *w;
  const float *bias; /* [filters], or NULL for 0 */
  bool relu;         /* y is replaced by max(y, 0) */
  float *y;
  /* Only where clf__conv2d_pools(): the outputs are pooled; y, out and dy are of half the height
   * and width. */
  bool pooled;
  uint8_t
      *winners; /* as y, with `pooled`: which pixel of a window has the maximum, for the backward
                     * pass; NULL for a forward pass alone */
  /* The backward pass computes dw, dbias and dx, the gradients with respect to W and b (both summed
   * over the rows) and x; dbias and dx may be NULL. dy is the gradient with respect to y, and may
   * be overwritten. */
  const float *out; /* the output of a forward pass with `relu`, or NULL after one without */
  float *dy, *dw, *dbias, *dx;
} clf__conv_pass;

clf_status clf__conv2d_forward(const clf__conv_pass *pass);
clf_status clf__conv2d_backward(const clf__conv_pass *pass);
/* Returns whether passes can pool: outputs are the maxima of windows of 2 x 2, without overlap, and
 * never in memory in full size. */
bool clf__conv2d_pools(clf_context *context, const clf__conv2d *conv);

/* Weights that are packed once, for any number of calls of clf__conv2d_infer on any threads: these
 * return how many floats they take, and how many the call needs as scratch; -1 if the number
 * overflows. */
int64_t clf__conv2d_packed_size(clf_context *context, const clf__conv2d *conv);
int64_t clf__conv2d_scratch_size(clf_context *context, const clf__conv2d *conv);
void clf__conv2d_pack(clf_context *context, const clf__conv2d *conv, const float *w, float *packed);
/* The forward pass on the calling thread, with packed weights. It never fails. */
void clf__conv2d_infer(const clf__conv_pass *pass, float *scratch);

#endif
