/* A pass of an entry takes a load and an addition to a number of its column, at some 1 ns each for
 * columns that the L2 cache holds. The curvature is one pass: a row is multiplied, scaled and added
 * while it is in the cache. */
#include "optim/newton_rows.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/kernels.h"

enum {
  MAX_CHUNKS = 32,   /* a power of 2, by which threads divide them */
  CHUNK_ENTRIES = 8, /* of a column at least: sums are zeroed and added for these */
  CHUNK_ROWS = 256,
  GRAIN = 4096 /* columns */
};

static const double SLICE = 2e8; /* ns, between two questions to the host */

/* Chunks of some rows. */
static int64_t chunks_of(const clf__rows *x, int64_t first, int64_t rows) {
  const int64_t entries = x->row_start[first + rows] - x->row_start[first];
  const int64_t most =
      clf__min_i64(entries / (CHUNK_ENTRIES * (x->columns + 1)), rows / CHUNK_ROWS);
  int64_t chunks = 1;
  while (2 * chunks <= clf__min_i64(most, MAX_CHUNKS)) {
    chunks *= 2;
  }
  return chunks;
}

static void choose_rows(clf__newton_rows *n, int64_t first, int64_t rows) {
  n->first = first;
  n->count = rows;
  n->chunks = chunks_of(n->x, first, rows);
}

void clf__newton_rows_create(clf__newton_rows *out, clf__arena *arena, const clf__rows *x) {
  const int64_t most = clf__count(2, chunks_of(x, 0, x->rows)); /* a shard has no more */
  *out = (clf__newton_rows){
      .context = arena->context, .kernels = clf__kernels_for(arena->context)->rows, .x = x};
  out->sums = clf__arena_matrix(arena, most, x->columns, sizeof *out->sums);
  out->total = clf__arena_matrix(arena, 2, x->columns, sizeof *out->total);
}

/* The slice of a chunk that runs now. */
static void slice_task(void *argument, clf__range chunk) {
  clf__newton_rows *n = argument;
  const int64_t first = n->first + chunk.first;
  const clf__range own =
      clf__range_of_part(chunk.end - chunk.first, n->slices, n->slice, chunk.worker);
  n->task(n, (clf__range){chunk.index, first + own.first, first + own.end, chunk.worker});
}

/* Runs the task for the chosen rows, and asks the host in between. */
static clf_status run(clf__newton_rows *n) {
  const int64_t *start = n->x->row_start + n->first;
  const double work = n->passes * (double)(start[n->count] - *start) * CLF__COST_ELEMENT;
  n->slices = clf__clamp_i64((int64_t)(work / SLICE) + 1, 1, clf__max_i64(n->count, 1));
  for (n->slice = 0; n->slice < n->slices; n->slice++) {
    CLF__CHECK(clf__progress_check());
    clf__parallel_parts(n->context, n->count, n->chunks, work / (double)n->slices, slice_task, n);
  }
  return CLF_OK;
}

static void multiply_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  for (int64_t i = range.first; i < range.end; i++) {
    if (n->v == NULL || n->v[i] == 0) {
      n->of_rows[i] = clf__dot_sparse(n->kernels, n->x, i, n->u);
    }
  }
}

clf_status clf__newton_multiply(clf__newton_rows *n, const double *u, const double *v,
                                double *out) {
  n->u = u;
  n->v = v;
  n->of_rows = out;
  n->passes = 1;
  n->task = multiply_task;
  choose_rows(n, 0, n->x->rows);
  return run(n);
}

/* Adds the chunks to the first one. */
static void add_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  const int64_t size = n->x->columns * n->width;
  for (int64_t c = 1; c < n->chunks; c++) {
    for (int64_t j = range.first * n->width; j < range.end * n->width; j++) {
      n->sums[j] += n->sums[c * size + j];
    }
  }
}

static void add_chunks(clf__newton_rows *n) {
  const double work = (double)(n->chunks * n->x->columns * n->width) * CLF__COST_COPY;
  clf__parallel_ranges(n->context, n->x->columns, GRAIN, work, add_task, n);
}

static clf_status add_rows(void *argument, int64_t first, int64_t rows, double *sums) {
  clf__newton_rows *n = argument;
  const int64_t size = n->x->columns * n->width;
  choose_rows(n, first, rows);
  memset(n->sums, 0, (size_t)(n->chunks * size) * sizeof *n->sums);
  CLF__CHECK(run(n));
  add_chunks(n);
  for (int64_t j = 0; j < size; j++) {
    sums[j] += n->sums[j];
  }
  return CLF_OK;
}

/* Sets n->total [columns, width] to the sums of a task of so many passes. */
static clf_status sum_rows(clf__newton_rows *n, int64_t width, double passes,
                           clf__range_task task) {
  const clf__shard_sum sum = {
      .name = "columns", .of = n->x->shards, .rows = n->x->rows, .add = add_rows, .argument = n};
  n->width = width;
  n->passes = passes;
  n->task = task;
  memset(n->total, 0, (size_t)(n->x->columns * width) * sizeof *n->total);
  return clf__shards_sum(&sum, n->total, n->x->columns * width);
}

static void sum_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  const clf__rows *x = n->x;
  double *sums = n->sums + range.index * 2 * x->columns;
  for (int64_t i = range.first; i < range.end; i++) {
    const double r = n->u[i], v = n->v[i];
    for (int64_t e = x->row_start[i]; (r != 0 || v != 0) && e < x->row_start[i + 1]; e++) {
      double *to = sums + 2 * (int64_t)x->column[e];
      to[0] += (double)x->value[e] * r;
      to[1] += (double)x->value[e] * v;
    }
  }
}

clf_status clf__newton_sum(clf__newton_rows *n, const double *r, const double *v, double *sums_r,
                           double *sums_v) {
  n->u = r;
  n->v = v;
  CLF__CHECK(sum_rows(n, 2, 1, sum_task));
  for (int64_t j = 0; j < n->x->columns; j++) {
    sums_r[j] = n->total[2 * j];
    sums_v[j] = n->total[2 * j + 1];
  }
  return CLF_OK;
}

static void square_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  const clf__rows *x = n->x;
  double *sums = n->sums + range.index * 2 * x->columns;
  for (int64_t i = range.first; i < range.end; i++) {
    for (int64_t e = x->row_start[i]; n->v[i] != 0 && e < x->row_start[i + 1]; e++) {
      double *to = sums + 2 * (int64_t)x->column[e];
      const double rest = (double)x->value[e] - n->u[x->column[e]];
      to[0] += n->v[i] * rest * rest;
      to[1] += n->v[i];
    }
  }
}

/* Elements without an entry are 0. */
clf_status clf__newton_squares(clf__newton_rows *n, const double *v, double total, const double *m,
                               double *out) {
  n->u = m;
  n->v = v;
  CLF__CHECK(sum_rows(n, 2, 1, square_task));
  for (int64_t j = 0; j < n->x->columns; j++) {
    out[j] = n->total[2 * j] + fmax(total - n->total[2 * j + 1], 0) * m[j] * m[j];
  }
  return CLF_OK;
}

static void curve_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  const clf__rows *x = n->x;
  double *sums = n->sums + range.index * x->columns;
  for (int64_t i = range.first; i < range.end; i++) {
    if (n->v[i] == 0) {
      continue;
    }
    n->of_rows[i] = clf__dot_sparse(n->kernels, x, i, n->u);
    const double factor = n->v[i] * (n->of_rows[i] - n->shift);
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      sums[x->column[e]] += factor * (double)x->value[e];
    }
  }
}

clf_status clf__newton_curve(clf__newton_rows *n, const double *v, const double *p, double shift,
                             double *of_rows, double *out) {
  n->u = p;
  n->v = v;
  n->shift = shift;
  n->of_rows = of_rows;
  CLF__CHECK(sum_rows(n, 1, 2, curve_task));
  memcpy(out, n->total, (size_t)n->x->columns * sizeof *out);
  return CLF_OK;
}
