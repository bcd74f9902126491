/* What the directions of Winograd's convolutions share. */
#include "ops/conv/winograd_block.h"

#include <string.h>

#include "base/math.h"
#include "ops/linalg/product.h"

enum { POINTS = CLF__WINOGRAD_POINTS };

int64_t clf__winograd_u_step(const clf__conv2d *conv) {
  return conv->channels * conv->filters + CLF__WINOGRAD_APART;
}

int64_t clf__winograd_packed_size(const clf__conv2d *conv) {
  return POINTS * clf__winograd_u_step(conv);
}

clf__winograd_filters clf__winograd_filters_of(const clf__conv2d *conv) {
  const int64_t count = conv->channels * conv->filters;
  return (clf__winograd_filters){conv->kernel_height, count, count, clf__winograd_u_step(conv)};
}

static int64_t widest_of(const clf__conv2d *conv) {
  return clf__max_i64(conv->channels, conv->filters);
}

int64_t clf__winograd_block_size(const clf__winograd_tiling *t) {
  return POINTS * (t->v_step + t->z_step) + 2 * widest_of(t->conv);
}

clf__winograd_block clf__winograd_block_of(const clf__winograd_tiling *t, float *scratch) {
  const int64_t widest = widest_of(t->conv);
  clf__winograd_block s = {.v = scratch, .z = scratch + POINTS * t->v_step};
  s.zero = s.z + POINTS * t->z_step;
  s.lost = s.zero + widest;
  memset(s.zero, 0, (size_t)widest * sizeof *s.zero);
  return s;
}

int64_t clf__conv_input_size(const clf__conv2d *c) {
  return c->height * c->width * c->channels;
}

int64_t clf__conv_output_size(const clf__conv2d *c) {
  return c->out_height * c->out_width * c->filters;
}

void clf__winograd_transform_inputs(const clf__conv_pass *pass, const clf__winograd_tiling *t,
                                    int64_t first, int64_t count, const clf__winograd_block *s) {
  const int64_t channels = t->conv->channels;
  const float *pixels[POINTS];
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = (first + i) / t->tiles;
    const clf__pixel_grid g = clf__winograd_inputs_of(t, (first + i) % t->tiles);
    clf__grid_pixels(&g, pass->x + row * clf__conv_input_size(t->conv), s->zero, pixels);
    pass->kernels->winograd->transform_input(
        pixels, &(clf__winograd_tile){s->v + i * channels, t->v_step, channels});
  }
}

void clf__winograd_multiply(const clf__conv_pass *pass, int64_t rows, int64_t columns,
                            int64_t depth, const float *a, const float *b, float *c) {
  const clf__product_kernel *kernel = &pass->kernels->products->f32;
  kernel->multiply(&(clf__product){.rows = rows,
                                   .columns = columns,
                                   .depth = depth,
                                   .a = a,
                                   .a_panel = kernel->rows * depth,
                                   .a_row = depth,
                                   .a_step = 1,
                                   .b = b,
                                   .b_panel = kernel->columns,
                                   .b_step = columns,
                                   .alpha = 1,
                                   .c = c,
                                   .ldc = columns});
}
