/* Centered rows in f64; each task computes some of them. */
#include "ops/linalg/centered.h"

#include "base/pool.h"

enum { TASK_ROWS = 16 };

typedef struct read_call {
  const clf__centered *centered;
  int64_t first, ld;
  double *out;
} read_call;

static void center_row(const clf__centered *centered, int64_t row, double *out) {
  const int64_t columns = centered->x->columns;
  const double *center = centered->class_means != NULL
                             ? centered->class_means + centered->labels[row] * columns
                             : centered->mean;
  for (int64_t j = 0; center != NULL && j < columns; j++) {
    out[j] -= center[j];
  }
  for (int64_t j = 0; centered->factor != NULL && j < columns; j++) {
    out[j] *= centered->factor[j];
  }
}

static void read_task(void *argument, clf__range range) {
  const read_call *call = argument;
  for (int64_t i = range.first; i < range.end; i++) {
    double *out = call->out + i * call->ld;
    clf__rows_read_f64(call->centered->x, call->first + i, out);
    center_row(call->centered, call->first + i, out);
  }
}

void clf__centered_read(const clf__centered *centered, clf_context *context, int64_t first,
                        int64_t rows, double *out, int64_t ld) {
  read_call call = {centered, first, ld, out};
  clf__parallel_ranges(context, rows, TASK_ROWS,
                       (double)rows * (double)centered->x->columns * CLF__COST_ELEMENT, read_task,
                       &call);
}
