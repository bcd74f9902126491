/* log_count_ratio: each feature is scaled by how much its share in a class differs from its share
 * in the other classes, so that a linear model after it uses its weights for features that
 * distinguish classes. With n_kj = alpha + the rows of class k where feature j is not 0,
 *   factor_j = max over k of |ln (n_kj / sum_i n_ki) - ln (m_kj / sum_i m_ki)|,
 * where m_k is n of all other classes together. For two classes these are the naive Bayes log-count
 * ratios of Wang and Manning (2012), whose signs a linear model does not need. */
#include <math.h>

#include "base/memory.h"
#include "base/progress.h"
#include "comm/shards.h"
#include "transform/transform.h"

typedef struct ratio_params {
  clf__transform_params common;
  double alpha;
} ratio_params;

#define CLF__VALUES ratio_params
static const clf__param params[] = {
    CLF__REAL(alpha, "1", 1e-12, 1e12, "constant that is added to each count, so that none is 0"),
    CLF__TRANSFORM_PARAMS,
};

enum { BETWEEN = 1 << 18 }; /* approximate counts between two checks for cancellation */

typedef struct counting {
  const clf_dataset *dataset;
  int64_t classes, features;
  float *buffer;  /* [features] */
  double *counts; /* [classes, features] */
  double *rows;   /* [classes] weight of the rows of each class, after the counts */
  double *all;    /* [features] the counts of all classes */
  double *sums;   /* [classes + 1] sums of the lines, and of all, with alpha */
} counting;

static void count_row(const counting *c, const clf__rows *x, int64_t row, double weight,
                      double *counts) {
  if (clf__rows_sparse(x)) {
    for (int64_t i = x->row_start[row]; i < x->row_start[row + 1]; i++) {
      counts[x->column[i]] += x->value[i] != 0 ? weight : 0;
    }
    return;
  }
  const float *values = clf__rows_values(x, row, c->buffer);
  for (int64_t j = 0; j < c->features; j++) {
    counts[j] += values[j] != 0 ? weight : 0;
  }
}

/* counts: [classes, features], then rows [classes]. */
static clf_status count_rows(void *argument, int64_t first, int64_t rows, double *counts) {
  const counting *c = argument;
  const clf__rows x = clf__dataset_rows(c->dataset);
  const int32_t *labels = clf__dataset_labels(c->dataset);
  const float *weights = clf__dataset_weights(c->dataset);
  const int64_t asked = 1 + BETWEEN / c->features; /* rows between two checks for cancellation */
  for (int64_t row = first; row < first + rows; row++) {
    const double weight = weights != NULL ? (double)weights[row] : 1;
    count_row(c, &x, row, weight, counts + labels[row] * c->features);
    counts[c->classes * c->features + labels[row]] += weight;
    CLF__CHECK((row - first) % asked == 0 ? clf__progress_check() : CLF_OK);
  }
  return CLF_OK;
}

static void add_up(const counting *c, double alpha) {
  for (int64_t k = 0; k < c->classes; k++) {
    const double *line = c->counts + k * c->features;
    for (int64_t j = 0; j < c->features; j++) {
      c->all[j] += line[j];
      c->sums[k] += line[j];
    }
    c->sums[k] += alpha * (double)c->features;
  }
  for (int64_t j = 0; j < c->features; j++) {
    c->sums[c->classes] += c->all[j];
  }
  c->sums[c->classes] += alpha * (double)c->features;
}

/* Classes without rows are ignored; if fewer than two others remain, the factor is 1. */
static double factor_of(const counting *c, double alpha, int64_t feature) {
  const double every = c->all[feature];
  double factor = 0;
  int64_t known = 0;
  for (int64_t k = 0; k < c->classes; k++) {
    const double own = c->counts[k * c->features + feature];
    const double others = c->sums[c->classes] - c->sums[k] + alpha * (double)c->features;
    const double ratio = log((own + alpha) / c->sums[k]) - log((every - own + alpha) / others);
    factor = c->rows[k] > 0 ? fmax(factor, fabs(ratio)) : factor;
    known += c->rows[k] > 0;
  }
  return known > 1 ? factor : 1;
}

static clf_status count_classes(counting *c, double alpha, double *factors) {
  const int64_t count = clf__count(c->classes, c->features + 1);
  const clf__shard_sum sum = {.name = "counts of classes",
                              .of = c->dataset->shards,
                              .rows = c->dataset->rows,
                              .integers = clf__dataset_weights(c->dataset) == NULL,
                              .add = count_rows,
                              .argument = c};
  clf__arena arena = {.context = c->dataset->context};
  c->buffer = clf__arena_array(&arena, c->features, sizeof *c->buffer);
  c->counts = clf__arena_zeroed(&arena, count, sizeof *c->counts);
  c->all = clf__arena_zeroed(&arena, c->features, sizeof *c->all);
  c->sums = clf__arena_zeroed(&arena, c->classes + 1, sizeof *c->sums);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  c->rows = c->counts + c->classes * c->features;
  CLF__TRY(clf__shards_sum(&sum, c->counts, count));
  add_up(c, alpha);
  for (int64_t j = 0; j < c->features; j++) {
    factors[j] = factor_of(c, alpha, j);
    CLF__TRY(j % (1 + BETWEEN / c->classes) == 0 ? clf__progress_check() : CLF_OK);
  }
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const ratio_params *p = transform->params;
  counting c = {
      .dataset = dataset, .classes = clf_dataset_classes(dataset), .features = dataset->features};
  clf_tensor *factors = NULL;
  clf_status status = CLF_OK;
  if (clf__dataset_labels(dataset) == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "log_count_ratio counts by class: the rows need labels");
  }
  CLF__TRY(clf__tensor_vector(&factors, transform->context, CLF_F64, c.features));
  CLF__TRY(count_classes(&c, p->alpha, factors->data));
  CLF__TRY(clf__store_add_tensor(state, "factor", factors));
done:
  clf_tensor_free(factors);
  return status;
}

static void affine(const clf_transform *transform, double *center, double *factor,
                   clf__affine *out) {
  const double *fitted = clf__store_tensor(transform->state, "factor")->data;
  (void)center;
  for (int64_t j = 0; j < transform->features; j++) {
    factor[j] = fitted[j];
  }
  *out = (clf__affine){.factor = factor, .low = -INFINITY, .high = INFINITY};
}

static clf_status check(const clf_transform *transform) {
  const double *factor = clf__transform_vector(transform, "factor");
  for (int64_t j = 0; factor != NULL && j < transform->features; j++) {
    if (factor[j] < 0) {
      return clf__fail(CLF_ERROR_CORRUPT, "damaged: a ratio is below 0");
    }
  }
  return factor != NULL ? CLF_OK : CLF_ERROR_CORRUPT;
}

const clf__transform_kind clf__log_count_ratio_kind = {
    .base =
        CLF__KIND("log_count_ratio",
                  "features scaled by how differently the classes have them, for counts of words",
                  params, ratio_params),
    .operation = CLF__TRANSFORM_AFFINE,
    .can = CLF__ONE_EACH | CLF__SUMS_RANKS,
    .fit = fit,
    .apply = clf__transform_change,
    .affine = affine,
    .check = check,
};
