/* impute, robust, quantile and log against closed forms; missing values, weights, sparse rows. */
#include <math.h>
#include <string.h>

#include "contexts.h"
#include "support.h"
#include "transform/transform.h"

enum { MAX_COLUMNS = 8 };
static const float nan32 = NAN;

static clf_transform *create(const char *kind, const char *params) {
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, kind, params));
  return transform;
}

static clf_dataset *floats(const float *data, int64_t rows, int64_t columns) {
  return dataset_of(context, data, CLF_F32, rows, columns, NULL);
}

/* Fits on rows, which are freed, and compares what becomes of them. */
static void check(const char *kind, const char *params, clf_dataset *rows, const double *expected,
                  int64_t columns, double tolerance) {
  clf_transform *transform = create(kind, params);
  clf_dataset *out = NULL;
  double values[MAX_COLUMNS];
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  ck_assert_int_eq(clf_dataset_features(out), columns);
  const clf__rows x = clf__dataset_rows(out);
  for (int64_t i = 0; i < x.rows; i++) {
    clf__rows_read_f64(&x, i, values);
    for (int64_t j = 0; j < columns; j++) {
      ck_assert_msg(fabs(values[j] - expected[i * columns + j]) <= tolerance,
                    "%s %s: row %lld, column %lld is %g, not %g", kind, params, (long long)i,
                    (long long)j, values[j], expected[i * columns + j]);
    }
  }
  clf_dataset_free(out);
  clf_dataset_free(rows);
  clf_transform_free(transform);
}

static void refuse(const char *kind, const char *params, clf_dataset *rows, clf_status status,
                   const char *says) {
  clf_transform *transform = create(kind, params);
  ck_clf_fails(clf_transform_fit(transform, rows), status);
  ck_clf_says(says);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(impute__replaces_missing_values) {
  const float data[] = {1, nan32, 2, 5, nan32, 5, 6, 8};
  check("impute", NULL, floats(data, 4, 2), (double[]){1, 6, 2, 5, 3, 5, 6, 8}, 2, 1e-6);
  check("impute", "strategy=median", floats(data, 4, 2), (double[]){1, 5, 2, 5, 2, 5, 6, 8}, 2, 0);
  check("impute", "strategy=most_frequent", floats(data, 4, 2), (double[]){1, 5, 2, 5, 1, 5, 6, 8},
        2, 0);
  check("impute", "strategy=constant value=-7.5", floats(data, 4, 2),
        (double[]){1, -7.5, 2, 5, -7.5, 5, 6, 8}, 2, 0);
}

TEST(impute__marks_the_columns_that_lack_values) {
  const float data[] = {1, 2, 3, nan32, 5, 6};
  clf_dataset *rows = floats(data, 2, 3);
  static const char *const names[] = {"a", "b", "c"};
  ck_clf_ok(clf_dataset_set_column_names(rows, names, 3));
  clf_transform *transform = create("impute", "indicator=true columns=b,a");
  clf_dataset *out = NULL;
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  static const float expected[] = {1, 0, 2, 3, 1, 1, 5, 6};
  ck_assert_mem_eq(clf__dataset_rows(out).data, expected, sizeof expected);
  ck_assert_str_eq(clf_dataset_column_name(out, 1), "a_missing");
  ck_assert_str_eq(clf_dataset_column_name(out, 2), "b");
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(impute__counts_rows_by_their_weights) {
  const float data[] = {1, 10, 2, nan32};
  const float weights[] = {3, 1, 1, 2};
  for (int i = 0; i < 3; i++) {
    static const char *const params[] = {"", "strategy=median", "strategy=most_frequent"};
    static const double means[] = {3, 1, 1};
    clf_dataset *rows = floats(data, 4, 1);
    set_weights(rows, weights);
    check("impute", params[i], rows, (double[]){1, 10, 2, means[i]}, 1, 1e-12);
  }
}

TEST(impute__keeps_the_digits_of_f64) {
  const double data[] = {1e15 + 1, (double)NAN, 1e15 + 3};
  check("impute", NULL, dataset_of(context, data, CLF_F64, 3, 1, NULL),
        (double[]){1e15 + 1, 1e15 + 2, 1e15 + 3}, 1, 0);
}

static int warnings;

static void count_warning(void *user, int32_t level, const char *message) {
  (void)user;
  warnings += level == CLF_LOG_WARNING && strstr(message, "no value in any row") != NULL;
}

TEST(impute__of_a_column_without_values_is_0_and_logged) {
  clf_context_set_log(context, count_warning, NULL);
  const float data[] = {nan32, 1, nan32, 3};
  check("impute", NULL, floats(data, 2, 2), (double[]){0, 1, 0, 3}, 2, 0);
  ck_assert_int_eq(warnings, 1);
}

TEST(impute__refuses_what_it_cannot_replace) {
  static const char *const cities[] = {"Bern", "Chur"};
  const float data[] = {0, 1, nan32};
  refuse("impute", NULL, floats((float[]){1, INFINITY}, 2, 1), CLF_ERROR_DATA, "infinite");
  refuse("impute", "strategy=constant value=x", floats(data, 3, 1), CLF_ERROR_ARGUMENT,
         "value=x is no number");
  clf_dataset *rows = floats((float[]){nan32, nan32}, 2, 1);
  ck_clf_ok(clf_dataset_set_categories(rows, 0, cities, 2));
  refuse("impute", NULL, rows, CLF_ERROR_DATA, "has no value in any row of the fit");
  refuse("impute", "strategy=constant value=1e39", floats(data, 3, 1), CLF_ERROR_DATA,
         "beyond f32");
  rows = floats(data, 3, 1);
  ck_clf_ok(clf_dataset_set_categories(rows, 0, cities, 2));
  refuse("impute", "strategy=constant value=Basel", rows, CLF_ERROR_ARGUMENT, "is no category");
}

TEST(impute__of_categories_keeps_them) {
  static const char *const cities[] = {"Chur", "Bern"};
  const float data[] = {0, 1, nan32};
  clf_dataset *rows = floats(data, 3, 1), *out = NULL;
  ck_clf_ok(clf_dataset_set_categories(rows, 0, cities, 2));
  clf_transform *transform = create("impute", "strategy=most_frequent");
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  /* both are as frequent: the first by name */
  ck_assert_float_eq(((const float *)clf__dataset_rows(out).data)[2], 1);
  ck_assert_int_eq(clf_dataset_category_count(out, 0), 2);
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

static int lines;

static void count_categories(void *user, int32_t level, const char *message) {
  (void)user;
  lines += level == CLF_LOG_INFO && strstr(message, "which have no me") != NULL &&
           strstr(message, "and so do those of 1 other") != NULL;
}

/* Returns rows of two columns of numbers and three of categories, the last of which is complete. */
static clf_dataset *table(const float *data, int64_t rows) {
  static const char *const cities[] = {"Chur", "Bern"};
  clf_dataset *made = floats(data, rows, 5);
  for (int64_t j = 2; j < 5; j++) {
    ck_clf_ok(clf_dataset_set_categories(made, j, cities, 2));
  }
  return made;
}

/* The mean and the median are of the numbers; categories become the most frequent one. */
TEST(impute__of_a_table_fills_numbers_and_categories) {
  static const char *const params[] = {NULL, "strategy=median", "indicator=true"};
  const float data[] = {1, nan32, 0, 1, 1, 3, 4, 0, nan32, 0, 2, 6, nan32, 1, 1};
  const float later[] = {nan32, nan32, nan32, nan32, nan32};
  const float expected[] = {2, 5, 0, 1, 1};
  const float marked[] = {2, 5, 1, 0, 1, 1, 1, 1};
  clf_context_set_log(context, count_categories, NULL);
  for (size_t i = 0; i < 3; i++) {
    clf_dataset *rows = table(data, 3), *new_rows = table(later, 1), *out = NULL;
    clf_transform *transform = create("impute", params[i]);
    lines = 0;
    ck_clf_ok(clf_transform_fit(transform, rows));
    ck_assert_int_eq(lines, 1);
    ck_clf_ok(clf_transform_apply(&out, transform, new_rows));
    ck_assert_int_eq(clf_dataset_features(out), i == 2 ? 8 : 5);
    ck_assert_mem_eq(clf__dataset_rows(out).data, i == 2 ? marked : expected,
                     (i == 2 ? 8 : 5) * sizeof *expected);
    ck_assert_int_eq(clf_dataset_category_count(out, i == 2 ? 7 : 4), 2);
    clf_dataset_free(out);
    clf_dataset_free(new_rows);
    clf_dataset_free(rows);
    clf_transform_free(transform);
  }
}

TEST(robust__divides_by_the_distance_of_quartiles) {
  const float data[] = {1, 5, 2, 5, 3, 5, 4, 5, 100, 5};
  check("robust", NULL, floats(data, 5, 2), (double[]){-1, 0, -0.5, 0, 0, 0, 0.5, 0, 48.5, 0}, 2,
        1e-6);
  check("robust", "center=false low=0 high=1", floats(data, 5, 2),
        (double[]){1 / 99., 5, 2 / 99., 5, 3 / 99., 5, 4 / 99., 5, 100 / 99., 5}, 2, 1e-6);
}

/* Weights of 2 and 3 are rows that occur so often; in units of the smallest, too. */
TEST(robust_and_quantile__count_rows_by_their_weights) {
  const float data[] = {4, 1, 3, 9};
  const float twice[] = {4, 1, 1, 3, 3, 3, 9, 9};
  static const char *const kinds[] = {"robust", "quantile"};
  for (int k = 0; k < 4; k++) {
    clf_dataset *rows = floats(data, 4, 1), *repeated = floats(twice, 8, 1), *out[2] = {NULL};
    const float unit = k < 2 ? 1 : 0.125f;
    set_weights(rows, (float[]){unit, 2 * unit, 3 * unit, 2 * unit});
    clf_transform *one = create(kinds[k % 2], NULL), *other = create(kinds[k % 2], NULL);
    ck_clf_ok(clf_transform_fit(one, rows));
    ck_clf_ok(clf_transform_fit(other, repeated));
    ck_clf_ok(clf_transform_apply(&out[0], one, rows));
    ck_clf_ok(clf_transform_apply(&out[1], other, rows));
    ck_assert_mem_eq(clf__dataset_rows(out[0]).data, clf__dataset_rows(out[1]).data,
                     4 * sizeof(float));
    for (int i = 0; i < 2; i++) {
      clf_dataset_free(out[i]);
    }
    clf_transform_free(one);
    clf_transform_free(other);
    clf_dataset_free(rows);
    clf_dataset_free(repeated);
  }
}

/* The rank of a tie is the mean of its first and its last. */
TEST(quantile__gives_exact_ranks) {
  const float data[] = {7, 3, 3, 100, 3, 50, -1e20f};
  check("quantile", NULL, floats(data, 7, 1),
        (double[]){4 / 6., 2 / 6., 2 / 6., 1, 2 / 6., 5 / 6., 0}, 1, 1e-7);
  const double z[] = {0, 5.199337582605575, -5.199337582605575};
  check("quantile", "output=normal", floats((float[]){2, 3, 1}, 3, 1), z, 1, 1e-6);
}

TEST(quantile__interpolates_and_ends_at_0_and_1) {
  clf_dataset *rows = floats((float[]){0, 1, 2, 4}, 4, 1), *out = NULL;
  clf_dataset *others = floats((float[]){-5, 0.5f, 3, 9}, 4, 1);
  clf_transform *transform = create("quantile", NULL);
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_ok(clf_transform_apply(&out, transform, others));
  const float *values = clf__dataset_rows(out).data;
  ck_assert_float_eq(values[0], 0);
  ck_assert_float_eq_tol(values[1], 1 / 6.f, 1e-6f);
  ck_assert_float_eq_tol(values[2], 5 / 6.f, 1e-6f);
  ck_assert_float_eq(values[3], 1);
  clf_dataset_free(out);
  clf_dataset_free(others);
  clf_dataset_free(rows);
  clf_transform_free(transform);
}

TEST(log__is_that_of_one_more) {
  const float data[] = {0, 1, 1e10f, 3};
  check("log", NULL, floats(data, 2, 2), (double[]){0, log(2), log1p(1e10), log(4)}, 2, 1e-5);
  check("log", "signs=true", floats((float[]){-1, 1}, 2, 1), (double[]){-log(2), log(2)}, 1, 1e-6);
  refuse("log", NULL, floats((float[]){1, 1, -0.5f, 1}, 2, 2), CLF_ERROR_DATA,
         "row 1, column 1: -0.5 is below 0; signs=true");
}

TEST(transforms__of_sparse_rows_are_those_of_dense_ones) {
  static const char *const kinds[][2] = {{"robust", "center=false low=0"},
                                         {"log", NULL},
                                         {"quantile", NULL},
                                         {"impute", "strategy=median"}};
  const float data[] = {0, 1, 0, 2, 3, 0, 0, 5, 0, 6, 0, 0, 0, 9, 0};
  for (int k = 0; k < 4; k++) {
    double expected[15];
    clf_dataset *rows = floats(data, 5, 3), *out = NULL;
    clf_transform *transform = create(kinds[k][0], kinds[k][1]);
    ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
    const clf__rows x = clf__dataset_rows(out);
    for (int i = 0; i < 5; i++) {
      clf__rows_read_f64(&x, i, expected + 3 * i);
    }
    check(kinds[k][0], kinds[k][1], sparse_of(context, data, 5, 3, NULL), expected, 3, 0);
    clf_dataset_free(out);
    clf_dataset_free(rows);
    clf_transform_free(transform);
  }
}

/* A model with missing values learns and predicts; without impute it says what would help. */
TEST(models__take_missing_values_after_impute) {
  const float data[] = {1, nan32, 2, 0, nan32, 1, 4, 1, 5, 0, 6, 1};
  const int32_t labels[] = {0, 0, 0, 1, 1, 1};
  clf_dataset *rows = dataset_of(context, data, CLF_F32, 6, 2, labels);
  clf_model *model = NULL;
  int32_t found[6];
  ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
  ck_clf_fails(clf_model_fit(model, rows, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("impute");
  ck_clf_ok(clf_model_add_transform(model, "impute", "indicator=true"));
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_ok(clf_model_predict(model, rows, found, 6));
  clf_dataset *infinite = dataset_of(context, (float[]){INFINITY, 1}, CLF_F32, 1, 2, NULL);
  ck_clf_fails(clf_model_predict(model, infinite, found, 1), CLF_ERROR_DATA);
  clf_dataset_free(infinite);
  clf_model_free(model);
  ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
  ck_clf_ok(clf_model_add_transform(model, "impute", "columns=1"));
  ck_clf_fails(clf_model_fit(model, rows, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("is NaN");
  clf_model_free(model);
  clf_dataset_free(rows);
}

typedef struct setting {
  const char *kind, *params;
} setting;

static clf_status live(clf_context *limited, const void *argument) {
  static const float data[] = {0, 1, 0, 2, 3, 0, 0, 5, 0, 6, 0, 0, 0, 9, 0};
  const setting *how = argument;
  clf_dataset *rows = NULL, *out = NULL;
  clf_tensor *x = NULL;
  clf_transform *transform = NULL;
  clf_status status;
  TRY(clf_tensor_wrap(&x, limited, data, CLF_F32, 2, (int64_t[]){5, 3}, NULL));
  TRY(clf_dataset_create(&rows, limited, x, NULL));
  TRY(clf_transform_create(&transform, limited, how->kind, how->params));
  TRY(clf_transform_fit_apply(&out, transform, rows));
done:
  clf_dataset_free(out);
  clf_dataset_free(rows);
  clf_tensor_free(x);
  clf_transform_free(transform);
  return status;
}

TEST(each_allocation__may_be_refused) {
  static const setting settings[] = {{"impute", "indicator=true"},
                                     {"robust", NULL},
                                     {"quantile", "output=normal columns=2,1"},
                                     {"log", "columns=3"}};
  for (int i = 0; i < 4; i++) {
    check_every_allocation("threads=1", live, &settings[i]);
  }
}

SUITE("numbers", .setup = open_two_threads, .teardown = close_context)
