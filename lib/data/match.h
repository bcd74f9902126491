/* Rows as something that was fitted expects them. Where both sides have names of columns, columns
 * are matched by name: other columns are left out, and missing ones are refused. Otherwise they are
 * matched by position. Codes of categories are translated by their texts to those of the fit; a
 * category that the fit did not see gets a code behind them, and the dictionary of the result is
 * extended by it. */
#ifndef CLF_DATA_MATCH_H
#define CLF_DATA_MATCH_H

#include "data/dataset.h"

/* The columns that something was fitted on. */
typedef struct clf__fit_columns {
  clf_context *context;
  const char *owner; /* for messages: "svm" */
  int64_t features;
  clf__names *names;           /* or NULL */
  clf__categories *categories; /* or NULL */
} clf__fit_columns;

/* What to do with the rows of one dataset, found once for all of its blocks. */
typedef struct clf__match {
  const clf__fit_columns *fitted;
  clf__arena arena;
  bool same;             /* the rows are as expected */
  const int64_t *from;   /* [features] column of the rows for each of the fit; NULL: the same */
  const int32_t **codes; /* [features] new code for each code [code_count], or NULL: the same */
  int64_t *code_count;
  clf__categories *categories; /* of the result; owned */
} clf__match;

/* Returns the column of the rows for a column of the fit. */
static inline int64_t clf__match_source(const clf__match *match, int64_t column) {
  return match->from != NULL ? match->from[column] : column;
}

/* Logs the columns that are left out. Returns CLF_OK, CLF_ERROR_SHAPE for another number of columns
 * without names, CLF_ERROR_DATA for columns that are missing, or are numbers where the fit had
 * categories or the other way round, or CLF_ERROR_MEMORY. End it by clf__match_end in any case. */
clf_status clf__match_begin(clf__match *out, const clf__fit_columns *fitted,
                            const clf_dataset *data);
/* Makes a part of the rows, or all of them, as expected: *out is `rows` itself or *made, which the
 * caller frees. */
clf_status clf__match_rows(const clf_dataset **out, clf_dataset **made, const clf__match *match,
                           const clf_dataset *rows);
void clf__match_end(clf__match *match);

/* All three for all rows at once. */
clf_status clf__dataset_match(const clf_dataset **out, clf_dataset **made,
                              const clf__fit_columns *fitted, const clf_dataset *data);

#endif
