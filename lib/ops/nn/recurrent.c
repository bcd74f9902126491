/* The forward pass. Its floor for each step of a row is (inputs + units + 1) x columns
 * multiply-adds and the exponentials of the cell. */
#include "ops/nn/recurrent.h"

#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "ops/nn/recurrent_run.h"

static void write_outputs(const clf__recurrent_block *b, int64_t step, const clf__cell_step *s) {
  for (int64_t i = clf__recurrent_first_output(b, s->rows, step); i < s->rows; i++) {
    memcpy(b->run->pass->y + clf__recurrent_output(b, i, step), s->h + i * s->units,
           (size_t)s->units * sizeof *s->h);
  }
}

/* The part of the input in the sums of a chunk's gates; 0 where it has none. */
static void begin_sums(const clf__recurrent_block *b, const clf__recurrent_chunk *chunk,
                       float *gates) {
  const clf__recurrent_run *r = b->run;
  const int64_t places = chunk->rows * (chunk->end - chunk->first);
  clf__recurrent_gather(b, chunk);
  clf__panels_multiply(&r->input, places, b->x, r->cell->inputs, gates, r->columns, b->rounded);
  for (int64_t i = 0; r->line < r->columns && i < places; i++) {
    memset(gates + i * r->columns + r->line, 0, (size_t)(r->columns - r->line) * sizeof *gates);
  }
}

static void add_state_sums(const clf__recurrent_block *b, const clf__cell_step *s) {
  const clf__recurrent_run *r = b->run;
  const float *h = s->h_before;
  if (clf__recurrent_drops_states(r)) {
    clf__recurrent_drop_states(b, s->rows, h, b->before);
    h = b->before;
  }
  clf__panels_add(&r->state, s->rows, h, s->units, s->gates + r->columns - r->line, r->columns,
                  b->rounded);
}

/* Runs the steps of a chunk. What is kept of them lies one after another. */
static void forward_chunk(const clf__recurrent_block *b, const clf__recurrent_chunk *chunk,
                          clf__cell_step *s) {
  const clf__recurrent_run *r = b->run;
  const bool keeps = r->pass->kept != NULL;
  float *const gates = s->gates;
  begin_sums(b, chunk, gates);
  for (int64_t step = chunk->first; step < chunk->end && clf__progress_check() == CLF_OK; step++) {
    add_state_sums(b, s);
    r->kernels->recurrent->forward(s);
    write_outputs(b, step, s);
    s->h_before = s->h;
    s->c_before = s->c;
    s->gates += s->rows * r->columns;
    s->h += keeps ? s->rows * s->units : 0;
    s->c += keeps ? s->rows * s->units : 0;
  }
  s->gates = keeps ? s->gates : gates;
}

static void forward_block(void *argument, clf__range range) {
  const clf__recurrent_run *r = argument;
  const clf__recurrent_block b = clf__recurrent_block_of(r, range.index, range.worker);
  clf__recurrent_chunk chunk = {.rows = b.rows};
  clf__cell_step s = {.cell = r->cell->cell,
                      .units = r->cell->units,
                      .bias = r->bias,
                      .gates = b.gates,
                      .h_before = b.first_h,
                      .c_before = b.first_c,
                      .h = b.h,
                      .c = b.c};
  for (;; chunk.first = chunk.end) {
    while (chunk.rows > 0 && b.length[chunk.rows - 1] <= chunk.first) {
      chunk.rows--;
    }
    if (chunk.rows == 0 || clf__progress_check() < 0) {
      break;
    }
    chunk.end = clf__min_i64(chunk.first + clf__max_i64(r->places / chunk.rows, 1),
                             b.length[chunk.rows - 1]);
    s.rows = chunk.rows;
    forward_chunk(&b, &chunk, &s);
  }
}

clf_status clf__recurrent_forward(clf_context *context, const clf__recurrent *cell,
                                  const clf__recurrent_pass *pass) {
  clf__recurrent_run r;
  clf_status status = clf__recurrent_begin(&r, context, cell, pass, false);
  if (status == CLF_OK) {
    status = clf__progress_ranges(context, r.blocks, 1, clf__recurrent_work(&r), forward_block, &r);
  }
  clf__recurrent_end(&r);
  return status;
}
