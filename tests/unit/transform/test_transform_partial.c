/* Transforms that are fitted in parts are those of one fit of all rows. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "contexts.h"
#include "support.h"

enum { ROWS = 80, COLUMNS = 6 };
enum { BYTES, FLOATS, FAR_DOUBLES, SPARSE, STORAGES };

static float floats[ROWS * COLUMNS];
static double far_doubles[ROWS * COLUMNS];
static uint8_t bytes[ROWS * COLUMNS];
static float weights[ROWS];

/* Column 2 is constant. */
static void setup(void) {
  uint64_t seed = 11;
  for (int i = 0; i < ROWS; i++) {
    weights[i] = (float)((i + 1) % 4);
    for (int j = 0; j < COLUMNS; j++) {
      const double value = j == 2 ? 7 : (j + 1) * 8 * (random_normal(&seed) + 3);
      bytes[i * COLUMNS + j] = (uint8_t)fmin(fmax(value, 0), 255);
      floats[i * COLUMNS + j] = random_unit(&seed) < 0.3 && j != 2 ? 0 : (float)fabs(value);
      far_doubles[i * COLUMNS + j] = 1e7 + value / 100;
    }
  }
  open_context();
}

static clf_dataset *rows_of(int storage, bool weighted, int64_t first, int64_t count) {
  const int64_t at = first * COLUMNS;
  clf_dataset *data =
      storage == BYTES    ? dataset_of(context, bytes + at, CLF_U8, count, COLUMNS, NULL)
      : storage == FLOATS ? dataset_of(context, floats + at, CLF_F32, count, COLUMNS, NULL)
      : storage == SPARSE ? sparse_of(context, floats + at, count, COLUMNS, NULL)
                          : dataset_of(context, far_doubles + at, CLF_F64, count, COLUMNS, NULL);
  clf_tensor *tensor = NULL;
  if (weighted) {
    ck_clf_ok(clf_tensor_wrap(&tensor, context, weights + first, CLF_F32, 1, &count, NULL));
    ck_clf_ok(clf_dataset_set_weights(data, tensor));
    clf_tensor_free(tensor);
  }
  return data;
}

typedef struct setting {
  const char *kind, *params;
  bool sparse;
} setting;

static const setting settings[] = {
    {"standardize", NULL, false},
    {"standardize", "mean=false", true},
    {"standardize", "columns=2,4,1", false},
    {"min_max", NULL, false},
    {"pca", "components=3 solver=covariance precision=f64", true},
    {"pca", "whiten=true components=2 solver=covariance", false},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static clf_transform *create(const setting *s) {
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, s->kind, s->params));
  return transform;
}

static void learn(clf_transform *transform, int storage, bool weighted, int64_t first,
                  int64_t count) {
  clf_dataset *rows = rows_of(storage, weighted, first, count);
  ck_clf_ok(clf_transform_partial_fit(transform, rows));
  clf_dataset_free(rows);
}

/* The largest difference of a tensor of both, relative to its size. */
static double difference(const clf_transform *one, const clf_transform *two, const char *name) {
  clf_tensor *a = NULL, *b = NULL;
  double most = 0, size = 1e-300;
  ck_clf_ok(clf_transform_tensor(&a, one, name));
  ck_clf_ok(clf_transform_tensor(&b, two, name));
  ck_assert_int_eq(clf_tensor_count(a), clf_tensor_count(b));
  const bool wide = clf_tensor_dtype(a) == CLF_F64;
  for (int64_t i = 0; i < clf_tensor_count(a); i++) {
    const double x = wide ? ((const double *)clf_tensor_data(a))[i]
                          : (double)((const float *)clf_tensor_data(a))[i];
    const double y = wide ? ((const double *)clf_tensor_data(b))[i]
                          : (double)((const float *)clf_tensor_data(b))[i];
    most = fmax(most, fabs(x - y));
    size = fmax(size, fabs(x));
  }
  clf_tensor_free(a);
  clf_tensor_free(b);
  return most / size;
}

static const char *const names[][4] = {
    {"mean", "deviation", "spread"}, {"minimum", "maximum"}, {"mean", "variance", "components"}};

static void check(const setting *s, int storage, bool weighted, int64_t size, bool saved) {
  static char file[1 << 16];
  const char *const *tensors = names[s->kind[0] == 's' ? 0 : s->kind[0] == 'm' ? 1 : 2];
  clf_dataset *all = rows_of(storage, weighted, 0, ROWS);
  clf_transform *whole = create(s), *parts = create(s);
  ck_clf_ok(clf_transform_fit(whole, all));
  learn(parts, storage, weighted, ROWS - 10, 10); /* the last rows first */
  for (int64_t first = 0; first < ROWS - 10; first += size) {
    learn(parts, storage, weighted, first, first + size < ROWS - 10 ? size : ROWS - 10 - first);
    if (saved && first == 0) {
      size_t bytes_used = 0;
      ck_clf_ok(clf_transform_save_memory(parts, file, sizeof file, &bytes_used));
      clf_transform_free(parts);
      ck_clf_ok(clf_transform_load_memory(&parts, context, file, bytes_used));
    }
  }
  for (int i = 0; tensors[i] != NULL; i++) {
    /* The products of f32 rows of a fit have 7 digits. */
    const double off = difference(whole, parts, tensors[i]);
    ck_assert_msg(off < 1e-6, "%s %s, storage %d, %s: %g", s->kind, s->params, storage, tensors[i],
                  off);
  }
  clf_transform_free(whole);
  clf_transform_free(parts);
  clf_dataset_free(all);
}

TEST_LOOP(partial__many_fits_are_one, 0, SETTINGS) {
  const setting *s = &settings[_i];
  for (int storage = 0; storage < STORAGES; storage++) {
    if (storage != SPARSE || s->sparse) {
      check(s, storage, false, 23, false);
      check(s, storage, true, 23, true);
      check(s, storage, false, 1, true);
    }
  }
}

/* Whatever the order. */
TEST(partial__sums_of_bytes_are_exact) {
  clf_transform *one = create(&settings[0]), *two = create(&settings[0]);
  for (int64_t first = 0; first < ROWS; first += 20) {
    learn(one, BYTES, false, first, 20);
    learn(two, BYTES, false, ROWS - 20 - first, 20);
  }
  ck_assert_double_eq(difference(one, two, "mean"), 0);
  ck_assert_double_eq(difference(one, two, "deviation"), 0);
  clf_transform_free(one);
  clf_transform_free(two);
}

TEST(partial__refuses_what_it_cannot_continue) {
  clf_dataset *all = rows_of(FLOATS, false, 0, ROWS), *narrow = NULL;
  clf_transform *transform = create(&settings[0]), *hog = NULL, *pca = NULL;
  ck_clf_ok(clf_transform_fit(transform, all));
  ck_clf_fails(clf_transform_partial_fit(transform, all), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("begin with a partial fit");
  ck_clf_ok(clf_transform_create(&hog, context, "polynomial", NULL));
  ck_clf_fails(clf_transform_partial_fit(hog, all), CLF_ERROR_UNSUPPORTED);
  ck_clf_ok(clf_transform_create(&pca, context, "pca", "solver=gram"));
  ck_clf_fails(clf_transform_partial_fit(pca, all), CLF_ERROR_UNSUPPORTED);
  clf_transform_free(transform);
  transform = create(&settings[0]);
  ck_clf_ok(clf_transform_partial_fit(transform, all));
  narrow = dataset_of(context, floats, CLF_F32, ROWS, COLUMNS - 1, NULL);
  ck_clf_fails(clf_transform_partial_fit(transform, narrow), CLF_ERROR_SHAPE);
  clf_transform_free(transform);
  clf_transform_free(hog);
  clf_transform_free(pca);
  clf_dataset_free(all);
  clf_dataset_free(narrow);
}

static clf_status live(clf_context *own, const void *argument) {
  const setting *s = argument;
  clf_transform *transform = NULL;
  clf_dataset *rows = rows_of(FLOATS, true, 0, ROWS);
  clf_status status = clf_transform_create(&transform, own, s->kind, s->params);
  status = status == CLF_OK ? clf_transform_partial_fit(transform, rows) : status;
  status = status == CLF_OK ? clf_transform_partial_fit(transform, rows) : status;
  clf_transform_free(transform);
  clf_dataset_free(rows);
  return status;
}

TEST(partial__every_allocation_may_fail) {
  for (int s = 0; s < SETTINGS; s += 2) {
    check_every_allocation("threads=1", live, &settings[s]);
  }
}

static int32_t cancel(void *user, const clf_progress *progress) {
  (void)user, (void)progress;
  return CLF_PROGRESS_CANCEL;
}

/* A call that is cancelled changes nothing. Few rows of min_max end before they ask. */
TEST_LOOP(partial_fit__can_be_cancelled, 0, SETTINGS) {
  if (strcmp(settings[_i].kind, "min_max") == 0) {
    return;
  }
  clf_transform *transform = create(&settings[_i]);
  unsigned char before[1 << 14], after[1 << 14];
  size_t size = 0, again = 0;
  learn(transform, FLOATS, false, 0, ROWS / 2);
  ck_clf_ok(clf_transform_save_memory(transform, before, sizeof before, &size));
  clf_dataset *rows = rows_of(FLOATS, false, 0, ROWS);
  ck_clf_ok(clf_context_set_progress(context, cancel, NULL));
  ck_clf_fails(clf_transform_partial_fit(transform, rows), CLF_ERROR_CANCELLED);
  ck_clf_ok(clf_context_set_progress(context, NULL, NULL));
  ck_clf_ok(clf_transform_save_memory(transform, after, sizeof after, &again));
  ck_assert_uint_eq(again, size);
  ck_assert_mem_eq(after, before, size);
  clf_dataset_free(rows);
  clf_transform_free(transform);
}

TEST(partial_fit__refusal_names_the_kinds_that_can) {
  clf_transform *transform = NULL;
  ck_clf_ok(clf_transform_create(&transform, context, "robust", NULL));
  clf_dataset *rows = rows_of(FLOATS, false, 0, ROWS);
  ck_clf_fails(clf_transform_partial_fit(transform, rows), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("robust cannot be fitted in parts, as standardize, min_max or pca can");
  clf_dataset_free(rows);
  clf_transform_free(transform);
}

SUITE("transform_partial", .setup = setup, .teardown = close_context)
