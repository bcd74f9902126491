/* Rows are sorted by their length and cut into blocks, so that at each step the rows that still go
 * on are the first ones of their block and padding costs nothing. A block takes all steps on one
 * thread: the inputs, the states before and a 1 lie side by side in `a`, and one product with the
 * stacked weights gives the sums of all gates. Going back, two more products give the gradients by
 * `a` and by the weights. So a step and row costs three times (inputs + units + 1) x columns
 * multiply-adds in training, a third of it in inference: the floor.
 *
 * Gradients by the weights are summed in a fixed number of shards of blocks, and those in order. */
#include "ops/recurrent.h"

#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/random.h"
#include "ops/kernels.h"
#include "ops/panels.h"

enum { BLOCK = 32, SHARDS = 16 };

typedef struct run {
  clf_context *context;
  const clf__kernels *kernels;
  const clf__recurrent *cell;
  const clf__recurrent_pass *pass;
  int64_t width;   /* of `a`: inputs + units + 1 */
  int64_t columns; /* of the gates' sums */
  int64_t *order;  /* [rows], the longest first */
  float *stacked;  /* [width, columns] */
  clf__panels weights, turned;
  int64_t scratch_size;
  float *scratch; /* [threads, scratch_size] */
  int64_t shards, blocks;
  float *dw; /* [shards, width, columns] */
} run;

/* What a block works on: scratch of BLOCK rows each, and its part of what is kept. */
typedef struct block {
  const run *run;
  int64_t rows;
  const int64_t *order;
  int64_t length[BLOCK];
  clf__span span[BLOCK];
  float *a, *da;  /* [rows, width] */
  float *factor;  /* [rows, width] of `a`, where something is dropped */
  float *zero;    /* [rows, units] states before the first step */
  float *dh, *dc; /* [rows, units] */
  float *gates;   /* [steps of all rows, columns]; in inference [rows, columns] */
  float *h, *c;   /* the same by units */
} block;

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

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

/* Rows of the stacked weights are those of the inputs, of the states and the biases. A GRU's n has
 * two columns, the inputs' and the state's part. */
static void stack_row(const run *r, const float *weights, bool of_state, float *to) {
  const int64_t units = r->cell->units, gates = clf__recurrent_gates(r->cell->cell);
  if (r->cell->cell != CLF__CELL_GRU) {
    memcpy(to, weights, (size_t)(gates * units) * sizeof *to);
    return;
  }
  memset(to, 0, (size_t)r->columns * sizeof *to);
  memcpy(to, weights, (size_t)(2 * units) * sizeof *to);
  memcpy(to + (of_state ? 3 : 2) * units, weights + 2 * units, (size_t)units * sizeof *to);
}

static void unstack_row(const run *r, const float *from, bool of_state, float *weights) {
  const int64_t units = r->cell->units, gates = clf__recurrent_gates(r->cell->cell);
  if (r->cell->cell != CLF__CELL_GRU) {
    memcpy(weights, from, (size_t)(gates * units) * sizeof *from);
    return;
  }
  memcpy(weights, from, (size_t)(2 * units) * sizeof *from);
  memcpy(weights + 2 * units, from + (of_state ? 3 : 2) * units, (size_t)units * sizeof *from);
}

static void stack_weights(run *r) {
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
  memcpy(to, w->bias, (size_t)r->columns * sizeof *to);
}

/* A stable counting sort by length. */
static clf_status sort_rows(run *r) {
  const int64_t steps = r->pass->steps, rows = r->pass->rows;
  int64_t *first = clf__alloc_zeroed(r->context, steps + 2, sizeof *first);
  r->order = clf__alloc_array(r->context, rows, sizeof *r->order);
  if (first == NULL || r->order == NULL) {
    clf__free(first);
    return CLF_ERROR_MEMORY;
  }
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
  clf__free(first);
  return CLF_OK;
}

static clf_status begin(run *r, bool back) {
  const int64_t threads = clf__in_task() ? 1 : clf__context_threads(r->context);
  int64_t size;
  r->stacked = clf__alloc_array(r->context, clf__mul_i64(r->width, r->columns, &size) ? size : -1,
                                sizeof *r->stacked);
  r->scratch_size = BLOCK * (3 * r->width + r->columns + 5 * r->cell->units);
  r->scratch = clf__alloc_array(
      r->context, clf__mul_i64(threads, r->scratch_size, &size) ? size : -1, sizeof *r->scratch);
  if (r->stacked == NULL || r->scratch == NULL) {
    return CLF_ERROR_MEMORY;
  }
  stack_weights(r);
  clf_status status = sort_rows(r);
  if (status == CLF_OK && !back) {
    status = clf__panels_pack(&r->weights, r->context, false, r->width, r->columns, r->stacked,
                              r->columns);
  }
  if (status == CLF_OK && back) {
    status = clf__panels_pack(&r->turned, r->context, true, r->columns, r->width, r->stacked,
                              r->columns);
  }
  return status;
}

static void end(run *r) {
  clf__panels_free(&r->weights);
  clf__panels_free(&r->turned);
  clf__free(r->order);
  clf__free(r->stacked);
  clf__free(r->scratch);
  clf__free(r->dw);
}

static run run_of(clf_context *context, const clf__recurrent *cell,
                  const clf__recurrent_pass *pass) {
  return (run){.context = context,
               .kernels = clf__kernels_of(clf__context_cpu(context)),
               .cell = cell,
               .pass = pass,
               .width = cell->inputs + cell->units + 1,
               .columns = clf__recurrent_biases(cell->cell) * cell->units,
               .blocks = (pass->rows + BLOCK - 1) / BLOCK};
}

/* The factors of a row's inputs and states: 0 with the probability of the rate, or 1 / (1 - rate).
 */
static void draw(const run *r, int64_t row, float *factor) {
  const clf__recurrent *cell = r->cell;
  clf__random random = clf__random_seed(r->pass->seed, (uint64_t)row);
  for (int64_t i = 0; i < r->width - 1; i++) {
    const double rate = i < cell->inputs ? cell->input_dropout : cell->state_dropout;
    factor[i] = clf__random_uniform(&random) < rate ? 0 : (float)(1 / (1 - rate));
  }
  factor[r->width - 1] = 1;
}

static bool drops(const run *r) {
  return r->pass->kept != NULL && (r->cell->input_dropout > 0 || r->cell->state_dropout > 0);
}

static void take(float **part, float **from, int64_t count) {
  *part = *from;
  *from += count;
}

static block block_of(const run *r, int64_t index, int32_t worker) {
  const int64_t units = r->cell->units, steps = r->pass->steps;
  float *scratch = r->scratch + worker * r->scratch_size;
  block b = {.run = r,
             .rows = smaller(BLOCK, r->pass->rows - index * BLOCK),
             .order = r->order + index * BLOCK};
  for (int64_t i = 0; i < b.rows; i++) {
    b.span[i] = clf__span_of(r->pass->spans, b.order[i], steps);
    b.length[i] = b.span[i].end - b.span[i].begin;
  }
  take(&b.a, &scratch, BLOCK * r->width);
  take(&b.da, &scratch, BLOCK * r->width);
  take(&b.factor, &scratch, BLOCK * r->width);
  take(&b.zero, &scratch, BLOCK * units);
  take(&b.dh, &scratch, BLOCK * units);
  take(&b.dc, &scratch, BLOCK * units);
  if (r->pass->kept != NULL) {
    const int64_t places = b.rows * steps;
    b.gates = r->pass->kept + index * BLOCK * steps * clf__recurrent_kept(r->cell);
    b.h = b.gates + places * r->columns;
    b.c = b.h + places * units;
  } else {
    take(&b.gates, &scratch, BLOCK * r->columns);
    take(&b.h, &scratch, BLOCK * units);
    take(&b.c, &scratch, BLOCK * units);
  }
  for (int64_t i = 0; drops(r) && i < b.rows; i++) {
    draw(r, b.order[i], b.factor + i * r->width);
  }
  memset(b.zero, 0, (size_t)(BLOCK * units) * sizeof *b.zero);
  return b;
}

static int64_t time_of(const block *b, int64_t i, int64_t step) {
  return b->run->cell->reversed ? b->span[i].end - 1 - step : b->span[i].begin + step;
}

/* Where a row's step is in y, NULL for a step that y does not have. */
static int64_t y_place(const block *b, int64_t i, int64_t step) {
  const run *r = b->run;
  if (r->cell->sequences) {
    return (b->order[i] * r->pass->steps + time_of(b, i, step)) * r->pass->stride;
  }
  return step == b->length[i] - 1 ? b->order[i] * r->pass->stride : -1;
}

static void multiply_factors(const block *b, int64_t rows, float *a) {
  const int64_t count = rows * b->run->width;
  for (int64_t i = 0; drops(b->run) && i < count; i++) {
    a[i] *= b->factor[i];
  }
}

/* a = [x, h, 1] of the first `rows` rows. */
static void fill_inputs(const block *b, int64_t rows, int64_t step, const float *h) {
  const run *r = b->run;
  const int64_t inputs = r->cell->inputs, units = r->cell->units;
  float *a = b->a;
  for (int64_t i = 0; i < rows; i++, a += r->width) {
    const int64_t place = b->order[i] * r->pass->steps + time_of(b, i, step);
    memcpy(a, r->pass->x + place * inputs, (size_t)inputs * sizeof *a);
    memcpy(a + inputs, h + i * units, (size_t)units * sizeof *a);
    a[inputs + units] = 1;
  }
  multiply_factors(b, rows, b->a);
}

static void give_outputs(const block *b, int64_t step, const clf__cell_step *s) {
  const run *r = b->run;
  for (int64_t i = 0; i < s->rows; i++) {
    const int64_t place = y_place(b, i, step);
    if (place >= 0) {
      memcpy(r->pass->y + place, s->h + i * s->units, (size_t)s->units * sizeof *s->h);
    }
  }
}

static void forward_block(void *argument, int64_t index, int32_t worker) {
  const run *r = argument;
  const block b = block_of(r, index, worker);
  const int64_t units = r->cell->units;
  const bool keeps = r->pass->kept != NULL;
  clf__cell_step s = {.cell = r->cell->cell,
                      .rows = b.rows,
                      .units = units,
                      .gates = b.gates,
                      .h_before = b.zero,
                      .c_before = b.zero,
                      .h = b.h,
                      .c = b.c};
  for (int64_t step = 0;; step++) {
    while (s.rows > 0 && b.length[s.rows - 1] <= step) {
      s.rows--;
    }
    if (s.rows == 0) {
      break;
    }
    fill_inputs(&b, s.rows, step, s.h_before);
    clf__panels_multiply(&r->weights, s.rows, b.a, r->width, s.gates, r->columns);
    r->kernels->cell_forward(&s);
    give_outputs(&b, step, &s);
    s.h_before = s.h;
    s.c_before = s.c;
    if (keeps) {
      s.gates += s.rows * r->columns;
      s.h += s.rows * units;
      s.c += s.rows * units;
    }
  }
}

clf_status clf__recurrent_forward(clf_context *context, const clf__recurrent *cell,
                                  const clf__recurrent_pass *pass) {
  run r = run_of(context, cell, pass);
  clf_status status = begin(&r, false);
  if (status == CLF_OK) {
    clf__parallel(context, r.blocks, forward_block, &r);
  }
  end(&r);
  return status;
}

/* dw += a^T dz of some rows. */
static void add_weight_gradients(const run *r, const float *a, const float *dz, int64_t rows,
                                 float *dw) {
  const clf__product_kernel *kernel = &r->kernels->f32;
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

static void add_outer_gradients(const block *b, int64_t rows, int64_t step) {
  const run *r = b->run;
  const int64_t units = r->cell->units;
  for (int64_t i = 0; i < rows; i++) {
    const int64_t place = y_place(b, i, step);
    for (int64_t j = 0; place >= 0 && j < units; j++) {
      b->dh[i * units + j] += r->pass->dy[place + j];
    }
  }
}

/* The parts of da: by x to dx, by h to dh, unless the gradient ends here. */
static void share_gradients(const block *b, int64_t rows, int64_t step) {
  const run *r = b->run;
  const int64_t inputs = r->cell->inputs, units = r->cell->units;
  multiply_factors(b, rows, b->da);
  for (int64_t i = 0; i < rows; i++) {
    const float *da = b->da + i * r->width;
    const int64_t place = b->order[i] * r->pass->steps + time_of(b, i, step);
    for (int64_t j = 0; r->pass->dx != NULL && j < inputs; j++) {
      r->pass->dx[place * inputs + j] += da[j];
    }
    for (int64_t j = 0; j < units; j++) {
      b->dh[i * units + j] += da[inputs + j];
    }
  }
  if (r->cell->truncate > 0 && step % r->cell->truncate == 0) {
    memset(b->dh, 0, (size_t)(b->rows * units) * sizeof *b->dh);
    memset(b->dc, 0, (size_t)(b->rows * units) * sizeof *b->dc);
  }
}

/* Rows that have this step. */
static int64_t rows_at(const block *b, int64_t step, int64_t rows) {
  while (rows < b->rows && b->length[rows] > step) {
    rows++;
  }
  return rows;
}

static void backward_block(const run *r, int64_t index, int32_t worker, float *dw) {
  const block b = block_of(r, index, worker);
  const int64_t units = r->cell->units;
  int64_t place = 0; /* of a step's first row in what was kept */
  for (int64_t i = 0; i < b.rows; i++) {
    place += b.length[i];
  }
  memset(b.dh, 0, (size_t)(b.rows * units) * sizeof *b.dh);
  memset(b.dc, 0, (size_t)(b.rows * units) * sizeof *b.dc);
  int64_t rows = 0;
  for (int64_t step = b.length[0] - 1; step >= 0; step--) {
    rows = rows_at(&b, step, rows);
    place -= rows;
    const int64_t before = place - rows_at(&b, step - 1, rows);
    const clf__cell_step s = {.cell = r->cell->cell,
                              .rows = rows,
                              .units = units,
                              .gates = b.gates + place * r->columns,
                              .h_before = step > 0 ? b.h + before * units : b.zero,
                              .c_before = step > 0 ? b.c + before * units : b.zero,
                              .h = b.h + place * units,
                              .c = b.c + place * units,
                              .dh = b.dh,
                              .dc = b.dc};
    add_outer_gradients(&b, rows, step);
    r->kernels->cell_backward(&s);
    fill_inputs(&b, rows, step, s.h_before);
    add_weight_gradients(r, b.a, s.gates, rows, dw);
    clf__panels_multiply(&r->turned, rows, s.gates, r->columns, b.da, r->width);
    share_gradients(&b, rows, step);
  }
}

static void backward_shard(void *argument, int64_t index, int32_t worker) {
  const run *r = argument;
  const int64_t per_shard = (r->blocks + r->shards - 1) / r->shards;
  for (int64_t i = index * per_shard; i < smaller((index + 1) * per_shard, r->blocks); i++) {
    backward_block(r, i, worker, r->dw + index * r->width * r->columns);
  }
}

static void sum_shards(const run *r) {
  const int64_t count = r->width * r->columns;
  for (int64_t shard = 1; shard < r->shards; shard++) {
    for (int64_t i = 0; i < count; i++) {
      r->dw[i] += r->dw[shard * count + i];
    }
  }
}

static void give_weight_gradients(const run *r) {
  const clf__recurrent_weights *g = &r->pass->gradients;
  const int64_t inputs = r->cell->inputs, units = r->cell->units;
  const int64_t line = clf__recurrent_gates(r->cell->cell) * units;
  const float *from = r->dw;
  sum_shards(r);
  for (int64_t i = 0; i < inputs; i++, from += r->columns) {
    unstack_row(r, from, false, g->input + i * line);
  }
  for (int64_t i = 0; i < units; i++, from += r->columns) {
    unstack_row(r, from, true, g->state + i * line);
  }
  memcpy(g->bias, from, (size_t)r->columns * sizeof *from);
}

clf_status clf__recurrent_backward(clf_context *context, const clf__recurrent *cell,
                                   const clf__recurrent_pass *pass) {
  run r = run_of(context, cell, pass);
  int64_t size;
  clf_status status = begin(&r, true);
  r.shards = smaller(SHARDS, r.blocks);
  if (status == CLF_OK) {
    size = clf__mul_i64(r.shards * r.width, r.columns, &size) ? size : -1;
    r.dw = clf__alloc_zeroed(context, size, sizeof *r.dw);
    status = r.dw != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
  if (status == CLF_OK) {
    clf__parallel(context, r.shards, backward_shard, &r);
    give_weight_gradients(&r);
  }
  end(&r);
  return status;
}
