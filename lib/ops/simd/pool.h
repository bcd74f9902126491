/* Windows of images, with channels in vectors. Included by kernels.c alone. */
#include "ops/nn/pool.h"

/* Instantiated for a whole vector, and for its first lanes. */
INLINE vector_f32 pool_load(const bool whole, const float *from, int64_t lanes) {
  return whole ? load_f32(from) : load_part_f32(from, lanes);
}

INLINE void pool_store(const bool whole, float *to, vector_f32 v, int64_t lanes) {
  if (whole) {
    store_f32(to, v);
  } else {
    store_part_f32(to, v, lanes);
  }
}

/* Returns the larger if both are numbers; NaN is passed on. */
INLINE void pool_max_lanes(const bool whole, const clf__pool_windows *w, const float *x, float *y,
                           int64_t lanes) {
  vector_f32 maximum = pool_load(whole, x, lanes);
  for (int64_t m = 0; m < w->rows; m++) {
    for (int64_t n = 0; n < w->columns; n++) {
      const vector_f32 v = pool_load(whole, x + m * w->line + n * w->channels, lanes);
      const vector_i32 keep = v <= maximum;
      maximum = (vector_f32)((keep & (vector_i32)maximum) | (~keep & (vector_i32)v));
    }
  }
  pool_store(whole, y, maximum, lanes);
}

/* Sums line by line, so that large windows lose little to rounding. */
INLINE void pool_mean_lanes(const bool whole, const clf__pool_windows *w, const float *x, float *y,
                            int64_t lanes) {
  vector_f32 total = {0};
  for (int64_t m = 0; m < w->rows; m++) {
    vector_f32 sum = {0};
    for (int64_t n = 0; n < w->columns; n++) {
      sum += pool_load(whole, x + m * w->line + n * w->channels, lanes);
    }
    total += sum;
  }
  pool_store(whole, y, total * (1 / (float)(w->rows * w->columns)), lanes);
}

/* The gradient goes to the first pixel that has the maximum. */
INLINE void pool_max_gradient_lanes(const bool whole, const clf__pool_windows *w, const float *x,
                                    const float *y, const float *dy, float *dx, int64_t lanes) {
  const vector_f32 maximum = pool_load(whole, y, lanes), zero = {0};
  vector_i32 gradient = (vector_i32)pool_load(whole, dy, lanes);
  for (int64_t m = 0; m < w->rows; m++) {
    for (int64_t n = 0; n < w->columns; n++) {
      const int64_t at = m * w->line + n * w->channels;
      const vector_i32 here = pool_load(whole, x + at, lanes) == maximum;
      const vector_f32 before = w->overlap ? pool_load(whole, dx + at, lanes) : zero;
      pool_store(whole, dx + at, before + (vector_f32)(here & gradient), lanes);
      gradient &= ~here;
    }
  }
}

INLINE void pool_mean_gradient_lanes(const bool whole, const clf__pool_windows *w, const float *dy,
                                     float *dx, int64_t lanes) {
  const vector_f32 gradient = pool_load(whole, dy, lanes) * (1 / (float)(w->rows * w->columns));
  const vector_f32 zero = {0};
  for (int64_t m = 0; m < w->rows; m++) {
    for (int64_t n = 0; n < w->columns; n++) {
      float *to = dx + m * w->line + n * w->channels;
      pool_store(whole, to, (w->overlap ? pool_load(whole, to, lanes) : zero) + gradient, lanes);
    }
  }
}

/* Calls a function for all channels of windows of the shape `v`; those of 2 x 2, with constants. */
#define POOL_CHANNELS(call, v, ...)                                                                \
  for (int64_t c = 0; c < (v)->channels; c += LANES_F32) {                                         \
    const int64_t left = (v)->channels - c;                                                        \
    if (left >= LANES_F32) {                                                                       \
      call(true, v, __VA_ARGS__, LANES_F32);                                                       \
    } else {                                                                                       \
      call(false, v, __VA_ARGS__, left);                                                           \
    }                                                                                              \
  }
#define POOL_WINDOWS(call, ...)                                                                    \
  clf__pool_windows small = *w;                                                                    \
  small.rows = small.columns = 2;                                                                  \
  const bool is_small = w->rows == 2 && w->columns == 2 && !w->overlap;                            \
  small.overlap = false;                                                                           \
  for (int64_t i = 0, at = 0, to = 0; i < w->count; i++, at += w->step, to += w->channels) {       \
    if (is_small) {                                                                                \
      POOL_CHANNELS(call, &small, __VA_ARGS__)                                                     \
    } else {                                                                                       \
      POOL_CHANNELS(call, w, __VA_ARGS__)                                                          \
    }                                                                                              \
  }

static void pool_max(const clf__pool_windows *w, const float *x, float *y) {
  POOL_WINDOWS(pool_max_lanes, x + at + c, y + to + c)
}

static void pool_mean(const clf__pool_windows *w, const float *x, float *y) {
  POOL_WINDOWS(pool_mean_lanes, x + at + c, y + to + c)
}

static void pool_max_gradient(const clf__pool_windows *w, const float *x, const float *y,
                              const float *dy, float *dx) {
  POOL_WINDOWS(pool_max_gradient_lanes, x + at + c, y + to + c, dy + to + c, dx + at + c)
}

/* x and y, which the gradient of the maximum needs, are ignored. */
static void pool_mean_gradient(const clf__pool_windows *w, const float *x, const float *y,
                               const float *dy, float *dx) {
  (void)x;
  (void)y;
  POOL_WINDOWS(pool_mean_gradient_lanes, dy + to + c, dx + at + c)
}

#undef POOL_WINDOWS
#undef POOL_CHANNELS

const clf__pool_kernels FAMILY(pool_kernels) = {
    .max = pool_max,
    .mean = pool_mean,
    .max_gradient = pool_max_gradient,
    .mean_gradient = pool_mean_gradient,
};
