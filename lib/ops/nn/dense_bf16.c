/* y = x W in bf16. W is packed as lines of elements, with the stride of dense.c's for the same
 * reason; x is rounded in parts of some rows. A product of few rows skips elements of x that are 0.
 * Both methods add the products of a sum in the same order. */
#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "ops/kernels.h"
#include "ops/linalg/product.h"
#include "ops/nn/dense.h"

enum {
  FEW_ROWS = 2,
  LINE = 16,              /* elements of a cache line */
  ALIASED = 8,            /* as in dense.c */
  MAX_ROWS = 64,          /* that are rounded at a time */
  MAX_ELEMENTS = 1 << 18, /* unless so few rows have more */
  MIN_ROWS = 8
};

static const clf__product_kernel *kernel_of(clf_context *context) {
  return &clf__reduced_kernels_for(context)->bf16->product;
}

static int64_t stride_of(clf__dense dense) {
  const int64_t lines = clf__ceil_div(dense.units, LINE);
  return dense.units < LINE ? dense.units : (lines + (lines % ALIASED == 0)) * LINE;
}

int64_t clf__dense_bf16_packed_size(clf_context *context, clf__dense dense) {
  return clf__count(clf__packed_depth(kernel_of(context), dense.inputs), stride_of(dense));
}

void clf__dense_bf16_pack(clf_context *context, clf__dense dense, const float *w, float *packed) {
  memset(packed, 0, (size_t)clf__dense_bf16_packed_size(context, dense) * sizeof *packed);
  clf__reduced_kernels_for(context)->bf16->pack_lines((uint32_t *)(void *)packed, stride_of(dense),
                                                      w, dense.units, dense.inputs, dense.units);
}

static int64_t rows_at_once(int64_t depth) {
  const int64_t rows = MAX_ELEMENTS / depth;
  return clf__max_i64(MIN_ROWS, clf__min_i64(MAX_ROWS, rows - rows % MIN_ROWS));
}

/* A few rows need the elements that are not 0 and their places as well. */
int64_t clf__dense_bf16_scratch_size(clf_context *context, clf__dense dense) {
  const int64_t depth = clf__packed_depth(kernel_of(context), dense.inputs);
  return clf__count(rows_at_once(depth), depth);
}

static void multiply_row(const clf__bf16_kernels *kernels, clf__dense dense, const float *x,
                         const uint32_t *packed, float *y, uint32_t *scratch) {
  const int64_t depth = clf__packed_depth(&kernels->product, dense.inputs);
  uint32_t *value = scratch + depth;
  int32_t *place = (int32_t *)(void *)(value + depth);
  int64_t count = 0;
  kernels->product.pack_rows(scratch, x, dense.inputs, 1, dense.inputs, 1);
  for (int64_t i = 0; i < depth; i++) {
    value[count] = scratch[i];
    place[count] = (int32_t)i;
    count += (scratch[i] & 0x7fff7fff) != 0;
  }
  kernels->combine(value, place, count, packed, stride_of(dense), dense.units, y);
}

static void multiply_rows(const clf__bf16_kernels *kernels, clf__dense dense, int64_t rows,
                          const float *x, const uint32_t *packed, float *y, uint32_t *scratch) {
  const clf__product_kernel *kernel = &kernels->product;
  const int64_t depth = clf__packed_depth(kernel, dense.inputs);
  kernel->pack_rows(scratch, x, dense.inputs, 1, dense.inputs, rows);
  kernel->multiply(&(clf__product){.rows = rows,
                                   .columns = dense.units,
                                   .depth = depth,
                                   .a = scratch,
                                   .a_panel = kernel->rows * depth,
                                   .a_row = depth,
                                   .a_step = 1,
                                   .b = packed,
                                   .b_panel = kernel->columns,
                                   .b_step = stride_of(dense),
                                   .alpha = 1,
                                   .beta = 0,
                                   .c = y,
                                   .ldc = dense.units});
}

void clf__dense_bf16_multiply(clf_context *context, clf__dense dense, int64_t rows, const float *x,
                              const float *packed, float *y, float *scratch) {
  const clf__bf16_kernels *kernels = clf__reduced_kernels_for(context)->bf16;
  const int64_t depth = clf__packed_depth(&kernels->product, dense.inputs);
  const uint32_t *lines = (const uint32_t *)(const void *)packed;
  uint32_t *elements = (uint32_t *)(void *)scratch;
  const bool few = rows <= FEW_ROWS && dense.inputs <= INT32_MAX;
  const int64_t part = few ? 1 : rows_at_once(depth);
  for (int64_t row = 0; row < rows; row += part) {
    const float *from = x + row * dense.inputs;
    float *to = y + row * dense.units;
    if (few) {
      multiply_row(kernels, dense, from, lines, to, elements);
    } else {
      multiply_rows(kernels, dense, clf__min_i64(part, rows - row), from, lines, to, elements);
    }
  }
}
