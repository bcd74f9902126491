/* Views of rows, and the search for values that are not finite. The search reads the exponent bits
 * as integers, which compilers turn into a few vector instructions for each 16 bytes or more, so
 * that memory is what bounds it; blocks of rows go to the context's threads. */
#include "tensor/rows.h"

#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"

clf__rows clf__rows_range(const clf__rows *x, int64_t first, int64_t count) {
  clf__rows range = *x;
  range.rows = count;
  if (clf__rows_sparse(x)) {
    range.row_start += first;
  } else if (x->dtype == CLF_U8) {
    range.data = (const uint8_t *)x->data + first * x->stride;
  } else if (x->dtype == CLF_F64) {
    range.data = (const double *)x->data + first * x->stride;
  } else {
    range.data = (const float *)x->data + first * x->stride;
  }
  return range;
}

clf__rows clf__rows_of_f32(const float *data, int64_t rows, int64_t columns, int64_t stride) {
  return (clf__rows){.rows = rows,
                     .columns = columns,
                     .dtype = CLF_F32,
                     .scale = 1,
                     .data = data,
                     .stride = stride};
}

const float *clf__rows_values(const clf__rows *x, int64_t row, float *buffer) {
  if (x->dtype == CLF_F32) {
    return (const float *)x->data + row * x->stride;
  }
  const uint8_t *bytes = (const uint8_t *)x->data + row * x->stride;
  for (int64_t i = 0; i < x->columns; i++) {
    buffer[i] = (float)bytes[i] * x->scale;
  }
  return buffer;
}

static void read_sparse(const clf__rows *x, int64_t row, double *out) {
  memset(out, 0, (size_t)x->columns * sizeof *out);
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    out[x->column[e]] = (double)x->value[e];
  }
}

static void read_u8(double *restrict out, const uint8_t *restrict bytes, double scale,
                    int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = (double)bytes[i] * scale;
  }
}

static void read_f32(double *restrict out, const float *restrict values, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = (double)values[i];
  }
}

void clf__rows_read_f64(const clf__rows *x, int64_t row, double *out) {
  if (clf__rows_sparse(x)) {
    read_sparse(x, row, out);
  } else if (x->dtype == CLF_U8) {
    read_u8(out, (const uint8_t *)x->data + row * x->stride, (double)x->scale, x->columns);
  } else if (x->dtype == CLF_F64) {
    memcpy(out, (const double *)x->data + row * x->stride, (size_t)x->columns * sizeof *out);
  } else {
    read_f32(out, (const float *)x->data + row * x->stride, x->columns);
  }
}

int64_t clf__rows_entries(const clf__rows *x) {
  return clf__rows_sparse(x) ? x->row_start[x->rows] - x->row_start[0] : x->rows * x->columns;
}

/* Numbers cut into lines: the rows, or pieces of what lies without gaps. */
typedef struct search {
  const float *data;
  int64_t line; /* numbers in a line; the last one may have fewer */
  int64_t stride;
  int64_t total;
  int64_t lines_per_task;
  atomic_int_least64_t first; /* place of the first number that is not finite, or total */
} search;

enum { TASK_NUMBERS = 1 << 16, PIECE = 4096 };
static const uint32_t exponent = 0x7f800000u;

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static bool all_finite(const float *values, int64_t count) {
  uint32_t bad = 0;
  for (int64_t i = 0; i < count; i++) {
    bad |= (bits_of(values[i]) & exponent) == exponent;
  }
  return bad == 0;
}

/* Index of the first number that is not finite, or count. */
static int64_t find_bad(const float *values, int64_t count) {
  int64_t at = 0;
  while (at < count && all_finite(values + at, count - at < PIECE ? count - at : PIECE)) {
    at += PIECE;
  }
  while (at < count && (bits_of(values[at]) & exponent) != exponent) {
    at++;
  }
  return at < count ? at : count;
}

static void search_lines(void *argument, int64_t index, int32_t worker) {
  (void)worker;
  search *job = argument;
  int64_t end = (index + 1) * job->lines_per_task;
  for (int64_t i = index * job->lines_per_task; i < end && i * job->line < job->total; i++) {
    int64_t left = job->total - i * job->line;
    int64_t count = left < job->line ? left : job->line;
    int64_t at = find_bad(job->data + i * job->stride, count);
    if (at < count) {
      int64_t place = i * job->line + at;
      int64_t first = atomic_load(&job->first);
      while (place < first && !atomic_compare_exchange_weak(&job->first, &first, place)) {
      }
      return;
    }
  }
}

static int64_t row_of_entry(const clf__rows *x, int64_t entry) {
  int64_t low = 0;
  int64_t high = x->rows;
  while (high - low > 1) {
    int64_t middle = low + (high - low) / 2;
    if (x->row_start[middle] <= entry) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

static clf_status fail_at(const clf__rows *x, const search *job, int64_t place) {
  bool sparse = clf__rows_sparse(x);
  int64_t entry = sparse ? x->row_start[0] + place : 0;
  int64_t row = sparse ? row_of_entry(x, entry) : place / x->columns;
  int64_t column = sparse ? x->column[entry] : place % x->columns;
  float value = job->data[place / job->line * job->stride + place % job->line];
  return clf__fail(CLF_ERROR_DATA,
                   "the value in row %lld, column %lld is %s; every value must be finite",
                   (long long)row, (long long)column, value != value ? "NaN" : "infinite");
}

clf_status clf__rows_check_finite(clf_context *context, const clf__rows *x) {
  int64_t total = clf__rows_entries(x);
  if (total == 0 || (!clf__rows_sparse(x) && x->dtype == CLF_U8)) {
    return CLF_OK;
  }
  bool sparse = clf__rows_sparse(x);
  bool gaps = !sparse && x->rows > 1 && x->stride != x->columns;
  search job = {.data = sparse ? x->value + x->row_start[0] : x->data,
                .line = gaps ? x->columns : TASK_NUMBERS,
                .stride = gaps ? x->stride : TASK_NUMBERS,
                .total = total};
  job.lines_per_task = job.line < TASK_NUMBERS ? TASK_NUMBERS / job.line : 1;
  atomic_init(&job.first, total);
  int64_t lines = (total - 1) / job.line + 1;
  clf__parallel(context, (lines - 1) / job.lines_per_task + 1, search_lines, &job);
  int64_t first = atomic_load(&job.first);
  return first < total ? fail_at(x, &job, first) : CLF_OK;
}
