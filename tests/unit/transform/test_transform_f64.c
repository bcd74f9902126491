/* Transforms with precision=f64: f64 rows stay f64, with the digits of f64; other rows are
 * transformed as without it. */
#include <math.h>

#include "failing_allocator.h"

#include "transform/transform.h"

enum { FEW = 40, MANY = 3000, COLUMNS = 80 }; /* MANY: too many products for a small table */

static double values[MANY * COLUMNS];
static float rounded[MANY * COLUMNS];
static uint8_t bytes[MANY * COLUMNS];

/* Columns of different sizes and offsets, some of which depend on others. */
static void fill(void) {
  uint64_t state = 5;
  for (int i = 0; i < MANY; i++) {
    for (int j = 0; j < COLUMNS; j++) {
      double *value = &values[i * COLUMNS + j];
      *value = random_normal(&state) * (1 + j % 5) + 100 * j +
               (j > 2 ? value[-2] - 100 * (j - 2) : 0) / 3;
      rounded[i * COLUMNS + j] = (float)*value;
      bytes[i * COLUMNS + j] = (uint8_t)(random_unit(&state) * 255);
    }
  }
}

static clf_transform *fit(const char *kind, const char *params, const clf_dataset *rows) {
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, NULL, kind, params));
  ck_clf_ok(clf_transform_fit(transform, rows));
  return transform;
}

static const double *vector_of(const clf_transform *transform, const char *name) {
  const clf_tensor *tensor = clf__store_tensor(transform->state, name);
  ck_assert(tensor != NULL && tensor->dtype == CLF_F64);
  return tensor->data;
}

/* Rows that must be f64. */
static const double *f64_of(const clf_dataset *rows) {
  const clf__rows x = clf__dataset_rows(rows);
  ck_assert_int_eq(x.dtype, CLF_F64);
  return x.data;
}

TEST(standardize__keeps_f64_rows_where_asked) {
  fill();
  clf_dataset *rows = dataset_of(NULL, values, CLF_F64, MANY, COLUMNS, NULL), *out = NULL;
  clf_transform *transform = fit("standardize", "precision=f64", rows);
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  const double *found = f64_of(out);
  for (int j = 0; j < COLUMNS; j++) {
    long double mean = 0, square = 0;
    for (int i = 0; i < MANY; i++) {
      mean += (long double)values[i * COLUMNS + j] / MANY;
    }
    for (int i = 0; i < MANY; i++) {
      const long double z = (long double)values[i * COLUMNS + j] - mean;
      square += z * z / MANY;
    }
    for (int i = 0; i < MANY; i++) {
      const long double z = ((long double)values[i * COLUMNS + j] - mean) / sqrtl(square);
      ck_assert_double_eq_tol(found[i * COLUMNS + j], (double)z, 1e-11);
    }
  }
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(min_max__keeps_f64_rows_where_asked) {
  fill();
  clf_dataset *rows = dataset_of(NULL, values, CLF_F64, FEW, COLUMNS, NULL), *out = NULL;
  clf_dataset *more = dataset_of(NULL, values, CLF_F64, MANY, COLUMNS, NULL);
  clf_transform *transform = fit("min_max", "precision=f64 low=-1 high=2 clip=true", rows);
  const double *low = vector_of(transform, "minimum"), *high = vector_of(transform, "maximum");
  ck_clf_ok(clf_transform_apply(&out, transform, more));
  const double *found = f64_of(out);
  for (int i = 0; i < MANY * COLUMNS; i++) {
    const int j = i % COLUMNS;
    const double z = -1 + 3 * (values[i] - low[j]) / (high[j] - low[j]);
    ck_assert_double_eq_tol(found[i], fmin(fmax(z, -1), 2), 1e-13);
  }
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(more);
  clf_dataset_free(rows);
}

/* The axes are orthonormal, the projections uncorrelated, and all axes together give the rows back:
 * each to the digits of f64. */
static void check_axes(const clf_transform *transform, const double *z, int64_t rows) {
  const double *v = vector_of(transform, "components_f64");
  const double *mean = vector_of(transform, "mean");
  const double *variance = vector_of(transform, "variance");
  const int64_t count = clf__transform_columns(transform);
  for (int64_t a = 0; a < count; a++) {
    for (int64_t b = 0; b <= a; b++) {
      double dot = 0, product = 0;
      for (int64_t j = 0; j < COLUMNS; j++) {
        dot += v[a * COLUMNS + j] * v[b * COLUMNS + j];
      }
      for (int64_t i = 0; i < rows; i++) {
        product += z[i * count + a] * z[i * count + b] / (double)rows;
      }
      ck_assert_double_eq_tol(dot, a == b ? 1 : 0, 1e-10);
      ck_assert_double_eq_tol(product, a == b ? variance[a] : 0, 1e-11 * variance[0]);
    }
  }
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < COLUMNS; j++) {
      double value = mean[j];
      for (int64_t k = 0; k < count; k++) {
        value += z[i * count + k] * v[k * COLUMNS + j];
      }
      ck_assert_double_eq_tol(value, values[i * COLUMNS + j], 1e-9);
    }
  }
}

TEST_LOOP(pca__keeps_f64_rows_where_asked, 0, 4) {
  static const char *const params[] = {"precision=f64", "precision=f64 solver=covariance"};
  const int64_t count = _i % 2 == 0 ? FEW : MANY;
  fill();
  clf_dataset *rows = dataset_of(NULL, values, CLF_F64, count, COLUMNS, NULL), *out = NULL;
  clf_transform *transform = fit("pca", params[_i / 2], rows);
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  check_axes(transform, f64_of(out), count);
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

TEST(pca__whitens_in_f64) {
  fill();
  clf_dataset *rows = dataset_of(NULL, values, CLF_F64, MANY, COLUMNS, NULL), *out = NULL;
  clf_transform *transform = fit("pca", "precision=f64 whiten=true components=3", rows);
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  const double *z = f64_of(out);
  for (int k = 0; k < 3; k++) {
    double square = 0;
    for (int i = 0; i < MANY; i++) {
      square += z[3 * i + k] * z[3 * i + k] / MANY;
    }
    ck_assert_double_eq_tol(square, 1, 1e-11);
  }
  clf_dataset_free(out);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

/* f32, u8 and sparse rows: what is made of them is f32, and of affine transforms it has the same
 * bits with either precision. */
static void check_same(const char *kind, const char *more, const clf_dataset *rows) {
  clf_dataset *out[2] = {NULL};
  clf__rows x[2];
  char params[64];
  for (int i = 0; i < 2; i++) {
    snprintf(params, sizeof params, "%s precision=%s", more, i == 0 ? "f32" : "f64");
    clf_transform *transform = fit(kind, params, rows);
    ck_clf_ok(clf_transform_apply(&out[i], transform, rows));
    x[i] = clf__dataset_rows(out[i]);
    ck_assert_int_eq(x[i].dtype, CLF_F32);
    clf_transform_free(transform);
  }
  const int64_t count = clf__rows_entries(&x[0]);
  ck_assert_int_eq(clf__rows_entries(&x[1]), count);
  if (clf__rows_sparse(&x[0])) {
    ck_assert_mem_eq(x[0].value, x[1].value, (size_t)count * sizeof(float));
  } else {
    ck_assert_mem_eq(x[0].data, x[1].data, (size_t)count * sizeof(float));
  }
  clf_dataset_free(out[0]);
  clf_dataset_free(out[1]);
}

TEST(precision__leaves_rows_of_other_types_alone) {
  fill();
  clf_dataset *floats = dataset_of(NULL, rounded, CLF_F32, MANY, COLUMNS, NULL);
  clf_dataset *pixels = dataset_of(NULL, bytes, CLF_U8, MANY, COLUMNS, NULL);
  clf_dataset *sparse = sparse_of(NULL, rounded, FEW, COLUMNS, NULL);
  clf_dataset *few = dataset_of(NULL, rounded, CLF_F32, FEW, COLUMNS, NULL);
  check_same("standardize", "", floats);
  check_same("standardize", "", pixels);
  check_same("standardize", "mean=false", sparse);
  check_same("min_max", "", floats);
  check_same("pca", "components=5", few); /* a small table: its products are in f64 anyway */
  clf_dataset_free(floats);
  clf_dataset_free(pixels);
  clf_dataset_free(sparse);
  clf_dataset_free(few);
}

/* The file has the axes in f64; without them it is refused. */
TEST(pca__in_f64_is_saved_and_loaded) {
  static char saved[1 << 18], damaged[1 << 18];
  size_t size = 0;
  clf_dataset *rows = NULL, *out = NULL, *again = NULL;
  clf_transform *loaded = NULL;
  clf__store *whole = NULL, *part = NULL;
  clf_context *context = NULL;
  fill();
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  rows = dataset_of(context, values, CLF_F64, FEW, COLUMNS, NULL);
  clf_transform *transform = fit("pca", "precision=f64 components=4", rows);
  ck_clf_ok(clf_transform_save_memory(transform, saved, sizeof saved, &size));
  ck_clf_ok(clf_transform_load_memory(&loaded, context, saved, size));
  ck_clf_ok(clf_transform_apply(&out, transform, rows));
  ck_clf_ok(clf_transform_apply(&again, loaded, rows));
  ck_assert_mem_eq(f64_of(out), f64_of(again), FEW * 4 * sizeof(double));
  clf_transform_free(loaded);
  loaded = NULL;
  ck_clf_ok(clf__store_read_memory(&whole, context, saved, size));
  ck_clf_ok(clf__store_create(&part, context));
  for (int64_t i = 0; i < clf__store_count(whole); i++) {
    const char *name = clf__store_name(whole, i);
    if (clf__store_text(whole, name) != NULL) {
      ck_clf_ok(clf__store_add_text(part, name, clf__store_text(whole, name)));
    } else if (strcmp(name, "transform.components_f64") != 0) {
      ck_clf_ok(clf__store_add_tensor(part, name, clf__store_tensor(whole, name)));
    }
  }
  ck_clf_ok(clf__store_write_memory(part, damaged, sizeof damaged, &size));
  ck_clf_fails(clf_transform_load_memory(&loaded, context, damaged, size), CLF_ERROR_CORRUPT);
  clf__store_free(whole);
  clf__store_free(part);
  clf_transform_free(transform);
  clf_dataset_free(out);
  clf_dataset_free(again);
  clf_dataset_free(rows);
  clf_context_free(context);
}

TEST_LOOP(precision__survives_refused_allocations, 0, 3) {
  static const char *const kinds[] = {"standardize", "min_max", "pca"};
  clf_status status = CLF_ERROR_MEMORY;
  fill();
  for (int64_t refuse = 1; status == CLF_ERROR_MEMORY; refuse++) {
    failing_allocator from = {.refuse = refuse};
    clf_context *context = failing_context("threads=1", &from);
    if (context != NULL) {
      clf_dataset *rows = NULL, *out = NULL;
      clf_transform *transform = NULL;
      clf_tensor *x = NULL;
      const int64_t shape[] = {FEW, COLUMNS};
      status = clf_tensor_wrap(&x, context, values, CLF_F64, 2, shape, NULL);
      status = status < 0 ? status : clf_dataset_create(&rows, context, x, NULL);
      status = status < 0 ? status
                          : clf_transform_create(&transform, context, kinds[_i], "precision=f64");
      status = status < 0 ? status : clf_transform_fit(transform, rows);
      status = status < 0 ? status : clf_transform_apply(&out, transform, rows);
      ck_assert(status == CLF_OK || (status == CLF_ERROR_MEMORY && out == NULL));
      clf_dataset_free(out);
      clf_transform_free(transform);
      clf_dataset_free(rows);
      clf_tensor_free(x);
      clf_context_free(context);
    }
    ck_assert_int_eq(from.held, 0);
  }
}

SUITE("transform_f64")
