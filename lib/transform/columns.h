/* The parameter `columns` of transforms, and the rows that it makes: the chosen columns go to the
 * kind, and what the kind makes of them joins the others, which pass through. */
#ifndef CLF_TRANSFORM_COLUMNS_H
#define CLF_TRANSFORM_COLUMNS_H

#include "data/dataset.h"

/* Reads a list of columns: names as of the rows or, if no column has that name, numbers from 1, or
 * -1 for the last, between commas; a quoted item may contain commas. After a '!' the list is of the
 * columns that are left out. *out [*count], allocated, receives indices from 0, in the order of the
 * list. Returns CLF_ERROR_DATA for a column that is missing or ambiguous, CLF_ERROR_ARGUMENT for
 * one that is listed twice or a list that leaves no column. */
clf_status clf__columns_read(int64_t **out, int64_t *count, const clf_dataset *dataset,
                             const char *list);

/* Make a dataset of the chosen columns, without names, with the rest of `dataset`. */
clf_status clf__columns_choose_dense(clf_dataset **out, const clf_dataset *dataset,
                                     const int64_t *columns, int64_t count);
clf_status clf__columns_choose_sparse(clf_dataset **out, const clf_dataset *dataset,
                                      const int64_t *columns, int64_t count);

/* Where the columns of the joined rows come from: place[j] is a column of the rows before or, from
 * `inputs` on, inputs + a column that the kind made. */
typedef struct clf__layout {
  int64_t inputs;
  int64_t made;
  int64_t count;
  int64_t *place; /* [count], allocated */
} clf__layout;

/* Lays the columns out: those that the kind makes of one column stand where it stood, widths
 * [count] of each; without widths, the `made` columns stand behind all others. */
clf_status clf__columns_lay_out(clf__layout *out, clf_context *context, int64_t inputs,
                                const int64_t *columns, int64_t count, const int64_t *widths,
                                int64_t made);

struct clf_transform;
/* Lays out the columns of a fitted transform whose rest passes through (names.c). */
clf_status clf__transform_layout(clf__layout *out, const struct clf_transform *transform);

/* Make the joined rows, without names, with the rest of `before`. Dense rows are f64 if either is,
 * and f32 otherwise. Rows are sparse if either is; then CLF_ERROR_DATA is returned if an f64 number
 * is beyond f32. */
clf_status clf__columns_join_dense(clf_dataset **out, const clf_dataset *before,
                                   const clf_dataset *made, const clf__layout *layout);
clf_status clf__columns_join_sparse(clf_dataset **out, const clf_dataset *before,
                                    const clf_dataset *made, const clf__layout *layout);

#endif
