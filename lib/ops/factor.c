/* Cholesky factorisation and triangular solves. */
#include "ops/factor.h"

#include <float.h>
#include <math.h>

#include "base/context.h"
#include "base/text.h"
#include "ops/gemm.h"

enum { BLOCK = 64, LANES = 8 };

/* Factors columns first … first + width - 1 of the panel, whose products with the columns before
 * are already subtracted. `limits` are the pivots at or below which a column is dropped. */
static clf_status factor_panel(double *a, int64_t n, int64_t lda, int64_t first, int64_t width,
                               const double *limits, bool *dropped) {
  double column[BLOCK];
  for (int64_t j = first; j < first + width; j++) {
    double pivot = a[j * lda + j];
    double limit = limits[j - first];
    bool drop = limit > 0 && pivot <= limit;
    if (!drop && !(pivot > 0 && isfinite(pivot))) {
      return clf__fail(CLF_ERROR_NUMERIC, "the matrix is not positive definite: pivot %lld is %s",
                       (long long)j, clf__number_text(pivot));
    }
    double root = drop ? (double)INFINITY : sqrt(pivot);
    int64_t right = first + width - j - 1;
    a[j * lda + j] = root;
    for (int64_t c = 0; c < right; c++) {
      column[c] = drop ? 0 : a[(j + 1 + c) * lda + j] / root;
    }
    for (int64_t i = j + 1; i < n; i++) {
      double *row = a + i * lda + j;
      row[0] = drop ? 0 : row[0] / root;
      for (int64_t c = 0; c < right; c++) {
        row[1 + c] -= row[0] * column[c];
      }
    }
    if (dropped != NULL) {
      dropped[j] = drop;
    }
  }
  return CLF_OK;
}

/* Left-looking by blocks of columns: almost all of the work is one matrix product a block. One
 * block takes no time to speak of, and is not reported. */
clf_status clf__cholesky(clf_context *context, double *a, int64_t n, int64_t lda, double tolerance,
                         bool *dropped) {
  double limits[BLOCK];
  const clf__progress progress = clf__progress_begin(context, "cholesky", n);
  for (int64_t first = 0; first < n; first += BLOCK) {
    int64_t width = n - first < BLOCK ? n - first : BLOCK;
    clf_status status = first > 0 ? clf__progress_step(&progress, first, NAN, NAN) : CLF_OK;
    if (status < 0) {
      return status;
    }
    for (int64_t j = 0; j < width; j++) {
      double diagonal = a[(first + j) * lda + first + j];
      limits[j] = tolerance > 0 ? fmax(tolerance * diagonal, DBL_MIN) : 0;
    }
    double *rows = a + first * lda;
    status = clf__gemm_f64(context, false, true, n - first, width, first, -1, rows, lda, rows, lda,
                           1, rows + first, lda);
    if (status == CLF_OK) {
      status = factor_panel(a, n, lda, first, width, limits, dropped);
    }
    if (status < 0) {
      return status;
    }
  }
  return CLF_OK;
}

static void subtract_row(double *restrict to, double factor, const double *restrict from,
                         int64_t count) {
  for (int64_t c = 0; c < count; c++) {
    to[c] -= factor * from[c];
  }
}

static void divide_row(double *row, double divisor, int64_t count) {
  for (int64_t c = 0; c < count; c++) {
    row[c] /= divisor;
  }
}

/* Eight sums side by side: compilers may not reorder one. */
static double dot(const double *a, const double *b, int64_t count) {
  double sums[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    for (int64_t lane = 0; lane < LANES; lane++) {
      sums[lane] += a[i + lane] * b[i + lane];
    }
  }
  for (int64_t lane = 0; i + lane < count; lane++) {
    sums[lane] += a[i + lane] * b[i + lane];
  }
  for (int64_t half = LANES / 2; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; lane++) {
      sums[lane] += sums[lane + half];
    }
  }
  return sums[0];
}

/* One right-hand side: the factor, which is the larger by far, is read once along its rows. */
static void solve_vector(const double *l, int64_t n, int64_t ldl, double *b) {
  for (int64_t i = 0; i < n; i++) {
    b[i] = (b[i] - dot(l + i * ldl, b, i)) / l[i * ldl + i];
  }
}

static void solve_vector_transposed(const double *l, int64_t n, int64_t ldl, double *b) {
  for (int64_t i = n - 1; i >= 0; --i) {
    b[i] /= l[i * ldl + i];
    subtract_row(b, b[i], l + i * ldl, i);
  }
}

/* Many columns are solved by blocks of rows, almost all of it matrix products. */
clf_status clf__solve_lower(clf_context *context, const double *l, int64_t n, int64_t ldl,
                            double *b, int64_t columns, int64_t ldb) {
  if (columns == 1 && ldb == 1) {
    solve_vector(l, n, ldl, b);
    return CLF_OK;
  }
  int64_t block = columns < BLOCK ? n : BLOCK;
  clf_status status = CLF_OK;
  for (int64_t first = 0; first < n && status == CLF_OK; first += block) {
    int64_t end = n - first < block ? n : first + block;
    if (first > 0) {
      status = clf__gemm_f64(context, false, false, end - first, columns, first, -1,
                             l + first * ldl, ldl, b, ldb, 1, b + first * ldb, ldb);
    }
    for (int64_t i = first; i < end && status == CLF_OK; i++) {
      for (int64_t p = first; p < i; p++) {
        subtract_row(b + i * ldb, l[i * ldl + p], b + p * ldb, columns);
      }
      divide_row(b + i * ldb, l[i * ldl + i], columns);
    }
  }
  return status;
}

clf_status clf__solve_lower_transposed(clf_context *context, const double *l, int64_t n,
                                       int64_t ldl, double *b, int64_t columns, int64_t ldb) {
  (void)context;
  if (columns == 1 && ldb == 1) {
    solve_vector_transposed(l, n, ldl, b);
    return CLF_OK;
  }
  for (int64_t i = n - 1; i >= 0; --i) {
    divide_row(b + i * ldb, l[i * ldl + i], columns);
    for (int64_t p = 0; p < i; p++) {
      subtract_row(b + p * ldb, l[i * ldl + p], b + i * ldb, columns);
    }
  }
  return CLF_OK;
}
