/* C = alpha op(A) op(B) + beta C. */
#include "ops/gemm.h"

#define GEMM(name, type)                                                                           \
  clf_status name(clf_context *context, bool transpose_a, bool transpose_b, int64_t m, int64_t n,  \
                  int64_t k, type alpha, const type *a, int64_t lda, const type *b, int64_t ldb,   \
                  type beta, type *c, int64_t ldc) {                                               \
    (void)context;                                                                                 \
    for (int64_t i = 0; i < m; ++i) {                                                              \
      type *row = c + i * ldc;                                                                     \
      for (int64_t j = 0; j < n; ++j) {                                                            \
        row[j] = beta == 0 ? 0 : beta * row[j];                                                    \
      }                                                                                            \
      for (int64_t p = 0; p < k; ++p) {                                                            \
        type factor = alpha * (transpose_a ? a[p * lda + i] : a[i * lda + p]);                     \
        for (int64_t j = 0; j < n; ++j) {                                                          \
          row[j] += factor * (transpose_b ? b[j * ldb + p] : b[p * ldb + j]);                      \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
    return CLF_OK;                                                                                 \
  }

GEMM(clf__gemm_f32, float)
GEMM(clf__gemm_f64, double)
