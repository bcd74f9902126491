/* L-BFGS on functions whose minima are known. */
#include "optim/lbfgs.h"

#include <math.h>
#include <stdbool.h>

#include "support.h"

enum { SIZE = 40 };

/* f = 1/2 sum d_i (x_i - i)^2 with d_i from 1 to `condition`, rounded to float when `coarse`. */
typedef struct quadratic {
  double condition;
  bool coarse;
  bool exact;   /* precondition by 1/d */
  bool limited; /* infinite beyond |x| > 100 */
  double tolerance;
  int64_t evaluations, observed;
  double scale; /* of the preconditioner */
} quadratic;

static double curvature(const quadratic *q, int64_t i) {
  return pow(q->condition, (double)i / (SIZE - 1));
}

static clf_status evaluate(void *argument, const double *at, double *value, double *gradient) {
  quadratic *q = argument;
  double sum = 0;
  for (int64_t i = 0; i < SIZE; i++) {
    double off = at[i] - (double)i;
    gradient[i] = curvature(q, i) * off;
    sum += curvature(q, i) * off * off / 2;
    if (q->limited && fabs(at[i]) > 100) {
      sum = (double)INFINITY;
    }
  }
  *value = q->coarse ? (double)((float)sum + 1000.F) : sum;
  q->evaluations++;
  return CLF_OK;
}

static clf_status precondition(void *argument, double *vector) {
  const quadratic *q = argument;
  for (int64_t i = 0; i < SIZE; i++) {
    vector[i] *= q->scale / (q->exact ? curvature(q, i) : 1);
  }
  return CLF_OK;
}

static clf_status observe(void *argument, int64_t iteration, double value, const double *gradient,
                          clf__lbfgs_order *order) {
  quadratic *q = argument;
  double largest = 0;
  for (int64_t i = 0; i < SIZE; i++) {
    largest = fmax(largest, fabs(gradient[i]));
  }
  ck_assert_int_eq(iteration, q->observed);
  ck_assert(isfinite(value));
  q->observed++;
  if (largest <= q->tolerance) {
    *order = CLF__LBFGS_STOP;
  }
  return CLF_OK;
}

static clf__lbfgs_result minimize(quadratic *q, double *x, int64_t max_iterations) {
  clf__lbfgs_problem problem = {
      .argument = q,
      .size = SIZE,
      .pairs = 10,
      .max_iterations = max_iterations,
      .evaluate = evaluate,
      .precondition = precondition,
      .observe = observe,
  };
  clf__lbfgs_result result;
  ck_clf_ok(clf_context_create(&problem.context, NULL, NULL));
  ck_clf_ok(clf__lbfgs_minimize(&result, &problem, x));
  clf_context_free(problem.context);
  return result;
}

static void check_solution(const double *x, double tolerance) {
  for (int64_t i = 0; i < SIZE; i++) {
    ck_assert_double_eq_tol(x[i], (double)i, tolerance);
  }
}

TEST(lbfgs__minimizes_an_ill_conditioned_quadratic) {
  double x[SIZE] = {0};
  quadratic q = {.condition = 1e4, .tolerance = 1e-6, .scale = 1};
  clf__lbfgs_result result = minimize(&q, x, 1000);
  ck_assert_int_eq(result.end, CLF__LBFGS_STOPPED);
  check_solution(x, 1e-5);
}

TEST(lbfgs__takes_one_step_with_the_exact_inverse) {
  double x[SIZE] = {0};
  quadratic q = {.condition = 1e8, .tolerance = 1e-6, .exact = true, .scale = 1};
  clf__lbfgs_result result = minimize(&q, x, 1000);
  ck_assert_int_eq(result.iterations, 1);
  ck_assert_int_eq(q.evaluations, 2);
  check_solution(x, 1e-9);
}

TEST(lbfgs__cuts_steps_that_are_far_too_long) {
  double x[SIZE] = {0};
  quadratic q = {.condition = 100, .tolerance = 1e-6, .scale = 1e12, .limited = true};
  ck_assert_int_eq(minimize(&q, x, 1000).end, CLF__LBFGS_STOPPED);
  check_solution(x, 1e-5);
}

TEST(lbfgs__lengthens_steps_that_are_far_too_short) {
  double x[SIZE] = {0};
  quadratic q = {.condition = 100, .tolerance = 1e-6, .scale = 1e-12};
  ck_assert_int_eq(minimize(&q, x, 1000).end, CLF__LBFGS_STOPPED);
  check_solution(x, 1e-5);
}

TEST(lbfgs__stops_at_its_limit) {
  double x[SIZE] = {0};
  quadratic q = {.condition = 1e6, .tolerance = 0, .scale = 1};
  clf__lbfgs_result result = minimize(&q, x, 7);
  ck_assert_int_eq(result.end, CLF__LBFGS_LIMIT);
  ck_assert_int_eq(result.iterations, 7);
  ck_assert_int_eq(q.observed, 8);
}

TEST(lbfgs__stalls_where_values_are_rounded) {
  double x[SIZE] = {0};
  quadratic q = {.condition = 1e3, .tolerance = 0, .coarse = true, .scale = 1};
  clf__lbfgs_result result = minimize(&q, x, 100000);
  ck_assert_int_eq(result.end, CLF__LBFGS_STALLED);
  ck_assert_double_eq_tol(result.value, 1000, 1e-3);
}

TEST(lbfgs__refuses_a_start_that_is_not_finite) {
  double x[SIZE] = {1e3};
  quadratic q = {.condition = 1, .limited = true, .scale = 1};
  clf__lbfgs_problem problem = {.argument = &q,
                                .size = SIZE,
                                .pairs = 10,
                                .max_iterations = 10,
                                .evaluate = evaluate,
                                .precondition = precondition,
                                .observe = observe};
  clf__lbfgs_result result;
  ck_clf_ok(clf_context_create(&problem.context, NULL, NULL));
  uint64_t held = clf_context_memory(problem.context);
  ck_clf_fails(clf__lbfgs_minimize(&result, &problem, x), CLF_ERROR_NUMERIC);
  ck_assert_uint_eq(clf_context_memory(problem.context), held);
  clf_context_free(problem.context);
}

SUITE("lbfgs")
