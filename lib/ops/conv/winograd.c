/* Convolutions by Winograd's short products (Winograd, 1980; Lavin and Gray, 2016). Tiles of 8 x 8
 * pixels are transformed to the values of their polynomials at 8 x 8 points (../simd/winograd.h).
 * There a kernel of 5 x 5 computes 4 x 4 outputs by 64 products for each channel instead of 400,
 * and a kernel of 3 x 3 computes 6 x 6 outputs by 64 products instead of 324. With U = G W G^T, V =
 * B^T X B, and sums over channels or tiles as matrix products at each of the 64 points:
 *
 *   forward    Y = A^T (V U) A
 *   backward   Z = A dY A^T,  dW = G^T (V^T Z) G,  dX += B (Z U^T) B^T
 *
 * The backward formulas are the transposes of the forward one, so both gradients share Z.
 *
 * One AVX-512 core computes the products at two thirds of its peak and spends three tenths of the
 * time on transforms. Measured in products of the definition, it reaches 2.2 times its peak from 32
 * channels to 64.
 *
 * The relative errors in f32 are 2.4e-6 for Y, 3.1e-6 for dX and 2.7e-6 for dW (root mean squares,
 * 32 channels to 64 by 5 x 5), about 7 times those of plain sums; tests/unit/ops/conv/test_conv2d.c
 * tests them. */
#include "base/math.h"
#include "ops/conv/winograd_block.h"

enum { POINTS = CLF__WINOGRAD_POINTS };

/* Returns whether Winograd's method is faster. It is not for few channels, since the sums between
 * the transforms are short, nor for small images, which leave much of the tiles unused. */
static bool fits(const clf__conv2d *conv) {
  enum { MIN_CHANNELS = 5, MAX_CHANNELS = 1 << 13, SAVED = 2 };
  const int64_t kernel = conv->kernel_height;
  if ((kernel != 3 && kernel != 5) || conv->kernel_width != kernel || conv->stride != 1 ||
      conv->dilation != 1 || conv->channels < MIN_CHANNELS || conv->filters < MIN_CHANNELS ||
      conv->channels > MAX_CHANNELS || conv->filters > MAX_CHANNELS) {
    return false;
  }
  const double products =
      (double)conv->out_height * (double)conv->out_width * (double)(kernel * kernel);
  return products >= SAVED * POINTS * (double)clf__winograd_tiling_of(conv).tiles;
}

static void pack(const clf__kernels *kernels, const clf__conv2d *conv, const float *w,
                 float *packed) {
  const clf__winograd_filters all = clf__winograd_filters_of(conv);
  kernels->winograd->transform_filter(&all, w, packed);
}

static int64_t scratch_size(const clf__conv2d *conv) {
  const clf__winograd_tiling t = clf__winograd_tiling_of(conv);
  return clf__winograd_block_size(&t);
}

static void transform_outputs(const clf__conv_pass *pass, const clf__winograd_tiling *t,
                              int64_t first, int64_t count, const clf__winograd_block *s) {
  const int64_t filters = t->conv->filters;
  clf__winograd_output out = {.outputs = t->outputs, .bias = pass->bias, .relu = pass->relu};
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = (first + i) / t->tiles;
    const clf__pixel_grid g = clf__winograd_outputs_of(t, (first + i) % t->tiles);
    clf__grid_pixels_to_write(&g, pass->y + row * clf__conv_output_size(t->conv), s->lost, out.y);
    pass->kernels->winograd->transform_output(
        &(clf__winograd_tile){s->z + i * filters, t->z_step, filters}, &out);
  }
}

static int64_t tasks(const clf__conv2d *conv, int64_t rows) {
  const clf__winograd_tiling t = clf__winograd_tiling_of(conv);
  return clf__ceil_div(rows * t.tiles, t.block);
}

static void forward(const clf__conv_pass *pass, int64_t task, float *scratch) {
  const clf__conv2d *conv = pass->conv;
  const clf__winograd_tiling t = clf__winograd_tiling_of(conv);
  const clf__winograd_block s = clf__winograd_block_of(&t, scratch);
  const int64_t first = task * t.block, count = clf__min_i64(t.block, pass->rows * t.tiles - first);
  clf__winograd_transform_inputs(pass, &t, first, count, &s);
  for (int64_t point = 0; point < POINTS; point++) {
    clf__winograd_multiply(pass, count, conv->filters, conv->channels, s.v + point * t.v_step,
                           pass->w + point * clf__winograd_u_step(conv), s.z + point * t.z_step);
  }
  transform_outputs(pass, &t, first, count, &s);
}

const clf__conv_method clf__conv_by_winograd = {
    .fits = fits,
    .packed_size = clf__winograd_packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .tasks = tasks,
    .forward = forward,
    .backward = clf__winograd_backward,
};
