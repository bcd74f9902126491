/* Support vector machines most of whose variables lie between wide bounds, as those of random
 * labels: steps along the last changes take most of the steps off them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "still_clock.h"
#include "support.h"

enum { ROWS = 1200, COLUMNS = 12 };

static const double GAMMA = 0.03, C = 1000, EPSILON = 0.1;
static float x[ROWS * COLUMNS];
static int32_t labels[ROWS];
static double targets[ROWS];

/* Labels and targets have nothing to do with the rows. */
static clf_dataset *make(bool regression) {
  uint64_t state = 3;
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)random_normal(&state);
    }
    targets[i] = random_normal(&state);
    labels[i] = targets[i] > 0;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, regression ? NULL : labels);
  if (regression) {
    clf_tensor *tensor = NULL;
    ck_clf_ok(clf_tensor_wrap(&tensor, NULL, targets, CLF_F64, 2, (int64_t[]){ROWS, 1}, NULL));
    ck_clf_ok(clf_dataset_set_targets(data, tensor));
    clf_tensor_free(tensor);
  }
  return data;
}

static double kernel_of(const float *a, const float *b) {
  double sum = 0;
  for (int j = 0; j < COLUMNS; j++) {
    const double d = (double)a[j] - (double)b[j];
    sum += d * d;
  }
  return exp(-GAMMA * sum);
}

/* The coefficients y alpha, and what the kernel in f64 makes of them. */
static void read_machine(const clf_model *model, double *b, double *values) {
  clf_tensor *support = NULL, *dual = NULL, *intercept = NULL;
  const int64_t *row = fitted_data(model, "support", &support);
  const double *coefficient = fitted_data(model, "dual_coef_f64", &dual);
  const double rho = *(const double *)fitted_data(model, "intercept", &intercept);
  memset(b, 0, ROWS * sizeof *b);
  for (int i = 0; i < ROWS; i++) {
    values[i] = rho;
  }
  for (int64_t k = 0; k < clf_tensor_count(support); k++) {
    b[row[k]] = coefficient[k];
    for (int i = 0; i < ROWS; i++) {
      values[i] += coefficient[k] * kernel_of(x + row[k] * COLUMNS, x + i * COLUMNS);
    }
  }
  clf_tensor_free(support);
  clf_tensor_free(dual);
  clf_tensor_free(intercept);
}

/* `beyond` is by how much a row is outside of its margin or tube, alpha its coefficient. */
static void check_row(double alpha, double beyond) {
  const double tolerance = 2e-2; /* rounded kernel values times a sum of 1e5 coefficients */
  ck_assert_double_le(alpha < C ? beyond : 0, tolerance);
  ck_assert_double_ge(alpha > 0 ? beyond : 0, -tolerance);
  ck_assert_double_le(fabs(alpha - C / 2), C / 2);
}

static int64_t steps_of(const clf_model *model) {
  clf_tensor *tensor = NULL;
  const int64_t steps = *(const int64_t *)fitted_data(model, "iterations", &tensor);
  clf_tensor_free(tensor);
  return steps;
}

/* Without steps along the last changes they take 340,000 and 880,000. */
TEST_LOOP(svm__takes_few_steps_where_most_variables_are_free, 0, 2) {
  static const char *const types[] = {"c_svc", "epsilon_svr"};
  const int64_t max_steps = 250000;
  double b[ROWS], values[ROWS], sum = 0;
  char params[100];
  clf_dataset *data = make(_i == 1);
  snprintf(params, sizeof params, "type=%s C=%g gamma=%g epsilon=%g", types[_i], C, GAMMA, EPSILON);
  clf_model *model = fitted(NULL, "svm", params, data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_assert_int_lt(steps_of(model), max_steps);
  read_machine(model, b, values);
  for (int i = 0; i < ROWS; i++) {
    const double y = labels[i] == 0 ? 1 : -1;
    sum += b[i];
    if (_i == 1) {
      check_row(fmax(b[i], 0), targets[i] - values[i] - EPSILON);
      check_row(fmax(-b[i], 0), values[i] - targets[i] - EPSILON);
    } else {
      check_row(y * b[i], 1 - y * values[i]);
    }
  }
  ck_assert_double_eq_tol(sum, 0, 1e-6);
  clf_model_free(model);
  clf_dataset_free(data);
}

typedef struct stopping {
  int64_t calls, last;
} stopping;

static int32_t stop_at_last(void *user, const clf_progress *progress) {
  stopping *own = user;
  (void)progress;
  return ++own->calls == own->last ? CLF_PROGRESS_STOP : CLF_PROGRESS_GO;
}

/* Stops a fit at each of the calls of a few working sets and of the steps after them: what it then
 * has is a machine within its bounds, with the objective that it says, and never less than at an
 * earlier call. */
TEST(svm__that_is_stopped_at_any_call_is_a_machine) {
  double b[ROWS], values[ROWS], before = (double)INFINITY;
  clf_dataset *data = make(false);
  atomic_store(&clock_stands, true);
  for (int64_t last = 60; last < 90; last++) {
    stopping own = {0, last};
    double objective = 0, sum = 0;
    char params[100];
    clf_tensor *intercept = NULL, *dual = NULL;
    clf_context *context = context_with("threads=1");
    ck_clf_ok(clf_context_set_progress(context, stop_at_last, &own));
    snprintf(params, sizeof params, "C=%g gamma=%g", C, GAMMA);
    clf_model *model = fitted(context, "svm", params, data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
    read_machine(model, b, values);
    const double rho = *(const double *)fitted_data(model, "intercept", &intercept);
    const double said = *(const double *)fitted_data(model, "objective", &dual);
    for (int i = 0; i < ROWS; i++) {
      const double y = labels[i] == 0 ? 1 : -1;
      objective += b[i] * ((values[i] - rho) / 2 - y);
      sum += b[i];
      ck_assert_double_le(fabs(y * b[i] - C / 2), C / 2);
    }
    ck_assert_double_eq_tol(sum, 0, 1e-6);
    ck_assert_double_eq_tol(said, objective, 1e-5 * fabs(objective)); /* rounded kernel values */
    ck_assert_double_le(said, before);
    before = said;
    clf_tensor_free(intercept);
    clf_tensor_free(dual);
    clf_model_free(model);
    clf_context_free(context);
  }
  atomic_store(&clock_stands, false);
  clf_dataset_free(data);
}

SUITE("svm_accelerate")
