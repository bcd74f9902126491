/* Kernels on rows and matrices. Matrices are row-major with a leading dimension in elements; `k` in
 * a name stands for nothing else than the shape letter. All run on the context's threads unless
 * they are called from a pool task. */
#ifndef CLF_OPS_OPS_H
#define CLF_OPS_OPS_H

#include "tensor/rows.h"

/* C = alpha op(A) op(B) + beta C, op(A) [m, k], op(B) [k, n], C [m, n]; op is the transpose when
 * the flag is set. Packed, blocked, AVX-512/AVX2/portable; results do not depend on the thread
 * count. Fails only for lack of memory. */
clf_status clf__gemm_f32(clf_context *context, bool transpose_a, bool transpose_b, int64_t m,
                         int64_t n, int64_t k, float alpha, const float *a, int64_t lda,
                         const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
clf_status clf__gemm_f64(clf_context *context, bool transpose_a, bool transpose_b, int64_t m,
                         int64_t n, int64_t k, double alpha, const double *a, int64_t lda,
                         const double *b, int64_t ldb, double beta, double *c, int64_t ldc);

/* out = x W^T + b: x [rows, columns] of any storage, W [outputs, columns] f32, b [outputs] or NULL,
 * out [rows, outputs] with leading dimension ld. */
clf_status clf__linear(clf_context *context, const clf__rows *x, const float *w, const float *b,
                       int64_t outputs, float *out, int64_t ld);

/* The Gram engine: one pass over the rows gives all that ridge, Fisher and the logistic
 * preconditioner need, in f64:
 *   mean    [columns]             m = sum w_i x_i / sum w_i
 *   scatter [columns, columns]    sum w_i (x_i - m)(x_i - m)^T, the full symmetric matrix
 *   cross   [outputs, columns]    sum w_i t_i (x_i - m), t_i the row of targets
 *   weight                        sum w_i
 * Targets are class labels (t_i is 1 of K: `cross` is then the per-class sum of x - m;
 * `class_weight` [outputs] receives each class's sum of w_i) or f64 rows of numbers, or neither. u8
 * rows without weights are summed exactly in integers (VNNI where there is one); f32 rows are
 * shifted by their mean before products are taken in f32 and accumulated in f64. */
typedef struct clf__gram_input {
  const clf__rows *x;
  const float *weights;  /* [rows] or NULL for 1 */
  const int32_t *labels; /* [rows] or NULL */
  const double *targets; /* [rows, outputs] or NULL */
  int64_t outputs;       /* classes or target columns; 0 with neither */
  bool centered;         /* false: m is taken as 0 in scatter and cross (no intercept) */
} clf__gram_input;

typedef struct clf__gram {
  double weight;
  double *mean;         /* [columns] */
  double *scatter;      /* [columns, columns] */
  double *cross;        /* [outputs, columns] */
  double *class_weight; /* [outputs], with labels only */
} clf__gram;

clf_status clf__gram_create(clf__gram *out, clf_context *context, const clf__gram_input *input);
void clf__gram_free(clf__gram *gram);

/* A = L L^T in place in the lower triangle, A [n, n] f64, positive semi-definite. A pivot that has
 * fallen to `tolerance` times its diagonal element of A or below belongs to a column that those
 * before it explain: it is dropped, that is its column of L becomes 0 with an infinite diagonal, so
 * that the solves below give 0 in its place. `dropped` [n], if not NULL, tells which. With
 * tolerance 0 nothing is dropped, and a pivot <= 0 or NaN fails with CLF_ERROR_NUMERIC. */
clf_status clf__cholesky(clf_context *context, double *a, int64_t n, int64_t lda, double tolerance,
                         bool *dropped);
/* B = L^-1 B (forward) and B = L^-T B (backward), B [n, columns]. */
clf_status clf__solve_lower(clf_context *context, const double *l, int64_t n, int64_t ldl,
                            double *b, int64_t columns, int64_t ldb);
clf_status clf__solve_lower_transposed(clf_context *context, const double *l, int64_t n,
                                       int64_t ldl, double *b, int64_t columns, int64_t ldb);

/* Eigenvalues (ascending) and, in the rows of `vectors` [n, n], eigenvectors of the symmetric A [n,
 * n] (destroyed). LAPACK dsyevr. */
clf_status clf__eigen_symmetric(clf_context *context, double *a, int64_t n, double *values,
                                double *vectors);

/* Softmax of each row in place; returns sum of log-sum-exp minus nothing else (see logistic). */
void clf__softmax_rows(clf_context *context, float *values, int64_t rows, int64_t columns,
                       int64_t ld);

#endif
