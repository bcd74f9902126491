/* Dense rows of chosen columns, and joined rows. The context's threads share blocks of rows; the
 * floor is reading the rows and writing the columns. */
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "transform/columns.h"

enum { TASK_NUMBERS = 1 << 16 };

typedef struct choosing {
  const clf_tensor *from;
  const int64_t *columns;
  int64_t count, stride;
  size_t size; /* of an element */
  char *to;
} choosing;

static void choose_rows(void *argument, clf__range rows) {
  const choosing *job = argument;
  const size_t size = job->size;
  for (int64_t i = rows.first; i < rows.end; i++) {
    const char *from = (const char *)job->from->data + i * job->stride * (int64_t)size;
    char *to = job->to + i * job->count * (int64_t)size;
    for (int64_t k = 0; k < job->count; k++, to += size) {
      memcpy(to, from + job->columns[k] * (int64_t)size, size);
    }
  }
}

clf_status clf__columns_choose_dense(clf_dataset **out, const clf_dataset *dataset,
                                     const int64_t *columns, int64_t count) {
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__tensor_create_uninitialized(&x, dataset->context, dataset->x->dtype, 2,
                                              (int64_t[]){dataset->rows, count}));
  x->scale = dataset->x->scale;
  choosing job = {.from = dataset->x,
                  .columns = columns,
                  .count = count,
                  .stride = clf__dataset_rows(dataset).stride,
                  .size = clf__dtype_size(x->dtype),
                  .to = x->data};
  CLF__TRY(clf__progress_rows(
      dataset->context, dataset->first_row, dataset->rows, clf__max_i64(TASK_NUMBERS / count, 1),
      (double)dataset->rows * (double)count * CLF__COST_ELEMENT, choose_rows, &job));
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  x = NULL;
done:
  clf_tensor_free(x);
  return status;
}

typedef struct joining {
  clf__rows before, made;
  const clf__layout *layout;
  float *to;
  double *to_wide;
  char *buffers; /* [threads, inputs + made] of f64, or of f32 */
} joining;

static void join_f32(const joining *job, int64_t row, float *buffer) {
  const clf__layout *layout = job->layout;
  const size_t size = sizeof(float);
  memcpy(buffer, clf__rows_values(&job->before, row, buffer), (size_t)layout->inputs * size);
  float *made = buffer + layout->inputs;
  memcpy(made, clf__rows_values(&job->made, row, made), (size_t)layout->made * size);
  for (int64_t j = 0; j < layout->count; j++) {
    job->to[row * layout->count + j] = buffer[layout->place[j]];
  }
}

static void join_f64(const joining *job, int64_t row, double *buffer) {
  const clf__layout *layout = job->layout;
  clf__rows_read_f64(&job->before, row, buffer);
  clf__rows_read_f64(&job->made, row, buffer + layout->inputs);
  for (int64_t j = 0; j < layout->count; j++) {
    job->to_wide[row * layout->count + j] = buffer[layout->place[j]];
  }
}

static void join_rows(void *argument, clf__range rows) {
  const joining *job = argument;
  const int64_t width = job->layout->inputs + job->layout->made;
  for (int64_t i = rows.first; i < rows.end; i++) {
    if (job->to_wide != NULL) {
      join_f64(job, i, (double *)(void *)job->buffers + rows.worker * width);
    } else {
      join_f32(job, i, (float *)(void *)job->buffers + rows.worker * width);
    }
  }
}

clf_status clf__columns_join_dense(clf_dataset **out, const clf_dataset *before,
                                   const clf_dataset *made, const clf__layout *layout) {
  clf_context *context = before->context;
  const int64_t width = layout->inputs + layout->made;
  joining job = {clf__dataset_rows(before), clf__dataset_rows(made), layout, NULL, NULL, NULL};
  const bool wide = job.before.dtype == CLF_F64 || job.made.dtype == CLF_F64;
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  job.buffers = clf__alloc_matrix(context, clf__context_threads(context), width, sizeof(double));
  CLF__TRY(job.buffers == NULL ? CLF_ERROR_MEMORY : CLF_OK);
  CLF__TRY(clf__tensor_create_uninitialized(&x, context, wide ? CLF_F64 : CLF_F32, 2,
                                            (int64_t[]){before->rows, layout->count}));
  job.to = wide ? NULL : x->data;
  job.to_wide = wide ? x->data : NULL;
  CLF__TRY(clf__progress_rows(
      context, before->first_row, before->rows, clf__max_i64(TASK_NUMBERS / width, 1),
      (double)before->rows * (double)width * CLF__COST_ELEMENT, join_rows, &job));
  CLF__TRY(clf__dataset_with_x(out, before, x));
  x = NULL;
done:
  clf_tensor_free(x);
  clf__free(job.buffers);
  return status;
}
