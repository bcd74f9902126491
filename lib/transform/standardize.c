/* standardize: the mean is subtracted from each feature, which is divided by its standard deviation
 * (of the population, as by scikit-learn's StandardScaler). A constant feature is divided by 1. */
#include <math.h>

#include "transform/statistics.h"
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

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  clf__rows x = clf__dataset_rows(dataset);
  clf_tensor *mean = NULL;
  clf_tensor *deviation = NULL;
  clf_tensor *spread = NULL;
  clf_tensor *extremes = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_sparse(transform, dataset));
  CLF__TRY(clf__tensor_vector(&mean, transform->context, CLF_F64, x.columns));
  CLF__TRY(clf__tensor_vector(&deviation, transform->context, CLF_F64, x.columns));
  CLF__TRY(clf__tensor_vector(&spread, transform->context, CLF_F64, x.columns));
  CLF__TRY(clf__tensor_matrix(&extremes, transform->context, CLF_F64, 2, x.columns));
  clf__columns columns = {.minimum = extremes->data,
                          .maximum = (double *)extremes->data + x.columns,
                          .mean = mean->data,
                          .deviation = spread->data};
  CLF__TRY(clf__column_statistics(transform->context, &x, clf__dataset_weights(dataset), &columns));
  for (int64_t j = 0; j < x.columns; j++) {
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
  clf_tensor_free(extremes);
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
  return CLF_OK;
}

const clf__transform_kind clf__standardize_kind = {
    .base = CLF__KIND("standardize", "features with mean 0 and standard deviation 1", params,
                      standardize_params),
    .operation = CLF__TRANSFORM_AFFINE,
    .can = CLF__ONE_EACH,
    .fit = fit,
    .apply = apply,
    .affine = affine,
    .check = check,
};
