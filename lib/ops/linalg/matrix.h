/* Matrices that are borrowed as operands of products. */
#ifndef CLF_OPS_LINALG_MATRIX_H
#define CLF_OPS_LINALG_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

/* Element (i, j) of [rows, columns] is data[i * stride + j], or data[j * stride + i] if `data` has
 * the transpose. */
typedef struct clf__f32_view {
  const float *data;
  int64_t rows, columns, stride;
  bool transposed;
} clf__f32_view;

typedef struct clf__f64_view {
  const double *data;
  int64_t rows, columns, stride;
  bool transposed;
} clf__f64_view;

static inline clf__f32_view clf__f32_matrix(const float *data, int64_t rows, int64_t columns,
                                            int64_t stride) {
  return (clf__f32_view){data, rows, columns, stride, false};
}

static inline clf__f32_view clf__f32_transposed(const float *data, int64_t rows, int64_t columns,
                                                int64_t stride) {
  return (clf__f32_view){data, rows, columns, stride, true};
}

static inline clf__f64_view clf__f64_matrix(const double *data, int64_t rows, int64_t columns,
                                            int64_t stride) {
  return (clf__f64_view){data, rows, columns, stride, false};
}

static inline clf__f64_view clf__f64_transposed(const double *data, int64_t rows, int64_t columns,
                                                int64_t stride) {
  return (clf__f64_view){data, rows, columns, stride, true};
}

/* Returns columns first … first + count - 1. */
static inline clf__f64_view clf__f64_columns(clf__f64_view x, int64_t first, int64_t count) {
  x.data += first * (x.transposed ? x.stride : 1);
  x.columns = count;
  return x;
}

#endif
