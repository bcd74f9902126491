/* Models as handles: creation, parameters, and the contents of the fitted state. */
#include "models/model.h"

#include <stdio.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "base/utf8.h"
#include "models/decision/decision.h"
#include "models/linear.h"
#include "models/reserve.h"
#include "models/sums.h"
#include "text/vocabulary.h"

static clf_status check_params(const clf__model_kind *kind, clf_context *context,
                               const void *params) {
  CLF__CHECK(clf__decision_check_params(kind, params));
  return kind->check_params != NULL ? kind->check_params(context, params) : CLF_OK;
}

clf_status clf_model_create(clf_model **out, clf_context *context, const char *kind,
                            const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(kind);
  CLF__ENTER(kind);
  const clf__model_kind *found = clf__kind_find(&clf__model_kinds, kind);
  if (found == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  clf_model *model = clf__handle_create(context, sizeof *model);
  if (model == NULL) {
    return CLF_ERROR_MEMORY;
  }
  model->kind = found;
  model->features = model->columns = model->outputs = -1;
  model->outcome = CLF_ERROR_NOT_FITTED;
  clf_status status =
      clf__params_create(&model->params, model->context, &found->base.params, params);
  status = status == CLF_OK ? check_params(found, model->context, model->params) : status;
  if (status < 0) {
    clf_model_free(model);
    return status;
  }
  *out = model;
  return CLF_OK;
}

void clf__stages_free(clf_transform **stages, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    clf_transform_free(stages[i]);
  }
  clf__free(stages);
}

static void drop_prepared(clf_model *model) {
  if (model->prepared != NULL) {
    model->kind->free_prepared(model->prepared);
    model->prepared = NULL;
  }
}

clf_status clf__model_prepare(clf_model *model) {
  void *prepared = NULL;
  clf_status status =
      model->kind->prepare != NULL ? model->kind->prepare(model, &prepared) : CLF_OK;
  if (status == CLF_OK) {
    drop_prepared(model);
    model->prepared = prepared;
    clf__decision_bind(model);
    clf__linear_bind(model);
  }
  return status;
}

void clf__model_drop_fit(clf_model *model) {
  drop_prepared(model);
  clf__store_free(model->state);
  clf__sums_free(model->sums);
  clf__classes_release(model->classes);
  clf__names_release(model->names);
  clf__categories_release(model->categories);
  model->state = NULL;
  clf__decision_bind(model);
  clf__linear_bind(model);
  model->sums = NULL;
  model->classes = NULL;
  model->names = NULL;
  model->categories = NULL;
  model->features = model->columns = model->outputs = -1;
  model->outcome = CLF_ERROR_NOT_FITTED;
}

void clf_model_free(clf_model *model) {
  if (model == NULL) {
    return;
  }
  clf__model_drop_fit(model);
  clf__reserve_free(model->reserve);
  clf__stages_free(model->stages, model->stage_count);
  clf_vocabulary_free(model->vocabulary);
  clf_optimizer_free(model->optimizer);
  clf__store_free(model->metadata);
  clf__params_free(&model->kind->base.params, model->params);
  clf__handle_free(model);
}

clf_status clf__stages_clone(clf_transform ***out, const clf_model *model, int64_t extra) {
  clf_transform **stages =
      clf__alloc_zeroed(model->context, model->stage_count + extra, sizeof(clf_transform *));
  if (stages == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < model->stage_count; i++) {
    clf_status status = clf__transform_clone(&stages[i], model->stages[i]);
    if (status < 0) {
      clf__stages_free(stages, i);
      return status;
    }
  }
  *out = stages;
  return CLF_OK;
}

clf_status clf_model_set_vocabulary(clf_model *model, const clf_vocabulary *vocabulary) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  clf_vocabulary *own = NULL;
  if (vocabulary != NULL) {
    CLF__CHECK(clf__vocabulary_require(vocabulary));
    CLF__CHECK(clf__vocabulary_share(&own, vocabulary));
  }
  clf_vocabulary_free(model->vocabulary);
  model->vocabulary = own;
  return CLF_OK;
}

const clf_vocabulary *clf_model_vocabulary(const clf_model *model) {
  return model != NULL ? model->vocabulary : NULL;
}

clf_status clf_model_set_optimizer(clf_model *model, const clf_optimizer *optimizer) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  clf_optimizer *own = NULL;
  if (optimizer != NULL) {
    CLF__CHECK(clf__model_check_optimizer(model));
    CLF__CHECK(clf__optimizer_clone(&own, model->context, optimizer));
  }
  clf_optimizer_free(model->optimizer);
  model->optimizer = own;
  return CLF_OK;
}

const clf_optimizer *clf_model_optimizer(const clf_model *model) {
  return model != NULL ? model->optimizer : NULL;
}

clf_status clf__model_check_optimizer(const clf_model *model) {
  return (model->kind->can & CLF__CAN_STEP) != 0
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "%s has a solver of its own: the optimizer must be NULL",
                         model->kind->base.name);
}

clf_status clf__model_copy_params(void **out, const clf_model *model) {
  const clf__param_table *table = &model->kind->base.params;
  clf_status status = clf__params_copy(out, model->context, table, model->params);
  if (status == CLF_OK) {
    clf__params_clear_text(table, *out, model->kind->unshared);
  }
  return status;
}

clf_status clf_model_clone(clf_model **out, const clf_model *model) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  clf_model *clone = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf_model_create(&clone, model->context, model->kind->base.name, NULL));
  clf__params_free(&model->kind->base.params, clone->params);
  clone->params = NULL;
  CLF__TRY(clf__model_copy_params(&clone->params, model));
  CLF__TRY(clf_model_set_optimizer(clone, model->optimizer));
  CLF__TRY(clf__stages_clone(&clone->stages, model, 0));
  clone->stage_count = model->stage_count;
  CLF__TRY(clf_model_set_vocabulary(clone, model->vocabulary));
  CLF__TRY(clf__metadata_clone(&clone->metadata, model));
  *out = clone;
  return CLF_OK;
done:
  clf_model_free(clone);
  return status;
}

clf_status clf_model_add_transform(clf_model *model, const char *transform, const char *params) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(transform);
  CLF__ENTER(model->kind->base.name);
  clf_transform *stage = NULL;
  clf_transform **stages = NULL;
  CLF__CHECK(clf_transform_create(&stage, model->context, transform, params));
  clf_status status = clf__stages_clone(&stages, model, 1);
  if (status < 0) {
    clf_transform_free(stage);
    return status;
  }
  clf__stages_free(model->stages, model->stage_count);
  stages[model->stage_count++] = stage;
  model->stages = stages;
  clf__model_drop_fit(model);
  return CLF_OK;
}

const char *clf_model_kind(const clf_model *model) {
  return model != NULL ? model->kind->base.name : NULL;
}

/* Replaces the parameters by `trial`, a copy that was changed with that status, or frees it after a
 * failure. */
static clf_status adopt_params(clf_model *model, void *trial, clf_status status) {
  status = status == CLF_OK ? check_params(model->kind, model->context, trial) : status;
  if (status == CLF_OK && model->sums != NULL) {
    status = clf__sums_settle(model); /* with the parameters of its fit */
  }
  void *unused = trial;
  if (status == CLF_OK) {
    unused = model->params;
    model->params = trial;
  }
  clf__params_free(&model->kind->base.params, unused);
  return status;
}

clf_status clf_model_set_i64(clf_model *model, const char *name, int64_t value) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  const clf__param_table *table = &model->kind->base.params;
  void *trial = NULL;
  clf_status status = clf__params_copy(&trial, model->context, table, model->params);
  if (status == CLF_OK) {
    status = clf__params_set_i64(model->context, table, trial, name, value);
  }
  return adopt_params(model, trial, status);
}

clf_status clf_model_set_f64(clf_model *model, const char *name, double value) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  const clf__param_table *table = &model->kind->base.params;
  void *trial = NULL;
  clf_status status = clf__params_copy(&trial, model->context, table, model->params);
  if (status == CLF_OK) {
    status = clf__params_set_f64(model->context, table, trial, name, value);
  }
  return adopt_params(model, trial, status);
}

clf_status clf_model_set_text(clf_model *model, const char *name, const char *value) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  const clf__param_table *table = &model->kind->base.params;
  void *trial = NULL;
  clf_status status = clf__params_copy(&trial, model->context, table, model->params);
  if (status == CLF_OK) {
    status = clf__params_set_text(model->context, table, trial, name, value);
  }
  return adopt_params(model, trial, status);
}

clf_status clf_model_get_i64(const clf_model *model, const char *name, int64_t *value) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(value);
  CLF__ENTER(model->kind->base.name);
  return clf__params_get_i64(&model->kind->base.params, model->params, name, value);
}

clf_status clf_model_get_f64(const clf_model *model, const char *name, double *value) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(value);
  CLF__ENTER(model->kind->base.name);
  return clf__params_get_f64(&model->kind->base.params, model->params, name, value);
}

clf_status clf_model_params(const clf_model *model, char *buffer, size_t capacity, size_t *needed) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  return clf__params_copy_text(&model->kind->base.params, model->params, buffer, capacity, needed);
}

clf_status clf_model_get_text(const clf_model *model, const char *name, char *buffer,
                              size_t capacity, size_t *needed) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  clf__text text = {.context = model->context};
  clf_status status = clf__params_get_text(&model->kind->base.params, model->params, name, &text);
  status = status == CLF_OK ? clf__text_copy(&text, buffer, capacity, needed) : status;
  clf__text_free(&text);
  return status;
}

clf_status clf_model_outcome(const clf_model *model) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__model_require_fit(model));
  return model->outcome;
}

int64_t clf_model_features(const clf_model *model) {
  return model != NULL ? model->features : -1;
}

int64_t clf_model_outputs(const clf_model *model) {
  return model != NULL ? model->outputs : -1;
}

int64_t clf_model_classes(const clf_model *model) {
  if (model == NULL || model->state == NULL) {
    return -1;
  }
  return model->classes != NULL ? clf__classes_count(model->classes) : 0;
}

const char *clf_model_class_name(const clf_model *model, int64_t index) {
  return model != NULL && model->classes != NULL ? clf__classes_name(model->classes, index) : NULL;
}

const char *clf_model_feature_name(const clf_model *model, int64_t index) {
  return model != NULL ? clf__names_at(model->names, index) : NULL;
}

int64_t clf_model_category_count(const clf_model *model, int64_t feature) {
  return model == NULL || feature < 0 || feature >= model->features
             ? -1
             : clf__names_count(clf__categories_of(model->categories, feature));
}

const char *clf_model_category_name(const clf_model *model, int64_t feature, int64_t index) {
  return model != NULL ? clf__names_at(clf__categories_of(model->categories, feature), index)
                       : NULL;
}

int64_t clf_model_columns(const clf_model *model) {
  return model != NULL && model->state != NULL ? model->columns : -1;
}

clf_status clf_model_column_name(const clf_model *model, int64_t index, char *buffer,
                                 size_t capacity, size_t *needed) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__model_require_fit(model));
  if (index < 0 || index >= model->columns) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: column %lld; it must be 0 to %lld",
                     model->kind->base.name, (long long)index, (long long)(model->columns - 1));
  }
  if (model->stage_count > 0) {
    return clf_transform_output_name(model->stages[model->stage_count - 1], index, buffer, capacity,
                                     needed);
  }
  const char *name = clf__names_at(model->names, index);
  clf__text text = {.context = model->context};
  if (name != NULL) {
    clf__text_append(&text, "%s", name);
  } else {
    clf__text_append(&text, "x%lld", (long long)index);
  }
  const clf_status status = clf__text_copy(&text, buffer, capacity, needed);
  clf__text_free(&text);
  return status;
}

clf__fit_columns clf__model_fit_columns(const clf_model *model) {
  return (clf__fit_columns){model->context, model->kind->base.name, model->features, model->names,
                            model->categories};
}

const char *clf_model_tensor_name(const clf_model *model, int64_t index) {
  bool there = model != NULL && model->state != NULL && clf__model_require_fit(model) == CLF_OK &&
               index >= 0 && index < clf__store_count(model->state);
  return there ? clf__store_name(model->state, index) : NULL;
}

clf__learning clf__model_learning(const clf_model *model) {
  return model->kind->learning != NULL ? model->kind->learning(model)
                                       : (clf__learning){NULL, CLF__LEARNS_AS_GIVEN};
}

bool clf__model_separates_outliers(const clf_model *model) {
  return model->kind->separates_outliers != NULL && model->kind->separates_outliers(model);
}

clf_status clf__model_require_fit(const clf_model *model) {
  if (model->sums != NULL) {
    return clf__sums_settle(model);
  }
  return model->state != NULL ? CLF_OK
                              : clf__fail(CLF_ERROR_NOT_FITTED, "%s: the model is not fitted yet",
                                          model->kind->base.name);
}

clf_status clf_model_tensor(clf_tensor **out, const clf_model *model, const char *name) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(name);
  CLF__REQUIRE(out);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__model_require_fit(model));
  return clf__store_share(out, model->state, model->kind->base.name, name);
}

bool clf__model_saves(const clf_model *model, const char *tensor) {
  const char *const *begin = model->kind->unsaved;
  for (; begin != NULL && *begin != NULL; begin++) {
    if (strncmp(tensor, *begin, strlen(*begin)) == 0) {
      return false;
    }
  }
  return true;
}
