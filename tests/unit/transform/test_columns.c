/* Transforms of some columns: what they read, where their results stand, and what these are
 * called. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "contexts.h"
#include "support.h"
#include "transform/transform.h"

enum { ROWS = 6, COLUMNS = 4, MAX_OUT = 16 };

static const char *const names[COLUMNS] = {"age", "fare", "a,b", "2"};
static const float data[ROWS * COLUMNS] = {1, 10, 0, 7, 2, 0,  5, 0, 3, 30, 5, 7,
                                           4, 40, 0, 9, 5, 50, 1, 8, 6, 60, 2, 0};
static const int32_t labels[ROWS] = {0, 1, 0, 1, 0, 1};

static clf_dataset *named(clf_dataset *rows) {
  ck_clf_ok(clf_dataset_set_column_names(rows, names, COLUMNS));
  return rows;
}

static clf_dataset *dense(void) {
  return named(dataset_of(context, data, CLF_F32, ROWS, COLUMNS, labels));
}

static clf_transform *create(const char *kind, const char *params) {
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, kind, params));
  return transform;
}

/* Fits on rows, which are freed, and compares what becomes of them with `expected` [ROWS, columns],
 * and the names with `called`, separated by '|'. */
static void check(const char *kind, const char *params, clf_dataset *rows, const double *expected,
                  int64_t columns, const char *called) {
  clf_transform *transform = create(kind, params);
  clf_dataset *out = NULL, *fitted = NULL;
  ck_clf_ok(clf_transform_fit_apply(&fitted, transform, rows));
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  ck_assert_int_eq(clf_dataset_features(out), columns);
  ck_assert_int_eq(clf_transform_outputs(transform), columns);
  ck_assert_int_eq(clf_dataset_sparse(out), clf_dataset_sparse(rows));
  double row[MAX_OUT], again[MAX_OUT];
  const clf__rows x = clf__dataset_rows(out), y = clf__dataset_rows(fitted);
  for (int64_t i = 0; i < ROWS; i++) {
    clf__rows_read_f64(&x, i, row);
    clf__rows_read_f64(&y, i, again);
    for (int64_t j = 0; j < columns; j++) {
      ck_assert_double_eq_tol(row[j], expected[i * columns + j], 1e-6);
      ck_assert_double_eq(row[j], again[j]);
    }
  }
  char text[256] = "", name[64];
  for (int64_t j = 0; j < columns; j++) {
    ck_clf_ok(clf_transform_output_name(transform, j, name, sizeof name, NULL));
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", j > 0 ? "|" : "", name);
    if (clf_dataset_column_name(rows, 0) != NULL) {
      ck_assert_str_eq(clf_dataset_column_name(out, j), name);
    } else {
      ck_assert_ptr_null(clf_dataset_column_name(out, j));
    }
  }
  ck_assert_str_eq(text, called);
  clf_dataset_free(fitted);
  clf_dataset_free(out);
  clf_dataset_free(rows);
  clf_transform_free(transform);
}

static const double scaled_fare[ROWS * COLUMNS] = {1, 10.0 / 60, 0, 7, 2, 0,         5, 0,
                                                   3, 0.5,       5, 7, 4, 40.0 / 60, 0, 9,
                                                   5, 50.0 / 60, 1, 8, 6, 1,         2, 0};

TEST(columns__not_chosen_pass_through_where_they_stand) {
  check("min_max", "columns=fare", dense(), scaled_fare, COLUMNS, "age|fare|a,b|2");
  check("min_max", "columns=-3", dense(), scaled_fare, COLUMNS, "age|fare|a,b|2");
  check("min_max", "columns='!age,\"a,b\",4'", dense(), scaled_fare, COLUMNS, "age|fare|a,b|2");
}

TEST(columns__of_sparse_rows_are_those_of_dense_ones) {
  check("min_max", "columns=fare", named(sparse_of(context, data, ROWS, COLUMNS, labels)),
        scaled_fare, COLUMNS, "age|fare|a,b|2");
  double turned[ROWS * 3];
  for (int i = 0; i < ROWS; i++) {
    for (int k = 0; k < 3; k++) {
      turned[i * 3 + k] = (double)data[i * COLUMNS + 3 - k];
    }
  }
  check("select", "columns='2,\"a,b\",fare'",
        named(sparse_of(context, data, ROWS, COLUMNS, labels)), turned, 3, "2|a,b|fare");
  check("select", "columns='2,\"a,b\",fare'", dense(), turned, 3, "2|a,b|fare");
}

/* A name goes before a number: "2" is column 4. */
TEST(columns__go_by_name_first) {
  double expected[ROWS];
  for (int i = 0; i < ROWS; i++) {
    expected[i] = (double)data[i * COLUMNS + 3];
  }
  check("select", "columns=2", dense(), expected, 1, "2");
  check("select", "columns=4", dataset_of(context, data, CLF_F32, ROWS, COLUMNS, NULL), expected, 1,
        "x3");
}

/* Products stand behind the columns that pass through. */
TEST(columns__of_products_stand_at_the_end) {
  enum { OUT = 2 + 5 };
  double expected[ROWS * OUT];
  for (int i = 0; i < ROWS; i++) {
    const double a = (double)data[i * COLUMNS], f = (double)data[i * COLUMNS + 1];
    const double row[OUT] = {
        (double)data[i * COLUMNS + 2], (double)data[i * COLUMNS + 3], f, a, f * f, f * a, a * a};
    memcpy(expected + i * OUT, row, sizeof row);
  }
  check("polynomial", "columns=fare,age", dense(), expected, OUT,
        "a,b|2|fare|age|fare^2|fare age|age^2");
}

TEST(columns__pass_through_without_a_change_of_type_or_missing_values) {
  const double wide[3 * 2] = {1e9 + 1, 1, (double)NAN, 2, 1e9 + 3, 3};
  clf_dataset *rows = dataset_of(context, wide, CLF_F64, 3, 2, NULL), *out = NULL;
  clf_transform *transform = create("standardize", "columns=2");
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  const clf__rows x = clf__dataset_rows(out);
  ck_assert_int_eq(x.dtype, CLF_F64);
  ck_assert_double_eq(((const double *)x.data)[0], 1e9 + 1);
  ck_assert_double_nan(((const double *)x.data)[2]);
  ck_assert_double_eq_tol(((const double *)x.data)[5], sqrt(1.5), 1e-6);
  clf_dataset_free(out);
  out = NULL;
  clf_transform *all = create("standardize", NULL);
  ck_clf_fails(clf_transform_fit(all, rows), CLF_ERROR_DATA);
  clf_transform_free(all);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

static void refuse(const char *params, clf_status status, const char *says) {
  clf_dataset *rows = dense();
  clf_transform *transform = create("min_max", params);
  ck_clf_fails(clf_transform_fit(transform, rows), status);
  ck_clf_says(says);
  ck_assert_int_eq(clf_transform_outputs(transform), -1);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(columns__that_are_missing_are_named) {
  refuse("columns=age,fares", CLF_ERROR_DATA, "columns=fares: the rows have no such column");
  refuse("columns=5", CLF_ERROR_DATA, "1 to 4, or -1 for the last");
  refuse("columns=0", CLF_ERROR_DATA, "columns=0");
  refuse("columns=age,1", CLF_ERROR_ARGUMENT, "twice");
  refuse("columns='!1,-1,fare,\"a,b\"'", CLF_ERROR_ARGUMENT, "leaves no column");
  clf_dataset *rows = dense();
  static const char *const same[COLUMNS] = {"a", "a", "b", "c"};
  ck_clf_ok(clf_dataset_set_column_names(rows, same, COLUMNS));
  clf_transform *transform = create("min_max", "columns=a");
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_DATA);
  ck_clf_says("columns 1 and 2 have this name");
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(columns__are_restored_from_a_file) {
  static unsigned char bytes[1 << 14];
  size_t size = 0;
  clf_dataset *rows = dense(), *one = NULL, *other = NULL;
  clf_transform *transform = create("pca", "columns=fare,age components=1"), *loaded = NULL;
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_ok(clf_transform_save_memory(transform, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_transform_load_memory(&loaded, context, bytes, size));
  ck_clf_ok(clf_transform_apply(&one, transform, rows));
  ck_clf_ok(clf_transform_apply(&other, loaded, rows));
  ck_assert_int_eq(clf_dataset_features(one), 3);
  ck_assert_mem_eq(clf__dataset_rows(one).data, clf__dataset_rows(other).data,
                   sizeof(float) * ROWS * 3);
  ck_assert_str_eq(clf_dataset_column_name(other, 0), "a,b");
  ck_assert_str_eq(clf_dataset_column_name(other, 2), "pca_0");
  clf_dataset_free(one);
  clf_dataset_free(other);
  clf_transform_free(transform);
  clf_transform_free(loaded);
  clf_dataset_free(rows);
}

static const char *const cities[] = {"Bern", "Basel", "Chur"};

TEST(columns__of_categories_pass_through_with_them) {
  const float x[3 * 3] = {0, 1, 10, 2, 2, 20, 1, 3, 30};
  clf_dataset *rows = dataset_of(context, x, CLF_F32, 3, 3, NULL), *out = NULL;
  ck_clf_ok(clf_dataset_set_categories(rows, 0, cities, 3));
  clf_transform *transform = create("pca", "columns=3,2 components=1");
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  ck_assert_int_eq(clf_dataset_category_count(out, 0), 3);
  ck_assert_int_eq(clf_dataset_category_count(out, 1), 0);
  ck_assert_str_eq(clf_dataset_category_name(out, 0, 1), "Basel");
  clf_dataset_free(out);
  out = NULL;
  clf_transform *kept = create("select", "columns=2,1");
  ck_clf_ok(clf_transform_fit_apply(&out, kept, rows));
  ck_assert_int_eq(clf_dataset_category_count(out, 0), 0);
  ck_assert_int_eq(clf_dataset_category_count(out, 1), 3);
  clf_dataset_free(out);
  clf_transform *refused = create("standardize", "columns=1");
  ck_clf_fails(clf_transform_fit(refused, rows), CLF_ERROR_DATA);
  ck_clf_says("holds categories");
  clf_transform_free(refused);
  clf_transform_free(kept);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

/* The whole of a model with a transform of some columns. */
TEST(columns__are_part_of_a_model) {
  clf_dataset *rows = dense();
  clf_model *model = NULL, *loaded = NULL;
  static unsigned char bytes[1 << 14];
  size_t size = 0;
  float values[ROWS * 2], again[ROWS * 2];
  ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
  ck_clf_ok(clf_model_add_transform(model, "polynomial", "columns=age,fare"));
  ck_clf_ok(clf_model_add_transform(model, "standardize", "columns='!age fare'"));
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, context, bytes, size));
  ck_clf_ok(clf_model_decision_function(model, rows, values, ROWS * 2));
  ck_clf_ok(clf_model_decision_function(loaded, rows, again, ROWS * 2));
  ck_assert_mem_eq(values, again, sizeof values);
  ck_assert_int_eq(clf_model_columns(model), 7);
  char name[32];
  ck_clf_ok(clf_model_column_name(loaded, 5, name, sizeof name, NULL));
  ck_assert_str_eq(name, "age fare");
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(rows);
}

static clf_status live(clf_context *limited, const void *params) {
  clf_dataset *rows = NULL, *out = NULL;
  clf_tensor *x = NULL;
  clf_transform *transform = NULL;
  clf_status status;
  TRY(clf_tensor_wrap(&x, limited, data, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  TRY(clf_dataset_create(&rows, limited, x, NULL));
  TRY(clf_dataset_set_column_names(rows, names, COLUMNS));
  TRY(clf_transform_create(&transform, limited, "polynomial", params));
  TRY(clf_transform_fit_apply(&out, transform, rows));
done:
  clf_dataset_free(out);
  clf_dataset_free(rows);
  clf_tensor_free(x);
  clf_transform_free(transform);
  return status;
}

TEST(columns__survive_every_refused_allocation) {
  check_every_allocation("threads=1", live, "columns=fare,age");
}

SUITE("columns", .setup = open_context, .teardown = close_context)
