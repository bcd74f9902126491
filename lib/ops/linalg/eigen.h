/* The symmetric eigenproblem, f64. */
#ifndef CLF_OPS_LINALG_EIGEN_H
#define CLF_OPS_LINALG_EIGEN_H

#include "tensor/rows.h"

/* Computes the largest `count` eigenvalues of the symmetric A [n, n], the largest first, and in the
 * rows of `vectors` [count, n] their eigenvectors of length 1. Only the upper triangle of A is
 * read; both triangles are destroyed. The residuals |A v - x v| are about n rounding errors of A's
 * norm, whatever the spectrum. Returns CLF_ERROR_NUMERIC if A has NaN or infinities. */
clf_status clf__eigen_symmetric(clf_context *context, double *a, int64_t n, int64_t count,
                                double *values, double *vectors);

#endif
