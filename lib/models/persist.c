/* Models as files: a store (store/store.h) with the texts "kind", "params", "features", "columns",
 * "outputs", "outcome" and "steps", possibly "optimizer", the classes, "feature_names",
 * "feature_categories_counts" and "feature_categories_names", each stage under "step.<i>.", the
 * texts of the caller under "metadata.", and the fitted tensors under "state.". Nothing here
 * depends on the kind. */
#include <stdio.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "models/decision/decision.h"
#include "models/kind_rows.h"
#include "models/sums.h"
#include "store/object.h"
#include "text/vocabulary.h"

static const char state_prefix[] = "state.";
static const char optimizer_entry[] = "optimizer"; /* "kind name=value …" */
static const char names_entry[] = "feature_names", categories_entry[] = "feature_categories";
/* Limit on the features of a row, so that products of a few sizes do not overflow. */
static const int64_t MAX_COLUMNS = INT64_C(1) << 31;

static clf_status add_integer(clf__store *store, const char *name, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)value);
  return clf__store_add_text(store, name, text);
}

static clf_status save_params(const clf_model *model, clf__store *store) {
  clf__text text = {.context = model->context};
  void *params = NULL;
  clf_status status = clf__model_copy_params(&params, model);
  if (status == CLF_OK) {
    clf__params_format(&model->kind->base.params, params, &text);
    status = text.failed
                 ? CLF_ERROR_MEMORY
                 : clf__store_add_text(store, "params", text.bytes != NULL ? text.bytes : "");
  }
  clf__params_free(&model->kind->base.params, params);
  clf__text_free(&text);
  return status;
}

/* "step.<i>." */
typedef struct step_prefix {
  char text[32];
} step_prefix;

static step_prefix prefix_of_stage(int64_t index) {
  step_prefix prefix;
  snprintf(prefix.text, sizeof prefix.text, "step.%lld.", (long long)index);
  return prefix;
}

static clf_status save_optimizer(const clf_optimizer *optimizer, clf__store *store) {
  clf__text text = {.context = optimizer->context};
  clf__optimizer_append(&text, optimizer);
  const clf_status status =
      text.failed ? CLF_ERROR_MEMORY : clf__store_add_text(store, optimizer_entry, text.bytes);
  clf__text_free(&text);
  return status;
}

static clf_status save_steps(const clf_model *model, clf__store *store) {
  clf_status status = add_integer(store, "steps", model->stage_count);
  for (int64_t i = 0; status == CLF_OK && i < model->stage_count; i++) {
    status = clf__transform_save(model->stages[i], store, prefix_of_stage(i).text);
  }
  return status;
}

static clf_status save_state(const clf_model *model, clf__store *store) {
  clf__text name = {.context = model->context};
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < clf__store_count(model->state); i++) {
    const char *entry = clf__store_name(model->state, i);
    if (!clf__model_saves(model, entry)) {
      continue;
    }
    name.length = 0;
    clf__text_append(&name, "%s%s", state_prefix, entry);
    status = name.failed
                 ? CLF_ERROR_MEMORY
                 : clf__store_add_tensor(store, name.bytes, clf__store_tensor(model->state, entry));
  }
  clf__text_free(&name);
  return status;
}

static clf_status write(const void *object, clf__store *store) {
  const clf_model *model = object;
  CLF__CHECK(clf__store_add_text(store, "kind", model->kind->base.name));
  CLF__CHECK(save_params(model, store));
  CLF__CHECK(add_integer(store, "features", model->features));
  CLF__CHECK(add_integer(store, "columns", model->columns));
  CLF__CHECK(add_integer(store, "outputs", model->outputs));
  CLF__CHECK(add_integer(store, "outcome", model->outcome));
  CLF__CHECK(save_steps(model, store));
  if (model->classes != NULL) {
    CLF__CHECK(clf__classes_save(model->classes, store));
  }
  if (model->names != NULL) {
    CLF__CHECK(clf__names_save(model->names, store, names_entry));
  }
  if (model->categories != NULL) {
    CLF__CHECK(clf__categories_save(model->categories, store, categories_entry));
  }
  if (model->optimizer != NULL) {
    CLF__CHECK(save_optimizer(model->optimizer, store));
  }
  if (model->vocabulary != NULL) {
    CLF__CHECK(clf__vocabulary_write(model->vocabulary, store));
  }
  CLF__CHECK(clf__metadata_save(model, store));
  CLF__CHECK(clf__sums_save(model, store));
  return save_state(model, store);
}

static clf_status corrupt(const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is missing or not valid", what);
}

static clf_status read_integer(const clf__store *store, const char *name, int64_t minimum,
                               int64_t maximum, int64_t *out) {
  const char *text = clf__store_text(store, name);
  if (text == NULL || !clf__parse_i64(text, out)) {
    return corrupt(name);
  }
  return *out >= minimum && *out <= maximum
             ? CLF_OK
             : clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is %lld; it must be %lld to %lld",
                         name, (long long)*out, (long long)minimum, (long long)maximum);
}

static clf_status load_steps(clf_model *model, const clf__store *store) {
  enum { MAX_STEPS = 1000 };
  int64_t count = 0;
  CLF__CHECK(read_integer(store, "steps", 0, MAX_STEPS, &count));
  model->stages = clf__alloc_zeroed(model->context, count, sizeof(clf_transform *));
  if (model->stages == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (; model->stage_count < count; model->stage_count++) {
    CLF__CHECK(clf__transform_load(&model->stages[model->stage_count], model->context, store,
                                   prefix_of_stage(model->stage_count).text));
  }
  return CLF_OK;
}

static clf_status load_optimizer(clf_model *model, const clf__store *store) {
  const char *text = clf__store_text(store, optimizer_entry);
  if (text == NULL) {
    return CLF_OK;
  }
  clf_status status = clf__model_check_optimizer(model);
  if (status == CLF_OK) {
    status = clf__optimizer_parse(&model->optimizer, model->context, text);
  }
  return status == CLF_OK || status == CLF_ERROR_MEMORY
             ? status
             : clf__fail_within(CLF_ERROR_CORRUPT, "model file");
}

static clf_status load_state(clf_model *model, const clf__store *store) {
  clf_status status = clf__store_create(&model->state, model->context);
  size_t prefix = strlen(state_prefix);
  for (int64_t i = 0; status == CLF_OK && i < clf__store_count(store); i++) {
    const char *name = clf__store_name(store, i);
    const clf_tensor *tensor = clf__store_tensor(store, name);
    if (tensor != NULL && strncmp(name, state_prefix, prefix) == 0 &&
        clf__model_saves(model, name + prefix)) {
      status = clf__store_add_tensor(model->state, name + prefix, tensor);
    }
  }
  return status;
}

/* Checks everything that predict relies on. */
static clf_status check_loaded(const clf_model *model) {
  clf_status status = model->kind->check(model);
  if (status == CLF_OK) {
    status = clf__center_check(model);
  }
  if (status == CLF_OK) {
    status = clf__iterations_check(model);
  }
  if (status == CLF_OK) {
    status = clf__decision_check(model);
  }
  if (status < 0) {
    return status;
  }
  if (model->classes != NULL && clf__classes_count(model->classes) != model->outputs) {
    return corrupt("outputs");
  }
  if (model->classes == NULL && (model->kind->can & CLF__CAN_REGRESS) == 0) {
    return corrupt("classes");
  }
  int64_t columns = model->features;
  for (int64_t i = 0; i < model->stage_count; i++) {
    if (model->stages[i]->inputs != columns) {
      return corrupt("steps");
    }
    columns = clf__transform_columns(model->stages[i]);
  }
  if (columns != model->columns) {
    return corrupt("columns");
  }
  status = clf__state_check_finite(model);
  return status < 0 ? CLF_ERROR_CORRUPT : CLF_OK;
}

static clf_status fill(clf_model *model, const clf__store *store) {
  int64_t outcome = 0;
  CLF__CHECK(read_integer(store, "features", 1, MAX_COLUMNS, &model->features));
  CLF__CHECK(read_integer(store, "columns", 1, MAX_COLUMNS, &model->columns));
  CLF__CHECK(read_integer(store, "outputs", 1, INT32_MAX, &model->outputs));
  CLF__CHECK(read_integer(store, "outcome", CLF_OK, CLF_NOT_CONVERGED, &outcome));
  model->outcome = (clf_status)outcome;
  CLF__CHECK(clf__classes_load(&model->classes, model->context, store));
  CLF__CHECK(clf__names_load(&model->names, model->context, store, names_entry, model->features));
  CLF__CHECK(clf__categories_load(&model->categories, model->context, store, categories_entry,
                                  model->features));
  CLF__CHECK(load_steps(model, store));
  CLF__CHECK(load_optimizer(model, store));
  CLF__CHECK(clf__vocabulary_read(&model->vocabulary, model->context, store));
  CLF__CHECK(clf__metadata_load(model, store));
  CLF__CHECK(load_state(model, store));
  CLF__CHECK(check_loaded(model));
  CLF__CHECK(clf__sums_load(model, store));
  CLF__CHECK(clf__iterations_add(model));
  return clf__model_prepare(model);
}

static clf_status read(void **out, clf_context *context, const clf__store *store) {
  const char *kind = clf__store_text(store, "kind");
  const char *params = clf__store_text(store, "params");
  if (kind == NULL || params == NULL) {
    return corrupt(kind == NULL ? "kind" : "params");
  }
  const clf__model_kind *found = clf__kind_named(&clf__model_kinds, kind);
  if (found == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "model file: this version has no model '%s'", kind);
  }
  clf_model *model = NULL;
  clf_status status = clf_model_create(&model, context, kind, params);
  if (status == CLF_ERROR_ARGUMENT) {
    status = clf__fail_within(CLF_ERROR_CORRUPT, "model file");
  }
  if (status == CLF_OK) {
    /* A path that comes from a file is not written to. */
    clf__params_clear_text(&found->base.params, model->params, found->unshared);
    status = fill(model, store);
  }
  if (status < 0) {
    clf_model_free(model);
    return status;
  }
  *out = model;
  return CLF_OK;
}

const clf__object_kind clf__model_object = {write, read};

clf_status clf__model_copy(clf_model **out, const clf_model *model) {
  clf__store *store = NULL;
  void *copy = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__store_create(&store, model->context));
  CLF__TRY(write(model, store));
  CLF__TRY(read(&copy, model->context, store));
  *out = copy;
done:
  clf__store_free(store);
  return status;
}

clf_status clf_model_save(const clf_model *model, const char *path) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(path);
  CLF__ENTER(model->kind->base.name);
  clf_status status = clf__model_require_fit(model);
  return status < 0 ? status : clf__object_save(&clf__model_object, model, model->context, path);
}

clf_status clf_model_save_memory(const clf_model *model, void *buffer, size_t capacity,
                                 size_t *size) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(size);
  CLF__ENTER(model->kind->base.name);
  clf_status status = clf__model_require_fit(model);
  return status < 0 ? status
                    : clf__object_save_memory(&clf__model_object, model, model->context, buffer,
                                              capacity, size);
}

clf_status clf_model_load(clf_model **out, clf_context *context, const char *path) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(path);
  CLF__ENTER("model");
  void *loaded = NULL;
  clf_status status = clf__object_load(&clf__model_object, &loaded, context, path);
  if (status == CLF_OK) {
    *out = loaded;
  }
  return status;
}

clf_status clf_model_load_memory(clf_model **out, clf_context *context, const void *bytes,
                                 size_t size) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(bytes);
  CLF__ENTER("model");
  void *loaded = NULL;
  clf_status status = clf__object_load_memory(&clf__model_object, &loaded, context, bytes, size);
  if (status == CLF_OK) {
    *out = loaded;
  }
  return status;
}
