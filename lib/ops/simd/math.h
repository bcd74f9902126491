/* Elementary functions of vectors. The error of each is at most 2 units in the last place for every
 * argument (test_vector_math steps through all floats). */
#include "ops/nn/vector_math.h"

/* Returns lanes of a where the comparison `mask` is true, otherwise of b. */
INLINE vector_f32 choose(vector_i32 mask, vector_f32 a, vector_f32 b) {
  return (vector_f32)((mask & (vector_i32)a) | (~mask & (vector_i32)b));
}

INLINE vector_f32 all_f32(float value) {
  return value - (vector_f32){0};
}

/* 2^n for integers n in -126 … 127. */
INLINE vector_f32 power_of_2(vector_i32 n) {
  return (vector_f32)((vector_u32)(n + 127) << 23);
}

static const float ln2_high = 0x1.63p-1F; /* 9 bits, so its product with any exponent is exact */
static const float ln2_low = -0x1.bd0106p-13F;

/* The smaller or the larger of both; x where it is NaN. */
INLINE vector_f32 at_most(vector_f32 x, float limit) {
#if defined(__AVX512F__)
  return (vector_f32)_mm512_min_ps(_mm512_set1_ps(limit), (__m512)x);
#elif defined(__AVX2__)
  return (vector_f32)_mm256_min_ps(_mm256_set1_ps(limit), (__m256)x);
#else
  return choose(x > limit, all_f32(limit), x);
#endif
}

INLINE vector_f32 at_least(vector_f32 x, float limit) {
#if defined(__AVX512F__)
  return (vector_f32)_mm512_max_ps(_mm512_set1_ps(limit), (__m512)x);
#elif defined(__AVX2__)
  return (vector_f32)_mm256_max_ps(_mm256_set1_ps(limit), (__m256)x);
#else
  return choose(x < limit, all_f32(limit), x);
#endif
}

/* v 2^n for integers n, in two steps, since 2^n itself may be too large or too small. */
INLINE vector_f32 times_power_of_2(vector_f32 v, vector_f32 n) {
#if defined(__AVX512F__)
  return (vector_f32)_mm512_scalef_ps((__m512)v, (__m512)n);
#else
  const vector_i32 whole = __builtin_convertvector(n, vector_i32);
  const vector_i32 half = whole >> 1;
  return v * power_of_2(half) * power_of_2(whole - half);
#endif
}

/* e^x = 2^n e^r, |r| <= ln 2 / 2, by the Taylor series up to r^7 / 7!; the remainder is below a
 * tenth of a unit in the last place. */
INLINE vector_f32 exp_vector(vector_f32 x) {
  const float round = 0x1.8p23F; /* adding and subtracting it rounds to integers */
  x = at_least(at_most(x, 89.0F), -104.0F);
  const vector_f32 n = (x * 0x1.715476p0F + round) - round;
  const vector_f32 r = (x - n * ln2_high) - n * ln2_low;
  vector_f32 sum = all_f32(1.0F / 5040);
  sum = sum * r + 1.0F / 720;
  sum = sum * r + 1.0F / 120;
  sum = sum * r + 1.0F / 24;
  sum = sum * r + 1.0F / 6;
  sum = sum * r + 0.5F;
  sum = sum * (r * r) + r + 1.0F;
  return times_power_of_2(sum, n);
}

/* Logarithms of sums: x >= 1, or NaN. x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2); with
 * s = f / (2 + f),
 *   ln(1 + f) = ln(1 + s) - ln(1 - s) = 2 s + 2/3 s^3 + 2/5 s^5 + …, and 2 s = f - s f. */
INLINE vector_f32 log_vector(vector_f32 x) {
  const int32_t root_half = 0x3f3504f3; /* sqrt(1/2) as bits */
  const vector_i32 bits = (vector_i32)x - root_half;
  const vector_f32 k = __builtin_convertvector(bits >> 23, vector_f32);
  const vector_f32 f = (vector_f32)((bits & 0x7fffff) + root_half) - 1.0F;
  const vector_f32 s = f / (2.0F + f), z = s * s, square = 0.5F * f * f;
  vector_f32 rest = all_f32(2.0F / 9);
  rest = rest * z + 2.0F / 7;
  rest = rest * z + 2.0F / 5;
  rest = rest * z + 2.0F / 3;
  const vector_f32 result = k * ln2_high - ((square - (s * (square + rest * z) + k * ln2_low)) - f);
  return choose(x == x, result, x);
}

/* ln(1 + u) for u in 0 … 1; the rounding error of 1 + u is added back. */
INLINE vector_f32 log_1_plus(vector_f32 u) {
  const vector_f32 sum = 1.0F + u;
  return log_vector(sum) + (u - (sum - 1.0F)) / sum;
}

/* With a = |x|, since tanh is odd: 1 - 2 / (e^2a + 1). Below 0.625, where this loses digits, it is
 * a + a^3 times a polynomial in a^2, which is fitted to 0.07 units in the last place. */
INLINE vector_f32 tanh_vector(vector_f32 x) {
  const vector_i32 sign = (vector_i32)x & INT32_MIN;
  const vector_f32 a = (vector_f32)((vector_i32)x & INT32_MAX), z = a * a;
  vector_f32 rest = all_f32(-0.00570496334F);
  rest = rest * z + 0.0206390639F;
  rest = rest * z - 0.0537397071F;
  rest = rest * z + 0.133314421F;
  rest = rest * z - 0.333332819F;
  const vector_f32 small = a * z * rest + a, large = 1.0F - 2.0F / (exp_vector(a + a) + 1.0F);
  return (vector_f32)((vector_i32)choose(a < 0.625F, small, large) | sign);
}

static void tanh_f32(float *values, int64_t count) {
  int64_t i = 0;
  for (; i + LANES_F32 <= count; i += LANES_F32) {
    store_f32(values + i, tanh_vector(load_f32(values + i)));
  }
  if (i < count) {
    store_part_f32(values + i, tanh_vector(load_part_f32(values + i, count - i)), count - i);
  }
}

/* For x and -x the exponential of the one that is <= 0 is used, so that nothing overflows. */
static void sigmoid_f32(float *values, int64_t count, float *softplus) {
  for (int64_t i = 0; i < count; i += LANES_F32) {
    const int64_t lanes = clf__min_i64(LANES_F32, count - i);
    const vector_f32 x = load_part_f32(values + i, lanes);
    const vector_i32 negative = x < 0.0F;
    const vector_f32 power = exp_vector(choose(negative, x, -x));
    if (softplus != NULL) {
      const vector_f32 positive = choose(x > 0.0F, x, all_f32(0));
      store_part_f32(softplus + i, positive + log_1_plus(power), lanes);
    }
    store_part_f32(values + i, choose(negative, power, all_f32(1)) / (1.0F + power), lanes);
  }
}

/* A mask of the first `count` lanes. */
INLINE vector_i32 first_lanes(int64_t count) {
  vector_i32 lane;
  for (int32_t i = 0; i < LANES_F32; i++) {
    lane[i] = i;
  }
  return lane < (int32_t)clf__min_i64(count, LANES_F32);
}

INLINE float max_of_row(const float *row, int64_t columns) {
  vector_f32 maximum = all_f32(-INFINITY);
  for (int64_t j = 0; j < columns; j += LANES_F32) {
    const vector_f32 v = load_part_f32(row + j, clf__min_i64(LANES_F32, columns - j));
    maximum = choose(first_lanes(columns - j) & (v > maximum), v, maximum);
  }
  return max_of_f32(maximum);
}

/* e^(v - largest). Values equal to the largest give 1, even if they are infinite. */
INLINE vector_f32 exp_below(vector_f32 v, float largest) {
  return exp_vector(choose(v == largest, all_f32(0), v - largest));
}

/* Up to LANES_F32 rows of one vector each. All are loaded before any is stored, because a load
 * waits long for a store to a part of its bytes. */
INLINE void softmax_short(float *values, int64_t rows, int64_t columns, int64_t ld, float *sums,
                          float *largest) {
  const vector_i32 lanes = first_lanes(columns);
  vector_f32 powers[LANES_F32];
  float inverse[LANES_F32];
  for (int64_t i = 0; i < rows; i++) {
    const vector_f32 v = load_part_f32(values + i * ld, columns);
    largest[i] = max_of_f32(choose(lanes, v, all_f32(-INFINITY)));
    powers[i] = choose(lanes, exp_below(v, largest[i]), all_f32(0));
    sums[i] = sum_of_f32(powers[i]);
  }
  store_f32(inverse, 1.0F / load_f32(sums));
  for (int64_t i = 0; i < rows; i++) {
    store_part_f32(values + i * ld, powers[i] * inverse[i], columns);
  }
}

INLINE float softmax_long(float *row, int64_t columns, float *largest) {
  vector_f32 sums = {0};
  *largest = max_of_row(row, columns);
  for (int64_t j = 0; j < columns; j += LANES_F32) {
    const int64_t lanes = clf__min_i64(LANES_F32, columns - j);
    const vector_f32 powers = exp_below(load_part_f32(row + j, lanes), *largest);
    store_part_f32(row + j, powers, lanes);
    sums += choose(first_lanes(lanes), powers, all_f32(0));
  }
  const float sum = sum_of_f32(sums), inverse = 1 / sum;
  for (int64_t j = 0; j < columns; j++) {
    row[j] *= inverse;
  }
  return sum;
}

static void softmax_f32(float *values, int64_t rows, int64_t columns, int64_t ld,
                        double *log_sums) {
  for (int64_t row = 0; row < rows; row += LANES_F32) {
    const int64_t count = clf__min_i64(LANES_F32, rows - row);
    float *from = values + row * ld, sums[LANES_F32] = {0}, largest[LANES_F32];
    if (columns <= LANES_F32) {
      softmax_short(from, count, columns, ld, sums, largest);
    }
    for (int64_t i = 0; columns > LANES_F32 && i < count; i++) {
      sums[i] = softmax_long(from + i * ld, columns, &largest[i]);
    }
    store_f32(sums, log_vector(load_f32(sums)));
    for (int64_t i = 0; log_sums != NULL && i < count; i++) {
      log_sums[row + i] = (double)largest[i] + (double)sums[i];
    }
  }
}

static const clf__math_kernels math_kernels = {
    .softmax = softmax_f32,
    .sigmoid = sigmoid_f32,
};
