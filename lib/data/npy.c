/* NPY and NPZ files as datasets: an array of rows, and one of labels from the same archive or from
 * a file of its own. */
#include <float.h>
#include <string.h>

#include "data/npy.h"

typedef struct npy_params {
  char *x;
  char *y;
  char *labels;
  double scale;
  bool regression;
  bool map;
} npy_params;

static const clf__param params[] = {
    {"x", CLF_PARAM_TEXT, offsetof(npy_params, x), NULL, 0, 0, false, NULL,
     "array of the rows in an NPZ file; otherwise x, X, data, images or arr_0"},
    {"y", CLF_PARAM_TEXT, offsetof(npy_params, y), NULL, 0, 0, false, NULL,
     "array of the labels in an NPZ file, or none; otherwise y, Y, labels, target, targets or "
     "arr_1 where there is one"},
    {"labels", CLF_PARAM_TEXT, offsetof(npy_params, labels), NULL, 0, 0, false, NULL,
     "NPY file of the labels"},
    {"scale", CLF_PARAM_F64, offsetof(npy_params, scale), "1", 0, DBL_MAX, true, NULL,
     "factor of u8 elements, such as 0.00392156862745098 for 1/255"},
    {"regression", CLF_PARAM_BOOL, offsetof(npy_params, regression), "false", 0, 0, false, NULL,
     "the labels are regression targets"},
    {"map", CLF_PARAM_BOOL, offsetof(npy_params, map), "false", 0, 0, false, NULL,
     "map plain files into memory in place of reading them; nobody may write to them then"},
};

/* The rows of an NPZ archive, or those that an NPY file is. */
static clf_status read_rows(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                            const char *name, const npy_params *chosen, bool archive) {
  const clf__array_wanted wanted = clf__array_rows(clf__npy_header);
  if (!archive) {
    return clf__array_read(out, context, bytes, &wanted, name);
  }
  const char *names = chosen->x != NULL ? chosen->x : "x|X|data|images|arr_0";
  clf_status status = clf__npz_array(out, context, bytes, names, &wanted, name);
  if (status == CLF_OK && *out == NULL) {
    status = clf__fail(CLF_ERROR_DATA, "%s: it has no array %s; name one of %s by x=NAME", name,
                       names, clf__npz_names(bytes).text);
  }
  return status;
}

/* The labels that an archive has beside its rows; *out stays NULL when there are none. */
static clf_status read_labels(clf_tensor **out, clf_context *context, const clf__bytes *archive,
                              int64_t rows, const char *name, const npy_params *chosen) {
  const clf__array_wanted wanted = clf__array_labels(clf__npy_header, rows);
  if (chosen->labels != NULL || (chosen->y != NULL && strcmp(chosen->y, "none") == 0)) {
    return CLF_OK;
  }
  const char *names = chosen->y != NULL ? chosen->y : "y|Y|labels|target|targets|arr_1";
  clf_status status = clf__npz_array(out, context, archive, names, &wanted, name);
  if (status == CLF_OK && *out == NULL && chosen->y != NULL) {
    status = clf__fail(CLF_ERROR_DATA, "%s: it has no array %s; it has %s", name, names,
                       clf__npz_names(archive).text);
  }
  return status;
}

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  const npy_params *chosen = values;
  const bool archive = clf__npz_detect(bytes->data, bytes->size);
  clf_tensor *x = NULL;
  clf_tensor *y = NULL;
  clf_dataset *dataset = NULL;
  clf_status status;
  CLF__TRY(read_rows(&x, context, bytes, name, chosen, archive));
  if (archive) {
    CLF__TRY(read_labels(&y, context, bytes, clf_tensor_size(x, 0), name, chosen));
  }
  status = clf_tensor_set_scale(x, chosen->scale);
  if (status == CLF_OK) {
    status = clf_dataset_create(&dataset, context, x, NULL);
  }
  if (status < 0) {
    clf__fail_within(status, "%s", name);
    goto done;
  }
  if (y != NULL) {
    CLF__TRY(clf__array_attach(dataset, y, chosen->regression, name));
  }
  *out = dataset;
  dataset = NULL;
done:
  clf_tensor_free(x);
  clf_tensor_free(y);
  clf_dataset_free(dataset);
  return status;
}

/* An archive in gzip data has no header that says its size. */
static clf_status measure(size_t *size, const unsigned char *head, size_t count, const char *name,
                          const void *wanted) {
  if (clf__npz_detect(head, count)) {
    *size = 0;
    return CLF_OK;
  }
  return clf__array_measure(size, head, count, name, wanted);
}

static clf_status load(clf_dataset **out, clf_context *context, const char *path,
                       const void *values) {
  const npy_params *chosen = values;
  const clf__array_wanted rows = clf__array_rows(clf__npy_header);
  const clf__head_check check = {measure, &rows};
  clf__bytes bytes = {NULL, 0, false};
  clf_dataset *dataset = NULL;
  clf_tensor *y = NULL;
  clf_status status;
  CLF__TRY(clf__source_open(&bytes, context, path, chosen->map, &check));
  CLF__TRY(parse(&dataset, context, &bytes, path, chosen));
  if (chosen->labels != NULL) {
    const clf__array_wanted wanted = clf__array_labels(clf__npy_header, clf_dataset_rows(dataset));
    CLF__TRY(clf__array_load(&y, context, chosen->labels, &wanted));
    CLF__TRY(clf__array_attach(dataset, y, chosen->regression, chosen->labels));
  }
  *out = dataset;
  dataset = NULL;
done:
  clf_tensor_free(y);
  clf_dataset_free(dataset);
  clf__bytes_release(&bytes);
  return status;
}

const clf__format clf__format_npy = {
    .name = "npy",
    .help = "NumPy's NPY, and NPZ with rows and labels, plain or gzip'd",
    .params = {"npy", params, CLF__PARAM_COUNT(params), sizeof(npy_params)},
    .load = load,
    .parse = parse,
};
