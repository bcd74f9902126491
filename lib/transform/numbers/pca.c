/* pca: the projections of rows on the directions of largest variance of the training rows, z = V (x
 * - m), where V are the principal axes [components, features] (Pearson 1901; Hotelling 1933; found
 * by pca_fit.c). With whiten, each z is divided by its standard deviation. Fisher's discriminant on
 * few components of many features is Fisherfaces (Belhumeur, Hespanha and Kriegman, "Eigenfaces vs.
 * Fisherfaces", IEEE PAMI 19, 1997). */
#include <float.h>
#include <math.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "ops/linalg/moments.h"
#include "ops/ops.h"
#include "transform/numbers/pca.h"
#include "transform/transform.h"

typedef struct pca_params {
  clf__transform_params common;
  clf__number components;
  double variance;
  bool whiten;
  int32_t solver;
  int32_t precision;
} pca_params;

enum { TASK_ROWS = 64 };

#define CLF__VALUES pca_params
static const clf__param params[] = {
    CLF__INT_OR(components, "all", "all", 1, INT32_MAX, "maximum number of directions to keep"),
    CLF__REAL(variance, "1", CLF__ABOVE(0), 1, "share of variance to keep, with fewest components"),
    CLF__BOOL(whiten, "false", "divide each component by its standard deviation"),
    CLF__CHOICE(solver, "auto|gram|covariance", "auto",
                "products of rows (gram) or of features; auto: gram if dense rows are the fewer"),
    CLF__PRECISION_PARAM,
    CLF__TRANSFORM_PARAMS,
};

/* A vector if there are no columns. */
static clf_status keep(clf__store *state, clf_context *context, const char *name,
                       const double *values, int64_t rows, int64_t columns) {
  clf_tensor *tensor = NULL;
  clf_status status = columns > 0 ? clf__tensor_matrix(&tensor, context, CLF_F64, rows, columns)
                                  : clf__tensor_vector(&tensor, context, CLF_F64, rows);
  for (int64_t i = 0; status == CLF_OK && i < rows * (columns > 0 ? columns : 1); i++) {
    ((double *)tensor->data)[i] = values[i];
  }
  status = status == CLF_OK ? clf__store_add_tensor(state, name, tensor) : status;
  clf_tensor_free(tensor);
  return status;
}

/* Whether f32 holds what whitening divides by. */
static bool whitens(double variance) {
  return 1 / sqrt(variance) <= (double)FLT_MAX;
}

static clf_status check_variance(const pca_params *values, const clf__directions *found) {
  for (int64_t k = 0; values->whiten && k < found->count; k++) {
    if (!whitens(found->variance[k])) {
      return clf__fail(CLF_ERROR_DATA,
                       "pca: whiten=true divides by the deviation of component %lld, but its "
                       "variance is %s; scale the features or keep fewer components",
                       (long long)k, clf__number_text(found->variance[k]));
    }
  }
  return CLF_OK;
}

static clf_status store(const clf_transform *transform, const clf__directions *found,
                        clf__store *state) {
  const pca_params *values = transform->params;
  const int64_t size = found->count * transform->features;
  clf_tensor *components = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_variance(values, found));
  CLF__TRY(clf__tensor_matrix(&components, transform->context, CLF_F32, found->count,
                              transform->features));
  for (int64_t i = 0; i < size; i++) {
    ((float *)components->data)[i] = (float)found->vectors[i];
  }
  CLF__TRY(clf__store_add_tensor(state, "components", components));
  if (values->precision == CLF__PRECISION_F64) {
    CLF__TRY(keep(state, transform->context, "components_f64", found->vectors, found->count,
                  transform->features));
  }
  CLF__TRY(keep(state, transform->context, "mean", found->mean, transform->features, 0));
  CLF__TRY(keep(state, transform->context, "variance", found->variance, found->count, 0));
  CLF__TRY(keep(state, transform->context, "total_variance", &found->total, 1, 0));
done:
  clf_tensor_free(components);
  return status;
}

static clf__directions_wanted wanted(const clf_transform *transform) {
  const pca_params *values = transform->params;
  const double max = values->components.word < 0 ? values->components.value : INFINITY;
  return (clf__directions_wanted){values->solver, max, values->variance,
                                  values->precision == CLF__PRECISION_F64};
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const clf__rows x = clf__dataset_rows(dataset);
  const clf__directions_wanted how = wanted(transform);
  clf__directions found = {0};
  clf_status status =
      clf__directions_find(&found, transform->context, &x, clf__dataset_weights(dataset), &how);
  status = status == CLF_OK ? store(transform, &found, state) : status;
  clf__arena_free(&found.arena);
  return status;
}

static clf_status partial_fit(const clf_transform *transform, const clf_dataset *dataset,
                              const clf__store *before, clf__store *state) {
  const clf__directions_wanted how = wanted(transform);
  clf__moments *sums = NULL;
  clf__directions found = {0};
  clf_status status = CLF_OK;
  CLF__TRY(how.solver != CLF__PCA_GRAM
               ? CLF_OK
               : clf__fail(CLF_ERROR_UNSUPPORTED,
                           "solver=gram needs all rows at once; solver=covariance keeps sums"));
  CLF__TRY(clf__directions_check_size(transform->features));
  CLF__TRY(clf__transform_sums(&sums, transform, dataset, before, true, state));
  CLF__TRY(clf__directions_of_sums(&found, transform->context, sums, &how));
  status = store(transform, &found, state);
done:
  clf__moments_free(sums);
  clf__arena_free(&found.arena);
  return status;
}

static int64_t columns(const clf_transform *transform) {
  return clf__store_tensor(transform->state, "components")->shape[0];
}

/* The mean is subtracted from dense rows before the products, so that features far from 0 keep
 * their digits. For sparse rows, whose features are mostly 0, the products of the mean are
 * subtracted afterwards. */
typedef struct projection {
  clf__rows x;
  clf__linear_map map;
  const double *mean;
  float *w;       /* [count, columns] */
  float *b;       /* [count] for sparse rows, or NULL */
  float *buffers; /* [threads, TASK_ROWS, columns] for dense rows, or NULL */
  float *to;
  int64_t count;
} projection;

static void center_row(const clf__rows *x, int64_t row, const double *mean, float *to) {
  if (x->dtype == CLF_F64) {
    clf__rows about = *x;
    about.center = mean;
    clf__rows_values(&about, row, to);
    return;
  }
  const float *values = clf__rows_values(x, row, to);
  for (int64_t j = 0; j < x->columns; j++) {
    to[j] = (float)((double)values[j] - mean[j]);
  }
}

static void project_rows(void *argument, clf__range rows) {
  const projection *job = argument;
  const int64_t columns = job->x.columns;
  clf__rows block = clf__rows_range(&job->x, rows.first, rows.end - rows.first);
  if (job->buffers != NULL) {
    float *buffer = job->buffers + rows.worker * TASK_ROWS * columns;
    for (int64_t i = 0; i < block.rows; i++) {
      center_row(&block, i, job->mean, buffer + i * columns);
    }
    block = clf__rows_of_f32(buffer, block.rows, columns, columns);
  }
  clf__linear_block(&job->map, &block, job->to + rows.first * job->count, job->count);
}

/* Makes the matrix and, for sparse rows, minus its products with the mean. */
static void fill_map(const clf_transform *transform, projection *job) {
  const pca_params *values = transform->params;
  const float *components = clf__store_tensor(transform->state, "components")->data;
  const double *variance = clf__store_tensor(transform->state, "variance")->data;
  for (int64_t k = 0; k < job->count; k++) {
    const double factor = values->whiten ? 1 / sqrt(variance[k]) : 1;
    double shift = 0;
    for (int64_t j = 0; j < job->x.columns; j++) {
      const double weight = factor * (double)components[k * job->x.columns + j];
      job->w[k * job->x.columns + j] = (float)weight;
      shift -= weight * job->mean[j];
    }
    if (job->b != NULL) {
      job->b[k] = (float)shift;
    }
  }
}

/* The projections of f64 rows in f64. */
static clf_status apply_f64(clf_dataset **out, const clf_transform *transform,
                            const clf_dataset *dataset) {
  const pca_params *values = transform->params;
  const double *components = clf__store_tensor(transform->state, "components_f64")->data;
  const double *variance = clf__store_tensor(transform->state, "variance")->data;
  clf_context *context = dataset->context;
  clf__rows rows = clf__dataset_rows(dataset);
  const int64_t count = columns(transform), size = rows.columns;
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  double *w = clf__arena_matrix(&arena, count, size, sizeof *w);
  double *b = clf__arena_zeroed(&arena, count, sizeof *b);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < count * size; i++) {
    w[i] = components[i] * (values->whiten ? 1 / sqrt(variance[i / size]) : 1);
  }
  rows.center = clf__store_tensor(transform->state, "mean")->data;
  CLF__TRY(
      clf__tensor_create_uninitialized(&x, context, CLF_F64, 2, (int64_t[]){rows.rows, count}));
  CLF__TRY(clf__linear_f64(context, &rows, w, b, count, x->data));
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  x = NULL;
done:
  clf_tensor_free(x);
  clf__arena_free(&arena);
  return status;
}

static clf_status apply_f32(clf_dataset **out, const clf_transform *transform,
                            const clf_dataset *dataset) {
  clf_context *context = dataset->context;
  projection job = {.x = clf__dataset_rows(dataset), .count = columns(transform)};
  const bool sparse = clf__rows_sparse(&job.x);
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  job.mean = clf__store_tensor(transform->state, "mean")->data;
  job.w = clf__arena_matrix(&arena, job.count, job.x.columns, sizeof *job.w);
  if (sparse) {
    job.b = clf__arena_array(&arena, job.count, sizeof *job.b);
  } else {
    job.buffers = clf__arena_matrix(&arena, clf__context_threads(context) * TASK_ROWS,
                                    job.x.columns, sizeof *job.buffers);
  }
  CLF__TRY(clf__arena_status(&arena));
  fill_map(transform, &job);
  const clf__rows kind =
      sparse ? job.x : clf__rows_of_f32(job.buffers, job.x.rows, job.x.columns, job.x.columns);
  CLF__TRY(clf__linear_prepare(&job.map, context, &kind, job.w, job.b, job.count));
  CLF__TRY(clf__tensor_create_uninitialized(&x, context, CLF_F32, 2,
                                            (int64_t[]){job.x.rows, job.count}));
  job.to = x->data;
  CLF__TRY(clf__progress_rows(context, job.x.first_row, job.x.rows, TASK_ROWS,
                              (double)clf__rows_entries(&job.x) *
                                  (CLF__COST_ELEMENT + (double)job.count * CLF__COST_COPY),
                              project_rows, &job));
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  x = NULL;
done:
  clf_tensor_free(x);
  clf__linear_release(&job.map);
  clf__arena_free(&arena);
  return status;
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const pca_params *values = transform->params;
  const clf__rows x = clf__dataset_rows(dataset);
  const bool f64 =
      values->precision == CLF__PRECISION_F64 && !clf__rows_sparse(&x) && x.dtype == CLF_F64;
  return f64 ? apply_f64(out, transform, dataset) : apply_f32(out, transform, dataset);
}

/* Returns whether the state has a tensor of finite numbers of this shape; a vector if there are no
 * columns. */
static bool has(const clf_transform *transform, const char *name, int32_t dtype, int64_t rows,
                int64_t columns) {
  const clf_tensor *tensor = clf__store_tensor(transform->state, name);
  if (tensor == NULL || tensor->dtype != dtype || tensor->ndim != (columns > 0 ? 2 : 1) ||
      tensor->shape[0] != rows || (columns > 0 && tensor->shape[1] != columns)) {
    return false;
  }
  for (int64_t i = 0; i < rows * (columns > 0 ? columns : 1); i++) {
    if (!isfinite(clf__tensor_value(tensor, i))) {
      return false;
    }
  }
  return true;
}

static clf_status check(const clf_transform *transform) {
  const pca_params *values = transform->params;
  const clf_tensor *components = clf__store_tensor(transform->state, "components");
  const int64_t count = components != NULL && components->ndim == 2 ? components->shape[0] : 0;
  bool sound = count > 0 && has(transform, "components", CLF_F32, count, transform->features) &&
               has(transform, "mean", CLF_F64, transform->features, 0) &&
               has(transform, "variance", CLF_F64, count, 0) &&
               has(transform, "total_variance", CLF_F64, 1, 0);
  sound = sound && (values->precision != CLF__PRECISION_F64 ||
                    has(transform, "components_f64", CLF_F64, count, transform->features));
  for (int64_t k = 0; sound && k < count; k++) {
    const double variance = clf__tensor_value(clf__store_tensor(transform->state, "variance"), k);
    sound = variance > 0 && (!values->whiten || whitens(variance));
  }
  return sound ? clf__transform_check_sums(transform, true)
               : clf__fail(CLF_ERROR_CORRUPT, "damaged: a tensor of pca is missing or not valid");
}

const clf__transform_kind clf__pca_kind = {
    .base = CLF__KIND("pca", "principal components: the directions in which the rows vary most",
                      params, pca_params),
    .operation = CLF__TRANSFORM_PROJECTION,
    .can = CLF__SUMS_RANKS | CLF__READS_SUMS,
    .fit = fit,
    .partial_fit = partial_fit,
    .apply = apply,
    .columns = columns,
    .check = check,
};
