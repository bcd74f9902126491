/* The elementwise work around the products of a convolution. Included by kernels.c alone. */
#include "ops/conv/conv_method.h"

/* y = max(y + bias, floor); NaN stays NaN. */
INLINE vector_f32 finished(vector_f32 y, vector_f32 bias, bool relu) {
  y += bias;
  const vector_i32 kept = relu ? ~(y < 0) : (vector_i32){0} == 0;
  return (vector_f32)(kept & (vector_i32)y);
}

static void conv_finish(float *y, int64_t pixels, int64_t filters, const float *bias, bool relu) {
  const int64_t whole = filters - filters % LANES_F32, left = filters - whole;
  for (int64_t pixel = 0; pixel < pixels; pixel++, y += filters) {
    for (int64_t j = 0; j < whole; j += LANES_F32) {
      const vector_f32 b = bias == NULL ? (vector_f32){0} : load_f32(bias + j);
      store_f32(y + j, finished(load_f32(y + j), b, relu));
    }
    if (left > 0) {
      const vector_f32 b = bias == NULL ? (vector_f32){0} : load_part_f32(bias + whole, left);
      store_part_f32(y + whole, finished(load_part_f32(y + whole, left), b, relu), left);
    }
  }
}

/* Sums `lanes` filters over the pixels, in four independent sums. */
INLINE vector_f32 sum_of_pixels(const float *y, int64_t pixels, int64_t filters, const bool whole,
                                int64_t lanes) {
  vector_f32 sums[4] = {{0}, {0}, {0}, {0}};
  for (int64_t pixel = 0; pixel < pixels; pixel += 4) {
    UNROLL for (int i = 0; i < 4; i++) {
      if (pixel + i < pixels) {
        const float *at = y + (pixel + i) * filters;
        sums[i] += whole ? load_f32(at) : load_part_f32(at, lanes);
      }
    }
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void conv_add_pixels(double *sums, const float *y, int64_t pixels, int64_t filters) {
  for (int64_t j = 0; j < filters; j += LANES_F32) {
    const int64_t lanes = clf__min_i64(LANES_F32, filters - j);
    const vector_f32 sum = lanes == LANES_F32 ? sum_of_pixels(y + j, pixels, filters, true, lanes)
                                              : sum_of_pixels(y + j, pixels, filters, false, lanes);
    for (int64_t lane = 0; lane < lanes; lane++) {
      sums[j + lane] += (double)sum[lane];
    }
  }
}

static void conv_mask(const float *restrict dy, const float *restrict y, int64_t count,
                      float *restrict out) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = y[i] > 0 ? dy[i] : 0;
  }
}

const clf__conv_kernels FAMILY(conv_kernels) = {
    .finish = conv_finish,
    .add_pixels = conv_add_pixels,
    .mask = conv_mask,
};
