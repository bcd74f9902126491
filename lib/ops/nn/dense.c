/* The packed W is W with rows a little longer, so that elements one below the other do not lie at
 * multiples of a page, where they would share few sets of the caches.
 *
 * A few rows are bound by reading W, from L3 at some 30 GB/s a core: there the zeros of x, which
 * rectified layers give in plenty, are left out with their rows of W. More rows meet W in tiles. In
 * both ways a sum's products are added in the order of the inputs, so they agree to the bit. */
#include "ops/nn/dense.h"

#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "ops/kernels.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/product.h"

enum {
  FEW_ROWS = 2, /* for which leaving out zeros is worth it */
  ALIASED = 8   /* lines of the cache whose multiples make a bad stride */
};

static int64_t stride_of(clf__dense dense) {
  const int64_t lines = (dense.units - 1) / CLF__SPARSE_LANES + 1;
  return dense.units < CLF__SPARSE_LANES ? dense.units
                                         : (lines + (lines % ALIASED == 0)) * CLF__SPARSE_LANES;
}

int64_t clf__dense_packed_size(clf__dense dense) {
  int64_t size; /* the last vector read may end beyond the last row */
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
  int64_t size;
  return clf__mul_i64(dense.inputs, 2, &size) ? size : -1;
}

/* One row, of which only what is not 0 is read. */
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
