/* Writing datasets as NPY, one array a file, or as an NPZ archive (npz_write.c). Arrays are
 * little-endian and in C order. Class names that are texts become an array of texts, <U8. */
#include "data/formats/npy/npy_write.h"

#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/utf8.h"
#include "data/formats/npy/npy.h"

enum { ARCHIVE_AUTO, ARCHIVE_TRUE, ARCHIVE_FALSE };

#define CLF__VALUES clf__npy_write_params
static const clf__param params[] = {
    CLF__CHOICE(archive, "auto|true|false", "auto",
                "an NPZ archive of x and y, or one array; auto: as the path ends in .npz"),
    CLF__TEXT(labels, NULL, "NPY: file for the labels, or none to leave them out"),
    CLF__CHOICE(dtype, CLF__WRITE_DTYPES, "auto",
                "type of the features; auto: that of the rows, f32 for bytes that have a scale"),
};

static const char format[] = "npy";

/* The preamble, the dictionary, and blanks up to a multiple of 64 bytes. */
clf_status clf__npy_write_header(clf__sink *sink, const clf__array *array) {
  enum { PREAMBLE = 10, ALIGNMENT = 64, MAX_BYTES = 512 };
  char text[MAX_BYTES], shape[MAX_BYTES / 2] = "";
  int length = 0;
  for (int32_t i = 0; i < array->ndim; i++) {
    length +=
        snprintf(shape + length, sizeof shape - (size_t)length, "%s%lld%s", i > 0 ? " " : "",
                 (long long)array->shape[i], array->ndim == 1 || i + 1 < array->ndim ? "," : "");
  }
  const bool single = array->kind == 'S' || array->width == 1;
  length =
      snprintf(text, sizeof text, "{'descr': '%c%c%d', 'fortran_order': False, 'shape': (%s), }",
               single ? '|' : '<', array->kind,
               (int)(array->kind == 'U' ? array->width / 4 : array->width), shape);
  while ((PREAMBLE + length + 1) % ALIGNMENT != 0) {
    text[length++] = ' ';
  }
  text[length++] = '\n';
  CLF__CHECK(clf__sink_bytes(sink, "\x93NUMPY\1\0", 8));
  CLF__CHECK(clf__sink_integer(sink, (uint64_t)length, 2, false));
  return clf__sink_bytes(sink, text, (size_t)length);
}

clf_status clf__npy_write_x(clf__sink *sink, const clf_dataset *dataset, const void *values) {
  const clf__npy_write_params *chosen = values;
  clf__array array = {.big_endian = false};
  clf__array_of_features(&array, dataset, chosen->dtype, 1);
  CLF__CHECK(clf__npy_write_header(sink, &array));
  return clf__array_write_features(sink, &array, dataset, format);
}

/* Writes the characters of a text as UTF-32, and NULs up to `width` characters. If the sink is
 * NULL, they are only counted. */
static clf_status write_text(clf__sink *sink, int64_t width, const char *text, int64_t *count) {
  const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);
  bool valid;
  for (*count = 0; at < end || *count < width; ++*count) {
    const uint32_t character = at < end ? clf__utf8_next(&at, end, &valid) : 0;
    if (sink != NULL) {
      CLF__CHECK(clf__sink_integer(sink, character, 4, false));
    }
  }
  return CLF_OK;
}

/* Makes the width of texts, in characters, that of a further one. */
static clf_status widen(int64_t *width, const char *text, const char *of) {
  int64_t count;
  CLF__CHECK(write_text(NULL, 0, text, &count));
  *width = clf__max_i64(*width, count);
  return *width <= CLF__NPY_MAX_CHARACTERS
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "npy: the name of a %s has %lld characters; the maximum is %d", of,
                         (long long)*width, CLF__NPY_MAX_CHARACTERS);
}

clf_status clf__npy_write_counts(clf__sink *sink, const clf_dataset *dataset, const void *values) {
  const clf__array array = {.kind = 'i', .width = 8, .ndim = 1, .shape = {dataset->features}};
  (void)values;
  CLF__CHECK(clf__npy_write_header(sink, &array));
  for (int64_t j = 0; j < dataset->features; j++) {
    CLF__CHECK(clf__sink_integer(sink, (uint64_t)clf_dataset_category_count(dataset, j), 8, false));
  }
  return CLF_OK;
}

clf_status clf__npy_write_categories(clf__sink *sink, const clf_dataset *dataset,
                                     const void *values) {
  int64_t width = 1, total = 0, count;
  (void)values;
  for (int64_t j = 0; j < dataset->features; j++) {
    for (int64_t k = 0; k < clf_dataset_category_count(dataset, j); k++, total++) {
      CLF__CHECK(widen(&width, clf_dataset_category_name(dataset, j, k), "category"));
    }
  }
  const clf__array array = {
      .kind = 'U', .width = (int32_t)(4 * width), .ndim = 1, .shape = {total}};
  CLF__CHECK(clf__npy_write_header(sink, &array));
  for (int64_t j = 0; j < dataset->features; j++) {
    for (int64_t k = 0; k < clf_dataset_category_count(dataset, j); k++) {
      CLF__CHECK(write_text(sink, width, clf_dataset_category_name(dataset, j, k), &count));
    }
  }
  return CLF_OK;
}

static clf_status write_names(clf__sink *sink, const clf_dataset *dataset) {
  const int32_t *labels = clf__dataset_labels(dataset);
  int64_t width = 1, count;
  for (int64_t k = 0; k < clf_dataset_classes(dataset); k++) {
    CLF__CHECK(widen(&width, clf_dataset_class_name(dataset, k), "class"));
  }
  const clf__array array = {
      .kind = 'U', .width = (int32_t)(4 * width), .ndim = 1, .shape = {dataset->rows}};
  CLF__CHECK(clf__npy_write_header(sink, &array));
  for (int64_t row = 0; row < dataset->rows; row++) {
    CLF__CHECK(write_text(sink, width, clf_dataset_class_name(dataset, labels[row]), &count));
  }
  return CLF_OK;
}

clf_status clf__npy_write_y(clf__sink *sink, const clf_dataset *dataset, const void *values) {
  const clf__label_form form = clf__label_form_of(dataset);
  const int64_t outputs = clf_dataset_outputs(dataset);
  clf__array array = {.kind = form == CLF__LABEL_INTEGER ? 'i' : 'f',
                      .width = 8,
                      .ndim = outputs > 1 ? 2 : 1,
                      .shape = {dataset->rows, outputs}};
  (void)values;
  if (dataset->labels != NULL && !clf__classes_are_numbers(dataset->classes)) {
    return write_names(sink, dataset);
  }
  CLF__CHECK(clf__npy_write_header(sink, &array));
  return clf__array_write_labels(sink, &array, dataset, form, format);
}

static bool is_archive(const char *path, const clf__npy_write_params *chosen) {
  static const char ending[] = ".npz";
  const size_t length = strlen(path), own = sizeof ending - 1;
  return chosen->archive == ARCHIVE_TRUE || (chosen->archive == ARCHIVE_AUTO && length >= own &&
                                             strcmp(path + length - own, ending) == 0);
}

/* Sets *labels to the path of their file, or to NULL if there is none. */
static clf_status find_labels(const char **labels, const clf_dataset *dataset, bool archive,
                              const clf__npy_write_params *chosen) {
  const bool labelled = dataset->labels != NULL || dataset->targets != NULL;
  const bool named = chosen->labels != NULL;
  *labels = named && labelled && strcmp(chosen->labels, "none") != 0 ? chosen->labels : NULL;
  if (archive && named) {
    return clf__fail(CLF_ERROR_ARGUMENT, "npy: an archive has the labels as y; leave labels out");
  }
  if (!archive && labelled && !named) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "npy: an NPY file holds one array, and the rows have labels: end the path in "
                     ".npz, name a file for them by labels=PATH, or leave them out by labels=none");
  }
  return CLF_OK;
}

static clf_status save(const clf_dataset *dataset, const char *path, const void *values) {
  const clf__npy_write_params *chosen = values;
  const bool archive = is_archive(path, chosen);
  const char *labels = NULL;
  clf__array array;
  CLF__CHECK(clf__write_unweighted(dataset, format));
  CLF__CHECK(find_labels(&labels, dataset, archive, chosen));
  CLF__CHECK(archive ? CLF_OK : clf__dataset_check_numbers(dataset, format));
  clf__array_of_features(&array, dataset, chosen->dtype, 1);
  clf__array_log_scale(&array, dataset, 1, format);
  if (dataset->targets != NULL && (archive || labels != NULL)) {
    clf__log(dataset->context, CLF_LOG_INFO, "npy: regression=true reads the targets as such");
  }
  return clf__array_save(dataset, path, labels, archive ? clf__npz_write : clf__npy_write_x,
                         clf__npy_write_y, values);
}

const clf__dataset_writer clf__dataset_writer_npy = {
    .base = CLF__KIND("npy", "NumPy's NPZ, an archive of rows and labels, and NPY, one array",
                      params, clf__npy_write_params),
    .save = save,
    .tables = true,
};
