/* Tiles of Winograd's convolutions (winograd.c), as their kernels read them. A tile has TILE x TILE
 * pixels, and a kernel of k x k computes TILE - k + 1 outputs from it along each side. Element (i,
 * j) of a tile is at [i * TILE + j], and element (i, j) of its outputs is at [i * outputs + j]. */
#ifndef CLF_OPS_CONV_WINOGRAD_H
#define CLF_OPS_CONV_WINOGRAD_H

#include <stdbool.h>
#include <stdint.h>

enum {
  CLF__WINOGRAD_TILE = 8,
  CLF__WINOGRAD_POINTS = CLF__WINOGRAD_TILE * CLF__WINOGRAD_TILE,
  CLF__WINOGRAD_ONES = CLF__WINOGRAD_TILE + 1 /* the point whose value is the sum of a tile of
                                               * outputs */
};

/* A transformed tile, with `count` channels at each point. */
typedef struct clf__winograd_tile {
  float *at;
  int64_t step; /* from point to point */
  int64_t count;
} clf__winograd_tile;

typedef struct clf__winograd_output {
  int64_t outputs;   /* along each side */
  const float *bias; /* NULL for 0 */
  bool relu;
  float *y[CLF__WINOGRAD_POINTS]; /* [outputs * outputs] pixels to write to */
} clf__winograd_output;

/* Some of the weights, [kernel, kernel, w_step], and their transforms [POINTS, u_step]. */
typedef struct clf__winograd_filters {
  int64_t kernel, count, w_step, u_step;
} clf__winograd_filters;

typedef struct clf__winograd_output_gradient {
  int64_t outputs;
  const float *dy[CLF__WINOGRAD_POINTS];
  bool relu;
  const float *y[CLF__WINOGRAD_POINTS]; /* with relu: dy counts where y > 0 */
} clf__winograd_output_gradient;

/* For one tile: tile = B^T pixels B; pixels += B tile B^T; outputs = A^T tile A; tile = A gradient
 * A^T. For all weights: u = G w G^T; dw = G^T p G. */
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
