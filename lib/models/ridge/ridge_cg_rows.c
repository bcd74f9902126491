/* What conjugate gradients for ridge (ridge_cg.c) need of the rows: the means, the right-hand side
 * c, the products S p = X^T D (X p - 1 m^T p) with the row weights D and the mean m, the objective,
 * and the residuals in f64.
 *
 * Products are computed in f32, one block of rows at a time; vectors and scalars are f64.
 * Directions are scaled by powers of 2 that bring the products near 1, whatever the size of the
 * features; otherwise features of 1e20 and 1e-20 would leave the range of f32. The rows of a shard
 * (comm/shards.h; without ranks, all are one) are divided into chunks, whose sums are added in
 * order, so the result does not depend on threads; their number is fixed, but smaller where adding
 * them would cost more than the rows. An iteration reads the entries of sparse rows twice, at some
 * 2 ns each, and about ten vectors [K, D]. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "comm/shards.h"
#include "models/ridge/ridge_cg.h"
#include "optim/vector.h"

/* What the rows are multiplied by: their weights alone, the centered targets, or X p - m^T p. */
static void fill_block(const clf__ridge_cg *work, int64_t first, const clf__rows *block,
                       float *values) {
  if (work->pass >= CLF__RIDGE_PRODUCTS) {
    clf__linear_block(&work->map, block, values, work->outputs);
  }
  for (int64_t i = 0; i < block->rows; i++) {
    float weight = work->weights != NULL ? work->weights[first + i] : 1;
    for (int64_t k = 0; k < work->outputs; k++) {
      float *value = &values[i * work->outputs + k];
      if (work->pass == CLF__RIDGE_ROWS) {
        *value = weight;
      } else if (work->pass == CLF__RIDGE_TARGETS) {
        *value = weight * (float)(clf__ridge_cg_target(work, first + i, k) - work->target_mean[k]);
      } else if (work->pass == CLF__RIDGE_PRODUCTS) {
        *value *= weight;
      }
    }
  }
}

static void add_squares(const clf__ridge_cg *work, int64_t first, int64_t rows, const float *fitted,
                        double *squares) {
  for (int64_t i = 0; i < rows; i++) {
    const double weight = work->weights != NULL ? (double)work->weights[first + i] : 1;
    for (int64_t k = 0; k < work->outputs; k++) {
      const double left = clf__ridge_cg_target(work, first + i, k) - work->target_mean[k] -
                          work->unit[k] * (double)fitted[i * work->outputs + k];
      squares[k] += weight * left * left;
    }
  }
}

static void sum_chunk(void *argument, clf__range rows) {
  clf__ridge_cg *work = argument;
  const int64_t chunk = rows.index;
  float *values = work->scratch + chunk * CLF__RIDGE_BLOCK * work->outputs;
  for (int64_t at = rows.first; at < rows.end; at += CLF__RIDGE_BLOCK) {
    const int64_t count = clf__min_i64(rows.end - at, CLF__RIDGE_BLOCK), first = work->first + at;
    clf__rows block = clf__rows_range(&work->shard, at, count);
    fill_block(work, first, &block, values);
    if (work->pass == CLF__RIDGE_SQUARES) {
      add_squares(work, first, count, values, work->squares + chunk * work->outputs);
    } else {
      clf__linear_gradient_block(&work->sums[chunk], &block, values, work->outputs);
    }
  }
}

/* Adding a chunk reads and writes each sum. */
int64_t clf__ridge_cg_chunks(const clf__rows *x) {
  enum { ENTRIES_OF_SUM = 4 };
  return clf__clamp_i64(clf__rows_entries(x) / (ENTRIES_OF_SUM * clf__max_i64(x->columns, 1)), 1,
                        CLF__RIDGE_CHUNKS);
}

/* Adds the sums of the pass over some rows. */
static clf_status sum_shard(void *argument, int64_t first, int64_t rows, double *sums) {
  clf__ridge_cg *work = argument;
  work->shard = clf__rows_range(work->training->x, first, rows);
  work->first = first;
  const int64_t chunks = clf__ridge_cg_chunks(&work->shard);
  const double products = (double)clf__rows_entries(&work->shard) * (double)work->outputs;
  memset(work->squares, 0, (size_t)(CLF__RIDGE_CHUNKS * work->outputs) * sizeof *work->squares);
  clf__parallel_parts(work->model->context, rows, chunks, 2 * products * CLF__COST_COPY, sum_chunk,
                      work);
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    if (work->pass != CLF__RIDGE_SQUARES) {
      clf__linear_gradient_flush(&work->sums[chunk], sums);
      continue;
    }
    for (int64_t k = 0; k < work->outputs; k++) {
      sums[k] += work->squares[chunk * work->outputs + k];
    }
  }
  return CLF_OK;
}

/* Adds the sums of `add` over all rows to out [count], which is set to 0. */
static clf_status sum_all(clf__ridge_cg *work, clf__shard_sums add, double *out, int64_t count) {
  const clf__rows *x = work->training->x;
  const clf__shard_sum sum = {.name = "conjugate gradients",
                              .of = x->shards,
                              .rows = x->rows,
                              .add = add,
                              .argument = work};
  memset(out, 0, (size_t)count * sizeof *out);
  return clf__shards_sum(&sum, out, count);
}

/* out [K, D] = the sums of the pass over all rows; [K] for CLF__RIDGE_SQUARES. */
static clf_status run_pass(clf__ridge_cg *work, clf__ridge_pass pass, double *out) {
  work->pass = pass;
  if (pass >= CLF__RIDGE_PRODUCTS) {
    CLF__CHECK(clf__linear_prepare(&work->map, work->model->context, work->training->x,
                                   work->rounded, work->shift, work->outputs));
  }
  const clf_status status =
      sum_all(work, sum_shard, out,
              pass == CLF__RIDGE_SQUARES ? work->outputs : work->outputs * work->columns);
  if (pass >= CLF__RIDGE_PRODUCTS) {
    clf__linear_release(&work->map);
  }
  return status;
}

/* Replaces the values z by the weights of the rows, for the first output alone. */
static void weigh(void *argument, int64_t first, int64_t rows, double *z) {
  const clf__ridge_cg *work = argument;
  for (int64_t i = 0; i < rows * work->outputs; i++) {
    const int64_t row = work->first + first + i / work->outputs;
    const double weight = work->weights != NULL ? (double)work->weights[row] : 1;
    z[i] = i % work->outputs == 0 ? weight : 0;
  }
}

/* Runs the pass in f64 over some rows, on which `first` of the rule is counted from the first. */
static clf_status run_exact(clf__ridge_cg *work, int64_t first, int64_t rows,
                            const double *intercept, clf__residual_rule rule, double *sums) {
  clf__linear_pass pass = work->exact;
  work->shard = clf__rows_range(work->training->x, first, rows);
  work->first = first;
  pass.x = &work->shard;
  return clf__linear_pass_run(&pass, work->solution, intercept, rule, work, sums);
}

static clf_status weigh_shard(void *argument, int64_t first, int64_t rows, double *sums) {
  clf__ridge_cg *work = argument;
  return run_exact(work, first, rows, work->target_mean, weigh, sums);
}

/* product [first output, D] = the sums of the rows times their weights. */
static clf_status sum_rows(clf__ridge_cg *work) {
  return work->refines ? sum_all(work, weigh_shard, work->product, work->outputs * work->columns)
                       : run_pass(work, CLF__RIDGE_ROWS, work->product);
}

static clf_status add_column_squares(void *argument, int64_t first, int64_t rows, double *sums) {
  const clf__ridge_cg *work = argument;
  const clf__rows *x = work->training->x;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = work->weights != NULL ? (double)work->weights[i] : 1;
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      sums[x->column[e]] += weight * (double)x->value[e] * (double)x->value[e];
    }
  }
  return CLF_OK;
}

/* Sets the preconditioner: of the weighted squares of each column about its mean, those that
 * rounding leaves nothing of are not less than that. `sum` is the weight of the rows. */
static clf_status set_inverse(clf__ridge_cg *work, double sum) {
  CLF__CHECK(sum_all(work, add_column_squares, work->inverse, work->columns));
  for (int64_t j = 0; j < work->columns; j++) {
    const double squares = work->inverse[j], about = squares - sum * work->mean[j] * work->mean[j];
    work->inverse[j] = 1 / (work->alpha + fmax(about, (double)FLT_EPSILON * squares));
  }
  return CLF_OK;
}

/* Adds the weights of the rows and, before them, the targets of the outputs times the weights. */
static clf_status add_targets(void *argument, int64_t first, int64_t rows, double *sums) {
  const clf__ridge_cg *work = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = work->weights != NULL ? (double)work->weights[i] : 1;
    sums[work->outputs] += weight;
    for (int64_t k = 0; k < work->outputs; k++) {
      sums[k] += weight * clf__ridge_cg_target(work, i, k);
    }
  }
  return CLF_OK;
}

clf_status clf__ridge_cg_target_means(clf__ridge_cg *work, double *sum) {
  CLF__CHECK(sum_all(work, add_targets, work->target_mean, work->outputs + 1));
  *sum = work->target_mean[work->outputs];
  for (int64_t k = 0; k < work->outputs; k++) {
    work->target_mean[k] /= *sum;
  }
  return CLF_OK;
}

clf_status clf__ridge_cg_start(clf__ridge_cg *work, bool fit_intercept) {
  double sum = 0;
  if (fit_intercept) {
    CLF__CHECK(clf__ridge_cg_target_means(work, &sum));
    CLF__CHECK(sum_rows(work));
    for (int64_t j = 0; j < work->columns; j++) {
      work->mean[j] = work->product[j] / sum;
    }
  }
  CLF__CHECK(run_pass(work, CLF__RIDGE_TARGETS, work->residual));
  return work->inverse != NULL ? set_inverse(work, sum) : CLF_OK;
}

/* Makes the vectors [K, D] the map of the next pass. */
static void set_map(clf__ridge_cg *work, const double *vectors) {
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *p = vectors + k * work->columns;
    const double largest = clf__vector_largest(p, work->columns);
    const double unit = largest > 0 ? ldexp(1, ilogb(largest) + work->size) : 1, inverse = 1 / unit;
    for (int64_t j = 0; j < work->columns; j++) {
      work->rounded[k * work->columns + j] = (float)(p[j] * inverse);
    }
    work->shift[k] = (float)(-clf__vector_dot(work->mean, p, work->columns) / unit);
    work->unit[k] = unit;
  }
}

clf_status clf__ridge_cg_apply(clf__ridge_cg *work) {
  set_map(work, work->direction);
  clf_status status = run_pass(work, CLF__RIDGE_PRODUCTS, work->product);
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *p = work->direction + k * work->columns;
    double *q = work->product + k * work->columns;
    for (int64_t j = 0; j < work->columns; j++) {
      q[j] = work->unit[k] * q[j] + work->alpha * p[j];
    }
  }
  return status;
}

/* Adds the objective at w = 0. */
static clf_status add_first_objective(void *argument, int64_t first, int64_t rows, double *sums) {
  const clf__ridge_cg *work = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = work->weights != NULL ? (double)work->weights[i] : 1;
    for (int64_t k = 0; k < work->outputs; k++) {
      const double left = clf__ridge_cg_target(work, i, k) - work->target_mean[k];
      sums[k] += weight * left * left;
    }
  }
  return CLF_OK;
}

/* Replaces the fitted values z by what is left of the centered targets, times the weights. */
static void leave(void *argument, int64_t first, int64_t rows, double *z) {
  const clf__ridge_cg *work = argument;
  for (int64_t i = 0; i < rows; i++) {
    const int64_t row = work->first + first + i;
    const double weight = work->weights != NULL ? (double)work->weights[row] : 1;
    for (int64_t k = 0; k < work->outputs; k++, z++) {
      *z = weight * (clf__ridge_cg_target(work, row, k) - work->target_mean[k] - *z);
    }
  }
}

static clf_status leave_shard(void *argument, int64_t first, int64_t rows, double *sums) {
  clf__ridge_cg *work = argument;
  return run_exact(work, first, rows, work->intercept, leave, sums);
}

clf_status clf__ridge_cg_first_objective(clf__ridge_cg *work) {
  return sum_all(work, add_first_objective, work->objective, work->outputs);
}

clf_status clf__ridge_cg_squares(clf__ridge_cg *work) {
  set_map(work, work->solution);
  return run_pass(work, CLF__RIDGE_SQUARES, work->total);
}

clf_status clf__ridge_cg_residual(clf__ridge_cg *work) {
  const int64_t n = work->columns, size = work->outputs * n;
  for (int64_t k = 0; k < work->outputs; k++) {
    work->intercept[k] = -clf__vector_dot(work->mean, work->solution + k * n, n);
  }
  CLF__CHECK(sum_all(work, leave_shard, work->residual, size));
  for (int64_t i = 0; i < size; i++) {
    work->residual[i] -= work->alpha * work->solution[i];
  }
  return CLF_OK;
}
