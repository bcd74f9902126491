/* Sums of products of columns in f64, where that takes no time to speak of: on tables of some
 * hundred rows, columns that nearly explain each other are common, and a scatter matrix of f32
 * products would leave a solution with few right digits. */
#include "ops/gemm.h"
#include "ops/gram_parts.h"

static const int64_t most_values = 1 << 20;
static const int64_t most_products = 1 << 24; /* a millisecond */

bool clf__gram_small(const clf__gram_input *input) {
  const int64_t rows = input->x->rows, columns = input->x->columns;
  int64_t values, products;
  return !clf__gram_exact(input) && clf__mul_i64(rows, columns, &values) && values <= most_values &&
         clf__mul_i64(values, columns, &products) && products <= most_products;
}

/* out [rows, columns] = x - center, and `weighted` that times the row's weight. */
static void expand(double *out, double *weighted, const clf__gram_input *input,
                   const float *center) {
  const clf__rows *x = input->x;
  for (int64_t row = 0; row < x->rows; row++, out += x->columns, weighted += x->columns) {
    for (int64_t j = 0; j < x->columns; j++) {
      const int64_t at = row * x->stride + j;
      const double value = clf__rows_sparse(x)  ? 0
                           : x->dtype == CLF_U8 ? (double)((const uint8_t *)x->data)[at]
                                                : (double)((const float *)x->data)[at];
      out[j] = value - (double)center[j];
    }
    for (int64_t e = clf__rows_sparse(x) ? x->row_start[row] : 0;
         clf__rows_sparse(x) && e < x->row_start[row + 1]; e++) {
      out[x->column[e]] += (double)x->value[e];
    }
    for (int64_t j = 0; j < x->columns; j++) {
      weighted[j] = clf__gram_weight(input, row) * out[j];
    }
  }
}

clf_status clf__gram_add_small(double *scatter, clf_context *context, const clf__gram_input *input,
                               const float *center) {
  const int64_t rows = input->x->rows, columns = input->x->columns;
  double *x = clf__alloc_array(context, 2 * rows * columns, sizeof *x);
  if (x == NULL) {
    return CLF_ERROR_MEMORY;
  }
  double *weighted = x + rows * columns;
  expand(x, weighted, input, center);
  clf_status status = clf__gemm_f64(context, true, false, columns, columns, rows, 1, weighted,
                                    columns, x, columns, 1, scatter, columns);
  clf__free(x);
  return status;
}
