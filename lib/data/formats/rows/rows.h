/* The library's own file of rows: a store (docs/model-format.md) whose first entry is the features,
 * so that they can be mapped, and written in pieces. */
#ifndef CLF_DATA_FORMATS_ROWS_ROWS_H
#define CLF_DATA_FORMATS_ROWS_ROWS_H

#include "base/scratch.h"
#include "data/build.h"
#include "store/stream.h"

/* The entries; that of the classes is clf__classes_save()'s. */
#define CLF__ROWS_VERSION "dataset.version"
#define CLF__ROWS_X "dataset.x"
#define CLF__ROWS_VALUE "dataset.value"
#define CLF__ROWS_COLUMN "dataset.column"
#define CLF__ROWS_START "dataset.row_start"
#define CLF__ROWS_FEATURES "dataset.features"
#define CLF__ROWS_LABELS "dataset.labels"
#define CLF__ROWS_TARGETS "dataset.targets"
#define CLF__ROWS_WEIGHTS "dataset.weights"
#define CLF__ROWS_NAMES "dataset.names"
#define CLF__ROWS_CATEGORIES "dataset.categories"

/* A tensor of the file, or a text, whose parts lie in a file without a name until it is written. */
typedef struct clf__rows_part {
  const char *name;
  int32_t dtype;
  int64_t width; /* elements a row of a matrix; 0 for a vector */
  int64_t count; /* elements so far */
  clf__scratch file;
} clf__rows_part;

clf_status clf__rows_part_open(clf__rows_part *out, const char *folder, const char *name,
                               int32_t dtype, int64_t width);
clf_status clf__rows_part_write(clf__rows_part *part, const void *elements, int64_t count);
/* Maps what was written, and closes the part. The tensor is writable for the caller. */
clf_status clf__rows_part_map(clf_tensor **out, clf_context *context, clf__rows_part *part);
void clf__rows_part_close(clf__rows_part *part); /* allowed if it is not open */

/* The classes of all rows so far. Labels are written as codes: indices of classes in the order of
 * their first appearance, which later rows do not change. */
typedef struct clf__rows_labels {
  clf__classes *classes; /* of all labels so far, or NULL before the first */
  int32_t *place;        /* [codes] the index in `classes` of each code */
  int32_t *code_of;      /* [classes] the reverse */
} clf__rows_labels;

/* Adds the classes of more rows. */
clf_status clf__rows_labels_join(clf__rows_labels *labels, clf_context *context,
                                 const clf__classes *more);
/* Writes the labels of rows, whose classes were added. */
clf_status clf__rows_labels_write(const clf__rows_labels *labels, clf__rows_part *part,
                                  const clf_dataset *rows);
/* Replaces codes by indices of the classes. */
void clf__rows_labels_finish(const clf__rows_labels *labels, clf_tensor *codes);
void clf__rows_labels_free(clf__rows_labels *labels);

#endif
