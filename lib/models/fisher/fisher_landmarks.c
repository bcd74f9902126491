/* The kernel Fisher system where f combines only m landmarks z (a reduced set, Nystroem's
 * approximation): it minimizes sum_i w_i (f(x_i) + b - y_i)^2 + alpha |f|^2 over f = sum_j a_j
 * k(z_j, x). With K_zz = L L^T, u_i = L^-1 K(z, x_i) and a = L^-T c this is a ridge regression on
 * the u_i,
 *
 *   (sum_i w_i (u_i - u)(u_i - u)^T + alpha I) c = sum_i w_i y_i u_i,
 *
 * where u is their mean, since sum_i w_i y_i = 0. Its condition depends on alpha, whereas that of
 * the same system in a would be the square of K's. Both for the u_i and for their products only a
 * triangle is computed: n m^2 multiplications in floats in all, one tile of rows at a time, with
 * the products added in f64; then m^3 / 2 in f64 for two factors and an inverse.
 *
 * Several ranks have all rows each, and divide the products by their own parts of the rows, whose
 * sums are added by shards (comm/shards.h). */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "comm/shards.h"
#include "models/fisher/fisher_nystroem.h"

enum { PIECE = 256 };

/* Rounding error of the products, relative; at least so much is added to the diagonal. */
#define ROUNDING 1e-8

typedef struct reduced {
  clf__arena arena;
  clf__fisher_system *system;
  clf__nystroem nystroem;
  int64_t tile_rows;
  int64_t first, count; /* rows of the tile */
  float *u;             /* [tile_rows, m] */
  double *matrix;       /* [m, m] */
  double *class_sums;   /* [classes, m] sums of w_i u_i, which lie behind it */
} reduced;

static clf_status allocate(reduced *r) {
  clf__fisher_system *s = r->system;
  const int64_t m = s->m, size = clf__count(m, m);
  /* A few hundred milliseconds of work. */
  r->tile_rows = (INT64_C(1) << 36) / clf__max_i64(size, 1);
  r->tile_rows = clf__clamp_i64(r->tile_rows, 256, CLF__NYSTROEM_ROWS);
  r->arena.context = s->context;
  r->matrix =
      clf__arena_zeroed(&r->arena, clf__count(m + s->training->classes, m), sizeof *r->matrix);
  r->u = clf__arena_matrix(&r->arena, r->tile_rows, m, sizeof *r->u);
  s->a = clf__arena_zeroed(&s->arena, clf__count(m, s->responses), sizeof *s->a);
  CLF__CHECK(clf__arena_status(&r->arena));
  return clf__arena_status(&s->arena);
}

static void add_class_sums(void *argument, clf__range range) {
  const reduced *r = argument;
  const clf__fisher_system *s = r->system;
  for (int64_t i = 0; i < r->count; i++) {
    int64_t own = r->first + i;
    double *sums = r->class_sums + s->training->labels[s->rows[own]] * s->m;
    for (int64_t j = range.first; j < range.end; j++) {
      sums[j] += s->root[own] * (double)r->u[i * s->m + j];
    }
  }
}

/* Returns the first of the system's rows, in their order, whose index is not below `row`. */
static int64_t find_row(const clf__fisher_system *s, int64_t row) {
  int64_t low = 0, high = s->n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (s->rows[middle] < row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Adds the products, and behind them the sums of the classes, over some of this rank's rows. */
static clf_status add_products(void *argument, int64_t first, int64_t rows, double *sums) {
  reduced *r = argument;
  clf__fisher_system *s = r->system;
  const clf__shards *parts = s->training->parts;
  const int64_t from = (parts != NULL ? parts->first : 0) + first;
  const int64_t end = find_row(s, from + rows);
  r->class_sums = sums + s->m * s->m;
  for (r->first = find_row(s, from); r->first < end; r->first += r->tile_rows) {
    r->count = clf__min_i64(end - r->first, r->tile_rows);
    CLF__CHECK(clf__nystroem_rows(&r->nystroem, r->first, r->count, r->u));
    clf__parallel_ranges(s->context, s->m, PIECE, (double)r->count * (double)s->m * CLF__COST_COPY,
                         add_class_sums, r);
    CLF__CHECK(clf__nystroem_add(&r->nystroem, r->u, r->count, sums));
    CLF__CHECK(clf__progress_step(&s->progress, s->step, (double)NAN, (double)NAN));
  }
  return CLF_OK;
}

static clf_status add_rows(reduced *r) {
  clf__fisher_system *s = r->system;
  const clf__shards *parts = s->training->parts;
  const clf__shard_sum sum = {.name = "products of landmarks",
                              .of = parts,
                              .rows = parts != NULL ? parts->start[parts->rank + 1] - parts->first
                                                    : s->training->x->rows,
                              .add = add_products,
                              .argument = r};
  CLF__CHECK(clf__shards_sum(&sum, r->matrix, (s->m + s->training->classes) * s->m));
  r->class_sums = r->matrix + s->m * s->m;
  s->step++;
  return CLF_OK;
}

/* Computes the right-hand side, sum_k y_k times the sums of class k, in a. */
static void set_sides(reduced *r) {
  clf__fisher_system *s = r->system;
  for (int64_t k = 0; k < s->training->classes; k++) {
    const double *sums = r->class_sums + k * s->m;
    for (int64_t i = 0; i < s->m * s->responses; i++) {
      s->a[i] += sums[i / s->responses] * s->values[k * s->responses + i % s->responses];
    }
  }
}

/* Subtracts the mean from the matrix, and adds alpha. */
static void finish_matrix(reduced *r) {
  clf__fisher_system *s = r->system;
  double *all = r->class_sums; /* the sums of the first class become those of all */
  double trace = 0;
  for (int64_t k = 1; k < s->training->classes; k++) {
    for (int64_t j = 0; j < s->m; j++) {
      all[j] += r->class_sums[k * s->m + j];
    }
  }
  for (int64_t i = 0; i < s->m; i++) {
    double *row = r->matrix + i * s->m;
    for (int64_t j = 0; j <= i; j++) {
      row[j] -= all[i] * all[j] / s->weight;
    }
    trace += row[i];
  }
  for (int64_t i = 0; i < s->m; i++) {
    r->matrix[i * s->m + i] += fmax(s->params->alpha, ROUNDING * trace);
  }
}

static clf_status solve(reduced *r) {
  clf__fisher_system *s = r->system;
  clf_context *context = s->context;
  const int64_t m = s->m, width = s->responses;
  CLF__CHECK(add_rows(r));
  set_sides(r);
  finish_matrix(r);
  CLF__CHECK(clf__cholesky(s->context, r->matrix, m, m, 1e-12, NULL));
  CLF__CHECK(clf__solve_lower(context, r->matrix, m, m, s->a, width, width));
  CLF__CHECK(clf__solve_lower_transposed(context, r->matrix, m, m, s->a, width, width));
  return clf__solve_lower_transposed(context, r->nystroem.factor, m, m, s->a, width, width);
}

clf_status clf__fisher_solve_landmarks(clf__fisher_system *s) {
  reduced r = {.system = s};
  clf_status status = CLF_OK;
  CLF__TRY(clf__nystroem_create(&r.nystroem, s, s->params->landmarks));
  s->step++;
  s->m = r.nystroem.rank;
  CLF__TRY(allocate(&r));
  CLF__TRY(solve(&r));
  s->support = r.nystroem.landmarks;
done:
  clf__nystroem_free(&r.nystroem);
  clf__arena_free(&r.arena);
  return status;
}
