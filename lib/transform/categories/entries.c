/* Sparse rows are made in two passes: the entries are counted, then written. The context's threads
 * share blocks of rows. */
#include "transform/categories/entries.h"

#include <stdlib.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "data/build.h"

enum { TASK_NUMBERS = 1 << 14, COST = 16, MANY = 256, MANY_EACH = 16 };

bool clf__entries_sparse(int32_t chosen, int64_t features, int64_t columns) {
  return chosen == CLF__SPARSE_TRUE ||
         (chosen == CLF__SPARSE_AUTO && columns >= MANY && columns / MANY_EACH >= features);
}

typedef struct making {
  clf__rows x;
  clf__entries_of_row row;
  const void *argument;
  int64_t columns, capacity;
  float *dense;    /* [rows, columns], or sparse rows: */
  int64_t *start;  /* [rows + 1] */
  int32_t *column; /* NULL while the entries are counted */
  float *value;
  double *buffers;     /* [threads, features] */
  clf__entry *entries; /* [threads, capacity] */
} making;

static int compare_entries(const void *a, const void *b) {
  const clf__entry *one = a, *other = b;
  return (one->column > other->column) - (one->column < other->column);
}

static bool is_sorted(const clf__entry *entries, int64_t count) {
  for (int64_t i = 1; i < count; i++) {
    if (entries[i].column < entries[i - 1].column) {
      return false;
    }
  }
  return true;
}

/* Sorts the entries of a row and adds up those of one column, which are whole numbers and thus the
 * same sum in any order; returns their number. */
static int64_t sort_and_add(clf__entry *entries, int64_t count) {
  int64_t kept = 0;
  if (!is_sorted(entries, count)) {
    qsort(entries, (size_t)count, sizeof *entries, compare_entries);
  }
  for (int64_t i = 0; i < count; i++) {
    if (kept > 0 && entries[kept - 1].column == entries[i].column) {
      entries[kept - 1].value += entries[i].value;
    } else {
      entries[kept++] = entries[i];
    }
  }
  return kept;
}

static void write_row(const making *job, int64_t row, const clf__entry *entries, int64_t count) {
  if (job->dense != NULL) {
    float *to = job->dense + row * job->columns;
    memset(to, 0, (size_t)job->columns * sizeof *to);
    for (int64_t e = 0; e < count; e++) {
      to[entries[e].column] = entries[e].value;
    }
    return;
  }
  for (int64_t e = 0; e < count; e++) {
    job->column[job->start[row] + e] = entries[e].column;
    job->value[job->start[row] + e] = entries[e].value;
  }
}

static clf_status make_rows(void *argument, clf__range rows) {
  const making *job = argument;
  double *values = job->buffers + rows.worker * job->x.columns;
  clf__entry *entries = job->entries + rows.worker * job->capacity;
  for (int64_t i = rows.first; i < rows.end; i++) {
    int64_t count = 0;
    clf__rows_read_f64(&job->x, i, values);
    const clf_status status = job->row(job->argument, values, entries, &count);
    if (status < 0) {
      return clf__fail_within(status, "row %lld", (long long)(job->x.first_row + i));
    }
    count = sort_and_add(entries, count);
    if (job->dense == NULL && job->column == NULL) {
      job->start[i + 1] = count;
    } else {
      write_row(job, i, entries, count);
    }
  }
  return CLF_OK;
}

static clf_status run(making *job, clf_context *context) {
  const int64_t each = job->x.columns + (job->dense != NULL ? job->columns : 0);
  return clf__jobs_rows(
      context, job->x.first_row, job->x.rows, clf__max_i64(TASK_NUMBERS / each, 1),
      (double)job->x.rows * (double)each * COST * CLF__COST_ELEMENT, make_rows, job);
}

static clf_status make_dense(clf_dataset **out, const clf_dataset *dataset, making *job) {
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__tensor_create_uninitialized(&x, dataset->context, CLF_F32, 2,
                                              (int64_t[]){job->x.rows, job->columns}));
  job->dense = x->data;
  CLF__TRY(run(job, dataset->context));
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  x = NULL;
done:
  clf_tensor_free(x);
  return status;
}

static clf_status make_sparse(clf_dataset **out, const clf_dataset *dataset, making *job) {
  clf_context *context = dataset->context;
  clf_dataset *made = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__dataset_blank(&made, context));
  CLF__TRY(clf__dataset_share_rest(made, dataset));
  made->features = job->columns;
  CLF__TRY(clf__tensor_vector(&made->row_start, context, CLF_I64, job->x.rows + 1));
  job->start = made->row_start->data;
  CLF__TRY(run(job, context));
  for (int64_t i = 0; i < job->x.rows; i++) {
    job->start[i + 1] += job->start[i];
  }
  const int64_t count = job->start[job->x.rows];
  CLF__TRY(clf__tensor_create_uninitialized(&made->column, context, CLF_I32, 1, &count));
  CLF__TRY(clf__tensor_create_uninitialized(&made->value, context, CLF_F32, 1, &count));
  job->column = made->column->data;
  job->value = made->value->data;
  CLF__TRY(run(job, context));
  *out = made;
  made = NULL;
done:
  clf_dataset_free(made);
  return status;
}

clf_status clf__entries_make(clf_dataset **out, const clf_dataset *dataset, int64_t columns,
                             bool sparse, int64_t capacity, clf__entries_of_row row,
                             const void *argument) {
  const int32_t threads = clf__context_threads(dataset->context);
  making job = {.x = clf__dataset_rows(dataset),
                .row = row,
                .argument = argument,
                .columns = columns,
                .capacity = capacity};
  clf__arena arena = {.context = dataset->context};
  job.buffers = clf__arena_matrix(&arena, threads, job.x.columns, sizeof *job.buffers);
  job.entries = clf__arena_matrix(&arena, threads, capacity, sizeof *job.entries);
  clf_status status = clf__arena_status(&arena);
  if (status == CLF_OK) {
    status = sparse ? make_sparse(out, dataset, &job) : make_dense(out, dataset, &job);
  }
  clf__arena_free(&arena);
  return status;
}
