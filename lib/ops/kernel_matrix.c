/* Kernel matrices, straight from their definition with sums in f64. */
#include "ops/kernel_matrix.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/pool.h"
#include "base/status.h"

struct clf__kernel_columns {
  clf_context *context;
  clf__kernel_function function;
  clf__rows z;
  int64_t *rows;
  int64_t count;
};

static double value_at(const clf__rows *x, int64_t row, int64_t column) {
  const int64_t at = row * x->stride + column;
  return x->dtype == CLF_U8 ? (double)((const uint8_t *)x->data)[at] * (double)x->scale
                            : (double)((const float *)x->data)[at];
}

static double dot(const clf__rows *x, int64_t i, const clf__rows *z, int64_t j) {
  double sum = 0;
  if (clf__rows_sparse(x)) {
    int64_t a = x->row_start[i], b = z->row_start[j];
    while (a < x->row_start[i + 1] && b < z->row_start[j + 1]) {
      if (x->column[a] == z->column[b]) {
        sum += (double)x->value[a] * (double)z->value[b];
      }
      const int32_t left = x->column[a], right = z->column[b];
      a += left <= right;
      b += right <= left;
    }
    return sum;
  }
  for (int64_t k = 0; k < x->columns; k++) {
    sum += value_at(x, i, k) * value_at(z, j, k);
  }
  return sum;
}

static double power(double base, int32_t exponent) {
  double product = 1;
  for (; exponent > 0; exponent--) {
    product *= base;
  }
  return product;
}

static double kernel_value(const clf__kernel_function *f, const clf__rows *x, int64_t i,
                           const clf__rows *z, int64_t j) {
  switch (f->kind) {
  case CLF__KERNEL_POLYNOMIAL:
    return power(f->gamma * dot(x, i, z, j) + f->coef0, f->degree);
  case CLF__KERNEL_RBF:
    return exp(-f->gamma * fmax(0, dot(x, i, x, i) + dot(z, j, z, j) - 2 * dot(x, i, z, j)));
  case CLF__KERNEL_SIGMOID:
    return tanh(f->gamma * dot(x, i, z, j) + f->coef0);
  case CLF__KERNEL_PRECOMPUTED:
    return value_at(x, i, j);
  default:
    return dot(x, i, z, j);
  }
}

clf_status clf__kernel_columns_create(clf__kernel_columns **out, clf_context *context,
                                      const clf__kernel_function *function, const clf__rows *z,
                                      const int64_t *rows, int64_t count, const clf__rows *partner,
                                      const float *center) {
  (void)partner;
  (void)center;
  clf__kernel_columns *made = clf__alloc_zeroed(context, 1, sizeof *made);
  int64_t *kept = clf__alloc_array(context, count, sizeof *kept);
  if (made == NULL || kept == NULL) {
    clf__free(made);
    clf__free(kept);
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < count; j++) {
    kept[j] = rows == NULL ? j : rows[j];
  }
  *made = (clf__kernel_columns){
      .context = context, .function = *function, .rows = kept, .count = count};
  if (z != NULL) {
    made->z = *z;
  }
  *out = made;
  return CLF_OK;
}

void clf__kernel_columns_free(clf__kernel_columns *columns) {
  if (columns != NULL) {
    clf__free(columns->rows);
    clf__free(columns);
  }
}

int64_t clf__kernel_columns_count(const clf__kernel_columns *columns) {
  return columns->count;
}

clf_status clf__kernel_block(const clf__kernel_columns *z, int64_t first, int64_t n,
                             const clf__rows *x, const int64_t *rows, int64_t count, float *out,
                             int64_t ld) {
  for (int64_t i = 0; i < count; i++) {
    for (int64_t j = 0; j < n; j++) {
      out[i * ld + j] = (float)kernel_value(&z->function, x, rows == NULL ? i : rows[i], &z->z,
                                            z->rows[first + j]);
    }
  }
  return CLF_OK;
}

clf_status clf__kernel_diagonal(clf_context *context, const clf__kernel_function *function,
                                const clf__rows *x, const int64_t *rows, int64_t count,
                                double *out) {
  (void)context;
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = rows == NULL ? i : rows[i];
    out[i] = kernel_value(function, x, row, x, row);
  }
  return CLF_OK;
}

clf_status clf__kernel_sums(clf_context *context, const clf__kernel_expansion *e,
                            const clf__rows *x, float *out) {
  (void)context;
  for (int64_t i = 0; i < x->rows; i++) {
    for (int64_t s = 0; s < e->segments; s++) {
      for (int64_t o = 0; o < e->outputs; o++) {
        double sum = 0;
        for (int64_t j = e->start[s]; j < e->start[s + 1]; j++) {
          const int64_t column = e->support == NULL ? j : e->support[j];
          sum += (double)e->c[o * e->start[e->segments] + j] *
                 kernel_value(&e->function, x, i, e->z, column);
        }
        out[(i * e->segments + s) * e->outputs + o] = (float)sum;
      }
    }
  }
  return CLF_OK;
}
