/* Cholesky factorization and triangular solves.
 *
 * Both halve the problem until blocks are small, so that almost all of the work is products of
 * large matrices: for A = [A11 .; A21 A22], L11 L11^T = A11, L21 = A21 L11^-T and L22 L22^T = A22 -
 * L21 L21^T (Gustavson, "Recursion leads to automatic variable blocking for dense linear-algebra
 * algorithms", IBM Journal of Research and Development 41, 1997). */
#include "ops/linalg/factor.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/text.h"
#include "ops/kernels.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/product.h"
#include "ops/linalg/vectors.h"

enum {
  BLOCK = 64,            /* rows of a factor that are not halved any more */
  PANEL = 256,           /* rows of a solve, or of a symmetric product, that are not */
  CHUNK = 96,            /* columns solved at once */
  STEP = 16,             /* rows of a solve between two products */
  FEW = 32,              /* columns that are solved without a copy */
  FACTOR_LD = PANEL + 8, /* not a power of 2: rows would share their places in the cache */
  LANES = 8,
};

/* Multiplications between two questions whether to go on, in products of at least so many columns:
 * cut that way, no element is packed twice. */
static const double block_products = 2e9;
static const int64_t min_columns = 384;

/* Where a matrix of this many rows is halved. */
static int64_t half_of(int64_t size) {
  return clf__round_up(size / 2, BLOCK);
}

/* A product C -= op(A) op(B) within a long call. */
typedef struct product {
  bool transpose_a, transpose_b;
  int64_t m, n, k;
  const double *a, *b;
  double *c;
  int64_t lda, ldb, ldc;
} product;

static clf_status subtract(const clf__progress *progress, int64_t step, const product *p) {
  const double fit = block_products / ((double)p->m * (double)p->k);
  const int64_t columns = fit < (double)min_columns ? min_columns
                          : fit < (double)p->n      ? (int64_t)fit
                                                    : p->n;
  clf_status status = CLF_OK;
  for (int64_t first = 0; first < p->n && status == CLF_OK; first += columns) {
    const int64_t count = clf__min_i64(p->n - first, columns);
    status = clf__progress_step(progress, step, (double)NAN, (double)NAN);
    if (status == CLF_OK) {
      status = clf__gemm_f64(progress->context, p->transpose_a, p->transpose_b, p->m, count, p->k,
                             -1, p->a, p->lda, p->b + first * (p->transpose_b ? p->ldb : 1), p->ldb,
                             1, p->c + first, p->ldc);
    }
  }
  return status;
}

/* Rows of B = L^-1 B or L^-T B for so few rows that products do not pay. */
static void solve_step(const clf__kernels *kernels, bool transposed, const double *l, int64_t ldl,
                       int64_t n, double *b, int64_t columns, int64_t ldb) {
  double factors[STEP], sum[CHUNK];
  for (int64_t step = 0; step < n; step++) {
    const int64_t i = transposed ? n - 1 - step : step;
    double *row = b + i * ldb;
    for (int64_t p = i + 1; transposed && p < n; p++) {
      factors[p - i - 1] = l[p * ldl + i];
    }
    memset(sum, 0, (size_t)columns * sizeof *sum);
    kernels->vectors->add_rows(transposed ? row + ldb : b, step, ldb,
                               transposed ? factors : l + i * ldl, columns, sum);
    for (int64_t c = 0; c < columns; c++) {
      row[c] = (row[c] - sum[c]) / l[i * ldl + i];
    }
  }
}

/* B = L^-1 B or L^-T B, for at most CHUNK columns. */
static void solve_chunk(const clf__kernels *kernels, bool transposed, const double *l, int64_t ldl,
                        int64_t n, double *b, int64_t columns, int64_t ldb) {
  const clf__product_kernel *kernel = &kernels->products->f64;
  for (int64_t done = 0; done < n; done += STEP) {
    const int64_t rows = clf__min_i64(n - done, STEP);
    const int64_t first = transposed ? n - done - rows : done, end = first + rows;
    const clf__product before = {.rows = rows,
                                 .columns = columns,
                                 .depth = done,
                                 .a = transposed ? l + end * ldl + first : l + first * ldl,
                                 .a_panel = kernel->rows * (transposed ? 1 : ldl),
                                 .a_row = transposed ? 1 : ldl,
                                 .a_step = transposed ? ldl : 1,
                                 .b = transposed ? b + end * ldb : b,
                                 .b_panel = kernel->columns,
                                 .b_step = ldb,
                                 .alpha = -1,
                                 .beta = 1,
                                 .c = b + first * ldb,
                                 .ldc = ldb};
    kernel->multiply(&before);
    solve_step(kernels, transposed, l + first * (ldl + 1), ldl, rows, b + first * ldb, columns,
               ldb);
  }
}

/* A panel of a factor and what it is applied to: `count` columns of B or, from the right, rows. */
typedef struct panel_solve {
  clf_context *context;
  const clf__kernels *kernels;
  bool transposed, right;
  const double *l;
  int64_t ldl, n;
  double *b;
  int64_t count, ldb;
  double *space; /* of alloc_space() */
} panel_solve;

/* On a copy that stays in the second-level cache whatever the leading dimension; from the right, B
 * = B L^-T, rows are its columns. */
static void solve_task(void *argument, clf__range range) {
  const panel_solve *s = argument;
  const int64_t n = s->n, ldb = s->ldb, width = range.end - range.first;
  double *chunk = s->space + PANEL * FACTOR_LD + range.worker * PANEL * CHUNK;
  double *b = s->b + range.first * (s->right ? ldb : 1);
  for (int64_t i = 0; i < n && !s->right; i++) {
    memcpy(chunk + i * CHUNK, b + i * ldb, (size_t)width * sizeof *b);
  }
  for (int64_t j = 0; j < width && s->right; j++) {
    for (int64_t i = 0; i < n; i++) {
      chunk[i * CHUNK + j] = b[j * ldb + i];
    }
  }
  solve_chunk(s->kernels, s->transposed, s->space, FACTOR_LD, n, chunk, width, CHUNK);
  for (int64_t i = 0; i < n && !s->right; i++) {
    memcpy(b + i * ldb, chunk + i * CHUNK, (size_t)width * sizeof *b);
  }
  for (int64_t j = 0; j < width && s->right; j++) {
    for (int64_t i = 0; i < n; i++) {
      b[j * ldb + i] = chunk[i * CHUNK + j];
    }
  }
}

static void solve_panel(panel_solve *s) {
  for (int64_t i = 0; i < s->n; i++) {
    memcpy(s->space + i * FACTOR_LD, s->l + i * s->ldl, (size_t)(i + 1) * sizeof *s->l);
  }
  clf__parallel_ranges(s->context, s->count, CHUNK,
                       (double)s->count * (double)(s->n * s->n) * CLF__COST_PRODUCT, solve_task, s);
}

/* Copies of a panel, and of a chunk for each thread. */
static double *alloc_space(clf_context *context) {
  const int64_t chunks = clf__context_threads(context) * CHUNK;
  return clf__alloc_array(context, FACTOR_LD + chunks, PANEL * sizeof(double));
}

typedef struct cholesky {
  clf_context *context;
  const clf__kernels *kernels;
  clf__progress progress;
  double *a;
  int64_t lda;
  double *limits; /* [n] pivots at or below which a column is dropped */
  double *space;  /* of solves */
  bool *dropped;
} cholesky;

static clf_status factor_block(const cholesky *c, int64_t first, int64_t size) {
  double column[BLOCK];
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

/* B [rows, size] = B L^-T for the factor of rows first … first + size - 1. */
static clf_status solve_right(const cholesky *c, int64_t first, int64_t size, double *b,
                              int64_t rows) {
  const double *l = c->a + first * (c->lda + 1);
  if (size <= PANEL) {
    panel_solve panel = {c->context, c->kernels, false, true,   l,       c->lda,
                         size,       b,          rows,  c->lda, c->space};
    solve_panel(&panel);
    return CLF_OK;
  }
  const int64_t half = half_of(size), rest = size - half;
  const product p = {.transpose_b = true,
                     .m = rows,
                     .n = rest,
                     .k = half,
                     .a = b,
                     .lda = c->lda,
                     .b = l + half * c->lda,
                     .ldb = c->lda,
                     .c = b + half,
                     .ldc = c->lda};
  clf_status status = solve_right(c, first, half, b, rows);
  status = status == CLF_OK ? subtract(&c->progress, first, &p) : status;
  return status == CLF_OK ? solve_right(c, first + half, rest, b + half, rows) : status;
}

/* The lower triangle of C [n, n] less that of X X^T, X [n, k]. */
static clf_status subtract_square(const cholesky *c, int64_t step, double *to, const double *x,
                                  int64_t n, int64_t k) {
  const int64_t half = n <= PANEL ? 0 : half_of(n), lda = c->lda;
  const product p = {.transpose_b = true,
                     .m = n - half,
                     .n = half > 0 ? half : n,
                     .k = k,
                     .a = x + half * lda,
                     .lda = lda,
                     .b = x,
                     .ldb = lda,
                     .c = to + half * lda,
                     .ldc = lda};
  clf_status status = subtract(&c->progress, step, &p);
  if (half > 0 && status == CLF_OK) {
    status = subtract_square(c, step, to, x, half, k);
  }
  if (half > 0 && status == CLF_OK) {
    status = subtract_square(c, step, to + half * (lda + 1), x + half * lda, n - half, k);
  }
  return status;
}

static clf_status factor_part(const cholesky *c, int64_t first, int64_t size) {
  if (size <= BLOCK) {
    return factor_block(c, first, size);
  }
  const int64_t half = half_of(size), rest = size - half;
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
  clf_status status = CLF_ERROR_MEMORY;
  c.limits = clf__alloc_array(context, n, sizeof *c.limits);
  c.space = n > BLOCK ? alloc_space(context) : NULL;
  if (c.limits == NULL || (n > BLOCK && c.space == NULL)) {
    goto done;
  }
  for (int64_t i = 0; i < n; i++) {
    c.limits[i] = tolerance > 0 ? fmax(tolerance * a[i * (lda + 1)], DBL_MIN) : 0;
  }
  status = factor_part(&c, 0, n);
done:
  clf__free(c.space);
  clf__free(c.limits);
  return status;
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

/* A solve for many columns, in place. */
typedef struct solve {
  clf__progress progress;
  const clf__kernels *kernels;
  bool transposed;
  const double *l;
  int64_t ldl;
  double *b;
  int64_t columns, ldb;
  double *space;
} solve;

static clf_status solve_part(const solve *s, int64_t first, int64_t size) {
  const double *l = s->l + first * (s->ldl + 1);
  double *b = s->b + first * s->ldb;
  if (size <= PANEL) {
    panel_solve panel = {s->progress.context, s->kernels, s->transposed, false, l, s->ldl, size, b,
                         s->columns,          s->ldb,     s->space};
    solve_panel(&panel);
    return CLF_OK;
  }
  const int64_t half = half_of(size), rest = size - half;
  const bool back = s->transposed;
  double *lower = b + half * s->ldb;
  const product p = {.transpose_a = back,
                     .m = back ? half : rest,
                     .n = s->columns,
                     .k = back ? rest : half,
                     .a = l + half * s->ldl,
                     .lda = s->ldl,
                     .b = back ? lower : b,
                     .ldb = s->ldb,
                     .c = back ? b : lower,
                     .ldc = s->ldb};
  clf_status status = back ? solve_part(s, first + half, rest) : solve_part(s, first, half);
  CLF__TRY(status);
  CLF__TRY(subtract(&s->progress, first, &p));
  CLF__TRY(back ? solve_part(s, first, half) : solve_part(s, first + half, rest));
done:
  return status;
}

static clf_status solve_many(clf_context *context, bool transposed, const double *l, int64_t n,
                             int64_t ldl, double *b, int64_t columns, int64_t ldb) {
  solve s = {.progress = clf__progress_begin(context, "solve", n),
             .kernels = clf__kernels_for(context),
             .transposed = transposed,
             .l = l,
             .ldl = ldl,
             .b = b,
             .columns = columns,
             .ldb = ldb};
  if (n <= 0) {
    return CLF_OK;
  }
  s.space = alloc_space(context);
  clf_status status = s.space != NULL ? solve_part(&s, 0, n) : CLF_ERROR_MEMORY;
  clf__free(s.space);
  return status;
}

clf_status clf__solve_lower(clf_context *context, const double *l, int64_t n, int64_t ldl,
                            double *b, int64_t columns, int64_t ldb) {
  if (columns == 1 && ldb == 1) {
    solve_vector(l, n, ldl, b);
  } else if (columns < FEW) {
    solve_chunk(clf__kernels_for(context), false, l, ldl, n, b, columns, ldb);
  } else {
    return solve_many(context, false, l, n, ldl, b, columns, ldb);
  }
  return CLF_OK;
}

clf_status clf__solve_lower_transposed(clf_context *context, const double *l, int64_t n,
                                       int64_t ldl, double *b, int64_t columns, int64_t ldb) {
  if (columns >= FEW) {
    return solve_many(context, true, l, n, ldl, b, columns, ldb);
  }
  solve_chunk(clf__kernels_for(context), true, l, ldl, n, b, columns, ldb);
  return CLF_OK;
}
