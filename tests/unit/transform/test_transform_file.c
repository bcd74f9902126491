/* Transforms that are saved to files and to memory: each kind is restored exactly, and content that
 * no save writes is refused. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/dataset.h"
#include "failing_allocator.h"
#include "store/store.h"
#include "support.h"
#include "transform/transform.h"

enum { ROWS = 8, SIDE = 4, FEATURES = SIDE * SIDE, CAPACITY = 1 << 14 };

static float values[ROWS * FEATURES];

static void setup(void) {
  uint64_t state = 3;
  for (int i = 0; i < ROWS * FEATURES; i++) {
    values[i] = (float)(i % 5 == 0 ? 0 : 1 + random_normal(&state));
  }
}

static clf_dataset *make_rows(clf_context *context) {
  static const int32_t labels[ROWS] = {0, 1, 0, 1, 0, 1, 0, 1};
  return dataset_of(context, values, CLF_F32, ROWS, FEATURES, labels);
}

static const char *params_of(const char *kind) {
  static const char *const params[][2] = {{"hog", "input=4,4 cell=2 block=1"},
                                          {"pca", "components=3 whiten=true"},
                                          {"log", "signs=true"},
                                          {"one_hot", "columns=1,2"},
                                          {"ordinal", "columns=1,2"},
                                          {"target_mean", "columns=1,2"},
                                          {"hash", "columns=1,2 size=8"}};
  for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
    if (strcmp(kind, params[i][0]) == 0) {
      return params[i][1];
    }
  }
  return NULL;
}

/* Returns whether a fit learns nothing that depends on the number of features: it learns nothing, or
 * only of the columns that it reads. */
static bool fits_any_number(const char *kind) {
  static const char *const kinds[] = {"polynomial", "select",      "log", "one_hot",
                                      "ordinal",    "target_mean", "hash"};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(kind, kinds[i]) == 0) {
      return true;
    }
  }
  return false;
}

/* A fitted transform of a kind. */
static clf_transform *make_fitted(clf_context *context, const char *kind) {
  clf_transform *transform = NULL;
  clf_dataset *rows = make_rows(context);
  ck_clf_ok(clf_transform_create(&transform, context, kind, params_of(kind)));
  ck_clf_ok(clf_transform_fit(transform, rows));
  clf_dataset_free(rows);
  return transform;
}

static size_t save(const clf_transform *transform, unsigned char bytes[CAPACITY]) {
  size_t size = 0;
  ck_clf_ok(clf_transform_save_memory(transform, bytes, CAPACITY, &size));
  return size;
}

static void assert_equal(const clf_transform *one, const clf_transform *other) {
  char text[512], again[512];
  clf_dataset *rows = make_rows(NULL), *expected = NULL, *out = NULL;
  ck_assert_str_eq(clf_transform_kind(one), clf_transform_kind(other));
  ck_clf_ok(clf_transform_params(one, text, sizeof text, NULL));
  ck_clf_ok(clf_transform_params(other, again, sizeof again, NULL));
  ck_assert_str_eq(text, again);
  ck_clf_ok(clf_transform_apply(&expected, one, rows));
  ck_clf_ok(clf_transform_apply(&out, other, rows));
  const clf__rows x = clf__dataset_rows(expected), y = clf__dataset_rows(out);
  ck_assert_int_eq(x.columns, y.columns);
  ck_assert_int_eq(x.dtype, y.dtype);
  ck_assert_mem_eq(x.data, y.data, (size_t)(ROWS * x.columns) * clf__dtype_size(x.dtype));
  clf_dataset_free(out);
  clf_dataset_free(expected);
  clf_dataset_free(rows);
}

TEST(every_kind__comes_back_from_memory_and_from_a_file) {
  static unsigned char bytes[CAPACITY];
  char path[] = "/tmp/classify-transform-XXXXXX";
  ck_assert_int_ge(close(mkstemp(path)), 0);
  for (int64_t i = 0; i < clf_kind_count("transform"); i++) {
    clf_transform *fitted = make_fitted(NULL, clf_kind_name("transform", i));
    clf_transform *from_memory = NULL, *from_file = NULL;
    const size_t size = save(fitted, bytes);
    ck_clf_ok(clf_transform_load_memory(&from_memory, NULL, bytes, size));
    ck_clf_ok(clf_transform_save(fitted, path));
    ck_clf_ok(clf_transform_load(&from_file, NULL, path));
    assert_equal(from_memory, fitted);
    assert_equal(from_file, fitted);
    clf_transform_free(from_file);
    clf_transform_free(from_memory);
    clf_transform_free(fitted);
  }
  unlink(path);
}

TEST(save__needs_a_fit_and_room) {
  clf_transform *transform = NULL;
  clf_dataset *rows = make_rows(NULL);
  unsigned char bytes[16] = "untouched";
  size_t size = 7;
  ck_clf_ok(clf_transform_create(&transform, NULL, "standardize", NULL));
  ck_clf_fails(clf_transform_save_memory(transform, NULL, 0, &size), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_transform_save(transform, "/tmp/never"), CLF_ERROR_NOT_FITTED);
  ck_clf_ok(clf_transform_fit(transform, rows));
  ck_clf_fails(clf_transform_save_memory(transform, bytes, sizeof bytes, &size),
               CLF_ERROR_ARGUMENT);
  ck_assert_str_eq((char *)bytes, "untouched");
  ck_assert_uint_eq(size, 7);
  ck_clf_ok(clf_transform_save_memory(transform, NULL, 0, &size));
  ck_assert_uint_gt(size, 7);
  ck_clf_fails(clf_transform_save(transform, "/nonexistent/folder/file"), CLF_ERROR_IO);
  clf_dataset_free(rows);
  clf_transform_free(transform);
}

TEST(load__finds_every_changed_bit_and_missing_byte) {
  static unsigned char bytes[CAPACITY];
  for (int64_t i = 0; i < clf_kind_count("transform"); i++) {
    clf_transform *fitted = make_fitted(NULL, clf_kind_name("transform", i)), *loaded = NULL;
    const size_t size = save(fitted, bytes);
    for (size_t at = 0; at < size; at++) {
      const unsigned char bit = (unsigned char)(1 << at % 8);
      bytes[at] ^= bit;
      const clf_status status = clf_transform_load_memory(&loaded, NULL, bytes, size);
      ck_assert_msg(status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION, "byte %zu", at);
      bytes[at] ^= bit;
      ck_clf_fails(clf_transform_load_memory(&loaded, NULL, bytes, at), CLF_ERROR_CORRUPT);
    }
    ck_assert_ptr_null(loaded);
    clf_transform_free(fitted);
  }
}

/* A saved transform of which one text is replaced, or left out if it is NULL. The checksums are
 * right, as an attacker would write them. */
static clf_status load_with(const char *kind, const char *name, const char *text) {
  static unsigned char bytes[CAPACITY];
  clf_transform *fitted = make_fitted(NULL, kind), *loaded = NULL;
  clf__store *store = NULL, *changed = NULL;
  size_t size = save(fitted, bytes);
  ck_clf_ok(clf__store_read_memory(&store, NULL, bytes, size));
  ck_clf_ok(clf__store_create(&changed, NULL));
  for (int64_t i = 0; i < clf__store_count(store); i++) {
    const char *entry = clf__store_name(store, i), *old = clf__store_text(store, entry);
    if (strcmp(entry, name) == 0) {
      old = text;
    }
    if (old != NULL) {
      ck_clf_ok(clf__store_add_text(changed, entry, old));
    } else if (clf__store_tensor(store, entry) != NULL) {
      ck_clf_ok(clf__store_add_tensor(changed, entry, clf__store_tensor(store, entry)));
    }
  }
  ck_clf_ok(clf__store_write_memory(changed, bytes, CAPACITY, &size));
  const clf_status status = clf_transform_load_memory(&loaded, NULL, bytes, size);
  ck_assert_int_eq(status == CLF_OK, loaded != NULL);
  clf_transform_free(loaded);
  clf__store_free(changed);
  clf__store_free(store);
  clf_transform_free(fitted);
  return status;
}

TEST(load__believes_no_text) {
  ck_clf_ok(load_with("pca", "none", NULL));
  ck_clf_fails(load_with("pca", "transform.version", NULL), CLF_ERROR_CORRUPT);
  ck_clf_says("there is no transform in it");
  ck_clf_fails(load_with("pca", "transform.version", "2"), CLF_ERROR_VERSION);
  ck_clf_fails(load_with("pca", "transform.kind", NULL), CLF_ERROR_CORRUPT);
  ck_clf_fails(load_with("pca", "transform.kind", "later"), CLF_ERROR_UNSUPPORTED);
  ck_clf_fails(load_with("pca", "transform.kind", "hog"), CLF_ERROR_CORRUPT);
  ck_clf_fails(load_with("pca", "transform.params", "components=-1"), CLF_ERROR_CORRUPT);
  ck_clf_fails(load_with("pca", "transform.params", "other=1"), CLF_ERROR_CORRUPT);
  for (int64_t i = 0; i < clf_kind_count("transform"); i++) {
    static const char *const counts[] = {"0", "-1", "99", "9223372036854775807", "x", "", NULL};
    const char *kind = clf_kind_name("transform", i);
    for (int c = 0; c < 7; c++) {
      const clf_status status = load_with(kind, "transform.features", counts[c]);
      const bool any = c == 2 && fits_any_number(kind);
      ck_assert_msg(status == (any ? CLF_OK : CLF_ERROR_CORRUPT), "%s of %s features", kind,
                    counts[c] != NULL ? counts[c] : "no");
    }
  }
}

TEST(load__refuses_what_is_no_transform) {
  static unsigned char bytes[CAPACITY];
  clf_model *model = NULL;
  clf_transform *transform = NULL;
  clf_dataset *rows = make_rows(NULL);
  size_t size = 0;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_ok(clf_model_save_memory(model, bytes, CAPACITY, &size));
  ck_clf_fails(clf_transform_load_memory(&transform, NULL, bytes, size), CLF_ERROR_CORRUPT);
  ck_clf_says("there is no transform in it");
  ck_clf_fails(clf_transform_load(&transform, NULL, "/nonexistent/file"), CLF_ERROR_IO);
  ck_assert_ptr_null(transform);
  clf_model_free(model);
  transform = make_fitted(NULL, "min_max");
  size = save(transform, bytes);
  model = NULL;
  ck_clf_fails(clf_model_load_memory(&model, NULL, bytes, size), CLF_ERROR_CORRUPT);
  ck_assert_ptr_null(model);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

/* A saved transform is read on the context and written again. */
typedef struct saved {
  unsigned char bytes[CAPACITY];
  size_t size;
} saved;

static clf_status read_and_write(clf_context *context, const void *argument) {
  const saved *from = argument;
  clf_transform *transform = NULL;
  static unsigned char bytes[CAPACITY];
  size_t size = 0;
  clf_status status = CLF_OK;
  TRY(clf_transform_load_memory(&transform, context, from->bytes, from->size));
  TRY(clf_transform_save_memory(transform, bytes, CAPACITY, &size));
  ck_assert_uint_eq(size, from->size);
  ck_assert_mem_eq(bytes, from->bytes, size);
done:
  clf_transform_free(transform);
  return status;
}

TEST(each_allocation__may_be_refused) {
  for (int64_t i = 0; i < clf_kind_count("transform"); i++) {
    static saved from;
    clf_transform *transform = make_fitted(NULL, clf_kind_name("transform", i));
    from.size = save(transform, from.bytes);
    clf_transform_free(transform);
    check_every_allocation("threads=1", read_and_write, &from);
  }
}

SUITE("transform_file", .setup = setup)
