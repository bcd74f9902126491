/* Arrays of numbers as files store them: any width, byte order and axis order. IDX and NPY files
 * are a header and one such array. */
#ifndef CLF_DATA_FORMATS_ARRAY_H
#define CLF_DATA_FORMATS_ARRAY_H

#include "base/file.h"
#include "data/dataset.h"
#include "data/source.h"

typedef struct clf__array {
  char kind;          /* 'u' unsigned, 'i' signed, 'f' IEEE, 'b' truth values; texts: 'U' UTF-32,
                         'S' bytes */
  int32_t width;      /* bytes of an element: 1, 2, 4 or 8; of a text any number, NULs at its end */
  bool big_endian;    /* only of elements wider than 1 */
  bool order_guessed; /* the header does not say it: this machine's was taken */
  bool fortran;       /* the first axis is the fastest */
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
  const char *what; /* for messages: "labels" */
  int32_t min_axes, max_axes;
  int64_t rows; /* the size of the first axis; -1: any */
  bool labels;  /* unsigned integers must stay integers */
  bool text;    /* texts are fine, too */
  size_t size;  /* of header and elements; 0: any */
} clf__array_wanted;

/* Rows of features; labels, or targets of a regression, of `rows` rows. */
clf__array_wanted clf__array_rows(clf__array_header header);
clf__array_wanted clf__array_labels(clf__array_header header, int64_t rows, bool regression);

/* The measure of a clf__head_check whose `wanted` is a clf__array_wanted. */
clf_status clf__array_measure(size_t *size, const unsigned char *head, size_t count,
                              const char *name, const void *wanted);

/* The array that `bytes` are, whole, as a tensor. Takes the bytes over (*bytes is then zero) where
 * the elements can stay where they are; others are decoded into a type that holds them exactly:
 * the log says where an unsigned integer is beyond that. The caller releases the bytes either way.
 */
clf_status clf__array_read(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                           const clf__array_wanted *wanted, const char *name);

/* Gives a dataset the labels ([rows] or [rows, 1], numbers or texts) that `bytes` are, or the
 * targets ([rows] or [rows, outputs]) where it is for regression. CLF_ERROR_DATA for an unsigned
 * label beyond int64_t and for a text that is no UTF-8. */
clf_status clf__array_label(clf_dataset *dataset, clf__bytes *bytes,
                            const clf__array_wanted *wanted, const char *name);

/* The same from a file. It is read, not mapped: labels are looked at twice. */
clf_status clf__array_label_file(clf_dataset *dataset, const char *path, clf__array_header header,
                                 bool regression);

/* An element of an array of texts, which begins at `data`, as UTF-8 with a NUL: `to` has
 * width + 1 bytes. 'S' bytes are copied as they are. CLF_ERROR_DATA for characters that are none.
 */
clf_status clf__array_text(char *to, const clf__array *array, const unsigned char *data,
                           int64_t index);
/* Labels [rows] of such an array. */
clf_status clf__array_label_texts(clf_dataset *dataset, const clf__array *array,
                                  const unsigned char *data);

#endif
