/* What rows lose when they are rounded to f32. */
#ifndef CLF_TENSOR_ROWS_PRECISION_H
#define CLF_TENSOR_ROWS_PRECISION_H

#include "tensor/rows.h"

/* Returns whether half a unit in the last place, as f32, of the larger value is more than 1e-6 of
 * the range. */
bool clf__range_is_far(double low, double high);

/* *out becomes the first column of dense f32 or f64 rows that lies far from 0, or -1: half a unit
 * in the last place of its largest value as f32 is more than 1e-6 of its range. Rows of weight 0 do
 * not count, and constant columns are never far. */
clf_status clf__rows_far(int64_t *out, clf_context *context, const clf__rows *x,
                         const float *weights);

/* Computes the medians of the columns [columns] over up to 1,024 evenly spaced rows of dense f32 or
 * f64 rows, without those of weight 0. Outliers do not affect them. */
clf_status clf__rows_medians(double *out, clf_context *context, const clf__rows *x,
                             const float *weights);

/* *out becomes the largest distance of f64 rows from the center (NULL for 0) if all are so small
 * that f32 loses digits, and INFINITY otherwise, as for other rows. Rows of weight 0 do not
 * count. */
clf_status clf__rows_largest_small(double *out, const clf__rows *x, const float *weights,
                                   const double *center);
/* Returns CLF_ERROR_NUMERIC for such a distance that is not 0, the largest of all ranks. */
clf_status clf__rows_check_small(double largest, bool centered);

/* *out becomes the first column of f64 rows that varies so little that its squares underflow a
 * double, or -1. Only columns whose sum of squares, squares[j * step], is small are examined. */
clf_status clf__rows_vanishing(int64_t *out, clf_context *context, const clf__rows *x,
                               const float *weights, const double *squares, int64_t step);

typedef struct clf__merged {
  int64_t column; /* the column with most such rows, the first of equals; -1 if there are none */
  int64_t rows;   /* rows whose value has the same f32 as an earlier, different one */
  int64_t looked_at;
} clf__merged;

/* Examines every `step`-th row of dense f64 rows, minus their center, for different values with the
 * same f32. It stops at the first column that has `enough` such rows. */
clf_status clf__rows_merged(clf__merged *out, clf_context *context, const clf__rows *x,
                            int64_t step, int64_t enough);

#endif
