/* Pooling of images [height, width, channels], channel by channel, over windows; elements of a
 * window outside of the image do not count. */
#ifndef CLF_OPS_NN_POOL_H
#define CLF_OPS_NN_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

typedef struct clf__pool2d {
  int64_t height, width, channels;
  int64_t window_height, window_width, stride;
  int64_t pad_top, pad_left;
  int64_t out_height, out_width;
} clf__pool2d;

enum { CLF__POOL_MAX, CLF__POOL_MEAN };

/* x [rows, height, width, channels], y [rows, out_height, out_width, channels]. */
void clf__pool2d_forward(clf_context *context, const clf__pool2d *pool, int32_t function,
                         int64_t rows, const float *x, float *y);
/* dx = the gradient with respect to x; that of a maximum goes to the first pixel that has it. */
void clf__pool2d_backward(clf_context *context, const clf__pool2d *pool, int32_t function,
                          int64_t rows, const float *x, const float *y, const float *dy, float *dx);

/* Windows of one shape side by side in an image; `line` is the step from row to row in elements,
 * `step` that from window to window. */
typedef struct clf__pool_windows {
  int64_t count, step;
  int64_t rows, columns, channels, line;
  bool overlap; /* their gradients are added to dx, otherwise set */
} clf__pool_windows;

/* y [count, channels] of windows, the first of which begins at x. */
typedef struct clf__pool_kernels {
  void (*max)(const clf__pool_windows *w, const float *x, float *y);
  void (*mean)(const clf__pool_windows *w, const float *x, float *y);
  void (*max_gradient)(const clf__pool_windows *w, const float *x, const float *y, const float *dy,
                       float *dx);
  void (*mean_gradient)(const clf__pool_windows *w, const float *x, const float *y, const float *dy,
                        float *dx);
} clf__pool_kernels;

#endif
