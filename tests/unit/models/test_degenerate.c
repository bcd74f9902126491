/* Data on which a method has little or nothing to go by, for every kind of model: a usable model or
 * a status that says why not, never a number that is not finite. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { MOST_ROWS = 300, MOST_COLUMNS = 200, MOST_CLASSES = 100 };

static float x[MOST_ROWS * MOST_COLUMNS];
static int32_t y[MOST_ROWS];

static double accuracy_of(const clf_model *model, const clf_dataset *data) {
  double score = -1;
  ck_clf_ok(clf_model_score(model, data, &score));
  return score;
}

/* All outputs of the model for the rows must be finite, and probabilities must sum to 1. */
static void check_finite(const clf_model *model, const clf_dataset *data) {
  static float values[MOST_ROWS * MOST_CLASSES];
  int64_t rows = clf_dataset_rows(data);
  int64_t width = clf_model_outputs(model);
  int64_t count = rows * width;
  ck_clf_ok(clf_model_decision_function(model, data, values, count));
  for (int64_t i = 0; i < count; i++) {
    ck_assert_msg(isfinite(values[i]), "%s: decision %lld", clf_model_kind(model), (long long)i);
  }
  clf_status status = clf_model_predict_proba(model, data, values, count);
  if (status == CLF_ERROR_UNSUPPORTED) {
    return;
  }
  ck_clf_ok(status);
  for (int64_t i = 0; i < rows; i++) {
    double sum = 0;
    for (int64_t k = 0; k < width; k++) {
      float p = values[i * width + k];
      ck_assert_msg(p >= 0 && p <= 1, "%s: probability %g", clf_model_kind(model), (double)p);
      sum += (double)p;
    }
    ck_assert_double_eq_tol(sum, 1, 1e-5);
  }
}

/* Fits; the model must be usable. Free it. */
static clf_model *fit_well(int kind, const clf_dataset *data) {
  clf_model *model = fitted(NULL, kind_at(kind), NULL, data);
  check_finite(model, data);
  return model;
}

/* False when a result is beyond float, which the model may well say of extreme rows. */
static bool answers(const clf_model *model, const clf_dataset *data) {
  int32_t labels[MOST_ROWS];
  clf_status status = clf_model_predict(model, data, labels, MOST_ROWS);
  ck_assert(status == CLF_OK || status == CLF_ERROR_DATA);
  return status == CLF_OK;
}

/* Saved and loaded, the model is the same to the bit. */
static void check_file(const clf_model *model, const clf_dataset *data) {
  static uint8_t bytes[1 << 20];
  static float values[MOST_ROWS * MOST_CLASSES], again[MOST_ROWS * MOST_CLASSES];
  const int64_t count = clf_dataset_rows(data) * clf_model_outputs(model);
  size_t size = 0;
  clf_model *loaded = NULL;
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  const clf_status decided = clf_model_decision_function(model, data, values, count);
  ck_assert_int_eq(clf_model_decision_function(loaded, data, again, count), decided);
  ck_assert(decided != CLF_OK || memcmp(values, again, (size_t)count * sizeof *values) == 0);
  clf_model_free(loaded);
}

/* Fits rows that a method may be unable to fit. The result is a usable model, or one of two
 * statuses and a message. */
static void fit_or_say(int kind, const clf_dataset *data) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, kind_at(kind), NULL));
  clf_status status = clf_model_fit(model, data, NULL, NULL);
  ck_assert_msg(status == CLF_OK || status == CLF_ERROR_NUMERIC || status == CLF_ERROR_DATA ||
                    status == CLF_ERROR_DIVERGED,
                "%s: %s: %s", kind_at(kind), clf_status_name(status), clf_last_error());
  if (status < 0) {
    ck_clf_says(kind_at(kind));
    ck_assert(status == CLF_ERROR_DIVERGED || clf_model_features(model) == -1);
  } else {
    check_file(model, data);
    if (answers(model, data)) {
      check_finite(model, data);
    }
  }
  clf_model_free(model);
}

static void fit_fails(int kind, const clf_dataset *data, clf_status expected) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, kind_at(kind), NULL));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), expected);
  ck_clf_says(kind_at(kind));
  ck_assert_int_eq(clf_model_features(model),
                   -1); /* asking for the outcome would be a failure, too */
  clf_model_free(model);
}

/* Fisher's discriminant needs something that varies within a class. */
TEST_LOOP(fit__takes_two_rows, 0, (int)clf_kind_count("model")) {
  static const float rows[] = {0, 1, 2, 1};
  static const int32_t labels[] = {0, 1};
  clf_dataset *data = dataset_of(NULL, rows, CLF_F32, 2, 2, labels);
  if (strcmp(kind_at(_i), "fisher") == 0) {
    fit_fails(_i, data, CLF_ERROR_DATA);
    ck_clf_says("a class needs two rows");
  } else {
    clf_model *model = fit_well(_i, data);
    ck_assert_double_eq(accuracy_of(model, data), 1);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

TEST_LOOP(fit__refuses_one_class, 0, (int)clf_kind_count("model")) {
  fill_clouds(x, y, 20, 3, 1);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 20, 3, y);
  fit_fails(_i, data, CLF_ERROR_DATA);
  ck_clf_says("class");
  clf_dataset_free(data);
}

TEST_LOOP(fit__refuses_one_row_and_none, 0, (int)clf_kind_count("model")) {
  fill_clouds(x, y, 1, 3, 1);
  clf_dataset *one = dataset_of(NULL, x, CLF_F32, 1, 3, y);
  fit_fails(_i, one, CLF_ERROR_DATA);
  clf_dataset_free(one);
  clf_tensor *empty = NULL;
  clf_dataset *none = NULL;
  ck_clf_ok(clf_tensor_create(&empty, NULL, CLF_F32, 2, (int64_t[]){0, 3}));
  if (clf_dataset_create(&none, NULL, empty, NULL) == CLF_OK) {
    clf_tensor *labels = NULL;
    ck_clf_ok(clf_tensor_create(&labels, NULL, CLF_I32, 1, (int64_t[]){0}));
    clf_dataset_set_labels(none, labels);
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, NULL, kind_at(_i), NULL));
    ck_assert_int_lt(clf_model_fit(model, none, NULL, NULL), 0);
    clf_model_free(model);
    clf_tensor_free(labels);
  }
  clf_dataset_free(none);
  clf_tensor_free(empty);
}

TEST_LOOP(fit__refuses_a_dataset_without_labels, 0, (int)clf_kind_count("model")) {
  fill_clouds(x, y, 20, 3, 2);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 20, 3, NULL);
  fit_fails(_i, data, CLF_ERROR_ARGUMENT);
  ck_clf_says("labels");
  clf_dataset_free(data);
}

TEST_LOOP(fit__takes_the_same_rows_with_opposite_labels, 0, (int)clf_kind_count("model")) {
  for (int i = 0; i < 20; i++) {
    y[i] = i % 2;
    for (int j = 0; j < 3; j++) {
      x[i * 3 + j] = (float)(i / 2 + j * j);
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 20, 3, y);
  clf_model *model = fit_well(_i, data);
  ck_assert_double_eq(accuracy_of(model, data), 0.5);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(fit__takes_rows_that_are_all_the_same, 0, (int)clf_kind_count("model")) {
  for (int i = 0; i < 30; i++) {
    y[i] = i % 3;
    for (int j = 0; j < 4; j++) {
      x[i * 4 + j] = 0.1f * (float)(j + 1);
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 30, 4, y);
  fit_or_say(_i, data);
  memset(x, 0, sizeof x);
  fit_or_say(_i, data);
  clf_dataset_free(data);
}

TEST_LOOP(fit__takes_constant_columns, 0, (int)clf_kind_count("model")) {
  fill_clouds(x, y, 60, 6, 3);
  for (int i = 0; i < 60; i++) {
    x[i * 6] = 0.1f;
    x[i * 6 + 3] = 0;
    x[i * 6 + 5] = x[i * 6 + 4]; /* and the same column twice */
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 60, 6, y);
  clf_model *model = fit_well(_i, data);
  ck_assert_double_ge(accuracy_of(model, data), 0.95);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(fit__takes_more_columns_than_rows, 0, (int)clf_kind_count("model")) {
  fill_clouds(x, y, 12, 200, 3);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 12, 200, y);
  clf_model *model = fit_well(_i, data);
  ck_assert_double_eq(accuracy_of(model, data), 1);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(fit__takes_a_hundred_classes, 0, (int)clf_kind_count("model")) {
  fill_clouds(x, y, 300, 40, 100);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 300, 40, y);
  clf_model *model = fit_well(_i, data);
  ck_assert_int_eq(clf_model_classes(model), 100);
  ck_assert_double_ge(accuracy_of(model, data), 0.8);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(fit__takes_a_class_with_one_row, 0, (int)clf_kind_count("model")) {
  fill_clouds(x, y, 41, 5, 2);
  y[40] = 7;
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 41, 5, y);
  clf_model *model = fit_well(_i, data);
  ck_assert_int_eq(clf_model_classes(model), 3);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(fit__takes_classes_of_one_row_each, 0, (int)clf_kind_count("model")) {
  fill_clouds(x, y, 10, 5, 10);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 10, 5, y);
  fit_or_say(_i, data);
  clf_dataset_free(data);
}

/* As in a fold of cross-validation, when a class is rare. */
TEST_LOOP(fit__takes_a_class_without_rows, 0, (int)clf_kind_count("model")) {
  static int64_t chosen[60];
  fill_clouds(x, y, 90, 5, 3);
  int64_t count = 0;
  for (int64_t i = 0; i < 90; i++) {
    if (y[i] != 1) {
      chosen[count++] = i;
    }
  }
  clf_dataset *all = dataset_of(NULL, x, CLF_F32, 90, 5, y);
  clf_dataset *some = NULL;
  ck_clf_ok(clf_dataset_subset(&some, all, chosen, count));
  clf_model *model = fit_well(_i, some);
  ck_assert_int_eq(clf_model_classes(model), 3);
  ck_assert_double_ge(accuracy_of(model, some), 0.95);
  clf_model_free(model);
  clf_dataset_free(some);
  clf_dataset_free(all);
}

TEST_LOOP(weights__that_are_all_zero_are_refused, 0, (int)clf_kind_count("model")) {
  static const float zero[20] = {0};
  fill_clouds(x, y, 20, 3, 2);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 20, 3, y);
  set_weights(data, zero);
  fit_fails(_i, data, CLF_ERROR_DATA);
  ck_clf_says("weight");
  clf_dataset_free(data);
}

TEST_LOOP(weights__that_leave_one_class_are_refused, 0, (int)clf_kind_count("model")) {
  float weights[20];
  fill_clouds(x, y, 20, 3, 2);
  for (int i = 0; i < 20; i++) {
    weights[i] = (float)y[i];
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 20, 3, y);
  set_weights(data, weights);
  fit_fails(_i, data, CLF_ERROR_DATA);
  clf_dataset_free(data);
}

/* For each kind that has class_weight: at least two classes must keep rows with a weight. */
TEST_LOOP(class_weight__that_leaves_no_two_classes_is_refused, 0, (int)clf_kind_count("model")) {
  static const char *const settings[] = {"0,0,0", "0,2,0", "1,0,1", "1e30,1e30,1e30"};
  float weights[30];
  clf_model *model = NULL;
  fill_clouds(x, y, 30, 3, 3);
  for (int i = 0; i < 30; i++) {
    weights[i] = y[i] == 2 ? 0 : 1e20F;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 30, 3, y);
  ck_clf_ok(clf_model_create(&model, NULL, kind_at(_i), NULL));
  for (int i = 0; i < 4; i++) {
    if (i == 2) {
      set_weights(data, weights); /* of the classes 0 and 2 one has no rows that count */
    }
    if (clf_model_set_text(model, "class_weight", settings[i]) == CLF_OK) {
      ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_DATA);
      ck_clf_says(kind_at(_i));
      ck_clf_says(i < 3 ? "class_weight leaves" : "beyond the range of float");
      ck_assert_int_eq(clf_model_features(model), -1);
    } else {
      ck_assert_str_eq(kind_at(_i), "fisher");
    }
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

/* A class that has no rows changes nothing about the weights of the others. */
TEST_LOOP(class_weight__balances_the_classes_that_there_are, 0, (int)clf_kind_count("model")) {
  static int64_t chosen[60];
  float one[60 * 3], other[60 * 3];
  int64_t count = 0;
  clf_dataset *all = NULL, *some = NULL;
  clf_model *models[2] = {NULL, NULL};
  fill_clouds(x, y, 90, 5, 3);
  for (int64_t i = 0; i < 90; i++) {
    if (y[i] != 1 && (y[i] == 0 || i % 2 == 0)) {
      chosen[count++] = i;
    }
  }
  all = dataset_of(NULL, x, CLF_F32, 90, 5, y);
  ck_clf_ok(clf_dataset_subset(&some, all, chosen, count));
  for (int i = 0; i < 2; i++) { /* 30 rows of class 0, 15 of class 2 */
    ck_clf_ok(clf_model_create(&models[i], NULL, kind_at(_i), NULL));
    if (clf_model_set_text(models[i], "class_weight", i == 0 ? "balanced" : "0.75,5,1.5") < 0) {
      ck_assert_str_eq(kind_at(_i), "fisher");
    }
    ck_clf_ok(clf_model_fit(models[i], some, NULL, NULL));
    ck_clf_ok(clf_model_decision_function(models[i], some, i == 0 ? one : other, count * 3));
    clf_model_free(models[i]);
  }
  for (int64_t i = 0; i < count * 3; i++) {
    ck_assert_float_eq(one[i], other[i]);
  }
  clf_dataset_free(some);
  clf_dataset_free(all);
}

/* Rows of weight 0 have no effect, whatever numbers they hold. */
TEST_LOOP(weights__of_zero_leave_rows_out, 0, (int)clf_kind_count("model")) {
  float weights[60];
  int64_t kept[60];
  int64_t count = 0;
  fill_clouds(x, y, 60, 4, 3);
  for (int i = 0; i < 60; i++) {
    weights[i] = i % 4 == 1 ? 0 : 1;
    if (weights[i] > 0) {
      kept[count++] = i;
    } else {
      y[i] = (y[i] + 1) % 3;
      x[i * 4] = 1000;
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 60, 4, y);
  clf_dataset *rest = NULL;
  ck_clf_ok(clf_dataset_subset(&rest, data, kept, count));
  set_weights(data, weights);
  clf_model *weighted = fit_well(_i, data);
  clf_model *plain = fit_well(_i, rest);
  ck_assert_double_ge(accuracy_of(weighted, rest), 0.95);
  if (strcmp(kind_at(_i), "perceptron") != 0) { /* which goes through the rows in another order */
    float a[60 * 3];
    float b[60 * 3];
    ck_clf_ok(clf_model_decision_function(weighted, rest, a, 60 * 3));
    ck_clf_ok(clf_model_decision_function(plain, rest, b, 60 * 3));
    for (int64_t i = 0; i < count * 3; i++) {
      /* Solvers stop at a relative error of about 1e-4. */
      ck_assert_double_eq_tol((double)a[i], (double)b[i], 2e-3 * (1 + fabs((double)b[i])));
    }
  }
  clf_model_free(weighted);
  clf_model_free(plain);
  clf_dataset_free(rest);
  clf_dataset_free(data);
}

TEST_LOOP(fit__names_the_place_of_what_is_not_finite, 0, (int)clf_kind_count("model")) {
  const float bad[] = {NAN, INFINITY, -INFINITY};
  for (int b = 0; b < 3; b++) {
    fill_clouds(x, y, 50, 7, 3);
    x[31 * 7 + 5] = bad[b];
    clf_dataset *dense = dataset_of(NULL, x, CLF_F32, 50, 7, y);
    fit_fails(_i, dense, CLF_ERROR_DATA);
    ck_clf_says("row 31");
    ck_clf_says("column 5");
    clf_dataset_free(dense);
    clf_dataset *sparse = sparse_of(NULL, x, 50, 7, y);
    fit_fails(_i, sparse, CLF_ERROR_DATA);
    ck_clf_says("row 31");
    ck_clf_says("column 5");
    clf_dataset_free(sparse);
  }
}

TEST_LOOP(fit__takes_or_refuses_extreme_numbers, 0, (int)clf_kind_count("model")) {
  const float extremes[] = {1e30f, -3e38f, 1e-40f, 1e19f};
  for (int e = 0; e < 4; e++) {
    fill_clouds(x, y, 50, 4, 3);
    x[31 * 4 + 2] = extremes[e];
    clf_dataset *one = dataset_of(NULL, x, CLF_F32, 50, 4, y);
    fit_or_say(_i, one);
    for (int i = 0; i < 50; i++) {
      x[i * 4 + 1] = (float)(i % 2 == 0 ? 1 : -1) * extremes[e];
    }
    fit_or_say(_i, one);
    for (int i = 0; i < 200; i++) {
      x[i] *= extremes[e] > 0 ? 1e-38f : 1;
    }
    fit_or_say(_i, one);
    clf_dataset_free(one);
  }
}

/* Features as small as floats can be, dense and sparse, in patterns that separate the classes or do
 * not. */
TEST_LOOP(fit__takes_or_refuses_subnormal_features, 0, (int)clf_kind_count("model")) {
  enum { ROWS = 8, COLUMNS = 3 };
  static const float units[] = {0x1p-149f, 0x1p-140f, 0x1p-127f, 0x1p-120f};
  for (int i = 0; i < 4 * 4; i++) {
    const int pattern = i / 4;
    for (int j = 0; j < ROWS * COLUMNS; j++) {
      const int row = j / COLUMNS, column = j % COLUMNS;
      const bool on = pattern == 0   ? row % 2 == 0
                      : pattern == 1 ? row % COLUMNS == column
                      : pattern == 2 ? row / 4 == column
                                     : true;
      x[j] = on ? units[i % 4] : 0;
      y[row] = row % 2;
    }
    clf_dataset *dense = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
    clf_dataset *sparse = sparse_of(NULL, x, ROWS, COLUMNS, y);
    fit_or_say(_i, dense);
    if (strcmp(kind_at(_i), "network") != 0) {
      fit_or_say(_i, sparse);
    }
    clf_dataset_free(dense);
    clf_dataset_free(sparse);
  }
}

SUITE("degenerate")
