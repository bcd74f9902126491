/* Sparse rows of chosen columns, and joined rows of which some are sparse. The entries of each row
 * are counted, written, and sorted where they are not in order of their new columns. The context's
 * threads share blocks of rows. */
#include <math.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "data/build.h"
#include "data/row_order.h"
#include "transform/columns.h"

enum { TASK_NUMBERS = 1 << 16 };

/* Sparse rows: for each row, its entries in order of their new columns. */
typedef struct entries {
  clf__rows x;
  const int32_t *place;      /* [columns] new column of each, or -1 */
  const clf__rows *also;     /* rows whose columns come in addition, or NULL */
  const int32_t *also_place; /* [its columns] */
  int64_t *start;            /* [rows + 1] */
  int32_t *column;           /* NULL while the entries are counted */
  float *value;
  double *buffers; /* [threads, columns of the wider one] */
  int64_t width;   /* of a buffer */
} entries;

static void write_entry(const entries *job, int64_t at, int32_t column, float value) {
  job->column[at] = column;
  job->value[at] = value;
}

static int64_t add_entries(const entries *job, const clf__rows *x, const int32_t *place,
                           int64_t row, int64_t count, double *buffer, bool *beyond) {
  const int64_t first = job->column != NULL ? job->start[row] : 0;
  if (clf__rows_sparse(x)) {
    for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
      const int32_t column = place[x->column[e]];
      if (column >= 0 && job->column != NULL) {
        write_entry(job, first + count, column, x->value[e]);
      }
      count += column >= 0;
    }
    return count;
  }
  clf__rows_read_f64(x, row, buffer);
  for (int64_t j = 0; j < x->columns; j++) {
    if (place[j] < 0 || buffer[j] == 0) {
      continue;
    }
    *beyond = *beyond || (isfinite(buffer[j]) && !isfinite((float)buffer[j]));
    if (job->column != NULL) {
      write_entry(job, first + count, place[j], (float)buffer[j]);
    }
    count++;
  }
  return count;
}

static void make_entries(void *argument, clf__range rows) {
  entries *job = argument;
  double *buffer = job->buffers + rows.worker * job->width;
  for (int64_t i = rows.first; i < rows.end; i++) {
    bool beyond = false;
    int64_t count = add_entries(job, &job->x, job->place, i, 0, buffer, &beyond);
    if (job->also != NULL) {
      count = add_entries(job, job->also, job->also_place, i, count, buffer, &beyond);
    }
    if (job->column == NULL) {
      job->start[i + 1] = beyond ? -1 : count;
    } else if (!clf__row_ascends(job->column + job->start[i], count)) {
      clf__row_sort(job->column + job->start[i], job->value + job->start[i], sizeof *job->value,
                    count);
    }
  }
}

/* Adds the counts up to starts. Returns false if a count is -1, for a number beyond f32. */
static bool add_up(int64_t *start, int64_t rows) {
  bool fine = true;
  for (int64_t i = 0; i < rows; i++) {
    fine = fine && start[i + 1] >= 0;
    start[i + 1] += start[i];
  }
  return fine;
}

static clf_status make_sparse(clf_dataset **out, const clf_dataset *like, entries *job,
                              int64_t columns) {
  clf_context *context = like->context;
  clf_dataset *made = NULL;
  clf_status status = CLF_OK;
  const double work = (double)like->rows * (double)job->width * CLF__COST_ELEMENT;
  const int64_t grain = clf__max_i64(TASK_NUMBERS / job->width, 1);
  job->buffers =
      clf__alloc_matrix(context, clf__context_threads(context), job->width, sizeof *job->buffers);
  CLF__TRY(job->buffers == NULL ? CLF_ERROR_MEMORY : CLF_OK);
  CLF__TRY(clf__dataset_blank(&made, context));
  CLF__TRY(clf__dataset_share_rest(made, like));
  made->features = columns;
  CLF__TRY(clf__tensor_vector(&made->row_start, context, CLF_I64, like->rows + 1));
  job->start = made->row_start->data;
  CLF__TRY(
      clf__progress_rows(context, like->first_row, like->rows, grain, work, make_entries, job));
  if (!add_up(job->start, like->rows)) {
    status = clf__fail(CLF_ERROR_DATA,
                       "a number is beyond the f32 of sparse rows: transform its column, or set "
                       "sparse=false");
    goto done;
  }
  const int64_t count = job->start[like->rows];
  CLF__TRY(clf__tensor_create_uninitialized(&made->column, context, CLF_I32, 1, &count));
  CLF__TRY(clf__tensor_create_uninitialized(&made->value, context, CLF_F32, 1, &count));
  job->column = made->column->data;
  job->value = made->value->data;
  CLF__TRY(
      clf__progress_rows(context, like->first_row, like->rows, grain, work, make_entries, job));
  *out = made;
  made = NULL;
done:
  clf__free(job->buffers);
  clf_dataset_free(made);
  return status;
}

clf_status clf__columns_choose_sparse(clf_dataset **out, const clf_dataset *dataset,
                                      const int64_t *columns, int64_t count) {
  int32_t *place = clf__alloc_array(dataset->context, dataset->features, sizeof *place);
  if (place == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < dataset->features; j++) {
    place[j] = -1;
  }
  for (int64_t k = 0; k < count; k++) {
    place[columns[k]] = (int32_t)k;
  }
  const clf__rows x = clf__dataset_rows(dataset);
  entries job = {
      .x = x, .place = place, .width = 1 + clf__rows_entries(&x) / clf__max_i64(x.rows, 1)};
  const clf_status status = make_sparse(out, dataset, &job, count);
  clf__free(place);
  return status;
}

clf_status clf__columns_join_sparse(clf_dataset **out, const clf_dataset *before,
                                    const clf_dataset *made, const clf__layout *layout) {
  const int64_t width = layout->inputs + layout->made;
  const clf__rows also = clf__dataset_rows(made);
  int32_t *place = clf__alloc_array(before->context, width, sizeof *place);
  if (place == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < width; j++) {
    place[j] = -1;
  }
  for (int64_t j = 0; j < layout->count; j++) {
    place[layout->place[j]] = (int32_t)j;
  }
  entries job = {.x = clf__dataset_rows(before),
                 .place = place,
                 .also = &also,
                 .also_place = place + layout->inputs,
                 .width = clf__max_i64(layout->inputs, layout->made)};
  const clf_status status = make_sparse(out, before, &job, layout->count);
  clf__free(place);
  return status;
}
