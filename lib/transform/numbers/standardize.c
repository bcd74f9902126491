/* standardize: the mean is subtracted from each feature, which is divided by its standard deviation
 * (of the population, as by scikit-learn's StandardScaler). A constant feature is divided by 1. */
#include <math.h>

#include "ops/linalg/moments.h"
#include "transform/numbers/statistics.h"
#include "transform/transform.h"

typedef struct standardize_params {
  clf__transform_params common;
  bool mean;
  bool deviation;
  int32_t precision;
} standardize_params;

#define CLF__VALUES standardize_params
static const clf__param params[] = {
    CLF__BOOL(mean, "true", "subtract the mean; false keeps sparse rows sparse"),
    CLF__BOOL(deviation, "true", "divide by the standard deviation"),
    CLF__PRECISION_PARAM,
    CLF__TRANSFORM_PARAMS,
};

static clf_status check_sparse(const clf_transform *transform, const clf_dataset *dataset) {
  const standardize_params *values = transform->params;
  if (clf_dataset_sparse(dataset) && values->mean) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "subtracting the mean would make sparse rows dense; set mean=false");
  }
  return CLF_OK;
}

/* Computes mean and deviation of the rows and, if they are not NULL, the sums of earlier ones. */
static clf_status compute(const clf_transform *transform, const clf_dataset *dataset,
                          const clf__moments *sums, double *mean, double *spread) {
  const clf__rows x = clf__dataset_rows(dataset);
  if (sums != NULL) {
    clf__moments_columns(sums, mean, spread);
    for (int64_t j = 0; j < x.columns; j++) {
      spread[j] = sqrt(spread[j]);
    }
    return CLF_OK;
  }
  double *extremes = clf__alloc_matrix(transform->context, 2, x.columns, sizeof *extremes);
  if (extremes == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf__columns columns = {
      .minimum = extremes, .maximum = extremes + x.columns, .mean = mean, .deviation = spread};
  const clf_status status =
      clf__column_statistics(transform->context, &x, clf__dataset_weights(dataset), &columns);
  clf__free(extremes);
  return status;
}

static clf_status store(const clf_transform *transform, const clf_dataset *dataset,
                        const clf__moments *sums, clf__store *state) {
  const int64_t count = dataset->features;
  clf_tensor *mean = NULL;
  clf_tensor *deviation = NULL;
  clf_tensor *spread = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__tensor_vector(&mean, transform->context, CLF_F64, count));
  CLF__TRY(clf__tensor_vector(&deviation, transform->context, CLF_F64, count));
  CLF__TRY(clf__tensor_vector(&spread, transform->context, CLF_F64, count));
  CLF__TRY(compute(transform, dataset, sums, mean->data, spread->data));
  for (int64_t j = 0; j < count; j++) {
    const double found = ((double *)spread->data)[j];
    ((double *)deviation->data)[j] = found > 0 ? found : 1;
  }
  CLF__TRY(clf__store_add_tensor(state, "mean", mean));
  CLF__TRY(clf__store_add_tensor(state, "deviation", deviation));
  CLF__TRY(clf__store_add_tensor(state, "spread", spread));
done:
  clf_tensor_free(mean);
  clf_tensor_free(deviation);
  clf_tensor_free(spread);
  return status;
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const clf_status status = check_sparse(transform, dataset);
  return status < 0 ? status : store(transform, dataset, NULL, state);
}

static clf_status partial_fit(const clf_transform *transform, const clf_dataset *dataset,
                              const clf__store *before, clf__store *state) {
  clf__moments *sums = NULL;
  CLF__CHECK(check_sparse(transform, dataset));
  CLF__CHECK(clf__transform_sums(&sums, transform, dataset, before, false, state));
  const clf_status status = store(transform, dataset, sums, state);
  clf__moments_free(sums);
  return status;
}

static void affine(const clf_transform *transform, double *center, double *factor,
                   clf__affine *out) {
  const standardize_params *values = transform->params;
  const double *mean = clf__store_tensor(transform->state, "mean")->data;
  const double *deviation = clf__store_tensor(transform->state, "deviation")->data;
  for (int64_t j = 0; j < transform->features; j++) {
    center[j] = mean[j];
    factor[j] = values->deviation ? 1 / deviation[j] : 1;
  }
  *out = (clf__affine){.center = values->mean ? center : NULL,
                       .factor = factor,
                       .low = -INFINITY,
                       .high = INFINITY,
                       .f64 = values->precision == CLF__PRECISION_F64};
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  clf_status status = check_sparse(transform, dataset);
  return status < 0 ? status : clf__transform_change(out, transform, dataset);
}

static clf_status check(const clf_transform *transform) {
  const double *mean = clf__transform_vector(transform, "mean");
  const double *deviation = clf__transform_vector(transform, "deviation");
  /* Older files lack "spread". */
  const bool has_spread = clf__store_tensor(transform->state, "spread") != NULL;
  if (mean == NULL || deviation == NULL ||
      (has_spread && clf__transform_vector(transform, "spread") == NULL)) {
    return CLF_ERROR_CORRUPT;
  }
  for (int64_t j = 0; j < transform->features; j++) {
    if (!(deviation[j] > 0 && isfinite(1 / deviation[j]))) {
      return clf__fail(CLF_ERROR_CORRUPT,
                       "damaged: a standard deviation is not above 0, or too small to divide by");
    }
  }
  return clf__transform_check_sums(transform, false);
}

const clf__transform_kind clf__standardize_kind = {
    .base = CLF__KIND("standardize", "features with mean 0 and standard deviation 1", params,
                      standardize_params),
    .operation = CLF__TRANSFORM_AFFINE,
    .can = CLF__ONE_EACH | CLF__SUMS_RANKS | CLF__READS_SUMS,
    .fit = fit,
    .partial_fit = partial_fit,
    .apply = apply,
    .affine = affine,
    .check = check,
};
