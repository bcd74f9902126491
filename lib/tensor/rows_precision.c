/* Columns far from 0, and values that f32 merges.
 *
 * A column with values from a to b lies far from 0 if max(|a|, |b|) > far_ratio (b - a). Once the
 * quotient of the two is below far_ratio, further values cannot raise it again. So a column is
 * decided by the first row that brings it below, usually the second, and later rows are read only
 * for the remaining columns.
 *
 * The values of a column are inserted into a table by their f32. A value that finds a different f64
 * under its f32 is merged. */
#include "tensor/rows_precision.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/text.h"

enum { PROBES = 256, SAMPLE = 1024, ASKED = 1024 };

/* 1e-6 divided by half a unit in the last place, 2^-24. */
static const double far_ratio = 0x1p24 * 1e-6;

static double value_at(const clf__rows *x, int64_t row, int64_t column) {
  const int64_t at = row * x->stride + column;
  const double value =
      x->dtype == CLF_F64 ? ((const double *)x->data)[at] : (double)((const float *)x->data)[at];
  return x->center != NULL ? value - x->center[column] : value;
}

/* Returns whether to continue at the n-th row; the host is asked at intervals. */
static bool goes_on(int64_t n) {
  return n % ASKED != 0 || clf__progress_check() == CLF_OK;
}

/* The columns that no row has shown to be near 0. */
typedef struct search {
  clf__arena arena;
  int64_t *column;    /* [count] */
  double *low, *high; /* [count] */
  int64_t count;
} search;

bool clf__range_is_far(double low, double high) {
  const double largest = fabs(low) > fabs(high) ? fabs(low) : fabs(high);
  return !(largest <= far_ratio * (high - low));
}

static void look_at_row(search *left, const clf__rows *x, int64_t row) {
  int64_t kept = 0;
  for (int64_t k = 0; k < left->count; k++) {
    const double value = value_at(x, row, left->column[k]);
    const double low = value < left->low[k] ? value : left->low[k]; /* NaN is ignored */
    const double high = value > left->high[k] ? value : left->high[k];
    if (!clf__range_is_far(low, high)) {
      continue;
    }
    left->column[kept] = left->column[k];
    left->low[kept] = low;
    left->high[kept++] = high;
  }
  left->count = kept;
}

/* Initializes it for all columns. */
static clf_status search_begin(search *out, clf_context *context, int64_t columns) {
  *out = (search){.arena = {.context = context}, .count = columns};
  out->column = clf__arena_array(&out->arena, columns, sizeof *out->column);
  out->low = clf__arena_array(&out->arena, columns, sizeof *out->low);
  out->high = clf__arena_array(&out->arena, columns, sizeof *out->high);
  if (clf__arena_status(&out->arena) < 0) {
    clf__arena_free(&out->arena);
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < columns; j++) {
    out->column[j] = j;
    out->low[j] = INFINITY;
    out->high[j] = -INFINITY;
  }
  return CLF_OK;
}

/* Returns the first remaining column that varies, or -1. */
static int64_t search_end(search *left) {
  int64_t found = -1;
  for (int64_t k = 0; k < left->count && found < 0; k++) {
    found = left->low[k] < left->high[k] ? left->column[k] : -1;
  }
  clf__arena_free(&left->arena);
  return found;
}

clf_status clf__rows_far(int64_t *out, clf_context *context, const clf__rows *x,
                         const float *weights) {
  search left;
  CLF__CHECK(search_begin(&left, context, x->columns));
  for (int64_t i = 0; i < x->rows && left.count > 0 && goes_on(i); i++) {
    if (weights == NULL || weights[i] > 0) {
      look_at_row(&left, x, i);
    }
  }
  *out = search_end(&left);
  return clf__progress_check();
}

typedef struct middle {
  const clf__rows *x;
  const int64_t *row; /* [count] */
  int64_t count;
  double *memory; /* [threads, SAMPLE] */
  double *out;
} middle;

static int compare(const void *a, const void *b) {
  const double first = *(const double *)a, second = *(const double *)b;
  return (first > second) - (first < second);
}

static void find_median(void *argument, int64_t column, int32_t worker) {
  const middle *job = argument;
  double *values = job->memory + (int64_t)worker * SAMPLE;
  for (int64_t i = 0; i < job->count; i++) {
    values[i] = value_at(job->x, job->row[i], column);
  }
  qsort(values, (size_t)job->count, sizeof *values, compare);
  job->out[column] = values[job->count / 2];
}

/* Selects up to SAMPLE rows, evenly spaced among those that count. */
static int64_t sample_rows(int64_t *row, int64_t rows, const float *weights) {
  int64_t counted = 0, seen = 0, count = 0;
  for (int64_t i = 0; i < rows; i++) {
    counted += weights == NULL || weights[i] > 0;
  }
  const int64_t step = clf__ceil_div(counted, SAMPLE);
  for (int64_t i = 0; i < rows; i++) {
    if (weights == NULL || weights[i] > 0) {
      if (seen++ % step == 0) {
        row[count++] = i;
      }
    }
  }
  return count;
}

clf_status clf__rows_medians(double *out, clf_context *context, const clf__rows *x,
                             const float *weights) {
  int64_t row[SAMPLE];
  middle job = {.x = x, .row = row, .count = sample_rows(row, x->rows, weights), .out = out};
  job.memory =
      clf__alloc_matrix(context, clf__context_threads(context), SAMPLE, sizeof *job.memory);
  if (job.memory == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__parallel(context, x->columns,
                10 * (double)x->columns * (double)job.count * CLF__COST_ELEMENT, find_median, &job);
  clf__free(job.memory);
  return CLF_OK;
}

/* Returns the largest distance from the center, or INFINITY if f32 represents one. */
static double largest_small(const clf__rows *about, const float *weights) {
  double largest = 0;
  for (int64_t i = 0; i < about->rows && goes_on(i); i++) {
    for (int64_t j = 0; j < about->columns && (weights == NULL || weights[i] > 0); j++) {
      const double size = fabs(value_at(about, i, j));
      if (!(size < (double)FLT_MIN)) {
        return INFINITY;
      }
      largest = fmax(largest, size);
    }
  }
  return largest;
}

clf_status clf__rows_largest_small(double *out, const clf__rows *x, const float *weights,
                                   const double *center) {
  clf__rows about = *x;
  about.center = center;
  *out = clf__rows_sparse(x) || x->dtype != CLF_F64 ? INFINITY : largest_small(&about, weights);
  return clf__progress_check();
}

clf_status clf__rows_check_small(double largest, bool centered) {
  return largest == 0 || largest == INFINITY
             ? CLF_OK
             : clf__fail(CLF_ERROR_NUMERIC,
                         "the features' largest value%s is %s, too small for f32: scale "
                         "them up (transform: standardize)",
                         centered ? " about their center" : "", clf__number_text(largest));
}

/* Its square is 2^52 times the smallest normal number. */
static const double min_range = 0x1p-485;

/* Keeps the columns whose squares the row does not show to be representable as doubles. Most of
 * them are constant and need only one comparison. */
static void keep_vanishing(search *left, const double *row) {
  double max = 0;
  int64_t kept = 0;
  for (int64_t k = 0; k < left->count; k++) {
    const double distance = fabs(row[left->column[k]] - left->low[k]);
    max = distance > max ? distance : max;
  }
  for (int64_t k = 0; k < left->count && max > 0; k++) {
    const double value = row[left->column[k]];
    const double low = value < left->low[k] ? value : left->low[k];
    const double high = value > left->high[k] ? value : left->high[k];
    if (high - low < min_range) {
      left->column[kept] = left->column[k];
      left->low[kept] = low;
      left->high[kept++] = high;
    }
  }
  left->count = max > 0 ? kept : left->count;
}

clf_status clf__rows_vanishing(int64_t *out, clf_context *context, const clf__rows *x,
                               const float *weights, const double *squares, int64_t step) {
  search left;
  *out = -1;
  if (clf__rows_sparse(x) || x->dtype != CLF_F64) {
    return CLF_OK;
  }
  CLF__CHECK(search_begin(&left, context, x->columns));
  left.count = 0;
  for (int64_t j = 0; j < x->columns; j++) {
    left.column[left.count] = j;
    left.count += squares[j * step] < min_range * min_range;
  }
  for (int64_t i = 0; i < x->rows && left.count > 0 && goes_on(i); i++) {
    if (weights == NULL || weights[i] > 0) {
      keep_vanishing(&left, (const double *)x->data + i * x->stride);
    }
  }
  *out = search_end(&left);
  return clf__progress_check();
}

/* A table of values by their f32, with open addressing; NaN marks an empty slot. */
typedef struct table {
  double *value; /* [mask + 1] */
  uint64_t mask;
} table;

/* Each task has a table, and counts every n-th column. */
typedef struct counting {
  const clf__rows *x;
  int64_t step, looked_at, enough;
  int64_t tables;
  uint64_t mask;
  double *memory;            /* [tables, mask + 1] */
  int64_t *rows;             /* [columns] rows with merged values */
  atomic_int_least64_t last; /* the first column found to have enough; later ones are not needed */
} counting;

static uint64_t place_of(float single, uint64_t mask) {
  uint32_t bits;
  memcpy(&bits, &single, sizeof bits);
  return ((uint64_t)bits * 0x9e3779b97f4a7c15u >> 24) & mask;
}

/* Returns whether a different value with the same f32 exists, and inserts the value if not. Values
 * that are made to collide count as merged after PROBES steps, which is safe. */
static bool is_merged(const table *known, double value) {
  const float single = (float)value;
  uint64_t at = place_of(single, known->mask);
  for (int probe = 0; probe < PROBES; probe++, at = (at + 1) & known->mask) {
    if (isnan(known->value[at])) {
      known->value[at] = value;
      return false;
    }
    if ((float)known->value[at] == single) {
      return known->value[at] != value;
    }
  }
  return true;
}

static int64_t count_column(const counting *job, const table *known, int64_t column) {
  const clf__rows *x = job->x;
  int64_t exact = 0, merged = 0;
  while (exact < job->looked_at && goes_on(exact)) {
    const double value = value_at(x, exact * job->step, column);
    if ((double)(float)value != value) {
      break;
    }
    exact++;
  }
  if (exact == job->looked_at) {
    return 0;
  }
  for (uint64_t i = 0; i <= known->mask; i++) {
    known->value[i] = NAN;
  }
  for (int64_t n = 0; n < job->looked_at && merged < job->enough && goes_on(n); n++) {
    const double value = value_at(x, n * job->step, column) + 0.0; /* -0 becomes 0 */
    merged += !isnan(value) && is_merged(known, value);
  }
  return merged;
}

static void count_columns(void *argument, clf__range range) {
  counting *job = argument;
  const int64_t task = range.index;
  const table known = {job->memory + (uint64_t)task * (job->mask + 1), job->mask};
  for (int64_t j = task; j < job->x->columns && j <= atomic_load(&job->last); j += job->tables) {
    job->rows[j] = count_column(job, &known, j);
    int64_t last = atomic_load(&job->last);
    while (job->rows[j] >= job->enough && j < last &&
           !atomic_compare_exchange_weak(&job->last, &last, j)) {
    }
  }
}

/* Returns the number of tables: one for each thread, but large ones use at most a quarter of the
 * memory of the rows. */
static int64_t count_tables(clf_context *context, const clf__rows *x, int64_t looked_at) {
  const int64_t threads = clf__context_threads(context);
  const int64_t affordable = looked_at <= SAMPLE ? x->columns : x->columns / 16;
  return clf__clamp_i64(affordable, 1, threads);
}

clf_status clf__rows_merged(clf__merged *out, clf_context *context, const clf__rows *x,
                            int64_t step, int64_t enough) {
  counting job = {.x = x,
                  .step = step,
                  .looked_at = clf__ceil_div(x->rows, step),
                  .enough = enough,
                  .mask = 15};
  while (job.mask < 2 * (uint64_t)job.looked_at) {
    job.mask = 2 * job.mask + 1;
  }
  job.tables = count_tables(context, x, job.looked_at);
  clf__arena arena = {.context = context};
  job.memory = clf__arena_matrix(&arena, job.tables, (int64_t)job.mask + 1, sizeof(double));
  job.rows = clf__arena_zeroed(&arena, x->columns, sizeof *job.rows);
  atomic_init(&job.last, x->columns - 1);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__progress_ranges(context, job.tables, 1,
                                10 * (double)x->columns * (double)job.looked_at * CLF__COST_ELEMENT,
                                count_columns, &job));
  CLF__TRY(clf__progress_check());
  *out = (clf__merged){.column = -1, .looked_at = job.looked_at};
  for (int64_t j = 0; j <= atomic_load(&job.last); j++) {
    if (job.rows[j] > out->rows) {
      out->column = j;
      out->rows = job.rows[j];
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}
