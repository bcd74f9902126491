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

typedef uint8_t vector_winners __attribute__((vector_size(LANES_F32)));

static void conv_finish_pooled(const float *lines, int64_t step, int64_t pixels, int64_t filters,
                               const float *bias, bool relu, float *y, uint8_t *winners) {
  for (int64_t pixel = 0; pixel < pixels; pixel++, lines += 2 * filters) {
    for (int64_t j = 0; j < filters; j += LANES_F32) {
      const int64_t lanes = clf__min_i64(LANES_F32, filters - j), at = pixel * filters + j;
      const vector_f32 b = bias == NULL ? (vector_f32){0} : load_lanes(bias + j, lanes);
      vector_f32 maximum = finished(load_lanes(lines + j, lanes), b, relu);
      vector_i32 winner = {0};
      UNROLL for (int k = 1; k < 4; k++) {
        const float *from = lines + k / 2 * step + k % 2 * filters + j;
        const vector_f32 v = finished(load_lanes(from, lanes), b, relu);
        const vector_i32 keep = v <= maximum;
        maximum = (vector_f32)((keep & (vector_i32)maximum) | (~keep & (vector_i32)v));
        winner = (keep & winner) | (~keep & k);
      }
      const vector_winners bytes = __builtin_convertvector(winner, vector_winners);
      store_lanes(y + at, maximum, lanes);
      if (winners != NULL) {
        memcpy(winners + at, &bytes, (size_t)lanes);
      }
    }
  }
}

static void conv_unpool(const float *dy, const float *y, const uint8_t *winners, int64_t pixels,
                        int64_t filters, float *lines, int64_t step) {
  for (int64_t pixel = 0; pixel < pixels; pixel++, lines += 2 * filters) {
    for (int64_t j = 0; j < filters; j += LANES_F32) {
      const int64_t lanes = clf__min_i64(LANES_F32, filters - j), at = pixel * filters + j;
      vector_winners bytes = {0};
      vector_i32 gradient = (vector_i32)load_lanes(dy + at, lanes);
      memcpy(&bytes, winners + at, (size_t)lanes);
      const vector_i32 winner = __builtin_convertvector(bytes, vector_i32);
      if (y != NULL) {
        gradient &= load_lanes(y + at, lanes) > 0;
      }
      UNROLL for (int k = 0; k < 4; k++) {
        store_lanes(lines + k / 2 * step + k % 2 * filters + j,
                    (vector_f32)(gradient & (winner == k)), lanes);
      }
    }
  }
}

const clf__conv_kernels FAMILY(conv_kernels) = {
    .finish = conv_finish,
    .add_pixels = conv_add_pixels,
    .mask = conv_mask,
    .finish_pooled = conv_finish_pooled,
    .unpool = conv_unpool,
};
