/* Cholesky factorisation, triangular solves, and the symmetric eigenproblem. */
#include "ops/factor.h"

#include <math.h>

#include "base/text.h"

clf_status clf__cholesky(clf_context *context, double *a, int64_t n, int64_t lda, double tolerance,
                         bool *dropped) {
  (void)context;
  for (int64_t j = 0; j < n; j++) {
    double pivot = a[j * lda + j], limit = tolerance * pivot;
    for (int64_t p = 0; p < j; p++) {
      pivot -= a[j * lda + p] * a[j * lda + p];
    }
    bool drop = tolerance > 0 && pivot <= limit;
    if (!drop && !(pivot > 0 && isfinite(pivot))) {
      return clf__fail(CLF_ERROR_NUMERIC, "the matrix is not positive definite: pivot %lld is %s",
                       (long long)j, clf__number_text(pivot));
    }
    a[j * lda + j] = drop ? (double)INFINITY : sqrt(pivot);
    for (int64_t i = j + 1; i < n; i++) {
      double sum = a[i * lda + j];
      for (int64_t p = 0; p < j; p++) {
        sum -= a[i * lda + p] * a[j * lda + p];
      }
      a[i * lda + j] = drop ? 0 : sum / a[j * lda + j];
    }
    if (dropped != NULL) {
      dropped[j] = drop;
    }
  }
  return CLF_OK;
}

static void subtract_row(double *to, double factor, const double *from, int64_t count) {
  for (int64_t c = 0; c < count; c++) {
    to[c] -= factor * from[c];
  }
}

static void divide_row(double *row, double divisor, int64_t count) {
  for (int64_t c = 0; c < count; c++) {
    row[c] /= divisor;
  }
}

clf_status clf__solve_lower(clf_context *context, const double *l, int64_t n, int64_t ldl,
                            double *b, int64_t columns, int64_t ldb) {
  (void)context;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t p = 0; p < i; p++) {
      subtract_row(b + i * ldb, l[i * ldl + p], b + p * ldb, columns);
    }
    divide_row(b + i * ldb, l[i * ldl + i], columns);
  }
  return CLF_OK;
}

clf_status clf__solve_lower_transposed(clf_context *context, const double *l, int64_t n,
                                       int64_t ldl, double *b, int64_t columns, int64_t ldb) {
  (void)context;
  for (int64_t i = n - 1; i >= 0; --i) {
    divide_row(b + i * ldb, l[i * ldl + i], columns);
    for (int64_t p = 0; p < i; p++) {
      subtract_row(b + p * ldb, l[i * ldl + p], b + i * ldb, columns);
    }
  }
  return CLF_OK;
}
