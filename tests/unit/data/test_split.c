#include <math.h>
#include <string.h>

#include "contexts.h"
#include "data/dataset.h"

enum { MOST = 2000 };

/* Rows of two features: the row's number, and its negative. */
static float numbered[MOST * 2];

static clf_dataset *numbered_rows(int64_t rows, const int32_t *labels) {
  for (int64_t i = 0; i < rows; i++) {
    numbered[2 * i] = (float)i;
    numbered[2 * i + 1] = (float)-i;
  }
  return dataset_of(context, numbered, CLF_F32, rows, 2, labels);
}

static int64_t number_at(const clf_dataset *dataset, int64_t row) {
  clf__rows x = clf__dataset_rows(dataset);
  const float *values = (const float *)x.data + row * x.stride;
  ck_assert_float_eq(values[0], -values[1]);
  return (int64_t)values[0];
}

static int64_t rows_of_class(const clf_dataset *dataset, int32_t class) {
  int64_t count = 0;
  for (int64_t i = 0; i < clf_dataset_rows(dataset); i++) {
    count += clf__dataset_labels(dataset)[i] == class;
  }
  return count;
}

/* The parts have each row once, in the original order, with its own label. */
static void assert_partition(const clf_dataset *whole, const clf_dataset *first,
                             const clf_dataset *second) {
  const clf_dataset *parts[] = {first, second};
  static int seen[MOST];
  memset(seen, 0, sizeof seen);
  for (int p = 0; p < 2; p++) {
    int64_t before = -1;
    for (int64_t i = 0; i < clf_dataset_rows(parts[p]); i++) {
      int64_t number = number_at(parts[p], i);
      ck_assert_int_gt(number, before);
      before = number;
      seen[number]++;
      if (whole->labels != NULL) {
        ck_assert_int_eq(clf__dataset_labels(parts[p])[i], clf__dataset_labels(whole)[number]);
      }
    }
  }
  for (int64_t i = 0; i < clf_dataset_rows(whole); i++) {
    ck_assert_int_eq(seen[i], 1);
  }
}

TEST(subset__of_consecutive_rows_shares_everything) {
  const int32_t labels[] = {5, 6, 7, 6, 5};
  const float weights[] = {1, 2, 3, 4, 5};
  clf_dataset *dataset = numbered_rows(5, labels), *subset = NULL;
  set_weights(dataset, weights);
  ck_clf_ok(clf_dataset_subset(&subset, dataset, (int64_t[]){1, 2, 3}, 3));
  ck_assert_ptr_eq(clf__dataset_rows(subset).data, numbered + 2);
  ck_assert_ptr_eq(clf__dataset_labels(subset), clf__dataset_labels(dataset) + 1);
  ck_assert_ptr_eq(clf__dataset_weights(subset), clf__dataset_weights(dataset) + 1);
  ck_assert_int_eq(clf_dataset_classes(subset), 3);
  clf_dataset_free(dataset);
  ck_assert_int_eq(number_at(subset, 2), 3);
  clf_dataset_free(subset);
}

TEST(subset__gathers_in_any_order_with_repeats) {
  const int32_t labels[] = {5, 6, 7, 6, 5};
  const float weights[] = {1, 2, 3, 4, 5};
  const int64_t rows[] = {4, 0, 4, 2};
  clf_dataset *dataset = numbered_rows(5, labels), *subset = NULL;
  set_weights(dataset, weights);
  ck_clf_ok(clf_dataset_subset(&subset, dataset, rows, 4));
  for (int i = 0; i < 4; i++) {
    ck_assert_int_eq(number_at(subset, i), rows[i]);
    ck_assert_float_eq(clf__dataset_weights(subset)[i], weights[rows[i]]);
  }
  ck_assert_mem_eq(clf__dataset_labels(subset), ((int32_t[]){0, 0, 0, 2}), 16);
  clf_dataset_free(subset);
  clf_dataset_free(dataset);
}

TEST(subset__knows_all_classes) {
  const int32_t labels[] = {0, 1, 2};
  clf_dataset *dataset = numbered_rows(3, labels), *subset = NULL;
  ck_clf_ok(clf_dataset_subset(&subset, dataset, (int64_t[]){2, 2}, 2));
  ck_assert_int_eq(clf_dataset_classes(subset), 3);
  ck_assert_str_eq(clf_dataset_class_name(subset, 0), "0");
  clf_dataset_free(subset);
  clf_dataset_free(dataset);
}

TEST(subset__keeps_pixels_with_shape_and_scale) {
  uint8_t pixels[4 * 2 * 3];
  for (int i = 0; i < 24; i++) {
    pixels[i] = (uint8_t)i;
  }
  clf_tensor *x = NULL, *out = NULL;
  clf_dataset *dataset = NULL, *subset = NULL;
  ck_clf_ok(clf_tensor_wrap(&x, context, pixels, CLF_U8, 3, (int64_t[]){4, 2, 3}, NULL));
  ck_clf_ok(clf_tensor_set_scale(x, 1.0 / 255));
  ck_clf_ok(clf_dataset_create(&dataset, context, x, NULL));
  ck_clf_ok(clf_dataset_subset(&subset, dataset, (int64_t[]){3, 1}, 2));
  ck_clf_ok(clf_dataset_tensor(&out, subset, "x"));
  ck_assert_int_eq(clf_tensor_dtype(out), CLF_U8);
  ck_assert_int_eq(clf_tensor_ndim(out), 3);
  ck_assert_int_eq(clf_tensor_extent(out, 2), 3);
  ck_assert_double_eq(clf_tensor_scale(out), 1.0 / 255);
  ck_assert_mem_eq(clf_tensor_data(out), pixels + 18, 6);
  ck_assert_mem_eq((uint8_t *)clf_tensor_data(out) + 6, pixels + 6, 6);
  clf_tensor_free(x);
  clf_tensor_free(out);
  clf_dataset_free(subset);
  clf_dataset_free(dataset);
}

TEST(subset__of_targets) {
  const double targets[] = {0, 1, 10, 11, 20, 21};
  clf_dataset *dataset = numbered_rows(3, NULL), *subset = NULL;
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_tensor_wrap(&tensor, context, targets, CLF_F64, 2, (int64_t[]){3, 2}, NULL));
  ck_clf_ok(clf_dataset_set_targets(dataset, tensor));
  ck_clf_ok(clf_dataset_subset(&subset, dataset, (int64_t[]){2, 0}, 2));
  ck_assert_mem_eq(clf__dataset_targets(subset), ((double[]){20, 21, 0, 1}), 4 * sizeof(double));
  clf_tensor_free(tensor);
  clf_dataset_free(subset);
  clf_dataset_free(dataset);
}

/* Sparse rows, their views and what is gathered from a view are the same numbers as dense rows. */
TEST(subset__of_sparse_rows) {
  enum { ROWS = 300, COLUMNS = 20 };
  static float dense[ROWS * COLUMNS];
  uint64_t state = 3;
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    dense[i] = random_unit(&state) < 0.2 ? (float)random_unit(&state) : 0;
  }
  clf_dataset *dataset = sparse_of(context, dense, ROWS, COLUMNS, NULL), *view = NULL, *some = NULL;
  int64_t run[200], chosen[150];
  for (int i = 0; i < 200; i++) {
    run[i] = 50 + i;
  }
  for (int i = 0; i < 150; i++) {
    chosen[i] = (i * 67) % 200;
  }
  ck_clf_ok(clf_dataset_subset(&view, dataset, run, 200));
  ck_assert_ptr_eq(clf__dataset_rows(view).value, clf__dataset_rows(dataset).value);
  ck_clf_ok(clf_dataset_subset(&some, view, chosen, 150));
  clf__rows x = clf__dataset_rows(some);
  for (int i = 0; i < 150; i++) {
    float row[COLUMNS] = {0};
    for (int64_t e = x.row_start[i]; e < x.row_start[i + 1]; e++) {
      row[x.column[e]] = x.value[e];
    }
    ck_assert_mem_eq(row, dense + (50 + chosen[i]) * COLUMNS, sizeof row);
  }
  clf_dataset_free(some);
  clf_dataset_free(view);
  clf_dataset_free(dataset);
}

TEST(subset__large_gathers_agree_with_the_original) {
  int64_t rows[MOST];
  clf_dataset *dataset = numbered_rows(MOST, NULL), *subset = NULL;
  for (int i = 0; i < MOST; i++) {
    rows[i] = (i * 7919) % MOST;
  }
  ck_clf_ok(clf_dataset_subset(&subset, dataset, rows, MOST));
  for (int i = 0; i < MOST; i++) {
    ck_assert_int_eq(number_at(subset, i), rows[i]);
  }
  clf_dataset_free(subset);
  clf_dataset_free(dataset);
}

TEST(subset__refuses_rows_out_of_range) {
  clf_dataset *dataset = numbered_rows(3, NULL), *subset = NULL;
  ck_clf_fails(clf_dataset_subset(&subset, dataset, (int64_t[]){0, 3}, 2), CLF_ERROR_ARGUMENT);
  ck_clf_says("rows[1] is 3; it must be 0 to 2");
  ck_clf_fails(clf_dataset_subset(&subset, dataset, (int64_t[]){-1}, 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_dataset_subset(&subset, dataset, (int64_t[]){0}, 0), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(subset);
  clf_dataset_free(dataset);
}

TEST(split__gives_each_class_its_share) {
  int32_t labels[1000];
  for (int i = 0; i < 1000; i++) {
    labels[i] = i < 700 ? 0 : i < 950 ? 1 : 2;
  }
  clf_dataset *dataset = numbered_rows(1000, labels), *first = NULL, *second = NULL;
  ck_clf_ok(clf_dataset_split(&first, &second, dataset, 0.8, 7));
  assert_partition(dataset, first, second);
  ck_assert_int_eq(rows_of_class(first, 0), 560);
  ck_assert_int_eq(rows_of_class(first, 1), 200);
  ck_assert_int_eq(rows_of_class(first, 2), 40);
  clf_dataset_free(first);
  clf_dataset_free(second);
  clf_dataset_free(dataset);
}

/* Over all sizes and fractions: the parts differ from their share by less than one row a class, the
 * whole from its share by at most half a row, and neither part is empty. */
TEST(split__rounds_by_largest_remainders) {
  const double fractions[] = {0.01, 0.1, 0.25, 1.0 / 3, 0.5, 0.6, 0.9, 0.999};
  int32_t labels[64];
  for (int rows = 4; rows <= 64; rows += 3) {
    for (int i = 0; i < rows; i++) {
      labels[i] = i < 4 ? i % 2 : i % 5 == 0;
    }
    clf_dataset *dataset = numbered_rows(rows, labels);
    for (size_t f = 0; f < sizeof fractions / sizeof *fractions; f++) {
      clf_dataset *first = NULL, *second = NULL;
      ck_clf_ok(clf_dataset_split(&first, &second, dataset, fractions[f], 1));
      assert_partition(dataset, first, second);
      double share = fractions[f] * rows;
      share = share < 1 ? 1 : share > rows - 1 ? rows - 1 : share;
      ck_assert_double_le(fabs((double)clf_dataset_rows(first) - share), 0.5);
      for (int32_t c = 0; c < 2; c++) {
        double quota = fractions[f] * (double)rows_of_class(dataset, c);
        ck_assert_double_le(fabs((double)rows_of_class(first, c) - quota), 1);
      }
      clf_dataset_free(first);
      clf_dataset_free(second);
    }
    clf_dataset_free(dataset);
  }
}

TEST(split__the_only_row_of_a_class_goes_first) {
  const int32_t labels[] = {0, 0, 0, 0, 1, 0, 0, 2};
  clf_dataset *dataset = numbered_rows(8, labels), *first = NULL, *second = NULL;
  for (uint64_t seed = 0; seed < 20; seed++) {
    ck_clf_ok(clf_dataset_split(&first, &second, dataset, 0.5, seed));
    assert_partition(dataset, first, second);
    ck_assert_int_eq(clf_dataset_rows(first), 5);
    ck_assert_int_eq(rows_of_class(first, 1), 1);
    ck_assert_int_eq(rows_of_class(first, 2), 1);
    clf_dataset_free(first);
    clf_dataset_free(second);
  }
  clf_dataset_free(dataset);
}

TEST(split__classes_of_one_row_each_are_split_like_rows_without_labels) {
  const int32_t labels[] = {0, 1, 2, 3, 4, 5};
  clf_dataset *dataset = numbered_rows(6, labels), *first = NULL, *second = NULL;
  ck_clf_ok(clf_dataset_split(&first, &second, dataset, 0.5, 1));
  ck_assert_int_eq(clf_dataset_rows(first), 3);
  assert_partition(dataset, first, second);
  clf_dataset_free(first);
  clf_dataset_free(second);
  clf_dataset_free(dataset);
}

TEST(split__is_decided_by_the_seed) {
  clf_dataset *dataset = numbered_rows(100, NULL);
  clf_dataset *parts[6] = {NULL};
  ck_clf_ok(clf_dataset_split(&parts[0], &parts[1], dataset, 0.5, 1));
  ck_clf_ok(clf_dataset_split(&parts[2], &parts[3], dataset, 0.5, 1));
  ck_clf_ok(clf_dataset_split(&parts[4], &parts[5], dataset, 0.5, 2));
  size_t size = 50 * 2 * sizeof(float);
  ck_assert_mem_eq(clf__dataset_rows(parts[0]).data, clf__dataset_rows(parts[2]).data, size);
  ck_assert_mem_ne(clf__dataset_rows(parts[0]).data, clf__dataset_rows(parts[4]).data, size);
  for (int i = 0; i < 6; i++) {
    clf_dataset_free(parts[i]);
  }
  clf_dataset_free(dataset);
}

TEST(split__refuses_what_cannot_be_split) {
  clf_dataset *one = numbered_rows(1, NULL), *two = numbered_rows(2, NULL);
  clf_dataset *first = NULL, *second = NULL;
  const double fractions[] = {0, 1, -0.5, 1.5, NAN};
  for (int i = 0; i < 5; i++) {
    ck_clf_fails(clf_dataset_split(&first, &second, two, fractions[i], 0), CLF_ERROR_ARGUMENT);
  }
  ck_clf_fails(clf_dataset_split(&first, &second, one, 0.5, 0), CLF_ERROR_SHAPE);
  ck_assert_ptr_null(first);
  ck_clf_ok(clf_dataset_split(&first, &second, two, 0.999, 0));
  ck_assert_int_eq(clf_dataset_rows(first), 1);
  clf_dataset_free(first);
  clf_dataset_free(second);
  clf_dataset_free(one);
  clf_dataset_free(two);
}

/* Every row is tested once; sizes differ by at most one, overall and in each of 100 classes. */
TEST(fold__tests_each_row_once_in_equal_shares) {
  enum { ROWS = 1237, CLASSES = 100, FOLDS = 7 };
  static int32_t labels[ROWS];
  static int tested[ROWS];
  memset(tested, 0, sizeof tested);
  for (int i = 0; i < ROWS; i++) {
    labels[i] = (i * i + 3 * i) % CLASSES;
  }
  clf_dataset *dataset = numbered_rows(ROWS, labels);
  for (int64_t fold = 0; fold < FOLDS; fold++) {
    clf_dataset *train = NULL, *test = NULL;
    ck_clf_ok(clf_dataset_fold(&train, &test, dataset, FOLDS, fold, 5));
    assert_partition(dataset, train, test);
    ck_assert_int_ge(clf_dataset_rows(test), ROWS / FOLDS);
    ck_assert_int_le(clf_dataset_rows(test), ROWS / FOLDS + 1);
    for (int32_t c = 0; c < clf_dataset_classes(dataset); c++) {
      int64_t rows = rows_of_class(dataset, c);
      ck_assert_int_ge(rows_of_class(test, c), rows / FOLDS);
      ck_assert_int_le(rows_of_class(test, c), (rows + FOLDS - 1) / FOLDS);
    }
    for (int64_t i = 0; i < clf_dataset_rows(test); i++) {
      tested[number_at(test, i)]++;
    }
    clf_dataset_free(train);
    clf_dataset_free(test);
  }
  for (int i = 0; i < ROWS; i++) {
    ck_assert_int_eq(tested[i], 1);
  }
  clf_dataset_free(dataset);
}

TEST(fold__as_many_as_rows_leaves_one_out) {
  clf_dataset *dataset = numbered_rows(4, NULL), *train = NULL, *test = NULL;
  ck_clf_ok(clf_dataset_fold(&train, &test, dataset, 4, 3, 0));
  ck_assert_int_eq(clf_dataset_rows(train), 3);
  ck_assert_int_eq(clf_dataset_rows(test), 1);
  clf_dataset_free(train);
  clf_dataset_free(test);
  clf_dataset_free(dataset);
}

TEST(fold__refuses_numbers_out_of_range) {
  const int64_t wrong[][2] = {{1, 0}, {5, 0}, {2, 2}, {2, -1}, {0, 0}, {-3, 0}};
  clf_dataset *dataset = numbered_rows(4, NULL), *train = NULL, *test = NULL;
  for (int i = 0; i < 6; i++) {
    ck_clf_fails(clf_dataset_fold(&train, &test, dataset, wrong[i][0], wrong[i][1], 0),
                 CLF_ERROR_ARGUMENT);
  }
  ck_assert_ptr_null(train);
  clf_dataset_free(dataset);
}

SUITE("split", .setup = open_two_threads, .teardown = close_context)
