/* Statistics of columns that are accurate for large offsets: double sums, and variances around the
 * mean. */
#ifndef CLF_TRANSFORM_NUMBERS_STATISTICS_H
#define CLF_TRANSFORM_NUMBERS_STATISTICS_H

#include "tensor/rows.h"

typedef struct clf__columns {
  double *minimum; /* all [columns] */
  double *maximum;
  double *mean;      /* or NULL */
  double *deviation; /* of the population; 0 for a column of equal values; NULL if there is no mean
                      */
} clf__columns;

/* Rows of weight 0 do not count; `weights` may be NULL. Elements that sparse rows leave out are 0.
 * Returns CLF_ERROR_DATA if all weights are 0, or if the range, the mean or the deviation of a
 * column, or the reciprocal of the deviation, is beyond a double. */
clf_status clf__column_statistics(clf_context *context, const clf__rows *x, const float *weights,
                                  const clf__columns *out);
/* Computes only the means [columns]. */
clf_status clf__column_means(clf_context *context, const clf__rows *x, const float *weights,
                             double *mean);

#endif
