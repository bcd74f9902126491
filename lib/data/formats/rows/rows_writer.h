/* The writer of files of rows, between its files: rows_writer.c (what the file holds, and its
 * life), rows_writer_check.c (whether later rows are like the first ones), rows_writer_append.c
 * (the rows themselves). */
#ifndef CLF_DATA_FORMATS_ROWS_ROWS_WRITER_H
#define CLF_DATA_FORMATS_ROWS_ROWS_WRITER_H

#include "data/formats/rows/rows.h"

#define CLF__ROWS_OWNER "dataset writer" /* what messages begin with */

/* The type that the parameter dtype asks for. */
enum { CLF__ROWS_AUTO, CLF__ROWS_U8, CLF__ROWS_F32, CLF__ROWS_F64 };

/* The parts of the file behind the features. */
enum {
  CLF__PART_COLUMN,
  CLF__PART_START,
  CLF__PART_LABELS,
  CLF__PART_TARGETS,
  CLF__PART_WEIGHTS,
  CLF__PARTS
};

struct clf_dataset_writer {
  clf_context *context;
  char *path, *folder;
  int32_t wanted; /* CLF__ROWS_AUTO … */
  bool begun;     /* the first rows were appended */
  bool ended;     /* finished, or a call failed after it had written */
  clf__store_stream stream;
  clf__rows_part parts[CLF__PARTS];
  clf_tensor *first; /* the first entry: dtype, scale and shape of the features, for the head */
  bool sparse;
  int64_t rows, features, entries;
  clf__names *names;
  clf__categories *categories;
  clf__rows_labels labels;
  int64_t outputs; /* of targets; 0 without */
  bool weighted;
};

/* Compares rows with the first ones, before any of them is written. */
clf_status clf__rows_writer_check(const clf_dataset_writer *writer, const clf_dataset *rows);
/* Writes rows, whose classes and categories were added. After a failure the file is of no use. */
clf_status clf__rows_writer_append(clf_dataset_writer *writer, const clf_dataset *rows);

#endif
