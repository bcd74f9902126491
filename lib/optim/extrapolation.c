/* The factors z minimize |sum_i z_i s_i|^2 with sum z = 1 over the steps s_i from point to
 * point: z is proportional to the solution of A z = 1 with the products A of the steps. */
#include "optim/extrapolation.h"

#include <math.h>

enum { N = CLF__PERIOD };

static const double regularization = 1e-10; /* relative to the trace */

static void products_of_steps(double *A, const double *points, int64_t size, int64_t stride,
                              const double *scale) {
  double trace = 0;
  for (int i = 0; i < N; i++) {
    for (int k = 0; k <= i; k++) {
      const double *a = points + i * stride, *b = points + k * stride;
      double sum = 0;
      for (int64_t j = 0; j < size; j++) {
        sum += scale[j] * (a[stride + j] - a[j]) * (b[stride + j] - b[j]);
      }
      A[i * N + k] = A[k * N + i] = sum;
    }
    trace += A[i * N + i];
  }
  for (int i = 0; i < N; i++) {
    A[i * N + i] += regularization * trace;
  }
}

/* Solves A z = 1 by elimination; A is symmetric and positive definite. */
static void solve(double *A, double *z) {
  for (int i = 0; i < N; i++) {
    z[i] = 1;
  }
  for (int i = 0; i < N; i++) {
    for (int r = i + 1; r < N; r++) {
      const double factor = A[r * N + i] / A[i * N + i];
      for (int c = i; c < N; c++) {
        A[r * N + c] -= factor * A[i * N + c];
      }
      z[r] -= factor * z[i];
    }
  }
  for (int i = N - 1; i >= 0; i--) {
    for (int c = i + 1; c < N; c++) {
      z[i] -= A[i * N + c] * z[c];
    }
    z[i] /= A[i * N + i];
  }
}

bool clf__extrapolation(double *z, const double *points, int64_t size, int64_t stride,
                        const double *scale) {
  double A[N * N], sum = 0;
  products_of_steps(A, points, size, stride, scale);
  solve(A, z);
  for (int i = 0; i < N; i++) {
    sum += z[i];
  }
  bool finite = true;
  for (int i = 0; i < N; i++) {
    z[i] /= sum;
    finite = finite && isfinite(z[i]);
  }
  return finite;
}

void clf__extrapolate(double *out, const double *z, const double *points, int64_t size,
                      int64_t stride) {
  for (int64_t j = 0; j < size; j++) {
    out[j] = 0;
  }
  for (int i = 0; i < N; i++) {
    const double *point = points + (i + 1) * stride;
    for (int64_t j = 0; j < size; j++) {
      out[j] += z[i] * point[j];
    }
  }
}
