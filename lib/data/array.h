/* Arrays of numbers as files store them: any width, byte order and axis order. IDX and NPY files
 * are a header and one such array. */
#ifndef CLF_DATA_ARRAY_H
#define CLF_DATA_ARRAY_H

#include "base/file.h"
#include "data/dataset.h"
#include "data/source.h"

typedef struct clf__array {
  char kind;       /* 'u' unsigned, 'i' signed, 'f' IEEE, 'b' truth values */
  int32_t width;   /* bytes of an element: 1, 2, 4 or 8 */
  bool big_endian; /* only of elements wider than 1 */
  bool fortran;    /* the first axis is the fastest */
  int32_t ndim;
  int64_t shape[CLF_MAX_DIMENSIONS];
  size_t offset; /* of the first element */
} clf__array;

/* Reads the header that the `size` bytes begin with. CLF_ERROR_FORMAT, CLF_ERROR_SHAPE,
 * CLF_ERROR_TYPE. */
typedef clf_status (*clf__array_header)(clf__array *out, const unsigned char *bytes, size_t size,
                                        const char *name);

/* Bytes of header and elements. CLF_ERROR_DATA without elements, CLF_ERROR_SHAPE on overflow. */
clf_status clf__array_whole(size_t *size, const clf__array *array, const char *name);

/* What a reader looks for, all of which a header says. */
typedef struct clf__array_wanted {
  clf__array_header header;
  int32_t min_axes, max_axes;
  int64_t rows; /* the size of the first axis; -1: any */
  size_t size;  /* of header and elements; 0: any */
} clf__array_wanted;

/* Rows of features; labels or targets of `rows` rows. */
clf__array_wanted clf__array_rows(clf__array_header header);
clf__array_wanted clf__array_labels(clf__array_header header, int64_t rows);

/* The measure of a clf__head_check whose `wanted` is a clf__array_wanted. */
clf_status clf__array_measure(size_t *size, const unsigned char *head, size_t count,
                              const char *name, const void *wanted);

/* The array that `bytes` are, whole, as a tensor. Takes the bytes over (*bytes is then zero) where
 * the elements can stay where they are; others are decoded into a type that holds them exactly. The
 * caller releases the bytes either way. CLF_ERROR_DATA for an unsigned label beyond int64_t. */
clf_status clf__array_read(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                           const clf__array_wanted *wanted, const char *name);

/* A file of labels or targets, for clf__array_attach. It is read, not mapped: labels are looked at
 * twice. */
clf_status clf__array_load(clf_tensor **out, clf_context *context, const char *path,
                           const clf__array_wanted *wanted);

/* Gives a dataset its labels ([rows] or [rows, 1]), or targets ([rows] or [rows, outputs]) when
 * it is for regression. */
clf_status clf__array_attach(clf_dataset *dataset, const clf_tensor *labels, bool regression,
                             const char *name);

#endif
