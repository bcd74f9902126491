/* Shrinkage of the covariance within the classes, for shrinkage=auto. z_i are the rows minus the
 * means of their classes.
 *
 * Variances: n rows determine the variance w_j = mean z_ij^2 of a feature as accurately as m_j = n
 * w_j^2 / (mean z_ij^4 - w_j^2) independent squares would. m_j is n / 2 for Gaussians, 5 if only
 * five rows differ from the mean of their class, and 0 if the feature is constant in every class.
 * The total variance t_j counts as PRIOR_ROWS such squares:
 *
 *   v_j = (m_j w_j + PRIOR_ROWS t_j) / (m_j + PRIOR_ROWS)
 *
 * So a feature that was constant within the classes counts by its total variance, and units do not
 * matter. Fitted on the first 3 to 30 rows of each class of scikit-learn's tables, it lowers the
 * log loss on the other rows by 1 to 70 %.
 *
 * Correlations, by Ledoit and Wolf (2004, "A well-conditioned estimator for large-dimensional
 * covariance matrices") on z_ij / sqrt(v_j). With their correlation matrix R and p features,
 *
 *   delta = (|R|^2 - p) / p,   beta = (mean |z_i|^4 - |R|^2) / (p n),
 *
 * and the shrinkage is min(beta, delta) / delta. */
#include "models/fisher/fisher_shrinkage.h"

#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/progress.h"
#include "base/status.h"
#include "comm/shards.h"

enum { MAX_PARTS = 16, MIN_PART_ROWS = 256 };

#define PRIOR_ROWS 0.5
/* A number far above the fourth power of the relative rounding error of f64 means, and far below
 * the fourth power of that of f32 values. */
#define ROUNDING 1e-40

/* Sums over the rows of a shard in parts, which depend on the number of these rows alone. */
typedef struct spread_call {
  clf__arena arena;
  clf_context *context;
  const clf__training *training;
  int64_t first, rows; /* of the shard */
  const double *means; /* [K, D] means of the classes */
  const double *scale; /* [D] 1 / deviation, 0 for constant columns; NULL to compute the moments */
  int64_t parts;
  double *row;               /* [parts, D] */
  double *moments;           /* [parts, 2, D] sums of weight z^2 and weight z^4 */
  double *fourth;            /* [parts] sums of weight |z|^4 */
  atomic_int_least64_t done; /* rows */
} spread_call;

static void add_moments(double *moments, const double *row, const double *mean, double weight,
                        int64_t columns) {
  for (int64_t j = 0; j < columns; j++) {
    const double square = (row[j] - mean[j]) * (row[j] - mean[j]);
    moments[j] += weight * square;
    moments[columns + j] += weight * (square * square);
  }
}

static double scaled_length(const double *row, const double *mean, const double *scale,
                            int64_t columns) {
  enum { LANES = 8 };
  double sums[LANES] = {0}, sum = 0;
  int64_t j = 0;
  for (; j + LANES <= columns; j += LANES) {
    for (int64_t lane = 0; lane < LANES; lane++) {
      const double z = (row[j + lane] - mean[j + lane]) * scale[j + lane];
      sums[lane] += z * z;
    }
  }
  for (; j < columns; j++) {
    const double z = (row[j] - mean[j]) * scale[j];
    sum += z * z;
  }
  for (int64_t lane = 0; lane < LANES; lane++) {
    sum += sums[lane];
  }
  return sum;
}

static clf_status sum_part(void *argument, clf__range range) {
  spread_call *call = argument;
  const clf__training *training = call->training;
  const int64_t columns = training->x->columns, part = range.index;
  const clf__range rows = clf__range_of_part(call->rows, call->parts, part, range.worker);
  double *row = call->row + part * columns;
  for (int64_t i = call->first + rows.first; i < call->first + rows.end; i++) {
    CLF__CHECK(clf__progress_check());
    const double weight = training->weights != NULL ? (double)training->weights[i] : 1;
    const double *mean = call->means + training->labels[i] * columns;
    if (weight == 0) {
      continue;
    }
    clf__rows_read_f64(training->x, i, row);
    if (call->scale == NULL) {
      add_moments(call->moments + 2 * part * columns, row, mean, weight, columns);
    } else {
      const double length = scaled_length(row, mean, call->scale, columns);
      call->fourth[part] += weight * length * length;
    }
  }
  atomic_fetch_add(&call->done, rows.end - rows.first);
  return CLF_OK;
}

static int64_t parts_of(int64_t rows) {
  return clf__clamp_i64(rows / MIN_PART_ROWS, 1, MAX_PARTS);
}

/* Adds the sums of the rows of a shard: of `moments` [2, D], or of `fourth` [1] if a scale is
 * given. */
static clf_status sum_rows(void *argument, int64_t first, int64_t rows, double *sums) {
  spread_call *call = argument;
  const int64_t count = call->scale == NULL ? 2 * call->training->x->columns : 1;
  double *parts = call->scale == NULL ? call->moments : call->fourth;
  const clf__progress progress = clf__progress_begin(call->context, "fisher", rows);
  call->first = first;
  call->rows = rows;
  call->parts = parts_of(rows);
  memset(parts, 0, (size_t)(call->parts * count) * sizeof *parts);
  atomic_init(&call->done, 0);
  CLF__CHECK(clf__jobs_run(&progress, &call->done, call->parts, 1,
                           (double)rows * (double)call->training->x->columns * CLF__COST_ELEMENT,
                           sum_part, call));
  for (int64_t part = 1; part < call->parts; part++) {
    for (int64_t j = 0; j < count; j++) {
      parts[j] += parts[part * count + j];
    }
  }
  for (int64_t j = 0; j < count; j++) {
    sums[j] += parts[j];
  }
  return CLF_OK;
}

static clf_status sum_all(spread_call *call, double *sums, int64_t count) {
  const clf__rows *x = call->training->x;
  const clf__shard_sum sum = {
      .name = "spread", .of = x->shards, .rows = x->rows, .add = sum_rows, .argument = call};
  return clf__shards_sum(&sum, sums, count);
}

static clf_status spread_create(spread_call *call, clf_context *context,
                                const clf__training *training, const clf__gram *gram,
                                const double *offsets) {
  const int64_t columns = training->x->columns, classes = training->classes;
  const int64_t parts = parts_of(training->x->rows);
  *call = (spread_call){.arena = {.context = context}, .context = context, .training = training};
  double *means = clf__arena_matrix(&call->arena, classes, columns, sizeof *means);
  call->means = means;
  call->row = clf__arena_matrix(&call->arena, parts, columns, sizeof(double));
  call->moments = clf__arena_matrix(&call->arena, 2 * parts, columns, sizeof(double));
  call->fourth = clf__arena_array(&call->arena, parts, sizeof(double));
  CLF__CHECK(clf__arena_status(&call->arena));
  for (int64_t k = 0; k < classes; k++) {
    for (int64_t j = 0; j < columns; j++) {
      means[k * columns + j] = gram->mean[j] + offsets[j * classes + k];
    }
  }
  return CLF_OK;
}

clf_status clf__fisher_variances(double *variances, clf_context *context,
                                 const clf__training *training, const clf__gram *gram,
                                 const double *offsets, const double *total_variance) {
  const int64_t columns = training->x->columns;
  spread_call call;
  clf_status status = CLF_OK;
  CLF__TRY(spread_create(&call, context, training, gram, offsets));
  double *moments = clf__arena_zeroed(&call.arena, 2 * columns, sizeof *moments);
  CLF__TRY(clf__arena_status(&call.arena));
  CLF__TRY(sum_all(&call, moments, 2 * columns));
  for (int64_t j = 0; j < columns; j++) {
    const double within = moments[j] / gram->weight;
    const double square = gram->mean[j] * gram->mean[j] + total_variance[j];
    const double uncertain =
        fmax(moments[columns + j] / gram->weight - within * within, ROUNDING * square * square);
    const double rows =
        uncertain > 0 ? fmin(within * within / uncertain, 1) * gram->weight : gram->weight;
    variances[j] = (rows * within + PRIOR_ROWS * total_variance[j]) / (rows + PRIOR_ROWS);
  }
done:
  clf__arena_free(&call.arena);
  return status;
}

/* Returns |R|^2 and, in *features, p. */
static double squared_norm(const double *covariance, const double *deviation, int64_t d,
                           double *features) {
  double sum = 0;
  *features = 0;
  for (int64_t i = 0; i < d; i++) {
    *features += deviation[i] > 0;
    for (int64_t j = 0; j < d && deviation[i] > 0; j++) {
      double r = deviation[j] > 0 ? covariance[i * d + j] / (deviation[i] * deviation[j]) : 0;
      sum += r * r;
    }
  }
  return sum;
}

clf_status clf__fisher_shrinkage(double *amount, clf_context *context,
                                 const clf__training *training, const clf__gram *gram,
                                 const double *offsets, const double *deviation) {
  const int64_t columns = training->x->columns;
  spread_call call;
  clf_status status = CLF_OK;
  CLF__TRY(spread_create(&call, context, training, gram, offsets));
  double *scale = clf__arena_array(&call.arena, columns, sizeof *scale);
  CLF__TRY(clf__arena_status(&call.arena));
  for (int64_t j = 0; j < columns; j++) {
    scale[j] = deviation[j] > 0 ? 1 / deviation[j] : 0;
  }
  call.scale = scale;
  double p = 0, fourth = 0;
  CLF__TRY(sum_all(&call, &fourth, 1));
  fourth /= gram->weight;
  const double norm = squared_norm(gram->scatter, deviation, columns, &p);
  const double delta = p > 0 ? (norm - p) / p : 0;
  const double beta = p > 0 ? (fourth - norm) / (p * gram->weight) : 0;
  *amount = delta > 0 && beta > 0 ? fmin(beta, delta) / delta : 0;
done:
  clf__arena_free(&call.arena);
  return status;
}
