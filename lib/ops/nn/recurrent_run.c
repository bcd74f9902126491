#include "ops/nn/recurrent_run.h"

#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/random.h"
#include "ops/nn/elementwise.h"

int64_t clf__recurrent_gates(int32_t cell) {
  static const int64_t gates[] = {1, 4, 3};
  return gates[cell];
}

int64_t clf__recurrent_biases(int32_t cell) {
  return cell == CLF__CELL_TANH ? 1 : 4;
}

int64_t clf__recurrent_state(const clf__recurrent *cell) {
  return cell->units * (cell->cell == CLF__CELL_LSTM ? 2 : 1);
}

int64_t clf__recurrent_kept(const clf__recurrent *cell) {
  return cell->units * clf__recurrent_biases(cell->cell) + clf__recurrent_state(cell);
}

/* The rows of the stacked weights are those of the inputs, of the states and the biases. The GRU's
 * n has two columns, for the input's and for the state's part. */
static void stack_row(const clf__recurrent_run *r, const float *weights, bool of_state, float *to) {
  const int64_t units = r->cell->units, gates = clf__recurrent_gates(r->cell->cell);
  if (r->cell->cell != CLF__CELL_GRU) {
    memcpy(to, weights, (size_t)(gates * units) * sizeof *to);
    return;
  }
  memset(to, 0, (size_t)r->columns * sizeof *to);
  memcpy(to, weights, (size_t)(2 * units) * sizeof *to);
  memcpy(to + (of_state ? 3 : 2) * units, weights + 2 * units, (size_t)units * sizeof *to);
}

static void unstack_row(const clf__recurrent_run *r, const float *from, bool of_state,
                        float *weights) {
  const int64_t units = r->cell->units, gates = clf__recurrent_gates(r->cell->cell);
  if (r->cell->cell != CLF__CELL_GRU) {
    memcpy(weights, from, (size_t)(gates * units) * sizeof *from);
    return;
  }
  memcpy(weights, from, (size_t)(2 * units) * sizeof *from);
  memcpy(weights + 2 * units, from + (of_state ? 3 : 2) * units, (size_t)units * sizeof *from);
}

static void stack_weights(clf__recurrent_run *r) {
  const clf__recurrent_weights *w = &r->pass->weights;
  const int64_t inputs = r->cell->inputs, units = r->cell->units;
  const int64_t line = clf__recurrent_gates(r->cell->cell) * units;
  float *to = r->stacked;
  for (int64_t i = 0; i < inputs; i++, to += r->columns) {
    stack_row(r, w->input + i * line, false, to);
  }
  for (int64_t i = 0; i < units; i++, to += r->columns) {
    stack_row(r, w->state + i * line, true, to);
  }
  if (r->cell->bf16) { /* clf__recurrent_sums() adds the biases, which are not rounded */
    memset(to, 0, (size_t)r->columns * sizeof *to);
  } else {
    memcpy(to, w->bias, (size_t)r->columns * sizeof *to);
  }
}

void clf__recurrent_sums(const clf__recurrent_block *b, int64_t rows, float *gates) {
  const clf__recurrent_run *r = b->run;
  clf__panels_multiply(&r->weights, rows, b->a, r->width, gates, r->columns);
  if (r->cell->bf16) {
    r->kernels->elementwise->bias_activate(CLF__LINEAR, r->pass->weights.bias, gates, rows,
                                           r->columns);
  }
}

void clf__recurrent_unstack(const clf__recurrent_run *r, const float *stacked,
                            const clf__recurrent_weights *gradients) {
  const int64_t inputs = r->cell->inputs, units = r->cell->units;
  const int64_t line = clf__recurrent_gates(r->cell->cell) * units;
  for (int64_t i = 0; i < inputs; i++, stacked += r->columns) {
    unstack_row(r, stacked, false, gradients->input + i * line);
  }
  for (int64_t i = 0; i < units; i++, stacked += r->columns) {
    unstack_row(r, stacked, true, gradients->state + i * line);
  }
  memcpy(gradients->bias, stacked, (size_t)r->columns * sizeof *stacked);
}

/* A stable counting sort by length. */
static clf_status sort_rows(clf__recurrent_run *r) {
  const int64_t steps = r->pass->steps, rows = r->pass->rows;
  int64_t *first = clf__arena_zeroed(&r->arena, steps + 2, sizeof *first);
  r->order = clf__arena_array(&r->arena, rows, sizeof *r->order);
  CLF__CHECK(clf__arena_status(&r->arena));
  for (int64_t i = 0; i < rows; i++) {
    const clf__span span = clf__span_of(r->pass->spans, i, steps);
    first[steps - (span.end - span.begin) + 1]++;
  }
  for (int64_t i = 0; i <= steps; i++) {
    first[i + 1] += first[i];
  }
  for (int64_t i = 0; i < rows; i++) {
    const clf__span span = clf__span_of(r->pass->spans, i, steps);
    r->order[first[steps - (span.end - span.begin)]++] = i;
  }
  return CLF_OK;
}

/* Packs the weights for one direction of time, and allocates scratch memory. */
static clf_status prepare(clf__recurrent_run *r, bool back) {
  const int64_t threads = clf__in_task() ? 1 : clf__context_threads(r->context);
  r->stacked = clf__arena_matrix(&r->arena, r->width, r->columns, sizeof *r->stacked);
  r->scratch_size = CLF__RECURRENT_BLOCK * (3 * r->width + r->columns + 6 * r->cell->units);
  r->scratch = clf__arena_matrix(&r->arena, threads, r->scratch_size, sizeof *r->scratch);
  CLF__CHECK(clf__arena_status(&r->arena));
  stack_weights(r);
  clf_status status = sort_rows(r);
  if (status == CLF_OK && !back) {
    status = clf__panels_pack(&r->weights, r->context,
                              clf__f32_matrix(r->stacked, r->width, r->columns, r->columns),
                              r->cell->bf16);
  }
  if (status == CLF_OK && back) {
    status = clf__panels_pack(&r->transposed, r->context,
                              clf__f32_transposed(r->stacked, r->columns, r->width, r->columns),
                              r->cell->bf16);
  }
  return status;
}

clf_status clf__recurrent_begin(clf__recurrent_run *run, clf_context *context,
                                const clf__recurrent *cell, const clf__recurrent_pass *pass,
                                bool back) {
  *run = (clf__recurrent_run){.context = context,
                              .arena = {.context = context},
                              .kernels = clf__kernels_for(context),
                              .cell = cell,
                              .pass = pass,
                              .width = cell->inputs + cell->units + 1,
                              .columns = clf__recurrent_biases(cell->cell) * cell->units,
                              .blocks = clf__ceil_div(pass->rows, CLF__RECURRENT_BLOCK)};
  return prepare(run, back);
}

void clf__recurrent_end(clf__recurrent_run *r) {
  clf__panels_free(&r->weights);
  clf__panels_free(&r->transposed);
  clf__arena_free(&r->arena);
}

/* Draws the factors of a row's inputs and states: 0 with the probability of the rate, otherwise 1 /
 * (1 - rate).
 */
static void draw(const clf__recurrent_run *r, int64_t row, float *factor) {
  const clf__recurrent *cell = r->cell;
  clf__random random = clf__random_seed(r->pass->seed, (uint64_t)row);
  for (int64_t i = 0; i < r->width - 1; i++) {
    const double rate = i < cell->inputs ? cell->input_dropout : cell->state_dropout;
    factor[i] = clf__random_uniform(&random) < rate ? 0 : (float)(1 / (1 - rate));
  }
  factor[r->width - 1] = 1;
}

static bool drops(const clf__recurrent_run *r) {
  return r->pass->kept != NULL && (r->cell->input_dropout > 0 || r->cell->state_dropout > 0);
}

static void carve(float **part, float **from, int64_t count) {
  *part = *from;
  *from += count;
}

static void begin_states(const clf__recurrent_block *b) {
  const float *first = b->run->pass->weights.first;
  const int64_t units = b->run->cell->units;
  memset(b->first_h, 0, (size_t)(b->rows * units) * sizeof *b->first_h);
  memset(b->first_c, 0, (size_t)(b->rows * units) * sizeof *b->first_c);
  for (int64_t i = 0; first != NULL && i < b->rows; i++) {
    memcpy(b->first_h + i * units, first, (size_t)units * sizeof *first);
    if (b->run->cell->cell == CLF__CELL_LSTM) {
      memcpy(b->first_c + i * units, first + units, (size_t)units * sizeof *first);
    }
  }
}

clf__recurrent_block clf__recurrent_block_of(const clf__recurrent_run *r, int64_t index,
                                             int32_t worker) {
  const int64_t units = r->cell->units, steps = r->pass->steps;
  const int64_t first = index * CLF__RECURRENT_BLOCK, left = r->pass->rows - first;
  float *scratch = r->scratch + worker * r->scratch_size;
  clf__recurrent_block b = {
      .run = r, .rows = clf__min_i64(left, CLF__RECURRENT_BLOCK), .order = r->order + first};
  for (int64_t i = 0; i < b.rows; i++) {
    b.span[i] = clf__span_of(r->pass->spans, b.order[i], steps);
    b.length[i] = b.span[i].end - b.span[i].begin;
  }
  carve(&b.a, &scratch, CLF__RECURRENT_BLOCK * r->width);
  carve(&b.da, &scratch, CLF__RECURRENT_BLOCK * r->width);
  carve(&b.factor, &scratch, CLF__RECURRENT_BLOCK * r->width);
  carve(&b.first_h, &scratch, CLF__RECURRENT_BLOCK * units);
  carve(&b.first_c, &scratch, CLF__RECURRENT_BLOCK * units);
  carve(&b.dh, &scratch, CLF__RECURRENT_BLOCK * units);
  carve(&b.dc, &scratch, CLF__RECURRENT_BLOCK * units);
  if (r->pass->kept != NULL) {
    const int64_t places = b.rows * steps;
    b.gates = r->pass->kept + first * steps * clf__recurrent_kept(r->cell);
    b.h = b.gates + places * r->columns;
    b.c = b.h + places * units;
  } else {
    carve(&b.gates, &scratch, CLF__RECURRENT_BLOCK * r->columns);
    carve(&b.h, &scratch, CLF__RECURRENT_BLOCK * units);
    carve(&b.c, &scratch, CLF__RECURRENT_BLOCK * units);
  }
  for (int64_t i = 0; drops(r) && i < b.rows; i++) {
    draw(r, b.order[i], b.factor + i * r->width);
  }
  begin_states(&b);
  return b;
}

int64_t clf__recurrent_time(const clf__recurrent_block *b, int64_t i, int64_t step) {
  return b->run->cell->reversed ? b->span[i].end - 1 - step : b->span[i].begin + step;
}

int64_t clf__recurrent_place(const clf__recurrent_block *b, int64_t i, int64_t step) {
  const clf__recurrent_run *r = b->run;
  if (r->cell->sequences) {
    return (b->order[i] * r->pass->steps + clf__recurrent_time(b, i, step)) * r->pass->stride;
  }
  return step == b->length[i] - 1 ? b->order[i] * r->pass->stride : -1;
}

void clf__recurrent_drop(const clf__recurrent_block *b, int64_t rows, float *a) {
  const int64_t count = rows * b->run->width;
  for (int64_t i = 0; drops(b->run) && i < count; i++) {
    a[i] *= b->factor[i];
  }
}

void clf__recurrent_fill(const clf__recurrent_block *b, int64_t rows, int64_t step,
                         const float *h) {
  const clf__recurrent_run *r = b->run;
  const int64_t inputs = r->cell->inputs, units = r->cell->units;
  float *a = b->a;
  for (int64_t i = 0; i < rows; i++, a += r->width) {
    const int64_t place = b->order[i] * r->pass->steps + clf__recurrent_time(b, i, step);
    memcpy(a, r->pass->x + place * inputs, (size_t)inputs * sizeof *a);
    memcpy(a + inputs, h + i * units, (size_t)units * sizeof *a);
    a[inputs + units] = 1;
  }
  clf__recurrent_drop(b, rows, b->a);
}
