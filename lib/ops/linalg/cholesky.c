/* Cholesky factorization. It divides the problem in halves until blocks are small, so that almost
 * all of the work is in products of large matrices: for A = [A11 .; A21 A22], L11 L11^T = A11, L21
 * = A21 L11^-T and L22 L22^T = A22 - L21 L21^T (Gustavson, "Recursion leads to automatic variable
 * blocking for dense linear-algebra algorithms", IBM Journal of Research and Development 41,
 * 1997). */
#include <float.h>
#include <math.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "ops/kernels.h"
#include "ops/linalg/factor.h"
#include "ops/linalg/factor_parts.h"
#include "ops/linalg/vectors.h"

typedef struct cholesky {
  clf_context *context;
  const clf__kernels *kernels;
  clf__progress progress;
  double *a;
  int64_t lda;
  double *limits; /* [n]: a column whose pivot is not above it is dropped */
  double *space;  /* of solves */
  bool *dropped;
} cholesky;

static clf_status factor_block(const cholesky *c, int64_t first, int64_t size) {
  double column[CLF__FACTOR_BLOCK];
  for (int64_t j = 0; j < size; j++) {
    double *row = c->a + (first + j) * c->lda + first;
    c->kernels->vectors->dot_rows(row, size - j, c->lda, row, j, column);
    const double pivot = row[j] - column[0], limit = c->limits[first + j];
    const bool drop = limit > 0 && pivot <= limit;
    if (!drop && !(pivot > 0 && isfinite(pivot))) {
      return clf__fail(CLF_ERROR_NUMERIC, "the matrix is not positive definite: pivot %lld is %s",
                       (long long)(first + j), clf__number_text(pivot));
    }
    const double root = drop ? (double)INFINITY : sqrt(pivot);
    row[j] = root;
    for (int64_t i = 1; i < size - j; i++) {
      row[i * c->lda + j] = drop ? 0 : (row[i * c->lda + j] - column[i]) / root;
    }
    if (c->dropped != NULL) {
      c->dropped[first + j] = drop;
    }
  }
  return CLF_OK;
}

/* Computes B [rows, size] = B L^-T for the factor of rows first … first + size - 1. */
static clf_status solve_right(const cholesky *c, int64_t first, int64_t size, double *b,
                              int64_t rows) {
  const double *l = c->a + first * (c->lda + 1);
  if (size <= CLF__FACTOR_PANEL) {
    clf__panel_solve panel = {c->context, c->kernels, false, true,   l,       c->lda,
                              size,       b,          rows,  c->lda, c->space};
    clf__panel_solve_run(&panel);
    return CLF_OK;
  }
  const int64_t half = clf__factor_half(size), rest = size - half;
  CLF__CHECK(solve_right(c, first, half, b, rows));
  CLF__CHECK(clf__factor_subtract(&c->progress, first, clf__f64_matrix(b, rows, half, c->lda),
                                  clf__f64_transposed(l + half * c->lda, half, rest, c->lda),
                                  b + half, c->lda));
  return solve_right(c, first + half, rest, b + half, rows);
}

/* Subtracts the lower triangle of X X^T, X [n, k], from that of C [n, n]. */
static clf_status subtract_square(const cholesky *c, int64_t step, double *to, const double *x,
                                  int64_t n, int64_t k) {
  const int64_t half = n <= CLF__FACTOR_PANEL ? 0 : clf__factor_half(n), lda = c->lda;
  CLF__CHECK(clf__factor_subtract(
      &c->progress, step, clf__f64_matrix(x + half * lda, n - half, k, lda),
      clf__f64_transposed(x, k, half > 0 ? half : n, lda), to + half * lda, lda));
  if (half > 0) {
    CLF__CHECK(subtract_square(c, step, to, x, half, k));
    CLF__CHECK(subtract_square(c, step, to + half * (lda + 1), x + half * lda, n - half, k));
  }
  return CLF_OK;
}

static clf_status factor_part(const cholesky *c, int64_t first, int64_t size) {
  if (size <= CLF__FACTOR_BLOCK) {
    return factor_block(c, first, size);
  }
  const int64_t half = clf__factor_half(size), rest = size - half;
  double *lower = c->a + (first + half) * c->lda + first;
  clf_status status = factor_part(c, first, half);
  CLF__TRY(status);
  CLF__TRY(solve_right(c, first, half, lower, rest));
  CLF__TRY(subtract_square(c, first + half, lower + half, lower, rest, half));
  CLF__TRY(factor_part(c, first + half, rest));
done:
  return status;
}

clf_status clf__cholesky(clf_context *context, double *a, int64_t n, int64_t lda, double tolerance,
                         bool *dropped) {
  cholesky c = {.context = context,
                .kernels = clf__kernels_for(context),
                .progress = clf__progress_begin(context, "cholesky", n),
                .a = a,
                .lda = lda,
                .dropped = dropped};
  if (n <= 0) {
    return CLF_OK;
  }
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  c.limits = clf__arena_array(&arena, n, sizeof *c.limits);
  c.space = n > CLF__FACTOR_BLOCK ? clf__factor_space(&arena) : NULL;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < n; i++) {
    c.limits[i] = tolerance > 0 ? fmax(tolerance * a[i * (lda + 1)], DBL_MIN) : 0;
  }
  status = factor_part(&c, 0, n);
done:
  clf__arena_free(&arena);
  return status;
}
