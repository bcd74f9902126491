/* Factorizations and solves, f64. */
#ifndef CLF_OPS_LINALG_FACTOR_H
#define CLF_OPS_LINALG_FACTOR_H

#include "tensor/rows.h"

/* Factorizes A = L L^T in place in the lower triangle, A [n, n] f64, positive semi-definite. The
 * upper triangle is not read, and partly destroyed. If a pivot is at most `tolerance` times its
 * diagonal element of A, its column is a combination of earlier columns, and it is dropped: its
 * column of L becomes 0 with an infinite diagonal, so that the solves below yield 0 for it.
 * `dropped` [n], if not NULL, receives which columns were dropped. With tolerance 0 no column is
 * dropped, and a pivot that is not positive fails with CLF_ERROR_NUMERIC; NaN fails with any
 * tolerance. */
clf_status clf__cholesky(clf_context *context, double *a, int64_t n, int64_t lda, double tolerance,
                         bool *dropped);
/* Computes B = L^-1 B (forward) and B = L^-T B (backward), B [n, columns]. */
clf_status clf__solve_lower(clf_context *context, const double *l, int64_t n, int64_t ldl,
                            double *b, int64_t columns, int64_t ldb);
clf_status clf__solve_lower_transposed(clf_context *context, const double *l, int64_t n,
                                       int64_t ldl, double *b, int64_t columns, int64_t ldb);

#endif
