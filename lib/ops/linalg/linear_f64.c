/* x W^T + b in f64 for rows of any storage. It is for results in f64, and for weights whose
 * products cancel, so that sums in f32 would have few correct digits.
 *
 * Dense rows are widened in small blocks, their center is subtracted, and they are multiplied by
 * the packed weights. Sparse rows are multiplied entry by entry. An output is the same sum in the
 * same order, whichever block its row is in. */
#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "ops/kernels.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/product.h"

enum {
  BLOCK_ROWS = 16,
  BLOCK_DEPTH = 256 /* columns that are widened at a time */
};
/* Multiplications in a task; for fewer, waking threads is not worthwhile. */
static const int64_t task_work = 1 << 17;

typedef struct linear_f64 {
  const clf__product_kernel *kernel;
  const clf__rows *x;
  const double *w; /* [outputs, columns] */
  const double *b; /* [outputs] */
  int64_t outputs;
  double *packed; /* W^T as panels of outputs, for dense rows */
  double *out;    /* [rows, outputs] */
} linear_f64;

static clf_status pack(linear_f64 *map, clf__arena *arena) {
  const int64_t width = map->kernel->columns, columns = map->x->columns;
  map->packed =
      clf__arena_matrix(arena, clf__round_up(map->outputs, width), columns, sizeof *map->packed);
  CLF__CHECK(clf__arena_status(arena));
  for (int64_t o = 0; o < map->outputs; o += width) {
    map->kernel->pack(map->packed + o * columns, map->w + o * columns, 1, columns, columns,
                      clf__min_i64(width, map->outputs - o));
  }
  return CLF_OK;
}

static void add_dense(const linear_f64 *map, const clf__rows *block, double *sums) {
  double wide[BLOCK_ROWS * BLOCK_DEPTH];
  for (int64_t column = 0; column < block->columns; column += BLOCK_DEPTH) {
    const int64_t depth = clf__min_i64(BLOCK_DEPTH, block->columns - column);
    const clf__rows part = clf__rows_columns(block, column, depth);
    for (int64_t i = 0; i < block->rows; i++) {
      clf__rows_read_f64(&part, i, wide + i * BLOCK_DEPTH);
    }
    map->kernel->multiply(&(clf__product){.rows = block->rows,
                                          .columns = map->outputs,
                                          .depth = depth,
                                          .a = wide,
                                          .a_panel = map->kernel->rows * BLOCK_DEPTH,
                                          .a_row = BLOCK_DEPTH,
                                          .a_step = 1,
                                          .b = map->packed + column * map->kernel->columns,
                                          .b_panel = map->kernel->columns * block->columns,
                                          .b_step = map->kernel->columns,
                                          .alpha = 1,
                                          .beta = 1,
                                          .c = sums,
                                          .ldc = map->outputs});
  }
}

static void add_sparse(const linear_f64 *map, const clf__rows *block, double *sums) {
  for (int64_t i = 0; i < block->rows; i++) {
    for (int64_t o = 0; o < map->outputs; o++) {
      const double *w = map->w + o * block->columns;
      for (int64_t e = block->row_start[i]; e < block->row_start[i + 1]; e++) {
        sums[i * map->outputs + o] += (double)block->value[e] * w[block->column[e]];
      }
    }
  }
}

static void linear_task(void *argument, clf__range rows) {
  const linear_f64 *map = argument;
  for (int64_t first = rows.first; first < rows.end; first += BLOCK_ROWS) {
    const int64_t some = clf__min_i64(BLOCK_ROWS, rows.end - first);
    const clf__rows block = clf__rows_range(map->x, first, some);
    double *sums = map->out + first * map->outputs;
    for (int64_t i = 0; i < block.rows * map->outputs; i++) {
      sums[i] = map->b[i % map->outputs];
    }
    if (clf__rows_sparse(&block)) {
      add_sparse(map, &block, sums);
    } else {
      add_dense(map, &block, sums);
    }
  }
}

clf_status clf__linear_f64(clf_context *context, const clf__rows *x, const double *w,
                           const double *b, int64_t outputs, double *out) {
  linear_f64 map = {.kernel = &clf__kernels_for(context)->products->f64,
                    .x = x,
                    .w = w,
                    .b = b,
                    .outputs = outputs,
                    .out = out};
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  if (x->rows == 0 || outputs == 0) {
    return CLF_OK;
  }
  if (!clf__rows_sparse(x)) {
    CLF__TRY(pack(&map, &arena));
  }
  const double row_work =
      (double)clf__rows_entries(x) / (double)x->rows * (double)outputs + (double)outputs;
  const int64_t task_rows = clf__min_i64(1 + (int64_t)((double)task_work / row_work), x->rows);
  CLF__TRY(clf__progress_rows(context, x->first_row, x->rows, clf__round_up(task_rows, BLOCK_ROWS),
                              (double)x->rows * row_work * CLF__COST_COPY, linear_task, &map));
done:
  clf__arena_free(&arena);
  return status;
}
