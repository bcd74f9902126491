/* Principal components: closed forms, both solvers against each other, and what a file may hold. */
#include <math.h>
#include <string.h>

#include "contexts.h"
#include "transform/transform.h"

static clf_transform *fitted_pca(const char *params, const clf_dataset *rows) {
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, "pca", params));
  ck_clf_ok(clf_transform_fit(transform, rows));
  return transform;
}

static clf_dataset *applied(const char *params, const clf_dataset *rows) {
  clf_transform *transform = fitted_pca(params, rows);
  clf_dataset *out = NULL;
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  clf_transform_free(transform);
  return out;
}

static const double *state_of(const clf_transform *transform, const char *name) {
  return clf__store_tensor(transform->state, name)->data;
}

static void assert_values(clf_dataset *rows, const float *expected, float tolerance) {
  const clf__rows x = clf__dataset_rows(rows);
  for (int64_t i = 0; i < x.rows * x.columns; i++) {
    ck_assert_float_eq_tol(((const float *)x.data)[i], expected[i], tolerance);
  }
  clf_dataset_free(rows);
}

/* 5 and 2 steps either way along (3, 4) / 5 and (4, -3) / 5, around (10, -20): the variances are
 * 25 * 2 / 4 and 4 * 2 / 4. */
static const float cross[] = {13, -16, 7, -24, 11.6f, -21.2f, 8.4f, -18.8f};
static const char *const solvers[] = {"solver=gram", "solver=covariance"};

TEST_LOOP(axes__are_those_the_rows_lie_on, 0, 2) {
  clf_dataset *rows = dataset_of(context, cross, CLF_F32, 4, 2, NULL);
  clf_transform *transform = fitted_pca(solvers[_i], rows);
  const float *axes = clf__store_tensor(transform->state, "components")->data;
  const float expected[] = {0.6f, 0.8f, 0.8f, -0.6f};
  for (int i = 0; i < 4; i++) {
    ck_assert_float_eq_tol(axes[i], expected[i], 1e-6f);
  }
  ck_assert_double_eq_tol(state_of(transform, "variance")[0], 12.5, 1e-5);
  ck_assert_double_eq_tol(state_of(transform, "variance")[1], 2, 1e-5);
  ck_assert_double_eq_tol(state_of(transform, "total_variance")[0], 14.5, 1e-5);
  clf_dataset *out = NULL;
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  assert_values(out, (float[]){5, 0, -5, 0, 0, 2, 0, -2}, 1e-5f);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(tensors__are_told_by_name) {
  clf_dataset *rows = dataset_of(context, cross, CLF_F32, 4, 2, NULL);
  clf_transform *transform = NULL;
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, "pca", NULL));
  ck_clf_fails(clf_transform_tensor(&tensor, transform, "mean"), CLF_ERROR_NOT_FITTED);
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_fails(clf_transform_tensor(&tensor, transform, "axes"), CLF_ERROR_ARGUMENT);
  ck_clf_says("pca has no tensor 'axes'; it has: components, mean, variance, total_variance");
  ck_assert_ptr_null(tensor);
  ck_clf_ok(clf_transform_tensor(&tensor, transform, "components"));
  clf_transform_free(transform);
  ck_assert_float_eq_tol(((const float *)clf_tensor_data(tensor))[1], 0.8f, 1e-6f);
  clf_tensor_free(tensor);
  clf_dataset_free(rows);
}

TEST(whitened__components_have_variance_1) {
  const float a = sqrtf(2), z = 0;
  clf_dataset *rows = dataset_of(context, cross, CLF_F32, 4, 2, NULL);
  assert_values(applied("whiten=true", rows), (float[]){a, z, -a, z, z, a, z, -a}, 1e-5f);
  clf_dataset_free(rows);
}

TEST(components__are_as_many_as_asked_for) {
  clf_dataset *rows = dataset_of(context, cross, CLF_F32, 4, 2, NULL);
  const struct {
    const char *params;
    int64_t count;
  } cases[] = {{"components=1", 1},   {"components=2", 2},
               {"components=9", 2},   {"variance=0.86", 1},
               {"variance=0.87", 2},  {"variance=0.01", 1},
               {"components=all", 2}, {"components=1 variance=0.99", 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    clf_dataset *out = applied(cases[i].params, rows);
    ck_assert_msg(clf_dataset_features(out) == cases[i].count, "%s", cases[i].params);
    clf_dataset_free(out);
  }
  clf_dataset_free(rows);
}

enum { ROWS = 24, COLUMNS = 15, RANK = 4 };

/* Mixtures of RANK hidden values, so that the rows span no more directions. */
static void fill_low_rank(float *x, uint64_t state) {
  float mix[RANK * COLUMNS];
  for (int i = 0; i < RANK * COLUMNS; i++) {
    mix[i] = (float)(int)(8 * random_normal(&state)); /* integers: the sums are exact */
  }
  for (int i = 0; i < ROWS; i++) {
    float hidden[RANK];
    for (int k = 0; k < RANK; k++) {
      hidden[k] = (float)(int)(8 * random_normal(&state));
    }
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = 3;
      for (int k = 0; k < RANK; k++) {
        x[i * COLUMNS + j] += hidden[k] * mix[k * COLUMNS + j];
      }
    }
  }
}

/* All components together keep the distances between rows, and there are no more of them than the
 * rank. */
TEST_LOOP(rows__that_span_few_directions_keep_their_distances, 0, 2) {
  float x[ROWS * COLUMNS];
  fill_low_rank(x, 5);
  clf_dataset *rows = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, NULL);
  clf_dataset *out = applied(solvers[_i], rows);
  ck_assert_int_eq(clf_dataset_features(out), RANK);
  const float *z = clf__dataset_rows(out).data;
  for (int a = 0; a < ROWS; a++) {
    for (int b = 0; b < a; b++) {
      double far = 0, near = 0;
      for (int j = 0; j < COLUMNS; j++) {
        far += pow((double)x[a * COLUMNS + j] - (double)x[b * COLUMNS + j], 2);
      }
      for (int k = 0; k < RANK; k++) {
        near += pow((double)z[a * RANK + k] - (double)z[b * RANK + k], 2);
      }
      ck_assert_double_eq_tol(near, far, 1e-5 * far);
    }
  }
  clf_dataset_free(out);
  clf_dataset_free(rows);
}

/* With more features than a band of columns, far from 0, the two solvers agree, even in the signs.
 */
TEST(solvers__agree) {
  enum { FEW = 9, WIDE = 300, KEPT = 5 };
  static float x[FEW * WIDE];
  const float weights[FEW] = {1, 2, 1, 0.5f, 1, 0, 3, 1, 1};
  uint64_t state = 3;
  for (int i = 0; i < FEW * WIDE; i++) {
    x[i] = 100 + (float)((1 + i % WIDE % 7) * random_normal(&state));
  }
  for (int weighted = 0; weighted < 2; weighted++) {
    clf_dataset *rows = dataset_of(context, x, CLF_F32, FEW, WIDE, NULL);
    if (weighted) {
      set_weights(rows, weights);
    }
    clf_dataset *first = applied("components=5 solver=gram", rows);
    clf_dataset *second = applied("components=5 solver=covariance", rows);
    ck_assert_int_eq(clf_dataset_features(second), KEPT);
    assert_values(first, clf__dataset_rows(second).data, 2e-3f); /* of values up to 60 */
    clf_dataset_free(second);
    clf_dataset_free(rows);
  }
}

TEST_LOOP(weights__count_as_repeats, 0, 2) {
  const float x[] = {1, 2, 4, 1, -3, 5, 0, 7}, repeated[] = {1, 2, 4, 1, 4, 1, -3, 5, 0, 7, 0, 7};
  clf_dataset *rows = dataset_of(context, x, CLF_F32, 4, 2, NULL);
  clf_dataset *more = dataset_of(context, repeated, CLF_F32, 6, 2, NULL);
  set_weights(rows, (float[]){1, 2, 1, 2});
  clf_transform *a = fitted_pca(solvers[_i], rows), *b = fitted_pca(solvers[_i], more);
  for (int k = 0; k < 2; k++) {
    ck_assert_double_eq_tol(state_of(a, "variance")[k], state_of(b, "variance")[k], 1e-5);
    ck_assert_double_eq_tol(state_of(a, "mean")[k], state_of(b, "mean")[k], 1e-12);
  }
  clf_transform_free(a);
  clf_transform_free(b);
  clf_dataset_free(rows);
  clf_dataset_free(more);
}

/* Bytes are their values, and sparse rows those of the same numbers stored densely. */
TEST(storage__does_not_matter) {
  uint8_t bytes[ROWS * COLUMNS];
  float x[ROWS * COLUMNS];
  uint64_t state = 8;
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    bytes[i] = random_unit(&state) < 0.5 ? 0 : (uint8_t)(256 * random_unit(&state));
    x[i] = (float)bytes[i] / 255;
  }
  clf_dataset *dense = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, NULL);
  clf_dataset *pixels = dataset_of(context, bytes, CLF_U8, ROWS, COLUMNS, NULL);
  clf_dataset *sparse = sparse_of(context, x, ROWS, COLUMNS, NULL);
  clf_dataset *expected = applied("components=6", dense);
  const float *values = clf__dataset_rows(expected).data;
  assert_values(applied("components=6 solver=gram", pixels), values, 1e-4f);
  assert_values(applied("components=6 solver=covariance", pixels), values, 1e-4f);
  assert_values(applied("components=6", sparse), values, 1e-4f);
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, "pca", "solver=gram"));
  ck_clf_fails(clf_transform_fit(transform, sparse), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("pca: solver=gram takes dense rows");
  clf_transform_free(transform);
  clf_dataset_free(expected);
  clf_dataset_free(dense);
  clf_dataset_free(pixels);
  clf_dataset_free(sparse);
}

TEST_LOOP(equal_rows__have_no_directions, 0, 2) {
  const float x[] = {0.1f, 7, 3, 0.1f, 7, 3, 0.1f, 7, 3, 0.1f, 7, 3};
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, "pca", solvers[_i]));
  for (int64_t rows = 1; rows <= 4; rows++) {
    clf_dataset *data = dataset_of(context, x, CLF_F32, rows, 3, NULL);
    ck_clf_fails(clf_transform_fit(transform, data), CLF_ERROR_DATA);
    ck_clf_says("all rows are equal");
    clf_dataset_free(data);
  }
  clf_transform_free(transform);
}

/* Fisher's discriminant of many features on few rows works on their components, and the model file
 * keeps them. */
TEST(model__keeps_its_components) {
  enum { FACES = 12, PIXELS = 200, PEOPLE = 3 };
  static float x[FACES * PIXELS];
  static int32_t y[FACES];
  static unsigned char bytes[1 << 16];
  size_t size = 0;
  double score = 0;
  clf_model *model = NULL, *loaded = NULL;
  fill_clouds(x, y, FACES, PIXELS, PEOPLE);
  clf_dataset *rows = dataset_of(context, x, CLF_F32, FACES, PIXELS, y);
  ck_clf_ok(clf_model_create(&model, context, "fisher", NULL));
  ck_clf_ok(clf_model_add_transform(model, "pca", "components=9"));
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, context, bytes, size));
  float before[FACES * PEOPLE], after[FACES * PEOPLE];
  ck_clf_ok(clf_model_decision_function(model, rows, before, FACES * PEOPLE));
  ck_clf_ok(clf_model_decision_function(loaded, rows, after, FACES * PEOPLE));
  ck_assert_mem_eq(before, after, sizeof before);
  ck_clf_ok(clf_model_score(loaded, rows, &score));
  ck_assert_double_eq(score, 1);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_dataset_free(rows);
}

TEST(threads__do_not_change_a_bit) {
  static float x[200 * COLUMNS];
  clf_dataset *out[2];
  uint64_t state = 4;
  for (int i = 0; i < 200 * COLUMNS; i++) {
    x[i] = (float)random_normal(&state);
  }
  for (int i = 0; i < 2; i++) {
    clf_context *own = NULL;
    clf_transform *transform = NULL;
    ck_clf_ok(clf_context_create(&own, NULL, i == 0 ? "threads=1" : "threads=5"));
    clf_dataset *rows = dataset_of(own, x, CLF_F32, 200, COLUMNS, NULL);
    ck_clf_ok(clf_transform_create(&transform, own, "pca", NULL));
    ck_clf_ok(clf_transform_fit(transform, rows));
    ck_clf_ok(clf_transform_apply(&out[i], transform, rows));
    clf_transform_free(transform);
    clf_dataset_free(rows);
    clf_context_free(own);
  }
  ck_assert_mem_eq(clf__dataset_rows(out[0]).data, clf__dataset_rows(out[1]).data,
                   sizeof(float) * 200 * COLUMNS);
  clf_dataset_free(out[0]);
  clf_dataset_free(out[1]);
}

static void put(clf__store *store, const char *name, int32_t dtype, int32_t ndim, int64_t rows,
                int64_t columns, double value) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_tensor_create(&tensor, context, dtype, ndim, (int64_t[]){rows, columns}));
  const int64_t count = ndim == 1 ? rows : rows * columns;
  for (int64_t i = 0; i < count; i++) {
    if (dtype == CLF_F64) {
      ((double *)clf_tensor_data(tensor))[i] = value;
    } else {
      ((float *)clf_tensor_data(tensor))[i] = (float)value;
    }
  }
  ck_clf_ok(clf__store_add_tensor(store, name, tensor));
  clf_tensor_free(tensor);
}

/* What a save writes but for one thing, numbered by `wrong`; 0 for none. */
static clf__store *store_with(int wrong) {
  clf__store *store = NULL;
  ck_clf_ok(clf__store_create(&store, context));
  ck_clf_ok(clf__store_add_text(store, "kind", "pca"));
  ck_clf_ok(clf__store_add_text(store, "params", "whiten=true"));
  ck_clf_ok(clf__store_add_text(store, "features", wrong == 1 ? "4" : "3"));
  if (wrong != 2) {
    put(store, "components", wrong == 3 ? CLF_F64 : CLF_F32, wrong == 4 ? 1 : 2, 2,
        wrong == 5 ? 2 : 3, wrong == 6 ? NAN : 0.5);
  }
  if (wrong != 7) {
    put(store, "mean", CLF_F64, 1, wrong == 8 ? 2 : 3, 0, wrong == 9 ? INFINITY : 1);
  }
  if (wrong != 10) {
    put(store, "variance", CLF_F64, 1, wrong == 11 ? 3 : 2, 0, wrong == 12 ? 0 : 1);
  }
  if (wrong != 13) {
    put(store, "total_variance", CLF_F64, 1, wrong == 14 ? 2 : 1, 0, 3);
  }
  return store;
}

TEST(load__rejects_what_no_save_writes) {
  for (int wrong = 0; wrong <= 14; wrong++) {
    clf_transform *transform = NULL;
    clf__store *store = store_with(wrong);
    const clf_status status = clf__transform_load(&transform, context, store, "");
    ck_assert_msg(status == (wrong == 0 ? CLF_OK : CLF_ERROR_CORRUPT), "%d: %s", wrong,
                  clf_status_name(status));
    clf_transform_free(transform);
    clf__store_free(store);
  }
}

TEST(whitening__refuses_variances_beyond_f32) {
  const float rows[] = {1e-42F, 0, 0, 2e-42F, -1e-42F, 3e-42F, 4e-42F, 1e-42F};
  clf_dataset *data = dataset_of(context, rows, CLF_F32, 4, 2, NULL);
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, "pca", "whiten=true"));
  ck_clf_fails(clf_transform_fit(transform, data), CLF_ERROR_DATA);
  ck_clf_says("whiten=true");
  clf_transform_free(transform);
  clf_dataset_free(data);
}

SUITE("pca", .setup = open_two_threads, .teardown = close_context)
