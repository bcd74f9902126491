/* A sample of rows that estimates a block of the Hessian of logistic regression
 * (logistic_precondition.c), which has columns^2 numbers: MIN_SAMPLE rows or more for each column
 * are drawn with probability proportional to the curvature v, so that the sample's Gram matrix,
 * unweighted and exact in integers for pixels, estimates the sum. Sampling is systematic (at every
 * V/m-th part of the cumulative sum of v), so it needs no random numbers. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "models/logistic/logistic_sample.h"

#define MIN_CURVATURE 1e-10

enum {
  MIN_SAMPLE = 8,        /* rows for each column */
  MAX_SAMPLE = 16,       /* where ENOUGH_ROWS has as many */
  ENOUGH_ROWS = 4096,    /* so few rows are not sampled */
  CURVATURE_ROWS = 2048, /* in a task */
  COPIED_ROWS = 256
};

double clf__logistic_row_curvature(const clf__logistic_objective *o, int64_t row, int64_t first,
                                   int64_t last) {
  float weight = o->weights != NULL ? o->weights[row] : 1;
  double sum = (double)weight * MIN_CURVATURE;
  for (int64_t k = first; k < last && weight > 0; k++) {
    sum += (double)clf__logistic_curvature_of(o->residual[row * o->outputs + k], weight);
  }
  return sum;
}

typedef struct curvature_call {
  const clf__logistic_objective *objective;
  int64_t first, last;
  double *values;
} curvature_call;

static void curvature_task(void *argument, clf__range rows) {
  const curvature_call *call = argument;
  for (int64_t i = rows.first; i < rows.end; i++) {
    call->values[i] = clf__logistic_row_curvature(call->objective, i, call->first, call->last);
  }
}

/* Computes the curvatures of this rank's rows. */
static void row_curvatures(const clf__logistic_objective *o, int64_t first, int64_t last,
                           double *values) {
  curvature_call call = {o, first, last, values};
  clf__parallel_ranges(o->context, o->x->rows, CURVATURE_ROWS,
                       (double)o->x->rows * (double)(last - first) * CLF__COST_ELEMENT,
                       curvature_task, &call);
}

/* The curvature of the outputs first … last - 1, summed over the rows of each shard that each rank
 * has. All ranks have all sums. */
typedef struct curvatures {
  int64_t first, last;
  int64_t shards, ranks, rank;
  double *of_rows; /* [rows] of this rank */
  double *sums;    /* [ranks, shards] */
  double total;
} curvatures;

static clf_status sum_curvatures(curvatures *c, clf__arena *arena,
                                 const clf__logistic_objective *o) {
  const clf__shards *shards = o->x->shards;
  c->shards = shards != NULL ? shards->count : 1;
  c->ranks = shards != NULL ? shards->ranks : 1;
  c->rank = shards != NULL ? shards->rank : 0;
  c->sums = clf__arena_zeroed(arena, clf__count(c->ranks + 1, c->shards), sizeof *c->sums);
  CLF__CHECK(clf__arena_status(arena));
  row_curvatures(o, c->first, c->last, c->of_rows);
  double *own = c->ranks > 1 ? c->sums + c->ranks * c->shards : c->sums;
  for (int64_t s = 0; s < c->shards; s++) {
    const clf__shard_part part = clf__shards_part(shards, o->x->rows, s);
    for (int64_t i = part.first; i < part.first + part.rows; i++) {
      own[s] += c->of_rows[i];
    }
  }
  if (c->ranks > 1) {
    CLF__CHECK(clf__comm_gather(o->context, "curvature", own, c->shards * (int64_t)sizeof *c->sums,
                                c->sums));
  }
  for (int64_t i = 0; i < c->ranks * c->shards; i++) {
    c->total += c->sums[i];
  }
  return CLF_OK;
}

static size_t size_of(const clf__rows *x) {
  return x->dtype == CLF_U8 ? 1 : x->dtype == CLF_F64 ? sizeof(double) : sizeof(float);
}

static void copy_row(const clf__rows *x, int64_t row, void *out) {
  const size_t size = size_of(x);
  if (!clf__rows_sparse(x)) {
    memcpy(out, (const char *)x->data + (size_t)(row * x->stride) * size,
           (size_t)x->columns * size);
    return;
  }
  memset(out, 0, (size_t)x->columns * sizeof(float));
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    ((float *)out)[x->column[e]] += x->value[e];
  }
}

/* Uses all rows with their curvature as weights, if they are too few to be sampled. */
static clf_status sample_all(clf__logistic_sample *out, const clf__logistic_objective *o,
                             const curvatures *c) {
  float *weights = clf__arena_array(&out->arena, o->x->rows, sizeof *weights);
  CLF__CHECK(clf__arena_status(&out->arena));
  for (int64_t i = 0; i < o->x->rows; i++) {
    weights[i] = (float)c->of_rows[i];
  }
  out->weights = weights;
  out->x = *o->x;
  out->scale = 1;
  return CLF_OK;
}

/* Counts the rows that are drawn from each shard of each rank. Row n is drawn where the cumulative
 * sum reaches part * (n + 1/2); `before` is the sum before a shard. */
static int64_t count_drawn(const curvatures *c, int64_t wanted, int64_t *chosen) {
  const double part = c->total / (double)wanted;
  double before = 0;
  int64_t n = 0;
  for (int64_t i = 0; i < c->ranks * c->shards; i++) {
    const int64_t first = n;
    while (n <= wanted && c->sums[i] >= part * ((double)n + 0.5) - before) {
      n++;
    }
    chosen[i] = n - first;
    before += c->sums[i];
  }
  return n;
}

/* Sets `drawn` to the rows of this rank that are drawn. */
static void find_drawn(const clf__logistic_objective *o, const curvatures *c, int64_t wanted,
                       const int64_t *chosen, int64_t *drawn) {
  const double part = c->total / (double)wanted;
  double before = 0;
  int64_t n = 0;
  for (int64_t i = 0; i < (c->rank + 1) * c->shards; i++) {
    const clf__shard_part rows = clf__shards_part(o->x->shards, o->x->rows, i % c->shards);
    const int64_t end = n + chosen[i];
    double running = 0;
    for (int64_t row = rows.first; i >= c->rank * c->shards && n < end; row++) {
      running += c->of_rows[row];
      for (; n < end && running >= part * ((double)n + 0.5) - before; n++) {
        *drawn++ = row;
      }
    }
    n = end;
    before += c->sums[i];
  }
}

typedef struct copy_call {
  const clf__rows *x;
  const int64_t *drawn;
  char *data;
} copy_call;

static void copy_task(void *argument, clf__range rows) {
  const copy_call *call = argument;
  const size_t bytes = (size_t)call->x->columns * size_of(call->x);
  for (int64_t i = rows.first; i < rows.end; i++) {
    copy_row(call->x, call->drawn[i], call->data + (size_t)i * bytes);
  }
}

/* Rows of a sample. A matrix of few columns costs so little that more rows pay: with half of them a
 * fit takes 4 to 10% more iterations. */
static int64_t sample_rows(int64_t columns) {
  const int64_t most = clf__min_i64(clf__count(MAX_SAMPLE, columns), ENOUGH_ROWS);
  return clf__max_i64(clf__count(MIN_SAMPLE, columns), most);
}

/* Draws a dense sample, in which a row may occur more than once. */
static clf_status draw(clf__logistic_sample *out, const clf__logistic_objective *o,
                       const curvatures *c) {
  const int64_t wanted = sample_rows(o->columns);
  int64_t rows = 0;
  int64_t *chosen = clf__arena_matrix(&out->arena, c->ranks, c->shards, sizeof *chosen);
  CLF__CHECK(clf__arena_status(&out->arena));
  const int64_t all = count_drawn(c, wanted, chosen);
  for (int64_t s = 0; s < c->shards; s++) {
    rows += chosen[c->rank * c->shards + s];
  }
  int64_t *drawn = clf__arena_array(&out->arena, rows + 1, sizeof *drawn);
  char *data = clf__arena_matrix(&out->arena, rows + 1, o->columns, size_of(o->x));
  CLF__CHECK(clf__arena_status(&out->arena));
  CLF__CHECK(o->x->shards != NULL ? clf__shards_choose(&out->shards, o->x->shards, chosen)
                                  : CLF_OK);
  find_drawn(o, c, wanted, chosen, drawn);
  copy_call copying = {o->x, drawn, data};
  clf__parallel_ranges(o->context, rows, COPIED_ROWS,
                       (double)rows * (double)o->columns * CLF__COST_COPY, copy_task, &copying);
  out->x = (clf__rows){
      .rows = rows,
      .columns = o->columns,
      .dtype = o->x->dtype,
      .scale = o->x->scale,
      .data = data,
      .stride = o->columns,
      .center = o->x->center,
      .shards = out->shards,
  };
  out->scale = c->total / (double)all;
  return CLF_OK;
}

clf_status clf__logistic_sample_create(clf__logistic_sample *out, const clf__logistic_objective *o,
                                       int64_t first, int64_t last, double *of_rows) {
  const bool all = o->rows <= ENOUGH_ROWS || o->rows <= sample_rows(o->columns);
  curvatures c = {.first = first, .last = last, .of_rows = of_rows};
  *out = (clf__logistic_sample){.arena = {.context = o->context}};
  CLF__CHECK(sum_curvatures(&c, &out->arena, o));
  out->curvature = c.total;
  return all ? sample_all(out, o, &c) : draw(out, o, &c);
}

void clf__logistic_sample_free(clf__logistic_sample *sample) {
  clf__shards_free(sample->shards);
  clf__arena_free(&sample->arena);
}
