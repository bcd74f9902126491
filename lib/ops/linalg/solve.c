/* Solves with a lower triangular factor. The factor is divided in halves until its blocks are
 * small: for L = [L11 .; L21 L22], B1 = L11^-1 B1, and then B2 = L22^-1 (B2 - L21 B1). So almost
 * all of the work is in products of large matrices. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/kernels.h"
#include "ops/linalg/factor.h"
#include "ops/linalg/factor_parts.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/product.h"
#include "ops/linalg/vectors.h"

enum {
  CHUNK = 96, /* columns that are solved at once */
  STEP = 16,  /* rows of a solve between two products */
  FEW = 32,   /* fewer columns are solved without a copy, unless the factor has MANY rows */
  MANY = 1024,
  FACTOR_LD =
      CLF__FACTOR_PANEL + 8, /* not a power of 2, so that rows do not share sets of the cache */
};

int64_t clf__factor_half(int64_t size) {
  return clf__round_up(size / 2, CLF__FACTOR_BLOCK);
}

/* Multiplications between two checks for cancellation, in products of at least so many columns:
 * with this division no element is packed twice. */
static const double block_products = 2e9;
static const int64_t min_columns = 384;

clf_status clf__factor_subtract(const clf__progress *progress, int64_t step, clf__f64_view a,
                                clf__f64_view b, double *c, int64_t ldc) {
  const double fit = block_products / ((double)a.rows * (double)a.columns);
  const int64_t columns = fit < (double)min_columns ? min_columns
                          : fit < (double)b.columns ? (int64_t)fit
                                                    : b.columns;
  clf_status status = CLF_OK;
  for (int64_t first = 0; first < b.columns && status == CLF_OK; first += columns) {
    const int64_t count = clf__min_i64(b.columns - first, columns);
    status = clf__progress_step(progress, step, (double)NAN, (double)NAN);
    if (status == CLF_OK) {
      status = clf__gemm_f64(progress->context, -1, a, clf__f64_columns(b, first, count), 1,
                             c + first, ldc);
    }
  }
  return status;
}

/* Computes B = L^-1 B or L^-T B for so few rows that products do not pay. */
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

/* Computes B = L^-1 B or L^-T B for at most CHUNK columns. */
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

/* Works on a copy that stays in the second-level cache, whatever the leading dimension. From the
 * right, B = B L^-T, the rows are treated as columns. */
static void solve_task(void *argument, clf__range range) {
  const clf__panel_solve *s = argument;
  const int64_t n = s->n, ldb = s->ldb, width = range.end - range.first;
  double *chunk =
      s->space + CLF__FACTOR_PANEL * FACTOR_LD + range.worker * CLF__FACTOR_PANEL * CHUNK;
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

void clf__panel_solve_run(clf__panel_solve *s) {
  for (int64_t i = 0; i < s->n; i++) {
    memcpy(s->space + i * FACTOR_LD, s->l + i * s->ldl, (size_t)(i + 1) * sizeof *s->l);
  }
  clf__parallel_ranges(s->context, s->count, CHUNK,
                       (double)s->count * (double)(s->n * s->n) * CLF__COST_PRODUCT, solve_task, s);
}

double *clf__factor_space(clf__arena *arena) {
  const int64_t chunks = clf__context_threads(arena->context) * CHUNK;
  return clf__arena_matrix(arena, FACTOR_LD + chunks, CLF__FACTOR_PANEL, sizeof(double));
}

/* Solves for one right-hand side: the factor, which is far larger, is read once along its rows. */
static void solve_vector(const clf__kernels *kernels, const double *l, int64_t n, int64_t ldl,
                         double *b) {
  double sums[STEP];
  for (int64_t first = 0; first < n; first += STEP) {
    const int64_t rows = clf__min_i64(n - first, STEP);
    const double *block = l + first * ldl;
    double *x = b + first;
    kernels->vectors->dot_rows(block, rows, ldl, b, first, sums);
    for (int64_t i = 0; i < rows; i++) {
      const double *row = block + i * ldl + first;
      for (int64_t j = 0; j < i; j++) {
        sums[i] += row[j] * x[j];
      }
      x[i] = (x[i] - sums[i]) / row[i];
    }
  }
}

/* The same with the transposed factor: a row is subtracted as soon as its element is known. */
static void solve_vector_transposed(const clf__kernels *kernels, const double *l, int64_t n,
                                    int64_t ldl, double *b) {
  double factors[STEP];
  for (int64_t first = (n - 1) / STEP * STEP; first >= 0; first -= STEP) {
    const int64_t rows = clf__min_i64(n - first, STEP);
    const double *block = l + first * ldl;
    double *x = b + first;
    for (int64_t i = rows - 1; i >= 0; i--) {
      const double *row = block + i * ldl + first;
      x[i] /= row[i];
      factors[i] = -x[i];
      for (int64_t j = 0; j < i; j++) {
        x[j] -= x[i] * row[j];
      }
    }
    kernels->vectors->add_rows(block, rows, ldl, factors, first, b);
  }
}

/* Solves for many columns, in place. */
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
  if (size <= CLF__FACTOR_PANEL) {
    clf__panel_solve panel = {
        s->progress.context, s->kernels, s->transposed, false, l, s->ldl, size, b,
        s->columns,          s->ldb,     s->space};
    clf__panel_solve_run(&panel);
    return CLF_OK;
  }
  const int64_t half = clf__factor_half(size), rest = size - half;
  double *lower = b + half * s->ldb;
  const double *below = l + half * s->ldl;
  if (s->transposed) {
    CLF__CHECK(solve_part(s, first + half, rest));
    CLF__CHECK(clf__factor_subtract(&s->progress, first,
                                    clf__f64_transposed(below, half, rest, s->ldl),
                                    clf__f64_matrix(lower, rest, s->columns, s->ldb), b, s->ldb));
    return solve_part(s, first, half);
  }
  CLF__CHECK(solve_part(s, first, half));
  CLF__CHECK(clf__factor_subtract(&s->progress, first, clf__f64_matrix(below, rest, half, s->ldl),
                                  clf__f64_matrix(b, half, s->columns, s->ldb), lower, s->ldb));
  return solve_part(s, first + half, rest);
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
  clf__arena arena = {.context = context};
  s.space = clf__factor_space(&arena);
  clf_status status = s.space != NULL ? solve_part(&s, 0, n) : CLF_ERROR_MEMORY;
  clf__arena_free(&arena);
  return status;
}

clf_status clf__solve_lower(clf_context *context, const double *l, int64_t n, int64_t ldl,
                            double *b, int64_t columns, int64_t ldb) {
  if (columns == 1 && ldb == 1) {
    solve_vector(clf__kernels_for(context), l, n, ldl, b);
  } else if (columns < FEW && n < MANY) {
    solve_chunk(clf__kernels_for(context), false, l, ldl, n, b, columns, ldb);
  } else {
    return solve_many(context, false, l, n, ldl, b, columns, ldb);
  }
  return CLF_OK;
}

clf_status clf__solve_lower_transposed(clf_context *context, const double *l, int64_t n,
                                       int64_t ldl, double *b, int64_t columns, int64_t ldb) {
  if (columns == 1 && ldb == 1) {
    solve_vector_transposed(clf__kernels_for(context), l, n, ldl, b);
  } else if (columns < FEW && n < MANY) {
    solve_chunk(clf__kernels_for(context), true, l, ldl, n, b, columns, ldb);
  } else {
    return solve_many(context, true, l, n, ldl, b, columns, ldb);
  }
  return CLF_OK;
}
