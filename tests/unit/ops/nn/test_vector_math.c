/* Elementary functions against C's in double precision, at every level of CPU. */
#include "ops_support.h"

#include <math.h>

#include "ops/kernelfn/kernel_tiles.h"
#include "ops/kernels.h"
#include "ops/nn/elementwise.h"
#include "ops/nn/vector_math.h"

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Distance in units in the last place of `want` as a float. */
static double units_off(float got, double want) {
  const float rounded = (float)want;
  int exponent;
  if (isnan(want) || isnan(got)) {
    return isnan(want) && isnan(got) ? 0 : INFINITY;
  }
  if (isinf(rounded) || isinf(got)) {
    return got == rounded ? 0 : fabs((double)got) >= 0x1.fffffcp127 ? 1 : INFINITY;
  }
  frexp(want, &exponent);
  return fabs((double)got - want) / ldexp(1, exponent - 24 < -149 ? -149 : exponent - 24);
}

typedef void (*vector_function)(clf_context *, const float *, float *, int64_t);

/* All floats with a stride, so every exponent, both signs, infinities and NaN among them. */
static void sweep(clf_context *context, vector_function function, double (*reference)(double)) {
  enum { COUNT = 4099, STRIDE = 1021 };
  static float x[COUNT], out[COUNT];
  double worst = 0;
  float worst_at = 0;
  for (uint64_t bits = 0; bits < UINT64_C(1) << 32;) {
    int64_t count = 0;
    for (; count < COUNT && bits < UINT64_C(1) << 32; bits += STRIDE) {
      x[count++] = float_of((uint32_t)bits);
    }
    function(context, x, out, count);
    for (int64_t i = 0; i < count; i++) {
      const double off = units_off(out[i], reference((double)x[i]));
      worst_at = off > worst ? x[i] : worst_at;
      worst = off > worst ? off : worst;
    }
  }
  ck_assert_msg(worst <= 2, "%g units off at %.9g", worst, (double)worst_at);
}

static const float special[] = {
    0.0F,       -0.0F,     1.0F,      -1.0F,           INFINITY,   -INFINITY,
    NAN,        88.7228F,  88.7229F,  -87.3365F,       -103.2789F, -103.9722F,
    -103.9723F, 0x1p-149F, 0x1p-126F, 0x1.fffffep127F, -0x1p-149F};
enum { SPECIAL = sizeof special / sizeof special[0] };

static void check_special(clf_context *context, vector_function function,
                          double (*reference)(double)) {
  float out[SPECIAL];
  function(context, special, out, SPECIAL);
  for (int i = 0; i < SPECIAL; i++) {
    const double off = units_off(out[i], reference((double)special[i]));
    ck_assert_msg(off <= 2, "f(%.9g) = %.9g, %g units off", (double)special[i], (double)out[i],
                  off);
  }
}

/* e^-d for squared distances d, as the rbf kernel has it; a product of -x / 2 is a distance of x. */
static void exp_of_distance(clf_context *context, const float *x, float *out, int64_t count) {
  const clf__kernel_map map = {CLF__KERNEL_RBF, 0, -1, 0};
  float products[8192], norms[8192] = {0};
  for (int64_t i = 0; i < count; i++) {
    products[i] = x[i] * -0.5F;
  }
  clf__kernels_for(context)->kernel_functions->map(&map, products, 0, norms, out, count);
}

/* Distances that rounding makes negative are 0, and so is NaN. */
static double exp_reference(double x) {
  return x > 0 ? exp(-x) : 1;
}

TEST_LOOP(exp__is_within_2_units, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 1);
  if (context != NULL) {
    sweep(context, exp_of_distance, exp_reference);
    check_special(context, exp_of_distance, exp_reference);
    clf_context_free(context);
  }
}

static void tanh_of(clf_context *context, const float *x, float *out, int64_t count) {
  memcpy(out, x, (size_t)count * sizeof *out);
  clf__bias_activate(context, CLF__TANH, NULL, out, 1, count);
}

/* tanh x is x itself for all that is small. */
TEST_LOOP(tanh__is_within_2_units, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 1);
  if (context != NULL) {
    const float x[] = {-0.0F, 0x1p-149F, -0x1p-130F, 1e-5F};
    float out[4];
    sweep(context, tanh_of, tanh);
    check_special(context, tanh_of, tanh);
    tanh_of(context, x, out, 4);
    ck_assert_mem_eq(x, out, sizeof x);
    clf_context_free(context);
  }
}

static void sigmoid(clf_context *context, const float *x, float *out, int64_t count) {
  memcpy(out, x, (size_t)count * sizeof *out);
  clf__sigmoid(context, out, count, NULL);
}

static double sigmoid_reference(double x) {
  return 1 / (1 + exp(-x));
}

static void softplus(clf_context *context, const float *x, float *out, int64_t count) {
  float values[8192];
  memcpy(values, x, (size_t)count * sizeof *values);
  clf__sigmoid(context, values, count, out);
}

static double softplus_reference(double x) {
  return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

TEST_LOOP(sigmoid__is_accurate, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 1);
  for (int i = 0; context != NULL && i < 4000; i++) {
    float x[7], out[7], plus[7];
    for (int j = 0; j < 7; j++) {
      x[j] = (float)(i * 7 + j - 14000) / 100.0F;
    }
    sigmoid(context, x, out, 7);
    softplus(context, x, plus, 7);
    for (int j = 0; j < 7; j++) {
      ck_assert_double_le(units_off(out[j], sigmoid_reference((double)x[j])), 4);
      ck_assert_double_le(units_off(plus[j], softplus_reference((double)x[j])), 4);
    }
  }
  if (context != NULL) {
    const float x[] = {INFINITY, -INFINITY, NAN};
    float out[3], plus[3];
    sigmoid(context, x, out, 3);
    softplus(context, x, plus, 3);
    ck_assert_float_eq(out[0], 1);
    ck_assert_float_eq(out[1], 0);
    ck_assert(isnan(out[2]) && isnan(plus[2]));
    ck_assert_float_eq(plus[0], INFINITY);
    ck_assert_float_eq(plus[1], 0);
    clf_context_free(context);
  }
}

/* values - largest rounds to f32 before e is raised to it. */
static void check_softmax(const float *before, const float *after, int64_t columns,
                          double log_sum) {
  double sum = 0, largest = -INFINITY;
  for (int64_t j = 0; j < columns; j++) {
    largest = fmax(largest, (double)before[j]);
  }
  for (int64_t j = 0; j < columns; j++) {
    sum += exp((double)before[j] - largest);
  }
  for (int64_t j = 0; j < columns; j++) {
    const double below = (double)before[j] - largest, want = exp(below) / sum;
    const double tolerance = (1e-6 - below * 0x1p-24) * want + 1e-38;
    ck_assert_double_le(fabs((double)after[j] - want), tolerance);
  }
  ck_assert_double_le(fabs(log_sum - (largest + log(sum))), 3e-7 * (1 + log(sum)));
}

TEST_LOOP(softmax__agrees_with_plain_loops, 0, cpu_levels()) {
  static const int64_t widths[] = {1, 2, 3, 8, 10, 16, 17, 33, 100};
  enum { ROWS = 50, PADDING = 3 };
  uint64_t state = 1;
  clf_context *context = context_of(_i, 2);
  for (size_t i = 0; context != NULL && i < sizeof widths / sizeof widths[0]; i++) {
    const int64_t columns = widths[i], ld = columns + PADDING;
    float *before = random_f32(&state, ROWS * ld),
          *after = malloc(ROWS * (size_t)ld * sizeof(float));
    double log_sums[ROWS];
    for (int64_t j = 0; j < ROWS * ld; j++) {
      before[j] *= j % 3 == 0 ? 200.0F : 3.0F;
    }
    memcpy(after, before, ROWS * (size_t)ld * sizeof *after);
    clf__softmax_rows(context, after, ROWS, columns, ld, log_sums);
    for (int64_t row = 0; row < ROWS; row++) {
      check_softmax(before + row * ld, after + row * ld, columns, log_sums[row]);
      ck_assert_mem_eq(before + row * ld + columns, after + row * ld + columns,
                       PADDING * sizeof *after);
    }
    free(before);
    free(after);
  }
  clf_context_free(context);
}

TEST_LOOP(softmax__of_infinite_values, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 1);
  float values[4][3] = {
      {INFINITY, 0, 1}, {-INFINITY, 5, 5}, {-INFINITY, -INFINITY, -INFINITY}, {NAN, 0, 0}};
  double log_sums[4];
  if (context != NULL) {
    clf__softmax_rows(context, values[0], 4, 3, 3, log_sums);
    ck_assert_float_eq(values[0][0], 1);
    ck_assert_float_eq(values[0][1], 0);
    ck_assert_float_eq(values[1][0], 0);
    ck_assert_float_eq(values[1][2], 0.5F);
    ck_assert_float_eq_tol(values[2][1], 1.0F / 3, 1e-7F);
    ck_assert(isnan(values[3][0]) && isnan(values[3][2]) && isnan(log_sums[3]));
    clf_context_free(context);
  }
}

TEST_LOOP(vector_math__has_the_same_bits_on_any_threads, 0, cpu_levels()) {
  enum { ROWS = 9000, COLUMNS = 11, COUNT = ROWS * COLUMNS };
  static float x[COUNT], first[2][COUNT], again[2][COUNT];
  uint64_t state = 2;
  for (int i = 0; i < COUNT; i++) {
    x[i] = (float)(10 * random_signed(&state));
  }
  for (int threads = 1; threads < 6; threads += 2) {
    clf_context *context = context_of(_i, threads);
    float(*out)[COUNT] = threads == 1 ? first : again;
    if (context != NULL) {
      memcpy(out[0], x, sizeof x);
      clf__softmax_rows(context, out[0], ROWS, COLUMNS, COLUMNS, NULL);
      memcpy(out[1], x, sizeof x);
      clf__sigmoid(context, out[1], COUNT, NULL);
      ck_assert(threads == 1 || memcmp(first, again, sizeof first) == 0);
      clf_context_free(context);
    }
  }
}

SUITE("vector_math")
