/* The objective of logistic regression and its gradient, in one pass over the rows.
 *
 * With outputs z = W x + b: softmax has p = e^z / sum e^z and the loss -ln p_y; sigmoid has, for
 * each output, p = 1 / (1 + e^-z), t = 1 for the output's own class and 0 else, and the loss -t ln
 * p - (1 - t) ln (1 - p), summed over outputs. Both have the residual p - t, so the gradient is
 * sum_i w_i (p - t) x_i^T.
 *
 * The rows of a shard (comm/shards.h; without ranks, all are one) are divided into chunks by their
 * number, never by threads. A chunk is processed block by block, so that the rows of a block are
 * still in the cache when the backward pass reads them again. Products are f32, or exact integers
 * of u8 rows where the CPU has tiles (ops/linalg/linear_digits.h); losses and the sums over blocks
 * are f64. Chunks are added in order, so the bits are the same with any number of threads. For rows
 * that are predicted almost with certainty, losses and residuals are computed from the small
 * probabilities of the wrong classes, without cancellation. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "models/logistic/logistic.h"
#include "optim/vector.h"

#define MAX_PENALTY 1e30 /* with a larger penalty, W is 0 in single precision */

enum {
  BLOCK_ROWS = 128,  /* 100 kB for MNIST: half of a small L2 cache */
  FLUSH_ROWS = 2048, /* rows that are summed in f32 */
  MIN_CHUNK_ROWS = 256,
  MAX_CHUNKS = 32,
  CHUNK_BYTES = 64 * 1024 * 1024 /* of the sums of chunks, if these are enough for all threads */
};

/* -ln(1 - q). */
static double loss_of_wrong(double q) {
  return q < 0.01 ? q * (1 + q * (1. / 2 + q * (1. / 3 + q * (1. / 4 + q * (1. / 5 + q / 6)))))
                  : -log1p(-q);
}

/* Replaces z [rows, outputs] of rows `first` … by the residual; returns the loss. */
static double softmax_residual(const clf__logistic_objective *o, int64_t first, int64_t rows,
                               float *z) {
  double log_sums[BLOCK_ROWS];
  float own[BLOCK_ROWS];
  double loss = 0;
  for (int64_t i = 0; i < rows; i++) {
    own[i] = z[i * o->outputs + o->labels[first + i]];
  }
  clf__softmax_rows(o->context, z, rows, o->outputs, o->outputs, log_sums);
  for (int64_t i = 0; i < rows; i++) {
    float *p = z + i * o->outputs;
    float weight = clf__logistic_weight(o, first + i);
    float wrong = 0;
    p[o->labels[first + i]] = 0;
    for (int64_t k = 0; k < o->outputs; k++) {
      wrong += p[k];
      p[k] *= weight;
    }
    p[o->labels[first + i]] = -wrong * weight;
    loss += (double)weight *
            (wrong < 0.5F ? loss_of_wrong((double)wrong) : log_sums[i] - (double)own[i]);
  }
  return loss;
}

static bool is_own(const clf__logistic_objective *o, int64_t row, int64_t output) {
  return o->labels[row] == (o->outputs == 1 ? 1 : output);
}

/* The same for the sigmoid. If the sign of z is reversed for t = 1, the sigmoid is the probability
 * of the wrong class and ln(1 + e^z) the loss. */
static double sigmoid_residual(const clf__logistic_objective *o, int64_t first, int64_t rows,
                               float *z, float *losses, double *of_outputs) {
  double loss = 0;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < o->outputs; k++) {
      z[i * o->outputs + k] *= is_own(o, first + i, k) ? -1.F : 1.F;
    }
  }
  clf__sigmoid(o->context, z, rows * o->outputs, losses);
  for (int64_t i = 0; i < rows; i++) {
    float weight = clf__logistic_weight(o, first + i);
    for (int64_t k = 0; k < o->outputs; k++) {
      z[i * o->outputs + k] *= is_own(o, first + i, k) ? -weight : weight;
      loss += (double)weight * (double)losses[i * o->outputs + k];
      of_outputs[k] += (double)weight * (double)losses[i * o->outputs + k];
    }
  }
  return loss;
}

typedef struct evaluation {
  clf__logistic_objective *objective;
  clf__linear_map map;
  float *of_rows;              /* NULL, or what is summed are curvatures, and their sums [rows] */
  bool in_digits;              /* products are those of objective->digits */
  clf__rows x;                 /* the rows that are summed now */
  int64_t first;               /* index of the first among them */
  int64_t chunks, first_chunk; /* of these rows, and of those whose sums there is memory for */
} evaluation;

static void add_bias(const clf__logistic_objective *o, const float *residual, int64_t rows,
                     double *bias) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < o->outputs; k++) {
      bias[k] += (double)residual[i * o->outputs + k];
    }
  }
}

static void clear_chunk(const clf__logistic_objective *o, clf__logistic_chunk *chunk) {
  memset(chunk->bias, 0, (size_t)o->outputs * sizeof(double));
  memset(chunk->losses, 0, (size_t)o->outputs * sizeof(double));
  chunk->loss = 0;
}

/* Replaces the outputs z of rows `first` …, at most BLOCK_ROWS, by the residuals, and adds up their
 * losses. */
static void residual_block(clf__logistic_objective *o, clf__range range, int64_t first,
                           int64_t rows, float *z) {
  clf__logistic_chunk *chunk = &o->chunks[range.index];
  float *scratch = o->scratch + range.worker * BLOCK_ROWS * o->outputs;
  chunk->loss += o->link == CLF__LOGISTIC_SOFTMAX
                     ? softmax_residual(o, first, rows, z)
                     : sigmoid_residual(o, first, rows, z, scratch, chunk->losses);
}

/* The curvatures v [outputs] of a row, whose mean over all rows estimates the Hessian. */
float clf__logistic_row_curvatures(const clf__logistic_objective *o, int64_t row, float *residual) {
  const float weight = clf__logistic_weight(o, row);
  float sum = 0;
  for (int64_t k = 0; k < o->outputs; k++) {
    residual[k] =
        weight > 0 ? clf__logistic_curvature_of(residual[k], weight) + weight * CLF__MIN_CURVATURE
                   : 0;
    sum += residual[k];
  }
  return sum;
}

/* Adds `rows` rows of a chunk. */
static void add_block(const evaluation *e, clf__range range, int64_t first, int64_t rows) {
  clf__logistic_objective *o = e->objective;
  clf__linear_gradient *sums = &o->sums[range.worker];
  const clf__rows block = clf__rows_range(&e->x, first, rows);
  const int64_t row = e->first + first;
  float *z = o->residual + (o->keeps_residual ? row : range.worker * BLOCK_ROWS) * o->outputs;
  if (e->in_digits) {
    o->digits.kernels->outputs(&o->digits, &block, z, o->outputs, range.worker);
  } else {
    clf__linear_block(&e->map, &block, z, o->outputs);
  }
  residual_block(o, range, row, rows, z);
  for (int64_t i = 0; i < rows && e->of_rows != NULL; i++) {
    e->of_rows[row + i] = clf__logistic_row_curvatures(o, row + i, z + i * o->outputs);
  }
  add_bias(o, z, rows, o->chunks[range.index].bias);
  if (!e->in_digits ||
      !o->digits.kernels->gradient(&o->digits, &block, z, sums->sums, range.worker)) {
    clf__linear_gradient_block(sums, &block, z, o->outputs);
  }
}

/* Task i sums chunk first_chunk + i. A cancelled one leaves the worker's sums at 0, as others do.
 */
static void chunk_task(void *argument, clf__range task) {
  const evaluation *e = argument;
  clf__logistic_objective *o = e->objective;
  clf__logistic_chunk *chunk = &o->chunks[task.first];
  clf__range range =
      clf__range_of_part(e->x.rows, e->chunks, e->first_chunk + task.first, task.worker);
  bool stopped = false;
  range.index = task.first;
  memset(chunk->gradient, 0, (size_t)(o->outputs * o->columns) * sizeof(double));
  clear_chunk(o, chunk);
  for (int64_t first = range.first; first < range.end && !stopped; first += BLOCK_ROWS) {
    const int64_t rows = clf__min_i64(range.end - first, BLOCK_ROWS);
    add_block(e, range, first, rows);
    stopped = clf__progress_check() < 0;
    const bool full = (first + rows - range.first) % FLUSH_ROWS == 0;
    if (full || stopped || first + rows == range.end) {
      clf__linear_gradient_flush(&o->sums[range.worker], chunk->gradient);
    }
  }
}

/* Returns the number of chunks, such that adding them is cheap compared with the work on the
 * rows. */
static int64_t chunks_for(const clf__rows *x) {
  int64_t by_rows = x->rows / MIN_CHUNK_ROWS;
  int64_t by_entries = clf__rows_entries(x) / (4 * x->columns + 1);
  return clf__clamp_i64(clf__min_i64(by_rows, by_entries), 1, MAX_CHUNKS);
}

/* Adds the chunks in order. */
static void add_chunks(const clf__logistic_objective *o, int64_t count,
                       const clf__logistic_sums *to) {
  const int64_t weights = o->outputs * o->columns;
  const double scale = 1 / (double)o->rows;
  for (int64_t c = 0; c < count; c++) {
    const clf__logistic_chunk *chunk = &o->chunks[c];
    *to->loss += chunk->loss;
    for (int64_t i = 0; i < weights; i++) {
      to->gradient[i] += chunk->gradient[i];
    }
    for (int64_t k = 0; k < o->outputs; k++) {
      to->bias[k] += chunk->bias[k];
    }
    for (int64_t k = 0; k < o->outputs; k++) {
      to->losses[k] += chunk->losses[k] * scale;
    }
  }
}

static clf_status add_rows(void *argument, int64_t first, int64_t rows, double *sums) {
  evaluation *e = argument;
  clf__logistic_objective *o = e->objective;
  const clf__logistic_sums to = clf__logistic_sums_of(o, sums);
  e->x = clf__rows_range(o->x, first, rows);
  e->first = first;
  e->chunks = chunks_for(&e->x);
  for (e->first_chunk = 0; e->first_chunk < e->chunks; e->first_chunk += o->chunk_count) {
    const int64_t count = clf__min_i64(o->chunk_count, e->chunks - e->first_chunk);
    const double share = (double)count / (double)e->chunks;
    const double functions = (double)rows * (double)o->outputs * CLF__COST_FUNCTION;
    const double products =
        2 * (double)clf__rows_entries(&e->x) * (double)o->outputs * CLF__COST_COPY;
    CLF__CHECK(
        clf__progress_ranges(o->context, count, 1, share * (functions + products), chunk_task, e));
    add_chunks(o, count, &to);
  }
  return CLF_OK;
}

clf__logistic_sums clf__logistic_sums_of(const clf__logistic_objective *o, double *sums) {
  double *bias = sums + o->outputs * o->columns, *losses = bias + o->outputs;
  return (clf__logistic_sums){sums, bias, losses, losses + o->outputs};
}

clf_status clf__logistic_sum(clf__logistic_sums *out, const clf__logistic_objective *o,
                             clf__shard_sums add, void *argument) {
  const int64_t count = o->outputs * (o->columns + 2) + 1;
  const clf__shard_sum sum = {.name = "loss and gradient",
                              .of = o->x->shards,
                              .rows = o->x->rows,
                              .add = add,
                              .argument = argument};
  memset(o->totals, 0, (size_t)count * sizeof *o->totals);
  *out = clf__logistic_sums_of(o, o->totals);
  return clf__shards_sum(&sum, o->totals, count);
}

/* The mean loss and its gradient, and the penalty's. */
static double finish(const clf__logistic_objective *o, const clf__logistic_sums *sums,
                     const double *at, double *gradient) {
  const int64_t weights = o->outputs * o->columns;
  const double scale = 1 / (double)o->rows;
  double square = 0;
  memcpy(o->losses, sums->losses, (size_t)o->outputs * sizeof *o->losses);
  for (int64_t i = 0; i < weights; i++) {
    gradient[i] = sums->gradient[i] * scale + o->penalty * at[i];
    square += at[i] * at[i];
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    gradient[weights + k] = o->intercept ? sums->bias[k] * scale : 0;
  }
  return *sums->loss * scale + (o->penalty > 0 ? o->penalty / 2 * square : 0);
}

/* The sums over all rows at o->w and o->b. */
static clf_status sum_rows(evaluation *e, clf__logistic_sums *sums) {
  clf__logistic_objective *o = e->objective;
  CLF__CHECK(clf__linear_prepare(&e->map, o->context, o->x, o->w, o->b, o->outputs));
  const clf_status status = clf__logistic_sum(sums, o, add_rows, e);
  clf__linear_release(&e->map);
  return status;
}

clf_status clf__logistic_evaluate(void *objective, const double *at, double *value,
                                  double *gradient) {
  clf__logistic_objective *o = objective;
  o->at = at;
  if (o->f64) {
    return clf__logistic_evaluate_f64(o, at, value, gradient);
  }
  int64_t weights = o->outputs * o->columns;
  evaluation e = {.objective = o};
  clf__logistic_sums sums;
  for (int64_t i = 0; i < weights; i++) {
    o->w[i] = (float)at[i];
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    o->b[k] = (float)at[weights + k];
  }
  e.in_digits = o->digits.kernels != NULL && clf__digits_set(&o->digits, o->w, o->b);
  CLF__CHECK(sum_rows(&e, &sums));
  *value = finish(o, &sums, at, gradient);
  return CLF_OK;
}

clf_status clf__logistic_curvatures(clf__logistic_objective *o, float *of_rows,
                                    clf__logistic_sums *sums) {
  evaluation e = {.objective = o, .of_rows = of_rows};
  return o->f64 ? clf__logistic_curvatures_f64(o, of_rows, sums) : sum_rows(&e, sums);
}

typedef struct span_call {
  const clf__logistic_span *span;
  const double *at;
  double *gradient;
} span_call;

static void span_task(void *argument, clf__range range) {
  const span_call *call = argument;
  const clf__logistic_span *s = call->span;
  clf__logistic_objective *o = s->objective;
  const double *image = call->at + s->count, *bias = call->at + 2 * s->count;
  const double scale = 1 / ((double)o->x->rows * s->of_weights),
               penalty = o->penalty / s->of_weights;
  clear_chunk(o, &o->chunks[range.index]);
  for (int64_t first = range.first; first < range.end; first += BLOCK_ROWS) {
    const int64_t rows = clf__min_i64(range.end - first, BLOCK_ROWS);
    const int64_t begin = first * o->outputs, end = begin + rows * o->outputs;
    for (int64_t i = begin; i < end; i++) {
      o->residual[i] = (float)(image[i] + bias[i % o->outputs]);
    }
    residual_block(o, range, first, rows, o->residual + begin);
    add_bias(o, o->residual + begin, rows, o->chunks[range.index].bias);
    for (int64_t i = begin; i < end; i++) {
      call->gradient[i] = (double)o->residual[i] * scale + penalty * call->at[i];
    }
  }
}

clf_status clf__logistic_span_evaluate(clf__logistic_span *s, const double *at, double *value,
                                       double *gradient) {
  clf__logistic_objective *o = s->objective;
  const double scale = 1 / (double)o->x->rows;
  double loss = 0, *bias = gradient + 2 * s->count;
  span_call call = {s, at, gradient};
  clf__parallel_parts(o->context, o->x->rows, o->chunk_count, (double)s->count * CLF__COST_FUNCTION,
                      span_task, &call);
  memset(bias, 0, (size_t)o->outputs * sizeof *bias);
  for (int64_t c = 0; c < o->chunk_count; c++) {
    loss += o->chunks[c].loss;
    for (int64_t k = 0; k < o->outputs && o->intercept; k++) {
      bias[k] += o->chunks[c].bias[k] * scale / s->of_bias;
    }
  }
  const double square = clf__vector_dot(at, at + s->count, s->count);
  *value = loss * scale + (o->penalty > 0 ? o->penalty / 2 * square : 0);
  return CLF_OK;
}

static void place_chunks(clf__logistic_objective *o, int64_t weights) {
  const int64_t size = weights + 2 * o->outputs;
  for (int64_t c = 0; c < o->chunk_count; c++) {
    double *sums = o->chunk_sums + c * size;
    o->chunks[c] = (clf__logistic_chunk){
        .gradient = sums,
        .bias = sums + weights,
        .losses = sums + weights + o->outputs,
    };
  }
}

static clf_status add_weights(void *argument, int64_t first, int64_t rows, double *sums) {
  const float *weights = *(const float **)argument;
  for (int64_t i = first; i < first + rows; i++) {
    *sums += (double)weights[i];
  }
  return CLF_OK;
}

/* Copies the weights, scaled to a mean of 1; *sum receives their original sum. */
static clf_status scale_weights(clf__logistic_objective *o, const float *weights, double *sum) {
  const clf__shard_sum all = {.name = "weights",
                              .of = o->x->shards,
                              .rows = o->x->rows,
                              .add = add_weights,
                              .argument = &weights};
  *sum = 0;
  CLF__CHECK(clf__shards_sum(&all, sum, 1));
  if (!(*sum > 0 && isfinite(*sum))) {
    return clf__fail(CLF_ERROR_DATA, "logistic: row and class weights leave no row to learn from");
  }
  o->weights = clf__arena_array(&o->arena, o->x->rows, sizeof(float));
  CLF__CHECK(clf__arena_status(&o->arena));
  for (int64_t i = 0; i < o->x->rows; i++) {
    o->weights[i] = (float)((double)weights[i] / *sum * (double)o->rows);
  }
  return CLF_OK;
}

double clf__logistic_penalty(const clf__logistic_objective *o, double C) {
  return fmin(MAX_PENALTY, 1 / (C * o->weight_sum));
}

void clf__logistic_curvature(const clf__logistic_objective *o, int64_t output, float *values) {
  const float share = 1 / (float)o->rows;
  for (int64_t i = 0; i < o->x->rows; i++) {
    const float weight = clf__logistic_weight(o, i);
    const float residual = o->residual[i * o->outputs + output];
    const float curvature = weight > 0 ? clf__logistic_curvature_of(residual, weight) : 0;
    values[i] = (curvature + weight * CLF__MIN_CURVATURE) * share;
  }
}

clf_status clf__logistic_objective_create(clf__logistic_objective *o, const float *weights,
                                          double C) {
  int32_t threads = clf__context_threads(o->context);
  const int64_t weights_of_chunk = o->in_span ? 0 : clf__count(o->outputs, o->columns);
  clf_status status = CLF_OK;
  o->arena.context = o->context;
  o->rows = clf__shards_rows(o->x->shards, o->x->rows);
  double sum = (double)o->rows;
  CLF__CHECK(weights != NULL ? scale_weights(o, weights, &sum) : CLF_OK);
  o->own_weights = weights;
  o->weight_sum = sum;
  o->penalty = clf__logistic_penalty(o, C);
  o->keeps_residual = o->keeps_residual || o->in_span || !clf__logistic_is_pooled(o);
  o->residual =
      clf__arena_matrix(&o->arena, o->keeps_residual ? o->x->rows : (int64_t)threads * BLOCK_ROWS,
                        o->outputs, sizeof(float));
  o->losses = clf__arena_array(&o->arena, o->outputs, sizeof *o->losses);
  o->totals = clf__arena_array(&o->arena, weights_of_chunk + 2 * o->outputs + 1, sizeof *o->totals);
  if (o->f64) {
    clf__linear_pass_create(&o->pass, &o->arena, o->x, o->outputs);
    o->z = o->keeps_outputs ? clf__arena_matrix(&o->arena, o->x->rows, o->outputs, sizeof *o->z)
                            : NULL;
    return clf__arena_status(&o->arena);
  }
  o->chunk_count = chunks_for(o->x);
  if (!o->in_span) {
    const int64_t bytes = clf__count(weights_of_chunk + 2 * o->outputs, sizeof(double));
    const int64_t most = CHUNK_BYTES / bytes / threads * threads;
    o->chunk_count = clf__min_i64(o->chunk_count, clf__max_i64(most, threads));
  }
  o->w = clf__arena_array(&o->arena, weights_of_chunk, sizeof(float));
  o->b = clf__arena_array(&o->arena, o->outputs, sizeof(float));
  o->chunks = clf__arena_array(&o->arena, o->chunk_count, sizeof *o->chunks);
  o->chunk_sums = clf__arena_matrix(
      &o->arena, o->chunk_count, clf__count(1, weights_of_chunk + 2 * o->outputs), sizeof(double));
  o->sums = o->in_span ? NULL : clf__arena_zeroed(&o->arena, threads, sizeof *o->sums);
  o->scratch = clf__arena_matrix(&o->arena, threads * BLOCK_ROWS, o->outputs, sizeof(float));
  CLF__CHECK(clf__arena_status(&o->arena));
  place_chunks(o, weights_of_chunk);
  CLF__CHECK(o->in_span ? CLF_OK : clf__digits_create(&o->digits, o->context, o->x, o->outputs));
  for (int32_t i = 0; o->sums != NULL && i < threads && status == CLF_OK; i++) {
    status = clf__linear_gradient_create(&o->sums[i], o->context, o->x, o->outputs);
  }
  return status;
}

void clf__logistic_objective_free(clf__logistic_objective *o) {
  clf__digits_free(&o->digits);
  for (int32_t i = 0; o->sums != NULL && i < clf__context_threads(o->context); i++) {
    clf__linear_gradient_free(&o->sums[i]);
  }
  o->sums = NULL;
  clf__arena_free(&o->arena);
}
