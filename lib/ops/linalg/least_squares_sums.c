/* Least squares from sums alone, where these are too ill-conditioned for a Cholesky factorization.
 * With the rounding errors N = diag(noise), N^-1 S N^-1 = V L V^T has rounding errors of about 1 in
 * each element, and of about the square root of its size in its eigenvalues. So directions whose
 * eigenvalue is not well above that are unknown; the solution has no component in them:
 *
 *   Z = N^-1 V_r L_r^-1 V_r^T N^-1 C. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "ops/linalg/eigen.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/least_squares_parts.h"

static const double margin = 100; /* rounding errors that a kept eigenvalue exceeds */

clf_status clf__ls_solve_in_eigenvectors(double *solution, clf_context *context, double *matrix,
                                         int64_t columns, const double *noise,
                                         const double *right_side, int64_t outputs) {
  const int64_t n = columns;
  clf__arena arena = {.context = context};
  double *factor = clf__arena_array(&arena, n, sizeof *factor);
  double *values = clf__arena_array(&arena, n, sizeof *values);
  double *vectors = clf__arena_matrix(&arena, n, n, sizeof *vectors);
  double *scaled = clf__arena_matrix(&arena, n, outputs, sizeof *scaled);
  double *along = clf__arena_matrix(&arena, n, outputs, sizeof *along);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < n; i++) {
    factor[i] = noise[i] > 0 ? 1 / noise[i] : 0;
    for (int64_t k = 0; k < outputs; k++) {
      scaled[i * outputs + k] = factor[i] * right_side[i * outputs + k];
    }
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      matrix[i * n + j] *= factor[i] * factor[j];
    }
  }
  CLF__TRY(clf__eigen_symmetric(context, matrix, n, n, values, vectors));
  CLF__TRY(clf__gemm_f64(context, 1, clf__f64_matrix(vectors, n, n, n),
                         clf__f64_matrix(scaled, n, outputs, outputs), 0, along, outputs));
  for (int64_t i = 0; i < n * outputs; i++) {
    const double value = values[i / outputs];
    along[i] = value > margin * sqrt((double)n) ? along[i] / value : 0;
  }
  CLF__TRY(clf__gemm_f64(context, 1, clf__f64_transposed(vectors, n, n, n),
                         clf__f64_matrix(along, n, outputs, outputs), 0, solution, outputs));
  for (int64_t i = 0; i < n * outputs; i++) {
    solution[i] *= factor[i / outputs];
  }
done:
  clf__arena_free(&arena);
  return status;
}
