/* NPY and NPZ files as datasets: an array of rows, or the arrays of a sparse matrix, and an array
 * of labels from the same archive or from another file. */
#include <float.h>
#include <string.h>

#include "base/context.h"
#include "data/formats/npy/npy.h"

typedef struct npy_params {
  char *x;
  char *y;
  char *labels;
  double scale;
  bool regression;
  bool map;
  char *spill;
} npy_params;

#define CLF__VALUES npy_params
static const clf__param params[] = {
    CLF__TEXT(x, NULL, "array of the rows in an NPZ file; otherwise x, X, data, images or arr_0"),
    CLF__TEXT(y, NULL,
              "array of the labels in an NPZ file, or none; else y, Y, labels, target(s) or arr_1"),
    CLF__TEXT(labels, NULL, "NPY file of the labels"),
    CLF__REAL(scale, "1", CLF__ABOVE(0), DBL_MAX,
              "factor of u8 elements, such as 0.00392156862745098 for 1/255"),
    CLF__BOOL(regression, "false", "the labels are regression targets"),
    CLF__BOOL(map, "false", "map plain files into memory; they must not change then"),
    CLF__DATASET_SPILL,
};

static const clf__array_wanted rows = CLF__ARRAY_ROWS(clf__npy_header);

static clf_status make_dataset(clf_dataset **out, clf_context *context, clf_tensor *x, double scale,
                               const char *name) {
  clf_status status = clf_tensor_set_scale(x, scale);
  if (status == CLF_OK) {
    status = clf_dataset_create(out, context, x, NULL);
  }
  return status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
}

/* Reads an NPY file as rows. */
static clf_status read_file(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                            const char *name, const npy_params *chosen) {
  clf_tensor *x = NULL;
  clf_status status = clf__array_read(&x, context, bytes, &rows, name);
  if (status == CLF_OK) {
    status = make_dataset(out, context, x, chosen->scale, name);
  }
  clf_tensor_free(x);
  return status;
}

/* Reads the rows of an archive. */
static clf_status read_rows(clf_dataset **out, clf_context *context, const clf__bytes *archive,
                            const char *name, const npy_params *chosen) {
  const char *names = chosen->x != NULL ? chosen->x : "x|X|data|images|arr_0";
  clf__npz_member member = {.bytes = {0}};
  clf_tensor *x = NULL;
  clf_status status;
  if (chosen->x == NULL && clf__npz_is_sparse(archive)) {
    return clf__npz_sparse(out, context, archive, chosen->scale, name);
  }
  CLF__TRY(clf__npz_open(&member, context, archive, names, &rows, name));
  if (member.bytes.data == NULL) {
    status = clf__fail(CLF_ERROR_DATA, "%s: it has no array %s; name one of %s by x=NAME", name,
                       names, clf__npz_names(archive).text);
    goto done;
  }
  status = clf__array_read(&x, context, &member.bytes, &rows, member.shown.text);
  if (status < 0) {
    clf__fail_within(status, "%s", name);
    goto done;
  }
  CLF__TRY(make_dataset(out, context, x, chosen->scale, name));
  if (chosen->x == NULL) {
    clf__log(context, CLF_LOG_INFO, "%s: the rows are %s; x=NAME takes another array", name,
             member.shown.text);
  }
done:
  clf_tensor_free(x);
  clf__bytes_release(&member.bytes);
  return status;
}

/* Reads the labels of an archive, if it has any. */
static clf_status read_labels(clf_dataset *dataset, const clf__bytes *archive, const char *name,
                              const npy_params *chosen) {
  const clf__array_wanted wanted =
      clf__array_labels(clf__npy_header, dataset->rows, chosen->regression);
  const char *names = chosen->y != NULL ? chosen->y : "y|Y|labels|target|targets|arr_1";
  clf__npz_member member = {.bytes = {0}};
  clf_status status;
  if (chosen->labels != NULL || strcmp(names, "none") == 0) {
    return CLF_OK;
  }
  CLF__TRY(clf__npz_open(&member, dataset->context, archive, names, &wanted, name));
  if (member.bytes.data == NULL && chosen->y != NULL) {
    status = clf__fail(CLF_ERROR_DATA, "%s: it has no array %s; it has %s", name, names,
                       clf__npz_names(archive).text);
  } else if (member.bytes.data != NULL) {
    status = clf__array_label(dataset, &member.bytes, &wanted, member.shown.text);
    status = status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
  }
  if (status == CLF_OK && chosen->y == NULL) {
    clf__log(dataset->context, CLF_LOG_INFO, "%s: %s%s; y=NAME takes another array, y=none none",
             name, member.bytes.data != NULL ? "the labels are " : "there are no labels",
             member.bytes.data != NULL ? member.shown.text : "");
  }
done:
  clf__bytes_release(&member.bytes);
  return status;
}

/* Reads an NPY file, or an archive with its labels. */
static clf_status read_bytes(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                             const char *name, const npy_params *chosen) {
  clf_dataset *dataset = NULL;
  clf_status status;
  if (!clf__npz_detect(bytes->data, bytes->size)) {
    return read_file(out, context, bytes, name, chosen);
  }
  CLF__TRY(read_rows(&dataset, context, bytes, name, chosen));
  CLF__TRY(chosen->x == NULL ? clf__npz_categories(dataset, bytes, name) : CLF_OK);
  CLF__TRY(read_labels(dataset, bytes, name, chosen));
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  return status;
}

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  const npy_params *chosen = values;
  CLF__CHECK(clf__array_check_memory(chosen->labels, chosen->map, name));
  return read_bytes(out, context, bytes, name, chosen);
}

/* A gzip-compressed archive has no header that states its size. */
static clf_status measure(size_t *size, const unsigned char *head, size_t count, const char *name,
                          const void *wanted) {
  if (clf__npz_detect(head, count)) {
    *size = 0;
    return CLF_OK;
  }
  return clf__array_measure(size, head, count, name, wanted);
}

static const clf__head_check head = {measure, &rows};

static clf_status load(clf_dataset **out, clf_context *context, const char *path,
                       const void *values) {
  const npy_params *chosen = values;
  clf__bytes bytes = {0};
  clf_dataset *dataset = NULL;
  clf_status status;
  CLF__TRY(clf__source_open(&bytes, context, path, chosen->map && chosen->spill == NULL, &head));
  CLF__TRY(read_bytes(&dataset, context, &bytes, path, chosen));
  if (chosen->labels != NULL) {
    CLF__TRY(clf__array_label_file(dataset, chosen->labels, clf__npy_header, chosen->regression));
  }
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  clf__bytes_release(&bytes);
  return status;
}

const clf__dataset_reader clf__dataset_reader_npy = {
    .base = CLF__KIND(
        "npy", "NumPy's NPY, and NPZ with rows and labels or a sparse matrix, plain or gzip'd",
        params, npy_params),
    .load = load,
    .parse = parse,
    .head = &head,
};
