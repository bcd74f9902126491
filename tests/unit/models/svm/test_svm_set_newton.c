/* The solution of a working set by steps and factorizations, against the optimality conditions with
 * gradients that are computed here in f64. */
#include <math.h>

#include "failing_allocator.h"

#include "models/svm/svm_solver.h"

enum { SET = 160, COLUMNS = 160 };
enum { WIDE, NARROW, LARGE, TWICE, EMPTY, ZERO, FORMS };

/* All but WIDE have bounds that some variables come to; b of LARGE is 1e-10 of its bounds. */
static const double bounds[FORMS] = {1e3, 0.02, 1e6, 5, 5, 5};
static float x[SET * COLUMNS], K[SET * SET], diagonal[SET];
static double lower[SET], upper[SET], linear[SET], b[SET], gradient[SET], up_set[SET], low_set[SET];

/* Labels have nothing to do with the rows. TWICE has each row with both labels and each with one,
 * EMPTY every third row without an element, ZERO all. */
static double draw(int form) {
  uint64_t state = 11;
  double largest = 0;
  for (int i = 0; i < SET; i++) {
    const int from = form == TWICE && i >= SET / 2 ? i - SET / 2 : i;
    for (int j = 0; j < COLUMNS; j++) {
      const double own = random_normal(&state) * (form == LARGE ? 1e4 : 1);
      const bool empty = form == ZERO || (form == EMPTY && i % 3 == 0);
      x[i * COLUMNS + j] = empty ? 0 : from < i ? x[from * COLUMNS + j] : (float)own;
    }
    linear[i] = random_unit(&state) < 0.5 ? 1 : -1;
    lower[i] = linear[i] > 0 ? 0 : -bounds[form];
    upper[i] = linear[i] > 0 ? bounds[form] : 0;
    b[i] = 0;
    gradient[i] = linear[i];
  }
  for (int i = 0; i < SET; i++) {
    for (int j = 0; j < SET; j++) {
      double sum = 0;
      for (int k = 0; k < COLUMNS; k++) {
        sum += (double)x[i * COLUMNS + k] * (double)x[j * COLUMNS + k];
      }
      K[i * SET + j] = (float)sum;
    }
    diagonal[i] = K[i * SET + i];
    largest = fmax(largest, (double)diagonal[i]);
  }
  return largest;
}

static clf__smo problem_of(int64_t max_steps) {
  return (clf__smo){.count = SET,
                    .split = SET,
                    .K = K,
                    .diagonal = diagonal,
                    .lower = lower,
                    .upper = upper,
                    .b = b,
                    .gradient = gradient,
                    .up_set = up_set,
                    .low_set = low_set,
                    .tolerance = 1e-6,
                    .min_curvature = 1e-12,
                    .max_steps = max_steps};
}

static clf_status solve(clf_context *context, int64_t columns, int64_t max_steps, int64_t *steps) {
  const clf__rows rows = {.rows = SET, .columns = columns};
  const clf__svm_rows of_machines = {.context = context, .groups = {.x = &rows}};
  clf__svm_problem p = {.rows = &of_machines};
  const clf__svm_solver s = {.p = &p, .context = context, .sums = 1};
  const clf__smo smo = problem_of(max_steps);
  return clf__svm_solve_set(&s, &smo, steps);
}

/* The sum of b is 0, b is within its bounds, and the gradients are those of b. Returns the gap. */
static double check_point(double largest) {
  double sum = 0, sizes = 0, max_up = -INFINITY, min_low = INFINITY;
  for (int i = 0; i < SET; i++) {
    sum += b[i];
    sizes += fabs(b[i]);
  }
  ck_assert_double_le(fabs(sum), 1e-12 * sizes);
  for (int i = 0; i < SET; i++) {
    double own = linear[i];
    for (int j = 0; j < SET; j++) {
      own -= b[j] * (double)K[i * SET + j];
    }
    ck_assert_double_eq_tol(gradient[i], own, 1e-11 * (1 + sizes * largest));
    ck_assert(b[i] >= lower[i] && b[i] <= upper[i]);
    max_up = b[i] < upper[i] ? fmax(max_up, own) : max_up;
    min_low = b[i] > lower[i] ? fmin(min_low, own) : min_low;
  }
  return max_up - min_low;
}

TEST_LOOP(svm_set_newton__conditions_hold_at_the_solution, 0, FORMS) {
  clf_context *context = NULL;
  int64_t steps = 0, alone = 0;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  const double largest = draw(_i);
  ck_clf_ok(solve(context, COLUMNS, 1000000, &steps));
  ck_assert_double_le(check_point(largest), 1.1e-6);
  draw(_i);
  ck_clf_ok(solve(context, SET / 2 - 1, 1000000, &alone)); /* of few columns: steps alone */
  ck_assert_double_le(check_point(largest), 1.1e-6);
  ck_assert_int_le(steps, _i == WIDE || _i == LARGE ? alone / 2 : 2 * alone);
  clf_context_free(context);
}

TEST(svm_set_newton__ends_where_steps_are_limited) {
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  for (int64_t limit = 1; limit < 2000; limit *= 3) {
    int64_t steps = 0;
    const double largest = draw(WIDE);
    ck_clf_ok(solve(context, COLUMNS, limit, &steps));
    check_point(largest);
    ck_assert(steps >= limit && steps <= limit + 10 * SET);
  }
  clf_context_free(context);
}

static clf_status solve_once(clf_context *context, const void *argument) {
  int64_t steps = 0;
  const double largest = draw(*(const int *)argument);
  const clf_status status = solve(context, COLUMNS, 1000000, &steps);
  ck_assert_double_le(check_point(largest), 1.1e-6);
  return status;
}

/* Without the memory for factorizations there are steps. */
TEST(svm_set_newton__needs_no_memory) {
  const int form = WIDE;
  refusals count = {0, 0};
  for (int64_t refuse = 1; refuse_one("threads=1", solve_once, &form, refuse, true, &count);) {
    refuse += REFUSE_EACH;
  }
  ck_assert_int_gt(count.tolerated, 0);
}

SUITE("svm_set_newton")
