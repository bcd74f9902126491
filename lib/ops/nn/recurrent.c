/* The forward pass. Its floor for each step of a row is (inputs + units + 1) x columns
 * multiply-adds and the exponentials of the cell. */
#include "ops/nn/recurrent.h"

#include <string.h>

#include "base/pool.h"
#include "base/progress.h"
#include "ops/nn/recurrent_run.h"

static void write_outputs(const clf__recurrent_block *b, int64_t step, const clf__cell_step *s) {
  const clf__recurrent_run *r = b->run;
  for (int64_t i = 0; i < s->rows; i++) {
    const int64_t place = clf__recurrent_place(b, i, step);
    if (place >= 0) {
      memcpy(r->pass->y + place, s->h + i * s->units, (size_t)s->units * sizeof *s->h);
    }
  }
}

static void forward_block(void *argument, clf__range range) {
  const clf__recurrent_run *r = argument;
  const clf__recurrent_block b = clf__recurrent_block_of(r, range.index, range.worker);
  const int64_t units = r->cell->units;
  const bool keeps = r->pass->kept != NULL;
  clf__cell_step s = {.cell = r->cell->cell,
                      .rows = b.rows,
                      .units = units,
                      .gates = b.gates,
                      .h_before = b.first_h,
                      .c_before = b.first_c,
                      .h = b.h,
                      .c = b.c};
  for (int64_t step = 0;; step++) {
    while (s.rows > 0 && b.length[s.rows - 1] <= step) {
      s.rows--;
    }
    if (s.rows == 0 || clf__progress_check() < 0) {
      break;
    }
    clf__recurrent_fill(&b, s.rows, step, s.h_before);
    clf__recurrent_sums(&b, s.rows, s.gates);
    r->kernels->recurrent->forward(&s);
    write_outputs(&b, step, &s);
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
  clf__recurrent_run r;
  clf_status status = clf__recurrent_begin(&r, context, cell, pass, false);
  if (status == CLF_OK) {
    status = clf__progress_ranges(context, r.blocks, 1, clf__recurrent_work(&r), forward_block, &r);
  }
  clf__recurrent_end(&r);
  return status;
}
