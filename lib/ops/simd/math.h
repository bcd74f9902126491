/* Elementary functions of vectors. The error of each is at most 2 units in the last place for every
 * argument (test_vector_math steps through all floats). */
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

/* e^r - 1 for |r| <= ln 2 / 2, by the Taylor series up to r^7 / 7!; the remainder is below a tenth
 * of a unit in the last place of e^r. */
INLINE vector_f32 exp_minus_1(vector_f32 r) {
  vector_f32 sum = all_f32(1.0F / 5040);
  sum = sum * r + 1.0F / 720;
  sum = sum * r + 1.0F / 120;
  sum = sum * r + 1.0F / 24;
  sum = sum * r + 1.0F / 6;
  sum = sum * r + 0.5F;
  return sum * (r * r) + r;
}

/* e^x = 2^n e^r. */
INLINE vector_f32 exp_vector(vector_f32 x) {
  const float round = 0x1.8p23F; /* adding and subtracting it rounds to integers */
  x = at_least(at_most(x, 89.0F), -104.0F);
  const vector_f32 n = (x * 0x1.715476p0F + round) - round;
  const vector_f32 r = (x - n * ln2_high) - n * ln2_low;
  return times_power_of_2(exp_minus_1(r) + 1.0F, n);
}

/* 1 / v for v from 2^-126 to 2^126, or NaN: an approximation to 14 bits and a Newton step, which
 * take half the time of a division. */
INLINE vector_f32 reciprocal(vector_f32 v) {
#if defined(__AVX512F__)
  const vector_f32 near = (vector_f32)_mm512_rcp14_ps((__m512)v);
  return near + near * (1.0F - v * near);
#else
  return 1.0F / v;
#endif
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
