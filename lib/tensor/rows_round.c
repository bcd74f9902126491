/* Rounding rows to f32. Far from 0, f32 merges values that it can distinguish relative to a center,
 * so x - center is computed in f64 and rounded once. The context's threads share blocks of rows.
 * Memory bounds the speed. */
#include <float.h>
#include <math.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/status.h"
#include "base/text.h"
#include "tensor/rows.h"

enum { TASK_NUMBERS = 1 << 16 };

/* Half a unit beyond the largest float: from here on rounding gives infinity. */
static const double float_limit = 0x1.ffffffp127;

typedef struct rounding {
  clf__rows x;
  const double *center;
  float *out;
} rounding;

/* Rounds a dense row. */
static double value_at(const rounding *job, int64_t row, int64_t column) {
  const int64_t at = row * job->x.stride + column;
  const double value = job->x.dtype == CLF_F64 ? ((const double *)job->x.data)[at]
                       : job->x.dtype == CLF_F32
                           ? (double)((const float *)job->x.data)[at]
                           : (double)((const uint8_t *)job->x.data)[at] * (double)job->x.scale;
  return job->center != NULL ? value - job->center[column] : value;
}

static bool is_too_large(double value) {
  return fabs(value) >= float_limit && fabs(value) <= DBL_MAX;
}

/* Rounds doubles; returns false if a finite one is too large. */
static bool round_f64(float *restrict to, const double *restrict from,
                      const double *restrict center, int64_t count) {
  int bad = 0;
  for (int64_t j = 0; j < count; j++) {
    const double value = center != NULL ? from[j] - center[j] : from[j];
    bad |= is_too_large(value);
    to[j] = (float)value;
  }
  return bad == 0;
}

static void round_f32(float *restrict to, const float *restrict from, const double *restrict center,
                      int64_t count) {
  for (int64_t j = 0; j < count; j++) {
    to[j] = center != NULL ? (float)((double)from[j] - center[j]) : from[j];
  }
}

/* Converts a sparse row to a dense one. */
static void fill_sparse(const rounding *job, int64_t row, float *to) {
  const clf__rows *x = &job->x;
  for (int64_t j = 0; j < x->columns; j++) {
    to[j] = job->center != NULL ? (float)-job->center[j] : 0;
  }
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    const int64_t j = x->column[e];
    to[j] = (float)((double)x->value[e] - (job->center != NULL ? job->center[j] : 0));
  }
}

static bool round_row(const rounding *job, int64_t row) {
  const clf__rows *x = &job->x;
  float *to = job->out + row * x->columns;
  if (clf__rows_sparse(x)) {
    fill_sparse(job, row, to);
    return true;
  }
  if (x->dtype == CLF_F64) {
    return round_f64(to, (const double *)x->data + row * x->stride, job->center, x->columns);
  }
  if (x->dtype == CLF_F32) {
    round_f32(to, (const float *)x->data + row * x->stride, job->center, x->columns);
    return true;
  }
  for (int64_t j = 0; j < x->columns; j++) {
    to[j] = (float)value_at(job, row, j);
  }
  return true;
}

static clf_status round_rows(void *argument, clf__range rows) {
  const rounding *job = argument;
  for (int64_t i = rows.first; i < rows.end; i++) {
    if (!round_row(job, i)) {
      int64_t column = 0;
      while (!is_too_large(value_at(job, i, column))) {
        column++;
      }
      return clf__fail(CLF_ERROR_DATA,
                       "the value in row %lld, column %lld is %s, too large for f32",
                       (long long)(job->x.first_row + i), (long long)column,
                       clf__number_text(value_at(job, i, column)));
    }
  }
  return CLF_OK;
}

clf_status clf__rows_round(clf_context *context, const clf__rows *x, const double *center,
                           float *out) {
  rounding job = {.x = *x, .center = center, .out = out};
  return clf__jobs_rows(context, x->first_row, x->rows, clf__max_i64(TASK_NUMBERS / x->columns, 1),
                        (double)x->rows * (double)x->columns * CLF__COST_ELEMENT, round_rows, &job);
}
