#include <math.h>
#include <string.h>

#include "contexts.h"
#include "transform/transform.h"

static clf_transform *create(const char *kind, const char *params) {
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, kind, params));
  return transform;
}

/* Fits on rows and transforms them; the rows are freed. */
static clf_dataset *fit_and_apply(const char *kind, const char *params, clf_dataset *rows) {
  clf_transform *transform = create(kind, params);
  clf_dataset *out = NULL;
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  ck_assert_int_eq(clf_dataset_features(out), clf__transform_columns(transform));
  clf_transform_free(transform);
  clf_dataset_free(rows);
  return out;
}

static clf_dataset *floats(const float *data, int64_t rows, int64_t columns) {
  return dataset_of(context, data, CLF_F32, rows, columns, NULL);
}

static void assert_dense(clf_dataset *dataset, const float *expected, float tolerance) {
  clf__rows x = clf__dataset_rows(dataset);
  ck_assert_int_eq(x.dtype, CLF_F32);
  for (int64_t i = 0; i < x.rows * x.columns; i++) {
    float difference = fabsf(((const float *)x.data)[i] - expected[i]);
    ck_assert_msg(difference <= tolerance, "%lld: %g is off by %g", (long long)i,
                  (double)expected[i], (double)difference);
  }
  clf_dataset_free(dataset);
}

TEST(standardize__gives_mean_0_and_deviation_1) {
  const float data[] = {1, 10, 2, 20, 3, 30, 4, 40};
  const float a = 1.341640786f, b = 0.4472135955f;
  assert_dense(fit_and_apply("standardize", NULL, floats(data, 4, 2)),
               (float[]){-a, -a, -b, -b, b, b, a, a}, 1e-6f);
}

TEST(standardize__can_leave_out_either_half) {
  const float data[] = {1, 3};
  assert_dense(fit_and_apply("standardize", "mean=false", floats(data, 2, 1)), (float[]){1, 3},
               1e-6f);
  assert_dense(fit_and_apply("standardize", "deviation=false", floats(data, 2, 1)),
               (float[]){-1, 1}, 1e-6f);
}

TEST(standardize__divides_constant_columns_by_1) {
  const float data[] = {0.1f, 5, 0.1f, 5, 0.1f, 5};
  assert_dense(fit_and_apply("standardize", NULL, floats(data, 3, 2)), (float[6]){0}, 0);
  assert_dense(fit_and_apply("standardize", "mean=false", floats(data, 3, 2)), data, 0);
}

TEST(standardize__tells_a_constant_column_by_its_spread) {
  const float data[] = {0.1f, 5, 0.1f, 6, 0.1f, 7};
  clf_dataset *rows = floats(data, 3, 2);
  clf_transform *transform = create("standardize", NULL);
  ck_clf_ok(clf_transform_fit(transform, rows));
  const double *spread = clf__store_tensor(transform->state, "spread")->data;
  const double *deviation = clf__store_tensor(transform->state, "deviation")->data;
  ck_assert_double_eq(spread[0], 0);
  ck_assert_double_eq(deviation[0], 1);
  ck_assert_double_eq_tol(spread[1], sqrt(2.0 / 3), 1e-15);
  ck_assert_double_eq(deviation[1], spread[1]);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(standardize__of_one_row_is_0) {
  const float data[] = {3, -7, 1e30f};
  assert_dense(fit_and_apply("standardize", NULL, floats(data, 1, 3)), (float[3]){0}, 0);
}

/* Numbers 1e7 + {0, 1, 2, …}, which f32 holds exactly: a variance from a sum of squares would be
 * lost. The rows suffice for several blocks. */
TEST(standardize__is_exact_far_from_0) {
  enum { ROWS = 200000 };
  static float data[ROWS];
  for (int i = 0; i < ROWS; i++) {
    data[i] = 1e7f + (float)(i % 5);
  }
  clf_dataset *out = fit_and_apply("standardize", NULL, floats(data, ROWS, 1));
  const float *values = clf__dataset_rows(out).data;
  for (int i = 0; i < ROWS; i++) {
    ck_assert_float_eq_tol(values[i], (float)(i % 5 - 2) / sqrtf(2), 1e-6f);
  }
  clf_dataset_free(out);
}

TEST(standardize__counts_rows_by_their_weights) {
  const float data[] = {100, 1, 3, 3, 3, -50};
  const float weights[] = {0, 1, 1, 0.5f, 1.5f, 0};
  clf_dataset *rows = floats(data, 6, 1);
  set_weights(rows, weights);
  const float unit = 1 / sqrtf(0.75f); /* weighted: 1 once, 3 three times */
  assert_dense(
      fit_and_apply("standardize", NULL, rows),
      (float[]){97.5f * unit, -1.5f * unit, 0.5f * unit, 0.5f * unit, 0.5f * unit, -52.5f * unit},
      1e-4f);
}

TEST(standardize__of_bytes_is_that_of_their_values) {
  const uint8_t bytes[] = {0, 100, 51, 100, 255, 100};
  const float values[] = {0, 100.f / 255, 51.f / 255, 100.f / 255, 1, 100.f / 255};
  clf_dataset *expected = fit_and_apply("standardize", NULL, floats(values, 3, 2));
  assert_dense(fit_and_apply("standardize", NULL, dataset_of(context, bytes, CLF_U8, 3, 2, NULL)),
               clf__dataset_rows(expected).data, 1e-6f);
  clf_dataset_free(expected);
}

/* The statistics and results of sparse rows are those of the same rows stored densely. */
TEST(standardize__keeps_sparse_rows_sparse) {
  enum { ROWS = 50, COLUMNS = 6 };
  float data[ROWS * COLUMNS];
  uint64_t state = 5;
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    data[i] = random_unit(&state) < 0.4 ? (float)random_normal(&state) : 0;
    data[i] = i % COLUMNS == 5 ? 0.1f : i % COLUMNS == 4 ? 0 : data[i];
  }
  clf_dataset *dense = fit_and_apply("standardize", "mean=false", floats(data, ROWS, COLUMNS));
  clf_dataset *sparse =
      fit_and_apply("standardize", "mean=false", sparse_of(context, data, ROWS, COLUMNS, NULL));
  clf__rows x = clf__dataset_rows(sparse);
  ck_assert(clf__rows_sparse(&x));
  for (int i = 0; i < ROWS; i++) {
    const float *expected = (const float *)clf__dataset_rows(dense).data + i * COLUMNS;
    for (int64_t e = x.row_start[i]; e < x.row_start[i + 1]; e++) {
      ck_assert_float_eq_tol(x.value[e], expected[x.column[e]], 1e-6f);
    }
  }
  clf_dataset_free(dense);
  clf_dataset_free(sparse);
}

TEST(standardize__of_a_sparse_view_takes_its_own_entries) {
  const float data[] = {9, 9, 1, 0, 0, 2, 3, 4, 9, 9};
  clf_dataset *rows = sparse_of(context, data, 5, 2, NULL), *view = NULL, *out = NULL;
  clf_transform *transform = create("standardize", "mean=false deviation=false");
  ck_clf_ok(clf_dataset_subset(&view, rows, (int64_t[]){1, 2, 3}, 3));
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_ok(clf_transform_apply(&out, transform, view));
  clf__rows x = clf__dataset_rows(out);
  ck_assert_int_eq(clf__rows_entries(&x), 4);
  ck_assert_mem_eq(x.row_start, ((int64_t[]){0, 1, 2, 4}), 4 * sizeof(int64_t));
  ck_assert_mem_eq(x.column, ((int32_t[]){0, 1, 0, 1}), 4 * sizeof(int32_t));
  ck_assert_mem_eq(x.value, ((float[]){1, 2, 3, 4}), 4 * sizeof(float));
  clf_transform_free(transform);
  clf_dataset_free(rows);
  clf_dataset_free(view);
  clf_dataset_free(out);
}

TEST(min_max__fills_the_range) {
  const float data[] = {-2, 7, 0, 7, 2, 7};
  assert_dense(fit_and_apply("min_max", NULL, floats(data, 3, 2)), (float[]){0, 0, 0.5f, 0, 1, 0},
               0);
  assert_dense(fit_and_apply("min_max", "low=-1 high=3", floats(data, 3, 2)),
               (float[]){-1, -1, 1, -1, 3, -1}, 1e-6f);
}

TEST(min_max__clips_when_asked) {
  const float data[] = {0, 10}, beyond[] = {-5, 20, NAN};
  const char *const params[] = {NULL, "clip=true"};
  const float expected[][2] = {{-0.5f, 2}, {0, 1}};
  clf_dataset *rows = floats(data, 2, 1), *test = floats(beyond, 3, 1);
  for (int i = 0; i < 2; i++) {
    clf_transform *transform = create("min_max", params[i]);
    clf_dataset *out = NULL;
    ck_clf_ok(clf_transform_fit(transform, rows));
    ck_clf_ok(clf_transform_apply(&out, transform, test));
    const float *values = clf__dataset_rows(out).data;
    ck_assert_mem_eq(values, expected[i], sizeof expected[i]);
    ck_assert(isnan(values[2]));
    clf_transform_free(transform);
    clf_dataset_free(out);
  }
  clf_dataset_free(rows);
  clf_dataset_free(test);
}

TEST(min_max__takes_sparse_rows_where_0_stays_0) {
  const float data[] = {0, 2, 4, 0, 1, 0}, negative[] = {0, -2, 4, 0};
  clf_dataset *out = fit_and_apply("min_max", NULL, sparse_of(context, data, 3, 2, NULL));
  clf__rows x = clf__dataset_rows(out);
  ck_assert_mem_eq(x.value, ((float[]){1, 1, 0.25f}), 3 * sizeof(float));
  clf_dataset_free(out);
  clf_dataset *rows = sparse_of(context, negative, 2, 2, NULL);
  clf_transform *transform = create("min_max", NULL);
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("the minimum of feature 1 is -2");
  clf_transform_free(transform);
  transform = create("min_max", "low=-1");
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_UNSUPPORTED);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(min_max__low_must_be_below_high) {
  const float data[] = {1, 2};
  clf_transform *transform = create("min_max", "low=1 high=1");
  clf_dataset *rows = floats(data, 2, 1);
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_ARGUMENT);
  ck_clf_says("low must be below high");
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(polynomial__orders_products_by_degree_and_place) {
  const float data[] = {2, 3, 5};
  assert_dense(fit_and_apply("polynomial", NULL, floats(data, 1, 3)),
               (float[]){2, 3, 5, 4, 6, 10, 9, 15, 25}, 0);
  assert_dense(fit_and_apply("polynomial", "degree=3", floats(data, 1, 2)),
               (float[]){2, 3, 4, 6, 9, 8, 12, 18, 27}, 0);
  assert_dense(fit_and_apply("polynomial", "degree=3 interaction_only=true", floats(data, 1, 3)),
               (float[]){2, 3, 5, 6, 10, 15, 30}, 0);
  assert_dense(fit_and_apply("polynomial", "degree=9 interaction_only=true", floats(data, 1, 2)),
               (float[]){2, 3, 6}, 0);
  assert_dense(fit_and_apply("polynomial", "degree=1", floats(data, 3, 1)), data, 0);
}

/* Degree 4 of 5 features: 5 + 15 + 35 + 70 products. */
TEST(polynomial__counts_its_columns) {
  const float data[] = {1, 1, 1, 1, 1};
  clf_dataset *out = fit_and_apply("polynomial", "degree=4", floats(data, 1, 5));
  ck_assert_int_eq(clf_dataset_features(out), 125);
  clf_dataset_free(out);
  out = fit_and_apply("polynomial", "degree=4 interaction_only=true", floats(data, 1, 5));
  ck_assert_int_eq(clf_dataset_features(out), 30);
  clf_dataset_free(out);
}

TEST(polynomial__says_how_many_columns_are_too_many) {
  static float data[784];
  clf_dataset *rows = floats(data, 1, 784);
  clf_transform *transform = create("polynomial", "degree=5");
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_SHAPE);
  ck_clf_says("degree 5 of 784 features gives 2");
  clf_transform_free(transform);
  transform = create("polynomial", "degree=32");
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_SHAPE);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(polynomial__of_many_rows_is_that_of_each) {
  enum { ROWS = 5000, COLUMNS = 6, WIDTH = 27 };
  static uint8_t bytes[ROWS * COLUMNS];
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    bytes[i] = (uint8_t)(i * 31 % 256);
  }
  clf_dataset *out =
      fit_and_apply("polynomial", NULL, dataset_of(context, bytes, CLF_U8, ROWS, COLUMNS, NULL));
  const float *row = clf__dataset_rows(out).data;
  for (int i = 0; i < ROWS; i++, row += WIDTH) {
    int at = COLUMNS;
    for (int j = 0; j < COLUMNS; j++) {
      for (int k = j; k < COLUMNS; k++) {
        double product = bytes[i * COLUMNS + j] / 255.0 * (bytes[i * COLUMNS + k] / 255.0);
        ck_assert_float_eq_tol(row[at++], (float)product, 1e-6f);
      }
    }
    ck_assert_int_eq(at, WIDTH);
  }
  clf_dataset_free(out);
}

/* With alpha=1 the counts are 3, 2, 1 of 6 in one class and 1, 2, 2 of 5 in the other. */
TEST(log_count_ratio__weighs_features_by_class) {
  const float data[] = {1, 1, 0, 5, 0, 0, 0, 0, 2, 0, 1, 0};
  const int32_t labels[] = {0, 0, 1, 1};
  const float a = logf(2.5F), b = logf(1.2F), c = logf(2.4F);
  const float expected[] = {a, b, 0, 5 * a, 0, 0, 0, 0, 2 * c, 0, b, 0};
  assert_dense(
      fit_and_apply("log_count_ratio", NULL, dataset_of(context, data, CLF_F32, 4, 3, labels)),
      expected, 1e-6F);
  clf_dataset *out = fit_and_apply("log_count_ratio", NULL, sparse_of(context, data, 4, 3, labels));
  clf__rows x = clf__dataset_rows(out);
  ck_assert_int_eq(x.row_start[4], 5);
  ck_assert_float_eq_tol(x.value[2], 5 * a, 1e-6F);
  clf_dataset_free(out);
}

TEST(log_count_ratio__needs_labels_and_leaves_one_class_alone) {
  const float data[] = {1, 0, 3, 2};
  const int32_t same[] = {0, 0};
  clf_dataset *bare = floats(data, 2, 2);
  clf_transform *transform = create("log_count_ratio", NULL);
  ck_clf_fails(clf_transform_fit(transform, bare), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("labels");
  assert_dense(
      fit_and_apply("log_count_ratio", NULL, dataset_of(context, data, CLF_F32, 2, 2, same)), data,
      0);
  clf_transform_free(transform);
  clf_dataset_free(bare);
}

TEST(sparse__rows_are_not_made_dense) {
  const float data[] = {1, 0, 0, 2};
  clf_dataset *rows = sparse_of(context, data, 2, 2, NULL);
  clf_dataset *dense = floats(data, 2, 2), *out = NULL;
  const char *const kinds[] = {"standardize", "polynomial"};
  for (int i = 0; i < 2; i++) {
    clf_transform *transform = create(kinds[i], NULL);
    ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_UNSUPPORTED);
    ck_clf_says("dense");
    ck_clf_ok(clf_transform_fit(transform, dense));
    ck_clf_fails(clf_transform_apply(&out, transform, rows), CLF_ERROR_UNSUPPORTED);
    clf_transform_free(transform);
  }
  ck_assert_ptr_null(out);
  clf_dataset_free(rows);
  clf_dataset_free(dense);
}

TEST(fit__refuses_what_is_not_finite_and_keeps_its_state) {
  const float data[] = {1, 2, 3, 5}, bad[] = {1, 2, NAN, 4};
  clf_dataset *rows = floats(data, 2, 2), *broken = floats(bad, 2, 2), *out = NULL;
  clf_transform *transform = create("standardize", NULL);
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_fails(clf_transform_fit(transform, broken), CLF_ERROR_DATA);
  ck_clf_says("standardize: the value in row 1, column 0 is NaN");
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  assert_dense(out, (float[]){-1, -1, 1, 1}, 1e-6f);
  set_weights(rows, (float[]){0, 0});
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_DATA);
  ck_clf_says("all weights are 0");
  clf_transform_free(transform);
  clf_dataset_free(rows);
  clf_dataset_free(broken);
}

static void refuse_row(const char *kind, const char *params, clf_dataset *rows) {
  clf_transform *transform = create(kind, params);
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_DATA);
  ck_clf_says("the value in row 1, column 0 is");
  set_weights(rows, (float[]){1, 0});
  ck_clf_fails(clf_transform_fit(transform, rows), CLF_ERROR_DATA);
  ck_clf_says("the value in row 1, column 0 is");
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

/* Those that sum up the rows first, and the others; whatever the type, and also where the weight is
 * 0. */
TEST(fit__finds_any_value_that_is_not_finite) {
  static const char *const kinds[] = {"standardize", "min_max", "robust", "pca"};
  static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
  for (size_t b = 0; b < sizeof bad / sizeof bad[0]; b++) {
    const double wide[] = {1, 2, bad[b], 4};
    const float narrow[] = {1, 2, (float)bad[b], 4};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
      refuse_row(kinds[k], NULL, floats(narrow, 2, 2));
      refuse_row(kinds[k], NULL, dataset_of(context, wide, CLF_F64, 2, 2, NULL));
    }
    refuse_row("standardize", "mean=false", sparse_of(context, narrow, 2, 2, NULL));
  }
}

/* Doubles so large that their differences are none: no infinity is learned, which a saved transform
 * would not load with. Their squares alone do no harm. */
TEST(fit__refuses_columns_beyond_a_double) {
  static const double wide[] = {0, -1.7e308, 1, 1.7e308, 2, 0}, square[] = {0, 1e200, 1, -1e200};
  clf_dataset *far = dataset_of(context, wide, CLF_F64, 3, 2, NULL);
  clf_dataset *large = dataset_of(context, square, CLF_F64, 2, 2, NULL);
  clf_transform *standardize = create("standardize", NULL), *min_max = create("min_max", NULL);
  ck_clf_fails(clf_transform_fit(standardize, far), CLF_ERROR_DATA);
  ck_clf_says("column 1, from -1.7e+308 to 1.7e+308, is too large");
  ck_clf_ok(clf_transform_fit(standardize, large));
  ck_clf_fails(clf_transform_fit(min_max, far), CLF_ERROR_DATA);
  ck_clf_ok(clf_transform_fit(min_max, large));
  clf_transform_free(min_max);
  clf_transform_free(standardize);
  clf_dataset_free(large);
  clf_dataset_free(far);
}

TEST(apply__needs_a_fit_and_the_same_features) {
  const float data[] = {1, 2, 3, 4};
  clf_dataset *two = floats(data, 2, 2), *one = floats(data, 4, 1), *out = NULL;
  clf_transform *transform = create("min_max", NULL);
  ck_clf_fails(clf_transform_apply(&out, transform, two), CLF_ERROR_NOT_FITTED);
  ck_clf_ok(clf_transform_fit(transform, two));
  ck_clf_fails(clf_transform_apply(&out, transform, one), CLF_ERROR_SHAPE);
  ck_clf_says("fitted on 2 features; the rows have 1");
  ck_assert_ptr_null(out);
  clf_transform_free(transform);
  clf_dataset_free(one);
  clf_dataset_free(two);
}

TEST(apply__keeps_labels_and_weights) {
  const float data[] = {1, 2}, weights[] = {1, 3};
  const int32_t labels[] = {8, 4};
  clf_dataset *rows = dataset_of(context, data, CLF_F32, 2, 1, labels);
  set_weights(rows, weights);
  clf_dataset *out = fit_and_apply("polynomial", NULL, rows);
  ck_assert_mem_eq(clf__dataset_labels(out), ((int32_t[]){1, 0}), 8);
  ck_assert_mem_eq(clf__dataset_weights(out), weights, sizeof weights);
  ck_assert_str_eq(clf_dataset_class_name(out, 1), "8");
  clf_dataset_free(out);
}

TEST(create__refuses_unknown_names) {
  clf_transform *transform = NULL;
  ck_clf_fails(clf_transform_create(&transform, context, "standardise", NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("did you mean 'standardize'?");
  ck_clf_fails(clf_transform_create(&transform, context, "polynomial", "degree=0"),
               CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_transform_create(&transform, context, "min_max", "hihg=1"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_transform_create(&transform, context, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_transform_fit(NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(transform);
  clf_transform_free(NULL);
}

TEST(clone__has_the_parameters_but_no_fit) {
  const float data[] = {1, 2};
  clf_dataset *rows = floats(data, 2, 1), *out = NULL;
  clf_transform *transform = create("polynomial", "degree=3"), *clone = NULL;
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_ok(clf__transform_clone(&clone, transform));
  clf_transform_free(transform);
  ck_clf_fails(clf_transform_apply(&out, clone, rows), CLF_ERROR_NOT_FITTED);
  ck_clf_ok(clf_transform_fit(clone, rows));
  ck_assert_int_eq(clf__transform_columns(clone), 3);
  clf_transform_free(clone);
  clf_dataset_free(rows);
}

TEST(load__gives_back_what_was_saved) {
  const char *const kinds[] = {"standardize", "min_max", "polynomial"};
  const char *const params[] = {"deviation=false", "low=-1 clip=true", "degree=3"};
  const float data[] = {1, 2, 3, 5, 8, 13};
  clf_dataset *rows = floats(data, 3, 2);
  clf__store *store = NULL;
  ck_clf_ok(clf__store_create(&store, context));
  for (int i = 0; i < 3; i++) {
    clf_transform *transform = create(kinds[i], params[i]), *loaded = NULL;
    clf_dataset *expected = NULL, *out = NULL;
    char prefix[] = {'s', 't', 'e', 'p', '.', (char)('0' + i), '.', '\0'};
    ck_clf_ok(clf_transform_fit(transform, rows));
    ck_clf_ok(clf__transform_save(transform, store, prefix));
    ck_clf_ok(clf__transform_load(&loaded, context, store, prefix));
    ck_clf_ok(clf_transform_apply(&expected, transform, rows));
    ck_clf_ok(clf_transform_apply(&out, loaded, rows));
    ck_assert_int_eq(clf__transform_columns(loaded), clf__transform_columns(transform));
    assert_dense(out, clf__dataset_rows(expected).data, 0);
    clf_dataset_free(expected);
    clf_transform_free(transform);
    clf_transform_free(loaded);
  }
  clf__store_free(store);
  clf_dataset_free(rows);
}

/* A store as a save writes it, but for one text or one number. */
static clf__store *store_of(const char *kind, const char *params, const char *features,
                            const char *first, const char *second, double number, int32_t dtype) {
  clf__store *store = NULL;
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf__store_create(&store, context));
  const char *const texts[][2] = {{"kind", kind}, {"params", params}, {"features", features}};
  for (int i = 0; i < 3; i++) {
    if (texts[i][1] != NULL) {
      ck_clf_ok(clf__store_add_text(store, texts[i][0], texts[i][1]));
    }
  }
  ck_clf_ok(clf__tensor_vector(&tensor, context, CLF_F64, 2));
  ck_clf_ok(clf__store_add_tensor(store, first, tensor));
  clf_tensor_free(tensor);
  ck_clf_ok(clf__tensor_vector(&tensor, context, dtype, 2));
  if (dtype == CLF_F64) {
    ((double *)clf_tensor_data(tensor))[0] = 1;
    ((double *)clf_tensor_data(tensor))[1] = number;
  }
  ck_clf_ok(clf__store_add_tensor(store, second, tensor));
  clf_tensor_free(tensor);
  return store;
}

static void assert_loads_as(clf__store *store, clf_status expected) {
  clf_transform *transform = NULL;
  ck_clf_fails(clf__transform_load(&transform, context, store, ""), expected);
  clf_transform_free(transform);
  clf__store_free(store);
}

TEST(load__rejects_what_no_save_writes) {
  const char *const s = "standardize", *const mean = "mean", *const deviation = "deviation";
  assert_loads_as(store_of(s, "", "2", mean, deviation, 1, CLF_F64), CLF_OK);
  assert_loads_as(store_of("new", "", "2", mean, deviation, 1, CLF_F64), CLF_ERROR_UNSUPPORTED);
  assert_loads_as(store_of(NULL, "", "2", mean, deviation, 1, CLF_F64), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of(s, NULL, "2", mean, deviation, 1, CLF_F64), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of(s, "x=1", "2", mean, deviation, 1, CLF_F64), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of(s, "", NULL, mean, deviation, 1, CLF_F64), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of(s, "", "3", mean, deviation, 1, CLF_F64), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of(s, "", "-1", mean, deviation, 1, CLF_F64), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of(s, "", "2", mean, "other", 1, CLF_F64), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of(s, "", "2", mean, deviation, 0, CLF_F64), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of(s, "", "2", mean, deviation, NAN, CLF_F64), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of(s, "", "2", mean, deviation, 1, CLF_F32), CLF_ERROR_CORRUPT);
  assert_loads_as(store_of("min_max", "", "2", "minimum", "maximum", 1, CLF_F64), CLF_OK);
  assert_loads_as(store_of("min_max", "", "2", "minimum", "maximum", -1, CLF_F64),
                  CLF_ERROR_CORRUPT);
  assert_loads_as(store_of("min_max", "low=2", "2", "minimum", "maximum", 1, CLF_F64),
                  CLF_ERROR_CORRUPT);
  assert_loads_as(store_of("polynomial", "degree=9", "123456789", "a", "b", 1, CLF_F64),
                  CLF_ERROR_CORRUPT);
}

SUITE("transform", .setup = open_two_threads, .teardown = close_context)
