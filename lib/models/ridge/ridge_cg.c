/* Ridge for many features: conjugate gradients (Hestenes and Stiefel 1952) on the normal equations
 * (S + alpha I) w = c, with one system for each output; all systems share each pass over the rows.
 * S is never formed: S p = X^T D (X p - 1 m^T p), with the row weights D and the mean m.
 *
 * Products are computed in f32, one block of rows at a time; vectors and scalars are f64.
 * Directions are scaled by powers of 2 that bring the products near 1, whatever the size of the
 * features; otherwise features of 1e20 and 1e-20 would leave the range of f32. The rows of a shard
 * (comm/shards.h; without ranks, all are one) are divided into chunks, whose sums are added in
 * order, so the result does not depend on threads; their number is fixed, but smaller where adding
 * them would cost more than the rows. An iteration reads the entries of sparse rows twice, at some
 * 2 ns each, and about ten vectors [K, D].
 *
 * With a penalty, the residuals of sparse rows are preconditioned by the diagonal of S + alpha I:
 * columns have from one entry to one in each row, so that their squares are of very different
 * sizes. Not if there are fewer rows than columns: then all residuals lie in the span of the rows,
 * where the penalty is the same in all directions, and the diagonal would lead out of it (60
 * iterations in place of 37).
 *
 * Starting from w = 0 without a preconditioner, all iterates lie in the span of the rows, so that
 * without a penalty the limit is the solution of minimum norm. Once directions consist only of
 * rounding errors, the iterates diverge. So the objective is computed from the rows every CHECK
 * iterations and at the end. An output whose objective has increased stops, and keeps the iterate
 * where it was lowest.
 *
 * The residuals are updated by products in f32, whose errors add up in them unseen. A direction in
 * which the penalty alone curves turns an error of 1e-7 into weights of 1e-7 / alpha. So for a
 * tolerance below F32_TOLERANCE, or with precision=f64, the residuals are computed in f64 from the
 * rows each time that they have decreased by REFINED, and the iterations start again from them:
 * iterative refinement, which ends when the residuals of the rows are small, or no longer
 * decrease. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "comm/shards.h"
#include "models/linear.h"
#include "models/ridge/ridge.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/linear_pass.h"

static const double F32_TOLERANCE = 1e-6, REFINED = 1e-4;

enum { CHUNKS = 8, BLOCK_ROWS = 128, CHECK = 32 };

enum pass { SUM_ROWS, SUM_TARGETS, SUM_PRODUCTS, SUM_SQUARES };

/* K outputs, D columns; one matrix [K, D] f64 each. */
typedef struct cg_work {
  clf__arena arena;
  const clf_model *model;
  double alpha;
  const clf__training *training;
  const float *weights; /* [rows] or NULL */
  int64_t outputs;
  int64_t columns;
  int64_t iterations;
  double *mean;        /* [D]; 0 without an intercept */
  double *target_mean; /* [K] */
  double *solution, *residual, *direction, *product;
  double *inverse;     /* [D] of the diagonal of S + alpha I: the preconditioner, or NULL */
  double *scaled;      /* [D] a residual times the preconditioner, or NULL */
  double *measure;     /* [K] the residual times the preconditioned residual */
  double *best;        /* the solution with the lowest objective */
  double *objective;   /* [K] there */
  double *squares;     /* [CHUNKS, K] of the residuals of the targets, in a shard */
  double *total;       /* [K] the same of all rows */
  bool *stopped;       /* [K] the objective has increased */
  float *rounded;      /* [K, D] the scaled direction as f32 */
  float *shift;        /* [K] minus m^T p, scaled as `rounded` */
  double *unit;        /* [K] powers of 2 */
  int size;            /* the exponent of the largest feature */
  clf__linear_map map; /* of `rounded`; owned by the pass that uses it */
  int64_t chunks;      /* up to CHUNKS, of the largest shard at most */
  clf__rows shard;     /* that a pass is in */
  int64_t first;       /* index of its first row */
  clf__linear_gradient sums[CHUNKS];
  float *scratch; /* [CHUNKS, BLOCK_ROWS, K] */
  enum pass pass;
  bool refines;           /* whether there is iterative refinement */
  bool exhausted;         /* the last refinement has not halved `computed` */
  double computed;        /* the largest relative residual, as last computed from the rows */
  clf__linear_pass exact; /* if `refines`: the rows in f64 */
  double *intercept;      /* [K] if `refines`: minus m^T w */
} cg_work;

/* A single output of two classes is that of class 1; the other is its negative. */
static double target(const cg_work *work, int64_t row, int64_t output) {
  const clf__training *training = work->training;
  const int64_t class = work->outputs < training->outputs ? 1 : output;
  return training->targets != NULL        ? training->targets[row * training->outputs + output]
         : training->labels[row] == class ? 1
                                          : -1;
}

/* What the rows are multiplied by: their weights alone, the centered targets, or X p - m^T p. */
static void fill_block(const cg_work *work, int64_t first, const clf__rows *block, float *values) {
  if (work->pass >= SUM_PRODUCTS) {
    clf__linear_block(&work->map, block, values, work->outputs);
  }
  for (int64_t i = 0; i < block->rows; i++) {
    float weight = work->weights != NULL ? work->weights[first + i] : 1;
    for (int64_t k = 0; k < work->outputs; k++) {
      float *value = &values[i * work->outputs + k];
      if (work->pass == SUM_ROWS) {
        *value = weight;
      } else if (work->pass == SUM_TARGETS) {
        *value = weight * (float)(target(work, first + i, k) - work->target_mean[k]);
      } else if (work->pass == SUM_PRODUCTS) {
        *value *= weight;
      }
    }
  }
}

static void add_squares(const cg_work *work, int64_t first, int64_t rows, const float *fitted,
                        double *squares) {
  for (int64_t i = 0; i < rows; i++) {
    const double weight = work->weights != NULL ? (double)work->weights[first + i] : 1;
    for (int64_t k = 0; k < work->outputs; k++) {
      const double left = target(work, first + i, k) - work->target_mean[k] -
                          work->unit[k] * (double)fitted[i * work->outputs + k];
      squares[k] += weight * left * left;
    }
  }
}

static void sum_chunk(void *argument, clf__range rows) {
  cg_work *work = argument;
  const int64_t chunk = rows.index;
  float *values = work->scratch + chunk * BLOCK_ROWS * work->outputs;
  for (int64_t at = rows.first; at < rows.end; at += BLOCK_ROWS) {
    const int64_t count = clf__min_i64(rows.end - at, BLOCK_ROWS), first = work->first + at;
    clf__rows block = clf__rows_range(&work->shard, at, count);
    fill_block(work, first, &block, values);
    if (work->pass == SUM_SQUARES) {
      add_squares(work, first, count, values, work->squares + chunk * work->outputs);
    } else {
      clf__linear_gradient_block(&work->sums[chunk], &block, values, work->outputs);
    }
  }
}

/* Adding a chunk reads and writes each sum. */
static int64_t count_chunks(const clf__rows *x) {
  enum { ENTRIES_OF_SUM = 4 };
  return clf__clamp_i64(clf__rows_entries(x) / (ENTRIES_OF_SUM * clf__max_i64(x->columns, 1)), 1,
                        CHUNKS);
}

/* Adds the sums of the pass over some rows. */
static clf_status sum_shard(void *argument, int64_t first, int64_t rows, double *sums) {
  cg_work *work = argument;
  work->shard = clf__rows_range(work->training->x, first, rows);
  work->first = first;
  const int64_t chunks = count_chunks(&work->shard);
  const double products = (double)clf__rows_entries(&work->shard) * (double)work->outputs;
  memset(work->squares, 0, (size_t)(CHUNKS * work->outputs) * sizeof *work->squares);
  clf__parallel_parts(work->model->context, rows, chunks, 2 * products * CLF__COST_COPY, sum_chunk,
                      work);
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    if (work->pass != SUM_SQUARES) {
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
static clf_status sum_all(cg_work *work, clf__shard_sums add, double *out, int64_t count) {
  const clf__rows *x = work->training->x;
  const clf__shard_sum sum = {.name = "conjugate gradients",
                              .of = x->shards,
                              .rows = x->rows,
                              .add = add,
                              .argument = work};
  memset(out, 0, (size_t)count * sizeof *out);
  return clf__shards_sum(&sum, out, count);
}

/* out [K, D] = the sums of the pass over all rows; [K] for SUM_SQUARES. */
static clf_status run_pass(cg_work *work, enum pass pass, double *out) {
  work->pass = pass;
  if (pass >= SUM_PRODUCTS) {
    CLF__CHECK(clf__linear_prepare(&work->map, work->model->context, work->training->x,
                                   work->rounded, work->shift, work->outputs));
  }
  const clf_status status = sum_all(
      work, sum_shard, out, pass == SUM_SQUARES ? work->outputs : work->outputs * work->columns);
  if (pass >= SUM_PRODUCTS) {
    clf__linear_release(&work->map);
  }
  return status;
}

static clf_status allocate(cg_work *work) {
  clf_context *context = work->model->context;
  work->chunks = count_chunks(work->training->x);
  int64_t size = clf__count(work->outputs, work->columns);
  work->arena.context = context;
  work->mean = clf__arena_zeroed(&work->arena, work->columns, sizeof(double));
  work->target_mean = clf__arena_zeroed(&work->arena, work->outputs + 1, sizeof(double));
  work->solution = clf__arena_zeroed(&work->arena, size, sizeof(double));
  work->residual = clf__arena_array(&work->arena, size, sizeof(double));
  work->direction = clf__arena_array(&work->arena, size, sizeof(double));
  work->product = clf__arena_array(&work->arena, size, sizeof(double));
  work->rounded = clf__arena_array(&work->arena, size, sizeof(float));
  work->shift = clf__arena_array(&work->arena, work->outputs, sizeof(float));
  work->unit = clf__arena_array(&work->arena, work->outputs, sizeof(double));
  work->scratch =
      clf__arena_matrix(&work->arena, CHUNKS * BLOCK_ROWS, work->outputs, sizeof(float));
  if (clf__rows_sparse(work->training->x) && work->alpha > 0 &&
      clf__shards_rows(work->training->x->shards, work->training->x->rows) >= work->columns) {
    work->inverse = clf__arena_zeroed(&work->arena, work->columns, sizeof(double));
    work->scaled = clf__arena_array(&work->arena, work->columns, sizeof(double));
  }
  work->measure = clf__arena_array(&work->arena, work->outputs, sizeof(double));
  work->best = clf__arena_zeroed(&work->arena, size, sizeof(double));
  work->objective = clf__arena_zeroed(&work->arena, work->outputs, sizeof(double));
  work->squares = clf__arena_matrix(&work->arena, CHUNKS, work->outputs, sizeof(double));
  work->total = clf__arena_array(&work->arena, work->outputs, sizeof(double));
  work->stopped = clf__arena_zeroed(&work->arena, work->outputs, sizeof(bool));
  if (work->refines) {
    work->intercept = clf__arena_array(&work->arena, work->outputs, sizeof(double));
    clf__linear_pass_create(&work->exact, &work->arena, work->training->x, work->outputs);
  }
  CLF__CHECK(clf__arena_status(&work->arena));
  clf_status status = CLF_OK;
  for (int64_t chunk = 0; status == CLF_OK && chunk < work->chunks; chunk++) {
    status =
        clf__linear_gradient_create(&work->sums[chunk], context, work->training->x, work->outputs);
  }
  return status;
}

static void release(cg_work *work) {
  for (int64_t chunk = 0; chunk < work->chunks; chunk++) {
    clf__linear_gradient_free(&work->sums[chunk]);
  }
  clf__arena_free(&work->arena);
}

/* Replaces the values z by the weights of the rows, for the first output alone. */
static void weigh(void *argument, int64_t first, int64_t rows, double *z) {
  const cg_work *work = argument;
  for (int64_t i = 0; i < rows * work->outputs; i++) {
    const int64_t row = work->first + first + i / work->outputs;
    const double weight = work->weights != NULL ? (double)work->weights[row] : 1;
    z[i] = i % work->outputs == 0 ? weight : 0;
  }
}

/* Runs the pass in f64 over some rows, on which `first` of the rule is counted from the first. */
static clf_status run_exact(cg_work *work, int64_t first, int64_t rows, const double *intercept,
                            clf__residual_rule rule, double *sums) {
  clf__linear_pass pass = work->exact;
  work->shard = clf__rows_range(work->training->x, first, rows);
  work->first = first;
  pass.x = &work->shard;
  return clf__linear_pass_run(&pass, work->solution, intercept, rule, work, sums);
}

static clf_status weigh_shard(void *argument, int64_t first, int64_t rows, double *sums) {
  cg_work *work = argument;
  return run_exact(work, first, rows, work->target_mean, weigh, sums);
}

/* product [first output, D] = the sums of the rows times their weights. */
static clf_status sum_rows(cg_work *work) {
  return work->refines ? sum_all(work, weigh_shard, work->product, work->outputs * work->columns)
                       : run_pass(work, SUM_ROWS, work->product);
}

static clf_status add_column_squares(void *argument, int64_t first, int64_t rows, double *sums) {
  const cg_work *work = argument;
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
static clf_status set_inverse(cg_work *work, double sum) {
  CLF__CHECK(sum_all(work, add_column_squares, work->inverse, work->columns));
  for (int64_t j = 0; j < work->columns; j++) {
    const double squares = work->inverse[j], about = squares - sum * work->mean[j] * work->mean[j];
    work->inverse[j] = 1 / (work->alpha + fmax(about, (double)FLT_EPSILON * squares));
  }
  return CLF_OK;
}

/* Adds the weights of the rows and, before them, the targets of the outputs times the weights. */
static clf_status add_targets(void *argument, int64_t first, int64_t rows, double *sums) {
  const cg_work *work = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = work->weights != NULL ? (double)work->weights[i] : 1;
    sums[work->outputs] += weight;
    for (int64_t k = 0; k < work->outputs; k++) {
      sums[k] += weight * target(work, i, k);
    }
  }
  return CLF_OK;
}

/* Computes the means of rows and targets, and then the right-hand side, which is also the first
 * residual. */
static clf_status start(cg_work *work, bool fit_intercept) {
  double sum = 0;
  if (fit_intercept) {
    CLF__CHECK(sum_all(work, add_targets, work->target_mean, work->outputs + 1));
    sum = work->target_mean[work->outputs];
    for (int64_t k = 0; k < work->outputs; k++) {
      work->target_mean[k] /= sum;
    }
    CLF__CHECK(sum_rows(work));
    for (int64_t j = 0; j < work->columns; j++) {
      work->mean[j] = work->product[j] / sum;
    }
  }
  CLF__CHECK(run_pass(work, SUM_TARGETS, work->residual));
  return work->inverse != NULL ? set_inverse(work, sum) : CLF_OK;
}

static double largest_size(const double *values, int64_t count) {
  double largest = 0;
  for (int64_t i = 0; i < count; i++) {
    const double size = fabs(values[i]);
    largest = size > largest ? size : largest;
  }
  return largest;
}

/* The product of two vectors, in lanes: a single sum would wait for each addition. */
static double dot(const double *a, const double *b, int64_t count) {
  enum { LANES = 8 };
  double sums[LANES] = {0}, sum = 0;
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    for (int64_t l = 0; l < LANES; l++) {
      sums[l] += a[i + l] * b[i + l];
    }
  }
  for (; i < count; i++) {
    sum += a[i] * b[i];
  }
  for (int64_t l = 0; l < LANES; l++) {
    sum += sums[l];
  }
  return sum;
}

/* Makes the vectors [K, D] the map of the next pass. */
static void set_map(cg_work *work, const double *vectors) {
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *p = vectors + k * work->columns;
    const double largest = largest_size(p, work->columns);
    const double unit = largest > 0 ? ldexp(1, ilogb(largest) + work->size) : 1, inverse = 1 / unit;
    for (int64_t j = 0; j < work->columns; j++) {
      work->rounded[k * work->columns + j] = (float)(p[j] * inverse);
    }
    work->shift[k] = (float)(-dot(work->mean, p, work->columns) / unit);
    work->unit[k] = unit;
  }
}

/* product = (S + alpha I) direction. */
static clf_status apply(cg_work *work, double alpha) {
  set_map(work, work->direction);
  clf_status status = run_pass(work, SUM_PRODUCTS, work->product);
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *p = work->direction + k * work->columns;
    double *q = work->product + k * work->columns;
    for (int64_t j = 0; j < work->columns; j++) {
      q[j] = work->unit[k] * q[j] + alpha * p[j];
    }
  }
  return status;
}

/* Adds the objective at w = 0. */
static clf_status add_first_objective(void *argument, int64_t first, int64_t rows, double *sums) {
  const cg_work *work = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = work->weights != NULL ? (double)work->weights[i] : 1;
    for (int64_t k = 0; k < work->outputs; k++) {
      const double left = target(work, i, k) - work->target_mean[k];
      sums[k] += weight * left * left;
    }
  }
  return CLF_OK;
}

/* Keeps the solutions whose objective is the lowest so far, as far as f32 products can tell, and
 * stops the others. */
static clf_status check_objective(cg_work *work, double alpha, const double *first) {
  const int64_t n = work->columns;
  set_map(work, work->solution);
  clf_status status = run_pass(work, SUM_SQUARES, work->total);
  for (int64_t k = 0; k < work->outputs && status == CLF_OK; k++) {
    const double *w = work->solution + k * n;
    const double objective = alpha * dot(w, w, n) + work->total[k];
    const double limit = work->objective[k] * (1 + 1e-6) + 1e-10 * first[k];
    if (!work->stopped[k] && objective <= limit) {
      memcpy(work->best + k * n, w, (size_t)n * sizeof *w);
      work->objective[k] = fmin(work->objective[k], objective);
    } else {
      work->stopped[k] = true;
    }
  }
  return status;
}

/* Returns the residual [D] of an output times the preconditioner. */
static const double *scaled_residual(const cg_work *work, const double *residual) {
  if (work->inverse == NULL) {
    return residual;
  }
  for (int64_t j = 0; j < work->columns; j++) {
    work->scaled[j] = work->inverse[j] * residual[j];
  }
  return work->scaled;
}

/* The directions of all outputs start at their preconditioned residuals. */
static void start_directions(cg_work *work) {
  const int64_t n = work->columns;
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *scaled = scaled_residual(work, work->residual + k * n);
    work->measure[k] = dot(work->residual + k * n, scaled, n);
    memcpy(work->direction + k * n, scaled, (size_t)n * sizeof *scaled);
  }
}

/* Makes one step of output k, whose |residual|^2 is `square`. Returns the new one, or -1 if the
 * direction consists only of rounding errors. */
static double step(cg_work *work, int64_t k, double square) {
  int64_t n = work->columns;
  double *x = work->solution + k * n;
  double *r = work->residual + k * n;
  double *p = work->direction + k * n;
  const double *q = work->product + k * n;
  double curvature = dot(p, q, n);
  if (square == 0 || !(curvature > 0)) {
    return square == 0 ? 0 : -1;
  }
  const double length = work->measure[k] / curvature;
  for (int64_t j = 0; j < n; j++) {
    x[j] += length * p[j];
    r[j] -= length * q[j];
  }
  const double *scaled = scaled_residual(work, r);
  const double next = dot(r, scaled, n), turn = next / work->measure[k];
  for (int64_t j = 0; j < n; j++) {
    p[j] = scaled[j] + turn * p[j];
  }
  work->measure[k] = next;
  return scaled == r ? next : dot(r, r, n);
}

/* Returns the largest relative residual of the outputs that continue, or -1 if none does. */
static double worst_residual(const cg_work *work, const double *squares, const double *first) {
  double worst = -1;
  for (int64_t k = 0; k < work->outputs; k++) {
    if (!work->stopped[k]) {
      worst = fmax(worst, first[k] > 0 ? sqrt(squares[k] / first[k]) : 0);
    }
  }
  return worst;
}

/* Replaces the fitted values z by what is left of the centered targets, times the weights. */
static void leave(void *argument, int64_t first, int64_t rows, double *z) {
  const cg_work *work = argument;
  for (int64_t i = 0; i < rows; i++) {
    const int64_t row = work->first + first + i;
    const double weight = work->weights != NULL ? (double)work->weights[row] : 1;
    for (int64_t k = 0; k < work->outputs; k++, z++) {
      *z = weight * (target(work, row, k) - work->target_mean[k] - *z);
    }
  }
}

static clf_status leave_shard(void *argument, int64_t first, int64_t rows, double *sums) {
  cg_work *work = argument;
  return run_exact(work, first, rows, work->intercept, leave, sums);
}

/* Computes the residuals c - (S + alpha I) w from the rows, from which the directions start again.
 * *worst is the largest relative one. */
static clf_status refine(cg_work *work, double alpha, double *squares, const double *first,
                         double *worst) {
  const int64_t n = work->columns, size = work->outputs * n;
  for (int64_t k = 0; k < work->outputs; k++) {
    work->intercept[k] = -dot(work->mean, work->solution + k * n, n);
  }
  CLF__CHECK(sum_all(work, leave_shard, work->residual, size));
  for (int64_t i = 0; i < size; i++) {
    work->residual[i] -= alpha * work->solution[i];
  }
  start_directions(work);
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *r = work->residual + k * n;
    squares[k] = work->stopped[k] ? squares[k] : dot(r, r, n);
  }
  *worst = worst_residual(work, squares, first);
  work->exhausted = !(*worst < work->computed / 2);
  work->computed = *worst;
  return CLF_OK;
}

/* Returns whether an output has ended. */
static bool step_all(cg_work *work, double *squares) {
  bool stuck = false;
  for (int64_t k = 0; k < work->outputs; k++) {
    squares[k] = work->stopped[k] ? squares[k] : step(work, k, squares[k]);
    stuck = stuck || (!work->stopped[k] && squares[k] < 0);
  }
  return stuck;
}

/* squares [3, K]: |residual|^2, its value at w = 0, and the objective at w = 0. */
static clf_status iterate(cg_work *work, const clf__ridge_params *p, double *squares) {
  clf__progress progress = clf__progress_begin(work->model->context, "ridge", p->max_iterations);
  double *first = squares + work->outputs, *first_objective = first + work->outputs;
  int64_t i = 0;
  CLF__CHECK(sum_all(work, add_first_objective, work->objective, work->outputs));
  start_directions(work);
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *r = work->residual + k * work->columns;
    squares[k] = first[k] = dot(r, r, work->columns);
    first_objective[k] = work->objective[k];
  }
  double worst = worst_residual(work, squares, first);
  work->computed = worst;
  clf_status status = CLF_OK;
  for (; i < p->max_iterations && worst > p->tolerance && !work->exhausted; i++) {
    CLF__TRY(clf__progress_step(&progress, i, worst, NAN));
    CLF__TRY(apply(work, work->alpha));
    const bool stuck = step_all(work, squares);
    if (stuck || i % CHECK == CHECK - 1) {
      CLF__TRY(check_objective(work, work->alpha, first_objective));
    }
    for (int64_t k = 0; k < work->outputs; k++) {
      work->stopped[k] = work->stopped[k] || squares[k] < 0;
    }
    worst = worst_residual(work, squares, first);
    if (work->refines && worst <= fmax(p->tolerance, REFINED * work->computed)) {
      CLF__TRY(refine(work, work->alpha, squares, first, &worst));
    }
  }
done:
  CLF__CHECK(i > 0 ? clf__stop_keep(work->training->stop, status) : status);
  const bool ended_early = status < 0;
  if (i >= CHECK) {
    CLF__CHECK(check_objective(work, work->alpha, first_objective));
  }
  work->iterations = i;
  for (int64_t k = 0; k < work->outputs; k++) {
    const int64_t at = k * work->columns;
    if (work->stopped[k]) {
      memcpy(work->solution + at, work->best + at, (size_t)work->columns * sizeof(double));
      worst = INFINITY;
    }
  }
  return worst <= p->tolerance && !ended_early ? CLF_OK : CLF_NOT_CONVERGED;
}

/* Writes the weights and intercepts; the first of two classes has the negatives of the second's. */
static clf_status store_solution(const cg_work *work, clf__store *state) {
  const int64_t n = work->columns, outputs = work->training->outputs;
  clf__arena arena = {.context = work->model->context};
  clf_status status = CLF_OK;
  double *w = clf__arena_matrix(&arena, outputs, n, sizeof *w);
  double *b = clf__arena_array(&arena, outputs, sizeof *b);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t k = 0; k < outputs; k++) {
    const int64_t from = work->outputs < outputs ? 0 : k;
    const double sign = work->outputs < outputs && k == 0 ? -1 : 1;
    const double *own = work->solution + from * n;
    for (int64_t j = 0; j < n; j++) {
      w[k * n + j] = sign * own[j];
    }
    b[k] = sign * (work->target_mean[from] - dot(work->mean, own, n));
  }
  const clf__linear_solution solution = {w, b, n, 1, outputs, n};
  status = clf__linear_store(work->model->context, state, &clf__decision_names, &solution,
                             work->training->x);
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__ridge_fit_cg(const clf_model *model, const clf__training *training,
                             const float *row_weights, double alpha, clf__store *state) {
  const clf__ridge_params *p = model->params;
  cg_work work = {.model = model,
                  .alpha = alpha,
                  .training = training,
                  .weights = row_weights,
                  .outputs = training->classes == 2 ? 1 : training->outputs,
                  .columns = training->x->columns,
                  .refines = p->tolerance < F32_TOLERANCE || p->precision == CLF__PRECISION_F64};
  float largest = 0;
  double largest_of_all;
  double *squares = clf__alloc_matrix(model->context, 3, training->outputs, sizeof *squares);
  clf_status status = squares != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status < 0) {
    goto done;
  }
  CLF__TRY(allocate(&work));
  CLF__TRY(clf__rows_largest(&largest, model->context, training->x));
  largest_of_all = (double)largest;
  CLF__TRY(clf__shards_extremes(training->x->shards, NULL, &largest_of_all, 1));
  work.size = largest_of_all > 0 ? ilogb(largest_of_all) : 0;
  CLF__TRY(start(&work, p->fit_intercept));
  CLF__TRY(iterate(&work, p, squares));
  clf_status outcome = status;
  CLF__TRY(store_solution(&work, state));
  CLF__TRY(clf__state_tensor(model->context, state, "iterations", CLF_I64, 1, -1));
  *(int64_t *)clf__state_data(state, "iterations") = work.iterations;
  status = outcome;
done:
  release(&work);
  clf__free(squares);
  return status;
}
