/* Sums over rows; the compiler vectorizes these loops. */
#include "ops/linalg/row.h"

static void count_u8(uint32_t *restrict sums, const uint8_t *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    sums[i] += x[i];
  }
}

static void add_scaled_u8(double *restrict sums, double factor, const uint8_t *restrict x,
                          int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    sums[i] += factor * x[i];
  }
}

static void add_scaled_f32(double *restrict sums, double factor, const float *restrict x,
                           int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    sums[i] += factor * (double)x[i];
  }
}

INLINE void add_four(double *restrict sums, const double *factor, const float *restrict a,
                     const float *restrict b, const float *restrict c, const float *restrict d,
                     int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    sums[i] += factor[0] * (double)a[i] + factor[1] * (double)b[i] +
               (factor[2] * (double)c[i] + factor[3] * (double)d[i]);
  }
}

/* Four rows at a time, so that the sums are read and written a quarter as often. */
static void add_vectors(double *sums, const double *factor, const float *const *x, int64_t vectors,
                        int64_t count) {
  enum { PART = 1024 }; /* sums in L1 */
  for (int64_t first = 0; first < count; first += PART) {
    const int64_t part = clf__min_i64(PART, count - first);
    int64_t i = 0;
    for (; i + 4 <= vectors; i += 4) {
      add_four(sums + first, factor + i, x[i] + first, x[i + 1] + first, x[i + 2] + first,
               x[i + 3] + first, part);
    }
    for (; i < vectors; i++) {
      add_scaled_f32(sums + first, factor[i], x[i] + first, part);
    }
  }
}

static void widen_u8(float *restrict out, const uint8_t *restrict x, int64_t count) {
  int64_t i = 0;
  for (; i + LANES_F32 <= count; i += LANES_F32) {
    store_f32(out + i, load_u8(x + i));
  }
  for (; i < count; i++) {
    out[i] = x[i];
  }
}

static void step_u8(float *restrict w, float factor, const uint8_t *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    w[i] += factor * (float)x[i];
  }
}

static void step_f32(float *restrict w, float factor, const float *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    w[i] += factor * x[i];
  }
}

INLINE vector_f64 multiply_entries(const float *value, const int32_t *column, const double *w) {
  return load_wide(value) * gather_f64(w, column);
}

static double dot_entries(const float *value, const int32_t *column, int64_t count,
                          const double *w) {
  vector_f64 even = {0}, odd = {0};
  double sum = 0;
  int64_t e = 0;
  for (; e + 2 * LANES_F64 <= count; e += 2 * LANES_F64) {
    even += multiply_entries(value + e, column + e, w);
    odd += multiply_entries(value + e + LANES_F64, column + e + LANES_F64, w);
  }
  if (e + LANES_F64 <= count) {
    odd += multiply_entries(value + e, column + e, w);
    e += LANES_F64;
  }
  for (; e < count; e++) {
    sum += (double)value[e] * w[column[e]];
  }
  even += odd;
  for (int lane = 0; lane < LANES_F64; lane++) {
    sum += even[lane];
  }
  return sum;
}

const clf__row_kernels FAMILY(row_kernels) = {
    .dot_entries = dot_entries,
    .count_u8 = count_u8,
    .add_u8 = add_scaled_u8,
    .add_f32 = add_scaled_f32,
    .add_vectors = add_vectors,
    .step_u8 = step_u8,
    .step_f32 = step_f32,
    .widen_u8 = widen_u8,
};
