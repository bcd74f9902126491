/* The symmetric eigenproblem against closed forms, spectra that were put in, and its definition. */
#include "ops_support.h"

#include <float.h>
#include <math.h>

#include "failing_allocator.h"
#include "ops/linalg/eigen.h"

static const double pi = 3.14159265358979323846;

static double *zeros(int64_t count) {
  return calloc((size_t)count, sizeof(double));
}

/* As LAPACK's tests measure: in units of n rounding errors of the norm. */
enum { UNITS = 10 };

typedef struct answer {
  int64_t n, count;
  double *values, *vectors;
} answer;

/* Of a copy of A whose lower triangle is NaN, since nothing may read it. */
static answer solve(clf_context *context, const double *a, int64_t n, int64_t count) {
  answer out = {n, count, zeros(count), zeros(count * n)};
  double *copy = zeros(n * n);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      copy[i * n + j] = j < i ? (double)NAN : a[i * n + j];
    }
  }
  ck_clf_ok(clf__eigen_symmetric(context, copy, n, count, out.values, out.vectors));
  free(copy);
  return out;
}

static void free_answer(answer *found) {
  free(found->values);
  free(found->vectors);
}

static double norm_of(const double *a, int64_t n) {
  double largest = 0;
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
      sum += fabs(a[i * n + j]);
    }
    largest = sum > largest ? sum : largest;
  }
  return largest;
}

/* A v = x v, v orthonormal, x descending. */
static void check_definition(const double *a, const answer *found) {
  const int64_t n = found->n;
  const double unit = UNITS * (double)n * DBL_EPSILON, norm = norm_of(a, n);
  for (int64_t k = 0; k < found->count; k++) {
    const double *v = found->vectors + k * n;
    double residual = 0, overlaps = 0;
    bool finite = isfinite(found->values[k]);
    for (int64_t i = 0; i < n; i++) {
      double product = 0;
      finite = finite && isfinite(v[i]);
      for (int64_t j = 0; j < n; j++) {
        product += a[i * n + j] * v[j];
      }
      residual = fmax(residual, fabs(product - found->values[k] * v[i]));
    }
    for (int64_t other = 0; other <= k; other++) {
      double overlap = 0;
      for (int64_t j = 0; j < n; j++) {
        overlap += found->vectors[other * n + j] * v[j];
      }
      overlaps = fmax(overlaps, fabs(overlap - (other == k)));
    }
    ck_assert(k == 0 || found->values[k - 1] >= found->values[k]);
    ck_assert_double_le(residual, unit * norm);
    ck_assert_double_le(overlaps, unit);
    ck_assert(finite);
  }
}

/* The spectrum in descending order, times a scale. */
static void check_values(const answer *found, const double *expected, double scale) {
  const double unit = UNITS * (double)found->n * DBL_EPSILON;
  const double norm = fmax(fabs(expected[0]), fabs(expected[found->n - 1]));
  for (int64_t k = 0; k < found->count; k++) {
    ck_assert_double_le(fabs(found->values[k] / scale - expected[k]), unit * norm);
  }
}

TEST_LOOP(random_matrices__satisfy_the_definition, 0, cpu_levels()) {
  uint64_t state = 7;
  clf_context *context = context_of(_i, 2);
  for (int64_t n = 1; context != NULL && n <= 140; n += n < 40 ? 1 : 33) {
    double *a = random_f64(&state, n * n);
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < i; j++) {
        a[i * n + j] = a[j * n + i];
      }
    }
    answer found = solve(context, a, n, n);
    check_definition(a, &found);
    free_answer(&found);
    free(a);
  }
  clf_context_free(context);
}

/* [2 1; 1 2] has 3 and 1. */
TEST(two_by_two__is_known) {
  const double a[] = {2, 1, 1, 2};
  clf_context *context = context_on("auto", 1);
  answer found = solve(context, a, 2, 2);
  ck_assert_double_eq_tol(found.values[0], 3, 8 * DBL_EPSILON);
  ck_assert_double_eq_tol(found.values[1], 1, 8 * DBL_EPSILON);
  ck_assert_double_eq_tol(fabs(found.vectors[0]), sqrt(0.5), 1e-15);
  ck_assert_double_eq_tol(found.vectors[0], found.vectors[1], 1e-15);
  ck_assert_double_eq_tol(found.vectors[2], -found.vectors[3], 1e-15);
  free_answer(&found);
  clf_context_free(context);
}

TEST(nothing__has_no_eigenvalues) {
  double none[1] = {5};
  clf_context *context = context_on("auto", 1);
  ck_clf_ok(clf__eigen_symmetric(context, none, 0, 0, none, none));
  ck_assert_double_eq(none[0], 5);
  clf_context_free(context);
}

/* 2 on the diagonal and -1 next to it: 2 - 2 cos(k pi / (n + 1)), of vectors sin(j k pi / (n + 1)).
 */
TEST_LOOP(second_differences__have_sines, 0, cpu_levels()) {
  enum { N = 333 };
  clf_context *context = context_of(_i, 2);
  if (context == NULL) {
    return;
  }
  double *a = zeros(N * N), expected[N];
  for (int64_t i = 0; i < N; i++) {
    a[i * N + i] = 2;
    if (i > 0) {
      a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
    }
    expected[i] = 2 - 2 * cos((double)(N - i) * pi / (N + 1));
  }
  answer found = solve(context, a, N, N);
  check_values(&found, expected, 1);
  for (int64_t k = 0; k < N; k++) {
    const double *v = found.vectors + k * N;
    const double sign = v[0] > 0 ? 1 : -1; /* sin(k pi / (n + 1)) > 0 */
    for (int64_t j = 0; j < N; j++) {
      const double sine = sqrt(2.0 / (N + 1)) * sin((double)((j + 1) * (N - k)) * pi / (N + 1));
      ck_assert_double_eq_tol(sign * v[j], sine, 1e-10); /* gaps of some 1e-4 */
    }
  }
  free_answer(&found);
  free(a);
  clf_context_free(context);
}

enum { SIZE = 130 };

static double all_equal(int64_t k) {
  (void)k;
  return 1;
}
static double none_at_all(int64_t k) {
  (void)k;
  return 0;
}
static double graded(int64_t k) {
  return pow(10, -16 * (double)k / (SIZE - 1));
}
static double far_graded(int64_t k) {
  return pow(10, -300 * (double)k / (SIZE - 1));
}
static double repeated(int64_t k) {
  return 3 - (double)(k / 10);
}
static double two_values(int64_t k) {
  return k < SIZE / 2 ? 1 : -1;
}
static double rank_three(int64_t k) {
  return k < 3 ? 5 - (double)k : 0;
}
static double clustered(int64_t k) {
  return 1 - 1e-14 * (double)k;
}
static double one_apart(int64_t k) {
  return k == 0 ? 1 : 1e-9;
}
static double tight_pairs(int64_t k) {
  return 100 - (double)(k / 2) + (k % 2 == 0 ? 1e-13 : 0);
}

static double (*const spectra[])(int64_t) = {
    all_equal,  none_at_all, graded,    far_graded, repeated,
    two_values, rank_three,  clustered, one_apart,  tight_pairs,
};
enum { SPECTRA = sizeof spectra / sizeof spectra[0] };

/* H D H for the reflection H = I - 2 u u^T, twice; or D itself, its elements shuffled. */
static double *matrix_of(uint64_t *state, const double *spectrum, double scale, bool reflected) {
  double *a = zeros(SIZE * SIZE);
  for (int64_t i = 0; i < SIZE; i++) {
    a[(i * 37 % SIZE) * (SIZE + 1)] = spectrum[i];
  }
  for (int times = 0; times < 2 && reflected; times++) {
    double *u = random_f64(state, SIZE), w[SIZE], squares = 0, along = 0;
    for (int64_t i = 0; i < SIZE; i++) {
      squares += u[i] * u[i];
    }
    for (int64_t i = 0; i < SIZE; i++) {
      u[i] /= sqrt(squares);
    }
    for (int64_t i = 0; i < SIZE; i++) {
      w[i] = 0;
      for (int64_t j = 0; j < SIZE; j++) {
        w[i] += 2 * a[i * SIZE + j] * u[j];
      }
      along += w[i] * u[i];
    }
    for (int64_t i = 0; i < SIZE; i++) {
      for (int64_t j = i; j < SIZE; j++) {
        a[i * SIZE + j] += 2 * along * u[i] * u[j] - u[i] * w[j] - w[i] * u[j];
        a[j * SIZE + i] = a[i * SIZE + j];
      }
    }
    free(u);
  }
  for (int64_t i = 0; i < SIZE * SIZE; i++) {
    a[i] *= scale;
  }
  return a;
}

TEST_LOOP(hard_spectra__come_out_as_they_were_put_in, 0, SPECTRA) {
  static const double scales[] = {1, 1e150, 1e-150};
  uint64_t state = 8;
  clf_context *context = context_on("auto", 1);
  double spectrum[SIZE];
  for (int64_t k = 0; k < SIZE; k++) {
    spectrum[k] = spectra[_i](k);
  }
  for (int how = 0; how < 6; how++) {
    const double scale = scales[how / 2];
    double *a = matrix_of(&state, spectrum, scale, how % 2 == 1);
    answer found = solve(context, a, SIZE, SIZE), few = solve(context, a, SIZE, 7);
    check_definition(a, &found);
    check_values(&found, spectrum, scale);
    check_definition(a, &few);
    check_values(&few, spectrum, scale);
    free_answer(&found);
    free_answer(&few);
    free(a);
  }
  clf_context_free(context);
}

/* |i - (n - 1) / 2| on the diagonal and 1 next to it: pairs of eigenvalues that agree in all digits
 * (Wilkinson, "The Algebraic Eigenvalue Problem", 1965, 5.45). */
TEST(wilkinsons_matrix__has_pairs) {
  enum { N = 41 };
  clf_context *context = context_on("auto", 1);
  double *a = zeros(N * N);
  for (int64_t i = 0; i < N; i++) {
    a[i * (N + 1)] = fabs((double)(i - N / 2));
    if (i > 0) {
      a[i * N + i - 1] = a[(i - 1) * N + i] = 1;
    }
  }
  answer found = solve(context, a, N, N);
  check_definition(a, &found);
  ck_assert_double_eq_tol(found.values[0], found.values[1], 1e-13);
  ck_assert_double_eq_tol(found.values[2], found.values[3], 1e-13);
  free_answer(&found);
  free(a);
  clf_context_free(context);
}

/* 1 / (i + j + 1): sizes from 1.75 to far below rounding; the trace is the sum of 1 / (2 i + 1). */
TEST(hilberts_matrix__satisfies_the_definition) {
  enum { N = 60 };
  clf_context *context = context_on("auto", 1);
  double *a = zeros(N * N), trace = 0;
  for (int64_t i = 0; i < N; i++) {
    for (int64_t j = 0; j < N; j++) {
      a[i * N + j] = 1 / (double)(i + j + 1);
    }
    trace += a[i * (N + 1)];
  }
  answer found = solve(context, a, N, N);
  check_definition(a, &found);
  for (int64_t k = 0; k < N; k++) {
    trace -= found.values[k];
  }
  ck_assert_double_eq_tol(trace, 0, 1e-13);
  free_answer(&found);
  free(a);
  clf_context_free(context);
}

static double *random_symmetric(uint64_t *state, int64_t n) {
  double *a = random_f64(state, n * n);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) {
      a[i * n + j] = a[j * n + i];
    }
  }
  return a;
}

TEST_LOOP(threads__do_not_change_bits, 0, cpu_levels()) {
  enum { N = 600, COUNT = 40 };
  static const int threads[] = {2, 5};
  uint64_t state = 9;
  clf_context *alone = context_of(_i, 1);
  double *a = random_symmetric(&state, N);
  answer want = {0};
  if (alone != NULL) {
    want = solve(alone, a, N, COUNT);
  }
  for (int i = 0; alone != NULL && i < 2; i++) {
    clf_context *context = context_of(_i, threads[i]);
    answer got = solve(context, a, N, COUNT);
    ck_assert_mem_eq(got.values, want.values, COUNT * sizeof(double));
    ck_assert_mem_eq(got.vectors, want.vectors, COUNT * N * sizeof(double));
    free_answer(&got);
    clf_context_free(context);
  }
  free_answer(&want);
  free(a);
  clf_context_free(alone);
}

/* Matrices so large that few vectors are looked for by iteration: sums of squares of vectors that
 * fall (found by it), 60 equal values of which a block sees fewer, fewer positive ones than are
 * asked for, and one that is flat (all three left to the direct method). */
enum { LARGE = 1500, FEW = 30, STRIPES = 120 };

static double falling(int64_t k) {
  return pow(0.93, (double)k);
}
static double equal_at_the_top(int64_t k) {
  return k < 60 ? 2 : 1 / (double)(k + 1);
}
static double too_few(int64_t k) {
  return k < 20 ? 1 + (double)k : 0;
}
static double flat(int64_t k) {
  return 1 + 1e-3 * (double)k;
}

static double (*const large_spectra[])(int64_t) = {falling, equal_at_the_top, too_few, flat};

/* Diagonal, of `rest` after the spectrum, then reflected. */
static double *large_matrix(uint64_t *state, double (*spectrum)(int64_t), double rest) {
  double *a = zeros((int64_t)LARGE * LARGE), u[LARGE], w[LARGE], squares = 0, along = 0;
  for (int64_t i = 0; i < LARGE; i++) {
    a[i * (LARGE + 1)] = i < STRIPES ? spectrum(i) : rest;
    u[i] = random_signed(state);
    squares += u[i] * u[i];
  }
  for (int64_t i = 0; i < LARGE; i++) {
    u[i] /= sqrt(squares);
    w[i] = 2 * a[i * (LARGE + 1)] * u[i];
    along += w[i] * u[i];
  }
  for (int64_t i = 0; i < LARGE; i++) {
    for (int64_t j = 0; j < LARGE; j++) {
      a[i * LARGE + j] += 2 * along * u[i] * u[j] - u[i] * w[j] - w[i] * u[j];
    }
  }
  return a;
}

static int compare_down(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

TEST_LOOP(few_of_a_large_matrix__are_the_largest, 0, 4) {
  uint64_t state = 12;
  double expected[STRIPES];
  clf_context *context = context_on("auto", 2);
  double *a = large_matrix(&state, large_spectra[_i], 0);
  for (int64_t k = 0; k < STRIPES; k++) {
    expected[k] = large_spectra[_i](k);
  }
  qsort(expected, STRIPES, sizeof expected[0], compare_down);
  answer found = solve(context, a, LARGE, FEW);
  check_definition(a, &found);
  for (int64_t k = 0; k < FEW; k++) {
    ck_assert_double_eq_tol(found.values[k], expected[k], 1e-12 * expected[0]);
  }
  free_answer(&found);
  free(a);
  clf_context_free(context);
}

TEST(iteration__does_not_depend_on_threads) {
  uint64_t state = 13;
  double *a = large_matrix(&state, falling, 0);
  clf_context *alone = context_on("auto", 1), *many = context_on("auto", 3);
  answer want = solve(alone, a, LARGE, FEW), got = solve(many, a, LARGE, FEW);
  ck_assert_mem_eq(got.values, want.values, FEW * sizeof(double));
  ck_assert_mem_eq(got.vectors, want.vectors, FEW * LARGE * sizeof(double));
  free_answer(&want);
  free_answer(&got);
  free(a);
  clf_context_free(alone);
  clf_context_free(many);
}

TEST(what_is_not_finite__is_refused) {
  enum { N = 40 };
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  uint64_t state = 10;
  clf_context *context = context_on("auto", 1);
  for (int64_t place = 0; place < N; place += 13) {
    for (int i = 0; i < 3; i++) {
      double *a = random_symmetric(&state, N), values[1], vectors[N];
      a[place * N + place + (N - place) / 2] = bad[i];
      ck_clf_fails(clf__eigen_symmetric(context, a, N, 1, values, vectors), CLF_ERROR_NUMERIC);
      ck_clf_says("not finite");
      free(a);
    }
  }
  clf_context_free(context);
}

TEST(refused_memory__is_reported_and_leaves_nothing) {
  enum { N = 90 };
  uint64_t state = 11;
  double *a = random_symmetric(&state, N), *copy = zeros(N * N), *values = zeros(N);
  double *vectors = zeros(N * N);
  clf_status status = CLF_ERROR_MEMORY;
  int64_t refuse = 0;
  for (int64_t count = N; count > 0; count -= N - 2) {
    for (refuse = 1, status = CLF_ERROR_MEMORY; status == CLF_ERROR_MEMORY; refuse++) {
      failing_allocator from = {0};
      clf_context *context = failing_context("threads=1", &from);
      from.refuse = from.asked + refuse;
      memcpy(copy, a, N * N * sizeof *a);
      status = clf__eigen_symmetric(context, copy, N, count, values, vectors);
      ck_assert(status == CLF_OK || status == CLF_ERROR_MEMORY);
      clf_context_free(context);
      ck_assert_int_eq(from.held, 0);
    }
    ck_assert_int_gt(refuse, 8);
  }
  free(a);
  free(copy);
  free(values);
  free(vectors);
}

SUITE("eigen")
