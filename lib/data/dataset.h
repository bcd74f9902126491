/* The members of a dataset. */
#ifndef CLF_DATA_DATASET_H
#define CLF_DATA_DATASET_H

#include <classify/dataset.h>

#include "base/output.h"
#include "base/text.h"
#include "comm/shards.h"
#include "data/categories.h"
#include "data/classes.h"
#include "data/names.h"
#include "data/source.h"
#include "tensor/rows.h"

struct clf_dataset {
  clf_context *context;
  clf_tensor *x;         /* dense: [rows, features…] u8, f32 or f64, contiguous rows; otherwise
                          * NULL */
  clf_tensor *row_start; /* sparse: [rows + 1] i64; otherwise NULL */
  clf_tensor *column;    /* sparse: i32 */
  clf_tensor *value;     /* sparse: f32 */
  int64_t rows;
  int64_t features;
  int64_t first_row;     /* of a block: the index of its first row, for messages; otherwise 0 */
  clf_tensor *labels;    /* [rows] i32 class indices, or NULL */
  clf__classes *classes; /* with labels */
  clf_tensor *targets;   /* [rows, outputs] f64 C-contiguous, or NULL */
  clf_tensor *weights;   /* [rows] f32, or NULL */
  clf__names *names;     /* [features], or NULL */
  clf__categories *categories; /* of [features], or NULL if all are numbers; x is then dense f32 or
                                * f64 */
  char *guesses;               /* of the reader, as parameters; NULL if there are none; owned */
  const clf__shards *shards;   /* within a fit (rank_rows.h): borrowed; otherwise NULL */
};

clf__rows clf__dataset_rows(const clf_dataset *dataset);
const int32_t *clf__dataset_labels(const clf_dataset *dataset); /* NULL without */
const double *clf__dataset_targets(const clf_dataset *dataset); /* NULL without */
const float *clf__dataset_weights(const clf_dataset *dataset);  /* NULL without */

/* How messages call a column: "column 'city'", or "column 3" without names. */
typedef struct clf__column_text {
  char text[64];
} clf__column_text;
clf__column_text clf__dataset_column(const clf_dataset *dataset, int64_t column);
/* Checks the codes of all category columns, of dense rows of f32 or f64. Returns CLF_ERROR_DATA. */
clf_status clf__dataset_check_codes(const clf_dataset *dataset);
/* Returns CLF_ERROR_DATA for a dataset with category columns on behalf of `owner`, such as "svm",
 * which computes with numbers. */
clf_status clf__dataset_check_numbers(const clf_dataset *dataset, const char *owner);

/* A block of a dataset's rows on the same memory, without labels, targets and weights. It is on the
 * stack and is not freed; the dataset must outlive it. */
typedef struct clf__dataset_block {
  clf_dataset rows;
  clf_tensor along; /* x or row_start of the block */
} clf__dataset_block;

const clf_dataset *clf__dataset_block_of(clf__dataset_block *block, const clf_dataset *dataset,
                                         int64_t first, int64_t count);

/* For transforms: makes a dataset with other features, which have neither names nor categories, and
 * with the labels, targets and weights of `like`, which are shared. Takes ownership of `x` on
 * success. */
clf_status clf__dataset_with_x(clf_dataset **out, const clf_dataset *like, clf_tensor *x);
/* Sparse: new values [entries] for the same positions, from the first entry of the first row on,
 * and the same names of columns. */
clf_status clf__dataset_with_value(clf_dataset **out, const clf_dataset *like, clf_tensor *value);

/* The row of the parameter `spill` of a reader; clf_dataset_load() does what it says. */
#define CLF__DATASET_SPILL                                                                         \
  CLF__TEXT(spill, NULL, "folder of files for what is read, which then takes no memory")

/* A reader of one format, a row of the registry in formats/registry.c. */
typedef struct clf__dataset_reader {
  clf__kind base;
  /* For formats of more than one file. If it is NULL, the file at `path` is passed to parse. */
  clf_status (*load)(clf_dataset **out, clf_context *context, const char *path, const void *params);
  /* Reads a dataset from `bytes` without accessing other files: a parameter that names one is
   * refused. Takes ownership of the bytes (*bytes is then zero) if the dataset can use them in
   * place and they are not borrowed; the caller releases them in any case. `name` is used in
   * messages. */
  clf_status (*parse)(clf_dataset **out, clf_context *context, clf__bytes *bytes, const char *name,
                      const void *params);
  const clf__head_check *head; /* of compressed data; NULL if headers do not state a size */
} clf__dataset_reader;

/* A writer of one format, a row of the other registry there. */
typedef struct clf__dataset_writer {
  clf__kind base;
  /* For formats that may take more than one file. If it is NULL, write is called. */
  clf_status (*save)(const clf_dataset *dataset, const char *path, const void *params);
  /* It writes categories as texts, and missing values; others refuse both. */
  bool tables;
  /* Writes a dataset whose values are finite, or NaN if it writes tables. */
  clf_status (*write)(const clf_dataset *dataset, clf__output *output, const void *params);
} clf__dataset_writer;

extern const clf__dataset_reader clf__dataset_reader_idx;
extern const clf__dataset_reader clf__dataset_reader_csv;
extern const clf__dataset_reader clf__dataset_reader_svmlight;
extern const clf__dataset_reader clf__dataset_reader_npy;
extern const clf__dataset_reader clf__dataset_reader_rows;
extern const clf__dataset_reader clf__dataset_reader_images;
extern const clf__dataset_reader clf__dataset_reader_fields;

extern const clf__dataset_writer clf__dataset_writer_idx;
extern const clf__dataset_writer clf__dataset_writer_csv;
extern const clf__dataset_writer clf__dataset_writer_svmlight;
extern const clf__dataset_writer clf__dataset_writer_npy;
extern const clf__dataset_writer clf__dataset_writer_rows;

extern const clf__registry clf__dataset_readers, clf__dataset_writers;

#endif
