/* The description of a model, as text for people. */
#include "base/border.h"
#include "base/text.h"
#include "models/model.h"

static void describe_params(clf__text *text, const char *name, const clf__param_table *table,
                            const void *params) {
  clf__text_append(text, "%s", name);
  if (table->count > 0) {
    clf__text_append(text, " ");
    clf__params_format(table, params, text);
  }
  clf__text_append(text, "\n");
}

/* Appends the first of `count` names. */
static void describe_names(clf__text *text, const clf_model *model,
                           const char *(*name)(const clf_model *model, int64_t index),
                           int64_t count) {
  enum { SHOWN = 20 };
  for (int64_t i = 0; i < count && i < SHOWN; i++) {
    clf__text_append(text, "%s%s", i > 0 ? ", " : " (", name(model, i));
  }
  clf__text_append(text, "%s)", count > SHOWN ? ", …" : "");
}

/* Describes only what a file keeps, so that a loaded model has the same description as the fitted
 * one. */
static void describe_fit(clf__text *text, const clf_model *model) {
  int64_t bytes = 0;
  clf__text_append(text, "features: %lld", (long long)model->features);
  if (model->names != NULL) {
    describe_names(text, model, clf_model_feature_name, model->features);
  }
  clf__text_append(text, "\n");
  if (model->classes != NULL) {
    clf__text_append(text, "classes: %lld", (long long)model->outputs);
    describe_names(text, model, clf_model_class_name, model->outputs);
    clf__text_append(text, "\n");
  } else {
    clf__text_append(text, "outputs: %lld\n", (long long)model->outputs);
  }
  for (int64_t i = 0; i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    const clf_tensor *tensor = clf__store_tensor(model->state, name);
    if (!clf__model_saves(model, name)) {
      continue;
    }
    clf__text_append(text, "%s: %s [", name, clf__dtype_name(tensor->dtype));
    for (int32_t d = 0; d < tensor->ndim; d++) {
      clf__text_append(text, "%s%lld", d > 0 ? ", " : "", (long long)tensor->shape[d]);
    }
    clf__text_append(text, "]\n");
    bytes += clf_tensor_count(tensor) * (int64_t)clf__dtype_size(tensor->dtype);
  }
  if (model->kind->describe != NULL) {
    model->kind->describe(model, text);
  }
  clf__text_append(text, "%s, %lld bytes\n",
                   model->outcome == CLF_OK ? "fitted" : "fitted, not converged", (long long)bytes);
}

clf_status clf_model_describe(const clf_model *model, char *buffer, size_t capacity,
                              size_t *needed) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(model->state != NULL ? clf__model_require_fit(model) : CLF_OK);
  clf__text text = {.context = model->context};
  describe_params(&text, model->kind->base.name, &model->kind->base.params, model->params);
  if (model->optimizer != NULL) {
    clf__text_append(&text, "by ");
    clf__optimizer_append(&text, model->optimizer);
    clf__text_append(&text, "\n");
  }
  for (int64_t i = 0; i < model->stage_count; i++) {
    const clf_transform *stage = model->stages[i];
    clf__text_append(&text, "after ");
    describe_params(&text, stage->kind->base.name, &stage->kind->base.params, stage->params);
  }
  if (model->state != NULL) {
    describe_fit(&text, model);
  } else {
    clf__text_append(&text, "not fitted\n");
  }
  const clf_status status = clf__text_copy(&text, buffer, capacity, needed);
  clf__text_free(&text);
  return status;
}
