/* The context's threads share blocks of rows. The arithmetic is in doubles, so that features far
 * from 0 keep their digits. The floor is writing the memory. f64 rows that are only scaled stay
 * f64, because f32 might merge their values. */
#include "transform/affine.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "transform/transform.h"

enum { TASK_NUMBERS = 1 << 16 };

typedef struct change {
  clf__rows x;
  const clf__affine *affine;
  float *to;       /* f32, or */
  double *to_wide; /* f64 */
  double *buffers; /* [threads, columns] of f64, or of f32 as floats */
} change;

static double bounded(double value, const clf__affine *affine) {
  value = value < affine->low ? affine->low : value;
  return value > affine->high ? affine->high : value;
}

static void change_f32(const change *job, int64_t row, float *buffer) {
  const clf__affine affine = *job->affine;
  const double *restrict center = affine.center;
  const double *restrict factor = affine.factor;
  const float *values = clf__rows_values(&job->x, row, buffer);
  float *restrict to = job->to + row * job->x.columns;
  for (int64_t j = 0; j < job->x.columns; j++) {
    const double moved = center != NULL ? (double)values[j] - center[j] : (double)values[j];
    to[j] = (float)bounded(affine.shift + moved * factor[j], &affine);
  }
}

static void change_f64(const change *job, int64_t row, double *buffer) {
  const clf__affine affine = *job->affine;
  const int64_t columns = job->x.columns;
  double *to = job->to_wide != NULL ? job->to_wide + row * columns : buffer;
  clf__rows_read_f64(&job->x, row, to);
  for (int64_t j = 0; j < columns; j++) {
    const double moved = affine.center != NULL ? to[j] - affine.center[j] : to[j];
    to[j] = bounded(affine.shift + moved * affine.factor[j], &affine);
  }
  for (int64_t j = 0; j < columns && job->to_wide == NULL; j++) {
    job->to[row * columns + j] = (float)to[j];
  }
}

static void change_rows(void *argument, clf__range rows) {
  const change *job = argument;
  double *buffer = job->buffers + rows.worker * job->x.columns;
  for (int64_t i = rows.first; i < rows.end; i++) {
    if (job->x.dtype == CLF_F64) {
      change_f64(job, i, buffer);
    } else {
      change_f32(job, i, (float *)buffer);
    }
  }
}

static void change_entries(void *argument, clf__range rows) {
  const change *job = argument;
  const clf__affine affine = *job->affine;
  const int64_t *start = job->x.row_start;
  for (int64_t e = start[rows.first]; e < start[rows.end]; e++) {
    const double factor = affine.factor[job->x.column[e]];
    job->to[e - start[0]] = (float)bounded(job->x.value[e] * factor, &affine);
  }
}

static clf_status apply_sparse(clf_dataset **out, const clf_dataset *dataset, change *job) {
  int64_t count = clf__rows_entries(&job->x);
  clf_tensor *value = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__tensor_create_uninitialized(&value, dataset->context, CLF_F32, 1, &count));
  job->to = value->data;
  CLF__TRY(clf__progress_rows(dataset->context, job->x.first_row, job->x.rows,
                              1 + TASK_NUMBERS / (1 + count / clf__max_i64(job->x.rows, 1)),
                              (double)count * CLF__COST_ELEMENT, change_entries, job));
  CLF__TRY(clf__dataset_with_value(out, dataset, value));
  value = NULL;
done:
  clf_tensor_free(value);
  return status;
}

static clf_status apply_dense(clf_dataset **out, const clf_dataset *dataset, change *job) {
  const bool wide = job->x.dtype == CLF_F64 && (job->affine->f64 || job->affine->center == NULL);
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  job->buffers = clf__alloc_matrix(dataset->context, clf__context_threads(dataset->context),
                                   job->x.columns, sizeof *job->buffers);
  if (job->buffers == NULL) {
    return CLF_ERROR_MEMORY;
  }
  CLF__TRY(clf__tensor_create_uninitialized(&x, dataset->context, wide ? CLF_F64 : CLF_F32, 2,
                                            (int64_t[]){job->x.rows, job->x.columns}));
  job->to = wide ? NULL : x->data;
  job->to_wide = wide ? x->data : NULL;
  CLF__TRY(clf__progress_rows(dataset->context, job->x.first_row, job->x.rows,
                              clf__max_i64(TASK_NUMBERS / job->x.columns, 1),
                              (double)job->x.rows * (double)job->x.columns * CLF__COST_ELEMENT,
                              change_rows, job));
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  (*out)->names = clf__names_retain(dataset->names);
  x = NULL;
done:
  clf_tensor_free(x);
  clf__free(job->buffers);
  return status;
}

/* Makes a dataset of f32 features, or of f64 features if f64 rows are only scaled or stay f64.
 * Sparse rows stay sparse: the map must keep 0, which is not checked. */
static clf_status apply_affine(clf_dataset **out, const clf_dataset *dataset,
                               const clf__affine *affine) {
  change job = {.x = clf__dataset_rows(dataset), .affine = affine};
  return clf__rows_sparse(&job.x) ? apply_sparse(out, dataset, &job)
                                  : apply_dense(out, dataset, &job);
}

clf_status clf__transform_change(clf_dataset **out, const clf_transform *transform,
                                 const clf_dataset *dataset) {
  double *center = clf__alloc_matrix(dataset->context, 2, transform->features, sizeof *center);
  clf__affine affine;
  if (center == NULL) {
    return CLF_ERROR_MEMORY;
  }
  transform->kind->affine(transform, center, center + transform->features, &affine);
  clf_status status = apply_affine(out, dataset, &affine);
  clf__free(center);
  return status;
}

clf_status clf__transform_affine(const clf_transform *transform, double *center, double *factor,
                                 clf__affine *out) {
  const int64_t *chosen = clf__transform_chosen(transform);
  const int64_t inputs = transform->inputs, features = transform->features;
  transform->kind->affine(transform, center, factor, out);
  if (chosen == NULL) {
    return CLF_OK;
  }
  if (out->shift != 0 || isfinite(out->low) || isfinite(out->high)) {
    return clf__fail(
        CLF_ERROR_UNSUPPORTED,
        "the transform %s shifts or clips some of the columns only, which is not "
        "written: set low=0 and clip=false, or fit on rows that are transformed already",
        transform->kind->base.name);
  }
  double *own = clf__alloc_matrix(transform->context, 2, features, sizeof *own);
  if (own == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memcpy(own, center, (size_t)features * sizeof *own);
  memcpy(own + features, factor, (size_t)features * sizeof *own);
  for (int64_t j = 0; j < inputs; j++) {
    center[j] = 0;
    factor[j] = 1;
  }
  for (int64_t k = 0; k < features; k++) {
    center[chosen[k]] = out->center != NULL ? own[k] : 0;
    factor[chosen[k]] = own[features + k];
  }
  clf__free(own);
  return CLF_OK;
}
