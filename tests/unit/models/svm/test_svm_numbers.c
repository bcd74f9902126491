/* Support vector machines where numbers are large, small or few: units of the features, kernels
 * beyond float, weights, steps that run out. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { ROWS = 90, COLUMNS = 3, CLASSES = 3, PAIRS = 3 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

/* Three clouds that overlap, some way from 0. */
static void fill_rows(double unit) {
  uint64_t state = 12;
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % CLASSES;
    for (int j = 0; j < COLUMNS; j++) {
      const double value = random_normal(&state) + (j == y[i] ? 1.5 : 0) + 2;
      x[i * COLUMNS + j] = (float)((double)(float)value * unit);
    }
  }
}

static void note_decisions(const char *params, const clf_dataset *data, float *values) {
  clf_model *model = fitted(NULL, "svm", params, data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_clf_ok(clf_model_decision_function(model, data, values, ROWS * CLASSES));
  clf_model_free(model);
}

static const char *const kernels[] = {"kernel=rbf", "kernel=polynomial coef0=1",
                                      "kernel=polynomial degree=2", "kernel=sigmoid coef0=-2",
                                      "kernel=linear"};
enum { KERNELS = 5, LINEAR = 4 };

/* gamma=scale makes the result independent of the unit of the features, to the last bit if the
 * units differ by a power of 2. A linear kernel has no gamma; there C does it, with the square of
 * the unit. */
TEST_LOOP(svm__does_not_depend_on_the_unit_of_the_features, 0, 2 * KERNELS) {
  static const int exponents[] = {-120, -66, -10, 10, 66, 120}; /* 2^66 is 7e19 */
  float one[ROWS * CLASSES], other[ROWS * CLASSES];
  const bool sparse = _i / KERNELS == 1, linear = _i % KERNELS == LINEAR;
  fill_rows(1);
  clf_dataset *data = sparse ? sparse_of(NULL, x, ROWS, COLUMNS, y)
                             : dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  note_decisions(kernels[_i % KERNELS], data, one);
  clf_dataset_free(data);
  for (int i = 0; i < 6; i++) {
    char params[96];
    const double unit = ldexp(1, exponents[i]);
    if (linear && fabs(log2(unit)) > 20) {
      continue;
    }
    fill_rows(unit);
    data = sparse ? sparse_of(NULL, x, ROWS, COLUMNS, y)
                  : dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
    snprintf(params, sizeof params, "%s C=%.17g", kernels[_i % KERNELS],
             linear ? 1 / (unit * unit) : 1);
    note_decisions(params, data, other);
    ck_assert_msg(memcmp(one, other, sizeof one) == 0, "%s, unit %g: %g, not %g", params, unit,
                  (double)other[0], (double)one[0]);
    clf_dataset_free(data);
  }
}

/* As decimal numbers features are rounded, each unit's otherwise: a machine's values, sums of some
 * ten times larger terms, by 1e-6 to 1e-4. */
TEST_LOOP(svm__takes_features_of_any_decimal_unit, 0, LINEAR) {
  static const double units[] = {1e-37, 1e-20, 1e-3, 1e3, 1e20, 1e37};
  float one[ROWS * CLASSES], other[ROWS * CLASSES];
  char params[64];
  snprintf(params, sizeof params, "%s tolerance=1e-6", kernels[_i]);
  fill_rows(1);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  note_decisions(params, data, one);
  clf_dataset_free(data);
  for (int i = 0; i < 6; i++) {
    fill_rows(units[i]);
    data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
    note_decisions(params, data, other);
    for (int k = 0; k < ROWS * CLASSES; k++) {
      ck_assert_double_eq_tol((double)one[k], (double)other[k], 5e-4);
    }
    clf_dataset_free(data);
  }
}

static void refuse(const char *params, const clf_dataset *data, clf_status status,
                   const char *says) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "svm", params));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), status);
  ck_clf_says(says);
  ck_assert_int_eq(clf_model_features(model), -1);
  clf_model_free(model);
}

TEST(svm__refuses_kernels_beyond_float) {
  const float points[] = {1.6e9F, 10, 1.61e9F, 20, 1.62e9F, 15, 1.63e9F, 30};
  const int32_t labels[] = {0, 1, 0, 1};
  const uint8_t bytes[] = {255, 1, 255, 2, 255, 3, 255, 4};
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 4, 2, labels);
  refuse("kernel=polynomial gamma=auto", data, CLF_ERROR_NUMERIC, "row 0");
  refuse("kernel=polynomial gamma=auto max_iterations=10", data, CLF_ERROR_NUMERIC, "gamma");
  clf_dataset *sparse = sparse_of(NULL, points, 4, 2, labels);
  refuse("kernel=polynomial gamma=auto", sparse, CLF_ERROR_NUMERIC, "row 0");
  clf_dataset *u8 = dataset_of(NULL, bytes, CLF_U8, 4, 2, labels);
  refuse("kernel=polynomial degree=64 gamma=1e5", u8, CLF_ERROR_NUMERIC, "degree");
  fill_rows(1);
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  refuse("kernel=polynomial degree=7 gamma=41780", rows, CLF_ERROR_NUMERIC, "row");
  refuse("kernel=polynomial coef0=1e30", rows, CLF_ERROR_NUMERIC, "row");
  refuse("kernel=polynomial coef0=-1e30", rows, CLF_ERROR_NUMERIC, "row");
  fill_rows(1e20);
  clf_dataset *large = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  refuse("kernel=linear", large, CLF_ERROR_NUMERIC, "row");
  refuse("kernel=linear C=1e-40", rows, CLF_ERROR_NUMERIC, "coefficients in float");
  clf_dataset_free(data);
  clf_dataset_free(sparse);
  clf_dataset_free(u8);
  clf_dataset_free(rows);
  clf_dataset_free(large);
}

/* Values of (gamma x.z)^d of rows far from 0 are the same but for digits that floats do not have;
 * LIBSVM's doubles say of the first two rows 1e-9 and -1e-9. */
TEST(svm__refuses_kernels_that_say_the_same_of_all_rows) {
  const float points[] = {1, 99999, 2, 99999};
  const int32_t labels[] = {0, 1};
  clf_dataset *data = dataset_of(NULL, points, CLF_F32, 2, 2, labels);
  refuse("kernel=polynomial", data, CLF_ERROR_NUMERIC, "floats do not hold");
  refuse("kernel=polynomial degree=1", data, CLF_ERROR_NUMERIC, "standardize");
  clf_dataset_free(data);
  fill_rows(1);
  data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  refuse("kernel=polynomial gamma=1e-7 coef0=1", data, CLF_ERROR_NUMERIC, "coef0");
  clf_dataset *sparse = sparse_of(NULL, x, ROWS, COLUMNS, y);
  refuse("kernel=polynomial gamma=1e-7 coef0=1", sparse, CLF_ERROR_NUMERIC, "coef0");
  clf_dataset_free(data);
  clf_dataset_free(sparse);
}

/* Small integers far from 0: dense rows have their mean subtracted, sparse ones do not. */
TEST(svm__refuses_sparse_rows_whose_distances_floats_do_not_hold) {
  static const float offsets[] = {0, 100, 1e5F, 1e6F};
  for (int i = 0; i < 4; i++) {
    clf_model *model = NULL;
    fill_rows(1);
    for (int j = 0; j < ROWS * COLUMNS; j++) {
      x[j] = rintf(8 * x[j]) + offsets[i];
    }
    clf_dataset *dense = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
    clf_dataset *sparse = sparse_of(NULL, x, ROWS, COLUMNS, y);
    ck_clf_ok(clf_model_create(&model, NULL, "svm", NULL));
    ck_clf_ok(clf_model_fit(model, dense, NULL, NULL));
    if (offsets[i] <= 100) {
      double by_dense = 0, by_sparse = 0;
      ck_clf_ok(clf_model_score(model, dense, &by_dense));
      ck_clf_ok(clf_model_fit(model, sparse, NULL, NULL));
      ck_clf_ok(clf_model_score(model, sparse, &by_sparse));
      ck_assert_double_eq_tol(by_dense, by_sparse, 0.02);
    } else {
      ck_clf_fails(clf_model_fit(model, sparse, NULL, NULL), CLF_ERROR_NUMERIC);
      ck_clf_says("squared distances");
    }
    for (int j = 0; j < ROWS * COLUMNS; j++) {
      x[j] = 7;
    }
    clf_dataset *same = sparse_of(NULL, x, ROWS, COLUMNS, y);
    ck_clf_ok(clf_model_fit(model, same, NULL, NULL));
    clf_model_free(model);
    clf_dataset_free(dense);
    clf_dataset_free(sparse);
    clf_dataset_free(same);
  }
}

static void count_message(void *user, int32_t level, const char *message) {
  *(int *)user += level == CLF_LOG_WARNING && strstr(message, "kernel values differ") != NULL;
}

TEST(svm__warns_of_kernels_that_say_nearly_the_same) {
  static const char *const settings[] = {"gamma=0.1", "gamma=1e-5"};
  for (int i = 0; i < 2; i++) {
    int warnings = 0;
    char params[64];
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, NULL));
    ck_clf_ok(clf_context_set_log(context, count_message, &warnings));
    fill_rows(1);
    clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
    snprintf(params, sizeof params, "kernel=polynomial coef0=1 %s", settings[i]);
    clf_model *model = fitted(context, "svm", params, data);
    ck_assert_int_eq(warnings, i);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* A row of weight 2 is the row twice, and a class of weight 2 all its rows twice. This does not
 * hold for a sigmoid, whose dual problem has several minima. */
TEST_LOOP(svm__takes_a_weight_as_so_many_rows, 0, 3) {
  enum { MOST = 3 * ROWS };
  static const double rounding[] = {1e-6, 2e-4,
                                    1e-5}; /* floats; values of cubes are some hundred */
  static const char *const convex[] = {"kernel=rbf", "kernel=polynomial coef0=1", "kernel=linear"};
  static float repeated[MOST * COLUMNS];
  static int32_t labels[MOST];
  float weights[ROWS], one[ROWS * CLASSES], other[ROWS * CLASSES];
  int count = 0;
  char params[128];
  fill_rows(1);
  for (int i = 0; i < ROWS; i++) {
    weights[i] = (float)(i / 3 % 3 + 1);
    for (int k = 0; k < (y[i] == 2 ? 2 : 1) * (y[i] == 2 ? 1 : (int)weights[i]); k++, count++) {
      memcpy(repeated + count * COLUMNS, x + i * COLUMNS, COLUMNS * sizeof *x);
      labels[count] = y[i];
    }
    weights[i] = y[i] == 2 ? 1 : weights[i];
  }
  const char *kernel = convex[_i];
  snprintf(params, sizeof params, "%s gamma=0.25 tolerance=1e-9 C=0.7 class_weight=1,1,2", kernel);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  set_weights(data, weights);
  note_decisions(params, data, one);
  clf_dataset *rows = dataset_of(NULL, repeated, CLF_F32, count, COLUMNS, labels);
  snprintf(params, sizeof params, "%s gamma=0.25 tolerance=1e-9 C=0.7", kernel);
  clf_model *model = fitted(NULL, "svm", params, rows);
  ck_clf_ok(clf_model_decision_function(model, data, other, ROWS * CLASSES));
  for (int i = 0; i < ROWS * CLASSES; i++) {
    ck_assert_double_eq_tol((double)one[i], (double)other[i], rounding[_i]);
  }
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(rows);
}

/* The rows of a class without weight have no effect. */
TEST_LOOP(svm__gives_a_class_without_weight_no_chance, 0, 2) {
  static const char *const settings[] = {"", "multiclass=one_vs_rest"};
  int64_t kept[ROWS];
  int64_t count = 0;
  float one[ROWS * CLASSES], other[ROWS * CLASSES];
  int32_t labels[ROWS];
  char params[128];
  fill_rows(1);
  for (int i = 0; i < ROWS; i++) {
    kept[count] = i;
    count += y[i] != 1;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y), *some = NULL;
  ck_clf_ok(clf_dataset_subset(&some, data, kept, count));
  for (int probability = 0; probability < 2; probability++) {
    snprintf(params, sizeof params, "kernel=polynomial coef0=1 tolerance=1e-7 %s probability=%s",
             settings[_i], probability ? "yes" : "no");
    clf_model *without = fitted(NULL, "svm", params, some);
    strcat(params, " class_weight=1,0,1");
    clf_model *model = fitted(NULL, "svm", params, data);
    ck_clf_ok(clf_model_predict(model, data, labels, ROWS));
    for (int i = 0; i < ROWS; i++) {
      ck_assert_int_ne(labels[i], 1);
    }
    if (probability) {
      ck_clf_ok(clf_model_predict_proba(model, data, one, ROWS * CLASSES));
      ck_clf_ok(clf_model_predict_proba(without, data, other, ROWS * CLASSES));
      for (int i = 0; i < ROWS * CLASSES; i++) {
        ck_assert_double_eq_tol((double)one[i], (double)other[i], 1e-5);
        ck_assert(i % CLASSES != 1 || one[i] == 0);
      }
    }
    clf_model_free(model);
    clf_model_free(without);
  }
  clf_dataset_free(data);
  clf_dataset_free(some);
}

/* The mean of the errors on rows between their bounds, however early it ends. */
TEST_LOOP(svm__takes_its_intercept_from_the_free_rows, 0, 4) {
  static const int steps[] = {3, 10, 40, 1000000};
  const double C = 5;
  char params[64];
  fill_rows(1);
  for (int i = 0; i < ROWS; i++) {
    y[i] /= 2;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  snprintf(params, sizeof params, "kernel=linear C=5 max_iterations=%d", steps[_i]);
  clf_model *model = fitted(NULL, "svm", params, data);
  clf_tensor *support = NULL, *dual = NULL, *intercept = NULL;
  const int64_t *row = fitted_data(model, "support", &support);
  const float *b = fitted_data(model, "dual_coef", &dual);
  const double found = *(const double *)fitted_data(model, "intercept", &intercept);
  double w[COLUMNS] = {0}, sum = 0;
  int count = 0;
  for (int64_t i = 0; i < clf_tensor_count(support) * COLUMNS; i++) {
    w[i % COLUMNS] += (double)b[i / COLUMNS] * (double)x[row[i / COLUMNS] * COLUMNS + i % COLUMNS];
  }
  for (int64_t i = 0; i < clf_tensor_count(support); i++) {
    const float *own = x + row[i] * COLUMNS;
    if (fabs((double)b[i]) < C) {
      sum += y[row[i]] == 0 ? 1 : -1;
      sum -= w[0] * (double)own[0] + w[1] * (double)own[1] + w[2] * (double)own[2];
      count++;
    }
  }
  ck_assert_int_gt(count, 0);
  ck_assert_double_eq_tol(found, sum / count, 1e-4);
  clf_tensor_free(support);
  clf_tensor_free(dual);
  clf_tensor_free(intercept);
  clf_model_free(model);
  clf_dataset_free(data);
}

static int64_t steps_of(const clf_model *model) {
  clf_tensor *tensor = NULL;
  const int64_t *steps = fitted_data(model, "iterations", &tensor);
  int64_t sum = 0;
  for (int64_t i = 0; i < clf_tensor_count(tensor); i++) {
    sum += steps[i];
  }
  clf_tensor_free(tensor);
  return sum;
}

/* The linear kernel as a polynomial, whose machines are solved by decomposition alone. */
#define LINE "kernel=polynomial degree=1 gamma=1 coef0=0"

/* Classes that no hyperplane separates, with a practically infinite C, so that none of the ten
 * machines converges. A single machine may take as many iterations as all of them together. */
TEST_LOOP(svm__shares_steps_among_its_machines, 0, 2) {
  enum { FEW = 23 };
  float weights[FEW];
  fill_rows(1);
  for (int i = 0; i < FEW; i++) {
    weights[i] = 1e30F;
    y[i] = i % (_i == 0 ? 2 : 5);
    x[i * COLUMNS] = (float)(i * i % 7);
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, FEW, COLUMNS, y);
  set_weights(data, weights);
  clf_model *model = fitted(NULL, "svm", LINE, data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
  ck_assert_int_le(steps_of(model), 10000000);
  ck_assert_int_gt(steps_of(model), 9000000);
  clf_model_free(model);
  ck_clf_ok(clf_model_create(&model, NULL, "svm", LINE " max_iterations=1000"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_int_le(steps_of(model), _i == 0 ? 1000 : 10000);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* What one machine leaves the others may take: as good as if it had all of them. */
TEST(svm__hands_steps_on_to_those_who_need_them) {
  double found[2];
  fill_rows(1);
  for (int i = 0; i < ROWS; i++) {
    x[i * COLUMNS] += y[i] == 2 ? 100 : 0; /* two machines end at once */
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  static const char *const settings[] = {"", "max_iterations=1000000000"};
  for (int i = 0; i < 2; i++) {
    char params[128];
    snprintf(params, sizeof params, LINE " C=5e4 %s", settings[i]);
    clf_model *model = fitted(NULL, "svm", params, data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    ck_assert_int_gt(steps_of(model), 10000000 / PAIRS);
    clf_tensor *tensor = NULL;
    found[i] = *(const double *)fitted_data(model, "objective", &tensor);
    clf_tensor_free(tensor);
    clf_model_free(model);
  }
  ck_assert_double_eq_tol(found[0], found[1], 1e-6 * fabs(found[1]));
  clf_dataset_free(data);
}

static int32_t count_calls(void *user, const clf_progress *progress) {
  (void)progress;
  return ++*(int *)user > 10000;
}

/* A kernel matrix whose values say the same but for rounding, so that the steps go round in
 * circles: it ends, long before its steps run out. */
TEST(svm__ends_where_rounding_hides_what_is_left) {
  static float K[ROWS * ROWS];
  uint64_t state = 3;
  int calls = 0;
  clf_context *context = NULL;
  fill_rows(1);
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % 2;
    for (int j = 0; j <= i; j++) {
      K[i * ROWS + j] = K[j * ROWS + i] = (float)(1e12 + 1e5 * random_normal(&state));
    }
  }
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(clf_context_set_progress(context, count_calls, &calls));
  clf_dataset *data = dataset_of(context, K, CLF_F32, ROWS, ROWS, y);
  clf_model *model = fitted(context, "svm", "kernel=precomputed C=1e6", data);
  ck_assert_int_lt(steps_of(model), 1000000);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

SUITE("svm_numbers")
