/* Support vector machines: closed forms, the optimality conditions in double precision, and data on
 * which solvers are known to stumble. Against LIBSVM: tests/parity/test_svm.py. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { ROWS = 120, COLUMNS = 3 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

/* Two clouds that overlap. */
static clf_dataset *overlapping(clf_context *context) {
  uint64_t state = 5;
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % 2;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (y[i] == 1 ? 0.7 : -0.7));
    }
  }
  return dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
}

static double number_of(const clf_model *model, const char *name) {
  clf_tensor *tensor = NULL;
  const double value = *(const double *)fitted_data(model, name, &tensor);
  clf_tensor_free(tensor);
  return value;
}

static double accuracy_of(const clf_model *model, const clf_dataset *data) {
  double accuracy = 0;
  ck_clf_ok(clf_model_score(model, data, &accuracy));
  return accuracy;
}

/* Of the points -1 and 1 the machine is f(x) = -x (class 0 is the positive side), alpha = 1/2 both,
 * and the dual's minimum -1/2; with C below 1/2 alpha = C, f(x) = -2 C x. */
TEST(svm__solves_two_points) {
  const float points[] = {-1, 1};
  const int32_t labels[] = {0, 1};
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 2, 1, labels);
  const double C[] = {10, 0.5, 0.125};
  for (int i = 0; i < 3; i++) {
    char params[64];
    snprintf(params, sizeof params, "kernel=linear C=%g", C[i]);
    clf_model *model = fitted(NULL, "svm", params, data);
    float values[4];
    const double alpha = fmin(C[i], 0.5);
    ck_clf_ok(clf_model_decision_function(model, data, values, 4));
    ck_assert_double_eq_tol((double)values[0], 2 * alpha, 1e-6);
    ck_assert_double_eq_tol((double)values[1], -2 * alpha, 1e-6);
    ck_assert_double_eq_tol((double)values[2], -2 * alpha, 1e-6);
    ck_assert_double_eq_tol(number_of(model, "objective"), 2 * alpha * alpha - 2 * alpha, 1e-6);
    ck_assert_double_eq_tol(number_of(model, "intercept"), 0, 1e-6);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

TEST(svm_rbf__separates_xor) {
  const float points[] = {0, 0, 1, 1, 0, 1, 1, 0};
  const int32_t labels[] = {0, 0, 1, 1};
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 4, 2, labels);
  const char *kernels[] = {"kernel=rbf gamma=1 C=100", "kernel=polynomial degree=2 coef0=1 C=100"};
  for (int i = 0; i < 2; i++) {
    clf_model *model = fitted(NULL, "svm", kernels[i], data);
    ck_assert_double_eq(accuracy_of(model, data), 1);
    clf_model_free(model);
  }
  clf_model *line = fitted(NULL, "svm", "kernel=linear C=100", data);
  ck_assert_double_le(accuracy_of(line, data), 0.75);
  clf_model_free(line);
  clf_dataset_free(data);
}

static double kernel_of(int kernel, const float *a, const float *b) {
  double dot = 0, square = 0;
  for (int j = 0; j < COLUMNS; j++) {
    const double d = (double)a[j] - (double)b[j];
    dot += (double)a[j] * (double)b[j];
    square += d * d;
  }
  switch (kernel) {
  case 0:
    return dot;
  case 1:
    return pow(0.5 * dot + 1, 3);
  case 2:
    return exp(-0.5 * square);
  default:
    return tanh(0.1 * dot - 0.5);
  }
}

static const char *const kernel_params[] = {"kernel=linear", "kernel=polynomial gamma=0.5 coef0=1",
                                            "kernel=rbf gamma=0.5",
                                            "kernel=sigmoid gamma=0.1 coef0=-0.5"};

/* 0 <= alpha <= C, sum y alpha = 0, and the errors of those that may rise lie within the tolerance
 * of those that may fall. */
TEST_LOOP(svm__meets_the_optimality_conditions, 0, 16) {
  const double bounds[] = {1e-6, 0.1, 1, 100};
  const double C = bounds[_i / 4];
  char params[128];
  snprintf(params, sizeof params, "%s C=%g", kernel_params[_i % 4], C);
  clf_dataset *data = overlapping(NULL);
  clf_model *model = fitted(NULL, "svm", params, data);
  clf_tensor *support = NULL, *dual = NULL;
  const int64_t *row = fitted_data(model, "support", &support);
  const float *coefficient = fitted_data(model, "dual_coef", &dual);
  double b[ROWS] = {0}, sum = 0, most = -INFINITY, least = INFINITY, size = 1;
  for (int64_t i = 0; i < clf_tensor_count(support); i++) {
    b[row[i]] = (double)coefficient[i];
    sum += b[row[i]];
  }
  ck_assert_double_eq_tol(sum, 0, 1e-6 * C * ROWS);
  for (int i = 0; i < ROWS; i++) {
    const double side = y[i] == 0 ? 1 : -1, alpha = side * b[i];
    double error = side;
    ck_assert_double_ge(alpha, 0);
    ck_assert_double_le(alpha, C * (1 + 1e-6));
    for (int j = 0; j < ROWS; j++) {
      error -= b[j] * kernel_of(_i % 4, x + i * COLUMNS, x + j * COLUMNS);
    }
    const bool at_bound = alpha >= C * (1 - 1e-6);
    most = (side > 0 ? !at_bound : alpha > 0) ? fmax(most, error) : most;
    least = (side > 0 ? alpha > 0 : !at_bound) ? fmin(least, error) : least;
    size = fmax(size, fabs(error));
  }
  ck_assert_double_le(most - least, 1e-3 + 1e-5 * size); /* coefficients are floats */
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  clf_tensor_free(support);
  clf_tensor_free(dual);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(svm__says_when_its_steps_ran_out) {
  clf_dataset *data = overlapping(NULL);
  clf_model *model = fitted(NULL, "svm", "kernel=rbf C=1000 max_iterations=1", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
  ck_assert_double_gt(accuracy_of(model, data), 0.5);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Each ends, within bounds, however little sense it makes. */
TEST_LOOP(svm__ends_on_strange_settings, 0, 12) {
  const char *settings[] = {"C=1e6",
                            "C=1e-6",
                            "gamma=0",
                            "gamma=1e6",
                            "kernel=polynomial degree=20 C=1e6",
                            "kernel=sigmoid gamma=10 coef0=3 C=1e3",
                            "kernel=linear C=1e6",
                            "tolerance=1e-12",
                            "tolerance=1",
                            "multiclass=one_vs_rest",
                            "probability=true",
                            "cache_mb=0"};
  clf_dataset *data = overlapping(NULL);
  char params[128];
  snprintf(params, sizeof params, "%s max_iterations=200000", settings[_i]);
  clf_model *model = fitted(NULL, "svm", params, data);
  ck_assert_double_ge(accuracy_of(model, data), 0.3);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Two rows that are equal but for their label want opposite things: both end at the bound. */
TEST(svm__takes_equal_rows_of_opposite_labels) {
  const float points[] = {1, 2, 1, 2, 1, 2, 1, 2};
  const int32_t labels[] = {0, 1, 0, 1};
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 4, 2, labels);
  for (int i = 0; i < 4; i++) {
    clf_model *model = fitted(NULL, "svm", kernel_params[i], data);
    ck_assert_double_eq(accuracy_of(model, data), 0.5);
    ck_assert_double_eq_tol(number_of(model, "objective"), -4, 1e-5);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

TEST(svm__refuses_features_beyond_float) {
  clf_dataset *data = overlapping(NULL);
  x[7] = 1e30F;
  for (int i = 0; i < 4; i++) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, NULL, "svm", kernel_params[i]));
    ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_NUMERIC);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

TEST(svm__refuses_a_precomputed_kernel_that_is_not_square) {
  clf_dataset *data = overlapping(NULL);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "svm", "kernel=precomputed"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_SHAPE);
  ck_clf_says("column");
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(svm__gives_probabilities_only_when_asked_to) {
  clf_dataset *data = overlapping(NULL);
  float values[2 * ROWS], decision[2 * ROWS];
  int32_t labels[ROWS];
  clf_model *plain = fitted(NULL, "svm", NULL, data);
  clf_model *model = fitted(NULL, "svm", "probability=true", data);
  ck_clf_fails(clf_model_predict_proba(plain, data, values, 2 * ROWS), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("calibration=sigmoid");
  ck_clf_ok(clf_model_predict_proba(model, data, values, 2 * ROWS));
  ck_clf_ok(clf_model_decision_function(model, data, decision, 2 * ROWS));
  ck_clf_ok(clf_model_predict(model, data, labels, ROWS));
  for (int i = 0; i < ROWS; i++) {
    const double p = (double)values[2 * i + 1];
    ck_assert_double_eq_tol((double)values[2 * i] + p, 1, 1e-6);
    ck_assert_int_eq(labels[i], p > 0.5);
    ck_assert_double_eq_tol((double)decision[2 * i + 1], log(p / (1 - p)), 1e-4);
  }
  clf_model_free(plain);
  clf_model_free(model);
  clf_dataset_free(data);
}

static int32_t stop_at_third(void *user, const clf_progress *progress) {
  (void)progress;
  return ++*(int *)user >= 3;
}

TEST(svm__that_is_cancelled_leaves_the_model) {
  int calls = -1000000;
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  ck_clf_ok(clf_context_set_progress(context, stop_at_third, &calls));
  clf_dataset *data = overlapping(context);
  clf_model *model = fitted(context, "svm", "C=0.5", data);
  const double before = number_of(model, "objective");
  ck_clf_ok(clf_model_set_text(model, "C", "1e6"));
  ck_clf_ok(clf_model_set_text(model, "tolerance", "1e-12"));
  calls = 0;
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
  ck_assert_double_eq(number_of(model, "objective"), before);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

SUITE("svm")
