/* Statistics of columns in two passes over the rows: sums and extremes, then squares around the
 * mean,
 *
 *   mean = Σ w x / W,   variance = Σ w (x - mean)² / W - (Σ w (x - mean) / W)²,
 *
 * The last term corrects the rounding error of the mean (Chan, Golub and LeVeque, "Algorithms for
 * computing the sample variance", 1983). The result is the standard deviation, because the squares
 * of f64 features may overflow. Rows are divided into a few blocks by size, which are summed
 * separately, so that the result does not depend on the number of threads; rows of several ranks
 * are summed by shards. Each number updates up to three double sums in the caches. This, not
 * memory, is the bound: about three times the time of reading the rows twice. */
#include "transform/numbers/statistics.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/text.h"
#include "comm/shards.h"

enum { MAX_BLOCKS = 16, BLOCK_ENTRIES = 1 << 16, ROWS_PER_ARRAY = 4 };

/* The sums of a block of rows, [columns] each. */
typedef struct block_sums {
  double *minimum;
  double *maximum;
  double *sum;    /* Σ w x */
  double *weight; /* of the entries of sparse rows */
  double *count;  /* of the entries of sparse rows */
  double *drift;  /* second pass: Σ w (x - mean) */
  double *square; /* second pass: Σ w (x - mean)² */
} block_sums;

enum {
  ARRAYS = 7,
  FIRST_SUM = 2,
  FIRST_OF_SECOND = 5,
  SUMS = FIRST_OF_SECOND - FIRST_SUM,
  SQUARES = ARRAYS - FIRST_OF_SECOND
};

typedef struct reading {
  clf_context *context;
  const clf__rows *x;
  const float *weights;
  const double *mean; /* for the second pass, in the columns' units */
  const double *unit; /* [columns] powers of 2 by which columns are multiplied in the second pass,
                       * or NULL */
  int64_t blocks;
  int64_t block_rows;
  double *memory;            /* [blocks, ARRAYS, columns] */
  double *buffers;           /* [threads, columns] of f64, or of f32 as floats */
  double *minimum, *maximum; /* [columns] of all rows that were read */
} reading;

/* Returns a dense row: f64 rows as they are, others as f32. */
typedef struct values {
  const float *single; /* NULL for f64 rows */
  const double *wide;
} values;

static values values_of(const reading *job, int64_t row, int32_t worker) {
  double *buffer = job->buffers + worker * job->x->columns;
  if (job->x->dtype != CLF_F64) {
    return (values){.single = clf__rows_values(job->x, row, (float *)buffer)};
  }
  clf__rows_read_f64(job->x, row, buffer);
  for (int64_t j = 0; job->unit != NULL && j < job->x->columns; j++) {
    buffer[j] *= job->unit[j];
  }
  return (values){.wide = buffer};
}

static block_sums sums_of(const reading *job, int64_t block) {
  int64_t n = job->x->columns;
  double *at = job->memory + block * ARRAYS * n;
  return (block_sums){at, at + n, at + 2 * n, at + 3 * n, at + 4 * n, at + 5 * n, at + 6 * n};
}

static void add_row(const block_sums *to, values row, double weight, int64_t columns) {
  const float *restrict single = row.single;
  const double *restrict wide = row.wide;
  double *restrict minimum = to->minimum;
  double *restrict maximum = to->maximum;
  double *restrict sum = to->sum;
  for (int64_t j = 0; j < columns; j++) {
    double value = single != NULL ? (double)single[j] : wide[j];
    minimum[j] = value < minimum[j] ? value : minimum[j];
    maximum[j] = value > maximum[j] ? value : maximum[j];
    sum[j] += weight * value;
  }
}

static void add_entries(const block_sums *to, const clf__rows *x, int64_t row, double weight) {
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    int32_t j = x->column[e];
    double value = x->value[e];
    to->minimum[j] = value < to->minimum[j] ? value : to->minimum[j];
    to->maximum[j] = value > to->maximum[j] ? value : to->maximum[j];
    to->sum[j] += weight * value;
    to->weight[j] += weight;
    to->count[j] += 1;
  }
}

static void add_row_squares(const block_sums *to, values row, const double *mean, double weight,
                            int64_t columns) {
  const float *restrict single = row.single;
  const double *restrict wide = row.wide;
  double *restrict drift = to->drift;
  double *restrict square = to->square;
  for (int64_t j = 0; j < columns; j++) {
    double difference = (single != NULL ? (double)single[j] : wide[j]) - mean[j];
    drift[j] += weight * difference;
    square[j] += weight * difference * difference;
  }
}

static void add_entry_squares(const block_sums *to, const clf__rows *x, int64_t row,
                              const double *mean, double weight) {
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    int32_t j = x->column[e];
    double difference = x->value[e] - mean[j];
    to->drift[j] += weight * difference;
    to->square[j] += weight * difference * difference;
  }
}

static void read_block(void *argument, clf__range rows) {
  const reading *job = argument;
  const clf__rows *x = job->x;
  block_sums to = sums_of(job, rows.index);
  const int64_t asked = 1 + BLOCK_ENTRIES / x->columns; /* rows between two checks for
                                                         * cancellation */
  for (int64_t i = rows.first; i < rows.end; i++) {
    double weight = job->weights != NULL ? job->weights[i] : 1;
    if ((i - rows.first) % asked == 0 && clf__progress_check() < 0) {
      return;
    }
    if (weight == 0) {
      continue;
    }
    if (clf__rows_sparse(x)) {
      if (job->mean == NULL) {
        add_entries(&to, x, i, weight);
      } else {
        add_entry_squares(&to, x, i, job->mean, weight);
      }
    } else if (job->mean == NULL) {
      add_row(&to, values_of(job, i, rows.worker), weight, x->columns);
    } else {
      add_row_squares(&to, values_of(job, i, rows.worker), job->mean, weight, x->columns);
    }
  }
}

static int64_t count_blocks(const clf__rows *x) {
  int64_t entries = clf__rows_entries(x);
  int64_t blocks = entries / BLOCK_ENTRIES;
  int64_t affordable = entries / x->columns / ROWS_PER_ARRAY; /* memory: less than that of the
                                                               * entries */
  return clf__clamp_i64(clf__min_i64(blocks, affordable), 1, MAX_BLOCKS);
}

/* Initializes the sums of the blocks. */
static void clear_blocks(const reading *job) {
  const int64_t n = job->x->columns;
  memset(job->memory, 0, (size_t)(job->blocks * ARRAYS * n) * sizeof *job->memory);
  for (int64_t block = 0; block < job->blocks; block++) {
    block_sums to = sums_of(job, block);
    for (int64_t j = 0; j < n; j++) {
      to.minimum[j] = INFINITY;
      to.maximum[j] = -INFINITY;
    }
  }
}

/* Adds arrays `first` to `end` - 1 of all blocks, in order, to those of the first one, and these to
 * `out`. */
static void merge_blocks(const reading *job, int64_t first, int64_t end, double *out) {
  const int64_t n = job->x->columns;
  for (int64_t block = 0; block < job->blocks; block++) {
    const double *part = job->memory + block * ARRAYS * n;
    for (int64_t k = first * n; block > 0 && k < end * n; k++) {
      job->memory[k] += part[k];
    }
    for (int64_t j = 0; j < n; j++) {
      job->minimum[j] = fmin(job->minimum[j], part[j]);
      job->maximum[j] = fmax(job->maximum[j], part[n + j]);
    }
  }
  for (int64_t k = first * n; k < end * n; k++) {
    out[k - first * n] += job->memory[k];
  }
}

/* Adds the sums of some rows: of the first pass [SUMS, columns], or of the second [SQUARES,
 * columns]. */
static clf_status read_rows(void *argument, int64_t first, int64_t rows, double *out) {
  const reading *all = argument;
  const clf__rows x = clf__rows_range(all->x, first, rows);
  const bool second = all->mean != NULL;
  reading job = *all;
  job.x = &x;
  job.weights = all->weights != NULL ? all->weights + first : NULL;
  job.blocks = count_blocks(&x);
  job.block_rows = clf__ceil_div(rows, job.blocks);
  clear_blocks(&job);
  CLF__CHECK(clf__progress_rows(job.context, x.first_row, rows, job.block_rows,
                                (double)clf__rows_entries(&x) * CLF__COST_ELEMENT, read_block,
                                &job));
  merge_blocks(&job, second ? FIRST_OF_SECOND : FIRST_SUM, second ? ARRAYS : FIRST_OF_SECOND, out);
  return CLF_OK;
}

static clf_status read_all(reading *job, const char *name, double *sums, int64_t arrays) {
  const clf__shard_sum sum = {
      .name = name, .of = job->x->shards, .rows = job->x->rows, .add = read_rows, .argument = job};
  return clf__shards_sum(&sum, sums, arrays * job->x->columns);
}

/* Adds the weights of rows, and how many of them are above 0. */
static clf_status weigh_rows(void *argument, int64_t first, int64_t rows, double *out) {
  const float *weights = ((const reading *)argument)->weights;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = weights != NULL ? weights[i] : 1;
    out[0] += weight;
    out[1] += weight > 0;
  }
  return CLF_OK;
}

/* Counts the rows of weight above 0, and sums their weights. */
static clf_status weigh(reading *job, double *total, double *rows) {
  double sums[2] = {0, 0};
  const clf__shard_sum sum = {.name = "weights",
                              .of = job->x->shards,
                              .rows = job->x->rows,
                              .integers = job->weights == NULL,
                              .add = weigh_rows,
                              .argument = job};
  CLF__CHECK(clf__shards_sum(&sum, sums, 2));
  *total = sums[0];
  *rows = sums[1];
  return sums[1] > 0 ? CLF_OK : clf__fail(CLF_ERROR_DATA, "all weights are 0");
}

/* The sum of a column with NaN or an infinite value is not finite; that of large f64 neither. */
static clf_status check_sums(const reading *job, const double *sum) {
  for (int64_t j = 0; j < job->x->columns; j++) {
    if (!isfinite(sum[j])) {
      return clf__rows_check_finite(job->context, job->x);
    }
  }
  return CLF_OK;
}

static clf_status read_extremes_and_means(reading *job, const clf__columns *out, double rows,
                                          double total, double *sums) {
  const int64_t n = job->x->columns;
  for (int64_t j = 0; j < n; j++) {
    job->minimum[j] = INFINITY;
    job->maximum[j] = -INFINITY;
  }
  CLF__CHECK(read_all(job, "sums of columns", sums, SUMS));
  CLF__CHECK(check_sums(job, sums));
  CLF__CHECK(clf__shards_extremes(job->x->shards, job->minimum, job->maximum, n));
  const double *sum = sums, *count = sums + 2 * n;
  const bool sparse = clf__rows_sparse(job->x);
  for (int64_t j = 0; j < n; j++) {
    bool zeros = sparse && count[j] < rows;
    out->minimum[j] = zeros ? fmin(job->minimum[j], 0) : job->minimum[j];
    out->maximum[j] = zeros ? fmax(job->maximum[j], 0) : job->maximum[j];
    if (out->mean != NULL) {
      out->mean[j] = out->minimum[j] == out->maximum[j] ? out->minimum[j] : sum[j] / total;
    }
  }
  return CLF_OK;
}

/* Squares of f64 values may overflow or underflow. So a column whose range is far from 1 is
 * measured in a unit near its range: a power of 2, which changes no digit. `mean` [columns]
 * receives the means in these units; returns whether any unit differs from 1. */
static bool choose_units(const reading *job, const clf__columns *out, double *unit, double *mean) {
  enum { FAR = 256 }; /* 2^256, its square and sums of squares are within the range */
  bool chosen = false;
  for (int64_t j = 0; j < job->x->columns; j++) {
    const double range = out->maximum[j] - out->minimum[j];
    const int exponent = range > 0 && isfinite(range) ? ilogb(range) : 0;
    const bool far = job->x->dtype == CLF_F64 && abs(exponent) > FAR;
    unit[j] = far ? ldexp(1, exponent < -DBL_MAX_EXP + 1 ? DBL_MAX_EXP - 1 : -exponent) : 1;
    mean[j] = out->mean[j] * unit[j];
    chosen |= far;
  }
  return chosen;
}

/* `weight` [columns] is that of the entries of sparse rows; squares [SQUARES, columns] are 0. */
static clf_status read_deviations(reading *job, const clf__columns *out, double total,
                                  const double *weight, double *squares) {
  const int64_t columns = job->x->columns;
  double *unit = clf__alloc_matrix(job->context, 2, columns, sizeof *unit);
  if (unit == NULL) {
    return CLF_ERROR_MEMORY;
  }
  job->unit = choose_units(job, out, unit, unit + columns) ? unit : NULL;
  job->mean = unit + columns;
  clf_status status = CLF_OK;
  CLF__TRY(read_all(job, "squares of columns", squares, SQUARES));
  const bool sparse = clf__rows_sparse(job->x);
  for (int64_t j = 0; j < columns; j++) {
    double zeros = sparse ? total - weight[j] : 0; /* weight of the elements that are left out */
    double drift = (squares[j] - zeros * job->mean[j]) / total;
    double square = (squares[columns + j] + zeros * job->mean[j] * job->mean[j]) / total;
    double variance = out->minimum[j] == out->maximum[j] ? 0 : square - drift * drift;
    out->deviation[j] = variance <= 0 ? 0 : sqrt(variance) / unit[j]; /* NaN stays NaN */
    if (variance > 0 && !isfinite(1 / out->deviation[j])) {
      status = clf__fail(CLF_ERROR_DATA,
                         "column %lld, from %s to %s, varies too little for doubles to divide by "
                         "its deviation: scale it up",
                         (long long)j, clf__number_text(out->minimum[j]),
                         clf__number_text(out->maximum[j]));
      goto done;
    }
  }
done:
  clf__free(unit);
  return status;
}

/* The difference or the sum of doubles near the largest one may overflow. */
static clf_status check_finite(const clf__columns *out, int64_t columns) {
  for (int64_t j = 0; j < columns; j++) {
    if (!isfinite(out->maximum[j] - out->minimum[j]) ||
        (out->mean != NULL && !isfinite(out->mean[j])) ||
        (out->deviation != NULL && !isfinite(out->deviation[j]))) {
      return clf__fail(
          CLF_ERROR_DATA, "column %lld, from %s to %s, is too large for its mean and deviation",
          (long long)j, clf__number_text(out->minimum[j]), clf__number_text(out->maximum[j]));
    }
  }
  return CLF_OK;
}

clf_status clf__column_statistics(clf_context *context, const clf__rows *x, const float *weights,
                                  const clf__columns *out) {
  const int64_t n = x->columns;
  reading job = {.context = context, .x = x, .weights = weights, .blocks = count_blocks(x)};
  double rows, total;
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  CLF__TRY(weigh(&job, &total, &rows));
  job.memory = clf__arena_matrix(&arena, job.blocks * ARRAYS, n, sizeof(double));
  job.buffers = clf__arena_matrix(&arena, clf__context_threads(context), n, sizeof(double));
  job.minimum = clf__arena_array(&arena, n, sizeof(double));
  job.maximum = clf__arena_array(&arena, n, sizeof(double));
  double *sums = clf__arena_zeroed(&arena, clf__count(SUMS + SQUARES, n), sizeof *sums);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(read_extremes_and_means(&job, out, rows, total, sums));
  if (out->deviation != NULL) {
    CLF__TRY(read_deviations(&job, out, total, sums + n, sums + SUMS * n));
  }
  status = check_finite(out, n);
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__column_means(clf_context *context, const clf__rows *x, const float *weights,
                             double *mean) {
  double *extremes = clf__alloc_matrix(context, 2, x->columns, sizeof *extremes);
  if (extremes == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf__columns columns = {extremes, extremes + x->columns, mean, NULL};
  const clf_status status = clf__column_statistics(context, x, weights, &columns);
  clf__free(extremes);
  return status;
}
