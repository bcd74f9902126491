/* Conversion of any tensor to f32 or f64, whatever its type and strides, one run of the last axis
 * at a time. Threads of the context convert blocks of runs. The floor is reading the memory. */
#include <float.h>
#include <math.h>

#include "base/bf16.h"
#include "base/jobs.h"
#include "base/math.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/build.h"
#include "tensor/rows_precision.h"

typedef struct conversion {
  const clf_tensor *from;
  float *to;    /* f32, or */
  double *wide; /* f64 */
  int64_t run;  /* elements of the last axis */
} conversion;

enum { TASK_NUMBERS = 1 << 16 };

/* Returns the offset of run `index`, which counts all axes except the last. */
static int64_t run_offset(const clf_tensor *tensor, int64_t index) {
  int64_t offset = 0;
  for (int32_t i = tensor->ndim - 2; i >= 0; i--) {
    offset += index % tensor->shape[i] * tensor->strides[i];
    index /= tensor->shape[i];
  }
  return offset;
}

/* Half a unit beyond the largest float: from here on rounding gives infinity. */
static const double float_limit = 0x1.ffffffp127;

static bool is_too_large(double value) {
  return fabs(value) >= float_limit && fabs(value) <= DBL_MAX;
}

static bool convert_doubles(float *restrict to, const double *restrict from, int64_t stride,
                            int64_t count) {
  int bad = 0;
  for (int64_t i = 0; i < count; i++) {
    double value = from[i * stride];
    bad |= is_too_large(value);
    to[i] = (float)value;
  }
  return bad == 0;
}

/* Converts one run; returns false if a value is too large. */
static bool convert_run(float *restrict to, const clf_tensor *from, int64_t offset, int64_t count) {
  int64_t stride = from->ndim > 0 ? from->strides[from->ndim - 1] : 1;
  switch (from->dtype) {
  case CLF_F64:
    return convert_doubles(to, (const double *)from->data + offset, stride, count);
  case CLF_F32:
    for (int64_t i = 0; i < count; i++) {
      to[i] = ((const float *)from->data)[offset + i * stride];
    }
    return true;
  case CLF_U8:
    for (int64_t i = 0; i < count; i++) {
      to[i] = (float)(((const uint8_t *)from->data)[offset + i * stride] * from->scale);
    }
    return true;
  case CLF_BF16:
    for (int64_t i = 0; i < count; i++) {
      to[i] = clf__bf16_value(((const uint16_t *)from->data)[offset + i * stride]);
    }
    return true;
  case CLF_I8:
    for (int64_t i = 0; i < count; i++) {
      to[i] = ((const int8_t *)from->data)[offset + i * stride];
    }
    return true;
  case CLF_I32:
    for (int64_t i = 0; i < count; i++) {
      to[i] = (float)((const int32_t *)from->data)[offset + i * stride];
    }
    return true;
  default:
    for (int64_t i = 0; i < count; i++) {
      to[i] = (float)((const int64_t *)from->data)[offset + i * stride];
    }
    return true;
  }
}

/* Converts one run of f64, i32 or i64. */
static void widen_run(double *restrict to, const clf_tensor *from, int64_t offset, int64_t count) {
  const int64_t stride = from->strides[from->ndim - 1];
  for (int64_t i = 0; i < count; i++) {
    const int64_t at = offset + i * stride;
    to[i] = from->dtype == CLF_F64   ? ((const double *)from->data)[at]
            : from->dtype == CLF_I32 ? (double)((const int32_t *)from->data)[at]
                                     : (double)((const int64_t *)from->data)[at];
  }
}

static clf_status fail_too_large(const clf_tensor *tensor, int64_t place) {
  double value = clf__tensor_value(tensor, place);
  if (tensor->ndim < 2) {
    return clf__fail(CLF_ERROR_DATA, "element %lld is %s, too large for f32", (long long)place,
                     clf__number_text(value));
  }
  int64_t columns = clf_tensor_count(tensor) / tensor->shape[0];
  return clf__fail(CLF_ERROR_DATA, "the value in row %lld, column %lld is %s, too large for f32",
                   (long long)(place / columns), (long long)(place % columns),
                   clf__number_text(value));
}

static clf_status convert_runs(void *argument, clf__range runs) {
  const conversion *job = argument;
  for (int64_t i = runs.first; i < runs.end; i++) {
    const int64_t offset = run_offset(job->from, i);
    int64_t place = i * job->run;
    if (job->wide != NULL) {
      widen_run(job->wide + place, job->from, offset, job->run);
    } else if (!convert_run(job->to + place, job->from, offset, job->run)) {
      while (!is_too_large(clf__tensor_value(job->from, place))) {
        place++;
      }
      return fail_too_large(job->from, place);
    }
  }
  return CLF_OK;
}

static clf_status convert(clf_tensor **out, clf_context *context, const clf_tensor *tensor,
                          int32_t dtype) {
  clf_tensor *copy = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__tensor_create_uninitialized(&copy, context, dtype, tensor->ndim, tensor->shape));
  int64_t count = clf_tensor_count(tensor);
  conversion job = {.from = tensor,
                    .to = copy->data,
                    .wide = dtype == CLF_F64 ? copy->data : NULL,
                    .run = tensor->ndim > 0 ? tensor->shape[tensor->ndim - 1] : 1};
  if (count > 0) {
    clf__call call;
    clf__call_begin(&call, context, "convert", count / job.run);
    status = clf__jobs_rows(context, 0, count / job.run, clf__max_i64(TASK_NUMBERS / job.run, 1),
                            (double)count * CLF__COST_ELEMENT, convert_runs, &job);
    status = clf__call_end(&call, status);
  }
  if (status < 0) {
    clf_tensor_free(copy);
    return status;
  }
  *out = copy;
  return CLF_OK;
}

clf_status clf__to_f32(clf_tensor **out, clf_context *context, const clf_tensor *tensor) {
  return convert(out, context, tensor, CLF_F32);
}

clf_status clf__round_to_f32(clf_tensor **out, clf_context *context, const clf_tensor *tensor) {
  const int64_t count = tensor->dtype == CLF_F64 ? clf_tensor_count(tensor) : 0;
  double largest = 0;
  for (int64_t i = 0; i < count && largest < (double)FLT_MIN; i++) {
    largest = fmax(largest, fabs(clf__tensor_value(tensor, i)));
  }
  return largest > 0 && largest < (double)FLT_MIN
             ? clf__fail(CLF_ERROR_DATA,
                         "the largest value is %s, too small for f32: scale them up",
                         clf__number_text(largest))
             : clf__to_f32(out, context, tensor);
}

/* Returns whether all integers have an exact representation in floats of so many bits. */
static bool holds_integers(const clf_tensor *tensor, int32_t bits) {
  const int64_t count = clf_tensor_count(tensor), run = tensor->shape[tensor->ndim - 1];
  const int64_t stride = tensor->strides[tensor->ndim - 1];
  for (int64_t i = 0; i < count / run; i++) {
    const int64_t offset = run_offset(tensor, i);
    for (int64_t j = 0; j < run; j++) {
      const int64_t at = offset + j * stride;
      const int64_t value = tensor->dtype == CLF_I32 ? ((const int32_t *)tensor->data)[at]
                                                     : ((const int64_t *)tensor->data)[at];
      const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
      if (size >> bits != 0 && size / (size & (0 - size)) >> bits != 0) {
        return false;
      }
    }
  }
  return true;
}

clf_status clf__to_float(clf_tensor **out, clf_context *context, const clf_tensor *tensor) {
  const bool integers = tensor->dtype == CLF_I32 || tensor->dtype == CLF_I64;
  if (tensor->dtype != CLF_F64 && (!integers || holds_integers(tensor, FLT_MANT_DIG))) {
    return clf__to_f32(out, context, tensor);
  }
  if (tensor->dtype == CLF_I64 && !holds_integers(tensor, DBL_MANT_DIG)) {
    clf__log(context, CLF_LOG_WARNING, CLF__ROUNDED_INTEGERS);
  }
  return convert(out, context, tensor, CLF_F64);
}

/* Returns whether f32 represents a column exactly. For f64 this is tested; f32 values may have been
 * rounded, unless all are integers. */
static bool is_exact(const clf__rows *x) {
  for (int64_t i = 0; i < x->rows; i++) {
    const int64_t at = i * x->stride;
    const double value =
        x->dtype == CLF_F64 ? ((const double *)x->data)[at] : (double)((const float *)x->data)[at];
    const double other = x->dtype == CLF_F64 ? (double)(float)value : trunc(value);
    if (other != value && !isnan(value)) {
      return false;
    }
  }
  return true;
}

clf_status clf__rounded_far(int64_t *column, clf_context *context, const clf__rows *x) {
  CLF__CHECK(clf__rows_far(column, context, x, NULL));
  int64_t j = *column;
  *column = -1;
  for (; j >= 0 && j < x->columns && *column < 0; j++) {
    const clf__rows one = clf__rows_columns(x, j, 1);
    int64_t far;
    CLF__CHECK(clf__rows_far(&far, context, &one, NULL));
    *column = far >= 0 && !is_exact(&one) ? j : -1;
  }
  return CLF_OK;
}

/* Reports the first such value. */
static int64_t column_too_large(const clf__rows *x) {
  for (int64_t i = 0; i < x->rows && clf__progress_check() == CLF_OK; i++) {
    const double *row = (const double *)x->data + i * x->stride;
    for (int64_t j = 0; j < x->columns; j++) {
      if (is_too_large(row[j])) {
        return j;
      }
    }
  }
  return -1;
}

static clf_status needs_f64(int64_t *column, clf_context *context, const clf__rows *x) {
  clf__merged merged;
  clf_status status;
  CLF__TRY(clf__rounded_far(column, context, x));
  if (*column < 0) {
    CLF__TRY(clf__rows_merged(&merged, context, x, 1, 1));
    *column = merged.column >= 0 ? merged.column : column_too_large(x);
    status = clf__progress_check();
  }
done:
  return status;
}

clf_status clf__needs_f64(int64_t *column, clf_context *context, const char *stage,
                          const clf__rows *x) {
  clf__call call;
  clf__call_begin(&call, context, stage, x->rows);
  return clf__call_end(&call, needs_f64(column, context, x));
}
