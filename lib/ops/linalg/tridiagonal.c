/* Reduction of a symmetric matrix to tridiagonal form by Householder reflections, and back
 * (Dongarra, Hammarling and Sorensen, "Block reduction of matrices to condensed forms for
 * eigenvalue computations", Journal of Computational and Applied Mathematics 27, 1989).
 *
 * Reflection k, I - t v v^T, makes row k zero beyond the element next to the diagonal. The rest of
 * the matrix becomes A - v w^T - w v^T with w = t A v - (t/2) (t v^T A v) v. A panel of reflections
 * is collected before the rest is updated: A v is then the old A times v, corrected by the v and w
 * of the panel. So half of the 4/3 n^3 operations are products of matrices. The other half reads
 * the upper triangle once for each row, n^3/6 elements in all, and is bound by memory.
 *
 * v_k is stored in row k of A, from element k + 1 on. Work is divided by size alone, and partial
 * sums are added in order, so that the bits do not depend on the number of threads. */
#include "ops/linalg/tridiagonal.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/kernels.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/vectors.h"

enum {
  PANEL = 32,        /* reflections that are applied to the rest at once */
  GROUP = 64,        /* reflections that are applied to eigenvectors at once */
  UPDATE_ROWS = 128, /* rows of the rest in a product */
  TASKS = 8,
  TASK_ROWS = 256, /* of products with a vector, max and min */
};

/* Sums of squares below this have lost digits to underflow. Such a vector is negligible in a matrix
 * whose elements are about 1. */
static const double min_squares = 0x1p-900;

typedef struct reduction {
  clf_context *context;
  const clf__kernels *kernels;
  int64_t n;
  double *a;
  double *diagonal, *off_diagonal, *factors;
  double *panel;   /* [3 * PANEL, n]: v, w and v again; two adjacent blocks are read at once */
  double *partial; /* [TASKS, n] */
  const double *v; /* of the product with a vector */
  int64_t first;   /* its first row */
  int64_t tasks;
} reduction;

static double dot(const reduction *r, const double *a, const double *b, int64_t count) {
  double sum;
  r->kernels->vectors->dot_rows(a, 1, 0, b, count, &sum);
  return sum;
}

/* Returns the first row of task t in a triangle of `size` rows; all tasks have about the same
 * number of elements. */
static int64_t first_of_task(int64_t size, int64_t task, int64_t tasks) {
  const double left = 1 - (double)task / (double)tasks;
  return task == tasks ? size : (int64_t)((double)size * (1 - sqrt(left))) / 8 * 8;
}

static void multiply_task(void *argument, int64_t index, int32_t worker) {
  const reduction *r = argument;
  const int64_t size = r->n - r->first;
  double *to = r->partial + index * r->n;
  (void)worker;
  memset(to, 0, (size_t)size * sizeof *to);
  r->kernels->vectors->symmetric(r->a + r->first * (r->n + 1), r->n, size,
                                 first_of_task(size, index, r->tasks),
                                 first_of_task(size, index + 1, r->tasks), r->v, to);
}

/* out = A v over the rows and columns from `first` on. */
static void multiply_rest(reduction *r, int64_t first, const double *v, double *out) {
  const int64_t size = r->n - first, tasks = size / TASK_ROWS;
  r->first = first;
  r->v = v;
  r->tasks = clf__clamp_i64(tasks, 1, TASKS);
  clf__parallel(r->context, r->tasks, (double)size * (double)size / 2 * CLF__COST_COPY,
                multiply_task, r);
  memcpy(out, r->partial, (size_t)size * sizeof *out);
  for (int64_t task = 1; task < r->tasks; task++) {
    const double *from = r->partial + task * r->n;
    for (int64_t j = first_of_task(size, task, r->tasks); j < size; j++) {
      out[j] += from[j];
    }
  }
}

/* Replaces x [size] by a reflection's v with v[0] = 1. Returns its factor t and, in *image, the
 * first element of (I - t v v^T) x, whose other elements are 0. */
static double reflect(const reduction *r, double *x, int64_t size, double *image) {
  const double tail = dot(r, x + 1, x + 1, size - 1), squares = tail + x[0] * x[0];
  *image = x[0];
  if (squares < min_squares || tail == 0) {
    memset(x, 0, (size_t)size * sizeof *x);
    x[0] = 1;
    return 0;
  }
  *image = x[0] > 0 ? -sqrt(squares) : sqrt(squares);
  const double factor = (*image - x[0]) / *image, divisor = x[0] - *image;
  for (int64_t j = 1; j < size; j++) {
    x[j] /= divisor;
  }
  x[0] = 1;
  return factor;
}

/* Computes row k of A after the panel's first `count` reflections. */
static void update_row(const reduction *r, int64_t k, int64_t count) {
  double factors[2 * PANEL];
  const double *v = r->panel, *w = r->panel + PANEL * r->n;
  for (int64_t p = 0; p < count; p++) {
    factors[p] = -w[p * r->n + k];
    factors[PANEL + p] = -v[p * r->n + k];
  }
  double *row = r->a + k * r->n + k;
  r->kernels->vectors->add_rows(v + k, count, r->n, factors, r->n - k, row);
  r->kernels->vectors->add_rows(w + k, count, r->n, factors + PANEL, r->n - k, row);
}

/* Computes w of reflection v, from column `first` on, after `count` other reflections of the
 * panel. */
static void make_image(reduction *r, int64_t first, int64_t count, double factor, const double *v,
                       double *w) {
  const int64_t n = r->n, size = n - first;
  const double *vs = r->panel + first, *ws = vs + PANEL * n;
  double along_v[PANEL], along_w[PANEL];
  multiply_rest(r, first, v, w);
  r->kernels->vectors->dot_rows(vs, count, n, v, size, along_v);
  r->kernels->vectors->dot_rows(ws, count, n, v, size, along_w);
  for (int64_t p = 0; p < count; p++) {
    along_v[p] = -along_v[p];
    along_w[p] = -along_w[p];
  }
  r->kernels->vectors->add_rows(vs, count, n, along_w, size, w);
  r->kernels->vectors->add_rows(ws, count, n, along_v, size, w);
  const double half = factor * factor * dot(r, w, v, size) / 2;
  for (int64_t j = 0; j < size; j++) {
    w[j] = factor * w[j] - half * v[j];
  }
}

static void reduce_row(reduction *r, int64_t k, int64_t count) {
  const int64_t n = r->n;
  double *row = r->a + k * n, *v = r->panel + count * n, *w = v + PANEL * n;
  update_row(r, k, count);
  r->diagonal[k] = row[k];
  r->factors[k] = reflect(r, row + k + 1, n - k - 1, &r->off_diagonal[k]);
  memset(v, 0, (size_t)(k + 1) * sizeof *v);
  memset(w, 0, (size_t)(k + 1) * sizeof *w);
  memcpy(v + k + 1, row + k + 1, (size_t)(n - k - 1) * sizeof *v);
  if (r->factors[k] != 0) {
    make_image(r, k + 1, count, r->factors[k], v + k + 1, w + k + 1);
  } else {
    memset(w, 0, (size_t)n * sizeof *w);
  }
  memcpy(v + 2 * PANEL * n, v, (size_t)n * sizeof *v);
}

/* Subtracts v w^T + w v^T of the whole panel from the rest of A, from `first` on. */
static clf_status update_rest(const reduction *r, int64_t first) {
  const int64_t n = r->n;
  clf_status status = CLF_OK;
  for (int64_t row = first; row < n && status == CLF_OK; row += UPDATE_ROWS) {
    const int64_t rows = clf__min_i64(n - row, UPDATE_ROWS);
    status = clf__gemm_f64(r->context, -1, clf__f64_transposed(r->panel + row, rows, 2 * PANEL, n),
                           clf__f64_matrix(r->panel + PANEL * n + row, 2 * PANEL, n - row, n), 1,
                           r->a + row * (n + 1), n);
  }
  return status;
}

static clf_status reduce(reduction *r) {
  const clf__progress progress = clf__progress_begin(r->context, "tridiagonal", r->n);
  int64_t count = 0; /* reflections in the panel so far */
  for (int64_t k = 0; k + 1 < r->n; k++) {
    CLF__CHECK(k > 0 ? clf__progress_step(&progress, k, (double)NAN, (double)NAN) : CLF_OK);
    reduce_row(r, k, count++);
    if (count == PANEL) {
      CLF__CHECK(update_rest(r, k + 1));
      count = 0;
    }
  }
  update_row(r, r->n - 1, count);
  r->diagonal[r->n - 1] = r->a[r->n * r->n - 1];
  r->off_diagonal[r->n - 1] = 0;
  r->factors[r->n - 1] = 0;
  return CLF_OK;
}

clf_status clf__tridiagonal_reduce(clf_context *context, double *a, int64_t n, double *diagonal,
                                   double *off_diagonal, double *factors) {
  reduction r = {.context = context,
                 .kernels = clf__kernels_for(context),
                 .n = n,
                 .a = a,
                 .diagonal = diagonal,
                 .off_diagonal = off_diagonal,
                 .factors = factors};
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  r.panel = clf__arena_matrix(&arena, n, 3 * PANEL, sizeof *r.panel);
  r.partial = clf__arena_matrix(&arena, n, TASKS, sizeof *r.partial);
  CLF__TRY(clf__arena_status(&arena));
  status = reduce(&r);
done:
  clf__arena_free(&arena);
  return status;
}

/* A group of reflections is I - V^T T V, where V [count, size] are their vectors from column first
 * + 1 on (Schreiber and Van Loan, "A storage-efficient WY representation for products of
 * Householder transformations", SIAM Journal on Scientific and Statistical Computing 10, 1989). */
typedef struct reflections {
  clf_context *context;
  const double *a, *factors;
  int64_t n, first, count, size;
  double *v;        /* [GROUP, n] */
  double *weighted; /* [GROUP, n]: T^T V */
  double *small;    /* [2, GROUP, GROUP]: V V^T and T */
  double *products; /* [vectors, GROUP]: products of the eigenvectors and V */
} reflections;

static clf_status gather(reflections *g) {
  const int64_t size = g->size, count = g->count;
  double *gram = g->small, *t = gram + GROUP * GROUP;
  memset(t, 0, GROUP * GROUP * sizeof *t);
  for (int64_t p = 0; p < count; p++) {
    memset(g->v + p * size, 0, (size_t)p * sizeof *g->v);
    memcpy(g->v + p * size + p, g->a + (g->first + p) * (g->n + 1) + 1,
           (size_t)(size - p) * sizeof *g->v);
  }
  clf_status status = clf__gemm_f64(g->context, 1, clf__f64_matrix(g->v, count, size, size),
                                    clf__f64_transposed(g->v, size, count, size), 0, gram, GROUP);
  for (int64_t p = 0; p < count; p++) {
    const double factor = g->factors[g->first + p];
    t[p * GROUP + p] = factor;
    for (int64_t q = 0; q < p; q++) {
      double sum = 0;
      for (int64_t s = q; s < p; s++) {
        sum += t[q * GROUP + s] * gram[s * GROUP + p];
      }
      t[q * GROUP + p] = -factor * sum;
    }
  }
  return status < 0 ? status
                    : clf__gemm_f64(g->context, 1, clf__f64_transposed(t, count, count, GROUP),
                                    clf__f64_matrix(g->v, count, size, size), 0, g->weighted, size);
}

static clf_status restore_group(reflections *g, double *vectors, int64_t count) {
  double *from = vectors + g->first + 1;
  clf_status status = gather(g);
  CLF__TRY(status);
  CLF__TRY(clf__gemm_f64(g->context, 1, clf__f64_matrix(from, count, g->size, g->n),
                         clf__f64_transposed(g->v, g->size, g->count, g->size), 0, g->products,
                         GROUP));
  CLF__TRY(clf__gemm_f64(g->context, -1, clf__f64_matrix(g->products, count, g->count, GROUP),
                         clf__f64_matrix(g->weighted, g->count, g->size, g->size), 1, from, g->n));
done:
  return status;
}

clf_status clf__tridiagonal_restore(clf_context *context, const double *a, int64_t n,
                                    const double *factors, double *vectors, int64_t count) {
  reflections g = {.context = context, .a = a, .factors = factors, .n = n};
  const int64_t groups = clf__ceil_div(n - 1, GROUP);
  const clf__progress progress = clf__progress_begin(context, "eigenvectors", groups);
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  g.v = clf__arena_matrix(&arena, n, GROUP, sizeof *g.v);
  g.weighted = clf__arena_matrix(&arena, n, GROUP, sizeof *g.weighted);
  g.products = clf__arena_matrix(&arena, count, GROUP, sizeof *g.products);
  g.small = clf__arena_matrix(&arena, 2 * GROUP, GROUP, sizeof *g.small);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t group = groups - 1; group >= 0; --group) {
    g.first = group * GROUP;
    g.size = n - g.first - 1;
    g.count = clf__min_i64(g.size, GROUP);
    CLF__TRY(restore_group(&g, vectors, count));
    CLF__TRY(clf__progress_step(&progress, groups - group, (double)NAN, (double)NAN));
  }
done:
  clf__arena_free(&arena);
  return status;
}
