/* What the suites of kernel matrices and their sums share: rows of every storage, and the kernels'
 * definitions in double precision. */
#ifndef TESTS_UNIT_KERNEL_MATRICES_H
#define TESTS_UNIT_KERNEL_MATRICES_H

#include <math.h>

#include "ops_support.h"

#include "ops/kernelfn/kernel_matrix.h"

enum { U8, U8_OTHER, F32, SPARSE, STORAGES };

/* Rows that own their memory, and their values in f64. */
typedef struct matrix {
  clf__rows rows;
  double *exact; /* [rows, columns] */
  void *data;
  int64_t *row_start;
  int32_t *column;
  float *value;
} matrix;

/* Features that are 0 in all rows: some side by side, and where there are many a long stretch. */
static inline bool blank(int64_t column) {
  return column / 16 % 3 == 1 || (column >= 256 && column < 512);
}

/* About a third of the other values are 0; dense rows have some more in memory than they show. */
static inline matrix random_matrix(uint64_t *state, int kind, int64_t rows, int64_t columns,
                                   float shift) {
  const int64_t stride = columns + 3, count = rows * stride;
  matrix m = {.rows = {.rows = rows, .columns = columns, .dtype = CLF_F32, .scale = 1}};
  m.exact = malloc((size_t)(rows * columns) * sizeof *m.exact);
  uint8_t *bytes = random_u8(state, count);
  float *values = random_f32(state, count);
  for (int64_t i = 0; i < count; i++) {
    const bool zero = random_unit(state) < 0.33 || blank(i % stride);
    bytes[i] = zero ? 0 : bytes[i];
    values[i] = zero ? 0 : values[i] + shift;
  }
  if (kind == U8 || kind == U8_OTHER) {
    m.rows.dtype = CLF_U8;
    m.rows.scale = kind == U8 ? 1.0F / 255 : 1.0F / 100;
    m.rows.data = m.data = bytes;
    m.rows.stride = stride;
    for (int64_t i = 0; i < rows * columns; i++) {
      m.exact[i] = (double)bytes[i / columns * stride + i % columns] * (double)m.rows.scale;
    }
    free(values);
    return m;
  }
  free(bytes);
  for (int64_t i = 0; i < rows * columns; i++) {
    m.exact[i] = (double)values[i / columns * stride + i % columns];
  }
  if (kind == F32) {
    m.rows.data = m.data = values;
    m.rows.stride = stride;
    return m;
  }
  m.row_start = malloc((size_t)(rows + 1) * sizeof *m.row_start);
  m.column = malloc((size_t)count * sizeof *m.column);
  m.value = malloc((size_t)count * sizeof *m.value);
  m.row_start[0] = 0;
  for (int64_t i = 0; i < rows; i++) {
    int64_t e = m.row_start[i];
    for (int64_t j = 0; j < columns; j++) {
      if (values[i * stride + j] != 0) {
        m.column[e] = (int32_t)j;
        m.value[e++] = values[i * stride + j];
      }
    }
    m.row_start[i + 1] = e;
  }
  free(values);
  m.rows.row_start = m.row_start;
  m.rows.column = m.column;
  m.rows.value = m.value;
  return m;
}

static inline void free_matrix(matrix *m) {
  free(m->exact);
  free(m->data);
  free(m->row_start);
  free(m->column);
  free(m->value);
}

static inline double product_of(const matrix *x, int64_t i, const matrix *z, int64_t j) {
  const int64_t columns = x->rows.columns;
  double sum = 0;
  for (int64_t k = 0; k < columns; k++) {
    sum += x->exact[i * columns + k] * z->exact[j * columns + k];
  }
  return sum;
}

static inline double distance_of(const matrix *x, int64_t i, const matrix *z, int64_t j) {
  const int64_t columns = x->rows.columns;
  double sum = 0;
  for (int64_t k = 0; k < columns; k++) {
    const double apart = x->exact[i * columns + k] - z->exact[j * columns + k];
    sum += apart * apart;
  }
  return sum;
}

static inline double kernel_value(const clf__kernel_function *f, const matrix *x, int64_t i,
                                  const matrix *z, int64_t j) {
  switch (f->kind) {
  case CLF__KERNEL_POLYNOMIAL:
    return pow(f->gamma * product_of(x, i, z, j) + f->coef0, f->degree);
  case CLF__KERNEL_RBF:
    return exp(-f->gamma * distance_of(x, i, z, j));
  case CLF__KERNEL_SIGMOID:
    return tanh(f->gamma * product_of(x, i, z, j) + f->coef0);
  case CLF__KERNEL_PRECOMPUTED:
    return x->exact[i * x->rows.columns + j];
  default:
    return product_of(x, i, z, j);
  }
}

/* What sums of f32 products may be off: some units of the sum of their magnitudes. */
static inline double tolerance_of(const clf__kernel_function *f, const matrix *x, int64_t i,
                                  const matrix *z, int64_t j, double want) {
  if (f->kind == CLF__KERNEL_PRECOMPUTED) {
    return 1e-7 * fabs(want);
  }
  const double off =
      2e-6 * sqrt(product_of(x, i, x, i) * product_of(z, j, z, j)) + 1e-6 * fabs(f->coef0) + 1e-30;
  switch (f->kind) {
  case CLF__KERNEL_POLYNOMIAL: {
    const double base = fabs(f->gamma * product_of(x, i, z, j) + f->coef0);
    return f->degree * pow(base + off, f->degree - 1) * (f->gamma * off + 1e-6 * base) + 1e-30;
  }
  case CLF__KERNEL_RBF:
    return f->gamma * 2e-6 * (product_of(x, i, x, i) + product_of(z, j, z, j)) * want + 4e-7 * want;
  case CLF__KERNEL_SIGMOID:
    return f->gamma * off + 1e-6 * fabs(f->coef0) + 4e-7;
  default:
    return off;
  }
}

static inline clf__kernel_function function_of(int kind, int64_t columns) {
  return (clf__kernel_function){kind, 1 + kind + (int32_t)columns % 4,
                                (kind == CLF__KERNEL_RBF ? 3.0 : 0.7) / (double)columns, 0.25};
}

/* Some rows of x in an order of their own. */
static inline int64_t *picked(uint64_t *state, int64_t count, int64_t rows) {
  int64_t *list = malloc((size_t)count * sizeof *list + 1);
  for (int64_t i = 0; i < count; i++) {
    list[i] = (int64_t)(random_unit(state) * (double)rows);
  }
  return list;
}

#endif
