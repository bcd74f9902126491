/* Rows that f32 does not hold: far from 0, values that differ are the same as f32, and products of
 * f32 cancel. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "contexts.h"
#include "data/dataset.h"
#include "log.h"
#include "models/kind_rows.h"
#include "tensor/rows_precision.h"

enum { ROWS = 200, COLUMNS = 2 };

static void setup(void) {
  open_two_threads();
  ck_clf_ok(clf_context_set_log(context, listen, NULL));
  forget_log();
}

static double seconds[ROWS];
static double wide[ROWS * COLUMNS];
static float narrow[ROWS * COLUMNS];
static int32_t labels[ROWS], halves[ROWS];

/* Two clusters about (-1, 0) and (1, 1), moved by `offset` in f64; the same near 0 as f32. */
static void fill(double offset) {
  uint64_t state = 7;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % 2;
    halves[i] = i >= ROWS / 2;
    seconds[i] = 1.7e9 + i;
    for (int j = 0; j < COLUMNS; j++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const double noise = (double)(state >> 44) / (1 << 20) - 0.5;
      const double value = noise + (j == 0 ? 2 * labels[i] - 1 : labels[i]);
      narrow[i * COLUMNS + j] = (float)value;
      wide[i * COLUMNS + j] = (double)narrow[i * COLUMNS + j] + offset;
    }
  }
}

static double score_of(const clf_model *model, const clf_dataset *data) {
  double score = 0;
  ck_clf_ok(clf_model_score(model, data, &score));
  return score;
}

TEST(seconds__are_told_apart_by_standardize_and_logistic) {
  fill(0);
  clf_dataset *data = dataset_of(context, seconds, CLF_F64, ROWS, 1, halves);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "logistic", "C=100"));
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_double_eq(score_of(model, data), 1);
  ck_assert_str_eq(warned, "");
  clf_model_free(model);
  clf_dataset_free(data);
}

static const struct {
  const char *kind, *params;
} kinds[] = {{"ridge", NULL},
             {"fisher", NULL},
             {"fisher", "kernel=rbf"},
             {"logistic", NULL},
             {"svm", NULL},
             {"svm", "kernel=linear"},
             {"svm", "type=nu_svc nu=0.1"},
             {"perceptron", NULL},
             {"perceptron", "kernel=rbf"}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

TEST_LOOP(one_more_or_less_than_1e10__is_no_constant, 0, KINDS) {
  double x[ROWS];
  fill(0);
  for (int i = 0; i < ROWS; i++) {
    x[i] = 1e10 + (labels[i] == 1 ? 1 : -1);
  }
  clf_dataset *data = dataset_of(context, x, CLF_F64, ROWS, 1, labels);
  clf_model *model = fitted(context, kinds[_i].kind, kinds[_i].params, data);
  ck_assert_double_eq(score_of(model, data), 1);
  ck_assert_str_eq(warned, "");
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Rows around 2^30 that are exact in f64 are learned as well as the same rows around 0, and are
 * predicted alike after saving and loading. */
TEST_LOOP(far_rows__give_the_decisions_of_near_ones, 0, KINDS) {
  static float expected[ROWS * 2], found[ROWS * 2], loaded[ROWS * 2];
  char bytes[65536];
  size_t size = 0;
  fill(0x1p30);
  clf_dataset *near = dataset_of(context, narrow, CLF_F32, ROWS, COLUMNS, labels);
  clf_dataset *far = dataset_of(context, wide, CLF_F64, ROWS, COLUMNS, labels);
  clf_model *a = fitted(context, kinds[_i].kind, kinds[_i].params, near);
  clf_model *b = fitted(context, kinds[_i].kind, kinds[_i].params, far), *c = NULL;
  ck_assert_ptr_null(clf__store_tensor(a->state, "center"));
  ck_assert_ptr_nonnull(clf__store_tensor(b->state, "center"));
  ck_clf_ok(clf_model_decision_function(a, near, expected, ROWS * 2));
  ck_clf_ok(clf_model_decision_function(b, far, found, ROWS * 2));
  ck_clf_ok(clf_model_save_memory(b, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&c, context, bytes, size));
  ck_clf_ok(clf_model_decision_function(c, far, loaded, ROWS * 2));
  ck_assert_mem_eq(found, loaded, sizeof found);
  const bool depends = strcmp(kinds[_i].kind, "perceptron") == 0; /* on where 0 is */
  for (int i = 0; i < ROWS * 2 && !depends; i++) {
    ck_assert_float_eq_tol(found[i], expected[i], 2e-3f + 1e-5f * fabsf(expected[i]));
  }
  ck_assert_double_eq(score_of(b, far), 1);
  clf_model_free(a);
  clf_model_free(b);
  clf_model_free(c);
  clf_dataset_free(near);
  clf_dataset_free(far);
}

TEST_LOOP(far_f32_rows__are_moved_too, 0, KINDS) {
  static float far[ROWS * COLUMNS];
  fill(0);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    far[i] = (float)(1 << 20) + roundf(8 * narrow[i]) / 8;
  }
  clf_dataset *data = dataset_of(context, far, CLF_F32, ROWS, COLUMNS, labels);
  clf_model *model = fitted(context, kinds[_i].kind, kinds[_i].params, data);
  ck_assert_ptr_nonnull(clf__store_tensor(model->state, "center"));
  ck_assert_double_eq(score_of(model, data), 1);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* The same far values 100 ... 103 as f32, bytes and sparse rows. */
static void fill_bytes(float *floats, uint8_t *bytes, clf_dataset *data[3]) {
  const int64_t shape[] = {ROWS, COLUMNS};
  uint64_t state = 3;
  clf_tensor *x = NULL, *y = NULL;
  fill(0);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (uint8_t)(100 + 2 * (uint64_t)labels[i / COLUMNS] + (state >> 63));
    floats[i] = (float)bytes[i];
  }
  ck_clf_ok(clf_tensor_wrap(&x, context, bytes, CLF_U8, 2, shape, NULL));
  ck_clf_ok(clf_tensor_wrap(&y, context, labels, CLF_I32, 1, shape, NULL));
  data[0] = dataset_of(context, floats, CLF_F32, ROWS, COLUMNS, labels);
  ck_clf_ok(clf_dataset_create(&data[1], context, x, y));
  data[2] = sparse_of(context, floats, ROWS, COLUMNS, labels);
  clf_tensor_free(x);
  clf_tensor_free(y);
}

TEST_LOOP(center__is_subtracted_from_bytes_and_sparse_rows, 0, KINDS) {
  static float floats[ROWS * COLUMNS], expected[ROWS * 2], found[ROWS * 2];
  static uint8_t bytes[ROWS * COLUMNS];
  clf_dataset *data[3];
  fill_bytes(floats, bytes, data);
  clf_model *model = fitted(context, kinds[_i].kind, kinds[_i].params, data[0]);
  ck_assert_ptr_nonnull(clf__store_tensor(model->state, "center"));
  ck_clf_ok(clf_model_decision_function(model, data[0], expected, ROWS * 2));
  ck_assert_double_eq(score_of(model, data[0]), 1);
  for (int storage = 1; storage < 3; storage++) {
    ck_clf_ok(clf_model_decision_function(model, data[storage], found, ROWS * 2));
    ck_assert_mem_eq(found, expected, sizeof found);
  }
  clf_model_free(model);
  for (int storage = 0; storage < 3; storage++) {
    clf_dataset_free(data[storage]);
  }
}

TEST(partial_fit__subtracts_the_center_from_bytes_and_sparse_rows) {
  static float floats[ROWS * COLUMNS], expected[ROWS * 2], found[ROWS * 2];
  static uint8_t bytes[ROWS * COLUMNS];
  clf_dataset *data[3];
  fill_bytes(floats, bytes, data);
  for (int storage = 0; storage < 3; storage++) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, context, "perceptron", NULL));
    ck_clf_ok(clf_model_partial_fit(model, data[0]));
    ck_clf_ok(clf_model_partial_fit(model, data[storage]));
    ck_clf_ok(
        clf_model_decision_function(model, data[0], storage == 0 ? expected : found, ROWS * 2));
    ck_assert(storage == 0 || memcmp(found, expected, sizeof found) == 0);
    clf_model_free(model);
  }
  for (int storage = 0; storage < 3; storage++) {
    clf_dataset_free(data[storage]);
  }
}

/* f64 rows near 0 are what their f32 ones are, to the bit. */
TEST(near_rows__are_rounded_as_they_are) {
  static float expected[ROWS * 2], found[ROWS * 2];
  fill(0);
  clf_dataset *f32 = dataset_of(context, narrow, CLF_F32, ROWS, COLUMNS, labels);
  clf_dataset *f64 = dataset_of(context, wide, CLF_F64, ROWS, COLUMNS, labels);
  clf_model *a = fitted(context, "svm", NULL, f32), *b = fitted(context, "svm", NULL, f64);
  ck_assert_ptr_null(clf__store_tensor(b->state, "center"));
  ck_clf_ok(clf_model_decision_function(a, f32, expected, ROWS * 2));
  ck_clf_ok(clf_model_decision_function(b, f64, found, ROWS * 2));
  ck_assert_mem_eq(found, expected, sizeof found);
  ck_assert_str_eq(warned, "");
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(f32);
  clf_dataset_free(f64);
}

TEST(partial_fit__keeps_the_center_of_the_first_rows) {
  fill(0x1p30);
  clf_dataset *first = dataset_of(context, wide, CLF_F64, ROWS / 2, COLUMNS, labels);
  clf_dataset *second = dataset_of(context, wide + ROWS, CLF_F64, ROWS / 2, COLUMNS, labels);
  clf_model *model = NULL;
  double kept[COLUMNS];
  ck_clf_ok(clf_model_create(&model, context, "perceptron", NULL));
  ck_clf_ok(clf_model_partial_fit(model, first));
  memcpy(kept, clf__state_data(model->state, "center"), sizeof kept);
  ck_clf_ok(clf_model_partial_fit(model, second));
  ck_assert_mem_eq(clf__state_data(model->state, "center"), kept, sizeof kept);
  ck_assert_double_eq(score_of(model, first), 1);
  ck_assert_double_eq(score_of(model, second), 1);
  clf_model_free(model);
  clf_dataset_free(first);
  clf_dataset_free(second);
}

/* A method that minds where 0 is gets the rows as they are, and the log says what is lost. */
TEST(log__says_what_rounding_loses) {
  const double offsets[] = {0x1p30, 1000};
  const char *const said[] = {"does not distinguish all values of column 0 (in 19",
                              "column 0 lies so far from 0"};
  for (int i = 0; i < 2; i++) {
    forget_log();
    fill(offsets[i]);
    clf_dataset *data = dataset_of(context, wide, CLF_F64, ROWS, COLUMNS, labels);
    clf_model *model = fitted(context, "perceptron", "fit_intercept=false", data);
    ck_assert_ptr_null(clf__store_tensor(model->state, "center"));
    ck_assert_msg(strstr(warned, said[i]) != NULL, "%s", warned);
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

/* One outlier widens the range of a column, but the other values still merge in f32. */
TEST(outlier__does_not_hide_what_is_merged) {
  fill(0);
  seconds[0] = 0;
  clf_dataset *data = dataset_of(context, seconds, CLF_F64, ROWS, 1, halves);
  clf_model *model = fitted(context, "perceptron", NULL, data);
  ck_assert_ptr_nonnull(clf__store_tensor(model->state, "center"));
  ck_assert_str_eq(warned, "");
  clf_model_free(model);
  for (int i = 0; i < ROWS / 2; i++) {
    seconds[i] = i - 1e15; /* no center is near to both halves */
  }
  model = fitted(context, "perceptron", NULL, data);
  ck_assert_msg(strstr(warned, "does not distinguish all values of column 0") != NULL, "%s",
                warned);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(too_large_for_f32__names_the_place_at_the_fit_and_at_the_prediction) {
  fill(0);
  clf_dataset *good = dataset_of(context, wide, CLF_F64, ROWS, COLUMNS, labels);
  clf_model *model = fitted(context, "svm", NULL, good);
  int32_t found[ROWS];
  clf_dataset_free(good);
  wide[2 * 150 + 1] = -1e39;
  clf_dataset *bad = dataset_of(context, wide, CLF_F64, ROWS, COLUMNS, labels);
  ck_clf_fails(clf_model_predict(model, bad, found, ROWS), CLF_ERROR_DATA);
  ck_clf_says("row 150, column 1 is -1e+39, too large for f32");
  ck_clf_fails(clf_model_fit(model, bad, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("row 150, column 1 is -1e+39, too large for f32");
  clf_model_free(model);
  clf_dataset_free(bad);
}

/* A search over C rounds a fold's rows once, and finds what fits one by one do. */
TEST(search__of_far_rows_is_that_of_single_fits) {
  static const char *const settings[] = {"C=0.001", "C=10"};
  fill(0x1p30);
  clf_dataset *data = dataset_of(context, wide, CLF_F64, ROWS, COLUMNS, labels);
  clf_model *model = NULL;
  clf_search *search = NULL;
  ck_clf_ok(clf_model_create(&model, context, "svm", NULL));
  ck_clf_ok(clf_search_create(&search, model, data, 3, 1, "C=0.001|10", NULL));
  for (int i = 0; i < 2; i++) {
    double folds[3];
    clf_model *single = NULL;
    ck_clf_ok(clf_model_create(&single, context, "svm", settings[i]));
    ck_clf_ok(clf_cross_validate(single, data, 3, 1, folds));
    ck_assert_double_eq_tol(clf_search_mean(search, i), (folds[0] + folds[1] + folds[2]) / 3,
                            1e-12);
    clf_model_free(single);
  }
  ck_assert_double_eq(clf_search_mean(search, 1), 1);
  clf_search_free(search);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(load__refuses_a_center_of_another_shape) {
  char bytes[65536];
  size_t size = 0;
  clf_model *loaded = NULL;
  fill(0x1p30);
  clf_dataset *data = dataset_of(context, wide, CLF_F64, ROWS, COLUMNS, labels);
  clf_model *model = fitted(context, "ridge", NULL, data);
  clf_tensor *shorter = NULL;
  clf__store *state = NULL;
  ck_clf_ok(clf__store_create(&state, context));
  for (int64_t i = 0; i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    const clf_tensor *tensor = clf__store_tensor(model->state, name);
    if (strcmp(name, "center") == 0) {
      ck_clf_ok(clf_tensor_slice(&shorter, tensor, 0, 0, 1, 1));
      tensor = shorter;
    }
    ck_clf_ok(clf__store_add_tensor(state, name, tensor));
  }
  clf__store_free(model->state);
  model->state = state;
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_fails(clf_model_load_memory(&loaded, context, bytes, size), CLF_ERROR_CORRUPT);
  ck_clf_says("'center'");
  clf_tensor_free(shorter);
  clf_model_free(model);
  clf_dataset_free(data);
}

static int64_t far_column(const clf__rows *x, const float *weights) {
  int64_t column = -2;
  ck_clf_ok(clf__rows_far(&column, context, x, weights));
  return column;
}

TEST(far__is_a_column_whose_range_is_small_beside_its_values) {
  const float x[] = {0, 5, 99, 1e6f, /**/ 0, 5, 100, 1e6f + 1, /**/ 0, 5, 101, 1e6f};
  const float near_only[] = {1, 1, 0};
  clf__rows rows = clf__rows_of_f32(x, 3, 4, 4);
  ck_assert_int_eq(far_column(&rows, NULL), 2);
  ck_assert_int_eq(far_column(&rows, near_only), 2);
  rows.columns = 2; /* a column of 0 and another constant */
  ck_assert_int_eq(far_column(&rows, NULL), -1);
  const float mixed[] = {99, 100, 0};
  const float all_but_last[] = {1, 1, 0};
  clf__rows one = clf__rows_of_f32(mixed, 3, 1, 1);
  ck_assert_int_eq(far_column(&one, NULL), -1);
  ck_assert_int_eq(far_column(&one, all_but_last), 0);
}

TEST(merged__counts_values_with_the_same_f32) {
  const double x[] = {1, 1e10, /**/ 2, 1e10 + 1, /**/ 1, 1e10 + 1, /**/ 3, -0.0, /**/ 4, 0};
  const double center[] = {0, 1e10};
  clf__merged merged;
  clf__rows rows = {.rows = 5, .columns = 2, .dtype = CLF_F64, .scale = 1, .data = x, .stride = 2};
  ck_clf_ok(clf__rows_merged(&merged, context, &rows, 1, INT64_MAX));
  ck_assert_int_eq(merged.column, 1);
  ck_assert_int_eq(merged.rows, 2);
  ck_assert_int_eq(merged.looked_at, 5);
  ck_clf_ok(clf__rows_merged(&merged, context, &rows, 2, INT64_MAX));
  ck_assert_int_eq(merged.rows, 1);
  ck_assert_int_eq(merged.looked_at, 3);
  ck_clf_ok(clf__rows_merged(&merged, context, &rows, 1, 1));
  ck_assert_int_eq(merged.column, 1);
  ck_assert_int_eq(merged.rows, 1);
  rows.center = center;
  ck_clf_ok(clf__rows_merged(&merged, context, &rows, 1, INT64_MAX));
  ck_assert_int_eq(merged.column, -1);
}

SUITE("precision", .setup = setup, .teardown = close_context)
