/* Symmetric matrices, and tridiagonal ones with the same eigenvalues, f64. */
#ifndef CLF_OPS_LINALG_TRIDIAGONAL_H
#define CLF_OPS_LINALG_TRIDIAGONAL_H

#include "tensor/rows.h"

/* Computes T = Q^T A Q for the symmetric A [n, n], whose elements are at most 1 in magnitude. The
 * upper triangle of A is read and overwritten by the reflections of Q; the lower one is scratch. T
 * is tridiagonal with `diagonal` [n] and `off_diagonal` [n], whose last element is 0. `factors` [n]
 * belong to Q. */
clf_status clf__tridiagonal_reduce(clf_context *context, double *a, int64_t n, double *diagonal,
                                   double *off_diagonal, double *factors);

/* vectors [count, n] = vectors Q^T: rows that are eigenvectors of T become eigenvectors of A. */
clf_status clf__tridiagonal_restore(clf_context *context, const double *a, int64_t n,
                                    const double *factors, double *vectors, int64_t count);

/* Computes the largest `count` eigenvalues of T, the largest first, and in the rows of `vectors`
 * [count, n] their eigenvectors. `diagonal` and `off_diagonal`, whose elements are at most 2, are
 * destroyed. */
clf_status clf__tridiagonal_eigen(clf_context *context, double *diagonal, double *off_diagonal,
                                  int64_t n, int64_t count, double *values, double *vectors);

#endif
