/* x W^T + b, and sums of r^T x, for rows of any storage, without a converted copy of x.
 *
 * Dense rows with few outputs use dot products along the columns, and u8 elements are widened in
 * registers. With many outputs the packed product is used, and u8 rows are widened in small blocks.
 * For sparse rows the weights are transposed and padded once, so that all weights of an entry are
 * consecutive in memory. The gradient is a product whose left factor r^T is read in place.
 *
 * 10,000 x 784 x 10 needs at least 78 M products: 0.7 ms on two Zen 4 cores at the peak of the
 * instructions.
 */
#include "ops/linalg/linear.h"

#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "comm/shards.h"
#include "ops/kernels.h"
#include "ops/linalg/product.h"
#include "ops/linalg/row.h"

enum {
  MANY_OUTPUTS = 32,
  MANY_ROWS = 64,
  WIDEN_ROWS = 32,  /* u8 rows widened at a time */
  WIDEN_DEPTH = 256 /* columns widened at a time */
};
/* Multiplications in a task; for fewer, waking threads (about 10 us) is not worthwhile. */
static const int64_t task_work = 1 << 18;

static void transpose(float *out, int64_t stride, const float *w, int64_t outputs,
                      int64_t columns) {
  for (int64_t j = 0; j < columns; j++) {
    for (int64_t o = 0; o < outputs; o++) {
      out[j * stride + o] = w[o * columns + j];
    }
  }
}

/* Packs W^T as panels of outputs, with all steps of a panel together. */
static void pack_outputs(const clf__product_kernel *kernel, float *out, const float *w,
                         int64_t outputs, int64_t columns) {
  for (int64_t o = 0; o < outputs; o += kernel->columns) {
    kernel->pack(out + o * columns, w + o * columns, 1, columns, columns,
                 clf__min_i64(kernel->columns, outputs - o));
  }
}

clf_status clf__linear_prepare(clf__linear_map *out, clf_context *context, const clf__rows *x,
                               const float *w, const float *b, int64_t outputs) {
  const clf__product_kernel *kernel = &clf__kernels_for(context)->products->f32;
  const bool sparse = clf__rows_sparse(x);
  clf__linear_map map = {context, w, b, outputs, x->columns, 0, NULL};
  const bool many = x->shards != NULL || clf__rows_entries(x) >= x->columns;
  if (sparse && outputs > 1 && many) { /* the same on all ranks */
    map.stride = clf__round_up(outputs, CLF__SPARSE_LANES);
  } else if (!sparse && outputs > MANY_OUTPUTS &&
             clf__shards_rows(x->shards, x->rows) >= MANY_ROWS) {
    map.stride = clf__round_up(outputs, kernel->columns);
  }
  if (map.stride > 0) {
    map.packed_weights =
        clf__alloc_zeroed(context, clf__count(map.stride, x->columns), sizeof(float));
    if (map.packed_weights == NULL) {
      return CLF_ERROR_MEMORY;
    }
  }
  if (map.stride > 0 && sparse) {
    transpose(map.packed_weights, map.stride, w, outputs, x->columns);
  } else if (map.stride > 0) {
    pack_outputs(kernel, map.packed_weights, w, outputs, x->columns);
  }
  *out = map;
  return CLF_OK;
}

void clf__linear_release(clf__linear_map *map) {
  clf__free(map->packed_weights);
  map->packed_weights = NULL;
}

/* Four sums, so that additions do not wait for each other. */
static float sparse_dot(const clf__rows *x, int64_t row, const float *w, float first) {
  const int64_t end = x->row_start[row + 1];
  float sums[4] = {first, 0, 0, 0};
  int64_t e = x->row_start[row];
  for (; e + 4 <= end; e += 4) {
    for (int64_t k = 0; k < 4; k++) {
      sums[k] += x->value[e + k] * w[x->column[e + k]];
    }
  }
  for (; e < end; e++) {
    sums[0] += x->value[e] * w[x->column[e]];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void sparse_block(const clf__linear_map *map, const clf__rows *block, float *out,
                         int64_t ld) {
  for (int64_t i = 0; i < block->rows; i++) {
    for (int64_t o = 0; o < map->outputs; o++) {
      out[i * ld + o] =
          sparse_dot(block, i, map->w + o * map->columns, map->b == NULL ? 0 : map->b[o]);
    }
  }
}

static void set_bias(const clf__linear_map *map, float *out, int64_t rows, int64_t ld) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t o = 0; o < map->outputs; o++) {
      out[i * ld + o] = map->b == NULL ? 0 : map->b[o];
    }
  }
}

static clf__product packed_product(const clf__linear_map *map, const clf__rows *block, float *out,
                                   int64_t ld) {
  const clf__product_kernel *kernel = &clf__kernels_for(map->context)->products->f32;
  return (clf__product){.rows = block->rows,
                        .columns = map->outputs,
                        .depth = map->columns,
                        .a = block->data,
                        .a_panel = kernel->rows * block->stride,
                        .a_row = block->stride,
                        .a_step = 1,
                        .b = map->packed_weights,
                        .b_panel = kernel->columns * map->columns,
                        .b_step = kernel->columns,
                        .alpha = (double)block->scale,
                        .beta = 1,
                        .c = out,
                        .ldc = ld};
}

static void packed_u8(const clf__linear_map *map, const clf__rows *block, float *out, int64_t ld) {
  const clf__kernels *kernels = clf__kernels_for(map->context);
  float wide[WIDEN_ROWS * WIDEN_DEPTH];
  for (int64_t row = 0; row < block->rows; row += WIDEN_ROWS) {
    clf__product product = packed_product(map, block, out + row * ld, ld);
    product.rows = clf__min_i64(WIDEN_ROWS, block->rows - row);
    product.a = wide;
    product.a_row = WIDEN_DEPTH;
    product.a_panel = kernels->products->f32.rows * WIDEN_DEPTH;
    for (int64_t column = 0; column < map->columns; column += WIDEN_DEPTH) {
      product.depth = clf__min_i64(WIDEN_DEPTH, map->columns - column);
      product.b = map->packed_weights + column * kernels->products->f32.columns;
      for (int64_t i = 0; i < product.rows; i++) {
        kernels->rows->widen_u8(wide + i * WIDEN_DEPTH,
                                (const uint8_t *)block->data + (row + i) * block->stride + column,
                                product.depth);
      }
      kernels->products->f32.multiply(&product);
    }
  }
}

static void packed_block(const clf__linear_map *map, const clf__rows *block, float *out,
                         int64_t ld) {
  set_bias(map, out, block->rows, ld);
  if (block->dtype == CLF_U8) {
    packed_u8(map, block, out, ld);
  } else {
    clf__product product = packed_product(map, block, out, ld);
    clf__kernels_for(map->context)->products->f32.multiply(&product);
  }
}

void clf__linear_block(const clf__linear_map *map, const clf__rows *block, float *out, int64_t ld) {
  const clf__kernels *kernels = clf__kernels_for(map->context);
  if (clf__rows_sparse(block)) {
    if (map->packed_weights != NULL) {
      kernels->linear->sparse(block, map->packed_weights, map->stride, map->b, map->outputs, out,
                              ld);
    } else {
      sparse_block(map, block, out, ld);
    }
  } else if (map->packed_weights != NULL) {
    packed_block(map, block, out, ld);
  } else if (block->dtype == CLF_U8) {
    kernels->linear->u8(block, map->w, map->columns, map->b, map->outputs, out, ld);
  } else {
    kernels->linear->f32(block, map->w, map->columns, map->b, map->outputs, out, ld);
  }
}

typedef struct linear_call {
  const clf__linear_map *map;
  const clf__rows *x;
  float *out;
  int64_t ld;
} linear_call;

static void linear_task(void *argument, clf__range rows) {
  const linear_call *call = argument;
  const clf__rows block = clf__rows_range(call->x, rows.first, rows.end - rows.first);
  clf__linear_block(call->map, &block, call->out + rows.first * call->ld, call->ld);
}

clf_status clf__linear(clf_context *context, const clf__rows *x, const float *w, const float *b,
                       int64_t outputs, float *out, int64_t ld) {
  clf__linear_map map;
  if (x->rows == 0 || outputs == 0) {
    return CLF_OK;
  }
  CLF__CHECK(clf__linear_prepare(&map, context, x, w, b, outputs));
  const double row_work = (double)clf__rows_entries(x) / (double)x->rows * (double)outputs + 1;
  const int64_t task_rows = clf__round_up(1 + (int64_t)((double)task_work / row_work), WIDEN_ROWS);
  linear_call call = {&map, x, out, ld};
  clf_status status =
      clf__progress_rows(context, x->first_row, x->rows, task_rows,
                         (double)x->rows * row_work * CLF__COST_COPY, linear_task, &call);
  clf__linear_release(&map);
  return status;
}

clf_status clf__linear_gradient_create(clf__linear_gradient *out, clf_context *context,
                                       const clf__rows *x, int64_t outputs) {
  const int64_t stride =
      clf__rows_sparse(x) && outputs > 1 ? clf__round_up(outputs, CLF__SPARSE_LANES) : 0;
  float *sums = clf__alloc_zeroed(context, clf__count(x->columns, stride > 0 ? stride : outputs),
                                  sizeof(float));
  if (sums == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *out = (clf__linear_gradient){context, outputs, x->columns, stride, sums};
  return CLF_OK;
}

void clf__linear_gradient_free(clf__linear_gradient *gradient) {
  clf__free(gradient->sums);
  gradient->sums = NULL;
}

static void sparse_gradient(clf__linear_gradient *gradient, const clf__rows *block, const float *r,
                            int64_t ld) {
  for (int64_t i = 0; i < block->rows; i++) {
    for (int64_t e = block->row_start[i]; e < block->row_start[i + 1]; e++) {
      gradient->sums[block->column[e]] += block->value[e] * r[i * ld];
    }
  }
}

static void dense_gradient(clf__linear_gradient *gradient, const clf__rows *block, const float *r,
                           int64_t ld) {
  const clf__kernels *kernels = clf__kernels_for(gradient->context);
  const clf__product product = {.rows = gradient->outputs,
                                .columns = gradient->columns,
                                .depth = block->rows,
                                .a = r,
                                .a_panel = kernels->products->f32.rows,
                                .a_row = 1,
                                .a_step = ld,
                                .b = block->data,
                                .b_panel = kernels->products->f32.columns,
                                .b_step = block->stride,
                                .alpha = (double)block->scale,
                                .beta = 1,
                                .c = gradient->sums,
                                .ldc = gradient->columns};
  (block->dtype == CLF_U8 ? kernels->products->multiply_u8
                          : kernels->products->f32.multiply)(&product);
}

void clf__linear_gradient_block(clf__linear_gradient *gradient, const clf__rows *block,
                                const float *r, int64_t ld) {
  if (!clf__rows_sparse(block)) {
    dense_gradient(gradient, block, r, ld);
  } else if (gradient->stride > 0) {
    clf__kernels_for(gradient->context)
        ->linear->gradient_sparse(block, r, ld, gradient->sums, gradient->stride,
                                  gradient->outputs);
  } else if (gradient->outputs > 0) {
    sparse_gradient(gradient, block, r, ld);
  }
}

void clf__linear_gradient_flush(clf__linear_gradient *gradient, double *out) {
  const int64_t outputs = gradient->outputs, columns = gradient->columns;
  const bool transposed = gradient->stride > 0;
  for (int64_t o = 0; o < outputs; o++) {
    const float *sums = transposed ? gradient->sums + o : gradient->sums + o * columns;
    const int64_t step = transposed ? gradient->stride : 1;
    for (int64_t j = 0; j < columns; j++) {
      out[o * columns + j] += (double)sums[j * step];
    }
  }
  memset(gradient->sums, 0,
         (size_t)(columns * (transposed ? gradient->stride : outputs)) * sizeof(float));
}
