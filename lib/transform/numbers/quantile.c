/* quantile: each feature becomes its rank among the rows of the fit, evenly spread from 0 to 1, or
 * spread as a normal distribution, as by scikit-learn's QuantileTransformer.
 *
 * The fit keeps quantiles of evenly spaced shares. Between two of them the share is interpolated
 * linearly; a number that is several quantiles gets the mean of the first and the last share. So
 * the ranks of the fit's own rows are exact if there are as many quantiles as rows. Numbers beyond
 * the quantiles get 0 and 1. For the normal distribution, p becomes the x at which a share p of it
 * is below x: a rational approximation (Acklam 2003), with one step of Halley's method by the error
 * function. p is cut at 1e-7. */
#include <float.h>
#include <math.h>

#include "base/math.h"
#include "transform/levels.h"
#include "transform/map.h"
#include "transform/transform.h"

enum { UNIFORM, NORMAL };

typedef struct quantile_params {
  clf__transform_params common;
  int64_t quantiles;
  int32_t output;
  int32_t precision;
} quantile_params;

#define CLF__VALUES quantile_params
static const clf__param params[] = {
    CLF__INT(quantiles, "1000", 2, 1e6, "maximum number of quantiles to keep; not more than rows"),
    CLF__CHOICE(output, "uniform|normal", "uniform", "distribution of the transformed features"),
    CLF__PRECISION_PARAM,
    CLF__TRANSFORM_PARAMS,
};

typedef struct fitting {
  const double *share; /* [count] */
  int64_t count;
  double *quantiles; /* [features, count] */
} fitting;

static clf_status fit_column(void *argument, int64_t column, const clf__levels *levels) {
  const fitting *f = argument;
  double *to = f->quantiles + column * f->count;
  clf__levels_quantiles(levels, f->share, f->count, to);
  for (int64_t k = 1; k < f->count; k++) {
    to[k] = fmax(to[k], to[k - 1]); /* rounding may have disturbed their order */
  }
  return CLF_OK;
}

/* Sparse rows stay sparse if 0 becomes 0. */
static clf_status check_sparse(const clf_transform *transform, const clf_dataset *dataset,
                               const double *quantiles, int64_t count) {
  const quantile_params *values = transform->params;
  bool keeps = values->output == UNIFORM;
  for (int64_t j = 0; keeps && j < dataset->features; j++) {
    keeps = quantiles[j * count] == 0;
  }
  return keeps || !clf_dataset_sparse(dataset)
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "sparse rows would become dense: they stay sparse with output=uniform "
                         "and features whose minimum is 0");
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const quantile_params *values = transform->params;
  const clf__rows x = clf__dataset_rows(dataset);
  clf_tensor *quantiles = NULL, *shares = NULL;
  clf_status status = CLF_OK;
  double rows;
  CLF__TRY(clf__levels_weight(&rows, &x, clf__dataset_weights(dataset)));
  rows = floor(fmin(rows, (double)values->quantiles));
  const int64_t count = clf__max_i64((int64_t)rows, 1);
  CLF__TRY(clf__tensor_vector(&shares, transform->context, CLF_F64, count));
  double *share = shares->data;
  for (int64_t k = 1; k < count; k++) {
    share[k] = (double)k / (double)(count - 1);
  }
  CLF__TRY(clf__tensor_matrix(&quantiles, transform->context, CLF_F64, x.columns, count));
  fitting f = {share, count, quantiles->data};
  CLF__TRY(clf__levels_find(transform->context, &x, clf__dataset_weights(dataset), fit_column, &f));
  CLF__TRY(check_sparse(transform, dataset, quantiles->data, count));
  CLF__TRY(clf__store_add_tensor(state, "quantiles", quantiles));
  CLF__TRY(clf__store_add_tensor(state, "shares", shares));
done:
  clf_tensor_free(quantiles);
  clf_tensor_free(shares);
  return status;
}

/* Returns the share of the rows below x, for x between the first quantile and the last. */
static double share_of(const double *q, const double *share, int64_t count, double x) {
  int64_t low = 0, high = count - 1;
  while (high - low > 1) { /* q[low] <= x < q[high] */
    const int64_t middle = low + (high - low) / 2;
    if (q[middle] <= x) {
      low = middle;
    } else {
      high = middle;
    }
  }
  if (q[low] < x) {
    return share[low] + (x - q[low]) / (q[high] - q[low]) * (share[high] - share[low]);
  }
  int64_t first = 0, last = low; /* q[last] = x */
  while (first < last) {
    const int64_t middle = first + (last - first) / 2;
    if (q[middle] < x) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return 0.5 * (share[first] + share[low]);
}

static double rational(const double *numerator, const double *denominator, int n, int m, double x) {
  double above = 0, below = 0;
  for (int i = 0; i < n; i++) {
    above = above * x + numerator[i];
  }
  for (int i = 0; i < m; i++) {
    below = below * x + denominator[i];
  }
  return above / (below * x + 1);
}

static double normal_tail(double p) {
  static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                             -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                             3.754408661907416e+00};
  return rational(c, d, 6, 4, sqrt(-2 * log(p)));
}

static double normal_center(double p) {
  static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                             1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                             6.680131188771972e+01, -1.328068155288572e+01};
  const double q = p - 0.5;
  return q * rational(a, b, 6, 5, q * q);
}

/* Returns the x below which a normal variable lies with probability p. */
static double normal_quantile(double p) {
  const double cut = 1e-7 - DBL_EPSILON, tail = 0.02425, root_2pi = 2.5066282746310002;
  p = fmin(fmax(p, cut), 1 - cut);
  const double x = p < tail       ? normal_tail(p)
                   : p > 1 - tail ? -normal_tail(1 - p)
                                  : normal_center(p);
  const double error = 0.5 * erfc(-x / sqrt(2)) - p;
  const double step = error * root_2pi * exp(x * x / 2);
  return x - step / (1 + x * step / 2);
}

typedef struct mapping {
  const double *quantiles;
  const double *share; /* [count] */
  int64_t count;
  bool normal;
} mapping;

static clf_status change(const void *argument, int64_t column, double *value) {
  const mapping *m = argument;
  const double *q = m->quantiles + column * m->count;
  const double x = *value;
  if (isnan(x)) {
    return CLF_OK;
  }
  const double share = x <= q[0]              ? 0
                       : x >= q[m->count - 1] ? 1
                                              : share_of(q, m->share, m->count, x);
  *value = m->normal ? normal_quantile(share) : share;
  return CLF_OK;
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const quantile_params *values = transform->params;
  const clf_tensor *quantiles = clf__store_tensor(transform->state, "quantiles");
  const mapping m = {quantiles->data, clf__store_tensor(transform->state, "shares")->data,
                     quantiles->shape[1], values->output == NORMAL};
  CLF__CHECK(check_sparse(transform, dataset, m.quantiles, m.count));
  return clf__map_apply(out, dataset, values->precision == CLF__PRECISION_F64, change, &m);
}

static clf_status check(const clf_transform *transform) {
  const clf_tensor *quantiles = clf__store_tensor(transform->state, "quantiles");
  bool sound = quantiles != NULL && quantiles->dtype == CLF_F64 && quantiles->ndim == 2 &&
               quantiles->shape[0] == transform->features && quantiles->shape[1] > 0;
  const clf_tensor *shares = clf__store_tensor(transform->state, "shares");
  sound = sound && shares != NULL && shares->dtype == CLF_F64 && shares->ndim == 1 &&
          shares->shape[0] == quantiles->shape[1];
  for (int64_t k = 0; sound && k < shares->shape[0]; k++) {
    const double *share = shares->data;
    sound = share[k] >= 0 && share[k] <= 1 && (k == 0 || share[k] > share[k - 1]);
  }
  for (int64_t i = 0; sound && i < clf_tensor_count(quantiles); i++) {
    const double *q = quantiles->data;
    sound = isfinite(q[i]) && (i % quantiles->shape[1] == 0 || q[i] >= q[i - 1]);
  }
  return sound ? CLF_OK
               : clf__fail(CLF_ERROR_CORRUPT,
                           "damaged: 'quantiles' of quantile is missing or not valid");
}

const clf__transform_kind clf__quantile_kind = {
    .base = CLF__KIND("quantile", "features as ranks, evenly or normally distributed", params,
                      quantile_params),
    .can = CLF__ONE_EACH | CLF__SUMS_RANKS,
    .fit = fit,
    .apply = apply,
    .check = check,
};
