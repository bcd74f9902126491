/* How images are divided into tiles for Winograd's convolutions, and which pixels a tile has. */
#ifndef CLF_OPS_CONV_WINOGRAD_TILES_H
#define CLF_OPS_CONV_WINOGRAD_TILES_H

#include <stdbool.h>

#include "ops/conv/conv2d.h"
#include "ops/conv/winograd.h"

/* Floats between points, so that they do not fall into one set of the cache. */
enum { CLF__WINOGRAD_APART = 16 };

/* How a convolution is divided into tiles. */
typedef struct clf__winograd_tiling {
  const clf__conv2d *conv;
  int64_t outputs;        /* of a tile along each side */
  int64_t columns, tiles; /* of an image */
  int64_t block;          /* tiles that are processed at a time */
  int64_t v_step, z_step; /* from point to point of the transformed inputs and outputs */
} clf__winograd_tiling;

/* With blocks that stay in L2. */
clf__winograd_tiling clf__winograd_tiling_of(const clf__conv2d *conv);
void clf__winograd_set_block(clf__winograd_tiling *tiling, int64_t tiles);

/* A square of pixels of an image, from (first_row, first_column) on. It may reach beyond the
 * image. */
typedef struct clf__pixel_grid {
  int64_t first_row, first_column, side;
  int64_t height, width, channels;
} clf__pixel_grid;

/* The input pixels that a tile of an image sees, and the outputs that it computes. */
clf__pixel_grid clf__winograd_inputs_of(const clf__winograd_tiling *tiling, int64_t tile);
clf__pixel_grid clf__winograd_outputs_of(const clf__winograd_tiling *tiling, int64_t tile);

/* Computes where the grid's pixels lie; those outside of the image are at `outside`. */
void clf__grid_pixels(const clf__pixel_grid *grid, const float *image, const float *outside,
                      const float **pixels);
void clf__grid_pixels_to_write(const clf__pixel_grid *grid, float *image, float *outside,
                               float **pixels);

#endif
