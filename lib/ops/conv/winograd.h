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
typedef struct clf__winograd_tile {
  float *at;
  int64_t step; /* from point to point */
  int64_t count;
} clf__winograd_tile;

typedef struct clf__winograd_output {
  int64_t outputs;   /* along each side */
  const float *bias; /* NULL for 0 */
  bool relu;
  float *y[CLF__WINOGRAD_POINTS]; /* [outputs * outputs] pixels are written to */
} clf__winograd_output;

/* Some of the weights, [kernel, kernel, w_step], and their values [POINTS, u_step]. */
typedef struct clf__winograd_filters {
  int64_t kernel, count, w_step, u_step;
} clf__winograd_filters;

typedef struct clf__winograd_output_gradient {
  int64_t outputs;
  const float *dy[CLF__WINOGRAD_POINTS];
  bool relu;
  const float *y[CLF__WINOGRAD_POINTS]; /* where relu: dy counts where y is above 0 */
} clf__winograd_output_gradient;

/* One tile: values = B^T pixels B; pixels += B values B^T; outputs = A^T values A; values = A
 * slopes A^T. Of all: u = G w G^T; dw = G^T p G. */
typedef struct clf__winograd_kernels {
  void (*transform_input)(const float *const *pixels, const clf__winograd_tile *tile);
  void (*transform_input_gradient)(const clf__winograd_tile *tile, float *const *pixels);
  void (*transform_output)(const clf__winograd_tile *tile, const clf__winograd_output *out);
  void (*transform_output_gradient)(const clf__winograd_output_gradient *gradient,
                                    const clf__winograd_tile *tile);
  void (*transform_filter)(const clf__winograd_filters *weights, const float *w, float *u);
  void (*transform_filter_gradient)(const clf__winograd_filters *weights, const float *p,
                                    float *dw);
} clf__winograd_kernels;

#endif
