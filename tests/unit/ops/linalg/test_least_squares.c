/* Orthogonal factors and least squares against closed forms: rows are made of singular values and
 * vectors that are known. */
#include "base/status.h"
#include "failing_allocator.h"
#include "ops_support.h"

#include <math.h>

#include "ops/linalg/least_squares.h"
#include "ops/linalg/qr.h"
#include "ops/ops.h"

static void near(double got, double want, double tolerance, const char *what, int64_t i) {
  if (!(fabs(got - want) <= tolerance)) {
    ck_abort_msg("%s %d: %.17g, not %.17g (within %g)", what, (int)i, got, want, tolerance);
  }
}

static double product_of_columns(const double *a, int64_t rows, int64_t lda, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t row = 0; row < rows; row++) {
    sum += a[row * lda + i] * a[row * lda + j];
  }
  return sum;
}

/* R^T R = A^T A, and R^T Q^T t = A^T t. */
static void check_triangle(clf_context *context, int64_t rows, int64_t n, int64_t outputs,
                           int64_t block) {
  uint64_t state = 1;
  const int64_t width = n + outputs;
  double *a = random_f64(&state, rows * width), *r = calloc((size_t)(n * width), sizeof *r);
  double *copy = malloc((size_t)(rows * width) * sizeof *copy);
  memcpy(copy, a, (size_t)(rows * width) * sizeof *copy);
  for (int64_t first = 0; first < rows; first += block) {
    const int64_t here = rows - first < block ? rows - first : block;
    ck_clf_ok(clf__qr_add_rows(context, r, n, width, width, copy + first * width, here, width));
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) {
      ck_assert_double_eq(r[i * width + j], 0);
    }
    for (int64_t j = i; j < width; j++) {
      near(product_of_columns(r, n, width, i, j), product_of_columns(a, rows, width, i, j),
           1e-13 * (double)rows, "product", i * width + j);
    }
  }
  free(a);
  free(r);
  free(copy);
}

TEST_LOOP(qr__keeps_the_products_of_columns, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 2);
  if (context != NULL) {
    check_triangle(context, 1, 1, 0, 1);
    check_triangle(context, 7, 3, 2, 7);
    check_triangle(context, 200, 70, 1, 90);
    check_triangle(context, 33, 64, 3, 10);
    check_triangle(context, 500, 129, 5, 500);
    clf_context_free(context);
  }
}

/* A triangle of rank `rank`, its columns of lengths 1e6 … 1e3 in units of rounding error. */
static void check_pivoted(clf_context *context, int64_t n, int64_t rank, int64_t outputs) {
  uint64_t state = 2;
  const int64_t width = n + outputs;
  double *a = random_f64(&state, rank * width), *r = calloc((size_t)(n * width), sizeof *r);
  double *before = malloc((size_t)(n * width) * sizeof *before);
  int64_t order[200], found = -1;
  for (int64_t i = 0; i < rank * width; i++) {
    a[i] *= pow(10, 3 + 3 * (double)(i % width) / (double)width);
  }
  ck_clf_ok(clf__qr_add_rows(context, r, n, width, width, a, rank, width));
  memcpy(before, r, (size_t)(n * width) * sizeof *r);
  ck_clf_ok(clf__qr_pivoted(context, r, n, width, width, order, &found));
  ck_assert_int_eq(found, rank < n ? rank : n);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i && i < found; j++) {
      ck_assert_double_eq(r[i * width + j], 0);
    }
    for (int64_t j = i; j < width; j++) {
      const int64_t from = j < n ? order[j] : j;
      near(product_of_columns(r, found, width, i, j),
           product_of_columns(before, n, width, order[i], from), 1e-13 * 1e12 * (double)n,
           "product", i * width + j);
    }
  }
  free(a);
  free(r);
  free(before);
}

TEST_LOOP(qr_pivoted__finds_the_rank, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 2);
  if (context != NULL) {
    check_pivoted(context, 1, 1, 1);
    check_pivoted(context, 5, 5, 0);
    check_pivoted(context, 90, 41, 3);
    check_pivoted(context, 130, 130, 1);
    clf_context_free(context);
  }
}

/* Rows X = U diag(s) V^T, with orthonormal cosines U and V, and targets t = U c (and a part outside
 * of the columns' span): Z = V diag(1/s) c exactly, of minimum norm where some s are 0. */
typedef struct sample {
  int64_t rows, columns, rank;
  double smallest; /* s falls from 1 to it; `rank` of them are not 0 */
  double *x, *targets, *expected;
  float *weights;
} sample;

static double cosine(int64_t size, int64_t place, int64_t k) {
  const double pi = 3.14159265358979323846;
  return k == 0
             ? sqrt(1 / (double)size)
             : sqrt(2 / (double)size) * cos(pi * ((double)place + 0.5) * (double)k / (double)size);
}

enum { OUTPUTS = 2 };

static double coefficient(int64_t k, int64_t output) {
  return cos(1 + 3 * (double)k + (double)output);
}

/* The weight w_i divides row i by its root, so that weighted rows are X again. */
static void fill_row(sample *s, int64_t i, const double *v, const double *singular) {
  const double root = s->weights != NULL ? sqrt((double)s->weights[i]) : 1;
  for (int64_t o = 0; o < OUTPUTS; o++) {
    const double outside = s->rank < s->rows ? 0.5 * cosine(s->rows, i, s->rows - 1) : 0;
    s->targets[i * OUTPUTS + o] = outside / root;
  }
  double *row = s->x + i * s->columns;
  for (int64_t k = 0; k < s->rank; k++) {
    const double u = cosine(s->rows, i, k) / root, *vector = v + k * s->columns;
    for (int64_t j = 0; j < s->columns; j++) {
      row[j] += u * singular[k] * vector[j];
    }
    for (int64_t o = 0; o < OUTPUTS; o++) {
      s->targets[i * OUTPUTS + o] += u * coefficient(k, o);
    }
  }
}

static sample sample_of(int64_t rows, int64_t columns, int64_t rank, double smallest,
                        bool weighted) {
  sample s = {.rows = rows, .columns = columns, .rank = rank, .smallest = smallest};
  uint64_t state = 3;
  double *v = malloc((size_t)(rank * columns) * sizeof *v);
  double *singular = malloc((size_t)rank * sizeof *singular);
  s.x = calloc((size_t)(rows * columns), sizeof *s.x);
  s.targets = malloc((size_t)(rows * OUTPUTS) * sizeof *s.targets);
  s.expected = calloc((size_t)(columns * OUTPUTS), sizeof *s.expected);
  s.weights = weighted ? malloc((size_t)rows * sizeof *s.weights) : NULL;
  for (int64_t i = 0; weighted && i < rows; i++) {
    s.weights[i] = (float)(0.1 + random_unit(&state));
  }
  for (int64_t k = 0; k < rank; k++) {
    singular[k] = pow(smallest, rank > 1 ? (double)k / (double)(rank - 1) : 0);
    for (int64_t j = 0; j < columns; j++) {
      v[k * columns + j] = cosine(columns, j, k);
      for (int64_t o = 0; o < OUTPUTS; o++) {
        s.expected[j * OUTPUTS + o] += v[k * columns + j] * coefficient(k, o) / singular[k];
      }
    }
  }
  for (int64_t i = 0; i < rows; i++) {
    fill_row(&s, i, v, singular);
  }
  free(v);
  free(singular);
  return s;
}

static void free_sample(sample *s) {
  free(s->x);
  free(s->targets);
  free(s->expected);
  free(s->weights);
}

static clf_status solve(clf_context *context, const sample *s, bool by_right_side, double *solution,
                        int64_t *rank) {
  clf__rows x = {.rows = s->rows,
                 .columns = s->columns,
                 .dtype = CLF_F64,
                 .scale = 1,
                 .data = s->x,
                 .stride = s->columns};
  const clf__gram_input input = {
      .x = &x, .weights = s->weights, .targets = s->targets, .outputs = OUTPUTS};
  const double zeros[OUTPUTS] = {0};
  clf__gram gram;
  double *right = malloc((size_t)(s->columns * OUTPUTS) * sizeof *right);
  clf_status status = clf__gram_create(&gram, context, &input);
  if (status < 0) {
    free(right);
    return status;
  }
  for (int64_t i = 0; i < s->columns * OUTPUTS; i++) {
    right[i] = gram.cross[i % OUTPUTS * s->columns + i / OUTPUTS];
  }
  const clf__least_squares problem = {.rows = {.x = &x},
                                      .weights = s->weights,
                                      .scale = 1,
                                      .matrix = gram.scatter,
                                      .noise = gram.noise,
                                      .coarse = gram.coarse,
                                      .outputs = OUTPUTS,
                                      .right_side = right,
                                      .targets = s->targets,
                                      .target_mean = by_right_side ? NULL : zeros};
  status = clf__least_squares_solve(solution, rank, context, &problem);
  clf__gram_free(&gram);
  free(right);
  return status;
}

static double *solved(clf_context *context, const sample *s, bool by_right_side, int64_t *rank) {
  double *solution = malloc((size_t)(s->columns * OUTPUTS) * sizeof *solution);
  ck_clf_ok(solve(context, s, by_right_side, solution, rank));
  return solution;
}

/* Rows rounded to f64 allow an error of cond(X) in units of rounding, of the solution's length; a
 * right side that was rounded, of cond(X)^2. The limit of the error for products in f32 where they
 * are good enough, and for products in f64. */
static void check_solution(clf_context *context, const sample *s, bool by_right_side) {
  int64_t rank = -1;
  double *solution = solved(context, s, by_right_side, &rank);
  const double condition = 1 / s->smallest;
  const double given = by_right_side ? condition * condition : condition;
  const double products = condition <= 100 ? 2e-5 : 1e-8;
  ck_assert_int_eq(rank, s->rank);
  for (int64_t o = 0; o < OUTPUTS; o++) {
    double error = 0, size = 0;
    for (int64_t j = 0; j < s->columns; j++) {
      const double difference = solution[j * OUTPUTS + o] - s->expected[j * OUTPUTS + o];
      error += difference * difference;
      size += s->expected[j * OUTPUTS + o] * s->expected[j * OUTPUTS + o];
    }
    near(sqrt(error / size), 0, 3e-14 * given + products, "solution", (int64_t)condition);
  }
  free(solution);
}

/* On both sides of where products are taken in f32. */
static const int64_t shapes[][2] = {{300, 60}, {600, 200}, {1500, 130}};

/* Weights and none in turns, the other way round on the next processor. */
TEST_LOOP(least_squares__is_right_for_singular_values_down_to_1e_8, 0, cpu_levels()) {
  clf_context *context = context_of(_i, 2);
  for (int i = 0; context != NULL && i < 3; i++) {
    for (int power = 0; power >= -8; power -= 2) {
      const bool weighted = (_i + i - power / 2) % 2 != 0;
      sample s = sample_of(shapes[i][0], shapes[i][1], shapes[i][1], pow(10, power), weighted);
      check_solution(context, &s, false);
      if (power >= -6) {
        check_solution(context, &s, true);
      }
      free_sample(&s);
    }
  }
  clf_context_free(context);
}

/* Each second condition, the others on the next processor. */
TEST_LOOP(least_squares__of_lower_rank_is_of_minimum_norm, 0, cpu_levels()) {
  static const int64_t cases[][3] = {
      {300, 60, 40}, {600, 200, 190}, {40, 100, 40}, {300, 500, 200}};
  clf_context *context = context_of(_i, 2);
  for (int i = 0; context != NULL && i < 4; i++) {
    for (int power = (_i + i) % 2 == 0 ? 0 : -2; power >= -8; power -= 4) {
      sample s = sample_of(cases[i][0], cases[i][1], cases[i][2], pow(10, power), false);
      check_solution(context, &s, false);
      free_sample(&s);
    }
  }
  clf_context_free(context);
}

/* The last column becomes the fourth one plus `difference` times what it was, and the targets those
 * of weights that are known; where there is no difference, the two columns share theirs. */
static sample sample_of_copy(int64_t rows, int64_t columns, double difference) {
  sample s = sample_of(rows, columns, columns, 0.1, false);
  const int64_t last = columns - 1;
  s.rank = difference > 0 ? columns : columns - 1;
  s.smallest = difference > 0 ? difference / 10 : 0.1;
  for (int64_t i = 0; i < rows; i++) {
    double *row = s.x + i * columns;
    row[last] = row[3] + difference * row[last];
  }
  for (int64_t j = 0; j < columns * OUTPUTS; j++) {
    s.expected[j] = coefficient(j / OUTPUTS, j % OUTPUTS);
  }
  for (int64_t o = 0; o < OUTPUTS && difference == 0; o++) {
    s.expected[last * OUTPUTS + o] = s.expected[3 * OUTPUTS + o];
  }
  for (int64_t i = 0; i < rows * OUTPUTS; i++) {
    s.targets[i] = 0;
    for (int64_t j = 0; j < columns; j++) {
      s.targets[i] += s.x[i / OUTPUTS * columns + j] * s.expected[j * OUTPUTS + i % OUTPUTS];
    }
  }
  return s;
}

/* The rank and the fitted values are right: they are the targets, which were made of known weights.
 */
static void check_fit(clf_context *context, const sample *s) {
  int64_t rank = -1;
  double *solution = solved(context, s, false, &rank), error = 0, size = 0;
  ck_assert_int_eq(rank, s->rank);
  for (int64_t i = 0; i < s->rows * OUTPUTS; i++) {
    double fitted = 0;
    for (int64_t j = 0; j < s->columns; j++) {
      fitted += s->x[i / OUTPUTS * s->columns + j] * solution[j * OUTPUTS + i % OUTPUTS];
    }
    error += (fitted - s->targets[i]) * (fitted - s->targets[i]);
    size += s->targets[i] * s->targets[i];
  }
  near(sqrt(error / size), 0, s->rank < s->columns ? 2e-5 : 1e-8, "fit", (int64_t)s->columns);
  free(solution);
}

/* Differences that products of the columns, in f32 and in f64, do not show are seen in the rows. */
TEST_LOOP(least_squares__tells_a_copy_from_a_column_that_nearly_is_one, 0, cpu_levels()) {
  static const double differences[] = {0, 1e-4, 1e-6, 1e-8, 1e-10};
  clf_context *context = context_of(_i, 2);
  for (int i = 0; context != NULL && i < 3; i++) {
    for (int k = 0; k < 5; k++) {
      sample s = sample_of_copy(shapes[i][0], shapes[i][1], differences[k]);
      check_fit(context, &s);
      if (differences[k] == 0) {
        check_solution(context, &s, false);
      }
      free_sample(&s);
    }
  }
  clf_context_free(context);
}

TEST_LOOP(least_squares__has_the_same_bits_on_any_threads, 0, cpu_levels()) {
  for (int power = 0; power >= -8; power -= 4) {
    sample s = sample_of(600, 200, 190, pow(10, power), true);
    clf_context *one = context_of(_i, 1), *two = context_of(_i, 2);
    if (one != NULL) {
      double *a = solved(one, &s, false, NULL), *b = solved(two, &s, false, NULL);
      ck_assert_mem_eq(a, b, (size_t)(s.columns * OUTPUTS) * sizeof *a);
      free(a);
      free(b);
    }
    clf_context_free(one);
    clf_context_free(two);
    free_sample(&s);
  }
}

static clf_status solve_once(clf_context *context, const void *argument) {
  double solution[40 * OUTPUTS];
  const clf_status status = solve(context, argument, false, solution, NULL);
  return status < 0 ? clf__fail_within(status, "least squares") : status;
}

/* On the way by Cholesky, of dependent columns, by the orthogonal factorisation, and of a copy. */
TEST_LOOP(least_squares__survives_any_refused_allocation, 0, 4) {
  static const double smallest[] = {1, 1, 1e-8};
  static const int64_t ranks[] = {20, 12, 20};
  sample s = _i < 3 ? sample_of(60, 20, ranks[_i], smallest[_i], true) : sample_of_copy(60, 40, 0);
  check_every_allocation("threads=1", solve_once, &s);
  free_sample(&s);
}

SUITE("least_squares")
