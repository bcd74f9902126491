/* Matrix products. */
#ifndef CLF_OPS_LINALG_GEMM_H
#define CLF_OPS_LINALG_GEMM_H

#include <classify/context.h>

#include "ops/linalg/matrix.h"

/* C = alpha A B + beta C, where C [a.rows, b.columns] has `ldc` elements from row to row. C is not
 * read if beta is 0. Returns CLF_ERROR_SHAPE unless a.columns is b.rows, CLF_ERROR_MEMORY, or
 * CLF_ERROR_CANCELLED within a call. */
clf_status clf__gemm_f32(clf_context *context, float alpha, clf__f32_view a, clf__f32_view b,
                         float beta, float *c, int64_t ldc);
clf_status clf__gemm_f64(clf_context *context, double alpha, clf__f64_view a, clf__f64_view b,
                         double beta, double *c, int64_t ldc);
/* C = A B with factors that are rounded to bf16 (base/bf16.h). Each sum adds its products in the
 * order of ops/simd/bf16.h, which is the same on every CPU. */
clf_status clf__gemm_bf16(clf_context *context, clf__f32_view a, clf__f32_view b, float *c,
                          int64_t ldc);

/* Receives `count` elements of C, without gaps between its rows, from `first` on; on any thread. */
typedef struct clf__gemm_sink {
  void (*write)(void *argument, int64_t first, int64_t count, const float *values);
  void *argument;
} clf__gemm_sink;

/* C = A B, in f32 or with factors that are rounded to bf16, is written nowhere: each block of it is
 * passed on while it is in the cache. A may have CLF__GEMM_SINK_DEPTH columns at most. */
enum { CLF__GEMM_SINK_DEPTH = 512 };
clf_status clf__gemm_to(clf_context *context, bool bf16, clf__f32_view a, clf__f32_view b,
                        const clf__gemm_sink *sink);

#endif
