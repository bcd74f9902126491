/* A matrix that is packed once as the right factor of many products; each product runs on the
 * calling thread. */
#ifndef CLF_OPS_LINALG_PANELS_H
#define CLF_OPS_LINALG_PANELS_H

#include <stdbool.h>

#include <classify/context.h>

#include "ops/linalg/matrix.h"
#include "ops/linalg/product.h"

typedef struct clf__panels {
  const clf__product_kernel *kernel;
  int64_t depth, columns; /* of the matrix */
  float *data;
} clf__panels;

/* With `bf16` both factors are rounded, as by clf__gemm_bf16(). */
clf_status clf__panels_pack(clf__panels *out, clf_context *context, clf__f32_view b, bool bf16);
void clf__panels_free(clf__panels *panels);

/* C [rows, columns] = A B, A [rows, depth]; `scratch` has clf__panels_scratch() floats. */
void clf__panels_multiply(const clf__panels *panels, int64_t rows, const float *a, int64_t lda,
                          float *c, int64_t ldc, float *scratch);
/* C += A B */
void clf__panels_add(const clf__panels *panels, int64_t rows, const float *a, int64_t lda, float *c,
                     int64_t ldc, float *scratch);
int64_t clf__panels_scratch(const clf__panels *panels);

/* C += A^T B on the calling thread: A [depth, rows] and B [depth, columns] are packed into
 * `scratch` of clf__outer_scratch() floats, and rounded if the kernel is that of bf16. The depth
 * should be a few hundred, so that panels stay in L1. */
void clf__outer_add(const clf__product_kernel *kernel, clf__f32_view a, clf__f32_view b, float *c,
                    int64_t ldc, float *scratch);
int64_t clf__outer_scratch(const clf__product_kernel *kernel, int64_t depth, int64_t rows,
                           int64_t columns);

#endif
