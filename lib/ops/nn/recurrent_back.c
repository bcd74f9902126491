/* Backpropagation through time. Each step needs two products, for the gradients with respect to `a`
 * and to the weights; so the floor is twice the multiply-adds of the forward pass. The gradients
 * with respect to the weights are summed in a fixed number of shards of blocks, which are added in
 * order. */
#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "ops/linalg/product.h"
#include "ops/nn/recurrent.h"
#include "ops/nn/recurrent_run.h"

enum { SHARDS = 16 };

/* dw += a^T dz for some rows. */
static void add_weight_gradients(const clf__recurrent_run *r, const float *a, const float *dz,
                                 int64_t rows, float *dw) {
  const clf__product_kernel *kernel = &r->kernels->products->f32;
  const clf__product product = {.rows = r->width,
                                .columns = r->columns,
                                .depth = rows,
                                .a = a,
                                .a_panel = kernel->rows,
                                .a_row = 1,
                                .a_step = r->width,
                                .b = dz,
                                .b_panel = kernel->columns,
                                .b_step = r->columns,
                                .alpha = 1,
                                .beta = 1,
                                .c = dw,
                                .ldc = r->columns};
  kernel->multiply(&product);
}

static void add_outer_gradients(const clf__recurrent_block *b, int64_t rows, int64_t step) {
  const clf__recurrent_run *r = b->run;
  const int64_t units = r->cell->units;
  for (int64_t i = 0; i < rows; i++) {
    const int64_t place = clf__recurrent_place(b, i, step);
    for (int64_t j = 0; place >= 0 && j < units; j++) {
      b->dh[i * units + j] += r->pass->dy[place + j];
    }
  }
}

/* Distributes da: the part of x to dx, and the part of h to dh unless the gradient is truncated
 * here. */
static void share_gradients(const clf__recurrent_block *b, int64_t rows, int64_t step) {
  const clf__recurrent_run *r = b->run;
  const int64_t inputs = r->cell->inputs, units = r->cell->units;
  clf__recurrent_drop(b, rows, b->da);
  for (int64_t i = 0; i < rows; i++) {
    const float *da = b->da + i * r->width;
    const int64_t place = b->order[i] * r->pass->steps + clf__recurrent_time(b, i, step);
    for (int64_t j = 0; r->pass->dx != NULL && j < inputs; j++) {
      r->pass->dx[place * inputs + j] += da[j];
    }
    for (int64_t j = 0; j < units; j++) {
      b->dh[i * units + j] += da[inputs + j];
    }
  }
  if (r->cell->truncate > 0 && step > 0 && step % r->cell->truncate == 0) {
    memset(b->dh, 0, (size_t)(b->rows * units) * sizeof *b->dh);
    memset(b->dc, 0, (size_t)(b->rows * units) * sizeof *b->dc);
  }
}

/* Returns the rows that have this step. */
static int64_t rows_at(const clf__recurrent_block *b, int64_t step, int64_t rows) {
  while (rows < b->rows && b->length[rows] > step) {
    rows++;
  }
  return rows;
}

/* What is left after the first step is the gradient with respect to the initial state; 0 for a row
 * without steps.
 */
static void add_first_gradients(const clf__recurrent_block *b, float *first) {
  const int64_t units = b->run->cell->units;
  for (int64_t i = 0; i < b->rows; i++) {
    for (int64_t j = 0; j < units; j++) {
      first[j] += b->dh[i * units + j];
    }
    for (int64_t j = 0; b->run->cell->cell == CLF__CELL_LSTM && j < units; j++) {
      first[units + j] += b->dc[i * units + j];
    }
  }
}

static void backward_block(const clf__recurrent_run *r, int64_t index, int32_t worker, float *dw) {
  const clf__recurrent_block b = clf__recurrent_block_of(r, index, worker);
  const int64_t units = r->cell->units;
  int64_t place = 0; /* index of a step's first row in the kept values */
  for (int64_t i = 0; i < b.rows; i++) {
    place += b.length[i];
  }
  memset(b.dh, 0, (size_t)(b.rows * units) * sizeof *b.dh);
  memset(b.dc, 0, (size_t)(b.rows * units) * sizeof *b.dc);
  int64_t rows = 0;
  for (int64_t step = b.length[0] - 1; step >= 0 && clf__progress_check() == CLF_OK; step--) {
    rows = rows_at(&b, step, rows);
    place -= rows;
    const int64_t before = place - rows_at(&b, step - 1, rows);
    const clf__cell_step s = {.cell = r->cell->cell,
                              .rows = rows,
                              .units = units,
                              .gates = b.gates + place * r->columns,
                              .h_before = step > 0 ? b.h + before * units : b.first_h,
                              .c_before = step > 0 ? b.c + before * units : b.first_c,
                              .h = b.h + place * units,
                              .c = b.c + place * units,
                              .dh = b.dh,
                              .dc = b.dc};
    add_outer_gradients(&b, rows, step);
    r->kernels->recurrent->backward(&s);
    clf__recurrent_fill(&b, rows, step, s.h_before);
    add_weight_gradients(r, b.a, s.gates, rows, dw);
    clf__panels_multiply(&r->transposed, rows, s.gates, r->columns, b.da, r->width);
    share_gradients(&b, rows, step);
  }
  if (r->pass->weights.first != NULL) {
    add_first_gradients(&b, dw + r->width * r->columns);
  }
}

static void backward_shard(void *argument, clf__range blocks) {
  const clf__recurrent_run *r = argument;
  for (int64_t i = blocks.first; i < blocks.end; i++) {
    backward_block(r, i, blocks.worker, r->dw + blocks.index * r->shard_size);
  }
}

static void sum_shards(const clf__recurrent_run *r) {
  const int64_t count = r->shard_size;
  for (int64_t shard = 1; shard < r->shards; shard++) {
    for (int64_t i = 0; i < count; i++) {
      r->dw[i] += r->dw[shard * count + i];
    }
  }
}

clf_status clf__recurrent_backward(clf_context *context, const clf__recurrent *cell,
                                   const clf__recurrent_pass *pass) {
  clf__recurrent_run r;
  clf_status status = clf__recurrent_begin(&r, context, cell, pass, true);
  r.shards = clf__min_i64(SHARDS, r.blocks);
  if (status == CLF_OK) {
    const int64_t first = pass->weights.first != NULL ? clf__recurrent_state(cell) : 0;
    r.shard_size = r.width * r.columns + first; /* the size of the stacked weights, which exist */
    r.dw = clf__arena_zeroed(&r.arena, clf__count(r.shards, r.shard_size), sizeof *r.dw);
    status = clf__arena_status(&r.arena);
  }
  if (status == CLF_OK) {
    status = clf__progress_ranges(context, r.blocks, clf__ceil_div(r.blocks, r.shards),
                                  3 * clf__recurrent_work(&r), backward_shard, &r);
    sum_shards(&r);
    clf__recurrent_unstack(&r, r.dw, &pass->gradients);
    if (pass->weights.first != NULL) {
      memcpy(pass->gradients.first, r.dw + r.width * r.columns,
             (size_t)clf__recurrent_state(cell) * sizeof *r.dw);
    }
  }
  clf__recurrent_end(&r);
  return status;
}
