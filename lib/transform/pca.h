/* The fit of the pca transform. */
#ifndef CLF_TRANSFORM_PCA_H
#define CLF_TRANSFORM_PCA_H

#include "tensor/rows.h"

enum { CLF__PCA_AUTO, CLF__PCA_GRAM, CLF__PCA_COVARIANCE };

/* Directions of the rows' variance, the largest first. */
typedef struct clf__directions {
  int64_t count;
  double *mean;     /* [columns] */
  double *variance; /* [count] along each, of the population */
  double *vectors;  /* [count, columns], of length 1 */
  double total;     /* variance in all directions, those left out included */
} clf__directions;

/* The directions in which the rows vary beyond rounding, at most `max` and no more than hold the
 * `share` of the total; the largest element of each is positive. `weights` [rows] or NULL.
 * CLF_ERROR_DATA where all rows (of a weight above 0) are equal, CLF_ERROR_UNSUPPORTED for the Gram
 * matrix of sparse rows, CLF_ERROR_SHAPE for a matrix too large, CLF_ERROR_MEMORY,
 * CLF_ERROR_CANCELLED. *out is to be freed after failures too. */
clf_status clf__directions_find(clf__directions *out, clf_context *context, const clf__rows *x,
                                const float *weights, int32_t solver, double max, double share);
void clf__directions_free(clf__directions *directions);

#endif
