/* The fit of the pca transform. */
#ifndef CLF_TRANSFORM_NUMBERS_PCA_H
#define CLF_TRANSFORM_NUMBERS_PCA_H

#include "ops/linalg/moments.h"

enum { CLF__PCA_AUTO, CLF__PCA_GRAM, CLF__PCA_COVARIANCE };

typedef struct clf__directions_wanted {
  int32_t solver;
  double max;   /* maximum number of directions */
  double share; /* of the variance; no more directions are kept than it requires */
  bool f64;     /* f64 rows are not rounded, and products are in f64 */
} clf__directions_wanted;

/* Directions of the variance of the rows, the largest first. */
typedef struct clf__directions {
  clf__arena arena; /* holds the arrays */
  int64_t count;
  double *mean;     /* [columns] */
  double *variance; /* [count] variance of the population along each */
  double *vectors;  /* [count, columns], of length 1 */
  double total;     /* variance in all directions, including those that were left out */
} clf__directions;

/* Computes the directions in which the rows vary by more than rounding errors. The largest element
 * of each direction is positive. `weights` [rows] or NULL. Returns CLF_ERROR_DATA if all rows (of a
 * weight above 0) are equal, CLF_ERROR_UNSUPPORTED for the Gram matrix of sparse rows,
 * CLF_ERROR_SHAPE if the matrix is too large, CLF_ERROR_MEMORY or CLF_ERROR_CANCELLED. *out must be
 * freed after a failure, too. */
clf_status clf__directions_find(clf__directions *out, clf_context *context, const clf__rows *x,
                                const float *weights, const clf__directions_wanted *wanted);
/* The same from sums over the rows (full, without outputs). */
clf_status clf__directions_of_sums(clf__directions *out, clf_context *context,
                                   const clf__moments *sums, const clf__directions_wanted *wanted);
/* Returns CLF_ERROR_SHAPE for more features than an eigenproblem may have. */
clf_status clf__directions_check_size(int64_t features);

#endif
