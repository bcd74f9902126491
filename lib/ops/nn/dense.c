/* The packed W has slightly longer rows than W. Otherwise elements of a column could be multiples
 * of a page apart, and would share few sets of the caches.
 *
 * A product of a few rows is bound by reading W, from L3 at about 30 GB/s for each core. So zeros
 * of x, which are frequent after relu, are skipped together with their rows of W. More rows are
 * multiplied in tiles. Both methods add the products of a sum in the order of the inputs, so their
 * bits are the same. */
#include "ops/nn/dense.h"

#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "ops/kernels.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/product.h"

enum {
  FEW_ROWS = 2, /* up to so many rows, skipping zeros is worthwhile */
  ALIASED = 8   /* a stride of a multiple of so many cache lines is bad */
};

static int64_t stride_of(clf__dense dense) {
  const int64_t lines = clf__ceil_div(dense.units, CLF__SPARSE_LANES);
  return dense.units < CLF__SPARSE_LANES ? dense.units
                                         : (lines + (lines % ALIASED == 0)) * CLF__SPARSE_LANES;
}

int64_t clf__dense_packed_size(clf__dense dense) {
  int64_t size; /* includes space behind the last row, where the last vector read may end */
  return clf__mul_i64(dense.inputs, stride_of(dense), &size) && size < INT64_MAX - CLF__SPARSE_LANES
             ? size + CLF__SPARSE_LANES
             : -1;
}

void clf__dense_pack(clf__dense dense, const float *w, float *packed) {
  const int64_t stride = stride_of(dense);
  memset(packed, 0, (size_t)clf__dense_packed_size(dense) * sizeof *packed);
  for (int64_t i = 0; i < dense.inputs; i++) {
    memcpy(packed + i * stride, w + i * dense.units, (size_t)dense.units * sizeof *packed);
  }
}

int64_t clf__dense_scratch_size(clf__dense dense) {
  return clf__count(dense.inputs, 2);
}

/* Multiplies one row; reads only the rows of W whose x is not 0. */
static void multiply_row(const clf__kernels *kernels, clf__dense dense, const float *x,
                         const float *packed, float *y, float *scratch) {
  float *value = scratch;
  int32_t *column = (int32_t *)(void *)(scratch + dense.inputs);
  int64_t row_start[2] = {0, 0};
  for (int64_t i = 0; i < dense.inputs; i++) {
    value[row_start[1]] = x[i];
    column[row_start[1]] = (int32_t)i;
    row_start[1] += x[i] != 0;
  }
  const clf__rows row = {.rows = 1,
                         .columns = dense.inputs,
                         .dtype = CLF_F32,
                         .scale = 1,
                         .row_start = row_start,
                         .column = column,
                         .value = value};
  kernels->linear->sparse(&row, packed, stride_of(dense), NULL, dense.units, y, dense.units);
}

void clf__dense_multiply(clf_context *context, clf__dense dense, int64_t rows, const float *x,
                         const float *packed, float *y, float *scratch) {
  const clf__kernels *kernels = clf__kernels_for(context);
  const clf__product_kernel *kernel = &kernels->products->f32;
  if (rows <= FEW_ROWS && dense.inputs <= INT32_MAX) {
    for (int64_t row = 0; row < rows; row++) {
      multiply_row(kernels, dense, x + row * dense.inputs, packed, y + row * dense.units, scratch);
    }
    return;
  }
  kernel->multiply(&(clf__product){.rows = rows,
                                   .columns = dense.units,
                                   .depth = dense.inputs,
                                   .a = x,
                                   .a_panel = kernel->rows * dense.inputs,
                                   .a_row = dense.inputs,
                                   .a_step = 1,
                                   .b = packed,
                                   .b_panel = kernel->columns,
                                   .b_step = stride_of(dense),
                                   .alpha = 1,
                                   .beta = 0,
                                   .c = y,
                                   .ldc = dense.units});
}
