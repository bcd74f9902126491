/* Sums of rows, of rows by class, and of targets times rows. The floor is reading the rows from
 * memory. The rows are divided into parts, depending on their number alone; the parts are summed in
 * parallel and then added in order. u8 rows without weights are summed in integers. Sums that are
 * not finite show rows that are not, which is the only search for them that most fits need. */
#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/progress.h"
#include "ops/linalg/gram_parts.h"
#include "ops/linalg/row.h"

enum { PART_ROWS = 2048, MAX_PARTS = 32, PIECE = 256 /* columns */ };
static const int64_t max_counted = 1 << 24;    /* rows whose sums of 255 fit 32 bits */
static const int64_t max_part_bytes = 1 << 26; /* for all parts together */
static const int64_t sums_a_step = 1 << 22;    /* milliseconds */

typedef struct sums_call {
  const clf__gram_input *input;
  const clf__kernels *kernels;
  bool counted;  /* parts are u32 */
  int64_t lines; /* lines of `columns` sums: one for each class; or one for all rows and one for
                  * each target */
  int64_t parts, part_rows;
  int64_t step_rows;
  void *part;
  clf__progress progress;
  atomic_int_least64_t done; /* rows */
} sums_call;

static void add_f64(double *line, double factor, const clf__rows *x, int64_t row) {
  double values[PIECE];
  for (int64_t first = 0; first < x->columns; first += PIECE) {
    const int64_t count = clf__min_i64(PIECE, x->columns - first);
    const clf__rows stripe = clf__rows_columns(x, first, count);
    clf__rows_read_f64(&stripe, row, values);
    for (int64_t j = 0; j < count; j++) {
      line[first + j] += factor * values[j];
    }
  }
}

static void add_row(const sums_call *call, double *line, double factor, int64_t row) {
  const clf__rows *x = call->input->x;
  if (clf__rows_sparse(x)) {
    for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
      line[x->column[e]] += factor * (double)x->value[e];
    }
  } else if (x->dtype == CLF_U8) {
    call->kernels->rows->add_u8(line, factor, (const uint8_t *)x->data + row * x->stride,
                                x->columns);
  } else if (x->dtype == CLF_F64) {
    add_f64(line, factor, x, row);
  } else {
    call->kernels->rows->add_f32(line, factor, (const float *)x->data + row * x->stride,
                                 x->columns);
  }
}

static void add_targets(const sums_call *call, double *lines, int64_t row) {
  const clf__gram_input *input = call->input;
  const double weight = clf__gram_weight(input, row);
  add_row(call, lines, weight, row);
  for (int64_t o = 0; o < input->outputs; o++) {
    add_row(call, lines + (o + 1) * input->x->columns,
            weight * input->targets[row * input->outputs + o], row);
  }
}

static clf_status sum_part(void *argument, clf__range rows) {
  sums_call *call = argument;
  const clf__gram_input *input = call->input;
  const clf__rows *x = input->x;
  const int64_t size = call->lines * x->columns;
  for (int64_t row = rows.first; row < rows.end; row++) {
    if ((row - rows.first) % call->step_rows == 0 && row > rows.first) {
      const int64_t done = atomic_fetch_add(&call->done, call->step_rows);
      CLF__CHECK(clf__progress_step(&call->progress, done, NAN, NAN));
    }
    const int64_t line = input->labels == NULL ? 0 : input->labels[row];
    const int64_t at = rows.index * size + line * x->columns;
    if (call->counted) {
      call->kernels->rows->count_u8((uint32_t *)call->part + at,
                                    (const uint8_t *)x->data + row * x->stride, x->columns);
    } else if (input->targets != NULL && input->labels == NULL) {
      add_targets(call, (double *)call->part + at, row);
    } else {
      add_row(call, (double *)call->part + at, clf__gram_weight(input, row), row);
    }
  }
  return CLF_OK;
}

/* Adds one line of all parts. */
static void add_parts(const sums_call *call, int64_t line, double *out) {
  const int64_t columns = call->input->x->columns;
  for (int64_t part = 0; part < call->parts; part++) {
    const int64_t at = (part * call->lines + line) * columns;
    for (int64_t j = 0; j < columns; j++) {
      out[j] +=
          call->counted ? (double)((uint32_t *)call->part)[at + j] : ((double *)call->part)[at + j];
    }
  }
}

static void sum_targets(clf__gram_sums *sums, const clf__gram_input *input) {
  for (int64_t row = 0; row < input->x->rows; row++) {
    const double weight = clf__gram_weight(input, row);
    if (input->labels != NULL) {
      sums->target[input->labels[row]] += weight;
    } else {
      for (int64_t o = 0; o < input->outputs; o++) {
        sums->target[o] += weight * input->targets[row * input->outputs + o];
      }
    }
  }
}

static void add_lines(clf__gram_sums *sums, const sums_call *call) {
  const int64_t columns = call->input->x->columns;
  const bool by_class = call->input->labels != NULL;
  for (int64_t line = 0; line < call->lines; line++) {
    if (by_class) {
      add_parts(call, line, sums->cross + line * columns);
      for (int64_t j = 0; j < columns; j++) {
        sums->x[j] += sums->cross[line * columns + j];
      }
    } else {
      add_parts(call, line, line == 0 ? sums->x : sums->cross + (line - 1) * columns);
    }
  }
}

/* The sum of a column with NaN or an infinite value is not finite; that of large f64 neither. */
static clf_status check_sums(const clf__gram_sums *sums, clf_context *context, const clf__rows *x) {
  for (int64_t j = 0; j < x->columns; j++) {
    if (!isfinite(sums->x[j])) {
      return clf__rows_check_finite(context, x);
    }
  }
  return CLF_OK;
}

clf_status clf__gram_add_sums(clf__gram_sums *sums, clf_context *context,
                              const clf__gram_input *input) {
  const int64_t rows = input->x->rows, columns = input->x->columns;
  const bool targets = input->targets != NULL && input->labels == NULL;
  sums_call call = {.input = input,
                    .kernels = clf__kernels_for(context),
                    .counted = clf__gram_exact(input) && !targets,
                    .lines =
                        input->labels != NULL ? input->outputs : 1 + (targets ? input->outputs : 0),
                    .progress = clf__progress_begin(context, "sums", rows)};
  int64_t size;
  if (rows == 0 || columns == 0) {
    return CLF_OK;
  }
  if (!clf__mul_i64(call.lines, columns, &size)) {
    size = INT64_MAX;
  }
  call.step_rows = 1 + sums_a_step / (targets ? size : columns);
  call.parts = clf__min_i64(MAX_PARTS, clf__ceil_div(rows, PART_ROWS));
  call.parts = clf__min_i64(call.parts, 1 + max_part_bytes / 8 / (size + 1));
  call.part_rows = clf__min_i64(clf__ceil_div(rows, call.parts), max_counted);
  call.parts = clf__ceil_div(rows, call.part_rows);
  call.part = clf__alloc_zeroed(context, clf__count(call.parts, size),
                                call.counted ? sizeof(uint32_t) : sizeof(double));
  if (call.part == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = clf__jobs_run(
      &call.progress, &call.done, rows, call.part_rows,
      (double)rows * (double)(targets ? size : columns) * CLF__COST_COPY, sum_part, &call);
  if (status == CLF_OK) {
    add_lines(sums, &call);
    sum_targets(sums, input);
    status = check_sums(sums, context, input->x);
  }
  clf__free(call.part);
  return status;
}
