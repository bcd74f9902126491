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

/* The array that `bytes` are, whole, as a tensor. Takes the bytes over (*bytes is then zero) where
 * the elements can stay where they are; others become `dtype`, CLF_F32 or CLF_F64. The caller
 * releases the bytes either way. */
clf_status clf__array_tensor(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                             const clf__array *array, int32_t dtype, const char *name);

/* A file of labels or targets, for clf__array_attach. */
clf_status clf__array_load(clf_tensor **out, clf_context *context, const char *path, bool map,
                           clf__array_header header, clf__measure measure);

/* Gives a dataset its labels ([rows] or [rows, 1]), or targets ([rows] or [rows, outputs]) when
 * it is for regression. */
clf_status clf__array_attach(clf_dataset *dataset, const clf_tensor *labels, bool regression,
                             const char *name);

#endif
