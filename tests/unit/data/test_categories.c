/* Columns of categories: what is accepted, what keeps them, and who refuses them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "contexts.h"
#include "data/dataset.h"
#include "support.h"

enum { ROWS = 12, COLUMNS = 3, CITY = 1 };

static const char *const cities[] = {"Bern", "Z\xC3\xBCrich", "", "7"};
static const char *const names[] = {"age", "city", "income"};

/* Codes 0 … 3 in column 1, missing in row 5. */
static clf_dataset *plain_rows(int32_t dtype) {
  static double x[ROWS * COLUMNS];
  static float narrow[ROWS * COLUMNS];
  static int32_t y[ROWS];
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % 2;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = j == CITY ? (i == 5 ? (double)NAN : i % 4) : i * 0.25 + j * (i % 2);
      narrow[i * COLUMNS + j] = (float)x[i * COLUMNS + j];
    }
  }
  clf_dataset *rows = dtype == CLF_F64 ? dataset_of(context, x, CLF_F64, ROWS, COLUMNS, y)
                                       : dataset_of(context, narrow, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_dataset_set_column_names(rows, names, COLUMNS));
  return rows;
}

static clf_dataset *rows_of_cities(void) {
  clf_dataset *rows = plain_rows(CLF_F32);
  ck_clf_ok(clf_dataset_set_categories(rows, CITY, cities, 4));
  return rows;
}

static void check_cities(const clf_dataset *rows) {
  ck_assert_int_eq(clf_dataset_category_count(rows, 0), 0);
  ck_assert_int_eq(clf_dataset_category_count(rows, CITY), 4);
  for (int k = 0; k < 4; k++) {
    ck_assert_str_eq(clf_dataset_category_name(rows, CITY, k), cities[k]);
  }
  ck_assert_ptr_null(clf_dataset_category_name(rows, CITY, 4));
  ck_assert_ptr_null(clf_dataset_category_name(rows, CITY, -1));
  ck_assert_ptr_null(clf_dataset_category_name(rows, 0, 0));
}

TEST(categories__are_copied_replaced_and_removed) {
  static const char *const others[] = {"a", "b", "c", "d", "e"};
  char first[] = "Bern";
  const char *const mine[] = {first, cities[1], cities[2], cities[3]};
  for (int wide = 0; wide < 2; wide++) {
    clf_dataset *rows = plain_rows(wide ? CLF_F64 : CLF_F32);
    ck_assert_int_eq(clf_dataset_category_count(rows, CITY), 0);
    first[0] = 'B';
    ck_clf_ok(clf_dataset_set_categories(rows, CITY, mine, 4));
    first[0] = '!';
    check_cities(rows);
    ck_clf_ok(clf_dataset_set_categories(rows, CITY, others, 5));
    ck_assert_str_eq(clf_dataset_category_name(rows, CITY, 4), "e");
    ck_clf_ok(clf_dataset_set_categories(rows, CITY, NULL, 0));
    ck_assert_int_eq(clf_dataset_category_count(rows, CITY), 0);
    clf_dataset_free(rows);
  }
}

TEST(categories__that_are_refused_leave_the_old_ones) {
  static const char *const twice[] = {"a", "b", "c", "b"}, *const invalid[] = {"a", "\xE9", "c",
                                                                               "d"};
  clf_dataset *rows = rows_of_cities();
  ck_clf_fails(clf_dataset_set_categories(rows, CITY, twice, 4), CLF_ERROR_DATA);
  ck_clf_says("'b', the name of code 3 of column 'city', occurs twice");
  ck_clf_fails(clf_dataset_set_categories(rows, CITY, invalid, 4), CLF_ERROR_DATA);
  ck_clf_says("the name of code 1");
  ck_clf_fails(clf_dataset_set_categories(rows, CITY, cities, 3), CLF_ERROR_DATA);
  ck_clf_says("column 'city' has 3 in row 3; it must be 0 to 2, or NaN");
  ck_clf_fails(clf_dataset_set_categories(rows, 0, cities, 4), CLF_ERROR_DATA);
  ck_clf_says("column 'age' has 0.25 in row 1");
  ck_clf_fails(clf_dataset_set_categories(rows, COLUMNS, cities, 4), CLF_ERROR_ARGUMENT);
  ck_clf_says("column 3; it must be 0 to 2");
  ck_clf_fails(clf_dataset_set_categories(rows, -1, cities, 4), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_dataset_set_categories(rows, CITY, cities, 0), CLF_ERROR_ARGUMENT);
  ck_clf_says("0 names; there must be 1 to 16777216");
  ck_clf_fails(clf_dataset_set_categories(rows, CITY, cities, (1 << 24) + 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_dataset_set_categories(NULL, CITY, cities, 4), CLF_ERROR_ARGUMENT);
  ck_assert_int_eq(clf_dataset_category_count(NULL, 0), -1);
  ck_assert_int_eq(clf_dataset_category_count(rows, COLUMNS), -1);
  ck_assert_ptr_null(clf_dataset_category_name(NULL, 0, 0));
  check_cities(rows);
  clf_dataset_free(rows);
}

TEST(categories__need_dense_floats) {
  static float x[ROWS * COLUMNS];
  static const uint8_t bytes[ROWS * COLUMNS] = {0};
  clf_dataset *sparse = sparse_of(context, x, ROWS, COLUMNS, NULL);
  clf_dataset *pixels = dataset_of(context, bytes, CLF_U8, ROWS, COLUMNS, NULL);
  ck_clf_fails(clf_dataset_set_categories(sparse, 0, cities, 4), CLF_ERROR_UNSUPPORTED);
  ck_clf_fails(clf_dataset_set_categories(pixels, 0, cities, 4), CLF_ERROR_TYPE);
  clf_dataset_free(sparse);
  clf_dataset_free(pixels);
}

TEST(categories__are_kept_by_all_parts_of_a_dataset) {
  static const int64_t run[] = {3, 4, 5}, chosen[] = {7, 2, 2};
  clf_dataset *rows = rows_of_cities(), *parts[6] = {NULL};
  clf__dataset_block block;
  clf_batches *batches = NULL;
  const clf_dataset *batch = NULL;
  ck_clf_ok(clf_dataset_subset(&parts[0], rows, run, 3));
  ck_clf_ok(clf_dataset_subset(&parts[1], rows, chosen, 3));
  ck_clf_ok(clf_dataset_split(&parts[2], &parts[3], rows, 0.5, 1));
  ck_clf_ok(clf_dataset_fold(&parts[4], &parts[5], rows, 3, 1, 1));
  check_cities(clf__dataset_block_of(&block, rows, 2, 5));
  ck_assert_str_eq(clf_dataset_column_name(&block.rows, CITY), "city");
  ck_clf_ok(clf_batches_create(&batches, rows, 8, 1));
  ck_clf_ok(clf_batches_next(batches, &batch));
  check_cities(batch);
  clf_batches_free(batches);
  clf_dataset_free(rows);
  for (int i = 0; i < 6; i++) {
    check_cities(parts[i]);
    clf_dataset_free(parts[i]);
  }
}

TEST(categories__are_refused_by_models_and_transforms_of_numbers) {
  static const char advice[] =
      "column 'city' holds categories: one_hot, ordinal, target_mean or hash make numbers of them";
  clf_dataset *rows = rows_of_cities(), *numbers = plain_rows(CLF_F32), *full = NULL;
  clf_dataset *made = NULL;
  clf_model *model = NULL;
  clf_transform *transform = NULL;
  int32_t labels[ROWS];
  ck_clf_ok(clf_dataset_subset(&full, numbers, (const int64_t[]){0, 1, 2, 3, 4}, 5));
  ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
  ck_clf_fails(clf_model_fit(model, rows, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says(advice);
  ck_clf_ok(clf_model_fit(model, full, NULL, NULL));
  ck_clf_fails(clf_model_predict(model, rows, labels, ROWS), CLF_ERROR_DATA);
  ck_clf_says("ridge: column 'city' holds categories, such as 'Bern'; it held numbers");
  ck_clf_ok(clf_transform_create(&transform, context, "standardize", NULL));
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_DATA);
  ck_clf_says(advice);
  ck_clf_ok(clf_transform_fit(transform, full));
  ck_clf_fails(clf_transform_apply(&made, transform, rows), CLF_ERROR_DATA);
  ck_clf_says("standardize: column 'city' holds categories, such as 'Bern'");
  clf_transform_free(transform);
  clf_model_free(model);
  clf_dataset_free(full);
  clf_dataset_free(numbers);
  clf_dataset_free(rows);
}

/* A store keeps what clf__categories_load() reads, and what is damaged is refused. */
static clf__store *store_of(const int64_t *counts, int64_t columns, const char *text, size_t size) {
  clf__store *store = NULL;
  clf_tensor *count = NULL, *bytes = NULL;
  const int64_t length = (int64_t)size;
  ck_clf_ok(clf__store_create(&store, context));
  ck_clf_ok(clf_tensor_wrap(&count, context, counts, CLF_I64, 1, &columns, NULL));
  ck_clf_ok(clf_tensor_wrap(&bytes, context, text, CLF_U8, 1, &length, NULL));
  ck_clf_ok(clf__store_add_tensor(store, "some_counts", count));
  ck_clf_ok(clf__store_add_tensor(store, "some_names", bytes));
  clf_tensor_free(count);
  clf_tensor_free(bytes);
  return store;
}

TEST(categories__of_a_store_are_those_saved) {
  clf_dataset *rows = rows_of_cities();
  clf__categories *loaded = NULL;
  clf__store *store = NULL;
  ck_clf_ok(clf__store_create(&store, context));
  ck_clf_ok(clf__categories_load(&loaded, context, store, "some", COLUMNS));
  ck_assert_ptr_null(loaded);
  ck_clf_ok(clf__categories_save(rows->categories, store, "some"));
  ck_clf_ok(clf__categories_load(&loaded, context, store, "some", COLUMNS));
  clf__categories_release(rows->categories);
  rows->categories = loaded;
  check_cities(rows);
  clf__store_free(store);
  clf_dataset_free(rows);
}

TEST(categories__of_a_damaged_store_are_refused) {
  static const struct {
    int64_t counts[COLUMNS];
    const char *text;
    size_t size;
  } damaged[] = {
      {{0, 2, 1}, "a\0b", 4},         {{0, 2, 0}, "a\0a", 4},    {{0, 0, 0}, "a\0b", 4},
      {{0, -1, 3}, "a\0b", 4},        {{0, 2, 0}, "a\0b\0c", 6}, {{0, 2, 0}, "a\0bc", 3},
      {{0, INT64_MAX, 2}, "a\0b", 4}, {{0, 2, 0}, "a\0\xE9", 4}, {{0, 2, 0}, "ab", 3},
  };
  for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
    clf__categories *loaded = NULL;
    clf__store *store = store_of(damaged[i].counts, COLUMNS, damaged[i].text, damaged[i].size);
    ck_clf_fails(clf__categories_load(&loaded, context, store, "some", COLUMNS), CLF_ERROR_CORRUPT);
    ck_assert_ptr_null(loaded);
    clf__store_free(store);
  }
  clf__categories *loaded = NULL;
  clf__store *store = store_of(damaged[1].counts, COLUMNS, "a\0b", 4);
  ck_clf_fails(clf__categories_load(&loaded, context, store, "some", 2), CLF_ERROR_CORRUPT);
  ck_clf_ok(clf__categories_load(&loaded, context, store, "some", COLUMNS));
  clf__categories_release(loaded);
  clf__store_free(store);
}

SUITE("categories", .setup = open_two_threads, .teardown = close_context)
