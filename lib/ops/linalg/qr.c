/* Householder reflections on a triangle and a block of rows below it. A reflection for column j
 * changes row j of R and all rows of the block, v = (1 in row j; v_i in the block). PANEL
 * reflections are computed from their own columns, and then applied at once to the columns to their
 * right (Schreiber and Van Loan 1989): with V the block's part and T upper triangular, W = T^T
 * (R_panel + V^T A),  R_panel -= W,  A -= V W. Almost all work is then matrix products. */
#include "ops/linalg/qr.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/linalg/gemm.h"

enum { PANEL = 32, STRIPE = 64 };

/* Columns first … first + width - 1 of R and of the block. */
typedef struct panel {
  double *r; /* the diagonal element of the first column */
  int64_t ldr;
  double *a; /* the block's first row */
  int64_t lda, rows;
  int64_t width;
  double t[PANEL][PANEL]; /* T, above and on the diagonal */
} panel;

/* sums[c] = V_j^T times column c of the block, for the columns from `first` to the panel's end. */
static void multiply_columns(const panel *p, int64_t j, int64_t first, double *sums) {
  memset(sums, 0, PANEL * sizeof *sums);
  for (int64_t i = 0; i < p->rows; i++) {
    const double *row = p->a + i * p->lda;
    for (int64_t c = first; c < p->width; c++) {
      sums[c] += row[j] * row[c];
    }
  }
}

/* Computes the reflection that makes column j of the block 0, and stores its vector in that column.
 * Returns tau of H = I - tau v v^T. */
static double reflect_column(panel *p, int64_t j) {
  double *diagonal = p->r + j * p->ldr + j;
  double square = 0;
  for (int64_t i = 0; i < p->rows; i++) {
    square += p->a[i * p->lda + j] * p->a[i * p->lda + j];
  }
  if (square == 0) {
    return 0;
  }
  const double length = sqrt(*diagonal * *diagonal + square);
  const double beta = *diagonal > 0 ? -length : length;
  const double head = *diagonal - beta;
  for (int64_t i = 0; i < p->rows; i++) {
    p->a[i * p->lda + j] /= head;
  }
  *diagonal = beta;
  return -head / beta;
}

/* Computes T's column j from those before: t_j = -tau T (V^T v_j), t_jj = tau. */
static void extend_t(panel *p, int64_t j, double tau) {
  double dots[PANEL] = {0};
  for (int64_t i = 0; i < p->rows; i++) {
    const double *row = p->a + i * p->lda;
    for (int64_t c = 0; c < j; c++) {
      dots[c] += row[c] * row[j];
    }
  }
  for (int64_t i = 0; i < j; i++) {
    double sum = 0;
    for (int64_t c = i; c < j; c++) {
      sum += p->t[i][c] * dots[c];
    }
    p->t[i][j] = -tau * sum;
  }
  p->t[j][j] = tau;
}

static void factor_panel(panel *p) {
  double sums[PANEL];
  for (int64_t j = 0; j < p->width; j++) {
    const double tau = reflect_column(p, j);
    double *top = p->r + j * p->ldr;
    multiply_columns(p, j, j + 1, sums);
    for (int64_t c = j + 1; c < p->width; c++) {
      sums[c] = tau * (top[c] + sums[c]);
      top[c] -= sums[c];
    }
    for (int64_t i = 0; i < p->rows; i++) {
      double *row = p->a + i * p->lda;
      for (int64_t c = j + 1; c < p->width; c++) {
        row[c] -= row[j] * sums[c];
      }
    }
    extend_t(p, j, tau);
  }
}

/* w [width, count] = T^T w, from the last row to the first. */
static void multiply_t(const panel *p, double *w, int64_t count) {
  for (int64_t i = p->width - 1; i >= 0; --i) {
    for (int64_t c = 0; c < count; c++) {
      w[i * count + c] *= p->t[i][i];
    }
    for (int64_t l = 0; l < i; l++) {
      for (int64_t c = 0; c < count; c++) {
        w[i * count + c] += p->t[l][i] * w[l * count + c];
      }
    }
  }
}

/* Applies the panel's reflections to the `count` columns to its right; w [PANEL, count] is scratch.
 */
static clf_status apply_panel(const panel *p, clf_context *context, int64_t count, double *w) {
  double *a = p->a + p->width;
  double *r = p->r + p->width;
  for (int64_t i = 0; i < p->width; i++) {
    memcpy(w + i * count, r + i * p->ldr, (size_t)count * sizeof *w);
  }
  CLF__CHECK(clf__gemm_f64(context, 1, clf__f64_transposed(p->a, p->width, p->rows, p->lda),
                           clf__f64_matrix(a, p->rows, count, p->lda), 1, w, count));
  multiply_t(p, w, count);
  for (int64_t i = 0; i < p->width; i++) {
    for (int64_t c = 0; c < count; c++) {
      r[i * p->ldr + c] -= w[i * count + c];
    }
  }
  return clf__gemm_f64(context, -1, clf__f64_matrix(p->a, p->rows, p->width, p->lda),
                       clf__f64_matrix(w, p->width, count, count), 1, a, p->lda);
}

clf_status clf__qr_add_rows(clf_context *context, double *r, int64_t n, int64_t columns,
                            int64_t ldr, double *a, int64_t rows, int64_t lda) {
  double *w = clf__alloc_matrix(context, PANEL, columns, sizeof *w);
  clf_status status = w != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t first = 0; status == CLF_OK && first < n; first += PANEL) {
    panel p = {.r = r + first * ldr + first,
               .ldr = ldr,
               .a = a + first,
               .lda = lda,
               .rows = rows,
               .width = clf__min_i64(PANEL, n - first)};
    factor_panel(&p);
    status = apply_panel(&p, context, columns - first - p.width, w);
  }
  clf__free(w);
  return status;
}

/* A step of the pivoted factorization: the reflection of column k, on rows k … n-1. */
typedef struct pivoted {
  double *r;
  int64_t n, columns, ldr;
  int64_t k;
  double tau;
  double *v;       /* [n] from k on */
  double *squares; /* [columns] squared length of each column below row k */
} pivoted;

static void reflect_stripe(void *argument, clf__range range) {
  const pivoted *p = argument;
  const int64_t first = p->k + 1 + range.first, count = range.end - range.first;
  double sums[STRIPE] = {0}, squares[STRIPE] = {0};
  for (int64_t i = p->k; i < p->n; i++) {
    for (int64_t c = 0; c < count; c++) {
      sums[c] += p->v[i] * p->r[i * p->ldr + first + c];
    }
  }
  for (int64_t i = p->k; i < p->n; i++) {
    double *row = p->r + i * p->ldr + first;
    const double factor = p->tau * p->v[i];
    for (int64_t c = 0; c < count; c++) {
      row[c] -= factor * sums[c];
      squares[c] += i > p->k ? row[c] * row[c] : 0;
    }
  }
  memcpy(p->squares + first, squares, (size_t)count * sizeof *squares);
}

static int64_t longest(const pivoted *p) {
  int64_t best = p->k;
  for (int64_t j = p->k + 1; j < p->n; j++) {
    best = p->squares[j] > p->squares[best] ? j : best;
  }
  return best;
}

static void swap_columns(pivoted *p, int64_t *order, int64_t other) {
  for (int64_t i = 0; other != p->k && i < p->n; i++) {
    double *row = p->r + i * p->ldr;
    const double value = row[p->k];
    row[p->k] = row[other];
    row[other] = value;
  }
  const int64_t column = order[p->k];
  order[p->k] = order[other];
  order[other] = column;
}

static void set_reflection(pivoted *p) {
  double square = 0;
  for (int64_t i = p->k; i < p->n; i++) {
    p->v[i] = p->r[i * p->ldr + p->k];
    square += p->v[i] * p->v[i];
  }
  const double beta = p->v[p->k] > 0 ? -sqrt(square) : sqrt(square);
  const double head = p->v[p->k] - beta;
  p->v[p->k] = head;
  for (int64_t i = p->k; i < p->n; i++) {
    p->v[i] /= head;
    p->r[i * p->ldr + p->k] = 0;
  }
  p->r[p->k * p->ldr + p->k] = beta;
  p->tau = -head / beta;
}

static void first_squares(pivoted *p, int64_t *order) {
  memset(p->squares, 0, (size_t)p->columns * sizeof *p->squares);
  for (int64_t j = 0; j < p->n; j++) {
    order[j] = j;
  }
  for (int64_t i = 0; i < p->n; i++) {
    for (int64_t j = 0; j < p->columns; j++) {
      p->squares[j] += p->r[i * p->ldr + j] * p->r[i * p->ldr + j];
    }
  }
}

clf_status clf__qr_pivoted(clf_context *context, double *r, int64_t n, int64_t columns, int64_t ldr,
                           int64_t *order, int64_t *rank) {
  pivoted p = {.r = r, .n = n, .columns = columns, .ldr = ldr};
  const clf__progress progress = clf__progress_begin(context, "qr", n);
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  p.v = clf__arena_array(&arena, n, sizeof *p.v);
  p.squares = clf__arena_array(&arena, columns, sizeof *p.squares);
  CLF__TRY(clf__arena_status(&arena));
  first_squares(&p, order);
  for (p.k = 0; p.k < n; p.k++) {
    const int64_t pivot = longest(&p);
    if (!(p.squares[pivot] > 1)) {
      break;
    }
    CLF__TRY(p.k > 0 ? clf__progress_step(&progress, p.k, NAN, NAN) : CLF_OK);
    swap_columns(&p, order, pivot);
    set_reflection(&p);
    const double reflected = (double)(n - p.k) * (double)(columns - p.k - 1);
    clf__parallel_ranges(context, columns - p.k - 1, STRIPE, 2 * reflected * CLF__COST_COPY,
                         reflect_stripe, &p);
  }
  *rank = p.k;
done:
  clf__arena_free(&arena);
  return status;
}
