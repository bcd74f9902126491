/* Names of columns: on datasets and what is made of them, and on models, which refuse rows of other
 * columns. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contexts.h"
#include "data/dataset.h"
#include "models/model.h"
#include "support.h"

enum { ROWS = 30, COLUMNS = 3, CLASSES = 2 };

static const char *const names[] = {"length", "w\xC3\xA4hrung", ""};
static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

static clf_dataset *plain_rows(void) {
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  return dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
}

static clf_dataset *rows_named(const char *const *of) {
  clf_dataset *rows = plain_rows();
  ck_clf_ok(clf_dataset_set_column_names(rows, of, COLUMNS));
  return rows;
}

static void check_names(const clf_dataset *rows) {
  for (int i = 0; i < COLUMNS; i++) {
    ck_assert_str_eq(clf_dataset_column_name(rows, i), names[i]);
  }
  ck_assert_ptr_null(clf_dataset_column_name(rows, COLUMNS));
}

static void check_model(const clf_model *model) {
  for (int i = 0; i < COLUMNS; i++) {
    ck_assert_str_eq(clf_model_feature_name(model, i), names[i]);
  }
  ck_assert_ptr_null(clf_model_feature_name(model, COLUMNS));
  ck_assert_ptr_null(clf_model_feature_name(model, -1));
}

TEST(names__are_copied_replaced_and_removed) {
  char first[] = "length";
  const char *const mine[] = {first, names[1], names[2]}, *const others[] = {"a", "b", "c"};
  clf_dataset *rows = plain_rows();
  ck_assert_ptr_null(clf_dataset_column_name(rows, 0));
  ck_clf_ok(clf_dataset_set_column_names(rows, mine, COLUMNS));
  first[0] = '!';
  check_names(rows);
  ck_clf_ok(clf_dataset_set_column_names(rows, others, COLUMNS));
  ck_assert_str_eq(clf_dataset_column_name(rows, 2), "c");
  ck_clf_ok(clf_dataset_set_column_names(rows, NULL, 0));
  ck_assert_ptr_null(clf_dataset_column_name(rows, 0));
  clf_dataset_free(rows);
}

TEST(names__that_are_refused_leave_the_old_ones) {
  static const char *const invalid[] = {"a", "caf\xE9", "c"}, *const missing[] = {"a", NULL, "c"};
  clf_dataset *rows = rows_named(names);
  ck_clf_fails(clf_dataset_set_column_names(rows, invalid, COLUMNS), CLF_ERROR_DATA);
  ck_clf_says("the name of column 1: 'caf?' is no UTF-8");
  ck_clf_fails(clf_dataset_set_column_names(rows, missing, COLUMNS), CLF_ERROR_ARGUMENT);
  ck_clf_says("the name of column 1 is NULL");
  ck_clf_fails(clf_dataset_set_column_names(rows, names, COLUMNS - 1), CLF_ERROR_SHAPE);
  ck_clf_says("2 names for 3 features");
  ck_clf_fails(clf_dataset_set_column_names(NULL, names, COLUMNS), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(clf_dataset_column_name(NULL, 0));
  check_names(rows);
  clf_dataset_free(rows);
}

TEST(names__are_kept_by_all_parts_of_a_dataset) {
  static const int64_t run[] = {3, 4, 5}, chosen[] = {7, 2, 2};
  clf_dataset *rows = rows_named(names), *parts[6] = {NULL};
  clf_batches *batches = NULL;
  const clf_dataset *batch = NULL;
  ck_clf_ok(clf_dataset_subset(&parts[0], rows, run, 3));
  ck_clf_ok(clf_dataset_subset(&parts[1], rows, chosen, 3));
  ck_clf_ok(clf_dataset_split(&parts[2], &parts[3], rows, 0.5, 1));
  ck_clf_ok(clf_dataset_fold(&parts[4], &parts[5], rows, 3, 1, 1));
  ck_clf_ok(clf_batches_create(&batches, rows, 8, 1));
  ck_clf_ok(clf_batches_next(batches, &batch));
  check_names(batch);
  clf_batches_free(batches);
  clf_dataset_free(rows);
  for (int i = 0; i < 6; i++) {
    check_names(parts[i]);
    clf_dataset_free(parts[i]);
  }
}

TEST(names__are_kept_by_parts_of_sparse_rows) {
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  clf_dataset *rows = sparse_of(context, x, ROWS, COLUMNS, y), *part = NULL, *scaled = NULL;
  clf_transform *transform = NULL;
  ck_clf_ok(clf_dataset_set_column_names(rows, names, COLUMNS));
  ck_clf_ok(clf_dataset_subset(&part, rows, (const int64_t[]){1, 2}, 2));
  check_names(part);
  ck_clf_ok(clf_transform_create(&transform, context, "standardize", "mean=false"));
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_ok(clf_transform_apply(&scaled, transform, rows));
  check_names(scaled);
  clf_transform_free(transform);
  clf_dataset_free(scaled);
  clf_dataset_free(part);
  clf_dataset_free(rows);
}

TEST(names__stay_with_features_that_a_transform_keeps) {
  static const struct {
    const char *kind, *params;
    bool keeps;
  } cases[] = {{"standardize", NULL, true},
               {"min_max", NULL, true},
               {"pca", NULL, false},
               {"polynomial", "degree=1", true}};
  clf_dataset *rows = rows_named(names);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_transform *transform = NULL;
    clf_dataset *changed = NULL;
    ck_clf_ok(clf_transform_create(&transform, context, cases[i].kind, cases[i].params));
    ck_clf_ok(clf_transform_fit(transform, rows));
    ck_clf_ok(clf_transform_apply(&changed, transform, rows));
    if (cases[i].keeps) {
      check_names(changed);
    } else {
      ck_assert_str_ne(clf_dataset_column_name(changed, 1), names[1]);
    }
    clf_dataset_free(changed);
    clf_transform_free(transform);
  }
  clf_dataset_free(rows);
}

static clf_model *reloaded(const clf_model *model) {
  clf_model *loaded = NULL;
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  void *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, context, bytes, size));
  free(bytes);
  return loaded;
}

TEST_LOOP(model__knows_the_names_of_its_features, 0, (int)clf_kind_count("model")) {
  clf_dataset *rows = rows_named(names), *plain = plain_rows();
  clf_model *model = fitted(context, kind_at(_i), NULL, rows), *loaded = reloaded(model);
  clf_model *clone = NULL;
  check_model(model);
  check_model(loaded);
  ck_clf_ok(clf_model_clone(&clone, model));
  ck_assert_ptr_null(clf_model_feature_name(clone, 0)); /* it is not fitted */
  clf_model_free(clone);
  ck_clf_ok(clf_model_fit(model, plain, NULL, NULL));
  ck_assert_ptr_null(clf_model_feature_name(model, 0));
  ck_clf_ok(clf_model_fit(loaded, rows, NULL, NULL));
  check_model(loaded);
  ck_clf_ok(clf_model_add_transform(loaded, "standardize", NULL));
  ck_assert_ptr_null(clf_model_feature_name(loaded, 0));
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(plain);
  clf_dataset_free(rows);
}

TEST(model__describes_its_features) {
  char text[2000];
  clf_dataset *rows = rows_named(names);
  clf_model *model = fitted(context, "ridge", NULL, rows);
  ck_clf_ok(clf_model_describe(model, text, sizeof text, NULL));
  ck_assert_ptr_nonnull(strstr(text, "features: 3 (length, w\xC3\xA4hrung, )\n"));
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* Predictions, scores, validation rows and partial fits. */
TEST(model__refuses_rows_that_lack_columns) {
  static const char *const few[] = {"length", "x", ""}, *const other[] = {
                                                            "length", "w\xC3\xA4hrung", "depth"};
  static const char *const *const cases[] = {few, other};
  static const char *const says[] = {
      "perceptron: the rows lack the column 'w\xC3\xA4hrung', which it was fitted on",
      "perceptron: the rows lack the column '', which it was fitted on"};
  int32_t labels[ROWS];
  float values[ROWS * CLASSES];
  double score = -7;
  labels[0] = -7;
  values[0] = -7;
  clf_dataset *rows = rows_named(names), *plain = plain_rows();
  clf_model *model = fitted(context, "perceptron", NULL, rows);
  for (int i = 0; i < 2; i++) {
    clf_dataset *wrong = rows_named(cases[i]);
    ck_clf_fails(clf_model_predict(model, wrong, labels, ROWS), CLF_ERROR_DATA);
    ck_clf_says(says[i]);
    ck_clf_fails(clf_model_decision_function(model, wrong, values, ROWS * CLASSES), CLF_ERROR_DATA);
    ck_clf_fails(clf_model_score(model, wrong, &score), CLF_ERROR_DATA);
    ck_clf_says(says[i]);
    ck_clf_fails(clf_model_partial_fit(model, wrong), CLF_ERROR_DATA);
    ck_clf_says(says[i]);
    ck_clf_fails(clf_model_fit(model, rows, NULL, wrong), CLF_ERROR_DATA);
    ck_clf_says("validation");
    clf_dataset_free(wrong);
  }
  ck_assert_int_eq(labels[0], -7);
  ck_assert_float_eq(values[0], -7);
  ck_assert_double_eq(score, -7);
  ck_clf_ok(clf_model_predict(model, plain, labels, ROWS)); /* without names */
  ck_clf_ok(clf_model_partial_fit(model, plain));
  check_model(model);
  ck_clf_ok(clf_model_partial_fit(model, rows));
  ck_clf_ok(clf_model_fit(model, plain, NULL, rows));
  clf_dataset *wrong = rows_named(other);
  ck_clf_ok(clf_model_predict(model, wrong, labels, ROWS)); /* the model has none */
  clf_dataset_free(wrong);
  clf_model_free(model);
  clf_dataset_free(plain);
  clf_dataset_free(rows);
}

/* Reads a model file in which the entry of the names is another one. */
static clf_status read_names(const clf_model *model, const char *text, const void *bytes,
                             int64_t size, int32_t dtype) {
  clf__store *store = NULL;
  clf_tensor *tensor = NULL;
  void *made = NULL;
  ck_clf_ok(clf__store_create(&store, context));
  ck_clf_ok(clf__model_object.write(model, store));
  if (text != NULL) {
    ck_clf_ok(clf__store_add_text(store, "feature_names", text));
  } else {
    ck_clf_ok(clf_tensor_wrap(&tensor, context, bytes, dtype, 1, &size, NULL));
    ck_clf_ok(clf__store_add_tensor(store, "feature_names", tensor));
  }
  const clf_status status = clf__model_object.read(&made, context, store);
  clf_model_free(made);
  clf_tensor_free(tensor);
  clf__store_free(store);
  return status;
}

TEST(model__file_with_other_names_is_refused) {
  clf_dataset *plain = plain_rows();
  clf_model *model = fitted(context, "ridge", NULL, plain);
  const float numbers[] = {1, 2, 3};
  ck_clf_ok(read_names(model, NULL, "a\0b\0\0", 5, CLF_U8));
  ck_clf_fails(read_names(model, NULL, "a\0b\0c", 5, CLF_U8), CLF_ERROR_CORRUPT);
  ck_clf_fails(read_names(model, NULL, "a\0b\0", 4, CLF_U8), CLF_ERROR_CORRUPT);
  ck_clf_fails(read_names(model, NULL, "a\0b\0c\0d\0", 8, CLF_U8), CLF_ERROR_CORRUPT);
  ck_clf_fails(read_names(model, NULL, "a\0b\0\xE9\0", 6, CLF_U8), CLF_ERROR_CORRUPT);
  ck_clf_fails(read_names(model, NULL, "", 0, CLF_U8), CLF_ERROR_CORRUPT);
  ck_clf_fails(read_names(model, NULL, numbers, 3, CLF_F32), CLF_ERROR_CORRUPT);
  ck_clf_fails(read_names(model, "a", NULL, 0, 0), CLF_ERROR_CORRUPT);
  ck_clf_says("feature_names");
  clf_model_free(model);
  clf_dataset_free(plain);
}

SUITE("column_names", .setup = open_two_threads, .teardown = close_context)
