/* Views of rows, and reading one row as f32 or f64. */
#include "tensor/rows.h"

#include <string.h>

#include "base/pool.h"
#include "base/progress.h"

enum { ASKED = 1024 }; /* rows between two checks for cancellation */

static int64_t element_bytes(const clf__rows *x) {
  return x->dtype == CLF_U8 ? 1 : x->dtype == CLF_F64 ? 8 : 4;
}

clf__rows clf__rows_range(const clf__rows *x, int64_t first, int64_t count) {
  clf__rows range = *x;
  range.rows = count;
  range.first_row += first;
  range.shards = NULL;
  if (clf__rows_sparse(x)) {
    range.row_start += first;
  } else if (x->data != NULL) { /* rows without elements may have no memory */
    range.data = (const char *)x->data + first * x->stride * element_bytes(x);
  }
  return range;
}

clf__rows clf__rows_columns(const clf__rows *x, int64_t first, int64_t count) {
  clf__rows stripe = *x;
  stripe.columns = count;
  stripe.data = (const char *)x->data + first * element_bytes(x);
  stripe.center = x->center != NULL ? x->center + first : NULL;
  return stripe;
}

clf__rows clf__rows_of_f32(const float *data, int64_t rows, int64_t columns, int64_t stride) {
  return (clf__rows){.rows = rows,
                     .columns = columns,
                     .dtype = CLF_F32,
                     .scale = 1,
                     .data = data,
                     .stride = stride};
}

static void round_f64(float *restrict out, const double *restrict values,
                      const double *restrict center, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = (float)(center != NULL ? values[i] - center[i] : values[i]);
  }
}

const float *clf__rows_values(const clf__rows *x, int64_t row, float *buffer) {
  if (x->dtype == CLF_F32) {
    return (const float *)x->data + row * x->stride;
  }
  if (x->dtype == CLF_F64) {
    round_f64(buffer, (const double *)x->data + row * x->stride, x->center, x->columns);
    return buffer;
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

static void read_f64(double *restrict out, const double *restrict values,
                     const double *restrict center, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = center != NULL ? values[i] - center[i] : values[i];
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
    read_f64(out, (const double *)x->data + row * x->stride, x->center, x->columns);
  } else {
    read_f32(out, (const float *)x->data + row * x->stride, x->columns);
  }
}

int64_t clf__rows_entries(const clf__rows *x) {
  return clf__rows_sparse(x) ? x->row_start[x->rows] - x->row_start[0] : x->rows * x->columns;
}

/* The bits of floats without their signs have the same order as the magnitudes, and integer
 * comparisons can be vectorized. */
clf_status clf__rows_largest(float *out, clf_context *context, const clf__rows *x) {
  float *buffer = clf__alloc_array(context, x->columns, sizeof *buffer);
  int32_t largest = 0;
  if (buffer == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < x->rows && (i % ASKED != 0 || clf__progress_check() == CLF_OK); i++) {
    const bool sparse = clf__rows_sparse(x);
    const float *values = sparse ? x->value + x->row_start[i] : clf__rows_values(x, i, buffer);
    const int64_t count = sparse ? x->row_start[i + 1] - x->row_start[i] : x->columns;
    for (int64_t j = 0; j < count; j++) {
      int32_t bits;
      memcpy(&bits, &values[j], sizeof bits);
      bits &= INT32_MAX;
      largest = bits > largest ? bits : largest;
    }
  }
  memcpy(out, &largest, sizeof largest);
  clf__free(buffer);
  return clf__progress_check();
}
