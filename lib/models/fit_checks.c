/* Checks whether a model's kind supports rows, and whether a fitted model can continue with
 * them. */
#include "models/fit_checks.h"

#include "base/context.h"
#include "base/text.h"

/* What the kind does not support is refused, never ignored. */
clf_status clf__fit_check_capabilities(const clf_model *model, const clf_dataset *train) {
  const clf__model_kind *kind = model->kind;
  const clf__learning learning = clf__model_learning(model);
  const bool alone = learning.from == CLF__LEARNS_ROWS;
  if (train->labels == NULL && train->targets == NULL && !alone) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: the dataset has no %s to learn", kind->base.name,
                     learning.from == CLF__LEARNS_TARGETS ? "targets" : "labels");
  }
  if (train->labels == NULL && !alone &&
      ((kind->can & CLF__CAN_REGRESS) == 0 || learning.from == CLF__LEARNS_LABELS)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "%s%s%s is a classifier: the dataset needs labels, not targets",
                     kind->base.name, learning.setting != NULL ? " of " : "",
                     learning.setting != NULL ? learning.setting : "");
  }
  if (train->labels != NULL && learning.from == CLF__LEARNS_TARGETS) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "%s of %s is a regression: the dataset needs targets, not labels",
                     kind->base.name, learning.setting);
  }
  if (train->weights != NULL && (kind->can & CLF__CAN_WEIGH) == 0) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s does not take row weights", kind->base.name);
  }
  if (train->row_start != NULL && (kind->can & CLF__CAN_SPARSE) == 0) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s does not take sparse rows", kind->base.name);
  }
  return CLF_OK;
}

clf_status clf__fit_match(const clf_dataset **out, clf_dataset **made, const clf_model *model,
                          const clf_dataset *rows) {
  const clf__fit_columns fitted = clf__model_fit_columns(model);
  return clf__dataset_match(out, made, &fitted, rows);
}

/* Returns whether they have what the model was fitted to predict, apart from the classes. */
clf_status clf__fit_check_outputs(const clf_model *model, const clf_dataset *rows) {
  const char *name = model->kind->base.name;
  if ((rows->labels != NULL) != (model->classes != NULL)) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: the rows have %s; the model's have %s", name,
                     rows->labels != NULL ? "labels" : "targets",
                     model->classes != NULL ? "labels" : "targets");
  }
  if (rows->labels == NULL && clf_dataset_outputs(rows) != model->outputs) {
    return clf__fail(CLF_ERROR_SHAPE, "%s: the rows have %lld target columns, the model %lld", name,
                     (long long)clf_dataset_outputs(rows), (long long)model->outputs);
  }
  return CLF_OK;
}

/* Allocates the labels [rows] of the rows as class indices of the model. */
clf_status clf__fit_translate_labels(int32_t **out, const clf_model *model,
                                     const clf_dataset *data) {
  int64_t classes = clf_dataset_classes(data);
  int32_t *map = clf__alloc_array(model->context, classes, sizeof *map);
  int32_t *labels = clf__alloc_array(model->context, data->rows, sizeof *labels);
  clf_status status = map != NULL && labels != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    clf__classes_map(data->classes, model->classes, map);
  }
  const int32_t *given = clf__dataset_labels(data);
  for (int64_t i = 0; status == CLF_OK && i < data->rows; i++) {
    labels[i] = map[given[i]];
    if (labels[i] < 0) {
      status = clf__fail(CLF_ERROR_DATA, "%s: row %lld is of class '%s', which the model lacks",
                         model->kind->base.name, (long long)i,
                         clf__classes_name(data->classes, given[i]));
    }
  }
  clf__free(map);
  if (status < 0) {
    clf__free(labels);
    return status;
  }
  *out = labels;
  return CLF_OK;
}

clf_status clf__model_hash_settings(uint64_t *hash, const clf_model *model,
                                    const clf_optimizer *optimizer) {
  clf_context *context = model->context;
  CLF__CHECK(optimizer != NULL
                 ? clf__comm_hash_kind(hash, context, &optimizer->kind->base, optimizer->params)
                 : CLF_OK);
  for (int64_t i = 0; i < model->stage_count; i++) {
    const clf_transform *stage = model->stages[i];
    CLF__CHECK(clf__comm_hash_kind(hash, context, &stage->kind->base, stage->params));
  }
  return CLF_OK;
}

uint64_t clf__model_hash_state(const clf_model *model) {
  uint64_t hash = 0;
  for (int64_t i = 0; model->state != NULL && i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    const clf_tensor *tensor = clf__store_tensor(model->state, name);
    const size_t bytes = (size_t)clf_tensor_count(tensor) * clf__dtype_size(tensor->dtype);
    hash = clf__comm_hash(hash, tensor->data, clf__model_saves(model, name) ? bytes : 0);
  }
  return hash;
}
