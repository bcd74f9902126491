/* A pass of an entry takes a load, at 0.5 ns, or an addition to a number of its column, at 0.7 ns,
 * where the L2 cache holds a number of each column, and huge pages do. The curvature is one pass: a
 * row is multiplied, scaled and added while it is in the cache. */
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
  n->chunks = clf__max_i64(1, chunks_of(n->x, first, rows) / n->width);
}

int64_t clf__newton_rows_size(const clf__rows *x) {
  return (1 + chunks_of(x, 0, x->rows)) * clf__newton_stride(x->columns + 1); /* a shard has less */
}

clf__newton_rows clf__newton_rows_of(clf_context *context, const clf__rows *x, double *memory) {
  return (clf__newton_rows){
      .context = context,
      .kernels = clf__kernels_for(context)->rows,
      .x = x,
      .pairs = memory,
      .more = memory + 2 * clf__newton_stride(x->columns + 1),
  };
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
  n->width = 1;
  n->passes = 1;
  n->task = multiply_task;
  choose_rows(n, 0, n->x->rows);
  return run(n);
}

/* Returns the sums of a chunk. */
static double *sums_of(const clf__newton_rows *n, int64_t chunk) {
  return chunk == 0 ? n->sums : n->more + (chunk - 1) * n->width * (n->x->columns + 1);
}

/* Adds the chunks to the first one. */
static void add_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  for (int64_t c = 1; c < n->chunks; c++) {
    const double *from = sums_of(n, c);
    for (int64_t j = range.first; j < range.end; j++) {
      n->sums[j] += from[j];
    }
  }
}

static clf_status add_rows(void *argument, int64_t first, int64_t rows, double *sums) {
  clf__newton_rows *n = argument;
  const int64_t size = (n->x->columns + 1) * n->width;
  choose_rows(n, first, rows);
  n->sums = sums;
  memset(n->more, 0, (size_t)((n->chunks - 1) * size) * sizeof *n->more);
  CLF__CHECK(run(n));
  const double work = (double)((n->chunks - 1) * size) * CLF__COST_COPY;
  clf__parallel_ranges(n->context, size, GRAIN, work, add_task, n);
  return CLF_OK;
}

/* Sets out [columns + 1, width] to the sums of a task of so many passes. */
static clf_status sum_rows(clf__newton_rows *n, int64_t width, double passes, clf__range_task task,
                           double *out) {
  const clf__shard_sum sum = {
      .name = "columns", .of = n->x->shards, .rows = n->x->rows, .add = add_rows, .argument = n};
  const int64_t size = (n->x->columns + 1) * width;
  n->width = width;
  n->passes = passes;
  n->task = task;
  memset(out, 0, (size_t)size * sizeof *out);
  return clf__shards_sum(&sum, out, size);
}

/* sums += factor times a row. No column occurs twice in it, so that additions are independent. */
static void add_entries(double *sums, const clf__rows *x, int64_t row, double factor) {
  const int64_t end = x->row_start[row + 1];
  int64_t e = x->row_start[row];
  for (; e + 4 <= end; e += 4) {
    const int32_t *at = x->column + e;
    const float *value = x->value + e;
    const double first = sums[at[0]] + factor * (double)value[0];
    const double second = sums[at[1]] + factor * (double)value[1];
    const double third = sums[at[2]] + factor * (double)value[2];
    const double fourth = sums[at[3]] + factor * (double)value[3];
    sums[at[0]] = first;
    sums[at[1]] = second;
    sums[at[2]] = third;
    sums[at[3]] = fourth;
  }
  for (; e < end; e++) {
    sums[x->column[e]] += factor * (double)x->value[e];
  }
}

static void sum_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  double *sums = sums_of(n, range.index);
  for (int64_t i = range.first; i < range.end; i++) {
    if (n->u[i] != 0) {
      add_entries(sums, n->x, i, n->u[i]);
      sums[n->x->columns] += n->u[i];
    }
  }
}

clf_status clf__newton_sum(clf__newton_rows *n, const double *r, double *out) {
  n->u = r;
  return sum_rows(n, 1, 1, sum_task, out);
}

/* With n->u = m: the sums of v (x - m)^2 and of v, over entries. */
static void square_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  const clf__rows *x = n->x;
  double *sums = sums_of(n, range.index);
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
  CLF__CHECK(sum_rows(n, 2, 1, square_task, n->pairs));
  for (int64_t j = 0; j < n->x->columns; j++) {
    out[j] = n->pairs[2 * j] + fmax(total - n->pairs[2 * j + 1], 0) * m[j] * m[j];
  }
  return CLF_OK;
}

static void moment_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  const clf__rows *x = n->x;
  double *sums = sums_of(n, range.index);
  for (int64_t i = range.first; i < range.end; i++) {
    for (int64_t e = x->row_start[i]; n->v[i] != 0 && e < x->row_start[i + 1]; e++) {
      double *to = sums + 2 * (int64_t)x->column[e];
      const double own = n->v[i] * (double)x->value[e];
      to[0] += own;
      to[1] += own * (double)x->value[e];
    }
  }
}

clf_status clf__newton_moments(clf__newton_rows *n, const double *v, double *sums,
                               double *squares) {
  n->v = v;
  CLF__CHECK(sum_rows(n, 2, 1, moment_task, n->pairs));
  for (int64_t j = 0; j < n->x->columns; j++) {
    sums[j] = n->pairs[2 * j];
    squares[j] = n->pairs[2 * j + 1];
  }
  return CLF_OK;
}

static void curve_task(void *argument, clf__range range) {
  const clf__newton_rows *n = argument;
  double *sums = sums_of(n, range.index);
  for (int64_t i = range.first; i < range.end; i++) {
    if (n->v[i] != 0) {
      n->of_rows[i] = clf__dot_sparse(n->kernels, n->x, i, n->u);
      const double factor = n->v[i] * (n->of_rows[i] + n->shift);
      add_entries(sums, n->x, i, factor);
      sums[n->x->columns] += factor;
    }
  }
}

clf_status clf__newton_curve(clf__newton_rows *n, const double *v, const double *p, double shift,
                             double *of_rows, double *out) {
  n->u = p;
  n->v = v;
  n->shift = shift;
  n->of_rows = of_rows;
  return sum_rows(n, 1, 2, curve_task, out);
}
