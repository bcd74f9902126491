/* Cholesky and triangular solves, each against the products that its answer must satisfy. */
#include "ops_support.h"

#include <float.h>
#include <math.h>

#include "ops/linalg/factor.h"

enum { EXTRA = 3 /* of the leading dimensions */ };

static const int64_t sizes[] = {1, 2, 3, 7, 8, 17, 63, 64, 65, 100, 127, 128, 129, 191, 200};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* B B^T + I / 2 for a random B [n, n]; the upper triangle is NaN, since nothing may read it. */
static double *make_positive(uint64_t *state, int64_t n, int64_t ld) {
  double *b = random_f64(state, n * n);
  double *a = malloc((size_t)(n * ld) * sizeof *a);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < ld; j++) {
      double sum = i == j ? 0.5 : 0;
      for (int64_t p = 0; p < n && j <= i; p++) {
        sum += b[i * n + p] * b[j * n + p];
      }
      a[i * ld + j] = j <= i ? sum : (double)NAN;
    }
  }
  free(b);
  return a;
}

static double *copy_of(const double *values, int64_t count) {
  double *copy = malloc((size_t)count * sizeof *copy);
  memcpy(copy, values, (size_t)count * sizeof *copy);
  return copy;
}

/* (L L^T)_ij, L_ij being 0 above the diagonal. */
static double product_of(const double *l, int64_t ld, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t p = 0; p <= (i < j ? i : j); p++) {
    sum += l[i * ld + p] * l[j * ld + p];
  }
  return sum;
}

/* The rounding error of an element is at most (n + 1) units of sqrt(a_ii a_jj) (Higham, theorem
 * 10.3). */
TEST_LOOP(cholesky__multiplies_back, 0, cpu_levels()) {
  uint64_t state = 1;
  clf_context *context = context_of(_i, 2);
  for (int s = 0; context != NULL && s < SIZES; s++) {
    int64_t n = sizes[s], ld = n + EXTRA;
    double *a = make_positive(&state, n, ld), *l = copy_of(a, n * ld);
    bool *dropped = calloc((size_t)n, sizeof *dropped);
    for (int64_t i = 0; i < n; i++) {
      dropped[i] = true;
    }
    ck_clf_ok(clf__cholesky(context, l, n, ld, 0, dropped));
    for (int64_t i = 0; i < n; i++) {
      ck_assert(!dropped[i]);
      for (int64_t j = 0; j <= i; j++) {
        double limit = (double)(n + 1) * DBL_EPSILON * sqrt(a[i * ld + i] * a[j * ld + j]);
        ck_assert_double_eq_tol(product_of(l, ld, i, j), a[i * ld + j], limit);
      }
    }
    free(dropped);
    free(a);
    free(l);
  }
  clf_context_free(context);
}

/* Lower triangular with a diagonal away from 0, so that solving does not magnify errors much. */
static double *make_lower(uint64_t *state, int64_t n, int64_t ld) {
  double *l = random_f64(state, n * ld);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < ld; j++) {
      l[i * ld + j] = j > i    ? (double)NAN
                      : j == i ? 2 + l[i * ld + j]
                               : l[i * ld + j] / sqrt((double)n);
    }
  }
  return l;
}

/* Row i of L x or, transposed, of L^T x, column c. */
static double times(const double *l, int64_t n, int64_t ld, bool transposed, const double *x,
                    int64_t ldx, int64_t i, int64_t c) {
  double sum = 0;
  for (int64_t p = transposed ? i : 0; p < (transposed ? n : i + 1); p++) {
    sum += (transposed ? l[p * ld + i] : l[i * ld + p]) * x[p * ldx + c];
  }
  return sum;
}

static void check_solve(clf_context *context, uint64_t *state, int64_t n, int64_t columns,
                        int64_t ldb, bool transposed) {
  int64_t ld = n + EXTRA;
  double *l = make_lower(state, n, ld), *b = random_f64(state, n * ldb), *x = copy_of(b, n * ldb);
  ck_clf_ok((transposed ? clf__solve_lower_transposed : clf__solve_lower)(context, l, n, ld, x,
                                                                          columns, ldb));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t c = 0; c < columns; c++) {
      ck_assert_double_eq_tol(times(l, n, ld, transposed, x, ldb, i, c), b[i * ldb + c], 1e-13);
    }
    ck_assert_mem_eq(x + i * ldb + columns, b + i * ldb + columns,
                     (size_t)(ldb - columns) * sizeof *b);
  }
  free(l);
  free(b);
  free(x);
}

TEST_LOOP(solve_lower__inverts_products, 0, cpu_levels()) {
  static const int64_t columns[] = {1, 1, 2, 10}, ldb[] = {1, 4, 2, 11};
  uint64_t state = 2;
  clf_context *context = context_of(_i, 1);
  for (int s = 0; context != NULL && s < SIZES; s++) {
    for (int how = 0; how < 4; how++) {
      check_solve(context, &state, sizes[s], columns[how], ldb[how], false);
      check_solve(context, &state, sizes[s], columns[how], ldb[how], true);
    }
  }
  clf_context_free(context);
}

/* Columns 5, 64 and 100 of the rows B are sums of others before them, and column 9 is 0: what is
 * left of their pivots is rounding. */
enum { WIDE = 130 };
static const int64_t explained[] = {5, 9, 64, 100};

static bool is_explained(int64_t column) {
  bool found = false;
  for (int i = 0; i < 4; i++) {
    found |= explained[i] == column;
  }
  return found;
}

static double *make_semidefinite(uint64_t *state) {
  enum { ROWS = 400 };
  double *b = random_f64(state, ROWS * WIDE);
  double *a = calloc(WIDE * WIDE, sizeof *a);
  for (int64_t r = 0; r < ROWS; r++) {
    double *row = b + r * WIDE;
    row[5] = row[1] - row[3];
    row[9] = 0;
    row[64] = 2 * row[63];
    row[100] = row[0] + row[70] + row[99];
    for (int64_t i = 0; i < WIDE; i++) {
      for (int64_t j = 0; j <= i; j++) {
        a[i * WIDE + j] += row[i] * row[j];
      }
    }
  }
  free(b);
  return a;
}

/* Dropped columns get 0, and the others the solution of the system without them. */
TEST(cholesky__drops_columns_that_others_explain) {
  uint64_t state = 3;
  clf_context *context = context_on("auto", 2);
  double *a = make_semidefinite(&state), *l = copy_of(a, WIDE * WIDE);
  double *b = random_f64(&state, WIDE), *x = copy_of(b, WIDE);
  bool dropped[WIDE];
  ck_clf_ok(clf__cholesky(context, l, WIDE, WIDE, 1e-10, dropped));
  for (int64_t i = 0; i < WIDE; i++) {
    ck_assert_int_eq(dropped[i], is_explained(i));
    ck_assert_int_eq(isinf(l[i * WIDE + i]) != 0, dropped[i]);
  }
  ck_clf_ok(clf__solve_lower(context, l, WIDE, WIDE, x, 1, 1));
  ck_clf_ok(clf__solve_lower_transposed(context, l, WIDE, WIDE, x, 1, 1));
  for (int64_t i = 0; i < WIDE; i++) {
    double sum = 0;
    for (int64_t j = 0; j < WIDE; j++) {
      sum += (j <= i ? a[i * WIDE + j] : a[j * WIDE + i]) * x[j];
    }
    if (dropped[i]) {
      ck_assert_double_eq(x[i], 0);
    } else {
      ck_assert_double_eq_tol(sum, b[i], 1e-12);
    }
  }
  free(a);
  free(l);
  free(b);
  free(x);
  clf_context_free(context);
}

TEST(cholesky__refuses_what_is_not_positive) {
  static const double bad[] = {0, -1, NAN, -INFINITY, INFINITY};
  static const int64_t places[] = {0, 10, 63, 64, 99};
  enum { N = 100 };
  uint64_t state = 4;
  clf_context *context = context_on("auto", 2);
  for (int i = 0; i < 25; i++) {
    double *a = make_positive(&state, N, N);
    char place[32];
    a[places[i / 5] * (N + 1)] = bad[i % 5];
    snprintf(place, sizeof place, "pivot %d is ", (int)places[i / 5]);
    ck_clf_fails(clf__cholesky(context, a, N, N, 0, NULL), CLF_ERROR_NUMERIC);
    ck_clf_says("not positive definite");
    ck_clf_says(place);
    free(a);
  }
  clf_context_free(context);
}

TEST(cholesky__refuses_nan_at_any_tolerance) {
  enum { N = 70 };
  uint64_t state = 5;
  clf_context *context = context_on("auto", 1);
  for (int64_t row = 1; row < N; row += 17) {
    double *a = make_positive(&state, N, N);
    a[row * N + row / 2] = (double)NAN;
    ck_clf_fails(clf__cholesky(context, a, N, N, 1e-3, NULL), CLF_ERROR_NUMERIC);
    free(a);
  }
  clf_context_free(context);
}

TEST(cholesky__of_nothing_is_nothing) {
  clf_context *context = context_on("auto", 1);
  double none[1];
  ck_clf_ok(clf__cholesky(context, none, 0, 1, 0, NULL));
  ck_clf_ok(clf__solve_lower(context, none, 0, 1, none, 1, 1));
  ck_clf_ok(clf__solve_lower_transposed(context, none, 0, 1, none, 1, 1));
  clf_context_free(context);
}

TEST_LOOP(cholesky__is_the_same_for_all_threads, 0, cpu_levels()) {
  enum { N = 300 };
  static const int threads[] = {2, 5};
  uint64_t state = 6;
  clf_context *alone = context_of(_i, 1);
  double *a = make_positive(&state, N, N), *want = copy_of(a, N * N);
  if (alone != NULL) {
    ck_clf_ok(clf__cholesky(alone, want, N, N, 0, NULL));
  }
  for (int i = 0; alone != NULL && i < 2; i++) {
    clf_context *context = context_of(_i, threads[i]);
    double *got = copy_of(a, N * N);
    ck_clf_ok(clf__cholesky(context, got, N, N, 0, NULL));
    for (int64_t row = 0; row < N; row++) {
      ck_assert_mem_eq(got + row * N, want + row * N, (size_t)(row + 1) * sizeof *got);
    }
    free(got);
    clf_context_free(context);
  }
  free(a);
  free(want);
  clf_context_free(alone);
}

SUITE("factor")
