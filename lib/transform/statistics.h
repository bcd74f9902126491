/* Statistics of columns, exact for large offsets: double sums, variances around the mean. */
#ifndef CLF_TRANSFORM_STATISTICS_H
#define CLF_TRANSFORM_STATISTICS_H

#include "tensor/rows.h"

typedef struct clf__columns {
  double *minimum; /* all [columns] */
  double *maximum;
  double *mean;      /* or NULL */
  double *deviation; /* of the population; 0 for a column of equal values; or NULL, as without mean
                      */
} clf__columns;

/* Rows of weight 0 do not count; `weights` may be NULL. Elements that sparse rows leave out are 0.
 * CLF_ERROR_DATA when all weights are 0, and for a column whose range or mean is beyond a double,
 * or the deviation or what divides by it. */
clf_status clf__column_statistics(clf_context *context, const clf__rows *x, const float *weights,
                                  const clf__columns *out);
/* Means [columns] alone. */
clf_status clf__column_means(clf_context *context, const clf__rows *x, const float *weights,
                             double *mean);

#endif
