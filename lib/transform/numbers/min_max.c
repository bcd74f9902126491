/* min_max: each feature is shifted and scaled so that its range on the fitted rows becomes [low,
 * high], as by scikit-learn's MinMaxScaler. A constant feature is divided by 1, and becomes low.
 * Rows of weight 0 do not count. */
#include <math.h>

#include "base/text.h"
#include "transform/numbers/statistics.h"
#include "transform/transform.h"

typedef struct min_max_params {
  clf__transform_params common;
  double low;
  double high;
  bool clip;
  int32_t precision;
} min_max_params;

#define CLF__VALUES min_max_params
static const clf__param params[] = {
    CLF__REAL(low, "0", -1e30, 1e30, "value to which a feature's minimum is mapped"),
    CLF__REAL(high, "1", -1e30, 1e30, "value to which a feature's maximum is mapped; above low"),
    CLF__BOOL(clip, "false", "clip numbers beyond the fitted range to low and high"),
    CLF__PRECISION_PARAM,
    CLF__TRANSFORM_PARAMS,
};

static clf_status check_params(const min_max_params *values) {
  if (values->low >= values->high) {
    return clf__fail(CLF_ERROR_ARGUMENT, "low is %s and high %s; low must be below high",
                     clf__number_text(values->low), clf__number_text(values->high));
  }
  return CLF_OK;
}

/* Sparse rows stay sparse if 0 is mapped to 0. */
static clf_status check_sparse(const clf_transform *transform, const clf_dataset *dataset,
                               const double *minimum) {
  const min_max_params *values = transform->params;
  if (!clf_dataset_sparse(dataset)) {
    return CLF_OK;
  }
  if (values->low != 0) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "low is %s; sparse rows would become dense: set low=0",
                     clf__number_text(values->low));
  }
  for (int64_t j = 0; j < dataset->features; j++) {
    if (minimum[j] != 0) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "the minimum of feature %lld is %s, not 0: sparse rows would become dense",
                       (long long)j, clf__number_text(minimum[j]));
    }
  }
  return CLF_OK;
}

static double factor_of(const min_max_params *values, double minimum, double maximum) {
  return (values->high - values->low) / (maximum > minimum ? maximum - minimum : 1);
}

/* Requires ranges that doubles can divide by. */
static clf_status check_ranges(const clf_transform *transform, const double *minimum,
                               const double *maximum, int64_t columns) {
  for (int64_t j = 0; j < columns; j++) {
    if (!isfinite(factor_of(transform->params, minimum[j], maximum[j]))) {
      return clf__fail(CLF_ERROR_DATA,
                       "column %lld, from %s to %s, varies too little for doubles to divide by its "
                       "range: scale it up",
                       (long long)j, clf__number_text(minimum[j]), clf__number_text(maximum[j]));
    }
  }
  return CLF_OK;
}

/* Extends the ranges by those of an earlier fit. */
static void extend(const clf__store *before, double *minimum, double *maximum, int64_t columns) {
  const double *low = clf__store_tensor(before, "minimum")->data;
  const double *high = clf__store_tensor(before, "maximum")->data;
  for (int64_t j = 0; j < columns; j++) {
    minimum[j] = fmin(minimum[j], low[j]);
    maximum[j] = fmax(maximum[j], high[j]);
  }
}

static clf_status partial_fit(const clf_transform *transform, const clf_dataset *dataset,
                              const clf__store *before, clf__store *state) {
  clf__rows x = clf__dataset_rows(dataset);
  clf_tensor *minimum = NULL;
  clf_tensor *maximum = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_params(transform->params));
  CLF__TRY(clf__tensor_vector(&minimum, transform->context, CLF_F64, x.columns));
  CLF__TRY(clf__tensor_vector(&maximum, transform->context, CLF_F64, x.columns));
  clf__columns columns = {.minimum = minimum->data, .maximum = maximum->data};
  CLF__TRY(clf__column_statistics(transform->context, &x, clf__dataset_weights(dataset), &columns));
  if (before != NULL) {
    extend(before, minimum->data, maximum->data, x.columns);
  }
  CLF__TRY(check_sparse(transform, dataset, minimum->data));
  CLF__TRY(check_ranges(transform, minimum->data, maximum->data, x.columns));
  CLF__TRY(clf__store_add_tensor(state, "minimum", minimum));
  CLF__TRY(clf__store_add_tensor(state, "maximum", maximum));
done:
  clf_tensor_free(minimum);
  clf_tensor_free(maximum);
  return status;
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  return partial_fit(transform, dataset, NULL, state);
}

static void affine(const clf_transform *transform, double *center, double *factor,
                   clf__affine *out) {
  const min_max_params *values = transform->params;
  const double *minimum = clf__store_tensor(transform->state, "minimum")->data;
  const double *maximum = clf__store_tensor(transform->state, "maximum")->data;
  for (int64_t j = 0; j < transform->features; j++) {
    center[j] = minimum[j];
    factor[j] = factor_of(values, minimum[j], maximum[j]);
  }
  *out = (clf__affine){.center = center,
                       .factor = factor,
                       .shift = values->low,
                       .low = values->clip ? values->low : -INFINITY,
                       .high = values->clip ? values->high : INFINITY,
                       .f64 = values->precision == CLF__PRECISION_F64};
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const double *minimum = clf__store_tensor(transform->state, "minimum")->data;
  clf_status status = check_sparse(transform, dataset, minimum);
  return status < 0 ? status : clf__transform_change(out, transform, dataset);
}

static clf_status check(const clf_transform *transform) {
  const double *minimum = clf__transform_vector(transform, "minimum");
  const double *maximum = clf__transform_vector(transform, "maximum");
  if (minimum == NULL || maximum == NULL) {
    return CLF_ERROR_CORRUPT;
  }
  clf_status status = check_params(transform->params);
  for (int64_t j = 0; j < transform->features && status == CLF_OK; j++) {
    if (minimum[j] > maximum[j]) {
      status = clf__fail(CLF_ERROR_CORRUPT, "damaged: a minimum is above its maximum");
    }
  }
  if (status == CLF_OK) {
    status = check_ranges(transform, minimum, maximum, transform->features);
  }
  return status < 0 ? CLF_ERROR_CORRUPT : CLF_OK;
}

const clf__transform_kind clf__min_max_kind = {
    .base =
        CLF__KIND("min_max", "features scaled to the range [low, high]", params, min_max_params),
    .operation = CLF__TRANSFORM_AFFINE,
    .can = CLF__ONE_EACH | CLF__SUMS_RANKS | CLF__READS_SUMS,
    .fit = fit,
    .partial_fit = partial_fit,
    .apply = apply,
    .affine = affine,
    .check = check,
};
