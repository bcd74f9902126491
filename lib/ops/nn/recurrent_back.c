/* Backpropagation through time. Each step needs two products, for the gradients with respect to [x,
 * h] and to the weights; so the floor is twice the multiply-adds of the forward pass. Those with
 * respect to the weights are summed in a fixed number of shards of blocks, which are added in
 * order. */
#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "ops/linalg/product.h"
#include "ops/nn/elementwise.h"
#include "ops/nn/recurrent.h"
#include "ops/nn/recurrent_run.h"

enum { SHARDS = 16, SUM = 4096 };

/* The gradients of a shard of blocks. */
typedef struct gradients {
  float *input; /* [inputs, line] in the order of the gates' sums */
  float *state; /* [units, line] */
  float *bias;  /* [columns] in the order of the gates' sums */
  float *first; /* [clf__recurrent_state()] */
} gradients;

static gradients gradients_of(const clf__recurrent_run *r, float *shard) {
  gradients g = {.input = shard};
  g.state = g.input + r->cell->inputs * r->line;
  g.bias = g.state + r->cell->units * r->line;
  g.first = g.bias + r->columns;
  return g;
}

static void add(float *to, const float *from, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    to[i] += from[i];
  }
}

/* Adds the products of the gradients of the gates' sums with the inputs, the states and 1. */
static void add_weight_gradients(const clf__recurrent_block *b, int64_t places, const float *dz,
                                 const gradients *g) {
  const clf__recurrent_run *r = b->run;
  const clf__product_kernel *kernel = r->input.kernel;
  const int64_t inputs = r->cell->inputs, units = r->cell->units;
  const clf__f32_view sums = clf__f32_matrix(dz, places, r->line, r->columns);
  const clf__f32_view of_state =
      clf__f32_matrix(dz + r->columns - r->line, places, r->line, r->columns);
  clf__outer_add(kernel, clf__f32_matrix(b->x, places, inputs, inputs), sums, g->input, r->line,
                 b->packed);
  clf__outer_add(kernel, clf__f32_matrix(b->before, places, units, units), of_state, g->state,
                 r->line, b->packed);
  r->kernels->elementwise->column_sums(dz, places, r->columns, b->packed);
  add(g->bias, b->packed, r->columns);
}

static void add_outer_gradients(const clf__recurrent_block *b, int64_t rows, int64_t step) {
  const int64_t units = b->run->cell->units;
  for (int64_t i = clf__recurrent_first_output(b, rows, step); i < rows; i++) {
    add(b->dh + i * units, b->run->pass->dy + clf__recurrent_output(b, i, step), units);
  }
}

/* Adds the gradient with respect to the state before a step, unless it is truncated here. */
static void add_state_gradients(const clf__recurrent_block *b, int64_t rows, int64_t step,
                                const float *dz) {
  const clf__recurrent_run *r = b->run;
  const int64_t units = r->cell->units, truncate = r->cell->truncate;
  const float *of_state = dz + r->columns - r->line;
  if (truncate > 0 && step > 0 && step % truncate == 0) {
    memset(b->dh, 0, (size_t)(b->rows * units) * sizeof *b->dh);
    memset(b->dc, 0, (size_t)(b->rows * units) * sizeof *b->dc);
  } else if (clf__recurrent_drops_states(r)) {
    clf__panels_multiply(&r->state, rows, of_state, r->columns, b->before, units, b->rounded);
    clf__recurrent_drop_states(b, rows, b->before, b->before);
    add(b->dh, b->before, rows * units);
  } else {
    clf__panels_add(&r->state, rows, of_state, r->columns, b->dh, units, b->rounded);
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

/* Runs the steps of a chunk from its end. `place` is that of its first step in the kept values. */
static void backward_steps(const clf__recurrent_block *b, const clf__recurrent_chunk *chunk,
                           int64_t place) {
  const clf__recurrent_run *r = b->run;
  const int64_t units = r->cell->units, rows = chunk->rows;
  for (int64_t step = chunk->end - 1; step >= chunk->first; step--) {
    const int64_t at = place + (step - chunk->first) * rows;
    const int64_t before = at - rows_at(b, step - 1, rows);
    const clf__cell_step s = {.cell = r->cell->cell,
                              .rows = rows,
                              .units = units,
                              .gates = b->gates + at * r->columns,
                              .h_before = step > 0 ? b->h + before * units : b->first_h,
                              .c_before = step > 0 ? b->c + before * units : b->first_c,
                              .h = b->h + at * units,
                              .c = b->c + at * units,
                              .dh = b->dh,
                              .dc = b->dc};
    if (clf__progress_check() < 0) {
      break;
    }
    add_outer_gradients(b, rows, step);
    r->kernels->recurrent->backward(&s);
    add_state_gradients(b, rows, step, s.gates);
  }
}

/* Copies the states before the steps of a chunk, with dropout. */
static void gather_states(const clf__recurrent_block *b, const clf__recurrent_chunk *chunk,
                          int64_t place) {
  const int64_t rows = chunk->rows, units = b->run->cell->units;
  for (int64_t step = chunk->first; step < chunk->end; step++, place += rows) {
    const float *h = b->first_h;
    float *to = b->before + (step - chunk->first) * rows * units;
    if (step > 0) {
      h = b->h + (place - rows_at(b, step - 1, rows)) * units;
    }
    if (clf__recurrent_drops_states(b->run)) {
      clf__recurrent_drop_states(b, rows, h, to);
    } else {
      memcpy(to, h, (size_t)(rows * units) * sizeof *to);
    }
  }
}

static void backward_chunk(const clf__recurrent_block *b, const clf__recurrent_chunk *chunk,
                           int64_t place, const gradients *g) {
  const clf__recurrent_run *r = b->run;
  const int64_t places = chunk->rows * (chunk->end - chunk->first);
  const float *dz = b->gates + place * r->columns;
  backward_steps(b, chunk, place);
  clf__recurrent_gather(b, chunk);
  gather_states(b, chunk, place);
  add_weight_gradients(b, places, dz, g);
  if (r->pass->dx != NULL) {
    clf__panels_multiply(&r->input, places, dz, r->columns, b->dx, r->cell->inputs, b->rounded);
    clf__recurrent_scatter(b, chunk);
  }
}

static void backward_block(const clf__recurrent_run *r, int64_t index, int32_t worker,
                           const gradients *g) {
  const clf__recurrent_block b = clf__recurrent_block_of(r, index, worker);
  const int64_t units = r->cell->units;
  clf__recurrent_chunk chunk = {.end = b.length[0]};
  int64_t place = 0;
  for (int64_t i = 0; i < b.rows; i++) {
    place += b.length[i];
  }
  memset(b.dh, 0, (size_t)(b.rows * units) * sizeof *b.dh);
  memset(b.dc, 0, (size_t)(b.rows * units) * sizeof *b.dc);
  for (; chunk.end > 0 && clf__progress_check() == CLF_OK; chunk.end = chunk.first) {
    chunk.rows = rows_at(&b, chunk.end - 1, chunk.rows);
    const int64_t more = chunk.rows < b.rows ? b.length[chunk.rows] : 0; /* rows in steps before */
    chunk.first =
        clf__max_i64(chunk.end - clf__max_i64(CLF__RECURRENT_PLACES / chunk.rows, 1), more);
    place -= chunk.rows * (chunk.end - chunk.first);
    backward_chunk(&b, &chunk, place, g);
  }
  if (r->pass->weights.first != NULL) {
    add_first_gradients(&b, g->first);
  }
}

static void backward_shard(void *argument, clf__range blocks) {
  const clf__recurrent_run *r = argument;
  const gradients g = gradients_of(r, r->dw + blocks.index * r->shard_size);
  for (int64_t i = blocks.first; i < blocks.end; i++) {
    backward_block(r, i, blocks.worker, &g);
  }
}

static void sum_shards(void *argument, clf__range range) {
  const clf__recurrent_run *r = argument;
  for (int64_t shard = 1; shard < r->shards; shard++) {
    add(r->dw + range.first, r->dw + shard * r->shard_size + range.first, range.end - range.first);
  }
}

static void write_gradients(const clf__recurrent_run *r) {
  const clf__recurrent_weights *to = &r->pass->gradients;
  const gradients g = gradients_of(r, r->dw);
  for (int64_t i = 0; i < r->cell->inputs; i++) {
    clf__recurrent_from_gates(r->cell, g.input + i * r->line, to->input + i * r->line);
  }
  memcpy(to->state, g.state, (size_t)(r->cell->units * r->line) * sizeof *g.state);
  clf__recurrent_from_gates(r->cell, g.bias, to->bias);
  memcpy(to->bias + r->line, g.bias + r->line, (size_t)(r->columns - r->line) * sizeof *g.bias);
  if (r->pass->weights.first != NULL) {
    memcpy(to->first, g.first, (size_t)clf__recurrent_state(r->cell) * sizeof *g.first);
  }
}

clf_status clf__recurrent_backward(clf_context *context, const clf__recurrent *cell,
                                   const clf__recurrent_pass *pass) {
  clf__recurrent_run r;
  clf_status status = clf__recurrent_begin(&r, context, cell, pass, true);
  r.shards = clf__min_i64(SHARDS, r.blocks);
  if (status == CLF_OK) {
    const int64_t first = pass->weights.first != NULL ? clf__recurrent_state(cell) : 0;
    /* The size of the weights, which exist. */
    r.shard_size = (cell->inputs + cell->units) * r.line + r.columns + first;
    r.dw = clf__arena_zeroed(&r.arena, clf__count(r.shards, r.shard_size), sizeof *r.dw);
    status = clf__arena_status(&r.arena);
  }
  if (status == CLF_OK) {
    status = clf__progress_ranges(context, r.blocks, clf__ceil_div(r.blocks, r.shards),
                                  3 * clf__recurrent_work(&r), backward_shard, &r);
    clf__parallel_ranges(context, r.shard_size, SUM,
                         (double)(r.shards - 1) * (double)r.shard_size * CLF__COST_ELEMENT,
                         sum_shards, &r);
    write_gradients(&r);
  }
  clf__recurrent_end(&r);
  return status;
}
