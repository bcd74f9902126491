/* Rows whose columns are in another order, more, or fewer than those of a fit, and whose categories
 * have other codes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "contexts.h"
#include "data/match.h"
#include "failing_allocator.h"
#include "log.h"
#include "support.h"

enum { ROWS = 40, COLUMNS = 4, CLASSES = 2, WIDE = COLUMNS + 2 };

static const char *const names[] = {"a", "b", "c", "d"};
static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

static clf_dataset *named(clf_dataset *rows, const char *const *of, int64_t count) {
  ck_clf_ok(clf_dataset_set_column_names(rows, of, count));
  return rows;
}

static clf_dataset *plain_rows(void) {
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  return dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
}

/* The same rows with the columns "e", "d", "b", "f", "a", "c". */
static clf_dataset *wide_rows(int32_t dtype) {
  static const char *const others[] = {"e", "d", "b", "f", "a", "c"};
  static const int from[] = {-1, 3, 1, -1, 0, 2};
  static float narrow[ROWS * WIDE];
  static double wide[ROWS * WIDE];
  static uint8_t bytes[ROWS * WIDE];
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < WIDE; j++) {
      narrow[i * WIDE + j] = from[j] < 0 ? 1e30F : x[i * COLUMNS + from[j]];
      wide[i * WIDE + j] = (double)narrow[i * WIDE + j];
      bytes[i * WIDE + j] = (uint8_t)(from[j] < 0 ? 255 : 16 * from[j] + i % 16);
    }
  }
  return named(dtype == CLF_U8    ? dataset_of(context, bytes, CLF_U8, ROWS, WIDE, y)
               : dtype == CLF_F64 ? dataset_of(context, wide, CLF_F64, ROWS, WIDE, y)
               : dtype == CLF_F32 ? dataset_of(context, narrow, CLF_F32, ROWS, WIDE, y)
                                  : sparse_of(context, narrow, ROWS, WIDE, y),
               others, WIDE);
}

/* Matches rows with columns; the caller frees what is made, or the rows, by the second. */
static clf_status match(const clf_dataset **out, clf_dataset **made, const clf_dataset *fit,
                        const clf_dataset *rows) {
  const clf__fit_columns fitted = {context, "fit", fit->features, fit->names, fit->categories};
  return clf__dataset_match(out, made, &fitted, rows);
}

static const int32_t types[] = {CLF_F32, CLF_F64, CLF_U8, -1 /* sparse */};

TEST_LOOP(columns__are_found_by_name, 0, 4) {
  clf_dataset *fit = named(plain_rows(), names, COLUMNS), *rows = wide_rows(types[_i]);
  clf_dataset *made = NULL;
  const clf_dataset *matched = NULL;
  double values[COLUMNS];
  clf_context_set_log(context, listen, NULL);
  forget_log();
  ck_clf_ok(match(&matched, &made, fit, rows));
  ck_assert_str_eq(heard, "fit: left out the columns 'e', 'f', which it was not fitted on\n");
  ck_assert_ptr_eq(matched, made);
  ck_assert_int_eq(clf_dataset_features(matched), COLUMNS);
  ck_assert_int_eq(clf_dataset_sparse(matched), types[_i] < 0);
  ck_assert_str_eq(clf_dataset_column_name(matched, 3), "d");
  const clf__rows view = clf__dataset_rows(matched);
  for (int i = 0; i < ROWS; i++) {
    clf__rows_read_f64(&view, i, values);
    ck_assert_int_eq(clf__dataset_labels(matched)[i], y[i]);
    for (int j = 0; j < COLUMNS; j++) {
      ck_assert_double_eq_tol(
          values[j], types[_i] == CLF_U8 ? (16 * j + i % 16) / 255.0 : (double)x[i * COLUMNS + j],
          1e-7);
    }
  }
  clf_dataset_free(made);
  clf_dataset_free(rows);
  clf_dataset_free(fit);
}

TEST(rows__as_expected_are_not_copied) {
  clf_dataset *fit = named(plain_rows(), names, COLUMNS), *plain = plain_rows(), *made = NULL;
  clf_dataset *same = named(plain_rows(), names, COLUMNS);
  const clf_dataset *const pairs[][2] = {{fit, fit}, {fit, same}, {fit, plain}, {plain, fit}};
  for (int i = 0; i < 4; i++) {
    const clf_dataset *matched = NULL;
    ck_clf_ok(match(&matched, &made, pairs[i][0], pairs[i][1]));
    ck_assert_ptr_eq(matched, pairs[i][1]);
    ck_assert_ptr_null(made);
  }
  clf_dataset_free(same);
  clf_dataset_free(plain);
  clf_dataset_free(fit);
}

TEST(columns__that_cannot_be_matched_are_refused) {
  static const struct {
    const char *fit[COLUMNS], *rows[COLUMNS];
    const char *says;
  } cases[] = {
      {{"a", "b", "c", "d"}, {"a", "x", "c", "d"}, "fit: the rows lack the column 'b', which"},
      {{"a", "b", "c", "d"}, {"a", "d", "d", "x"}, "called 'd'"},
      {{"a", "b", "b", "d"}, {"a", "b", "c", "d"}, "lack the column 'b'"},
      {{"a", "b", "c", "d"}, {"w", "x", "y", "z"}, "lack the columns 'a', 'b', 'c' and 1 more"},
  };
  clf_dataset *made = NULL;
  const clf_dataset *matched = NULL;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *fit = named(plain_rows(), cases[i].fit, COLUMNS);
    clf_dataset *rows = named(plain_rows(), cases[i].rows, COLUMNS);
    ck_clf_fails(match(&matched, &made, fit, rows), CLF_ERROR_DATA);
    ck_clf_says(cases[i].says);
    clf_dataset_free(rows);
    clf_dataset_free(fit);
  }
  clf_dataset *fit = plain_rows(), *rows = wide_rows(CLF_F32);
  ck_clf_fails(match(&matched, &made, fit, rows), CLF_ERROR_SHAPE);
  ck_clf_says("fit was fitted on 4 features; the rows have 6");
  ck_assert_ptr_null(made);
  clf_dataset_free(rows);
  clf_dataset_free(fit);
}

TEST(columns__of_one_name_are_matched_in_their_order) {
  static const char *const twice[] = {"a", "b", "a", ""}, *const moved[] = {"", "a", "a", "b"};
  static const int from[] = {1, 3, 2, 0};
  clf_dataset *fit = named(plain_rows(), twice, COLUMNS), *made = NULL;
  clf_dataset *rows = named(plain_rows(), moved, COLUMNS);
  const clf_dataset *matched = NULL;
  ck_clf_ok(match(&matched, &made, fit, rows));
  for (int j = 0; j < COLUMNS; j++) {
    ck_assert_float_eq(((const float *)matched->x->data)[j], x[from[j]]);
  }
  clf_dataset_free(made);
  clf_dataset_free(rows);
  clf_dataset_free(fit);
}

/* Categories. */

static clf_dataset *codes_of(float *codes, int32_t dtype, const char *const *of, int64_t count) {
  static double wide[4];
  for (int i = 0; i < 4; i++) {
    wide[i] = (double)codes[i];
  }
  clf_dataset *rows = dtype == CLF_F64 ? dataset_of(context, wide, CLF_F64, 4, 1, NULL)
                                       : dataset_of(context, codes, CLF_F32, 4, 1, NULL);
  if (of != NULL) {
    ck_clf_ok(clf_dataset_set_categories(rows, 0, of, count));
  }
  return rows;
}

TEST(categories__are_translated_by_their_texts) {
  static const char *const fit_names[] = {"red", "green", "blue"};
  static const struct {
    const char *names[5];
    int64_t count;
    float codes[4], expected[4];
    const char *last; /* of the result */
    int64_t known;    /* categories of the result */
  } cases[] = {
      {{"red", "green", "blue"}, 3, {0, 1, 2, NAN}, {0, 1, 2, NAN}, "blue", 3},
      {{"red"}, 1, {0, 0, 0, NAN}, {0, 0, 0, NAN}, "blue", 3},
      {{"blue", "red", "green"}, 3, {0, 1, NAN, 2}, {2, 0, NAN, 1}, "blue", 3},
      {{"blue", "grey", "red", "black"}, 4, {0, 1, 2, 3}, {2, 3, 0, 4}, "black", 5},
      {{"red", "green", "blue", "grey"}, 4, {3, 1, 2, 0}, {3, 1, 2, 0}, "grey", 4},
      {{"grey"}, 1, {0, 0, NAN, 0}, {3, 3, NAN, 3}, "grey", 4},
  };
  static float fit_codes[] = {0, 1, 2, 0};
  clf_dataset *fit = codes_of(fit_codes, CLF_F32, fit_names, 3);
  for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
    float codes[4];
    clf_dataset *made = NULL;
    const clf_dataset *matched = NULL;
    const size_t c = i / 2;
    memcpy(codes, cases[c].codes, sizeof codes);
    clf_dataset *rows = codes_of(codes, i % 2 ? CLF_F64 : CLF_F32, cases[c].names, cases[c].count);
    ck_clf_ok(match(&matched, &made, fit, rows));
    const clf__rows view = clf__dataset_rows(matched);
    for (int r = 0; r < 4; r++) {
      const double value = clf__rows_element(&view, r, 0);
      ck_assert(isnan(cases[c].expected[r]) ? isnan(value) : value == (double)cases[c].expected[r]);
    }
    ck_assert_int_eq(clf_dataset_category_count(matched, 0), cases[c].known);
    ck_assert_str_eq(clf_dataset_category_name(matched, 0, cases[c].known - 1), cases[c].last);
    ck_assert_str_eq(clf_dataset_category_name(matched, 0, 1), "green");
    clf_dataset_free(made);
    clf_dataset_free(rows);
  }
  clf_dataset_free(fit);
}

TEST(categories__and_numbers_are_not_mixed_up) {
  static const char *const colors[] = {"red", "green", "blue"};
  static float codes[] = {0, 1, 2, NAN}, missing[] = {NAN, NAN, NAN, NAN};
  clf_dataset *categories = codes_of(codes, CLF_F32, colors, 3), *made = NULL;
  clf_dataset *numbers = codes_of(codes, CLF_F32, NULL, 0);
  clf_dataset *nothing = codes_of(missing, CLF_F32, NULL, 0);
  const clf_dataset *matched = NULL;
  ck_clf_fails(match(&matched, &made, categories, numbers), CLF_ERROR_DATA);
  ck_clf_says("fit: column 1 holds numbers; it held categories when it was fitted");
  ck_clf_fails(match(&matched, &made, numbers, categories), CLF_ERROR_DATA);
  ck_clf_says("fit: column 1 holds categories, such as 'red'; it held numbers when it was fitted");
  ck_clf_ok(match(&matched, &made, categories, nothing));
  ck_assert_int_eq(clf_dataset_category_count(matched, 0), 3);
  clf_dataset_free(made);
  clf_dataset_free(nothing);
  clf_dataset_free(numbers);
  clf_dataset_free(categories);
}

/* Predictions. */

TEST_LOOP(model__predicts_the_same_of_columns_in_any_order, 0, 3) {
  static const char *const stages[] = {NULL, "standardize", "polynomial"};
  float expected[ROWS * CLASSES], values[ROWS * CLASSES];
  double score[2];
  clf_dataset *fit = named(plain_rows(), names, COLUMNS), *rows = wide_rows(CLF_F32);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "logistic", NULL));
  if (stages[_i] != NULL) {
    ck_clf_ok(clf_model_add_transform(model, stages[_i], NULL));
  }
  ck_clf_ok(clf_model_fit(model, fit, NULL, rows)); /* validation rows, too */
  ck_clf_ok(clf_model_predict_proba(model, fit, expected, ROWS * CLASSES));
  ck_clf_ok(clf_model_predict_proba(model, rows, values, ROWS * CLASSES));
  ck_assert_mem_eq(values, expected, sizeof values);
  ck_clf_ok(clf_model_score(model, fit, &score[0]));
  ck_clf_ok(clf_model_score(model, rows, &score[1]));
  ck_assert_double_eq(score[0], score[1]);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_dataset_free(fit);
}

TEST(model__goes_on_with_columns_in_any_order) {
  float expected[ROWS * CLASSES], values[ROWS * CLASSES];
  clf_dataset *fit = named(plain_rows(), names, COLUMNS), *rows = wide_rows(CLF_F32);
  for (int i = 0; i < 2; i++) {
    clf_model *model = fitted(context, "perceptron", NULL, fit);
    ck_clf_ok(clf_model_partial_fit(model, i == 0 ? fit : rows));
    ck_clf_ok(clf_model_decision_function(model, fit, i == 0 ? expected : values, ROWS * CLASSES));
    clf_model_free(model);
  }
  ck_assert_mem_eq(values, expected, sizeof values);
  clf_dataset_free(rows);
  clf_dataset_free(fit);
}

/* More rows than a block, whose columns are moved one block after another. */
TEST(model__moves_columns_in_blocks) {
  enum { MANY = 9000, FEATURES = 48 };
  static float ordered[MANY * FEATURES], reversed[MANY * FEATURES], results[2][2 * MANY];
  static int32_t labels[MANY];
  static char text[FEATURES][8];
  const char *forward[FEATURES], *backward[FEATURES];
  fill_clouds(ordered, labels, MANY, FEATURES, CLASSES);
  for (int j = 0; j < FEATURES; j++) {
    snprintf(text[j], sizeof text[j], "f%d", j);
    forward[j] = backward[FEATURES - 1 - j] = text[j];
    for (int i = 0; i < MANY; i++) {
      reversed[i * FEATURES + FEATURES - 1 - j] = ordered[i * FEATURES + j];
    }
  }
  clf_dataset *all =
      named(dataset_of(context, ordered, CLF_F32, MANY, FEATURES, labels), forward, FEATURES);
  clf_dataset *moved =
      named(dataset_of(context, reversed, CLF_F32, MANY, FEATURES, labels), backward, FEATURES);
  clf_dataset *few = NULL;
  clf_model *model = NULL;
  ck_clf_ok(clf_dataset_subset(&few, all, (const int64_t[]){0, 1, 2, 3, 4, 5, 6, 7}, 8));
  ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
  ck_clf_ok(clf_model_add_transform(model, "polynomial", NULL));
  ck_clf_ok(clf_model_fit(model, few, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(model, all, results[0], 2 * MANY));
  ck_clf_ok(clf_model_decision_function(model, moved, results[1], 2 * MANY));
  ck_assert_mem_eq(results[0], results[1], sizeof results[0]);
  clf_model_free(model);
  clf_dataset_free(few);
  clf_dataset_free(moved);
  clf_dataset_free(all);
}

TEST(transform__finds_its_columns_by_name_also_from_a_file) {
  clf_dataset *fit = named(plain_rows(), names, COLUMNS), *rows = wide_rows(CLF_F32);
  clf_dataset *expected = NULL, *made = NULL;
  clf_transform *transform = NULL;
  size_t size = 0;
  ck_clf_ok(clf_transform_create(&transform, context, "standardize", NULL));
  ck_clf_ok(clf_transform_fit(transform, fit));
  ck_clf_ok(clf_transform_apply(&expected, transform, fit));
  ck_clf_ok(clf_transform_save_memory(transform, NULL, 0, &size));
  char *bytes = malloc(size);
  ck_clf_ok(clf_transform_save_memory(transform, bytes, size, &size));
  for (int i = 0; i < 2; i++) {
    ck_clf_ok(clf_transform_apply(&made, transform, rows));
    ck_assert_mem_eq(made->x->data, expected->x->data, sizeof x);
    clf_dataset_free(made);
    clf_transform_free(transform);
    ck_clf_ok(clf_transform_load_memory(&transform, context, bytes, size));
  }
  free(bytes);
  clf_transform_free(transform);
  clf_dataset_free(expected);
  clf_dataset_free(rows);
  clf_dataset_free(fit);
}

/* Each allocation of a match may be refused. */
static clf_status match_all(clf_context *of, const void *argument) {
  static const char *const colors[] = {"red", "green", "blue"}, *const others[] = {"blue", "grey"};
  static const char *const one[] = {"a", "b"}, *const other[] = {"b", "a"};
  static const float codes[] = {0, 1, 1, 0}, mixed[] = {1, 0, 0, 1};
  clf_dataset *fit = NULL, *rows = NULL, *made = NULL;
  const clf_dataset *matched = NULL;
  clf_tensor *a = NULL, *b = NULL;
  clf_status status;
  (void)argument;
  TRY(clf_tensor_wrap(&a, of, codes, CLF_F32, 2, (int64_t[]){2, 2}, NULL));
  TRY(clf_tensor_wrap(&b, of, mixed, CLF_F32, 2, (int64_t[]){2, 2}, NULL));
  TRY(clf_dataset_create(&fit, of, a, NULL));
  TRY(clf_dataset_create(&rows, of, b, NULL));
  TRY(clf_dataset_set_column_names(fit, one, 2));
  TRY(clf_dataset_set_column_names(rows, other, 2));
  TRY(clf_dataset_set_categories(fit, 0, colors, 3));
  TRY(clf_dataset_set_categories(rows, 1, others, 2));
  const clf__fit_columns fitted = {of, "fit", 2, fit->names, fit->categories};
  status = clf__dataset_match(&matched, &made, &fitted, rows);
  TRY(status < 0 ? clf__fail_within(status, "fit") : CLF_OK);  /* as an entry point does */
  ck_assert_float_eq(((const float *)matched->x->data)[0], 2); /* "blue" */
done:
  clf_dataset_free(made);
  clf_dataset_free(fit);
  clf_dataset_free(rows);
  clf_tensor_free(a);
  clf_tensor_free(b);
  return status;
}

TEST(each_allocation__may_be_refused) {
  check_every_allocation("threads=1", match_all, NULL);
}

SUITE("match", .setup = open_two_threads, .teardown = close_context)
