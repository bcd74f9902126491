/* NPY arrays of a dataset, as files and as members of NPZ archives. */
#ifndef CLF_DATA_FORMATS_NPY_NPY_WRITE_H
#define CLF_DATA_FORMATS_NPY_NPY_WRITE_H

#include "data/formats/array_write.h"

typedef struct clf__npy_write_params {
  int32_t archive; /* auto, true, false */
  char *labels;
  int32_t dtype;
} clf__npy_write_params;

/* Write a header and its elements: the features, the labels or targets. */
clf_status clf__npy_write_header(clf__sink *sink, const clf__array *array);
clf_status clf__npy_write_x(clf__sink *sink, const clf_dataset *dataset, const void *params);
clf_status clf__npy_write_y(clf__sink *sink, const clf_dataset *dataset, const void *params);

/* The categories of the columns: the number of each, 0 for one of numbers, and the names of all. */
clf_status clf__npy_write_counts(clf__sink *sink, const clf_dataset *dataset, const void *params);
clf_status clf__npy_write_categories(clf__sink *sink, const clf_dataset *dataset,
                                     const void *params);

/* Writes an archive of x, or of a sparse matrix, and of y if there are labels or targets. */
clf_status clf__npz_write(clf__sink *sink, const clf_dataset *dataset, const void *params);

#endif
