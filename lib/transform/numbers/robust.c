/* robust: the median is subtracted from each feature, which is divided by the distance of two of
 * its quantiles (the quartiles, as by scikit-learn's RobustScaler), so that few far values have
 * little effect. A feature whose quantiles are equal is divided by 1. */
#include <math.h>

#include "base/text.h"
#include "transform/levels.h"
#include "transform/transform.h"

typedef struct robust_params {
  clf__transform_params common;
  bool center;
  bool scale;
  double low;
  double high;
  int32_t precision;
} robust_params;

#define CLF__VALUES robust_params
static const clf__param params[] = {
    CLF__BOOL(center, "true", "subtract the median; false keeps sparse rows sparse"),
    CLF__BOOL(scale, "true", "divide by the distance of the quantiles"),
    CLF__REAL(low, "0.25", 0, 1, "share of the rows below the lower quantile"),
    CLF__REAL(high, "0.75", 0, 1, "share of the rows below the upper quantile; above low"),
    CLF__PRECISION_PARAM,
    CLF__TRANSFORM_PARAMS,
};

static clf_status check_params(const robust_params *values) {
  return values->low < values->high
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT, "low is %s and high %s; low must be below high",
                         clf__number_text(values->low), clf__number_text(values->high));
}

static clf_status check_sparse(const clf_transform *transform, const clf_dataset *dataset) {
  const robust_params *values = transform->params;
  return clf_dataset_sparse(dataset) && values->center
             ? clf__fail(CLF_ERROR_UNSUPPORTED,
                         "subtracting the median would make sparse rows dense; set center=false")
             : CLF_OK;
}

typedef struct fitting {
  const robust_params *params;
  double *center, *scale;
} fitting;

static clf_status fit_column(void *argument, int64_t column, const clf__levels *levels) {
  const fitting *f = argument;
  const double q[] = {f->params->low, f->params->high}, middle = 0.5;
  double found[2];
  clf__levels_quantiles(levels, &middle, 1, &f->center[column]);
  clf__levels_quantiles(levels, q, 2, found);
  const double distance = found[1] - found[0];
  f->scale[column] = distance > 0 ? distance : 1;
  return isfinite(1 / f->scale[column]) && isfinite(f->scale[column])
             ? CLF_OK
             : clf__fail(CLF_ERROR_DATA,
                         "column %lld, with quantiles %s and %s, cannot be divided by their "
                         "distance in doubles: scale it",
                         (long long)column, clf__number_text(found[0]), clf__number_text(found[1]));
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const clf__rows x = clf__dataset_rows(dataset);
  clf_tensor *center = NULL, *scale = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_params(transform->params));
  CLF__TRY(check_sparse(transform, dataset));
  CLF__TRY(clf__tensor_vector(&center, transform->context, CLF_F64, x.columns));
  CLF__TRY(clf__tensor_vector(&scale, transform->context, CLF_F64, x.columns));
  fitting f = {transform->params, center->data, scale->data};
  CLF__TRY(clf__levels_find(transform->context, &x, clf__dataset_weights(dataset), fit_column, &f));
  CLF__TRY(clf__store_add_tensor(state, "center", center));
  CLF__TRY(clf__store_add_tensor(state, "scale", scale));
done:
  clf_tensor_free(center);
  clf_tensor_free(scale);
  return status;
}

static void affine(const clf_transform *transform, double *center, double *factor,
                   clf__affine *out) {
  const robust_params *values = transform->params;
  const double *middle = clf__store_tensor(transform->state, "center")->data;
  const double *scale = clf__store_tensor(transform->state, "scale")->data;
  for (int64_t j = 0; j < transform->features; j++) {
    center[j] = middle[j];
    factor[j] = values->scale ? 1 / scale[j] : 1;
  }
  *out = (clf__affine){.center = values->center ? center : NULL,
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
  const double *center = clf__transform_vector(transform, "center");
  const double *scale = clf__transform_vector(transform, "scale");
  bool sound = center != NULL && scale != NULL && check_params(transform->params) == CLF_OK;
  for (int64_t j = 0; sound && j < transform->features; j++) {
    sound = scale[j] > 0 && isfinite(1 / scale[j]);
  }
  return sound ? CLF_OK : clf__fail(CLF_ERROR_CORRUPT, "damaged: robust is not complete");
}

const clf__transform_kind clf__robust_kind = {
    .base =
        CLF__KIND("robust", "features with median 0, divided by the distance of their quartiles",
                  params, robust_params),
    .operation = CLF__TRANSFORM_AFFINE,
    .can = CLF__ONE_EACH | CLF__SUMS_RANKS,
    .fit = fit,
    .apply = apply,
    .affine = affine,
    .check = check,
};
