/* ordinal: the number of each category in the order of their names, from 0, as by scikit-learn's
 * OrdinalEncoder. Rare categories share a number, and those that the fit lacked have one. The
 * numbers mean nothing to a model that multiplies them by weights; trees and neighbors differ. */
#include <math.h>

#include "transform/categories/grouping.h"
#include "transform/map.h"

typedef struct ordinal_params {
  clf__transform_params common;
  clf__grouping_params grouping;
} ordinal_params;

#define CLF__VALUES ordinal_params
static const clf__param params[] = {
    CLF__GROUPING_RARE,
    CLF__CHOICE(grouping.unknown, "error|ignore|own", "error",
                "what the fit lacked: refused, missing, or of its own, as rare ones if any"),
    CLF__CHOICE(grouping.missing, "own|ignore|error", "own",
                "missing values: a category if the fit had any, still missing, or refused"),
    CLF__TRANSFORM_PARAMS,
};

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const ordinal_params *values = transform->params;
  return clf__grouping_fit(transform, &values->grouping, dataset, state);
}

typedef struct encoding {
  const ordinal_params *params;
  const clf_dataset *dataset;     /* NULL for the rows of the fit */
  const clf__grouping *groupings; /* [features] */
} encoding;

static clf_status encode(const void *argument, int64_t column, double *value) {
  const encoding *e = argument;
  int32_t group = -1;
  CLF__CHECK(clf__grouping_find(&group, &e->groupings[column], &e->params->grouping, e->dataset,
                                column, *value));
  *value = group >= 0 ? group : (double)NAN;
  return CLF_OK;
}

static clf_status check_sparse(const clf_dataset *dataset) {
  return clf_dataset_sparse(dataset)
             ? clf__fail(CLF_ERROR_UNSUPPORTED, "sparse rows would become dense")
             : CLF_OK;
}

static clf_status encode_rows(clf_dataset **out, const clf_transform *transform,
                              const clf_dataset *dataset, bool training) {
  CLF__CHECK(check_sparse(dataset));
  clf__grouping *groupings =
      clf__alloc_array(dataset->context, transform->features, sizeof *groupings);
  if (groupings == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__grouping_list(groupings, transform);
  const encoding e = {transform->params, training ? NULL : dataset, groupings};
  const clf_status status = clf__map_apply(out, dataset, false, encode, &e);
  clf__free(groupings);
  return status;
}

static bool code(const clf_transform *transform, int64_t feature, double value, double *out) {
  const ordinal_params *values = transform->params;
  const clf__grouping g = clf__grouping_of(transform, feature);
  const int32_t group = clf__grouping_group(&g, &values->grouping, value);
  *out = group >= 0 ? group : (double)NAN;
  return group != CLF__GROUP_REFUSED;
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  return encode_rows(out, transform, dataset, false);
}

static clf_status apply_training(clf_dataset **out, const clf_transform *transform,
                                 const clf_dataset *dataset) {
  return encode_rows(out, transform, dataset, true);
}

const clf__transform_kind clf__ordinal_kind = {
    .base = CLF__KIND("ordinal", "the number of each category", params, ordinal_params),
    .operation = CLF__TRANSFORM_CODES,
    .can = CLF__TAKES_MISSING | CLF__TAKES_CATEGORIES | CLF__WANTS_CATEGORIES | CLF__ONE_EACH |
           CLF__SUMS_RANKS,
    .fit = fit,
    .apply = apply,
    .apply_training = apply_training,
    .code = code,
    .check = clf__grouping_check,
};
