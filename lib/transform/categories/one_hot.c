/* one_hot: a column of 0 and 1 for each category of a column. Rare categories share one, and
 * missing and unknown ones have one of their own, or 0 in all. */
#include <math.h>

#include "transform/categories/entries.h"
#include "transform/categories/grouping.h"

enum { DROP_NONE, DROP_FIRST, DROP_BINARY };

typedef struct one_hot_params {
  clf__transform_params common;
  clf__grouping_params grouping;
  int32_t drop;
  int32_t sparse;
} one_hot_params;

#define CLF__VALUES one_hot_params
static const clf__param params[] = {
    CLF__GROUPING_RARE,
    CLF__CHOICE(grouping.unknown, "error|ignore|own", "error",
                "what the fit lacked: refused, 0 everywhere, or of its own, as rare ones if any"),
    CLF__CHOICE(grouping.missing, "own|ignore|error", "own",
                "missing values: a category if the fit had any, 0 everywhere, or refused"),
    CLF__CHOICE(drop, "none|first|binary", "none",
                "category without a column: the first of each, or only of those with two"),
    CLF__SPARSE_PARAM,
    CLF__TRANSFORM_PARAMS,
};

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const one_hot_params *values = transform->params;
  return clf__grouping_fit(transform, &values->grouping, dataset, state);
}

/* Returns how many groups of a column, the first ones, have no column: 0 or 1. */
static int32_t dropped(const one_hot_params *values, int32_t groups) {
  const bool drops = values->drop == DROP_FIRST || (values->drop == DROP_BINARY && groups == 2);
  return drops && groups > 1;
}

static void widths(const clf_transform *transform, int64_t *out) {
  const int32_t *groups = clf__store_tensor(transform->state, "groups")->data;
  for (int64_t j = 0; j < transform->features; j++) {
    out[j] = groups[j] - dropped(transform->params, groups[j]);
  }
}

static int64_t columns(const clf_transform *transform) {
  const int32_t *groups = clf__store_tensor(transform->state, "groups")->data;
  int64_t count = 0;
  for (int64_t j = 0; j < transform->features; j++) {
    count += groups[j] - dropped(transform->params, groups[j]);
  }
  return count;
}

static void name(const clf_transform *transform, int64_t column, clf__text *out) {
  const int32_t *groups = clf__store_tensor(transform->state, "groups")->data;
  int64_t feature = 0;
  int32_t first = dropped(transform->params, groups[0]);
  while (column >= groups[feature] - first) {
    column -= groups[feature] - first;
    feature++;
    first = dropped(transform->params, groups[feature]);
  }
  clf__transform_feature_name(transform, feature, out);
  clf__text_append(out, "=");
  clf__grouping_name(transform, feature, (int32_t)column + first, out);
}

typedef struct encoding {
  const one_hot_params *params;
  const clf_dataset *dataset;     /* NULL for the rows of the fit */
  const clf__grouping *groupings; /* [features] */
  int64_t features;
} encoding;

static clf_status encode_row(const void *argument, const double *values, clf__entry *out,
                             int64_t *count) {
  const encoding *e = argument;
  int32_t at = 0;
  for (int64_t j = 0; j < e->features; j++) {
    const clf__grouping *grouping = &e->groupings[j];
    const int32_t first = dropped(e->params, grouping->groups);
    int32_t group = -1;
    CLF__CHECK(
        clf__grouping_find(&group, grouping, &e->params->grouping, e->dataset, j, values[j]));
    if (group >= first) {
      out[(*count)++] = (clf__entry){at + group - first, 1};
    }
    at += grouping->groups - first;
  }
  return CLF_OK;
}

static clf_status encode_rows(clf_dataset **out, const clf_transform *transform,
                              const clf_dataset *dataset, bool training) {
  const one_hot_params *values = transform->params;
  const int64_t features = transform->features, count = columns(transform);
  clf__grouping *groupings = clf__alloc_array(dataset->context, features, sizeof *groupings);
  if (groupings == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__grouping_list(groupings, transform);
  const encoding e = {values, training ? NULL : dataset, groupings, features};
  const clf_status status =
      clf__entries_make(out, dataset, count, clf__entries_sparse(values->sparse, features, count),
                        features, encode_row, &e);
  clf__free(groupings);
  return status;
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  return encode_rows(out, transform, dataset, false);
}

static clf_status apply_training(clf_dataset **out, const clf_transform *transform,
                                 const clf_dataset *dataset) {
  return encode_rows(out, transform, dataset, true);
}

static bool code(const clf_transform *transform, int64_t feature, double value, double *out) {
  const one_hot_params *values = transform->params;
  const clf__grouping g = clf__grouping_of(transform, feature);
  const int32_t first = dropped(values, g.groups);
  const int32_t group = clf__grouping_group(&g, &values->grouping, value);
  *out = group >= first ? group - first : -1;
  return group != CLF__GROUP_REFUSED;
}

static clf_status check(const clf_transform *transform) {
  CLF__CHECK(clf__grouping_check(transform));
  const int64_t count = columns(transform);
  return count > 0 && count <= INT32_MAX
             ? CLF_OK
             : clf__fail(CLF_ERROR_CORRUPT, "damaged: one_hot makes %lld columns",
                         (long long)count);
}

const clf__transform_kind clf__one_hot_kind = {
    .base = CLF__KIND("one_hot", "a column of 0 and 1 for each category", params, one_hot_params),
    .operation = CLF__TRANSFORM_MARKS,
    .can = CLF__TAKES_MISSING | CLF__TAKES_CATEGORIES | CLF__WANTS_CATEGORIES | CLF__SUMS_RANKS,
    .fit = fit,
    .apply = apply,
    .apply_training = apply_training,
    .columns = columns,
    .widths = widths,
    .name = name,
    .code = code,
    .check = check,
};
