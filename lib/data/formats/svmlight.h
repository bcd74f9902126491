/* What the reader of SVMlight text passes to the maker of the dataset. */
#ifndef CLF_DATA_FORMATS_SVMLIGHT_H
#define CLF_DATA_FORMATS_SVMLIGHT_H

#include "data/build.h"
#include "data/formats/lines.h"

typedef struct clf__svmlight_params {
  clf__number features;
  int32_t zero_based, precomputed; /* clf__svmlight_choice */
  bool regression;
  int64_t first_line;
  char *spill;
} clf__svmlight_params;

typedef enum clf__svmlight_choice {
  CLF__SVMLIGHT_AUTO,
  CLF__SVMLIGHT_TRUE,
  CLF__SVMLIGHT_FALSE
} clf__svmlight_choice;

typedef struct clf__svmlight {
  clf__lines lines;
  const clf__svmlight_params *params;
  clf_tensor *row_start, *column; /* i64, i32; indices as in the file */
  clf_tensor *value;              /* f64 */
  clf_tensor *labels;             /* i64 until one is not an integer of 64 bits, then f64 */
  const char *rounded_at;         /* a label that is an integer which f64 rounds, or NULL */
  int64_t rows;
  int64_t entries;
  int64_t queries;          /* rows with a qid */
  int64_t serials;          /* rows with an index 0, */
  int64_t serials_in_order; /* whose value is the row's number, counted from 1 */
  int32_t highest;          /* largest index; -1 before the first entry */
  const char *highest_at;   /* the entry that has it */
  const char *zero_at;      /* an entry that has index 0, or NULL */
} clf__svmlight;

/* Puts the position of `at` in front of the current message. */
clf_status clf__svmlight_fail_at(const clf__svmlight *self, const char *at, clf_status status);

/* Takes ownership of what was read. */
clf_status clf__svmlight_dataset(clf_dataset **out, clf__svmlight *self, clf_context *context);

#endif
