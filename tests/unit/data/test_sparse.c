#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "contexts.h"
#include "data/dataset.h"
#include "log.h"

/* Row 0 has (1: 10, 3: 30), row 1 nothing, row 2 (0: 5). */
static const int64_t starts[] = {0, 2, 2, 3};
static const int32_t columns[] = {1, 3, 0};
static const float values[] = {10, 30, 5};

typedef struct part {
  const void *data;
  int32_t dtype;
  int64_t count;
} part;

static clf_status create(clf_dataset **out, int64_t width, part start, part column, part value) {
  part parts[] = {start, column, value};
  clf_tensor *tensors[3] = {NULL};
  for (int i = 0; i < 3; i++) {
    ck_clf_ok(clf_tensor_wrap(&tensors[i], context, parts[i].data, parts[i].dtype, 1,
                              &parts[i].count, NULL));
  }
  clf_status status =
      clf_dataset_create_sparse(out, context, width, tensors[0], tensors[1], tensors[2], NULL);
  for (int i = 0; i < 3; i++) {
    clf_tensor_free(tensors[i]);
  }
  return status;
}

#define STARTS ((part){starts, CLF_I64, 4})
#define COLUMNS ((part){columns, CLF_I32, 3})
#define VALUES ((part){values, CLF_F32, 3})

TEST(sparse__shares_the_values) {
  clf_dataset *dataset = NULL;
  ck_clf_ok(create(&dataset, 4, STARTS, COLUMNS, VALUES));
  clf__rows x = clf__dataset_rows(dataset);
  ck_assert_ptr_eq(x.value, values);
  ck_assert_int_eq(clf_dataset_rows(dataset), 3);
  ck_assert_int_eq(clf_dataset_features(dataset), 4);
  ck_assert_int_eq(clf_dataset_nonzeros(dataset), 3);
  ck_assert_int_eq(clf_dataset_sparse(dataset), 1);
  clf_tensor *tensor = NULL;
  ck_clf_fails(clf_dataset_tensor(&tensor, dataset, "x"), CLF_ERROR_UNSUPPORTED);
  ck_clf_ok(clf_dataset_tensor(&tensor, dataset, "column"));
  ck_assert_int_eq(clf_tensor_dtype(tensor), CLF_I32);
  clf_tensor_free(tensor);
  clf_dataset_free(dataset);
}

enum { FEW = 4 };

/* What a model of the kind predicts of the rows that it was fitted on; false when it refuses them.
 */
static bool fit_and_predict(const char *kind, clf_dataset *dataset, int32_t *predicted) {
  static const int32_t labels[FEW] = {0, 1, 0, 1};
  const int64_t rows = FEW;
  clf_model *model = NULL;
  clf_tensor *y = NULL;
  ck_clf_ok(clf_tensor_wrap(&y, context, labels, CLF_I32, 1, &rows, NULL));
  ck_clf_ok(clf_dataset_set_labels(dataset, y));
  ck_clf_ok(clf_model_create(&model, context, kind, NULL));
  const bool fitted = clf_model_fit(model, dataset, NULL, NULL) >= CLF_OK;
  if (fitted) {
    ck_clf_ok(clf_model_predict(model, dataset, predicted, FEW));
  }
  clf_tensor_free(y);
  clf_model_free(model);
  return fitted;
}

/* The caller's indices may change after the check: nothing is written where they point, and the
 * dataset is that of the indices which were checked. */
TEST(sparse__indices_stay_what_was_checked) {
  static const float value[FEW] = {1, 2, 3, 4};
  int64_t start[2][FEW + 1] = {{0, 1, 2, 3, 4}, {0, 1, 2, 3, 4}};
  int32_t column[2][FEW] = {{0, 1, 0, 1}, {0, 1, 0, 1}};
  clf_dataset *datasets[2] = {NULL};
  for (int d = 0; d < 2; d++) {
    ck_clf_ok(create(&datasets[d], 2, (part){start[d], CLF_I64, FEW + 1},
                     (part){column[d], CLF_I32, FEW}, (part){value, CLF_F32, FEW}));
  }
  for (int i = 0; i < FEW; i++) {
    start[1][i + 1] = (int64_t)1 << 40;
    column[1][i] = INT32_MAX;
  }
  for (int64_t i = 0; i < clf_kind_count("model"); i++) {
    const char *kind = clf_kind_name("model", i);
    int32_t expected[FEW] = {0}, found[FEW] = {0};
    ck_assert_int_eq(fit_and_predict(kind, datasets[0], expected),
                     fit_and_predict(kind, datasets[1], found));
    ck_assert_mem_eq(found, expected, sizeof found);
  }
  clf_dataset_free(datasets[0]);
  clf_dataset_free(datasets[1]);
}

TEST(sparse__converts_other_types) {
  const int32_t starts32[] = {0, 2, 2, 3};
  const int64_t columns64[] = {1, 3, 0};
  const double values64[] = {10, 30, 5};
  clf_dataset *dataset = NULL;
  ck_clf_ok(create(&dataset, 4, (part){starts32, CLF_I32, 4}, (part){columns64, CLF_I64, 3},
                   (part){values64, CLF_F64, 3}));
  clf__rows x = clf__dataset_rows(dataset);
  ck_assert_mem_eq(x.row_start, starts, sizeof starts);
  ck_assert_mem_eq(x.column, columns, sizeof columns);
  ck_assert_mem_eq(x.value, values, sizeof values);
  clf_dataset_free(dataset);
}

TEST(sparse__sorts_the_columns_of_each_row) {
  const int64_t start[] = {0, 3, 3, 5, 6};
  const int32_t column[] = {9, 0, 4, 2, 1, 7};
  const float value[] = {90, 1, 40, 2, NAN, 7};
  clf_dataset *dataset = NULL;
  ck_clf_ok(create(&dataset, 10, (part){start, CLF_I64, 5}, (part){column, CLF_I32, 6},
                   (part){value, CLF_F32, 6}));
  clf__rows x = clf__dataset_rows(dataset);
  ck_assert_mem_eq(x.column, ((int32_t[]){0, 4, 9, 1, 2, 7}), sizeof column);
  ck_assert_float_eq(x.value[0], 1);
  ck_assert_float_eq(x.value[2], 90);
  ck_assert(isnan(x.value[3]));
  ck_assert_float_eq(value[0], 90);
  clf_dataset_free(dataset);
}

TEST(sparse__rows_may_start_after_the_first_entry_and_end_before_the_last) {
  const int64_t start[] = {1, 2};
  clf_dataset *dataset = NULL;
  ck_clf_ok(create(&dataset, 4, (part){start, CLF_I64, 2}, COLUMNS, VALUES));
  ck_assert_int_eq(clf_dataset_nonzeros(dataset), 1);
  clf_dataset_free(dataset);
}

TEST(sparse__rows_without_entries) {
  const int64_t start[] = {0, 0, 0};
  clf_dataset *dataset = NULL;
  ck_clf_ok(create(&dataset, 4, (part){start, CLF_I64, 3}, (part){NULL, CLF_I32, 0},
                   (part){NULL, CLF_F32, 0}));
  ck_assert_int_eq(clf_dataset_rows(dataset), 2);
  ck_assert_int_eq(clf_dataset_nonzeros(dataset), 0);
  clf__rows x = clf__dataset_rows(dataset); /* of which kernels make pointers */
  ck_assert(x.column != NULL && x.value != NULL);
  clf_dataset *subset = NULL;
  ck_clf_ok(clf_dataset_subset(&subset, dataset, (int64_t[]){1, 0, 1}, 3));
  ck_assert_int_eq(clf_dataset_nonzeros(subset), 0);
  clf_dataset_free(subset);
  clf_dataset_free(dataset);
}

TEST(sparse__refuses_places_out_of_range) {
  const int64_t falling[] = {0, 2, 1, 3}, beyond[] = {0, 2, 2, 4}, negative[] = {-1, 2, 2, 3};
  const int32_t too_wide[] = {1, 4, 0}, below[] = {1, 3, -1};
  const int64_t huge[] = {1, INT64_C(1) << 32, 0};
  clf_dataset *dataset = NULL;
  ck_clf_fails(create(&dataset, 4, (part){falling, CLF_I64, 4}, COLUMNS, VALUES), CLF_ERROR_DATA);
  ck_clf_says("row_start[2] is 1; it must be 2");
  ck_clf_fails(create(&dataset, 4, (part){beyond, CLF_I64, 4}, COLUMNS, VALUES), CLF_ERROR_DATA);
  ck_clf_says("row_start[3] is 4");
  ck_clf_fails(create(&dataset, 4, (part){negative, CLF_I64, 4}, COLUMNS, VALUES), CLF_ERROR_DATA);
  ck_clf_says("row_start[0] is -1");
  ck_clf_fails(create(&dataset, 4, STARTS, (part){too_wide, CLF_I32, 3}, VALUES), CLF_ERROR_DATA);
  ck_clf_says("column[1] is 4; it must be 0 to 3");
  ck_clf_fails(create(&dataset, 4, STARTS, (part){below, CLF_I32, 3}, VALUES), CLF_ERROR_DATA);
  ck_clf_fails(create(&dataset, 4, STARTS, (part){huge, CLF_I64, 3}, VALUES), CLF_ERROR_DATA);
  ck_clf_says("column[1] is 4294967296");
  ck_assert_ptr_null(dataset);
}

TEST(sparse__refuses_a_column_twice_in_a_row) {
  const int64_t start[] = {0, 1, 4};
  const int32_t apart[] = {2, 2, 0, 2}, beside[] = {2, 0, 1, 1};
  const float value[] = {1, 2, 3, 4};
  clf_dataset *dataset = NULL;
  ck_clf_fails(create(&dataset, 4, (part){start, CLF_I64, 3}, (part){apart, CLF_I32, 4},
                      (part){value, CLF_F32, 4}),
               CLF_ERROR_DATA);
  ck_clf_says("row 1 has a column twice");
  ck_clf_fails(create(&dataset, 4, (part){start, CLF_I64, 3}, (part){beside, CLF_I32, 4},
                      (part){value, CLF_F32, 4}),
               CLF_ERROR_DATA);
  ck_assert_ptr_null(dataset);
}

TEST(sparse__refuses_shapes_and_types) {
  clf_dataset *dataset = NULL;
  ck_clf_fails(create(&dataset, 0, STARTS, COLUMNS, VALUES), CLF_ERROR_SHAPE);
  ck_clf_fails(create(&dataset, INT64_C(1) << 31, STARTS, COLUMNS, VALUES), CLF_ERROR_SHAPE);
  ck_clf_fails(create(&dataset, 4, (part){starts, CLF_I64, 1}, COLUMNS, VALUES), CLF_ERROR_SHAPE);
  ck_clf_fails(create(&dataset, 4, STARTS, COLUMNS, (part){values, CLF_F32, 2}), CLF_ERROR_SHAPE);
  ck_clf_fails(create(&dataset, 4, (part){values, CLF_F32, 3}, COLUMNS, VALUES), CLF_ERROR_TYPE);
  ck_clf_fails(create(&dataset, 4, STARTS, (part){values, CLF_F32, 3}, VALUES), CLF_ERROR_TYPE);
  ck_assert_ptr_null(dataset);
}

/* 200,000 entries in one row, in falling order: sorted in well under quadratic time. */
TEST(sparse__a_long_row_is_sorted_fast) {
  enum { COUNT = 200000 };
  static int32_t column[COUNT];
  static float value[COUNT];
  const int64_t start[] = {0, COUNT};
  for (int i = 0; i < COUNT; i++) {
    column[i] = COUNT - 1 - i;
    value[i] = (float)column[i];
  }
  clf_dataset *dataset = NULL;
  ck_clf_ok(create(&dataset, COUNT, (part){start, CLF_I64, 2}, (part){column, CLF_I32, COUNT},
                   (part){value, CLF_F32, COUNT}));
  clf__rows x = clf__dataset_rows(dataset);
  for (int i = 0; i < COUNT; i++) {
    ck_assert_int_eq(x.column[i], i);
    ck_assert_float_eq(x.value[i], (float)i);
  }
  clf_dataset_free(dataset);
}

/* Values that are converted to f32; each row has one in column 1. */
TEST(sparse__log_says_which_feature_lies_far_from_0) {
  static const int64_t first[] = {0, 2, 3, 4}, place[] = {7, 1, 1, 1};
  static const double far[] = {1, 1e9 + 1, 1e9 + 2, 1e9 + 3}, years[] = {0.1, 1990, 2000, 2020},
                      near_too[] = {1, 1e9 + 1, 1e9 + 2, 3}, not_number[] = {1, NAN, 0.1, 0.2};
  static const int64_t integers[] = {1, 1000000001, 1000000002, 1000000003};
  static const int32_t exact[] = {1, 1000000000, 1000000064, 1000000128};
  const part cases[] = {{far, CLF_F64, 4},      {integers, CLF_I64, 4}, {years, CLF_F64, 4},
                        {near_too, CLF_F64, 4}, {exact, CLF_I32, 4},    {not_number, CLF_F64, 4}};
  ck_clf_ok(clf_context_set_log(context, listen, NULL));
  for (int i = 0; i < 6; i++) {
    clf_dataset *dataset = NULL;
    forget_log();
    ck_clf_ok(
        create(&dataset, 1000, (part){first, CLF_I64, 4}, (part){place, CLF_I64, 4}, cases[i]));
    ck_assert_msg((strstr(warned, "feature 2 lies so far from 0") != NULL) == (i < 2), "%d: %s", i,
                  warned);
    clf_dataset_free(dataset);
  }
}

SUITE("sparse", .setup = open_context, .teardown = close_context)
