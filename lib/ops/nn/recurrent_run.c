#include "ops/nn/recurrent_run.h"

#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/random.h"

enum { LINE = 16 /* floats in a line of a cache, which tiles load */ };

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

static int64_t line_of(const clf__recurrent *cell) {
  return clf__recurrent_gates(cell->cell) * cell->units;
}

static void to_gates(const clf__recurrent *cell, const float *from, float *to) {
  const int64_t last = cell->cell == CLF__CELL_GRU ? cell->units : 0, rest = line_of(cell) - last;
  memcpy(to, from + rest, (size_t)last * sizeof *to);
  memcpy(to + last, from, (size_t)rest * sizeof *to);
}

void clf__recurrent_from_gates(const clf__recurrent *cell, const float *from, float *to) {
  const int64_t last = cell->cell == CLF__CELL_GRU ? cell->units : 0, rest = line_of(cell) - last;
  memcpy(to, from + last, (size_t)rest * sizeof *to);
  memcpy(to + rest, from, (size_t)last * sizeof *to);
}

void clf__recurrent_order_bias(const clf__recurrent *cell, const float *bias, float *to) {
  const int64_t line = line_of(cell), more = clf__recurrent_biases(cell->cell) * cell->units - line;
  to_gates(cell, bias, to);
  memcpy(to + line, bias + line, (size_t)more * sizeof *to);
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

/* Packs weights [depth, line], or for backpropagation their transpose. */
static clf_status pack(clf__panels *out, const clf__recurrent_run *r, const float *weights,
                       int64_t depth, bool back) {
  return clf__panels_pack(out, r->context,
                          back ? clf__f32_transposed(weights, r->line, depth, r->line)
                               : clf__f32_matrix(weights, depth, r->line, r->line),
                          r->cell->bf16);
}

static clf_status pack_weights(clf__recurrent_run *r, bool back) {
  const clf__recurrent_weights *w = &r->pass->weights;
  const int64_t inputs = r->cell->inputs;
  clf__arena arena = {.context = r->context};
  const float *input = w->input;
  clf_status status = CLF_OK;
  if (r->cell->cell == CLF__CELL_GRU) {
    float *ordered = clf__arena_matrix(&arena, inputs, r->line, sizeof *ordered);
    CLF__TRY(clf__arena_status(&arena));
    for (int64_t i = 0; i < inputs; i++) {
      to_gates(r->cell, w->input + i * r->line, ordered + i * r->line);
    }
    input = ordered;
  }
  CLF__TRY(pack(&r->input, r, input, inputs, back));
  CLF__TRY(pack(&r->state, r, w->state, r->cell->units, back));
done:
  clf__arena_free(&arena);
  return status;
}

/* Every step of a block reads the weights of the states. If these are more than stay in L2, more
 * rows share what is read; yet more where products take less time than reading does. In training,
 * threads have to share a batch. */
static int64_t block_rows_of(const clf__recurrent *cell, bool training) {
  enum { CACHED_FLOATS = 1 << 18 };
  if (cell->units * line_of(cell) <= CACHED_FLOATS) {
    return CLF__RECURRENT_BLOCK / 4;
  }
  return cell->bf16 && !training ? CLF__RECURRENT_BLOCK : CLF__RECURRENT_BLOCK / 2;
}

/* In inference the sums of a chunk's gates stay in L2, too. */
static int64_t places_of(const clf__recurrent_run *r) {
  enum { CACHED_SUMS = 1 << 18 };
  const int64_t places =
      r->pass->kept != NULL
          ? CLF__RECURRENT_PLACES
          : clf__clamp_i64(CACHED_SUMS / r->columns, r->block_rows, CLF__RECURRENT_PLACES);
  return clf__min_i64(places, clf__min_i64(r->block_rows, r->pass->rows) * r->pass->steps);
}

/* Returns the floats of a thread's scratch arrays. */
static int64_t scratch_of(const clf__recurrent_run *r, bool back) {
  const int64_t inputs = r->cell->inputs, units = r->cell->units, places = r->places;
  const int64_t block = r->block_rows * (inputs + 7 * units) + clf__panels_scratch(&r->state);
  if (!back) {
    return block + places * (inputs + units + (r->pass->kept == NULL ? r->columns : 0));
  }
  return block + places * (2 * inputs + units) +
         clf__outer_scratch(r->input.kernel, places, clf__max_i64(inputs, units), r->line);
}

static clf_status prepare(clf__recurrent_run *r, bool back) {
  const int64_t threads = clf__in_task() ? 1 : clf__context_threads(r->context);
  CLF__CHECK(pack_weights(r, back));
  r->bias = clf__arena_array(&r->arena, r->columns, sizeof *r->bias);
  r->scratch_size = clf__round_up(scratch_of(r, back), LINE);
  r->scratch = clf__arena_matrix(&r->arena, threads, r->scratch_size, sizeof *r->scratch);
  CLF__CHECK(clf__arena_status(&r->arena));
  clf__recurrent_order_bias(r->cell, r->pass->weights.bias, r->bias);
  return sort_rows(r);
}

clf_status clf__recurrent_begin(clf__recurrent_run *run, clf_context *context,
                                const clf__recurrent *cell, const clf__recurrent_pass *pass,
                                bool back) {
  *run = (clf__recurrent_run){.context = context,
                              .arena = {.context = context},
                              .kernels = clf__kernels_for(context),
                              .cell = cell,
                              .pass = pass,
                              .line = line_of(cell),
                              .columns = clf__recurrent_biases(cell->cell) * cell->units,
                              .block_rows = block_rows_of(cell, pass->kept != NULL)};
  run->places = places_of(run);
  run->blocks = clf__ceil_div(pass->rows, run->block_rows);
  return prepare(run, back);
}

void clf__recurrent_end(clf__recurrent_run *r) {
  clf__panels_free(&r->input);
  clf__panels_free(&r->state);
  clf__arena_free(&r->arena);
}

/* Draws the factors of a row's inputs and states: 0 with the probability of the rate, otherwise 1 /
 * (1 - rate).
 */
static void draw(const clf__recurrent_run *r, int64_t row, float *factor) {
  const clf__recurrent *cell = r->cell;
  const int64_t *places = r->pass->places;
  clf__random random =
      clf__random_seed(r->pass->seed, (uint64_t)(places != NULL ? places[row] : row));
  for (int64_t i = 0; i < cell->inputs + cell->units; i++) {
    const double rate = i < cell->inputs ? cell->input_dropout : cell->state_dropout;
    factor[i] = clf__random_uniform(&random) < rate ? 0 : (float)(1 / (1 - rate));
  }
}

static bool drops_inputs(const clf__recurrent_run *r) {
  return r->pass->kept != NULL && r->cell->input_dropout > 0;
}

bool clf__recurrent_drops_states(const clf__recurrent_run *r) {
  return r->pass->kept != NULL && r->cell->state_dropout > 0;
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
  const int64_t first = index * r->block_rows, left = r->pass->rows - first;
  float *scratch = r->scratch + worker * r->scratch_size;
  clf__recurrent_block b = {
      .run = r, .rows = clf__min_i64(left, r->block_rows), .order = r->order + first};
  for (int64_t i = 0; i < b.rows; i++) {
    b.span[i] = clf__span_of(r->pass->spans, b.order[i], steps);
    b.length[i] = b.span[i].end - b.span[i].begin;
  }
  const int64_t factors = r->cell->inputs + units, places = r->places;
  carve(&b.rounded, &scratch, clf__panels_scratch(&r->state)); /* first: tiles load whole lines */
  carve(&b.factor, &scratch, r->block_rows * factors);
  carve(&b.first_h, &scratch, r->block_rows * units);
  carve(&b.first_c, &scratch, r->block_rows * units);
  carve(&b.dh, &scratch, r->block_rows * units);
  carve(&b.dc, &scratch, r->block_rows * units);
  carve(&b.h, &scratch, r->block_rows * units);
  carve(&b.c, &scratch, r->block_rows * units);
  carve(&b.x, &scratch, places * r->cell->inputs);
  carve(&b.before, &scratch, places * units);
  if (r->pass->kept == NULL) {
    b.gates = scratch;
  } else {
    const int64_t kept = b.rows * steps;
    b.gates = r->pass->kept + first * steps * clf__recurrent_kept(r->cell);
    b.h = b.gates + kept * r->columns;
    b.c = b.h + kept * units;
    carve(&b.dx, &scratch, places * r->cell->inputs);
    b.packed = scratch;
  }
  for (int64_t i = 0; (drops_inputs(r) || clf__recurrent_drops_states(r)) && i < b.rows; i++) {
    draw(r, b.order[i], b.factor + i * factors);
  }
  begin_states(&b);
  return b;
}

/* Returns the place of a row's step in the batch. */
static int64_t place_of(const clf__recurrent_block *b, int64_t i, int64_t step) {
  const int64_t time = b->run->cell->reversed ? b->span[i].end - 1 - step : b->span[i].begin + step;
  return b->order[i] * b->run->pass->steps + time;
}

int64_t clf__recurrent_first_output(const clf__recurrent_block *b, int64_t rows, int64_t step) {
  int64_t first = b->run->cell->sequences ? 0 : rows;
  while (first > 0 && b->length[first - 1] == step + 1) {
    first--;
  }
  return first;
}

int64_t clf__recurrent_output(const clf__recurrent_block *b, int64_t i, int64_t step) {
  const int64_t stride = b->run->pass->stride;
  return stride * (b->run->cell->sequences ? place_of(b, i, step) : b->order[i]);
}

static void multiply(float *values, const float *factors, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    values[i] *= factors[i];
  }
}

/* Goes row by row, whose steps lie side by side in the batch. */
void clf__recurrent_gather(const clf__recurrent_block *b, const clf__recurrent_chunk *chunk) {
  const clf__recurrent_run *r = b->run;
  const int64_t inputs = r->cell->inputs, factors = inputs + r->cell->units;
  for (int64_t i = 0; i < chunk->rows; i++) {
    float *to = b->x + i * inputs;
    for (int64_t step = chunk->first; step < chunk->end; step++, to += chunk->rows * inputs) {
      memcpy(to, r->pass->x + place_of(b, i, step) * inputs, (size_t)inputs * sizeof *to);
      if (drops_inputs(r)) {
        multiply(to, b->factor + i * factors, inputs);
      }
    }
  }
}

void clf__recurrent_scatter(const clf__recurrent_block *b, const clf__recurrent_chunk *chunk) {
  const clf__recurrent_run *r = b->run;
  const int64_t inputs = r->cell->inputs, factors = inputs + r->cell->units;
  for (int64_t i = 0; i < chunk->rows; i++) {
    float *dx = b->dx + i * inputs;
    for (int64_t step = chunk->first; step < chunk->end; step++, dx += chunk->rows * inputs) {
      float *to = r->pass->dx + place_of(b, i, step) * inputs;
      if (drops_inputs(r)) {
        multiply(dx, b->factor + i * factors, inputs);
      }
      if (!r->pass->adds) {
        memcpy(to, dx, (size_t)inputs * sizeof *to);
      }
      for (int64_t j = 0; r->pass->adds && j < inputs; j++) {
        to[j] += dx[j];
      }
    }
  }
}

void clf__recurrent_drop_states(const clf__recurrent_block *b, int64_t rows, const float *h,
                                float *out) {
  const int64_t inputs = b->run->cell->inputs, units = b->run->cell->units;
  for (int64_t i = 0; i < rows; i++) {
    const float *factor = b->factor + i * (inputs + units) + inputs;
    for (int64_t j = 0; j < units; j++) {
      out[i * units + j] = h[i * units + j] * factor[j];
    }
  }
}
