/* Sums of products of columns, for sparse rows: each row adds the products of its own entries. A
 * task owns some rows of the scatter matrix and reads all rows of the data in order, so that no
 * element depends on how the work is divided. */
#include <math.h>

#include "base/jobs.h"
#include "base/progress.h"
#include "ops/linalg/gram_parts.h"

enum { ROWS_A_STEP = 64 };

typedef struct sparse_call {
  const clf__gram_input *input;
  double *scatter;
  clf__progress progress;
  atomic_int_least64_t done; /* rows, summed over all stripes */
} sparse_call;

/* Returns the first entry from `e` to `end` whose column is at least `column`; columns ascend. */
static int64_t find_entry(const clf__rows *x, int64_t e, int64_t end, int64_t column) {
  while (e < end) {
    const int64_t middle = e + (end - e) / 2;
    if (x->column[middle] < column) {
      e = middle + 1;
    } else {
      end = middle;
    }
  }
  return e;
}

static clf_status add_stripe(void *argument, clf__range columns) {
  sparse_call *call = argument;
  const clf__rows *x = call->input->x;
  for (int64_t row = 0; row < x->rows; row++) {
    if (row % ROWS_A_STEP == 0 && row > 0) {
      const int64_t done = atomic_fetch_add(&call->done, ROWS_A_STEP);
      CLF__CHECK(clf__progress_step(&call->progress, done, NAN, NAN));
    }
    const double weight = clf__gram_weight(call->input, row);
    const int64_t end = x->row_start[row + 1];
    int64_t e = find_entry(x, x->row_start[row], end, columns.first);
    for (; e < end && x->column[e] < columns.end; e++) {
      const double value = weight * (double)x->value[e];
      double *line = call->scatter + x->column[e] * x->columns;
      for (int64_t other = e; other < end; other++) {
        line[x->column[other]] += value * (double)x->value[other];
      }
    }
  }
  return CLF_OK;
}

clf_status clf__gram_add_sparse(double *scatter, clf_context *context,
                                const clf__gram_input *input) {
  const int64_t columns = input->x->columns;
  /* Low columns have more products; many stripes balance the work. */
  const int64_t stripe = clf__ceil_div(columns, 8 * (int64_t)clf__context_threads(context));
  sparse_call call = {.input = input, .scatter = scatter};
  if (columns == 0) {
    return CLF_OK;
  }
  const int64_t tasks = clf__ceil_div(columns, stripe);
  call.progress = clf__progress_begin(context, "gram", tasks * input->x->rows);
  const double entries = (double)clf__rows_entries(input->x);
  return clf__jobs_run(&call.progress, &call.done, columns, stripe,
                       entries * entries / (double)input->x->rows * CLF__COST_ELEMENT, add_stripe,
                       &call);
}
