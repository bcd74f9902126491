/* The types of support vector machines besides C-SVC: closed forms, what nu promises, the machines
 * of C and epsilon that they are equal to, and data on which they have no solution. Against LIBSVM:
 * tests/parity/test_svm_types.py. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"
#include "support.h"

enum { ROWS = 150, COLUMNS = 3, MAX_OUTPUTS = 3 };

static float x[ROWS * COLUMNS];
static double targets[ROWS * MAX_OUTPUTS];
static int32_t y[ROWS];

/* Two clouds that overlap, and a function of the features with noise. */
static void fill_rows(int64_t outputs) {
  uint64_t state = 5;
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % 2;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (y[i] == 1 ? 0.7 : -0.7));
    }
    for (int64_t k = 0; k < outputs; k++) {
      targets[i * outputs + k] = sin((double)x[i * COLUMNS]) +
                                 (double)k * (double)x[i * COLUMNS + 1] +
                                 0.3 * random_normal(&state);
    }
  }
}

static void set_targets(clf_dataset *data, const double *values, int64_t outputs) {
  clf_tensor *tensor = NULL;
  const int64_t rows = clf_dataset_rows(data);
  ck_clf_ok(clf_tensor_wrap(&tensor, NULL, values, CLF_F64, 2, (int64_t[]){rows, outputs}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, tensor));
  clf_tensor_free(tensor);
}

static clf_dataset *regression_of(clf_context *context, int64_t outputs) {
  fill_rows(outputs);
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, NULL);
  set_targets(data, targets, outputs);
  return data;
}

/* The rows as a fit with `params` wants them. */
static clf_dataset *rows_for(clf_context *context, const char *params) {
  if (strstr(params, "svr") != NULL) {
    return regression_of(context, 1);
  }
  fill_rows(0);
  return dataset_of(context, x, CLF_F32, ROWS, COLUMNS, strstr(params, "class") != NULL ? NULL : y);
}

static double number_of(const clf_model *model, const char *name, int64_t index) {
  clf_tensor *tensor = NULL;
  const double value = ((const double *)fitted_data(model, name, &tensor))[index];
  clf_tensor_free(tensor);
  return value;
}

static int64_t vectors_of(const clf_model *model) {
  clf_tensor *tensor = NULL;
  fitted_data(model, "support", &tensor);
  const int64_t count = clf_tensor_count(tensor);
  clf_tensor_free(tensor);
  return count;
}

/* Of targets -1 and 1 at -1 and 1 the flattest line within epsilon is f(x) = (1 - epsilon) x, with
 * alpha = w / 2; if C is smaller than that, w = 2 C. */
TEST(epsilon_svr__solves_two_points) {
  const float points[] = {-1, 1};
  const double values[] = {-1, 1}, epsilon = 0.25, C[] = {10, 0.125};
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 2, 1, NULL);
  set_targets(data, values, 1);
  for (int i = 0; i < 2; i++) {
    char params[96];
    float found[2];
    snprintf(params, sizeof params, "type=epsilon_svr kernel=linear epsilon=0.25 C=%g", C[i]);
    clf_model *model = fitted(NULL, "svm", params, data);
    const double w = fmin(2 * C[i], 1 - epsilon);
    ck_clf_ok(clf_model_decision_function(model, data, found, 2));
    ck_assert_double_eq_tol((double)found[0], -w, 1e-6);
    ck_assert_double_eq_tol((double)found[1], w, 1e-6);
    ck_assert_double_eq_tol(number_of(model, "objective", 0), w * w / 2 - (1 - epsilon) * w, 1e-6);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

/* Both sides have alpha = nu, so w = -2 nu and the margin is 2 nu: scaled to 1 it is f(x) = -x, as
 * of the C-SVC with C = 1 / (2 nu), for any nu. */
TEST(nu_svc__solves_two_points) {
  const float points[] = {-1, 1};
  const int32_t labels[] = {0, 1};
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 2, 1, labels);
  const double nu[] = {0.01, 0.5, 1};
  for (int i = 0; i < 3; i++) {
    char params[64];
    float found[4];
    snprintf(params, sizeof params, "type=nu_svc kernel=linear nu=%g", nu[i]);
    clf_model *model = fitted(NULL, "svm", params, data);
    ck_clf_ok(clf_model_decision_function(model, data, found, 4));
    ck_assert_double_eq_tol((double)found[0], 1, 1e-6);
    ck_assert_double_eq_tol((double)found[2], -1, 1e-6);
    ck_assert_double_eq_tol(number_of(model, "implied_C", 0), 1 / (2 * nu[i]), 1e-6 / nu[i]);
    ck_assert_double_eq_tol(number_of(model, "objective", 0), 0.5, 1e-6);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

/* Of points 1 and 2 with sum alpha = 1/2 the shortest w is alpha_1 = 1/2: f(x) = x / 2 - 1/2. */
TEST(one_class__solves_two_points) {
  const float points[] = {1, 2, -3};
  int32_t found[3];
  float values[3];
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 2, 1, NULL);
  clf_dataset *asked = dataset_of(NULL, points, CLF_F32, 3, 1, NULL);
  clf_model *model = fitted(NULL, "svm", "type=one_class kernel=linear nu=0.25", data);
  ck_assert_int_eq(clf_model_classes(model), 0);
  ck_assert_int_eq(clf_model_outputs(model), 1);
  ck_clf_ok(clf_model_decision_function(model, asked, values, 3));
  ck_assert_double_eq_tol((double)values[0], 0, 1e-6);
  ck_assert_double_eq_tol((double)values[1], 0.5, 1e-6);
  ck_assert_double_eq_tol((double)values[2], -2, 1e-6);
  ck_assert_double_eq_tol(number_of(model, "objective", 0), 0.125, 1e-6);
  ck_clf_ok(clf_model_predict(model, asked, found, 3));
  ck_assert_int_eq(found[1], 0);
  ck_assert_int_eq(found[2], -1);
  clf_model_free(model);
  clf_dataset_free(asked);
  clf_dataset_free(data);
}

/* Both say the same in other words: a machine of nu is that of the C or epsilon which it implies. */
static const char *const kernels[] = {"kernel=linear", "kernel=rbf gamma=0.5",
                                      "kernel=polynomial gamma=0.5 coef0=1"};

static void check_same(const char *nu_params, const char *form, const char *implied,
                       const clf_dataset *data) {
  double by_nu[ROWS], by_other[ROWS];
  char params[160];
  clf_model *nu = fitted(NULL, "svm", nu_params, data);
  ck_assert_int_eq(clf_model_outcome(nu), CLF_OK);
  snprintf(params, sizeof params, form, number_of(nu, implied, 0));
  clf_model *other = fitted(NULL, "svm", params, data);
  int64_t width = 1;
  ck_clf_ok(clf_model_project_f64(nu, data, by_nu, ROWS, &width));
  ck_clf_ok(clf_model_project_f64(other, data, by_other, ROWS, &width));
  for (int i = 0; i < ROWS; i++) {
    ck_assert_double_eq_tol(by_nu[i], by_other[i], 5e-3);
  }
  clf_model_free(nu);
  clf_model_free(other);
}

TEST_LOOP(nu__is_another_name_for_C_or_epsilon, 0, 9) {
  const double nu[] = {0.2, 0.4, 0.8};
  char own[160], form[160];
  clf_dataset *labeled = rows_for(NULL, "type=nu_svc");
  snprintf(own, sizeof own, "type=nu_svc %s tolerance=1e-5 nu=%g", kernels[_i / 3],
           nu[_i % 3] + 0.2); /* a smaller nu leaves no margin */
  snprintf(form, sizeof form, "type=c_svc %s tolerance=1e-5 C=%%.17g", kernels[_i / 3]);
  check_same(own, form, "implied_C", labeled);
  clf_dataset *data = regression_of(NULL, 1);
  snprintf(own, sizeof own, "type=nu_svr %s tolerance=1e-5 C=2 nu=%g", kernels[_i / 3], nu[_i % 3]);
  snprintf(form, sizeof form, "type=epsilon_svr %s tolerance=1e-5 C=2 epsilon=%%.17g",
           kernels[_i / 3]);
  check_same(own, form, "implied_epsilon", data);
  clf_dataset_free(data);
  clf_dataset_free(labeled);
}

/* At most a share nu of the rows lies beyond the margin, and at least that share supports it. */
TEST_LOOP(nu__bounds_outliers_and_support_vectors, 0, 8) {
  static const char *const forms[] = {"type=one_class nu=%g", "type=nu_svr nu=%g"};
  const double nu[] = {0.05, 0.3, 0.6, 0.95}, share = nu[_i % 4];
  char params[64];
  float found[ROWS];
  snprintf(params, sizeof params, forms[_i / 4], share);
  clf_dataset *data = rows_for(NULL, params);
  clf_model *model = fitted(NULL, "svm", params, data);
  const double tube = _i / 4 == 1 ? number_of(model, "implied_epsilon", 0) : 0;
  int outside = 0;
  ck_clf_ok(clf_model_decision_function(model, data, found, ROWS));
  for (int i = 0; i < ROWS; i++) {
    outside +=
        _i / 4 == 1 ? fabs((double)found[i] - targets[i]) > tube + 2e-3 : (double)found[i] < -2e-3;
  }
  ck_assert_double_le(outside, share * ROWS);
  ck_assert_double_ge((double)vectors_of(model), share * ROWS);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(nu_svc__says_which_nu_is_feasible) {
  clf_model *model = NULL;
  fill_rows(0);
  for (int i = 0; i < ROWS; i++) {
    y[i] = i < 30; /* 2 * 30 / 150 */
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&model, NULL, "svm", "type=nu_svc kernel=rbf"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("nu=0.5 is infeasible for classes of these sizes; it can be up to 0.4");
  ck_clf_ok(clf_model_set_f64(model, "nu", 0.4));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  float weights[ROWS];
  for (int i = 0; i < ROWS; i++) {
    weights[i] = y[i] == 1 ? 0.5F : 1;
  }
  set_weights(data, weights);
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("up to 0.22"); /* 2 * 15 / 135 */
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Machines of many classes, of which some pairs have few rows or none. */
TEST(nu_svc__takes_classes_without_rows) {
  float weights[ROWS];
  double accuracy = 0, by_C = 0;
  clf_model *model = NULL;
  fill_clouds(x, y, ROWS, COLUMNS, 4);
  for (int i = 0; i < ROWS; i++) {
    weights[i] = y[i] != 2;
    /* Each class is behind a plane, so that every machine has a margin. */
    x[i * COLUMNS + y[i] % COLUMNS] += y[i] < COLUMNS ? 20 : -20;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  set_weights(data, weights);
  const char *ways[] = {"one_vs_one", "one_vs_rest"};
  for (int i = 0; i < 2; i++) {
    ck_clf_ok(clf_model_create(&model, NULL, "svm", "type=nu_svc nu=0.3"));
    ck_clf_ok(clf_model_set_text(model, "multiclass", ways[i]));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_ok(clf_model_score(model, data, &accuracy));
    ck_clf_ok(clf_model_set_text(model, "type", "c_svc"));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_ok(clf_model_score(model, data, &by_C));
    ck_assert_double_ge(accuracy, by_C - 0.1);
    clf_model_free(model);
    model = NULL;
  }
  clf_dataset_free(data);
}

/* Fits a nu_svc on points of a line, plane, … of that unit; returns the fit's status. */
static clf_status fit_margin(clf_model **model, float *points, int64_t rows, int64_t columns,
                             double unit, const char *params) {
  for (int64_t i = 0; i < rows * columns; i++) {
    points[i] = (float)((double)points[i] * unit);
  }
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, rows, columns, y);
  ck_clf_ok(clf_model_create(model, NULL, "svm", params));
  const clf_status status = clf_model_fit(*model, data, NULL, NULL);
  clf_dataset_free(data);
  return status;
}

static const double units[] = {1e-20, 1, 1e7};

/* The reduced hulls of classes of the same rows are the same; those of random points on a line that
 * nu makes as large as this overlap. The machine's values are then what rounding leaves. */
TEST_LOOP(nu_svc__refuses_classes_that_overlap, 0, 15) {
  const char *forms[] = {"kernel=linear", "kernel=rbf", "kernel=polynomial degree=2",
                         "kernel=polynomial coef0=1", "kernel=linear"};
  const bool same = _i < 12;
  float points[40];
  char params[80];
  uint64_t state = 3;
  clf_model *model = NULL;
  for (int i = 0; i < 40; i++) {
    y[i] = i % 2;
    points[i] = same && i % 2 == 1 ? points[i - 1] : (float)random_normal(&state);
  }
  snprintf(params, sizeof params, "type=nu_svc nu=0.5 %s", forms[_i / 3]);
  ck_clf_fails(fit_margin(&model, points, 40, 1, units[_i % 3], params), CLF_ERROR_NUMERIC);
  ck_clf_says("no margin");
  clf_model_free(model);
}

/* Two segments at a distance of a thousandth of their length: the machine is the plane between
 * them. With alpha sums S = nu n / 2 its margin is S d^2 / 2 before it is scaled. */
TEST_LOOP(nu_svc__accepts_classes_that_are_barely_apart, 0, 6) {
  const double distance = _i < 3 ? 0.001 : 0.1, unit = units[_i % 3] * (_i == 0 ? 1e8 : 1);
  float points[100];
  float values[2 * 50];
  uint64_t state = 4;
  clf_model *model = NULL;
  for (int i = 0; i < 50; i++) {
    y[i] = i % 2;
    points[2 * i] = (float)(i % 2 == 1 ? distance / 2 : -distance / 2);
    points[2 * i + 1] = i % 2 == 1 ? points[2 * i - 1] : (float)(2 * random_unit(&state) - 1);
  }
  ck_clf_ok(fit_margin(&model, points, 50, 2, unit,
                       _i < 3 ? "type=nu_svc nu=0.5 kernel=linear" : "type=nu_svc nu=0.5"));
  if (_i < 3) {
    const double C = 2 / (0.5 * 25 * distance * distance * unit * unit);
    ck_assert_double_eq_tol(number_of(model, "implied_C", 0) / C, 1, 2e-3);
  }
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 50, 2, y);
  ck_clf_ok(clf_model_decision_function(model, data, values, 100));
  for (int i = 0; i < 50; i++) {
    ck_assert_double_eq_tol((double)values[2 * i], i % 2 == 0 ? 1 : -1, _i < 3 ? 2e-2 : 0.5);
  }
  clf_dataset_free(data);
  clf_model_free(model);
}

/* The sigmoid of these points has b^T K b below 0, which says nothing of the margin: rows of alpha 0
 * are outside of it, and those of its largest value inside. */
TEST(nu_svc__takes_kernels_that_are_indefinite) {
  enum { POINTS = 60 };
  const char *params = "type=nu_svc nu=0.6 kernel=sigmoid gamma=1 coef0=1 tolerance=1e-6";
  float points[POINTS];
  float values[2 * POINTS];
  double alpha[POINTS] = {0};
  uint64_t state = 5;
  clf_model *model = NULL;
  clf_tensor *support = NULL, *coefficients = NULL;
  for (int i = 0; i < POINTS; i++) {
    y[i] = i % 2;
    points[i] = (float)(random_normal(&state) + (i % 2 == 0 ? -0.3 : 0.3));
  }
  ck_clf_ok(fit_margin(&model, points, POINTS, 1, 1, params));
  ck_assert_double_lt(number_of(model, "objective", 0), -1);
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, POINTS, 1, y);
  ck_clf_ok(clf_model_decision_function(model, data, values, (int64_t)2 * POINTS));
  const int64_t *row = fitted_data(model, "support", &support);
  const float *b = fitted_data(model, "dual_coef", &coefficients);
  const double C = number_of(model, "implied_C", 0);
  for (int64_t i = 0; i < clf_tensor_count(support); i++) {
    alpha[row[i]] = fabs((double)b[i]);
  }
  for (int i = 0; i < POINTS; i++) {
    const double beyond = (double)values[2 * i + i % 2] - 1;
    ck_assert_double_ge(alpha[i] < 0.999 * C ? beyond : 0, -1e-2);
    ck_assert_double_le(alpha[i] > 0.001 * C ? beyond : 0, 1e-2);
  }
  clf_tensor_free(support);
  clf_tensor_free(coefficients);
  clf_dataset_free(data);
  clf_model_free(model);
}

TEST(svm__wants_what_its_type_learns_from) {
  clf_model *model = NULL;
  int32_t found[ROWS];
  clf_dataset *bare = rows_for(NULL, "type=one_class");
  clf_dataset *labeled = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  clf_dataset *data = regression_of(NULL, 1);
  ck_clf_ok(clf_model_create(&model, NULL, "svm", "type=nu_svr"));
  ck_clf_fails(clf_model_fit(model, labeled, NULL, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("svm of type=nu_svr is a regression: the dataset needs targets, not labels");
  ck_clf_fails(clf_model_fit(model, bare, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("the dataset has no targets to learn");
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_fails(clf_model_predict(model, data, found, ROWS), CLF_ERROR_UNSUPPORTED);
  ck_clf_fails(clf_model_set_text(model, "probability", "true"), CLF_ERROR_ARGUMENT);
  ck_clf_says("probability=true is for classes, not for type=nu_svr");
  ck_clf_fails(clf_model_set_text(model, "calibration", "sigmoid"), CLF_ERROR_ARGUMENT);
  ck_clf_says("calibration is for classes, not for type=nu_svr");
  ck_clf_ok(clf_model_set_text(model, "type", "nu_svc"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("svm of type=nu_svc is a classifier: the dataset needs labels, not targets");
  ck_clf_ok(clf_model_set_text(model, "type", "one_class"));
  ck_clf_ok(clf_model_fit(model, bare, NULL, NULL));
  ck_clf_ok(clf_model_fit(model, labeled, NULL, NULL));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_fails(clf_model_set_text(model, "probability", "true"), CLF_ERROR_ARGUMENT);
  clf_model_free(model);
  clf_dataset_free(bare);
  clf_dataset_free(labeled);
  clf_dataset_free(data);
}

/* Rows of a class -1 are those that a one-class machine should reject. */
TEST(one_class__is_scored_by_labels) {
  const float points[] = {0, 0.1F, 0.2F, 0.3F, 9, 0.15F};
  const int32_t labels[] = {1, 1, 1, 7, -1, -1};
  double score = 0;
  clf_dataset *train = dataset_of(NULL, points, CLF_F32, 4, 1, NULL);
  clf_dataset *test = dataset_of(NULL, points + 1, CLF_F32, 5, 1, labels + 1);
  clf_model *model = fitted(NULL, "svm", "type=one_class nu=0.01 gamma=1", train);
  ck_clf_fails(clf_model_score(model, train, &score), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_model_score(model, test, &score));
  ck_assert_double_eq_tol(score, 0.8, 1e-9); /* all but the last, which is like the others */
  clf_model_free(model);
  clf_dataset_free(test);
  clf_dataset_free(train);
}

/* Within epsilon of a constant there is nothing to learn; all targets equal; a single row. */
TEST(svr__may_be_a_constant) {
  static const char *const params[] = {"type=epsilon_svr epsilon=5",
                                       "type=epsilon_svr kernel=linear", "type=nu_svr",
                                       "type=nu_svr kernel=linear nu=1"};
  float found[ROWS];
  double same[ROWS];
  for (int i = 0; i < ROWS; i++) {
    same[i] = 1234567.25;
  }
  for (int p = 0; p < 4; p++) {
    for (int64_t rows = 1; rows <= ROWS; rows += ROWS - 1) {
      fill_rows(0);
      clf_dataset *data = dataset_of(NULL, x, CLF_F32, rows, COLUMNS, NULL);
      set_targets(data, same, 1);
      clf_model *model = fitted(NULL, "svm", params[p], data);
      ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
      ck_clf_ok(clf_model_decision_function(model, data, found, ROWS));
      ck_assert_double_eq((double)found[rows - 1], 1234567.25);
      clf_model_free(model);
      clf_dataset_free(data);
    }
  }
  clf_dataset *data = regression_of(NULL, 1);
  clf_model *model = fitted(NULL, "svm", "type=epsilon_svr epsilon=50", data);
  ck_assert_int_eq(vectors_of(model), 1);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Shifted and scaled targets: the same machine, shifted and scaled. */
TEST_LOOP(nu_svr__scales_with_its_targets, 0, 4) {
  static const double scales[] = {1e-20, 1e-3, 1, 1e20}, shifts[] = {0, 1000, 1e6, 0};
  float before[ROWS], after[ROWS];
  char params[96];
  const double scale = scales[_i], shift = shifts[_i];
  clf_dataset *data = regression_of(NULL, 1);
  clf_model *model = fitted(NULL, "svm", "type=nu_svr gamma=0.5 C=1 tolerance=1e-5", data);
  ck_clf_ok(clf_model_decision_function(model, data, before, ROWS));
  clf_model_free(model);
  for (int i = 0; i < ROWS; i++) {
    targets[i] = scale * targets[i] + shift;
  }
  set_targets(data, targets, 1);
  snprintf(params, sizeof params, "type=nu_svr gamma=0.5 C=%g tolerance=1e-5", scale);
  ck_clf_ok(clf_model_create(&model, NULL, "svm", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, after, ROWS));
  for (int i = 0; i < ROWS; i++) {
    ck_assert_double_eq_tol(((double)after[i] - shift) / scale, (double)before[i],
                            1e-3 + 1e-7 * shift / scale);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

static const char *const types[] = {"type=nu_svc nu=0.3",
                                    "type=nu_svc nu=0.3 kernel=linear",
                                    "type=one_class nu=0.3",
                                    "type=one_class nu=0.3 kernel=linear",
                                    "type=epsilon_svr",
                                    "type=epsilon_svr kernel=linear C=0.1",
                                    "type=nu_svr",
                                    "type=nu_svr kernel=linear C=0.1",
                                    "type=nu_svr kernel=linear precision=f64 C=0.1"};
enum { TYPES = sizeof types / sizeof *types };

TEST(svr__of_several_targets_is_one_machine_each) {
  float all[ROWS * MAX_OUTPUTS], one[ROWS];
  double single[ROWS];
  for (int p = 4; p < TYPES; p++) {
    clf_dataset *data = regression_of(NULL, MAX_OUTPUTS);
    clf_model *model = fitted(NULL, "svm", types[p], data);
    ck_clf_ok(clf_model_decision_function(model, data, all, ROWS * MAX_OUTPUTS));
    for (int k = 0; k < MAX_OUTPUTS; k++) {
      for (int i = 0; i < ROWS; i++) {
        single[i] = targets[i * MAX_OUTPUTS + k];
      }
      set_targets(data, single, 1);
      clf_model *own = fitted(NULL, "svm", types[p], data);
      ck_clf_ok(clf_model_decision_function(own, data, one, ROWS));
      for (int i = 0; i < ROWS; i++) {
        ck_assert_double_eq_tol((double)all[i * MAX_OUTPUTS + k], (double)one[i], 1e-5);
      }
      clf_model_free(own);
    }
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

/* Saved, loaded and cloned; on any number of threads: the same bits. */
TEST_LOOP(svm_types__have_the_same_bits, 0, TYPES) {
  float first[ROWS * 2], again[ROWS * 2];
  for (int threads = 1; threads <= 3; threads++) {
    char params[32];
    snprintf(params, sizeof params, "threads=%d", threads);
    clf_context *context = context_with(params);
    clf_dataset *data = rows_for(context, types[_i]);
    clf_model *model = fitted(context, "svm", types[_i], data), *loaded = NULL;
    size_t size = 0;
    const int64_t count = ROWS * clf_model_outputs(model);
    ck_clf_ok(clf_model_decision_function(model, data, threads == 1 ? first : again, count));
    ck_assert(threads == 1 || memcmp(first, again, (size_t)count * sizeof *first) == 0);
    ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
    void *bytes = malloc(size);
    ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
    ck_clf_ok(clf_model_load_memory(&loaded, context, bytes, size));
    ck_clf_ok(clf_model_decision_function(loaded, data, again, count));
    ck_assert_mem_eq(first, again, (size_t)count * sizeof *first);
    free(bytes);
    clf_model_free(loaded);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* Sparse rows, and rows far from 0, which are moved. */
TEST_LOOP(svm_types__take_other_storages, 0, TYPES) {
  float dense[ROWS * 2], other[ROWS * 2];
  static double far[ROWS * COLUMNS];
  clf_dataset *data = rows_for(NULL, types[_i]);
  const bool regression = strstr(types[_i], "svr") != NULL,
             alone = strstr(types[_i], "one") != NULL;
  const int32_t *labels = regression || alone ? NULL : y;
  clf_model *model = fitted(NULL, "svm", types[_i], data);
  const int64_t count = ROWS * clf_model_outputs(model);
  ck_clf_ok(clf_model_decision_function(model, data, dense, count));
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    far[i] = (double)x[i] + 1e7;
  }
  clf_dataset *others[] = {sparse_of(NULL, x, ROWS, COLUMNS, labels),
                           dataset_of(NULL, far, CLF_F64, ROWS, COLUMNS, labels)};
  const bool moves = !alone || strstr(types[_i], "linear") == NULL; /* w = 0 is about another 0 */
  for (int k = 0; k < (moves ? 2 : 1); k++) {
    if (regression) {
      set_targets(others[k], targets, 1);
    }
    clf_model *own = fitted(NULL, "svm", types[_i], others[k]);
    ck_clf_ok(clf_model_decision_function(own, others[k], other, count));
    for (int64_t i = 0; i < count; i++) {
      ck_assert_double_eq_tol((double)other[i], (double)dense[i], 5e-3);
    }
    clf_model_free(own);
  }
  clf_dataset_free(others[0]);
  clf_dataset_free(others[1]);
  clf_model_free(model);
  clf_dataset_free(data);
}

static clf_status whole_life(clf_context *context, const void *params) {
  enum { FEW = 24 };
  clf_tensor *rows = NULL, *wanted = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  float found[FEW * 2];
  clf_status status;
  const bool regression = strstr(params, "svr") != NULL;
  TRY(clf_tensor_wrap(&rows, context, x, CLF_F32, 2, (int64_t[]){FEW, COLUMNS}, NULL));
  TRY(clf_dataset_create(&data, context, rows, NULL));
  TRY(regression ? clf_tensor_wrap(&wanted, context, targets, CLF_F64, 1, (int64_t[]){FEW}, NULL)
                 : clf_tensor_wrap(&wanted, context, y, CLF_I32, 1, (int64_t[]){FEW}, NULL));
  TRY(regression ? clf_dataset_set_targets(data, wanted) : clf_dataset_set_labels(data, wanted));
  TRY(clf_model_create(&model, context, "svm", params));
  TRY(clf_model_fit(model, data, NULL, NULL));
  TRY(clf_model_decision_function(model, data, found, FEW * clf_model_outputs(model)));
done:
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(wanted);
  clf_tensor_free(rows);
  return status;
}

TEST_LOOP(svm_types__may_lack_each_allocation, 0, TYPES) {
  fill_rows(1);
  check_every_allocation("threads=1", whole_life, types[_i]);
}

SUITE("svm_types")
