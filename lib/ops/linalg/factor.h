/* Factorisations and solves, f64. */
#ifndef CLF_OPS_LINALG_FACTOR_H
#define CLF_OPS_LINALG_FACTOR_H

#include "tensor/rows.h"

/* A = L L^T in place in the lower triangle, A [n, n] f64, positive semi-definite; the upper
 * triangle is not read, and spoilt in part. A pivot that has fallen to `tolerance` times its
 * diagonal element of A or below belongs to a column that those before it explain: it is dropped,
 * that is its column of L becomes 0 with an infinite diagonal, so that the solves below give 0 in
 * its place. `dropped` [n], if not NULL, tells which. With tolerance 0 nothing is dropped, and a
 * pivot that is not positive fails with CLF_ERROR_NUMERIC; so does NaN at any tolerance. */
clf_status clf__cholesky(clf_context *context, double *a, int64_t n, int64_t lda, double tolerance,
                         bool *dropped);
/* B = L^-1 B (forward) and B = L^-T B (backward), B [n, columns]. */
clf_status clf__solve_lower(clf_context *context, const double *l, int64_t n, int64_t ldl,
                            double *b, int64_t columns, int64_t ldb);
clf_status clf__solve_lower_transposed(clf_context *context, const double *l, int64_t n,
                                       int64_t ldl, double *b, int64_t columns, int64_t ldb);

#endif
