/* Matrix products. */
#ifndef CLF_OPS_LINALG_GEMM_H
#define CLF_OPS_LINALG_GEMM_H

#include <classify/context.h>

#include "ops/linalg/matrix.h"

/* C = alpha A B + beta C, C [a.rows, b.columns] with `ldc` elements from row to row, which is not
 * read when beta is 0. CLF_ERROR_MEMORY, or CLF_ERROR_CANCELLED within a call. */
clf_status clf__gemm_f32(clf_context *context, float alpha, clf__f32_view a, clf__f32_view b,
                         float beta, float *c, int64_t ldc);
clf_status clf__gemm_f64(clf_context *context, double alpha, clf__f64_view a, clf__f64_view b,
                         double beta, double *c, int64_t ldc);

#endif
