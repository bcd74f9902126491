/* A few eigenvalues of a large symmetric matrix, f64. */
#ifndef CLF_OPS_LINALG_LANCZOS_H
#define CLF_OPS_LINALG_LANCZOS_H

#include "tensor/rows.h"

/* The largest `count` eigenvalues of A [n, n], of elements of 1 at most, the largest first, and in
 * the rows of `vectors` [count, n] the eigenvectors. *found is false, with CLF_OK, where they are
 * not all positive, or not found with a basis of some 10 times as many vectors: then the direct
 * method is as fast. */
clf_status clf__lanczos_largest(clf_context *context, const double *a, int64_t n, int64_t count,
                                double *values, double *vectors, bool *found);

#endif
