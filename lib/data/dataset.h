/* The dataset's inside. */
#ifndef CLF_DATA_DATASET_H
#define CLF_DATA_DATASET_H

#include <classify/dataset.h>

#include "base/file.h"
#include "base/text.h"
#include "data/classes.h"
#include "tensor/rows.h"

struct clf_dataset {
  clf_context *context;
  clf_tensor *x;         /* dense: [rows, features…] u8 or f32, contiguous rows; else NULL */
  clf_tensor *row_start; /* sparse: [rows + 1] i64; else NULL */
  clf_tensor *column;    /* sparse: i32 */
  clf_tensor *value;     /* sparse: f32 */
  int64_t rows;
  int64_t features;
  int64_t first_row;     /* of a block: its place among all rows, for messages; else 0 */
  clf_tensor *labels;    /* [rows] i32 class indices, or NULL */
  clf__classes *classes; /* with labels */
  clf_tensor *targets;   /* [rows, outputs] f64 C-contiguous, or NULL */
  clf_tensor *weights;   /* [rows] f32, or NULL */
};

clf__rows clf__dataset_rows(const clf_dataset *dataset);
const int32_t *clf__dataset_labels(const clf_dataset *dataset); /* NULL without */
const double *clf__dataset_targets(const clf_dataset *dataset); /* NULL without */
const float *clf__dataset_weights(const clf_dataset *dataset);  /* NULL without */

/* A block of a dataset's rows without labels, targets and weights, on the same memory. It is on the
 * stack and is not freed; the dataset must outlive it. */
typedef struct clf__dataset_block {
  clf_dataset rows;
  clf_tensor along; /* x or row_start of the block */
} clf__dataset_block;

const clf_dataset *clf__dataset_block_of(clf__dataset_block *block, const clf_dataset *dataset,
                                         int64_t first, int64_t count);

/* For transforms: a dataset with other features and the labels, targets and weights of `like`,
 * shared. Takes `x` over on success. */
clf_status clf__dataset_with_x(clf_dataset **out, const clf_dataset *like, clf_tensor *x);
/* Sparse: new values [entries] in the same places, from the first row's first entry on. */
clf_status clf__dataset_with_value(clf_dataset **out, const clf_dataset *like, clf_tensor *value);

/* A reader of one format, a row of the registry in formats/format_registry.c. */
typedef struct clf__format {
  clf__kind base;
  /* For formats of more than one file; NULL: `path` is parsed whole. Without `parse` it is all. */
  clf_status (*load)(clf_dataset **out, clf_context *context, const char *path, const void *params);
  /* Reads what `bytes` hold of a dataset, without looking at other files. Takes the bytes over
   * (*bytes is then zero) where the dataset can live on them; the caller releases them either way.
   * `name` stands in messages. */
  clf_status (*parse)(clf_dataset **out, clf_context *context, clf__bytes *bytes, const char *name,
                      const void *params);
} clf__format;

/* A writer of one format, a row of the other registry there. */
typedef struct clf__dataset_writer {
  clf__kind base;
  /* Writes a dataset whose values are finite. */
  clf_status (*write)(const clf_dataset *dataset, clf__output *output, const void *params);
} clf__dataset_writer;

extern const clf__format clf__format_idx;
extern const clf__format clf__format_csv;
extern const clf__format clf__format_svmlight;
extern const clf__format clf__format_npy;
extern const clf__format clf__format_images;

extern const clf__dataset_writer clf__svmlight_writer;

extern const clf__registry clf__formats, clf__dataset_writers;

#endif
