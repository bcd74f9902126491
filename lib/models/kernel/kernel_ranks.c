/* The kernel function and the center of rows that ranks have parts of, from sums over the shards:
 * the mean and the variance of all values for gamma=scale, and the means of the columns. Whether
 * floats distinguish kernel values is judged by rows that every rank gets. */
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/rank_whole.h"
#include "models/kernel/kernel.h"

typedef struct value_sums {
  const clf__training *training;
  double shift;
  bool squares; /* of values minus the shift; otherwise the values */
  double *row;  /* [columns] */
} value_sums;

/* Adds the values of each row, and weights in sums[1]. Zeros of sparse rows count. */
static clf_status add_values(void *argument, int64_t first, int64_t rows, double *sums) {
  const value_sums *s = argument;
  const clf__training *t = s->training;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = t->weights != NULL ? (double)t->weights[i] : 1;
    double sum = 0;
    clf__rows_read_f64(t->x, i, s->row);
    for (int64_t j = 0; j < t->x->columns; j++) {
      const double value = s->row[j] + (t->center != NULL ? t->center[j] : 0) - s->shift;
      sum += s->squares ? value * value : value;
    }
    sums[0] += weight * sum;
    sums[1] += weight;
  }
  return CLF_OK;
}

static clf_status mean_of(double *out, value_sums *s) {
  const clf__rows *x = s->training->x;
  double sums[2] = {0, 0};
  const clf__shard_sum sum = {
      .name = "gamma", .of = x->shards, .rows = x->rows, .add = add_values, .argument = s};
  CLF__CHECK(clf__shards_sum(&sum, sums, 2));
  *out = sums[0] / (sums[1] * (double)x->columns);
  return CLF_OK;
}

static clf_status scale_gamma(double *gamma, clf_context *context, const clf__training *training) {
  value_sums s = {.training = training};
  double variance = 0;
  clf_status status = CLF_OK;
  s.row = clf__alloc_array(context, training->x->columns, sizeof *s.row);
  CLF__TRY(s.row != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(mean_of(&s.shift, &s));
  s.squares = true;
  CLF__TRY(mean_of(&variance, &s));
  const double rounding = 1e-30 * s.shift * s.shift; /* of equal values */
  *gamma = variance > rounding ? 1 / ((double)training->x->columns * variance) : 1;
  clf__fit_log(training, "gamma=scale is %s", clf__number_text(*gamma));
done:
  clf__free(s.row);
  return status;
}

/* Adds the columns of dense f32 rows, and the squares of all values in the last element. */
static clf_status add_columns(void *argument, int64_t first, int64_t rows, double *sums) {
  const clf__rows *x = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const float *values = (const float *)x->data + i * x->stride;
    for (int64_t j = 0; j < x->columns; j++) {
      sums[j] += (double)values[j];
      sums[x->columns] += (double)values[j] * (double)values[j];
    }
  }
  return CLF_OK;
}

/* As clf__kernel_center() does. */
static clf_status find_center(const float **out, clf__arena *arena, const clf__rows *x) {
  const double rows = (double)clf__shards_rows(x->shards, x->rows);
  double *sums = clf__alloc_zeroed(arena->context, x->columns + 1, sizeof *sums), length = 0;
  const clf__shard_sum sum = {.name = "center",
                              .of = x->shards,
                              .rows = x->rows,
                              .add = add_columns,
                              .argument = (void *)x};
  float *means = clf__arena_array(arena, x->columns, sizeof *means);
  clf_status status = sums != NULL ? clf__arena_status(arena) : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  CLF__TRY(clf__shards_sum(&sum, sums, x->columns + 1));
  for (int64_t j = 0; j < x->columns; j++) {
    means[j] = (float)(sums[j] / rows);
    length += (sums[j] / rows) * (sums[j] / rows);
  }
  *out = 2 * rows * length > sums[x->columns] ? means : NULL;
done:
  clf__free(sums);
  return status;
}

/* Some rows of all ranks, as rows to look at. */
static clf_status check_sample(clf_context *context, const clf__kernel_function *function,
                               const clf__training *training) {
  enum { SAMPLE = 1000 };
  const clf__rows *x = training->x;
  const int64_t first = x->shards != NULL ? x->shards->first : 0;
  const int64_t step = clf__shards_rows(x->shards, x->rows) / SAMPLE + 1;
  const clf__rank_part part = {.x = x, .weights = training->weights};
  clf__rank_whole some = {.shards = NULL};
  clf__training sample = *training;
  int64_t chosen[SAMPLE + 1], count = 0;
  for (int64_t i = clf__round_up(first, step) - first; i < x->rows; i += step) {
    chosen[count++] = i;
  }
  clf_status status = clf__rank_whole_choose(&some, context, &part, chosen, count);
  if (status == CLF_OK) {
    sample.x = &some.x;
    sample.weights = some.weights;
    status = clf__kernel_check_digits(context, function, &sample);
  }
  clf__rank_whole_free(&some);
  return status;
}

static clf_status resolve(clf__kernel_function *out, const float **center, clf__arena *arena,
                          const clf_model *model, const clf__kernel_params *params,
                          const clf__training *training) {
  enum { SCALE = 0 };
  const clf__rows *x = training->x;
  const bool scales = params->kernel != CLF__KERNEL_LINEAR && params->gamma.word == SCALE;
  const bool centers =
      params->kernel == CLF__KERNEL_RBF && !clf__rows_sparse(x) && x->dtype == CLF_F32;
  double gamma = params->gamma.word < 0 ? params->gamma.value : 1 / (double)x->columns;
  gamma = params->kernel != CLF__KERNEL_LINEAR ? gamma : 0;
  CLF__CHECK(scales ? scale_gamma(&gamma, model->context, training) : CLF_OK);
  *out = (clf__kernel_function){.kind = params->kernel,
                                .degree = (int32_t)params->degree,
                                .gamma = gamma,
                                .coef0 = params->coef0};
  *center = NULL;
  CLF__CHECK(clf__kernel_check_range(model->context, out, training));
  CLF__CHECK(check_sample(model->context, out, training));
  return centers ? find_center(center, arena, x) : CLF_OK;
}

clf_status clf__kernel_resolve_ranks(clf__kernel_function *out, const float **center,
                                     clf__arena *arena, const clf_model *model,
                                     const clf__kernel_params *params,
                                     const clf__training *training) {
  clf__call call;
  clf__call_begin(&call, model->context, model->kind->base.name, training->x->rows);
  return clf__call_end(&call, resolve(out, center, arena, model, params, training));
}
