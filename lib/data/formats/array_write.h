/* Writing arrays of numbers as files store them, for IDX, NPY and NPZ. */
#ifndef CLF_DATA_FORMATS_ARRAY_WRITE_H
#define CLF_DATA_FORMATS_ARRAY_WRITE_H

#include "base/output.h"
#include "base/progress.h"
#include "data/formats/array.h"
#include "data/formats/write_labels.h"

/* The parameter `dtype` of the writers. */
#define CLF__WRITE_DTYPES "auto|u8|f32|f64"
enum { CLF__WRITE_AUTO, CLF__WRITE_U8, CLF__WRITE_F32, CLF__WRITE_F64 };

/* The bytes of a file on their way to an output, with their number and CRC-32. */
typedef struct clf__sink {
  clf__output *output; /* NULL: they are only counted */
  clf__text text;      /* what is not written yet */
  uint64_t size;       /* of what is written */
  uint32_t crc;
} clf__sink;

clf__sink clf__sink_of(clf_context *context, clf__output *output);
clf_status clf__sink_bytes(clf__sink *sink, const void *bytes, size_t count);
/* Writes an integer of `width` bytes, least significant byte first or last. */
clf_status clf__sink_integer(clf__sink *sink, uint64_t value, int32_t width, bool big_endian);
/* Writes what is left. */
clf_status clf__sink_flush(clf__sink *sink);
void clf__sink_free(clf__sink *sink);

/* Sets kind, width and shape of the array that a dataset's features are written as. With dtype=auto
 * it is u8 for bytes whose scale is `scale`, the one that readers assume, otherwise f32 or f64. */
void clf__array_of_features(clf__array *out, const clf_dataset *dataset, int32_t dtype,
                            float scale);
/* Logs the scale to read by if the array has bytes of another one. */
void clf__array_log_scale(const clf__array *array, const clf_dataset *dataset, float scale,
                          const char *format);
/* Writes them, zeros of sparse rows included. Returns CLF_ERROR_DATA, with row and column, for a
 * value that the array cannot hold. */
clf_status clf__array_write_features(clf__sink *sink, const clf__array *array,
                                     const clf_dataset *dataset, const char *format);
/* Writes one number; `row` and `column` are for the message. */
clf_status clf__array_write_number(clf__sink *sink, const clf__array *array, double value,
                                   int64_t row, int64_t column, const char *format);

/* Writes labels or targets: integers ('i', 'u') or numbers ('f') of the array's width. */
clf_status clf__array_write_labels(clf__sink *sink, const clf__array *array,
                                   const clf_dataset *dataset, clf__label_form form,
                                   const char *format);

/* Writes a file of features and, if `labels_path` is not NULL, one of labels. Each file is replaced
 * atomically, after both are complete. */
typedef clf_status (*clf__array_part)(clf__sink *sink, const clf_dataset *dataset,
                                      const void *params);
clf_status clf__array_save(const clf_dataset *dataset, const char *path, const char *labels_path,
                           clf__array_part features, clf__array_part labels, const void *params);

#endif
