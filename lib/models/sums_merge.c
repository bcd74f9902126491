/* Merging: the sums of two models of disjoint rows add up to those of all rows. */
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "models/decision/decision.h"
#include "models/sums_parts.h"

static clf_status differ(const clf_model *model, const char *what) {
  return clf__fail(CLF_ERROR_ARGUMENT, "%s: the two models differ in their %s",
                   model->kind->base.name, what);
}

/* Compares parameters by their texts. */
static clf_status check_params(const clf_model *into, const clf_model *other) {
  clf__text one = {.context = into->context}, two = {.context = into->context};
  clf__params_format(&into->kind->base.params, into->params, &one);
  clf__params_format(&into->kind->base.params, other->params, &two);
  clf_status status = one.failed || two.failed ? CLF_ERROR_MEMORY : CLF_OK;
  if (status == CLF_OK && strcmp(one.bytes, two.bytes) != 0) {
    status = clf__fail(CLF_ERROR_ARGUMENT,
                       "%s: the two models differ in their parameters: \"%s\" and \"%s\"",
                       into->kind->base.name, one.bytes, two.bytes);
  }
  clf__text_free(&one);
  clf__text_free(&two);
  return status;
}

static clf_status check_pipelines(const clf_model *into, const clf_model *other) {
  if (into->stage_count != other->stage_count) {
    return differ(into, "pipelines");
  }
  for (int64_t i = 0; i < into->stage_count; i++) {
    bool equal = false;
    CLF__CHECK(clf__transform_equal(&equal, into->stages[i], other->stages[i]));
    CLF__CHECK(equal ? CLF_OK : differ(into, "pipelines"));
  }
  return CLF_OK;
}

static clf_status check_alike(const clf_model *into, const clf_model *other) {
  if (into == other) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: a model cannot be merged into itself",
                     into->kind->base.name);
  }
  if (into->kind != other->kind) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: the other model is of kind %s", into->kind->base.name,
                     other->kind->base.name);
  }
  CLF__CHECK(clf__sums_require(into));
  CLF__CHECK(clf__sums_require(other));
  CLF__CHECK(check_params(into, other));
  if (into->features != other->features || into->columns != other->columns) {
    return clf__fail(CLF_ERROR_SHAPE, "%s: the models have %lld and %lld features",
                     into->kind->base.name, (long long)into->features, (long long)other->features);
  }
  CLF__CHECK(check_pipelines(into, other));
  if (clf__names_difference(into->names, other->names) >= 0) {
    return differ(into, "names of the features");
  }
  if ((into->classes == NULL) != (other->classes == NULL) ||
      (into->classes == NULL && into->outputs != other->outputs)) {
    return differ(into, "targets");
  }
  return CLF_OK;
}

static clf_status join_sums(clf_model *next, const clf_model *into, const clf_model *other) {
  int32_t *map = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__sums_create(&next->sums, into->context));
  if (into->classes != NULL) {
    CLF__TRY(clf__classes_join(&next->classes, into->context, into->classes, other->classes));
    next->outputs = clf__classes_count(next->classes);
    map = clf__alloc_array(into->context, into->outputs + other->outputs, sizeof *map);
    CLF__TRY(map != NULL ? CLF_OK : CLF_ERROR_MEMORY);
    clf__classes_map(into->classes, next->classes, map);
    clf__classes_map(other->classes, next->classes, map + into->outputs);
  }
  CLF__TRY(clf__moments_clone(&next->sums->moments, into->sums->moments, map, next->outputs));
  status = clf__moments_merge(next->sums->moments, other->sums->moments,
                              map != NULL ? map + into->outputs : NULL);
done:
  clf__free(map);
  return status;
}

clf_status clf_model_merge(clf_model *into, const clf_model *other) {
  CLF__REQUIRE(into);
  CLF__REQUIRE(other);
  CLF__ENTER(into->kind->base.name);
  clf_status status = CLF_OK;
  CLF__CHECK(check_alike(into, other));
  clf_model next = *into;
  next.prepared = NULL;
  next.decision = (clf__decision){.absent = NULL};
  next.sums = NULL;
  next.classes = NULL;
  next.names = clf__names_retain(into->names);
  next.categories = clf__categories_retain(into->categories);
  next.state = NULL;
  CLF__TRY(clf__store_create(&next.state, into->context));
  CLF__TRY(join_sums(&next, into, other));
  CLF__TRY(clf__sums_solve(&next, false));
  clf__decision_log_dropped(into, &next);
  const clf_model old = *into;
  *into = next;
  next = old;
done:
  clf__model_drop_fit(&next);
  return status;
}
