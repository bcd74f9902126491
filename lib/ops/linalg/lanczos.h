/* A few eigenvalues of a large symmetric matrix, f64. */
#ifndef CLF_OPS_LINALG_LANCZOS_H
#define CLF_OPS_LINALG_LANCZOS_H

#include "tensor/rows.h"

/* Computes the largest `count` eigenvalues of A [n, n], whose elements are at most 1, the largest
 * first, and in the rows of `vectors` [count, n] their eigenvectors. If not all of them are
 * positive, or if a basis of about 10 times as many vectors is not enough, it returns CLF_OK and
 * *found is false; the direct method is then as fast. */
clf_status clf__lanczos_largest(clf_context *context, const double *a, int64_t n, int64_t count,
                                double *values, double *vectors, bool *found);

#endif
