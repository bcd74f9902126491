/* The symmetric eigenproblem: reduction to tridiagonal form (4/3 n^3 operations), divide and
 * conquer (at most 4/3 n^3), and back transformation (2 n^2 for each eigenvector). All steps are
 * direct, so the time does not depend on the spectrum. For few eigenvectors of a large matrix,
 * Lanczos iteration is tried first; if the spectrum decays, it takes little more than n^3/3
 * operations. */
#include "ops/linalg/eigen.h"

#include <math.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/status.h"
#include "ops/linalg/lanczos.h"
#include "ops/linalg/mirror.h"
#include "ops/linalg/tridiagonal.h"

/* Sizes from which on Lanczos iteration pays. */
enum { MIN_LARGE = 1500, MIN_TIMES = 20 /* rows for each vector */ };

/* Returns the exponent of the largest element of the upper triangle: A / 2^exponent has no element
 * above 1. */
static clf_status find_scale(const double *a, int64_t n, int *exponent) {
  double largest = 0, sum = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = i; j < n; j++) {
      largest = fmax(largest, fabs(a[i * n + j]));
      sum += 0 * a[i * n + j];
    }
  }
  frexp(largest, exponent);
  return isfinite(sum) ? CLF_OK
                       : clf__fail(CLF_ERROR_NUMERIC,
                                   "a %lld by %lld matrix has no eigenvalues: it holds values that "
                                   "are not finite",
                                   (long long)n, (long long)n);
}

static void scale_triangle(double *a, int64_t n, int exponent) {
  const double near = ldexp(1, -(exponent / 2)), far = ldexp(1, -(exponent - exponent / 2));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = i; j < n; j++) {
      a[i * n + j] = a[i * n + j] * near * far;
    }
  }
}

static clf_status solve_directly(clf_context *context, double *a, int64_t n, int64_t count,
                                 double *values, double *vectors) {
  double *diagonal = clf__alloc_matrix(context, 3, n, sizeof *diagonal);
  clf_status status = CLF_ERROR_MEMORY;
  if (diagonal == NULL) {
    return status;
  }
  double *off_diagonal = diagonal + n, *factors = off_diagonal + n;
  CLF__TRY(clf__tridiagonal_reduce(context, a, n, diagonal, off_diagonal, factors));
  CLF__TRY(clf__tridiagonal_eigen(context, diagonal, off_diagonal, n, count, values, vectors));
  CLF__TRY(clf__tridiagonal_restore(context, a, n, factors, vectors, count));
done:
  clf__free(diagonal);
  return status;
}

clf_status clf__eigen_symmetric(clf_context *context, double *a, int64_t n, int64_t count,
                                double *values, double *vectors) {
  int exponent = 0;
  bool found = false;
  clf_status status = CLF_OK;
  if (n <= 0 || count <= 0) {
    return status;
  }
  CLF__TRY(find_scale(a, n, &exponent));
  scale_triangle(a, n, exponent);
  if (n >= MIN_LARGE && count <= n / MIN_TIMES) {
    clf__mirror_upper(context, a, n);
    CLF__TRY(clf__lanczos_largest(context, a, n, count, values, vectors, &found));
  }
  if (!found) {
    CLF__TRY(solve_directly(context, a, n, count, values, vectors));
  }
  for (int64_t k = 0; k < count; k++) {
    values[k] = ldexp(values[k], exponent);
  }
done:
  return status;
}
