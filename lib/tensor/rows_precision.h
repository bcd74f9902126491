/* What rounding to f32 would lose of rows. */
#ifndef CLF_TENSOR_ROWS_PRECISION_H
#define CLF_TENSOR_ROWS_PRECISION_H

#include "tensor/rows.h"

/* Whether half a unit in the last place of the larger, as f32, is more than 1e-6 of the range. */
bool clf__range_is_far(double low, double high);

/* *out is the first column of dense f32 or f64 rows (those of weight 0 not counted) that lies far
 * from 0: half a unit in the last place of its largest value as f32 is more than 1e-6 of its range.
 * -1 where there is none. Constant columns are none. */
clf_status clf__rows_far(int64_t *out, clf_context *context, const clf__rows *x,
                         const float *weights);

/* The columns' medians [columns] over up to 1,024 evenly spaced rows, those of weight 0 not
 * counted, of dense f32 or f64 rows: a value that lies far out does not move them. */
clf_status clf__rows_medians(double *out, clf_context *context, const clf__rows *x,
                             const float *weights);

/* CLF_ERROR_NUMERIC where f64 rows have a value that is not 0 about the center (NULL for 0), and
 * all are too small for f32 to hold them with all its digits, rows of weight 0 not counted. Other
 * rows are fine. */
clf_status clf__rows_check_small(const clf__rows *x, const float *weights, const double *center);

/* *out is the first column of f64 rows that varies, but by so little that doubles do not hold its
 * squares; -1 where there is none, as in other rows. What is looked at are columns whose sum of
 * squares, squares[j * step], is so small. */
clf_status clf__rows_vanishing(int64_t *out, clf_context *context, const clf__rows *x,
                               const float *weights, const double *squares, int64_t step);

typedef struct clf__merged {
  int64_t column; /* the one with most such rows, the first of equals; -1 when there are none */
  int64_t rows;   /* that hold a value which is as f32 the same as another one before it */
  int64_t looked_at;
} clf__merged;

/* Looks at every `step`-th row of dense f64 rows, about their center, for values that differ and
 * are the same as f32, no further than the first column that has `enough` such rows. */
clf_status clf__rows_merged(clf__merged *out, clf_context *context, const clf__rows *x,
                            int64_t step, int64_t enough);

#endif
