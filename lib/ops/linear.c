/* x W^T + b and its gradient for rows of any storage. */
#include "ops/linear.h"

#include <string.h>

#include "base/pool.h"

clf_status clf__linear_prepare(clf__linear_map *out, clf_context *context, const clf__rows *x,
                               const float *w, const float *b, int64_t outputs) {
  float *transposed = NULL;
  if (clf__rows_sparse(x)) {
    int64_t count;
    transposed = clf__mul_i64(x->columns, outputs, &count)
                     ? clf__alloc_array(context, count, sizeof(float))
                     : clf__alloc_array(context, -1, sizeof(float));
    if (transposed == NULL) {
      return CLF_ERROR_MEMORY;
    }
    for (int64_t o = 0; o < outputs; o++) {
      for (int64_t j = 0; j < x->columns; j++) {
        transposed[j * outputs + o] = w[o * x->columns + j];
      }
    }
  }
  *out = (clf__linear_map){context, w, b, outputs, x->columns, transposed};
  return CLF_OK;
}

void clf__linear_release(clf__linear_map *map) {
  clf__free(map->transposed);
  map->transposed = NULL;
}

static float dense_value(const clf__rows *x, int64_t row, int64_t column) {
  int64_t at = row * x->stride + column;
  return x->dtype == CLF_U8 ? (float)((const uint8_t *)x->data)[at] : ((const float *)x->data)[at];
}

static void sparse_row(const clf__linear_map *map, const clf__rows *x, int64_t row, float *out) {
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    const float *w = map->transposed + x->column[e] * map->outputs;
    for (int64_t o = 0; o < map->outputs; o++) {
      out[o] += x->value[e] * w[o];
    }
  }
}

void clf__linear_block(const clf__linear_map *map, const clf__rows *block, float *out, int64_t ld) {
  for (int64_t i = 0; i < block->rows; i++) {
    float *row = out + i * ld;
    for (int64_t o = 0; o < map->outputs; o++) {
      row[o] = map->b == NULL ? 0 : map->b[o];
    }
    if (clf__rows_sparse(block)) {
      sparse_row(map, block, i, row);
      continue;
    }
    for (int64_t o = 0; o < map->outputs; o++) {
      float sum = 0;
      for (int64_t j = 0; j < map->columns; j++) {
        sum += dense_value(block, i, j) * map->w[o * map->columns + j];
      }
      row[o] += sum * block->scale;
    }
  }
}

typedef struct linear_call {
  const clf__linear_map *map;
  const clf__rows *x;
  float *out;
  int64_t ld;
} linear_call;

enum { BLOCK_ROWS = 64 };

static clf__rows block_of(const clf__rows *x, int64_t first) {
  int64_t left = x->rows - first;
  clf__rows block = *x;
  block.rows = left < BLOCK_ROWS ? left : BLOCK_ROWS;
  if (clf__rows_sparse(x)) {
    block.row_start += first;
  } else if (x->dtype == CLF_U8) {
    block.data = (const uint8_t *)x->data + first * x->stride;
  } else {
    block.data = (const float *)x->data + first * x->stride;
  }
  return block;
}

static void linear_task(void *argument, int64_t index, int32_t worker) {
  const linear_call *call = argument;
  int64_t first = index * BLOCK_ROWS;
  clf__rows block = block_of(call->x, first);
  (void)worker;
  clf__linear_block(call->map, &block, call->out + first * call->ld, call->ld);
}

clf_status clf__linear(clf_context *context, const clf__rows *x, const float *w, const float *b,
                       int64_t outputs, float *out, int64_t ld) {
  clf__linear_map map;
  clf_status status = clf__linear_prepare(&map, context, x, w, b, outputs);
  if (status < 0) {
    return status;
  }
  linear_call call = {&map, x, out, ld};
  clf__parallel(context, (x->rows + BLOCK_ROWS - 1) / BLOCK_ROWS, linear_task, &call);
  clf__linear_release(&map);
  return CLF_OK;
}

clf_status clf__linear_gradient_create(clf__linear_gradient *out, clf_context *context,
                                       const clf__rows *x, int64_t outputs) {
  int64_t count;
  if (!clf__mul_i64(x->columns, outputs, &count)) {
    count = -1;
  }
  float *sums = clf__alloc_zeroed(context, count, sizeof(float));
  if (sums == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *out = (clf__linear_gradient){context, outputs, x->columns, clf__rows_sparse(x), sums};
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
      float *sums = gradient->sums + block->column[e] * gradient->outputs;
      for (int64_t o = 0; o < gradient->outputs; o++) {
        sums[o] += block->value[e] * r[i * ld + o];
      }
    }
  }
}

void clf__linear_gradient_block(clf__linear_gradient *gradient, const clf__rows *block,
                                const float *r, int64_t ld) {
  if (clf__rows_sparse(block)) {
    sparse_gradient(gradient, block, r, ld);
    return;
  }
  for (int64_t i = 0; i < block->rows; i++) {
    for (int64_t o = 0; o < gradient->outputs; o++) {
      float factor = r[i * ld + o] * block->scale;
      float *sums = gradient->sums + o * gradient->columns;
      for (int64_t j = 0; j < gradient->columns; j++) {
        sums[j] += factor * dense_value(block, i, j);
      }
    }
  }
}

void clf__linear_gradient_flush(clf__linear_gradient *gradient, double *out) {
  int64_t outputs = gradient->outputs, columns = gradient->columns;
  for (int64_t o = 0; o < outputs; o++) {
    for (int64_t j = 0; j < columns; j++) {
      int64_t at = gradient->transposed ? j * outputs + o : o * columns + j;
      out[o * columns + j] += (double)gradient->sums[at];
    }
  }
  memset(gradient->sums, 0, (size_t)(outputs * columns) * sizeof(float));
}
