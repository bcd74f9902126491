/* The search for values that are not finite. It reads the exponent bits as integers, which
 * compilers turn into a few vector instructions for each 16 bytes or more, so that memory is what
 * bounds it; blocks of rows go to the context's threads. */
#include <stdatomic.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "tensor/rows.h"

/* Numbers cut into lines: the rows, or pieces of what lies without gaps. */
typedef struct search {
  const char *data;
  size_t width; /* of a number: a float or a double */
  int64_t line; /* numbers in a line; the last one may have fewer */
  int64_t stride;
  int64_t total;
  int64_t lines_per_task;
  atomic_int_least64_t first; /* place of the first number that is not finite, or total */
} search;

enum { TASK_NUMBERS = 1 << 16, PIECE = 4096 };
static const uint32_t exponent_f32 = 0x7f800000u;
static const uint64_t exponent_f64 = 0x7ff0000000000000u;

static bool all_finite_f32(const char *values, int64_t count) {
  uint32_t bad = 0;
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i * (int64_t)sizeof bits, sizeof bits);
    bad |= (bits & exponent_f32) == exponent_f32;
  }
  return bad == 0;
}

static bool all_finite_f64(const char *values, int64_t count) {
  uint64_t bad = 0;
  for (int64_t i = 0; i < count; i++) {
    uint64_t bits;
    memcpy(&bits, values + i * (int64_t)sizeof bits, sizeof bits);
    bad |= (bits & exponent_f64) == exponent_f64;
  }
  return bad == 0;
}

static bool all_finite(const search *job, int64_t first, int64_t count) {
  const char *values = job->data + first * (int64_t)job->width;
  return job->width == sizeof(float) ? all_finite_f32(values, count)
                                     : all_finite_f64(values, count);
}

/* Index, from `first` on, of the first number that is not finite, or count. */
static int64_t find_bad(const search *job, int64_t first, int64_t count) {
  int64_t at = 0;
  while (at < count && all_finite(job, first + at, clf__min_i64(count - at, PIECE))) {
    at += PIECE;
  }
  while (at < count && all_finite(job, first + at, 1)) {
    at++;
  }
  return clf__min_i64(at, count);
}

static void search_lines(void *argument, int64_t index, int32_t worker) {
  (void)worker;
  search *job = argument;
  int64_t end = (index + 1) * job->lines_per_task;
  for (int64_t i = index * job->lines_per_task; i < end && i * job->line < job->total; i++) {
    int64_t left = job->total - i * job->line;
    int64_t count = clf__min_i64(left, job->line);
    int64_t at = find_bad(job, i * job->stride, count);
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
  const char *at =
      job->data + (place / job->line * job->stride + place % job->line) * (int64_t)job->width;
  float single;
  double value;
  memcpy(&single, at, sizeof single);
  memcpy(&value, at, job->width == sizeof value ? sizeof value : 0);
  value = job->width == sizeof value ? value : (double)single;
  return clf__fail(
      CLF_ERROR_DATA, "the value in row %lld, column %lld is %s; every value must be finite",
      (long long)(x->first_row + row), (long long)column, value != value ? "NaN" : "infinite");
}

clf_status clf__rows_check_finite(clf_context *context, const clf__rows *x) {
  int64_t total = clf__rows_entries(x);
  if (total == 0 || (!clf__rows_sparse(x) && x->dtype == CLF_U8)) {
    return CLF_OK;
  }
  bool sparse = clf__rows_sparse(x);
  bool gaps = !sparse && x->rows > 1 && x->stride != x->columns;
  search job = {.data = sparse ? (const char *)(x->value + x->row_start[0]) : x->data,
                .width = !sparse && x->dtype == CLF_F64 ? sizeof(double) : sizeof(float),
                .line = gaps ? x->columns : TASK_NUMBERS,
                .stride = gaps ? x->stride : TASK_NUMBERS,
                .total = total};
  job.lines_per_task = job.line < TASK_NUMBERS ? TASK_NUMBERS / job.line : 1;
  atomic_init(&job.first, total);
  int64_t lines = (total - 1) / job.line + 1;
  clf_status status = clf__progress_tasks(context, (lines - 1) / job.lines_per_task + 1,
                                          (double)total * CLF__COST_COPY, search_lines, &job);
  int64_t first = atomic_load(&job.first);
  return status < 0 ? status : first < total ? fail_at(x, &job, first) : CLF_OK;
}
