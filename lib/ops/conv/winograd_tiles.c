/* Tiles lie side by side and overlap by one pixel less than the kernel has. Those at the edges read
 * zeros outside of the image, and write there to memory that nobody reads. */
#include "ops/conv/winograd_tiles.h"

#include "base/math.h"

enum {
  TILE = CLF__WINOGRAD_TILE,
  POINTS = CLF__WINOGRAD_POINTS,
  BLOCK_FLOATS = 1 << 18, /* values of a block of tiles, which stay in L2 */
  MIN_BLOCK = 16,
  MAX_BLOCK = 64
};

clf__winograd_tiling clf__winograd_tiling_of(const clf__conv2d *conv) {
  clf__winograd_tiling t = {.conv = conv, .outputs = TILE + 1 - conv->kernel_height};
  t.columns = clf__ceil_div(conv->out_width, t.outputs);
  t.tiles = t.columns * clf__ceil_div(conv->out_height, t.outputs);
  const int64_t cached = BLOCK_FLOATS / (POINTS * (conv->channels + conv->filters)) / 8 * 8;
  clf__winograd_set_block(&t, clf__clamp_i64(cached, MIN_BLOCK, MAX_BLOCK));
  return t;
}

void clf__winograd_set_block(clf__winograd_tiling *t, int64_t tiles) {
  t->block = tiles;
  t->v_step = tiles * t->conv->channels + CLF__WINOGRAD_APART;
  t->z_step = tiles * t->conv->filters + CLF__WINOGRAD_APART;
}

static bool within(int64_t at, int64_t size) {
  return (uint64_t)at < (uint64_t)size;
}

/* Computes the offsets of the grid's pixels in the image; -1 for pixels outside. */
static void offsets_of(const clf__pixel_grid *g, int64_t *offsets) {
  for (int64_t i = 0; i < g->side; i++) {
    const int64_t row = g->first_row + i;
    const int64_t line = within(row, g->height) ? row * g->width : -1;
    for (int64_t j = 0; j < g->side; j++) {
      const int64_t column = g->first_column + j;
      *offsets++ = line >= 0 && within(column, g->width) ? (line + column) * g->channels : -1;
    }
  }
}

void clf__grid_pixels(const clf__pixel_grid *g, const float *image, const float *outside,
                      const float **pixels) {
  int64_t offsets[POINTS];
  offsets_of(g, offsets);
  for (int64_t i = 0; i < g->side * g->side; i++) {
    pixels[i] = offsets[i] < 0 ? outside : image + offsets[i];
  }
}

void clf__grid_pixels_to_write(const clf__pixel_grid *g, float *image, float *outside,
                               float **pixels) {
  int64_t offsets[POINTS];
  offsets_of(g, offsets);
  for (int64_t i = 0; i < g->side * g->side; i++) {
    pixels[i] = offsets[i] < 0 ? outside : image + offsets[i];
  }
}

clf__pixel_grid clf__winograd_inputs_of(const clf__winograd_tiling *t, int64_t tile) {
  const clf__conv2d *c = t->conv;
  const int64_t row = tile / t->columns * t->outputs, column = tile % t->columns * t->outputs;
  return (clf__pixel_grid){row - c->pad_top, column - c->pad_left, TILE, c->height,
                           c->width,         c->channels};
}

clf__pixel_grid clf__winograd_outputs_of(const clf__winograd_tiling *t, int64_t tile) {
  const clf__conv2d *c = t->conv;
  const int64_t row = tile / t->columns * t->outputs, column = tile % t->columns * t->outputs;
  return (clf__pixel_grid){row, column, t->outputs, c->out_height, c->out_width, c->filters};
}
