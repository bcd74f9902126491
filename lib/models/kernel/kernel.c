/* Kernels as parameters: the kernel function with its gamma, and the center of the rows.
 *
 * gamma=scale is 1 / (columns * variance) over all values of the rows, including the zeros of
 * sparse rows, and 1 if all values are equal, as in scikit-learn. A row of weight 2 counts twice.
 * Floats are summed twice, the second time after subtracting the mean, so that an offset costs no
 * digits. */
#include "models/kernel/kernel.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/text.h"
#include "transform/numbers/statistics.h"

enum { MAX_BLOCKS = 64, MIN_ROWS = 64 };

/* Sums over blocks of rows, which depend on the size alone. */
typedef struct summing {
  clf_context *context;
  const clf__rows *x;
  const float *weights; /* [rows], or NULL for 1 */
  int64_t block_rows, blocks;
  double shift;
  double sum[MAX_BLOCKS], square[MAX_BLOCKS];
  double *columns; /* [blocks, columns] sums of the columns, or NULL */
} summing;

static summing summing_of(clf_context *context, const clf__rows *x) {
  const int64_t rows = clf__max_i64(clf__ceil_div(x->rows, MAX_BLOCKS), MIN_ROWS);
  return (summing){
      .context = context, .x = x, .block_rows = rows, .blocks = clf__ceil_div(x->rows, rows)};
}

/* Exact, because the totals are below 2^53. */
static void sum_bytes(const summing *job, int64_t row, double *sum, double *square) {
  const uint8_t *values = (const uint8_t *)job->x->data + row * job->x->stride;
  uint64_t s = 0, q = 0;
  for (int64_t j = 0; j < job->x->columns; j++) {
    s += values[j];
    q += (uint64_t)values[j] * values[j];
  }
  *sum += (double)s;
  *square += (double)q;
}

static void sum_values(const float *values, int64_t count, double shift, double *sum,
                       double *square) {
  for (int64_t j = 0; j < count; j++) {
    double value = (double)values[j] - shift;
    *sum += value;
    *square += value * value;
  }
}

static void add_to_columns(double *columns, const float *values, int64_t count) {
  for (int64_t j = 0; j < count; j++) {
    columns[j] += (double)values[j];
  }
}

static void sum_block(void *argument, clf__range rows) {
  summing *job = argument;
  const clf__rows *x = job->x;
  const int64_t block = rows.index;
  double total = 0, total_square = 0;
  for (int64_t i = rows.first; i < rows.end; i++) {
    const double weight = job->weights != NULL ? (double)job->weights[i] : 1;
    double sum = 0, square = 0;
    if (clf__rows_sparse(x)) {
      int64_t first = x->row_start[i];
      sum_values(x->value + first, x->row_start[i + 1] - first, 0, &sum, &square);
    } else if (x->dtype == CLF_U8) {
      sum_bytes(job, i, &sum, &square);
    } else {
      const float *values = (const float *)x->data + i * x->stride;
      sum_values(values, x->columns, job->shift, &sum, &square);
      if (job->columns != NULL) {
        add_to_columns(job->columns + block * x->columns, values, x->columns);
      }
    }
    total += weight * sum;
    total_square += weight * square;
  }
  job->sum[block] = total;
  job->square[block] = total_square;
}

/* Adds the totals in sum[0], square[0] and the first row of `columns`. */
static clf_status sum_rows(summing *job) {
  const clf_status status =
      clf__progress_ranges(job->context, job->x->rows, job->block_rows,
                           (double)clf__rows_entries(job->x) * CLF__COST_COPY, sum_block, job);
  for (int64_t b = 1; status == CLF_OK && b < job->blocks; b++) {
    job->sum[0] += job->sum[b];
    job->square[0] += job->square[b];
    for (int64_t j = 0; job->columns != NULL && j < job->x->columns; j++) {
      job->columns[j] += job->columns[b * job->x->columns + j];
    }
  }
  return status;
}

static double total_weight(const clf__training *training) {
  double total = training->weights == NULL ? (double)training->x->rows : 0;
  for (int64_t i = 0; training->weights != NULL && i < training->x->rows; i++) {
    total += (double)training->weights[i];
  }
  return total;
}

/* The variance of equal values is exactly 0, except for sparse rows, where it may be a rounding
 * error. */
static clf_status variance_of(double *out, clf_context *context, const clf__training *training) {
  const clf__rows *x = training->x;
  summing job = summing_of(context, x);
  job.weights = training->weights;
  bool sparse = clf__rows_sparse(x);
  double count = total_weight(training) * (double)x->columns;
  double scale = sparse ? 1 : (double)x->scale;
  if (!sparse && x->dtype == CLF_F32) {
    job.shift = (double)*(const float *)x->data;
    CLF__CHECK(sum_rows(&job));
    job.shift += job.sum[0] / count;
  }
  CLF__CHECK(sum_rows(&job));
  const double mean = job.sum[0] / count;
  const double variance = job.square[0] / count - mean * mean;
  const double min = sparse ? 1e-10 * mean * mean : 0;
  *out = variance > min ? variance * scale * scale : 0;
  return CLF_OK;
}

/* Adds the contribution of the subtracted center c to the variance of the values: with the columns'
 * means m, var(c) + 2 cov(c, m) over the columns. */
static clf_status add_center(double *variance, clf_context *context,
                             const clf__training *training) {
  const double *center = training->center;
  const int64_t columns = training->x->columns;
  double *means = clf__alloc_array(context, columns, sizeof *means);
  double c = 0, m = 0, sum = 0;
  if (means == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf_status status = clf__column_means(context, training->x, training->weights, means);
  for (int64_t j = 0; status == CLF_OK && j < columns; j++) {
    c += center[j] / (double)columns;
    m += means[j] / (double)columns;
  }
  for (int64_t j = 0; status == CLF_OK && j < columns; j++) {
    sum += (center[j] - c) * (center[j] - c + 2 * (means[j] - m)) / (double)columns;
  }
  *variance += sum;
  clf__free(means);
  return status;
}

static clf_status resolve_gamma(double *out, const clf_model *model, const clf__number *gamma,
                                const clf__training *training) {
  enum { SCALE = 0 };
  clf_status status = CLF_OK;
  double spread = 1;
  if (gamma->word < 0) {
    *out = gamma->value;
    return CLF_OK;
  }
  if (gamma->word == SCALE) {
    status = variance_of(&spread, model->context, training);
    if (status == CLF_OK && training->center != NULL) {
      status = add_center(&spread, model->context, training);
    }
  }
  *out = spread > 0 ? 1 / ((double)training->x->columns * spread) : 1;
  if (status == CLF_OK) {
    clf__fit_log(training, "gamma=%s is %s", gamma->word == SCALE ? "scale" : "auto",
                 clf__number_text(*out));
  }
  return status;
}

static clf_status check_precomputed(const clf_model *model, const clf__rows *x) {
  if (clf__rows_sparse(x)) {
    return clf__fail(
        CLF_ERROR_UNSUPPORTED,
        "%s: a precomputed kernel must be dense; these rows are sparse (files of LIBSVM's "
        "-t 4 are read by svmlight's precomputed=true)",
        model->kind->base.name);
  }
  if (x->rows != x->columns) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "%s: a precomputed kernel has a column for each row of training; it has %lld "
                     "columns and %lld rows",
                     model->kind->base.name, (long long)x->columns, (long long)x->rows);
  }
  return CLF_OK;
}

/* No value of these kernels, with coef0 at least 0, exceeds those of rows with themselves. */
clf_status clf__kernel_check_range(clf_context *context, const clf__kernel_function *function,
                                   const clf__training *training) {
  enum { BLOCK = 512 };
  if (function->kind != CLF__KERNEL_LINEAR && function->kind != CLF__KERNEL_POLYNOMIAL) {
    return CLF_OK;
  }
  const double max = (double)FLT_MAX / 4; /* sums of four of them stay finite */
  clf__kernel_function bound = *function;
  double values[BLOCK];
  bound.coef0 = fabs(function->coef0);
  for (int64_t first = 0; first < training->x->rows; first += BLOCK) {
    const int64_t rest = training->x->rows - first, count = clf__min_i64(rest, BLOCK);
    const clf__rows part = clf__rows_range(training->x, first, count);
    CLF__CHECK(clf__kernel_diagonal(context, &bound, &part, NULL, count, values));
    for (int64_t i = 0; i < count; i++) {
      const bool counts = training->weights == NULL || training->weights[first + i] > 0;
      if (counts && !(values[i] <= max)) {
        return clf__fail(CLF_ERROR_NUMERIC,
                         "kernel values are beyond the range of float: that of row %lld with "
                         "itself is %s; scale the features (transforms: standardize, min_max)%s",
                         (long long)(first + i), clf__number_text(values[i]),
                         function->kind == CLF__KERNEL_LINEAR ? "" : ", or lower gamma or degree");
      }
    }
  }
  return CLF_OK;
}

static clf_status resolve(clf__kernel_function *out, const clf_model *model, int32_t kind,
                          const clf__kernel_params *params, const clf__training *training) {
  const bool has_rows = kind != CLF__KERNEL_PRECOMPUTED;
  const bool has_gamma = has_rows && kind != CLF__KERNEL_LINEAR;
  double gamma = 0;
  clf_status status = has_rows ? CLF_OK : check_precomputed(model, training->x);
  CLF__TRY(status);
  if (has_gamma) {
    CLF__TRY(resolve_gamma(&gamma, model, &params->gamma, training));
  }
  *out = (clf__kernel_function){
      .kind = kind, .degree = (int32_t)params->degree, .gamma = gamma, .coef0 = params->coef0};
  CLF__TRY(clf__kernel_check_range(model->context, out, training));
  status = clf__kernel_check_digits(model->context, out, training);
done:
  return status;
}

clf_status clf__kernel_resolve(clf__kernel_function *out, const clf_model *model, int32_t kind,
                               const clf__kernel_params *params, const clf__training *training) {
  clf__call call;
  clf__call_begin(&call, model->context, model->kind->base.name, training->x->rows);
  return clf__call_end(&call, resolve(out, model, kind, params, training));
}

bool clf__kernel_movable(int32_t kind) {
  return kind == CLF__KERNEL_LINEAR || kind == CLF__KERNEL_RBF;
}

/* If one value lies far out, the mean of its column is far from all rows. The center is useful only
 * if it makes the rows much shorter, sum |x|^2 > 2 sum |x - m|^2 = 2 (sum |x|^2 - n |m|^2).
 */
static bool worth_taking_away(const summing *job) {
  double length = 0;
  for (int64_t j = 0; j < job->x->columns; j++) {
    double mean = job->columns[j] / (double)job->x->rows;
    length += mean * mean;
  }
  return 2 * (double)job->x->rows * length > job->square[0];
}

clf_status clf__kernel_center(const float **out, clf__arena *arena,
                              const clf__kernel_function *function, const clf__rows *x) {
  *out = NULL;
  if (function->kind != CLF__KERNEL_RBF || clf__rows_sparse(x) || x->dtype != CLF_F32) {
    return CLF_OK;
  }
  summing job = summing_of(arena->context, x);
  clf_status status = CLF_OK;
  job.columns =
      clf__alloc_zeroed(arena->context, clf__count(job.blocks, x->columns), sizeof(double));
  if (job.columns == NULL) {
    return CLF_ERROR_MEMORY;
  }
  CLF__TRY(sum_rows(&job));
  if (worth_taking_away(&job)) {
    float *means = clf__arena_array(arena, x->columns, sizeof *means);
    CLF__TRY(clf__arena_status(arena));
    for (int64_t j = 0; j < x->columns; j++) {
      means[j] = (float)(job.columns[j] / (double)x->rows);
    }
    *out = means;
  }
done:
  clf__free(job.columns);
  return status;
}
