/* Symmetric matrices and tridiagonal ones of the same eigenvalues, f64. */
#ifndef CLF_OPS_LINALG_TRIDIAGONAL_H
#define CLF_OPS_LINALG_TRIDIAGONAL_H

#include "tensor/rows.h"

/* T = Q^T A Q for the symmetric A [n, n], of which the upper triangle is read and overwritten by
 * what Q is made of; the lower one is scratch. T has `diagonal` [n] and, next to it, `off_diagonal` [n]
 * (its last element is 0); `factors` [n] belong to Q. A's elements are at most 1 in size. */
clf_status clf__tridiagonal_reduce(clf_context *context, double *a, int64_t n, double *diagonal,
                                   double *off_diagonal, double *factors);

/* vectors [count, n] = vectors Q^T: rows that are eigenvectors of T become those of A. */
clf_status clf__tridiagonal_restore(clf_context *context, const double *a, int64_t n,
                                    const double *factors, double *vectors, int64_t count);

/* The eigenvalues of T, the largest `count` of them and largest first, and in the rows of `vectors`
 * [count, n] the eigenvectors. `diagonal` and `off_diagonal`, of elements of 2 at most, are destroyed. */
clf_status clf__tridiagonal_eigen(clf_context *context, double *diagonal, double *off_diagonal,
                                  int64_t n, int64_t count, double *values, double *vectors);

#endif
