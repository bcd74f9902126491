/* impute: missing values, which are NaN, become a number that the fit determined for their column:
 * its mean, its median, its most frequent value, or a constant. A column of categories has neither
 * mean nor median, and gets its most frequent category, or one that is named. With indicator=true,
 * a column that lacked values in the fit is followed by one that is 1 where the value is missing,
 * and otherwise 0. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/text.h"
#include "base/utf8.h"
#include "transform/levels.h"
#include "transform/map.h"
#include "transform/transform.h"

enum { MEAN, MEDIAN, MOST_FREQUENT, CONSTANT, TASK_NUMBERS = 1 << 16 };

typedef struct impute_params {
  clf__transform_params common;
  int32_t strategy;
  char *value;
  bool indicator;
} impute_params;

#define CLF__VALUES impute_params
static const clf__param params[] = {
    CLF__CHOICE(strategy, "mean|median|most_frequent|constant", "mean",
                "replaces missing values; categories take the most frequent instead of a mean"),
    CLF__TEXT(value, NULL, "the constant: a number, otherwise 0, or a category of the column"),
    CLF__BOOL(indicator, "false", "add a column of 0 and 1 to each that lacks values"),
    CLF__TRANSFORM_PARAMS,
};

typedef struct fitting {
  const clf_dataset *dataset;
  const impute_params *params;
  double *value;      /* [features], NaN for a column without any value */
  uint8_t *indicator; /* [features] whether the column lacks values and then, whether it gets a
                       * second column */
} fitting;

/* Sums distances from the smallest value, so that an offset costs no digits. */
static double mean_of(const clf__levels *levels) {
  double sum = 0;
  for (int64_t i = 0; i < levels->count; i++) {
    sum += levels->weight[i] * (levels->value[i] - levels->value[0]);
  }
  return levels->value[0] + sum / levels->total;
}

/* Of values that are equally frequent, the smallest counts, or the first by name. */
static double mode_of(const clf__levels *levels, const clf__names *names) {
  int64_t best = 0;
  for (int64_t i = 1; i < levels->count; i++) {
    const bool same = levels->weight[i] == levels->weight[best];
    const bool before = same && names != NULL &&
                        strcmp(clf__names_at(names, (int64_t)levels->value[i]),
                               clf__names_at(names, (int64_t)levels->value[best])) < 0;
    best = before || levels->weight[i] > levels->weight[best] ? i : best;
  }
  return levels->value[best];
}

static clf_status fit_column(void *argument, int64_t column, const clf__levels *levels) {
  const fitting *f = argument;
  const clf__names *names = clf__categories_of(f->dataset->categories, column);
  const int32_t strategy = f->params->strategy;
  const double middle = 0.5;
  double *value = &f->value[column];
  f->indicator[column] = levels->missing > 0;
  if (strategy == CONSTANT) {
    return CLF_OK;
  }
  if (levels->count == 0) {
    *value = (double)NAN;
  } else if (strategy == MEAN && names == NULL) {
    *value = mean_of(levels);
  } else if (strategy == MEDIAN && names == NULL) {
    clf__levels_quantiles(levels, &middle, 1, value);
  } else {
    *value = mode_of(levels, names);
  }
  return levels->count == 0 || isfinite(*value)
             ? CLF_OK
             : clf__fail(CLF_ERROR_DATA, "%s is too large for its mean",
                         clf__dataset_column(f->dataset, column).text);
}

static clf_status constant_of(const fitting *f, int64_t column) {
  const clf__names *names = clf__categories_of(f->dataset->categories, column);
  const char *text = f->params->value != NULL ? f->params->value : "0";
  const int64_t code = clf__names_find(names, text);
  double value = (double)code;
  const bool fine = names != NULL ? code >= 0 : clf__parse_f64(text, &value) && isfinite(value);
  f->value[column] = value;
  return fine ? CLF_OK
              : clf__fail(CLF_ERROR_ARGUMENT, "value=%s is no %s of %s",
                          clf__excerpt_of(text, text + strlen(text)).text,
                          names != NULL ? "category" : "number, as those",
                          clf__dataset_column(f->dataset, column).text);
}

/* Says in one line that categories have no mean, if values of theirs are missing. */
static void log_categories(const fitting *f) {
  const clf_dataset *dataset = f->dataset;
  int64_t first = -1, others = 0;
  char more[64] = "";
  for (int64_t j = 0; j < dataset->features; j++) {
    const bool lacks = f->indicator[j] && clf__categories_of(dataset->categories, j) != NULL;
    others += lacks && first >= 0;
    first = lacks && first < 0 ? j : first;
  }
  if (others > 0) {
    snprintf(more, sizeof more, ", and so do those of %lld other%s", (long long)others,
             others == 1 ? "" : "s");
  }
  if (first >= 0) {
    clf__log(dataset->context, CLF_LOG_INFO,
             "impute: %s holds categories, which have no %s: its missing values become the most "
             "frequent category%s",
             clf__dataset_column(dataset, first).text,
             f->params->strategy == MEAN ? "mean" : "median", more);
  }
}

/* The constants, what becomes of columns without a value, and which columns are marked. */
static clf_status complete(const fitting *f) {
  const clf_dataset *dataset = f->dataset;
  for (int64_t j = 0; j < dataset->features; j++) {
    const bool number = clf__categories_of(dataset->categories, j) == NULL;
    if (f->params->strategy == CONSTANT) {
      CLF__CHECK(constant_of(f, j));
    } else if (isnan(f->value[j]) && !number) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s has no value in any row of the fit: leave it out by columns=",
                       clf__dataset_column(dataset, j).text);
    } else if (isnan(f->value[j])) {
      f->value[j] = 0;
      clf__log(dataset->context, CLF_LOG_WARNING,
               "impute: %s has no value in any row of the fit; its missing values become 0: leave "
               "it out by columns=, or set strategy=constant",
               clf__dataset_column(dataset, j).text);
    }
  }
  if (f->params->strategy == MEAN || f->params->strategy == MEDIAN) {
    log_categories(f);
  }
  for (int64_t j = 0; !f->params->indicator && j < dataset->features; j++) {
    f->indicator[j] = 0;
  }
  return CLF_OK;
}

static clf_status check_sparse(const clf_dataset *dataset, const impute_params *values) {
  return clf_dataset_sparse(dataset) && values->indicator
             ? clf__fail(CLF_ERROR_UNSUPPORTED, "indicator=true needs dense rows")
             : CLF_OK;
}

/* Only rows of f64 become f64, in which all values of a fit are finite. */
static clf_status check_range(const clf_dataset *dataset, const double *value) {
  const bool wide = !clf_dataset_sparse(dataset) && clf__dataset_rows(dataset).dtype == CLF_F64;
  for (int64_t j = 0; !wide && j < dataset->features; j++) {
    if (!isfinite((float)value[j])) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s replaces missing values of %s, and is beyond f32: use rows of f64",
                       clf__number_text(value[j]), clf__dataset_column(dataset, j).text);
    }
  }
  return CLF_OK;
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const impute_params *values = transform->params;
  const clf__rows x = clf__dataset_rows(dataset);
  clf_tensor *value = NULL, *indicator = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_sparse(dataset, values));
  CLF__TRY(clf__tensor_vector(&value, transform->context, CLF_F64, x.columns));
  CLF__TRY(clf__tensor_vector(&indicator, transform->context, CLF_U8, x.columns));
  fitting f = {dataset, values, value->data, indicator->data};
  CLF__TRY(clf__levels_find(transform->context, &x, clf__dataset_weights(dataset), fit_column, &f));
  CLF__TRY(complete(&f));
  CLF__TRY(check_range(dataset, f.value));
  CLF__TRY(clf__store_add_tensor(state, "value", value));
  CLF__TRY(clf__store_add_tensor(state, "indicator", indicator));
done:
  clf_tensor_free(value);
  clf_tensor_free(indicator);
  return status;
}

static const uint8_t *indicators(const clf_transform *transform) {
  return clf__store_tensor(transform->state, "indicator")->data;
}

static int64_t columns(const clf_transform *transform) {
  int64_t count = transform->features;
  for (int64_t j = 0; j < transform->features; j++) {
    count += indicators(transform)[j];
  }
  return count;
}

static void widths(const clf_transform *transform, int64_t *out) {
  for (int64_t j = 0; j < transform->features; j++) {
    out[j] = 1 + indicators(transform)[j];
  }
}

/* Returns the feature of a column; *second becomes whether it is an indicator. */
static int64_t feature_of(const clf_transform *transform, int64_t column, bool *second) {
  int64_t feature = 0;
  while (column > indicators(transform)[feature]) {
    column -= 1 + indicators(transform)[feature++];
  }
  *second = column == 1;
  return feature;
}

static void name(const clf_transform *transform, int64_t column, clf__text *out) {
  bool second;
  clf__transform_feature_name(transform, feature_of(transform, column, &second), out);
  clf__text_append(out, second ? "_missing" : "");
}

static int64_t category(const clf_transform *transform, int64_t column) {
  bool second;
  const int64_t feature = feature_of(transform, column, &second);
  return second ? -1 : feature;
}

typedef struct filling {
  clf__rows x;
  const double *value;
  const uint8_t *indicator;
  int64_t width;
  float *to;
  double *to_wide;
  double *buffers; /* [threads, features + width] */
} filling;

static clf_status fill_rows(void *argument, clf__range rows) {
  const filling *job = argument;
  double *from = job->buffers + rows.worker * (job->x.columns + job->width);
  for (int64_t i = rows.first; i < rows.end; i++) {
    double *to = job->to_wide != NULL ? job->to_wide + i * job->width : from + job->x.columns;
    clf__rows_read_f64(&job->x, i, from);
    for (int64_t j = 0, at = 0; j < job->x.columns; j++) {
      const bool missing = isnan(from[j]);
      to[at++] = missing ? job->value[j] : from[j];
      if (job->indicator[j]) {
        to[at++] = missing;
      }
    }
    for (int64_t j = 0; job->to_wide == NULL && j < job->width; j++) {
      job->to[i * job->width + j] = (float)to[j];
    }
  }
  return CLF_OK;
}

static clf_status fill_dense(clf_dataset **out, const clf_transform *transform,
                             const clf_dataset *dataset) {
  clf_context *context = dataset->context;
  filling job = {.x = clf__dataset_rows(dataset),
                 .value = clf__store_tensor(transform->state, "value")->data,
                 .indicator = indicators(transform),
                 .width = columns(transform)};
  const bool wide = job.x.dtype == CLF_F64;
  const int64_t all = job.x.columns + job.width;
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  job.buffers = clf__alloc_matrix(context, clf__context_threads(context), all, sizeof(double));
  CLF__TRY(job.buffers == NULL ? CLF_ERROR_MEMORY : CLF_OK);
  CLF__TRY(clf__tensor_create_uninitialized(&x, context, wide ? CLF_F64 : CLF_F32, 2,
                                            (int64_t[]){job.x.rows, job.width}));
  job.to = wide ? NULL : x->data;
  job.to_wide = wide ? x->data : NULL;
  CLF__TRY(clf__jobs_rows(context, job.x.first_row, job.x.rows, clf__max_i64(TASK_NUMBERS / all, 1),
                          (double)job.x.rows * (double)all * CLF__COST_ELEMENT, fill_rows, &job));
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  x = NULL;
done:
  clf_tensor_free(x);
  clf__free(job.buffers);
  return status;
}

static clf_status fill_entry(const void *argument, int64_t column, double *value) {
  const double *values = argument;
  *value = isnan(*value) ? values[column] : *value;
  return CLF_OK;
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const double *value = clf__store_tensor(transform->state, "value")->data;
  CLF__CHECK(check_sparse(dataset, transform->params));
  CLF__CHECK(check_range(dataset, value));
  return clf_dataset_sparse(dataset) ? clf__map_apply(out, dataset, false, fill_entry, value)
                                     : fill_dense(out, transform, dataset);
}

static clf_status check(const clf_transform *transform) {
  const clf_tensor *indicator = clf__store_tensor(transform->state, "indicator");
  bool sound = clf__transform_vector(transform, "value") != NULL && indicator != NULL &&
               indicator->dtype == CLF_U8 && indicator->ndim == 1 &&
               indicator->shape[0] == transform->features;
  for (int64_t j = 0; sound && j < transform->features; j++) {
    const clf__names *names = clf__transform_categories(transform, j);
    const double value = clf__transform_vector(transform, "value")[j];
    sound = ((const uint8_t *)indicator->data)[j] <= 1 &&
            (names == NULL ||
             (value >= 0 && value < (double)clf__names_count(names) && value == floor(value)));
  }
  return sound ? CLF_OK : clf__fail(CLF_ERROR_CORRUPT, "damaged: impute is not complete");
}

const clf__transform_kind clf__impute_kind = {
    .base = CLF__KIND("impute", "missing values replaced by one of their column", params,
                      impute_params),
    .operation = CLF__TRANSFORM_FILL,
    .can = CLF__TAKES_MISSING | CLF__TAKES_CATEGORIES | CLF__SUMS_RANKS,
    .fit = fit,
    .apply = apply,
    .columns = columns,
    .widths = widths,
    .name = name,
    .category = category,
    .check = check,
};
