/* The context's threads share blocks of rows. The arithmetic is in doubles. */
#include "transform/map.h"

#include "base/jobs.h"
#include "base/math.h"

enum { TASK_NUMBERS = 1 << 14, COST = 8 };

typedef struct mapping {
  const clf_dataset *dataset;
  clf__rows x;
  clf__map_element change;
  const void *argument;
  float *to;
  double *to_wide;
  double *buffers; /* [threads, columns] */
} mapping;

static clf_status change(const mapping *job, int64_t row, int64_t column, double *value) {
  const clf_status status = job->change(job->argument, column, value);
  return status < 0 ? clf__fail_within(status, "row %lld, %s", (long long)(job->x.first_row + row),
                                       clf__dataset_column(job->dataset, column).text)
                    : status;
}

static clf_status change_rows(void *argument, clf__range rows) {
  const mapping *job = argument;
  const int64_t columns = job->x.columns;
  for (int64_t i = rows.first; i < rows.end; i++) {
    double *values =
        job->to_wide != NULL ? job->to_wide + i * columns : job->buffers + rows.worker * columns;
    clf__rows_read_f64(&job->x, i, values);
    for (int64_t j = 0; j < columns; j++) {
      CLF__CHECK(change(job, i, j, &values[j]));
    }
    for (int64_t j = 0; job->to_wide == NULL && j < columns; j++) {
      job->to[i * columns + j] = (float)values[j];
    }
  }
  return CLF_OK;
}

static clf_status change_entries(void *argument, clf__range rows) {
  const mapping *job = argument;
  const int64_t *start = job->x.row_start;
  for (int64_t i = rows.first; i < rows.end; i++) {
    for (int64_t e = start[i]; e < start[i + 1]; e++) {
      double value = (double)job->x.value[e];
      CLF__CHECK(change(job, i, job->x.column[e], &value));
      job->to[e - start[0]] = (float)value;
    }
  }
  return CLF_OK;
}

static clf_status run(mapping *job, clf__job task) {
  const double numbers = (double)clf__rows_entries(&job->x);
  const int64_t each = 1 + (int64_t)(numbers / (double)job->x.rows);
  return clf__jobs_rows(job->dataset->context, job->x.first_row, job->x.rows,
                        1 + TASK_NUMBERS / each, numbers * COST * CLF__COST_ELEMENT, task, job);
}

static clf_status map_sparse(clf_dataset **out, mapping *job) {
  const int64_t count = clf__rows_entries(&job->x);
  clf_tensor *value = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__tensor_create_uninitialized(&value, job->dataset->context, CLF_F32, 1, &count));
  job->to = value->data;
  CLF__TRY(run(job, change_entries));
  CLF__TRY(clf__dataset_with_value(out, job->dataset, value));
  value = NULL;
done:
  clf_tensor_free(value);
  return status;
}

static clf_status map_dense(clf_dataset **out, mapping *job, bool f64) {
  clf_context *context = job->dataset->context;
  const bool wide = f64 && job->x.dtype == CLF_F64;
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  job->buffers = clf__alloc_matrix(context, clf__context_threads(context), job->x.columns,
                                   sizeof *job->buffers);
  CLF__TRY(job->buffers == NULL ? CLF_ERROR_MEMORY : CLF_OK);
  CLF__TRY(clf__tensor_create_uninitialized(&x, context, wide ? CLF_F64 : CLF_F32, 2,
                                            (int64_t[]){job->x.rows, job->x.columns}));
  job->to = wide ? NULL : x->data;
  job->to_wide = wide ? x->data : NULL;
  CLF__TRY(run(job, change_rows));
  CLF__TRY(clf__dataset_with_x(out, job->dataset, x));
  (*out)->names = clf__names_retain(job->dataset->names);
  x = NULL;
done:
  clf_tensor_free(x);
  clf__free(job->buffers);
  return status;
}

clf_status clf__map_apply(clf_dataset **out, const clf_dataset *dataset, bool f64,
                          clf__map_element element, const void *argument) {
  mapping job = {
      .dataset = dataset, .x = clf__dataset_rows(dataset), .change = element, .argument = argument};
  return clf__rows_sparse(&job.x) ? map_sparse(out, &job) : map_dense(out, &job, f64);
}
