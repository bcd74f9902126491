/* Matrix products. */
#ifndef CLF_OPS_LINALG_GEMM_H
#define CLF_OPS_LINALG_GEMM_H

#include "tensor/rows.h"

/* C = alpha op(A) op(B) + beta C, op(A) [m, k], op(B) [k, n], C [m, n]; op is the transpose when
 * the flag is set. C is not read when beta is 0. Fails only for lack of memory. */
clf_status clf__gemm_f32(clf_context *context, bool transpose_a, bool transpose_b, int64_t m,
                         int64_t n, int64_t k, float alpha, const float *a, int64_t lda,
                         const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
clf_status clf__gemm_f64(clf_context *context, bool transpose_a, bool transpose_b, int64_t m,
                         int64_t n, int64_t k, double alpha, const double *a, int64_t lda,
                         const double *b, int64_t ldb, double beta, double *c, int64_t ldc);

#endif
