/* one_hot, ordinal, target_mean and hash against closed forms: rare, missing and unknown
 * categories, weights, files. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contexts.h"
#include "support.h"
#include "transform/transform.h"

enum { ROWS = 10, MAX_COLUMNS = 16 };

static const char *const cities[] = {"Chur", "Bern", "Aarau", "Genf"};
static const char *const names[] = {"age", "city"};

/* Chur 4, Bern 3, Aarau 2, and one missing; Genf is in the dictionary only. */
static float data[ROWS * 2];
static int32_t labels[ROWS];

static clf_dataset *rows_of(const float *x, int64_t rows, const int32_t *y) {
  clf_dataset *made = dataset_of(context, x, CLF_F32, rows, 2, y);
  ck_clf_ok(clf_dataset_set_column_names(made, names, 2));
  ck_clf_ok(clf_dataset_set_categories(made, 1, cities, 4));
  return made;
}

static clf_dataset *some_rows(void) {
  static const float codes[ROWS] = {0, 1, 0, 2, 1, 0, NAN, 2, 1, 0};
  for (int i = 0; i < ROWS; i++) {
    data[2 * i] = (float)i;
    data[2 * i + 1] = codes[i];
    labels[i] = i % 2;
  }
  return rows_of(data, ROWS, labels);
}

static clf_transform *create(const char *kind, const char *params) {
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, kind, params));
  return transform;
}

/* The names of what is made, and the row of each of `codes` (NAN is missing). */
static void check(const char *kind, const char *params, const char *called, const float *codes,
                  int64_t count, const double *expected) {
  clf_dataset *rows = some_rows(), *out = NULL;
  clf_transform *transform = create(kind, params);
  ck_clf_ok(clf_transform_fit(transform, rows));
  char text[256] = "", name[64];
  const int64_t columns = clf_transform_outputs(transform);
  for (int64_t j = 0; j < columns; j++) {
    ck_clf_ok(clf_transform_output_name(transform, j, name, sizeof name, NULL));
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", j > 0 ? "|" : "", name);
  }
  ck_assert_str_eq(text, called);
  float x[2 * MAX_COLUMNS];
  for (int64_t i = 0; i < count; i++) {
    x[2 * i] = 0;
    x[2 * i + 1] = codes[i];
  }
  clf_dataset *others = rows_of(x, count, NULL);
  ck_clf_ok(clf_transform_apply(&out, transform, others));
  double values[MAX_COLUMNS];
  const clf__rows made = clf__dataset_rows(out);
  for (int64_t i = 0; i < count; i++) {
    clf__rows_read_f64(&made, i, values);
    for (int64_t j = 1; j < columns; j++) {
      const double wanted = expected[i * (columns - 1) + j - 1];
      ck_assert_msg(isnan(wanted) ? isnan(values[j]) : fabs(values[j] - wanted) < 1e-6,
                    "%s %s: row %lld, column %lld is %g, not %g", kind, params, (long long)i,
                    (long long)j, values[j], wanted);
    }
  }
  clf_dataset_free(out);
  clf_dataset_free(others);
  clf_dataset_free(rows);
  clf_transform_free(transform);
}

TEST(one_hot__makes_a_column_of_each_category) {
  check("one_hot", NULL, "age|city=Aarau|city=Bern|city=Chur|city=(missing)",
        (float[]){0, 1, 2, NAN}, 4, (double[]){0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1});
  check("one_hot", "sparse=true missing=ignore", "age|city=Aarau|city=Bern|city=Chur",
        (float[]){0, 1, NAN}, 3, (double[]){0, 0, 1, 0, 1, 0, 0, 0, 0});
}

TEST(one_hot__pools_rare_categories) {
  check("one_hot", "min_frequency=3", "age|city=Bern|city=Chur|city=(rare)|city=(missing)",
        (float[]){0, 2}, 2, (double[]){0, 1, 0, 0, 0, 0, 1, 0});
  check("one_hot", "min_frequency=0.35 unknown=own missing=ignore", "age|city=Chur|city=(rare)",
        (float[]){1, 3}, 2, (double[]){0, 1, 0, 1});
  check("one_hot", "max_categories=2 missing=ignore", "age|city=Chur|city=(rare)", (float[]){0, 1},
        2, (double[]){1, 0, 0, 1});
}

TEST(one_hot__encodes_unknown_categories_by_choice) {
  check("one_hot", "unknown=ignore missing=ignore", "age|city=Aarau|city=Bern|city=Chur",
        (float[]){3}, 1, (double[]){0, 0, 0});
  check("one_hot", "unknown=own missing=ignore",
        "age|city=Aarau|city=Bern|city=Chur|city=(unknown)", (float[]){3, 1}, 2,
        (double[]){0, 0, 0, 1, 0, 1, 0, 0});
  clf_dataset *rows = some_rows(), *out = NULL;
  clf_dataset *others = rows_of((float[]){1, 0, 2, 3}, 2, NULL);
  clf_transform *transform = create("one_hot", NULL);
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_fails(clf_transform_apply(&out, transform, others), CLF_ERROR_DATA);
  ck_clf_says("row 1: 'Genf' in column 'city' is a category that the rows of the fit lacked");
  clf_transform_free(transform);
  transform = create("one_hot", "missing=error");
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_DATA);
  ck_clf_says("column 'city' has missing values");
  clf_transform_free(transform);
  clf_dataset_free(others);
  clf_dataset_free(rows);
}

TEST(one_hot__drops_a_category) {
  check("one_hot", "drop=first missing=ignore", "age|city=Bern|city=Chur", (float[]){2, 0}, 2,
        (double[]){0, 0, 0, 1});
  check("one_hot", "drop=binary max_categories=2 missing=ignore", "age|city=(rare)",
        (float[]){0, 1}, 2, (double[]){0, 1});
}

TEST(one_hot__takes_numbers_as_categories_where_they_are_named) {
  const float x[] = {30, 7, -2, 7, 30, 7};
  clf_dataset *rows = dataset_of(context, x, CLF_F32, 3, 2, NULL), *out = NULL;
  clf_transform *transform = create("one_hot", "columns=1");
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  static const float expected[] = {0, 1, 7, 1, 0, 7, 0, 1, 7};
  ck_assert_mem_eq(clf__dataset_rows(out).data, expected, sizeof expected);
  char name[16];
  ck_clf_ok(clf_transform_output_name(transform, 0, name, sizeof name, NULL));
  ck_assert_str_eq(name, "x0=-2");
  clf_transform *none = create("one_hot", NULL);
  ck_clf_fails(clf_transform_fit(none, rows), CLF_ERROR_DATA);
  ck_clf_says("no column of the rows holds categories");
  clf_transform_free(none);
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

/* Many categories make sparse rows, which take no more memory than the column itself. */
TEST(one_hot__of_many_categories_is_sparse) {
  enum { MANY = 3000 };
  static float x[MANY];
  for (int i = 0; i < MANY; i++) {
    x[i] = (float)(i % 1000);
  }
  clf_dataset *rows = dataset_of(context, x, CLF_F32, MANY, 1, NULL), *out = NULL;
  clf_transform *transform = create("one_hot", "columns=1");
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  ck_assert_int_eq(clf_dataset_sparse(out), 1);
  ck_assert_int_eq(clf_dataset_features(out), 1000);
  ck_assert_int_eq(clf_dataset_nonzeros(out), MANY);
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(ordinal__numbers_categories_by_name) {
  check("ordinal", NULL, "age|city", (float[]){0, 1, 2, NAN}, 4, (double[]){2, 1, 0, 3});
  check("ordinal", "missing=ignore unknown=ignore", "age|city", (float[]){0, NAN, 3}, 3,
        (double[]){2, (double)NAN, (double)NAN});
  check("ordinal", "unknown=own missing=ignore min_frequency=3", "age|city", (float[]){0, 2, 3}, 3,
        (double[]){1, 2, 2});
}

/* Labels of Chur are 0 0 1 1, of Bern 1 0 0, of Aarau 1 1; the missing one is 0. Half of all are
 * 1. */
TEST(target_mean__is_the_mean_of_the_labels) {
  const double m = 2;
  check("target_mean", "smoothing=2", "age|city", (float[]){0, 1, 2, NAN, 3}, 5,
        (double[]){(2 + m / 2) / (4 + m), (1 + m / 2) / (3 + m), (2 + m / 2) / (2 + m),
                   (0 + m / 2) / (1 + m), 0.5});
  const double v = 0.25, u = 1 / 3. - 1 / 9., share = v * 3 / (v * 3 + u);
  check("target_mean", NULL, "age|city", (float[]){1, 2}, 2,
        (double[]){share / 3 + (1 - share) / 2, 1});
}

/* The rows of the fit do not see their own labels: a category of one row tells nothing. */
TEST(target_mean__of_the_training_rows_is_that_of_other_rows) {
  float x[2 * ROWS];
  clf_dataset *out = NULL;
  for (int i = 0; i < ROWS; i++) {
    x[2 * i] = (float)i; /* a category of its own */
    x[2 * i + 1] = (float)(i % 4);
    labels[i] = i % 2;
  }
  clf_dataset *rows = rows_of(x, ROWS, labels);
  clf_transform *transform = create("target_mean", "columns=age,city smoothing=0 folds=5");
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  const float *made = clf__dataset_rows(out).data;
  for (int i = 0; i < ROWS; i++) {
    ck_assert_float_eq_tol(made[2 * i], 0.5f, 1e-6f);
  }
  clf_dataset_free(out);
  out = NULL;
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  made = clf__dataset_rows(out).data;
  for (int i = 0; i < ROWS; i++) {
    ck_assert_float_eq(made[2 * i], (float)labels[i]);
    ck_assert_float_eq(made[2 * i + 1], (float)labels[i]);
  }
  clf_dataset_free(out);
  clf_transform_free(transform);
  transform = create("target_mean", NULL);
  clf_dataset *unlabelled = rows_of(x, ROWS, NULL);
  ck_clf_fails(clf_transform_fit(transform, unlabelled), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("labels or targets");
  clf_transform_free(transform);
  clf_dataset_free(unlabelled);
  clf_dataset_free(rows);
}

TEST(target_mean__has_a_column_of_each_class_and_output) {
  static const int32_t three[ROWS] = {7, 8, 9, 7, 8, 9, 7, 8, 9, 7};
  clf_dataset *rows = some_rows();
  clf_tensor *y = wrap(three, CLF_I32, 1, (int64_t[]){ROWS}, NULL);
  ck_clf_ok(clf_dataset_set_labels(rows, y));
  clf_transform *transform = create("target_mean", NULL);
  ck_clf_ok(clf_transform_fit(transform, rows));
  char name[16];
  ck_assert_int_eq(clf_transform_outputs(transform), 4);
  ck_clf_ok(clf_transform_output_name(transform, 3, name, sizeof name, NULL));
  ck_assert_str_eq(name, "city_9");
  clf_tensor_free(y);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(target_mean__keeps_the_digits_of_targets_with_an_offset) {
  double y[ROWS];
  clf_dataset *rows = some_rows(), *out = NULL;
  for (int i = 0; i < ROWS; i++) {
    y[i] = 1e7 + i % 3;
  }
  clf_tensor *targets = wrap(y, CLF_F64, 1, (int64_t[]){ROWS}, NULL);
  ck_clf_ok(clf_dataset_set_targets(rows, targets));
  clf_transform *transform = create("target_mean", "smoothing=0");
  ck_clf_ok(clf_transform_fit(transform, rows));
  clf_tensor *means = NULL;
  ck_clf_ok(clf_transform_tensor(&means, transform, "means"));
  /* of Aarau, the first by name: rows 3 and 7 */
  ck_assert_double_eq_tol(clf__tensor_value(means, 0), 1e7 + 0.5, 1e-8);
  clf_tensor_free(means);
  clf_tensor_free(targets);
  clf_transform_free(transform);
  clf_dataset_free(rows);
  clf_dataset_free(out);
}

TEST(encoders__count_rows_by_their_weights) {
  static const char *const settings[][2] = {{"one_hot", "min_frequency=4"},
                                            {"ordinal", "max_categories=2"},
                                            {"target_mean", NULL},
                                            {"target_mean", "smoothing=3"}};
  for (int s = 0; s < 4; s++) {
    clf_dataset *rows = some_rows(), *twice = NULL, *out[2] = {NULL};
    float weights[ROWS];
    int64_t order[2 * ROWS], count = 0;
    for (int i = 0; i < ROWS; i++) {
      weights[i] = (float)(i % 3);
      for (int k = 0; k < i % 3; k++) {
        order[count++] = i;
      }
    }
    ck_clf_ok(clf_dataset_subset(&twice, rows, order, count));
    set_weights(rows, weights);
    clf_transform *one = create(settings[s][0], settings[s][1]);
    clf_transform *other = create(settings[s][0], settings[s][1]);
    ck_clf_ok(clf_transform_fit(one, rows));
    ck_clf_ok(clf_transform_fit(other, twice));
    ck_clf_ok(clf_transform_apply(&out[0], one, twice));
    ck_clf_ok(clf_transform_apply(&out[1], other, twice));
    const clf__rows x = clf__dataset_rows(out[0]), y = clf__dataset_rows(out[1]);
    ck_assert_int_eq(x.columns, y.columns);
    for (int64_t i = 0; i < count * x.columns; i++) {
      ck_assert_float_eq_tol(((const float *)x.data)[i], ((const float *)y.data)[i], 1e-6f);
    }
    for (int i = 0; i < 2; i++) {
      clf_dataset_free(out[i]);
    }
    clf_transform_free(one);
    clf_transform_free(other);
    clf_dataset_free(twice);
    clf_dataset_free(rows);
  }
}

TEST(hash__adds_texts_up_in_few_columns) {
  clf_dataset *rows = some_rows(), *out = NULL, *again = NULL;
  clf_transform *transform = create("hash", "size=5 signs=false");
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  ck_assert_int_eq(clf_dataset_features(out), 6);
  const float *made = clf__dataset_rows(out).data;
  for (int i = 0; i < ROWS; i++) {
    double sum = 0;
    for (int j = 1; j < 6; j++) {
      sum += (double)made[6 * i + j];
    }
    ck_assert_double_eq(sum, isnan(data[2 * i + 1]) ? 0 : 1); /* a missing value is no text */
  }
  ck_assert_mem_eq(made + 1, made + 6 * 2 + 1, 5 * sizeof *made); /* both are Chur */
  clf_transform *other = create("hash", "size=5 signs=false seed=1");
  ck_clf_ok(clf_transform_fit_apply(&again, other, rows));
  ck_assert_mem_ne(made, clf__dataset_rows(again).data, sizeof(float) * ROWS * 6);
  clf_dataset_free(again);
  clf_dataset_free(out);
  clf_transform_free(other);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(hash__may_divide_texts_into_words) {
  static const char *const texts[] = {"red green", " green  red", "blue", ""};
  const float x[] = {0, 1, 2, 3};
  clf_dataset *rows = dataset_of(context, x, CLF_F32, 4, 1, NULL), *out = NULL;
  ck_clf_ok(clf_dataset_set_categories(rows, 0, texts, 4));
  clf_transform *transform = create("hash", "size=1024 words=true sparse=true");
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  const clf__rows made = clf__dataset_rows(out);
  ck_assert_int_eq(made.row_start[1], 2);
  ck_assert_int_eq(made.row_start[2], 4);
  ck_assert_int_eq(made.row_start[4], 5);
  ck_assert_mem_eq(made.column, made.column + 2, 2 * sizeof *made.column);
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

typedef struct setting {
  const char *kind, *params;
} setting;

static const setting settings[] = {{"one_hot", "min_frequency=3 unknown=own"},
                                   {"one_hot", "sparse=true columns=city,age"},
                                   {"ordinal", "missing=ignore unknown=ignore"},
                                   {"target_mean", "columns=city,age"},
                                   {"hash", "size=3"}};

TEST(encoders__are_restored_from_a_file) {
  static unsigned char bytes[1 << 15];
  for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++) {
    clf_dataset *rows = some_rows(), *one = NULL, *other = NULL;
    clf_transform *transform = create(settings[s].kind, settings[s].params), *loaded = NULL;
    size_t size = 0;
    double values[MAX_COLUMNS], again[MAX_COLUMNS];
    ck_clf_ok(clf_transform_fit(transform, rows));
    ck_clf_ok(clf_transform_save_memory(transform, bytes, sizeof bytes, &size));
    ck_clf_ok(clf_transform_load_memory(&loaded, context, bytes, size));
    ck_clf_ok(clf_transform_apply(&one, transform, rows));
    ck_clf_ok(clf_transform_apply(&other, loaded, rows));
    const clf__rows x = clf__dataset_rows(one), y = clf__dataset_rows(other);
    ck_assert_int_eq(x.columns, y.columns);
    for (int64_t i = 0; i < ROWS; i++) {
      clf__rows_read_f64(&x, i, values);
      clf__rows_read_f64(&y, i, again);
      ck_assert_mem_eq(values, again, (size_t)x.columns * sizeof *values);
    }
    for (int64_t j = 0; j < x.columns; j++) {
      ck_assert_str_eq(clf_dataset_column_name(one, j), clf_dataset_column_name(other, j));
    }
    clf_dataset_free(one);
    clf_dataset_free(other);
    clf_transform_free(transform);
    clf_transform_free(loaded);
    clf_dataset_free(rows);
  }
}

static clf_status live(clf_context *limited, const void *argument) {
  const setting *how = argument;
  clf_dataset *rows = NULL, *out = NULL;
  clf_tensor *x = NULL, *y = NULL;
  clf_transform *transform = NULL;
  clf_status status;
  TRY(clf_tensor_wrap(&x, limited, data, CLF_F32, 2, (int64_t[]){ROWS, 2}, NULL));
  TRY(clf_tensor_wrap(&y, limited, labels, CLF_I32, 1, (int64_t[]){ROWS}, NULL));
  TRY(clf_dataset_create(&rows, limited, x, y));
  TRY(clf_dataset_set_column_names(rows, names, 2));
  TRY(clf_dataset_set_categories(rows, 1, cities, 4));
  TRY(clf_transform_create(&transform, limited, how->kind, how->params));
  TRY(clf_transform_fit_apply(&out, transform, rows));
done:
  clf_dataset_free(out);
  clf_dataset_free(rows);
  clf_tensor_free(x);
  clf_tensor_free(y);
  clf_transform_free(transform);
  return status;
}

TEST(each_allocation__may_be_refused) {
  clf_dataset_free(some_rows()); /* fills data and labels */
  for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++) {
    check_every_allocation("threads=1", live, &settings[s]);
  }
}

/* Rows of weight 0 are as rows that the fit does not have, though nobody else has their category. */
TEST(encoders__of_rows_of_weight_0_do_not_refuse_them) {
  static const float weights[ROWS] = {1, 1, 1, 0, 1, 1, 0, 0, 1, 1}; /* neither Aarau nor missing */
  static const char *const kinds[][2] = {
      {"one_hot", NULL}, {"one_hot", "missing=error"}, {"ordinal", NULL}, {"target_mean", NULL}};
  for (int s = 0; s < 4; s++) {
    clf_dataset *rows = some_rows(), *out = NULL;
    set_weights(rows, weights);
    clf_transform *transform = create(kinds[s][0], kinds[s][1]);
    ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
    double values[MAX_COLUMNS];
    const clf__rows x = clf__dataset_rows(out);
    for (int64_t i = 0; i < ROWS; i++) {
      clf__rows_read_f64(&x, i, values);
      for (int64_t j = 0; j < x.columns; j++) {
        ck_assert(isfinite(values[j]));
      }
    }
    ck_assert_int_eq(x.columns, s < 2 ? 3 : 2);
    clf_dataset_free(out);
    if (s < 3) {
      ck_clf_fails(clf_transform_apply(&out, transform, rows), CLF_ERROR_DATA);
    }
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
    ck_clf_ok(clf_model_add_transform(model, kinds[s][0], kinds[s][1]));
    ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
    clf_model_free(model);
    clf_transform_free(transform);
    clf_dataset_free(rows);
  }
}

enum { MANY = 6000, WIDTH = 3 };

/* Numbers with missing values, and texts of a few words. */
static clf_dataset *many_rows(clf_context *owner) {
  static float x[MANY * WIDTH];
  static int32_t y[MANY];
  static const char *const texts[] = {"a b c", "b", "c d", "e a b b"};
  clf_dataset *made;
  uint64_t seed = 3;
  for (int i = 0; i < MANY; i++) {
    x[i * WIDTH] = random_unit(&seed) < 0.1 ? NAN : (float)random_normal(&seed);
    x[i * WIDTH + 1] = (float)(1e6 + random_normal(&seed));
    x[i * WIDTH + 2] = (float)(int)(4 * random_unit(&seed));
    y[i] = random_unit(&seed) < 0.4;
  }
  made = dataset_of(owner, x, CLF_F32, MANY, WIDTH, y);
  ck_clf_ok(clf_dataset_set_categories(made, 2, texts, 4));
  return made;
}

static void make(float *to, const char *threads, const char *kind, const char *params) {
  clf_context *own = NULL;
  clf_dataset *out = NULL;
  clf_transform *transform = NULL;
  ck_clf_ok(clf_context_create(&own, NULL, threads));
  clf_dataset *rows = many_rows(own);
  ck_clf_ok(clf_transform_create(&transform, own, kind, params));
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  const clf__rows x = clf__dataset_rows(out);
  ck_assert_int_le(x.columns, MAX_COLUMNS);
  memcpy(to, x.data, (size_t)(MANY * x.columns) * sizeof *to);
  clf_dataset_free(out);
  clf_dataset_free(rows);
  clf_transform_free(transform);
  clf_context_free(own);
}

TEST(tables__have_the_same_bits_on_any_number_of_threads) {
  static const char *const kinds[][2] = {{"impute", "strategy=median indicator=true"},
                                         {"impute", "strategy=most_frequent"},
                                         {"robust", "columns=2"},
                                         {"quantile", "columns=2 output=normal"},
                                         {"one_hot", NULL},
                                         {"target_mean", NULL},
                                         {"hash", "size=8 words=true"}};
  static float one[MANY * MAX_COLUMNS], two[MANY * MAX_COLUMNS];
  for (size_t s = 0; s < sizeof kinds / sizeof kinds[0]; s++) {
    make(one, "threads=1", kinds[s][0], kinds[s][1]);
    make(two, "threads=3", kinds[s][0], kinds[s][1]);
    ck_assert_msg(memcmp(one, two, sizeof one) == 0, "%s differs", kinds[s][0]);
  }
}

TEST(hash__of_words_takes_long_texts) {
  enum { WORDS = 200000 };
  char *text = malloc(8 * WORDS);
  size_t length = 0;
  for (int i = 0; i < WORDS; i++) {
    length += (size_t)sprintf(text + length, "w%d ", (i * 7919) % 100);
  }
  clf_dataset *rows = dataset_of(context, (float[]){0}, CLF_F32, 1, 1, NULL), *out = NULL;
  ck_clf_ok(clf_dataset_set_categories(rows, 0, (const char *const[]){text}, 1));
  clf_transform *transform = create("hash", "words=true signs=false size=4096 sparse=false");
  ck_clf_ok(clf_transform_fit_apply(&out, transform, rows));
  const float *x = clf__dataset_rows(out).data;
  double sum = 0;
  for (int64_t j = 0; j < 4096; j++) {
    ck_assert(fmod((double)x[j], WORDS / 100) == 0); /* each word 2,000 times */
    sum += (double)x[j];
  }
  ck_assert_double_eq(sum, WORDS);
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(rows);
  free(text);
}

/* A table of mixed columns in one model. */
TEST(models__take_tables_of_mixed_columns) {
  clf_dataset *rows = some_rows();
  clf_model *model = NULL;
  int32_t found[ROWS];
  char name[32];
  ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
  ck_clf_fails(clf_model_fit(model, rows, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_ok(clf_model_add_transform(model, "standardize", "columns=age"));
  ck_clf_ok(clf_model_add_transform(model, "one_hot", "unknown=ignore"));
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  ck_assert_int_eq(clf_model_columns(model), 5);
  ck_clf_ok(clf_model_column_name(model, 4, name, sizeof name, NULL));
  ck_assert_str_eq(name, "city=(missing)");
  clf_model_free(model);
  clf_dataset_free(rows);
}

SUITE("encoders", .setup = open_two_threads, .teardown = close_context)
