/* The symmetric eigenproblem, f64. */
#ifndef CLF_OPS_LINALG_EIGEN_H
#define CLF_OPS_LINALG_EIGEN_H

#include "tensor/rows.h"

/* The largest `count` eigenvalues, the largest first, and in the rows of `vectors` [count, n] the
 * eigenvectors, of length 1, of the symmetric A [n, n]. Only A's upper triangle is read; both are
 * destroyed. Residuals |A v - x v| are some n rounding errors of A's norm, whatever the spectrum.
 * CLF_ERROR_NUMERIC where A has NaN or infinities. */
clf_status clf__eigen_symmetric(clf_context *context, double *a, int64_t n, int64_t count,
                                double *values, double *vectors);

#endif
