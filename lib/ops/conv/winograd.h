/* Tiles of Winograd's convolutions (winograd.c) as their kernels take them. A tile is TILE x TILE
 * pixels, of which a kernel of k x k sees TILE - k + 1 outputs along each side; what is at
 * (i, j) of a tile is at [i * TILE + j], what is at (i, j) of its outputs at [i * outputs + j]. */
#ifndef CLF_OPS_CONV_WINOGRAD_H
#define CLF_OPS_CONV_WINOGRAD_H

#include <stdbool.h>
#include <stdint.h>

enum {
  CLF__WINOGRAD_TILE = 8,
  CLF__WINOGRAD_POINTS = CLF__WINOGRAD_TILE * CLF__WINOGRAD_TILE,
  CLF__WINOGRAD_ONES = CLF__WINOGRAD_TILE + 1 /* the point that sums a tile of outputs */
};

/* The values of a tile, `count` channels at each point. */
typedef struct clf__winograd_values {
  float *at;
  int64_t step; /* from point to point */
  int64_t count;
} clf__winograd_values;

typedef struct clf__winograd_outputs {
  int64_t outputs;   /* along each side */
  const float *bias; /* NULL for 0 */
  bool relu;
  float *y[CLF__WINOGRAD_POINTS]; /* [outputs * outputs] pixels are written to */
} clf__winograd_outputs;

/* Some of the weights, [kernel, kernel, w_step], and their values [POINTS, u_step]. */
typedef struct clf__winograd_weights {
  int64_t kernel, count, w_step, u_step;
} clf__winograd_weights;

typedef struct clf__winograd_slopes {
  int64_t outputs;
  const float *dy[CLF__WINOGRAD_POINTS];
  bool relu;
  const float *y[CLF__WINOGRAD_POINTS]; /* where relu: dy counts where y is above 0 */
} clf__winograd_slopes;

/* One tile: values = B^T pixels B; pixels += B values B^T; outputs = A^T values A; values = A
 * slopes A^T. Of all: u = G w G^T; dw = G^T p G. */
typedef struct clf__winograd_kernels {
  void (*values)(const float *const *pixels, const clf__winograd_values *values);
  void (*add_pixels)(const clf__winograd_values *values, float *const *pixels);
  void (*outputs)(const clf__winograd_values *values, const clf__winograd_outputs *out);
  void (*slopes)(const clf__winograd_slopes *slopes, const clf__winograd_values *values);
  void (*weights)(const clf__winograd_weights *weights, const float *w, float *u);
  void (*gradients)(const clf__winograd_weights *weights, const float *p, float *dw);
} clf__winograd_kernels;

#endif
