/* The kernel Fisher system of few rows, solved by a factorization. With a = W^1/2 z it is
 * symmetric,
 *
 *   S z + b r = W^1/2 y, r^T z = 0,   S = W^1/2 K W^1/2 + alpha I, r = W^1/2 1,
 *
 * so that z = S^-1 W^1/2 y - b u with u = S^-1 r, and r^T z = 0 gives b. Pivots that are not larger
 * than the rounding errors of K, which is in floats, are dropped. If K is not positive
 * semi-definite, as with a sigmoid kernel, this may leave a residual. It is measured, and the
 * solution counts as not converged if it is larger than conjugate gradients would have to reach. */
#include "models/fisher/fisher_kernel.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"

enum { TILE_BYTES = 32 << 20, TASK_ROWS = 16 };

#define ROUNDING 1e-7 /* relative rounding error of K */

typedef struct direct {
  clf__arena arena;
  clf__fisher_system *system;
  clf__kernel_columns *columns;
  double *matrix; /* [n, n] */
  double *rhs;    /* [n, responses + 1] */
  float *tile;
  int64_t tile_rows;
  int64_t first; /* row of the tile that is in use */
} direct;

static clf_status allocate(direct *d) {
  clf__fisher_system *s = d->system;
  const int64_t n = s->n;
  d->tile_rows = TILE_BYTES / (int64_t)sizeof(float) / n;
  d->tile_rows = clf__clamp_i64(d->tile_rows, 1, n);
  d->arena.context = s->context;
  d->matrix = clf__arena_matrix(&d->arena, n, n, sizeof *d->matrix);
  d->rhs = clf__arena_matrix(&d->arena, n, s->responses + 1, sizeof *d->rhs);
  d->tile = clf__arena_matrix(&d->arena, d->tile_rows, n, sizeof *d->tile);
  s->a = clf__arena_matrix(&s->arena, n, s->responses, sizeof *s->a);
  s->history = clf__alloc_array(s->context, 1, sizeof *s->history);
  CLF__CHECK(clf__arena_status(&d->arena));
  CLF__CHECK(clf__arena_status(&s->arena));
  return s->history != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

/* Calls `use` with ranges of the rows of each tile of K, for `cost` an element. */
static clf_status each_tile(direct *d, double cost, clf__range_task use) {
  clf__fisher_system *s = d->system;
  clf_status status = CLF_OK;
  for (int64_t first = 0; first < s->n && status == CLF_OK; first += d->tile_rows) {
    int64_t count = clf__min_i64(s->n - first, d->tile_rows);
    status = clf__kernel_block(d->columns, 0, s->n, s->training->x, s->rows + first, count, d->tile,
                               s->n);
    if (status == CLF_OK) {
      d->first = first;
      clf__parallel_ranges(s->context, count, TASK_ROWS, (double)count * (double)s->n * cost, use,
                           d);
      status = clf__progress_step(&s->progress, s->step, (double)NAN, (double)NAN);
    }
  }
  s->step++;
  return status;
}

static void set_matrix(void *argument, clf__range range) {
  const direct *d = argument;
  const clf__fisher_system *s = d->system;
  for (int64_t i = range.first; i < range.end; i++) {
    const int64_t at = d->first + i;
    double *row = d->matrix + at * s->n;
    for (int64_t j = 0; j <= at; j++) {
      row[j] = s->root[at] * s->root[j] * (double)d->tile[i * s->n + j];
    }
    row[at] += s->params->alpha;
  }
}

static void set_sides(direct *d) {
  const clf__fisher_system *s = d->system;
  for (int64_t i = 0; i < s->n; i++) {
    double *row = d->rhs + i * (s->responses + 1);
    for (int64_t c = 0; c < s->responses; c++) {
      row[c] = s->root[i] * clf__fisher_response(s, i, c);
    }
    row[s->responses] = s->root[i];
  }
}

/* a = W^1/2 (z - b u), as above, for each response. */
static void finish(direct *d) {
  clf__fisher_system *s = d->system;
  const int64_t width = s->responses + 1;
  for (int64_t c = 0; c < s->responses; c++) {
    double of_z = 0, of_u = 0;
    for (int64_t i = 0; i < s->n; i++) {
      of_z += s->root[i] * d->rhs[i * width + c];
      of_u += s->root[i] * d->rhs[i * width + s->responses];
    }
    double b = of_u != 0 ? of_z / of_u : 0;
    for (int64_t i = 0; i < s->n; i++) {
      double z = d->rhs[i * width + c] - b * d->rhs[i * width + s->responses];
      s->a[i * s->responses + c] = s->root[i] * z;
    }
  }
}

/* Replaces the sides by W^1/2 (y - K a) - alpha z. */
static void subtract_tile(void *argument, clf__range range) {
  const direct *d = argument;
  const clf__fisher_system *s = d->system;
  const int64_t width = s->responses + 1;
  for (int64_t i = d->first + range.first; i < d->first + range.end; i++) {
    const float *k = d->tile + (i - d->first) * s->n;
    for (int64_t c = 0; c < s->responses; c++) {
      double sum = s->params->alpha * s->a[i * s->responses + c] / (s->root[i] * s->root[i]);
      for (int64_t j = 0; j < s->n; j++) {
        sum += (double)k[j] * s->a[j * s->responses + c];
      }
      d->rhs[i * width + c] -= s->root[i] * sum;
    }
  }
}

/* Returns the largest residual of a response, without b, relative to its length sqrt(weight). */
static double largest_residual(const direct *d) {
  const clf__fisher_system *s = d->system;
  const int64_t width = s->responses + 1;
  double largest = 0;
  for (int64_t c = 0; c < s->responses; c++) {
    double along = 0, square = 0;
    for (int64_t i = 0; i < s->n; i++) {
      double r = d->rhs[i * width + c];
      along += s->root[i] * r;
      square += r * r;
    }
    square -= along * along / s->weight;
    largest = fmax(largest, sqrt(fmax(square, 0) / s->weight));
  }
  return largest;
}

static clf_status solve(direct *d) {
  clf__fisher_system *s = d->system;
  clf_context *context = s->context;
  const int64_t n = s->n, width = s->responses + 1;
  CLF__CHECK(each_tile(d, CLF__COST_COPY, set_matrix));
  CLF__CHECK(clf__cholesky(s->context, d->matrix, n, n, ROUNDING, NULL));
  set_sides(d);
  CLF__CHECK(clf__solve_lower(context, d->matrix, n, n, d->rhs, width, width));
  CLF__CHECK(clf__solve_lower_transposed(context, d->matrix, n, n, d->rhs, width, width));
  finish(d);
  set_sides(d);
  CLF__CHECK(each_tile(d, (double)s->responses * CLF__COST_ELEMENT, subtract_tile));
  s->history[0] = largest_residual(d);
  s->iterations = 1;
  return s->history[0] <= s->params->residual ? CLF_OK : CLF_NOT_CONVERGED;
}

clf_status clf__fisher_solve_cholesky(clf__fisher_system *s) {
  direct d = {.system = s};
  clf_status status = CLF_OK;
  CLF__TRY(allocate(&d));
  s->support = s->rows;
  s->m = s->n;
  CLF__TRY(clf__kernel_columns_create(&d.columns, s->context, &s->function, s->training->x, s->rows,
                                      s->n, s->training->x, s->center));
  status = solve(&d);
done:
  clf__kernel_columns_free(d.columns);
  clf__arena_free(&d.arena);
  return status;
}
