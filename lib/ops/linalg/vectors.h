/* Kernels on f64 vectors and matrices, for factorizations and eigenvalues. */
#ifndef CLF_OPS_LINALG_VECTORS_H
#define CLF_OPS_LINALG_VECTORS_H

#include <stdint.h>

typedef struct clf__vector_kernels {
  /* y += A x, restricted to rows first … end - 1 of the upper triangle of the symmetric A [n, n]:
   * each element above the diagonal counts for its row and for its column. */
  void (*symmetric)(const double *a, int64_t lda, int64_t n, int64_t first, int64_t end,
                    const double *x, double *y);
  /* out[p] = rows[p] x; y += sum_p factors[p] rows[p], for rows [count, n]. */
  void (*dot_rows)(const double *rows, int64_t count, int64_t ld, const double *x, int64_t n,
                   double *out);
  void (*add_rows)(const double *rows, int64_t count, int64_t ld, const double *factors, int64_t n,
                   double *y);
  /* *value = sum_j z_j^2 / ((d_j - origin) - x), and its derivative with respect to x. */
  void (*secular)(const double *d, const double *z, int64_t n, double origin, double x,
                  double *value, double *derivative);
} clf__vector_kernels;

#endif
