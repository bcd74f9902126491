/* The search for values that are not finite. If all bits of an exponent are set, adding 1 to it
 * carries into the bit of the sign, which is left out. Compilers turn that into three vector
 * instructions for 16 bytes or more on any CPU, so that it is bound by memory; comparisons of 64
 * bits need more than the baseline of x86-64. The context's threads share blocks of rows. */
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/status.h"
#include "tensor/rows.h"

/* Searches the numbers of rows; for sparse rows the values of their entries, which have no gaps. */
typedef struct search {
  const clf__rows *x;
  const char *data;
  size_t width; /* of a number: float or double */
  bool missing; /* NaN is allowed */
} search;

enum { TASK_NUMBERS = 1 << 16, PIECE = 4096 };
static const uint32_t exponent_f32 = 0x7f800000u, unit_f32 = 0x00800000u;
static const uint64_t exponent_f64 = 0x7ff0000000000000u, unit_f64 = 0x0010000000000000u;

static bool all_finite_f32(const char *values, int64_t count) {
  uint32_t bad = 0;
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i * (int64_t)sizeof bits, sizeof bits);
    bad |= (bits & exponent_f32) + unit_f32;
  }
  return bad >> 31 == 0;
}

static bool all_finite_f64(const char *values, int64_t count) {
  uint64_t bad = 0;
  for (int64_t i = 0; i < count; i++) {
    uint64_t bits;
    memcpy(&bits, values + i * (int64_t)sizeof bits, sizeof bits);
    bad |= (bits & exponent_f64) + unit_f64;
  }
  return bad >> 63 == 0;
}

static bool none_infinite_f32(const char *values, int64_t count) {
  uint32_t bad = 0;
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i * (int64_t)sizeof bits, sizeof bits);
    bad |= (bits & 0x7fffffffu) == exponent_f32;
  }
  return bad == 0;
}

static bool none_infinite_f64(const char *values, int64_t count) {
  uint64_t bad = 0;
  for (int64_t i = 0; i < count; i++) {
    uint64_t bits;
    memcpy(&bits, values + i * (int64_t)sizeof bits, sizeof bits);
    bad |= (bits & 0x7fffffffffffffffu) == exponent_f64;
  }
  return bad == 0;
}

static bool all_finite(const search *job, int64_t first, int64_t count) {
  const char *values = job->data + first * (int64_t)job->width;
  if (job->missing) {
    return job->width == sizeof(float) ? none_infinite_f32(values, count)
                                       : none_infinite_f64(values, count);
  }
  return job->width == sizeof(float) ? all_finite_f32(values, count)
                                     : all_finite_f64(values, count);
}

/* Returns the index, counted from `first`, of the first number that is not finite, or count. */
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

static clf_status fail_at(const search *job, int64_t row, int64_t column, int64_t at) {
  float single;
  double value;
  memcpy(&single, job->data + at * (int64_t)job->width, sizeof single);
  value = (double)single;
  if (job->width == sizeof value) {
    memcpy(&value, job->data + at * (int64_t)job->width, sizeof value);
  }
  return clf__fail(
      CLF_ERROR_DATA, "the value in row %lld, column %lld is %s; every value must be %s",
      (long long)(job->x->first_row + row), (long long)column, value != value ? "NaN" : "infinite",
      value != value ? "finite: the transform impute replaces missing values"
      : job->missing ? "finite, or NaN where it is missing"
                     : "finite");
}

static clf_status search_entries(const search *job, clf__range rows) {
  const clf__rows *x = job->x;
  const int64_t first = x->row_start[rows.first], count = x->row_start[rows.end] - first;
  const int64_t at = find_bad(job, first, count);
  int64_t row = rows.first;
  while (at < count && x->row_start[row + 1] <= first + at) {
    row++;
  }
  return at < count ? fail_at(job, row, x->column[first + at], first + at) : CLF_OK;
}

/* Rows without gaps between them are searched as one. */
static clf_status search_rows(void *argument, clf__range rows) {
  const search *job = argument;
  const clf__rows *x = job->x;
  if (clf__rows_sparse(x)) {
    return search_entries(job, rows);
  }
  const int64_t step = x->stride == x->columns ? rows.end - rows.first : 1;
  for (int64_t row = rows.first; row < rows.end; row += step) {
    const int64_t at = find_bad(job, row * x->stride, step * x->columns);
    if (at < step * x->columns) {
      return fail_at(job, row + at / x->columns, at % x->columns, row * x->stride + at);
    }
  }
  return CLF_OK;
}

static clf_status check_rows(clf_context *context, const clf__rows *x, bool missing) {
  const int64_t total = clf__rows_entries(x);
  const bool sparse = clf__rows_sparse(x);
  if (total == 0 || (!sparse && x->dtype == CLF_U8)) {
    return CLF_OK;
  }
  search job = {.x = x,
                .data = sparse ? (const char *)x->value : x->data,
                .width = !sparse && x->dtype == CLF_F64 ? sizeof(double) : sizeof(float),
                .missing = missing};
  return clf__jobs_ranges(context, x->rows, 1 + TASK_NUMBERS / (1 + total / x->rows),
                          (double)total * CLF__COST_COPY, search_rows, &job);
}

clf_status clf__rows_check_finite(clf_context *context, const clf__rows *x) {
  return check_rows(context, x, false);
}

clf_status clf__rows_check_infinite(clf_context *context, const clf__rows *x) {
  return check_rows(context, x, true);
}
