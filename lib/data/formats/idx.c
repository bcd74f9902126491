/* IDX, the format of MNIST: two bytes 0, one for the element type, one for the number of axes, the
 * sizes as big-endian 32-bit integers, the elements, big-endian, last axis fastest.
 *
 * Images and labels are in two files, whose names differ in "images-idx3" and "labels-idx1". */
#include <float.h>
#include <string.h>

#include "base/context.h"
#include "base/text.h"
#include "data/formats/array.h"
#include "data/formats/idx_files.h"

typedef struct idx_params {
  char *labels;
  clf__number scale;
  bool regression;
  bool map;
  char *spill;
} idx_params;

#define CLF__VALUES idx_params
static const clf__param params[] = {
    CLF__TEXT(labels, NULL, "file of the labels, or none; otherwise found by the images' name"),
    CLF__REAL_OR(scale, "auto", "auto", CLF__ABOVE(0), DBL_MAX, "factor of u8 values; auto: 1/255"),
    CLF__BOOL(regression, "false", "the labels are regression targets"),
    CLF__BOOL(map, "false", "map plain files into memory; they must not change then"),
    CLF__DATASET_SPILL,
};

/* `type` is the third byte of the file. */
static bool set_type(clf__array *array, unsigned char type) {
  static const struct {
    unsigned char type;
    char kind;
    int32_t width;
  } types[] = {{0x08, 'u', 1}, {0x09, 'i', 1}, {0x0B, 'i', 2},
               {0x0C, 'i', 4}, {0x0D, 'f', 4}, {0x0E, 'f', 8}};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (types[i].type == type) {
      array->kind = types[i].kind;
      array->width = types[i].width;
      return true;
    }
  }
  return false;
}

static clf_status read_header(clf__array *out, const unsigned char *bytes, size_t size,
                              const char *name) {
  clf__array array = {.big_endian = true};
  if (size < 4 || bytes[0] != 0 || bytes[1] != 0) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: it is not an IDX file: that begins with two bytes 0, a type and a number "
                     "of axes",
                     name);
  }
  if (!set_type(&array, bytes[2])) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: offset 2: the element type is 0x%02X; it must be 0x08, 0x09, 0x0B, 0x0C, "
                     "0x0D or 0x0E",
                     name, bytes[2]);
  }
  array.ndim = bytes[3];
  if (array.ndim < 1 || array.ndim > CLF_MAX_DIMENSIONS) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: offset 3: it has %d axes; it must have 1 to %d", name,
                     array.ndim, CLF_MAX_DIMENSIONS);
  }
  array.offset = 4 + 4 * (size_t)array.ndim;
  if (size < array.offset) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: it ends at offset %zu, inside the header of %zu bytes",
                     name, size, array.offset);
  }
  for (int32_t i = 0; i < array.ndim; i++) {
    const unsigned char *at = bytes + 4 + 4 * i;
    array.shape[i] = (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | at[3];
  }
  *out = array;
  return CLF_OK;
}

static const clf__array_wanted rows = CLF__ARRAY_ROWS(read_header);
static const clf__head_check head = {clf__array_measure, &rows};

static clf_status read_images(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                              const char *name, const idx_params *chosen) {
  clf_tensor *x = NULL;
  CLF__CHECK(clf__array_read(&x, context, bytes, &rows, name));
  double automatic = x->dtype == CLF_U8 ? 1.0 / 255 : 1;
  if (x->dtype == CLF_U8 && chosen->scale.word >= 0) {
    clf__log(context, CLF_LOG_INFO, "%s: bytes count as 1/255 each; scale=1 takes them as they are",
             name);
  }
  clf_status status =
      clf_tensor_set_scale(x, chosen->scale.word < 0 ? chosen->scale.value : automatic);
  if (status == CLF_OK) {
    status = clf_dataset_create(out, context, x, NULL);
  }
  clf_tensor_free(x);
  return status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
}

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  const idx_params *chosen = values;
  CLF__CHECK(clf__array_check_memory(chosen->labels, chosen->map, name));
  return read_images(out, context, bytes, name, chosen);
}

static const char *const endings[] = {"", ".gz"};
enum { ENDINGS = sizeof endings / sizeof endings[0] };

static bool exists(const clf__text *path) {
  return !path->failed && clf__file_exists(path->bytes);
}

/* Makes PREFIX-images-idx3-ubyte, or the spelling PREFIX-images.idx3-ubyte. */
static bool find_by_prefix(clf__text *images, const char *prefix) {
  static const char *const rests[] = {"-images-idx3-ubyte", "-images.idx3-ubyte"};
  for (size_t i = 0; i < sizeof rests / sizeof rests[0] * ENDINGS; i++) {
    images->length = 0;
    clf__text_append(images, "%s%s%s", prefix, rests[i / ENDINGS], endings[i % ENDINGS]);
    if (exists(images)) {
      return true;
    }
  }
  return false;
}

/* Finds the labels file that belongs to the images file by its name. */
static bool find_labels(clf__text *labels, const char *images) {
  bool found = false;
  for (int32_t i = 0; !found && i < ENDINGS; i++) {
    found = clf__idx_labels_name(labels, images, endings[i]) && exists(labels);
  }
  return found;
}

/* Determines the files that the caller's path means. `labels` stays empty if there are none. */
static clf_status find_files(clf__text *images, clf__text *labels, const char *path,
                             const idx_params *chosen) {
  clf__text_append(images, "%s", path);
  bool is_prefix = !exists(images);
  if (is_prefix && !find_by_prefix(images, path) && !images->failed) {
    return clf__fail(CLF_ERROR_IO,
                     "'%s' is neither a file nor the prefix of one by the MNIST naming, such as "
                     "%s-images-idx3-ubyte or %s-images-idx3-ubyte.gz",
                     path, path, path);
  }
  if (chosen->labels != NULL) {
    clf__text_append(labels, "%s", strcmp(chosen->labels, "none") == 0 ? "" : chosen->labels);
  } else if (!images->failed && !find_labels(labels, images->bytes)) {
    labels->length = 0;
    if (is_prefix && !labels->failed) {
      return clf__fail(CLF_ERROR_IO,
                       "'%s' has no labels file next to it; name one by labels=PATH, or say "
                       "labels=none",
                       images->bytes);
    }
  }
  return images->failed || labels->failed ? CLF_ERROR_MEMORY : CLF_OK;
}

static clf_status load_images(clf_dataset **out, clf_context *context, const char *path,
                              const idx_params *chosen) {
  clf__bytes bytes = {0};
  clf_status status =
      clf__source_open(&bytes, context, path, chosen->map && chosen->spill == NULL, &head);
  if (status == CLF_OK) {
    status = read_images(out, context, &bytes, path, chosen);
  }
  clf__bytes_release(&bytes);
  return status;
}

/* Logs which file was taken for labels because of its name. */
static void log_labels(clf_context *context, const char *images, const clf__text *labels,
                       const idx_params *chosen) {
  if (chosen->labels == NULL && labels->length > 0) {
    clf__log(context, CLF_LOG_INFO,
             "%s: the labels are %s; labels=PATH takes another file, labels=none none", images,
             labels->bytes);
  } else if (chosen->labels == NULL) {
    clf__log(context, CLF_LOG_INFO,
             "%s: there is no file of labels next to it by the MNIST naming; labels=PATH names one",
             images);
  }
}

static clf_status load(clf_dataset **out, clf_context *context, const char *path,
                       const void *values) {
  const idx_params *chosen = values;
  clf__text images = {.context = context};
  clf__text labels = {.context = context};
  clf_dataset *dataset = NULL;
  clf_status status;
  CLF__TRY(find_files(&images, &labels, path, chosen));
  log_labels(context, images.bytes, &labels, chosen);
  CLF__TRY(load_images(&dataset, context, images.bytes, chosen));
  if (labels.length > 0) {
    CLF__TRY(clf__array_label_file(dataset, labels.bytes, read_header, chosen->regression));
  }
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  clf__text_free(&images);
  clf__text_free(&labels);
  return status;
}

const clf__dataset_reader clf__dataset_reader_idx = {
    .base = CLF__KIND("idx",
                      "IDX, the format of MNIST: an images file and a labels file, plain or gzip'd",
                      params, idx_params),
    .load = load,
    .parse = parse,
    .head = &head,
};
