/* Convolutions in bf16 where the CPU multiplies tiles (ops/simd/tiles.h), without strides and
 * dilation. The pixels of an image are rounded once into a grid with the zeros around it, each
 * pixel to a multiple of 32 channels. There the pixels that a row of the kernel sees lie one behind
 * another: they are a row of A for the output at the first of them, and the rows for the outputs of
 * a line, of a whole grid even, are a pixel apart. So all three products read the grid in place:
 *
 *   forward           Y = sum over m of G_m W_m        G_m the grid from line m on
 *   backward data     a forward pass too               (conv_method.c)
 *   backward weights  dW_mn^T = dY^T G_mn              G_mn from pixel (m, n) on, conv_tiles_back.c
 *
 * Outputs at the seams between lines are left out at the end, or have a gradient of 0: a seam has
 * kernel_width - 1, less the zeros that two lines share. If a row of the kernel sees few numbers, a
 * pixel of the grid has all of them, and the kernel is one pixel wide. A pool behind the
 * convolution is computed while a band is in the cache.
 *
 * The floor is arithmetic, 512 multiply-adds a cycle: 5 x 5 from 32 channels to 64 of 14 x 14 are
 * 20 thousand cycles an image and direction. */
#include <string.h>

#include "base/math.h"
#include "ops/conv/conv_grid.h"
#include "ops/conv/conv_method.h"
#include "ops/linalg/product.h"

static bool fits(const clf__conv2d *c) {
  enum { MAX_SIDE = 1 << 20 };
  if (c->stride != 1 || c->dilation != 1 || c->spread > 1 || c->out_height < 1 ||
      c->out_width < 1 || c->channels < 1 || c->filters < 1 || c->channels > MAX_SIDE ||
      c->filters > MAX_SIDE || c->kernel_height > MAX_SIDE || c->kernel_width > MAX_SIDE ||
      c->out_width > MAX_SIDE || c->out_height > MAX_SIDE || c->width > MAX_SIDE ||
      c->height > MAX_SIDE) {
    return false;
  }
  const clf__conv2d back = clf__conv_back(c);
  return clf__conv_grid_fits(c) && clf__conv_grid_fits(&back);
}

/* Returns the elements of a panel of W. */
static int64_t panel_of(const clf__bf16_kernels *kernels, const clf__conv_grid *g) {
  return g->kernel_height * g->runs * g->pixel * kernels->product.columns;
}

/* The panels of any target that has tiles are 32 columns wide. */
static int64_t weights_floats(const clf__conv_grid *g) {
  return clf__count(clf__count(g->kernel_height * g->runs, g->pixel),
                    clf__round_up(g->filters, CLF__GRID_CHANNELS));
}

/* Packs W [kernel_height, runs, run, filters]. */
static void pack_weights(const clf__bf16_kernels *kernels, const clf__conv_grid *g, const float *w,
                         uint32_t *to) {
  const int64_t width = kernels->product.columns, taps = g->kernel_height * g->runs;
  for (int64_t column = 0; column < g->filters; column += width) {
    for (int64_t tap = 0; tap < taps; tap++, to += g->pixel * width) {
      kernels->product.pack(to, w + tap * g->run * g->filters + column, g->filters, 1, g->run,
                            clf__min_i64(width, g->filters - column));
    }
  }
}

/* The parts of a thread's scratch, in floats, for one direction. */
typedef struct convolving {
  int64_t grid, sums, values, size;
} convolving;

static convolving convolving_of(const clf__conv_grid *g) {
  convolving c = {0};
  c.grid = clf__grid_part(&c.size, clf__grid_elements(g, g->rows));
  c.sums = clf__grid_part(&c.size, clf__grid_outputs(g, g->rows) * g->filters);
  c.values = clf__grid_part(&c.size, g->run);
  return c;
}

/* Computes the sums of a band, with those at the seams. */
static void convolve(const clf__conv_pass *pass, const clf__conv_grid *g, int64_t task,
                     float *scratch, float *sums) {
  const clf__bf16_kernels *kernels = pass->kernels->bf16;
  const convolving parts = convolving_of(g);
  const int64_t rows = clf__grid_rows(g, task % g->bands);
  uint32_t *pixels = (uint32_t *)(void *)(scratch + parts.grid);
  clf__grid_fill(kernels, g, task, pass->x, scratch + parts.values, pixels);
  kernels->product.multiply(
      &(clf__product){.rows = clf__grid_outputs(g, rows),
                      .columns = g->filters,
                      .depth = g->runs * g->pixel,
                      .a = pixels,
                      .a_panel = kernels->product.rows * g->pixel,
                      .a_row = g->pixel,
                      .a_step = 1,
                      .b = pass->w,
                      .b_panel = panel_of(kernels, g),
                      .b_step = kernels->product.columns,
                      .segments = g->kernel_height,
                      .a_segment = g->line * g->pixel,
                      .b_segment = g->runs * g->pixel * kernels->product.columns,
                      .alpha = 1,
                      .beta = 0,
                      .c = sums,
                      .ldc = g->filters});
}

/* Writes the outputs of a band of sums, which may be y itself. */
static void finish_band(const clf__conv_pass *pass, const clf__conv_grid *g, int64_t task,
                        float *sums, float *y) {
  const int64_t rows = clf__grid_rows(g, task % g->bands), line = g->out_width * g->filters;
  for (int64_t i = 0; sums != y && i < rows; i++) {
    memcpy(y + i * line, sums + i * g->line * g->filters, (size_t)line * sizeof *y);
  }
  if (pass->bias != NULL || pass->relu) {
    pass->kernels->conv->finish(y, rows * g->out_width, g->filters, pass->bias, pass->relu);
  }
}

static void pool_band(const clf__conv_pass *pass, const clf__conv_grid *g, int64_t task,
                      const float *sums) {
  const int64_t pixels = g->out_width / 2, step = g->line * g->filters;
  int64_t at = clf__grid_output(g, task) / 4;
  for (int64_t i = 0; i < clf__grid_rows(g, task % g->bands); i += 2, at += pixels * g->filters) {
    pass->kernels->conv->finish_pooled(sums + i * step, step, pixels, g->filters, pass->bias,
                                       pass->relu, pass->y + at,
                                       pass->winners != NULL ? pass->winners + at : NULL);
  }
}

static int64_t packed_size(const clf__conv2d *conv) {
  const clf__conv_grid g = clf__conv_grid_of(conv);
  return weights_floats(&g);
}

static void pack(const clf__kernels *kernels, const clf__conv2d *conv, const float *w,
                 float *packed) {
  const clf__conv_grid g = clf__conv_grid_of(conv);
  pack_weights(kernels->bf16, &g, w, (uint32_t *)(void *)packed);
}

static int64_t scratch_size(const clf__conv2d *conv) {
  const clf__conv_grid g = clf__conv_grid_of(conv);
  return convolving_of(&g).size;
}

static int64_t tasks(const clf__conv2d *conv, int64_t rows) {
  const clf__conv_grid g = clf__conv_grid_of(conv);
  return rows * g.bands;
}

static void forward(const clf__conv_pass *pass, int64_t task, float *scratch) {
  const clf__conv_grid g = clf__conv_grid_of(pass->conv);
  const bool pooled = pass->pooled;
  float *y = pooled ? NULL : pass->y + clf__grid_output(&g, task);
  float *sums = g.runs == 1 && !pooled ? y : scratch + convolving_of(&g).sums;
  convolve(pass, &g, task, scratch, sums);
  if (pooled) {
    pool_band(pass, &g, task, sums);
  } else {
    finish_band(pass, &g, task, sums, y);
  }
}

const clf__conv_method clf__conv_by_tiles = {
    .fits = fits,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .tasks = tasks,
    .forward = forward,
    .backward = clf__conv_tiles_backward,
};
