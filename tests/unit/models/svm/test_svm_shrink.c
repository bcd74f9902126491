/* Support vector machines of so many support vectors that the active variables are solved by
 * themselves: the optimality conditions hold for all rows, also for those that were left out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"
#include "still_clock.h"
#include "support.h"

/* Kernel values of WIDE rows are stored, those of the others computed each time. FEW rows do not
 * shrink. */
enum { ROWS = 10900, COLUMNS = 3, WIDE = 65, FEW = 1500 };

static float x[ROWS * COLUMNS], wide[ROWS * WIDE]; /* the same features, and zeros */
static int32_t labels[ROWS];
static double targets[ROWS];

/* Classes that hardly differ, and targets that are mostly noise. */
static clf_dataset *make_columns(clf_context *context, const char *params, int columns) {
  uint64_t state = 11;
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)random_normal(&state);
    }
    memcpy(wide + i * WIDE, x + i * COLUMNS, COLUMNS * sizeof *x);
    const double mean = 0.3 * sin((double)x[i * COLUMNS]);
    targets[i] = mean + random_normal(&state);
    labels[i] = targets[i] > 0;
  }
  const bool regression = strstr(params, "svr") != NULL;
  clf_dataset *data = dataset_of(context, columns == WIDE ? wide : x, CLF_F32, ROWS, columns,
                                 regression ? NULL : labels);
  if (regression) {
    clf_tensor *tensor = NULL;
    ck_clf_ok(clf_tensor_wrap(&tensor, context, targets, CLF_F64, 2, (int64_t[]){ROWS, 1}, NULL));
    ck_clf_ok(clf_dataset_set_targets(data, tensor));
    clf_tensor_free(tensor);
  }
  return data;
}

static clf_dataset *make(clf_context *context, const char *params) {
  return make_columns(context, params, COLUMNS);
}

/* The coefficients y alpha of all rows. */
static void read_coefficients(const clf_model *model, double *b) {
  clf_tensor *support = NULL, *coefficients = NULL;
  const int64_t *row = fitted_data(model, "support", &support);
  const double *value = fitted_data(model, "dual_coef_f64", &coefficients);
  memset(b, 0, ROWS * sizeof *b);
  for (int64_t i = 0; i < clf_tensor_count(support); i++) {
    b[row[i]] = value[i];
  }
  clf_tensor_free(support);
  clf_tensor_free(coefficients);
}

/* `beyond` is by how much a row is outside of its margin or tube, alpha its coefficient. */
static void check_row(double alpha, double beyond, double C) {
  const double tolerance = 1.2e-3; /* the gap, and rounding */
  ck_assert_double_le(alpha < C ? beyond : 0, tolerance);
  ck_assert_double_ge(alpha > 0 ? beyond : 0, -tolerance);
  ck_assert_double_le(fabs(alpha - C / 2), C / 2);
}

static void check_conditions(const clf_model *model, const clf_dataset *data, const char *params) {
  static double values[ROWS], b[ROWS];
  const bool regression = strstr(params, "svr") != NULL;
  int64_t width = 1;
  double epsilon = 0.1, sum = 0;
  read_coefficients(model, b);
  ck_clf_ok(clf_model_project_f64(model, data, values, ROWS, &width));
  if (strstr(params, "nu_svr") != NULL) {
    clf_tensor *implied = NULL;
    epsilon = *(const double *)fitted_data(model, "implied_epsilon", &implied);
    clf_tensor_free(implied);
  }
  for (int i = 0; i < ROWS; i++) {
    const double y = regression || labels[i] == 0 ? 1 : -1;
    sum += b[i];
    if (regression) {
      check_row(fmax(b[i], 0), targets[i] - values[i] - epsilon, 1);
      check_row(fmax(-b[i], 0), values[i] - targets[i] - epsilon, 1);
    } else {
      check_row(y * b[i], 1 - y * values[i], 1);
    }
  }
  ck_assert_double_eq_tol(sum, 0, 1e-8);
}

static const char *const machines[] = {"gamma=0.3", "type=epsilon_svr gamma=0.3",
                                       "type=nu_svr nu=0.9 gamma=0.3"};

/* On one thread and on two, and with caches of other sizes, the bits are the same. The thread
 * sanitizer sees the first machine on two. */
TEST_LOOP(svm_shrink__reaches_the_optimum_of_all_rows, 0,
          THREAD_SANITIZER ? 1 : sizeof machines / sizeof *machines) {
  double first = 0;
  const int most = THREAD_SANITIZER || (_i == 0 && !SLOW) ? 2 : 1;
  for (int threads = THREAD_SANITIZER ? 2 : 1; threads <= most; threads++) {
    char params[100];
    clf_tensor *objective = NULL;
    snprintf(params, sizeof params, "threads=%d", threads);
    clf_context *context = context_with(params);
    clf_dataset *data = make_columns(context, machines[_i], _i == 0 ? WIDE : COLUMNS);
    snprintf(params, sizeof params, "%s cache_mb=%d", machines[_i], threads == 1 ? 200 : 5);
    clf_model *model = fitted(context, "svm", params, data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    check_conditions(model, data, machines[_i]);
    const double found = *(const double *)fitted_data(model, "objective", &objective);
    ck_assert(first == 0 || memcmp(&found, &first, sizeof first) == 0);
    first = found;
    clf_tensor_free(objective);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* Whether values are stored or computed each time, the bits are the same. */
TEST(svm_shrink__computes_the_values_that_it_would_store) {
  double found[2];
  clf_dataset_free(make(NULL, ""));
  for (int stored = 0; stored < 2; stored++) {
    clf_tensor *objective = NULL;
    clf_dataset *data =
        dataset_of(NULL, stored ? wide : x, CLF_F32, FEW, stored ? WIDE : COLUMNS, labels);
    clf_model *model = fitted(NULL, "svm", "gamma=0.3 C=30", data);
    found[stored] = *(const double *)fitted_data(model, "objective", &objective);
    clf_tensor_free(objective);
    clf_model_free(model);
    clf_dataset_free(data);
  }
  ck_assert(memcmp(&found[0], &found[1], sizeof *found) == 0);
}

/* Fits, on an allocator that refuses one allocation; returns the objective, NAN without memory. */
static double objective_without(failing_allocator *from) {
  double found = (double)NAN;
  clf_model *model = NULL;
  clf_tensor *objective = NULL;
  clf_context *context = failing_context("threads=1", from);
  clf_dataset *data = make(context, "");
  ck_clf_ok(clf_model_create(&model, context, "svm", machines[0]));
  const clf_status status = clf_model_fit(model, data, NULL, NULL);
  ck_assert(status == CLF_OK || status == CLF_ERROR_MEMORY);
  if (status == CLF_OK) {
    found = *(const double *)fitted_data(model, "objective", &objective);
  }
  clf_tensor_free(objective);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  ck_assert_int_eq(from->held, 0);
  return found;
}

/* Without memory for the active variables the fit goes on with all. */
TEST_LOOP(svm_shrink__may_lack_memory, 0, THREAD_SANITIZER ? 0 : 1) {
  failing_allocator whole = {0};
  const double expected = objective_without(&whole);
  for (int part = 17; part < (SLOW ? 18 : 20); part++) {
    failing_allocator from = {.refuse = whole.asked * part / 20};
    const double found = objective_without(&from);
    ck_assert(isnan(found) || fabs(found - expected) < 1e-6 * fabs(expected));
  }
}

typedef struct stopping {
  int64_t calls, last;
} stopping;

static int32_t stop_at_last(void *user, const clf_progress *progress) {
  stopping *own = user;
  (void)progress;
  return ++own->calls == own->last ? CLF_PROGRESS_STOP : CLF_PROGRESS_GO;
}

/* Fits until the call `last`, or to the end; returns the objective, and the calls in *calls. */
static double objective_at(int64_t last, int64_t *calls) {
  stopping own = {0, last};
  clf_tensor *objective = NULL;
  clf_context *context = context_with("threads=1");
  clf_dataset *data = make_columns(context, "", WIDE);
  ck_clf_ok(clf_context_set_progress(context, stop_at_last, &own));
  clf_model *model = fitted(context, "svm", "gamma=0.3 C=3", data);
  ck_assert_int_eq(clf_model_outcome(model), last < INT64_MAX ? CLF_NOT_CONVERGED : CLF_OK);
  const double found = *(const double *)fitted_data(model, "objective", &objective);
  *calls = own.calls;
  clf_tensor_free(objective);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  return found;
}

/* Of this fit, the active variables are solved in the calls before the last 20, in which what they
 * changed is applied to the others: it is kept by then. */
TEST_LOOP(svm_shrink__keeps_what_a_stopped_fit_has, 0, THREAD_SANITIZER ? 0 : 1) {
  int64_t calls, made;
  atomic_store(&clock_stands, true);
  const double end = objective_at(INT64_MAX, &calls);
  const double before = objective_at(calls - 26, &made), after = objective_at(calls - 11, &made);
  atomic_store(&clock_stands, false);
  ck_assert_double_lt(after, before);
  ck_assert_double_lt(end, after);
}

SUITE("svm_shrink")
