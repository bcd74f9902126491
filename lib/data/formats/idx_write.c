/* Writing datasets as IDX: a file of the rows and, if they have labels or targets, one of these, by
 * MNIST's names. Elements are big-endian. Labels take the narrowest type that holds them: MNIST's
 * is u8. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/file.h"
#include "data/formats/array_write.h"
#include "data/formats/idx_files.h"

typedef struct idx_write_params {
  char *labels;
  int32_t dtype;
} idx_write_params;

#define CLF__VALUES idx_write_params
static const clf__param params[] = {
    CLF__TEXT(labels, NULL, "file for the labels, or none; otherwise named like the images' file"),
    CLF__CHOICE(dtype, CLF__WRITE_DTYPES, "auto",
                "type of the elements; auto: u8 for bytes of 1/255, otherwise that of the values"),
};

static const char format[] = "idx";

/* The scale of bytes that readers assume. */
#define ASSUMED (float)(1.0 / 255)

static clf_status write_header(clf__sink *sink, const clf__array *array) {
  const unsigned char type = array->kind == 'u'    ? 0x08
                             : array->kind == 'i'  ? (array->width == 2 ? 0x0B : 0x0C)
                             : (array->width == 4) ? 0x0D
                                                   : 0x0E;
  const unsigned char head[] = {0, 0, type, (unsigned char)array->ndim};
  CLF__CHECK(clf__sink_bytes(sink, head, sizeof head));
  for (int32_t i = 0; i < array->ndim; i++) {
    if (array->shape[i] > UINT32_MAX) {
      return clf__fail(CLF_ERROR_UNSUPPORTED, "idx: its sizes have 32 bits, and one is %lld",
                       (long long)array->shape[i]);
    }
    CLF__CHECK(clf__sink_integer(sink, (uint64_t)array->shape[i], 4, true));
  }
  return CLF_OK;
}

static clf_status write_images(clf__sink *sink, const clf_dataset *dataset, const void *values) {
  const idx_write_params *chosen = values;
  clf__array array = {.big_endian = true};
  clf__array_of_features(&array, dataset, chosen->dtype, ASSUMED);
  clf__array_log_scale(&array, dataset, ASSUMED, format);
  CLF__CHECK(write_header(sink, &array));
  return clf__array_write_features(sink, &array, dataset, format);
}

/* Chooses the type of integers from the smallest to the largest. */
static clf_status type_of_labels(clf__array *array, const clf_dataset *dataset,
                                 clf__label_form form) {
  int64_t low = 0, high = 0;
  for (int64_t i = 0; i < dataset->rows; i++) {
    const int64_t label = clf__label_integer(dataset, form, i);
    low = label < low ? label : low;
    high = label > high ? label : high;
  }
  if (low < INT32_MIN || high > INT32_MAX) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "idx: its integers have 32 bits, and a label is %lld; write npy",
                     (long long)(low < INT32_MIN ? low : high));
  }
  const bool narrow = low >= INT16_MIN && high <= INT16_MAX;
  array->kind = low >= 0 && high <= UINT8_MAX ? 'u' : 'i';
  array->width = array->kind == 'u' ? 1 : narrow ? 2 : 4;
  return CLF_OK;
}

static clf_status write_labels(clf__sink *sink, const clf_dataset *dataset, const void *values) {
  const clf__label_form form = clf__label_form_of(dataset);
  const int64_t outputs = clf_dataset_outputs(dataset);
  clf__array array = {.kind = 'f',
                      .width = 8,
                      .big_endian = true,
                      .ndim = outputs > 1 ? 2 : 1,
                      .shape = {dataset->rows, outputs}};
  (void)values;
  if (form == CLF__LABEL_INTEGER || form == CLF__LABEL_NAME) {
    CLF__CHECK(type_of_labels(&array, dataset, form));
  }
  CLF__CHECK(write_header(sink, &array));
  return clf__array_write_labels(sink, &array, dataset, form, format);
}

/* Determines the files by the same names as the reader: a path whose last part has "images" is that
 * of the images, any other a prefix of both. `labels` stays empty if none are written. */
static clf_status name_files(clf__text *images, clf__text *labels, const char *path,
                             const clf_dataset *dataset, const idx_write_params *chosen) {
  const bool labelled = dataset->labels != NULL || dataset->targets != NULL;
  if (clf__idx_labels_name(labels, path, "")) {
    clf__text_append(images, "%s", path);
  } else {
    clf__text_append(images, "%s-images-idx3-ubyte", path);
    clf__text_append(labels, "%s-labels-idx1-ubyte", path);
  }
  if (labelled && chosen->labels == NULL) {
    return images->failed || labels->failed ? CLF_ERROR_MEMORY : CLF_OK;
  }
  if (!labels->failed && clf__file_exists(labels->bytes)) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "idx: readers would take the labels in '%s', which are not of these rows: "
                     "remove it, or write to another path",
                     labels->bytes);
  }
  labels->length = 0;
  if (labelled && strcmp(chosen->labels, "none") != 0) {
    clf__text_append(labels, "%s", chosen->labels);
  }
  return images->failed || labels->failed ? CLF_ERROR_MEMORY : CLF_OK;
}

static clf_status save(const clf_dataset *dataset, const char *path, const void *values) {
  clf__text images = {.context = dataset->context}, labels = {.context = dataset->context};
  clf_status status;
  CLF__TRY(clf__write_unweighted(dataset, format));
  CLF__TRY(name_files(&images, &labels, path, dataset, values));
  if (labels.length > 0) {
    clf__label_log_names(dataset, format);
  } else {
    clf__log(dataset->context, CLF_LOG_INFO, "idx: labels=none reads the file without labels");
  }
  if (dataset->targets != NULL && labels.length > 0) {
    clf__log(dataset->context, CLF_LOG_INFO, "idx: regression=true reads the targets as such");
  }
  CLF__TRY(clf__array_save(dataset, images.bytes, labels.length > 0 ? labels.bytes : NULL,
                           write_images, write_labels, values));
done:
  clf__text_free(&images);
  clf__text_free(&labels);
  return status;
}

const clf__dataset_writer clf__dataset_writer_idx = {
    .base = CLF__KIND("idx", "IDX, the format of MNIST: an images file and a labels file", params,
                      idx_write_params),
    .save = save,
};
