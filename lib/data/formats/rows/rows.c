/* Reading the library's own file of rows. Dense features and sparse values stay where the file is
 * mapped; what kernels write by, such as labels and columns, is copied and checked. Codes of
 * categories are such, too, so that a file that has them is read. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/text.h"
#include "data/formats/rows/rows.h"

typedef struct rows_params {
  bool map;
  int32_t verify; /* auto, true, false */
  char *spill;
} rows_params;

enum { VERIFY_AUTO, VERIFY_TRUE };

#define CLF__VALUES rows_params
static const clf__param params[] = {
    CLF__BOOL(map, "true", "map plain files into memory; they must not change then"),
    CLF__CHOICE(verify, "auto|true|false", "auto",
                "verify the checksum of the features, which reads them; auto: unless mapped"),
    CLF__DATASET_SPILL,
};

static clf_status damaged(const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "it is damaged: %s", what);
}

static clf_status check_version(const clf__store *store) {
  const char *version = clf__store_text(store, CLF__ROWS_VERSION);
  if (version == NULL) {
    return clf__fail(CLF_ERROR_CORRUPT,
                     "it is a file of this library, but not one of rows: models are loaded by "
                     "clf_model_load(), transforms by clf_transform_load()");
  }
  return strcmp(version, "1") == 0
             ? CLF_OK
             : clf__fail(CLF_ERROR_VERSION, "its rows are of version %.20s; this library reads 1",
                         version);
}

static clf_status make_sparse(clf_dataset **out, clf_context *context, const clf__store *store) {
  const clf_tensor *value = clf__store_tensor(store, CLF__ROWS_VALUE);
  const clf_tensor *column = clf__store_tensor(store, CLF__ROWS_COLUMN);
  const clf_tensor *start = clf__store_tensor(store, CLF__ROWS_START);
  const char *text = clf__store_text(store, CLF__ROWS_FEATURES);
  int64_t features;
  if (value == NULL || column == NULL || start == NULL || text == NULL ||
      !clf__parse_i64(text, &features)) {
    return damaged("there are neither dense nor sparse rows");
  }
  if (value->dtype != CLF_F32 || column->dtype != CLF_I32 || start->dtype != CLF_I64 ||
      start->ndim != 1 || start->shape[0] < 2 ||
      ((const int64_t *)start->data)[start->shape[0] - 1] != clf_tensor_count(value)) {
    return damaged("the arrays of the sparse rows do not fit together");
  }
  return clf_dataset_create_sparse(out, context, features, start, column, value, NULL);
}

static clf_status make_rows(clf_dataset **out, clf_context *context, const clf__store *store) {
  const clf_tensor *x = clf__store_tensor(store, CLF__ROWS_X);
  if (x == NULL) {
    return make_sparse(out, context, store);
  }
  return x->dtype == CLF_U8 || x->dtype == CLF_F32 || x->dtype == CLF_F64
             ? clf_dataset_create(out, context, x, NULL)
             : damaged("the features are neither u8 nor f32 nor f64");
}

static clf_status set_labels(clf_dataset *dataset, const clf__store *store) {
  const clf_tensor *labels = clf__store_tensor(store, CLF__ROWS_LABELS);
  if (labels == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__classes_load(&dataset->classes, dataset->context, store));
  const int32_t classes = clf__classes_count(dataset->classes);
  if (labels->dtype != CLF_I32 || labels->ndim != 1 || labels->shape[0] != dataset->rows) {
    return damaged("there is not a label for each row");
  }
  for (int64_t i = 0; i < dataset->rows; i++) {
    const int32_t label = ((const int32_t *)labels->data)[i];
    if (label < 0 || label >= classes) {
      return clf__fail(CLF_ERROR_CORRUPT,
                       "it is damaged: the label of row %lld is %d of %d classes", (long long)i,
                       label, classes);
    }
  }
  return clf__tensor_share(&dataset->labels, labels);
}

static clf_status set_categories(clf_dataset *dataset, const clf__store *store) {
  CLF__CHECK(clf__categories_load(&dataset->categories, dataset->context, store,
                                  CLF__ROWS_CATEGORIES, dataset->features));
  if (dataset->categories == NULL) {
    return CLF_OK;
  }
  return dataset->x != NULL && dataset->x->dtype != CLF_U8
             ? clf__dataset_check_codes(dataset)
             : damaged("these rows cannot have categories");
}

static clf_status make_dataset(clf_dataset **out, clf_context *context, const clf__store *store) {
  const clf_tensor *targets = clf__store_tensor(store, CLF__ROWS_TARGETS);
  const clf_tensor *weights = clf__store_tensor(store, CLF__ROWS_WEIGHTS);
  clf_dataset *dataset = NULL;
  clf_status status;
  CLF__TRY(check_version(store));
  CLF__TRY(make_rows(&dataset, context, store));
  CLF__TRY(set_labels(dataset, store));
  if (targets != NULL && dataset->labels == NULL) {
    CLF__TRY(clf_dataset_set_targets(dataset, targets));
  }
  if (weights != NULL) {
    CLF__TRY(clf_dataset_set_weights(dataset, weights));
  }
  CLF__TRY(clf__names_load(&dataset->names, dataset->context, store, CLF__ROWS_NAMES,
                           dataset->features));
  CLF__TRY(set_categories(dataset, store));
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  return status;
}

/* The tensors that stay in the bytes of the file. */
static const char *const in_place[] = {CLF__ROWS_X, CLF__ROWS_VALUE, NULL};

static clf_status open_store(clf__store **out, clf_context *context, clf__bytes *bytes,
                             const rows_params *chosen) {
  const bool mapped = bytes->owner == CLF__BYTES_MAPPED;
  const clf__store_place place = {in_place, chosen->verify == VERIFY_TRUE ||
                                                (chosen->verify == VERIFY_AUTO && !mapped)};
  return bytes->owner == CLF__BYTES_BORROWED
             ? clf__store_read_memory(out, context, bytes->data, bytes->size)
             : clf__store_read_bytes(out, context, bytes, &place);
}

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  clf__store *store = NULL;
  clf_status status = open_store(&store, context, bytes, values);
  if (status == CLF_OK) {
    status = make_dataset(out, context, store);
  }
  clf__store_free(store);
  return status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
}

static clf_status load_from(clf_dataset **out, clf_context *context, const char *path, bool map,
                            const void *values) {
  clf__bytes bytes = {0};
  clf_status status = clf__source_open(&bytes, context, path, map, NULL);
  if (status == CLF_OK) {
    status = parse(out, context, &bytes, path, values);
  }
  clf__bytes_release(&bytes);
  return status;
}

static clf_status load(clf_dataset **out, clf_context *context, const char *path,
                       const void *values) {
  const rows_params *chosen = values;
  clf_dataset *dataset = NULL;
  const bool map = chosen->map && chosen->spill == NULL;
  CLF__CHECK(load_from(&dataset, context, path, map, values));
  if (map && dataset->categories != NULL) {
    clf_dataset_free(dataset);
    dataset = NULL;
    CLF__CHECK(load_from(&dataset, context, path, false, values));
  }
  *out = dataset;
  return CLF_OK;
}

const clf__dataset_reader clf__dataset_reader_rows = {
    .base =
        CLF__KIND("rows", "the library's own file of rows, which is mapped", params, rows_params),
    .load = load,
    .parse = parse,
};
