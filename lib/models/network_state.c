/* What a training leaves in the state of its model: the layers, their weights by name and the
 * records of the epochs. */
#include <string.h>

#include "models/network_trainer.h"

const char *const clf__record_names[CLF__RECORDS] = {
    "history_loss",
    "history_accuracy",
    "history_validation_loss",
    "history_validation_accuracy",
    "history_learning_rate",
    "history_seconds",
};

static clf_status store_array(clf_context *context, clf__store *state, const char *name,
                              int32_t dtype, const clf__shape *shape, const void *values) {
  clf_tensor *tensor = NULL;
  clf_status status = clf_tensor_create(&tensor, context, dtype, shape->ndim, shape->size);
  if (status == CLF_OK) {
    if (values != NULL) {
      memcpy(tensor->data, values, (size_t)clf__shape_count(shape) * clf__dtype_size(dtype));
    }
    status = clf__store_add_tensor(state, name, tensor);
  }
  clf_tensor_free(tensor);
  return status;
}

/* What the network is, and its weights with their first values. */
clf_status clf__trainer_begin_state(const clf__trainer *t, clf__store *state) {
  const clf__network *network = t->network;
  const clf__shape dimensions = {1, {network->input.ndim}}, one = {1, {1}};
  const clf__shape length = {1, {(int64_t)strlen(t->layers)}};
  clf_status status = CLF_OK;
  CLF__TRY(store_array(t->context, state, "layers", CLF_U8, &length, t->layers));
  CLF__TRY(
      store_array(t->context, state, "input_shape", CLF_I64, &dimensions, network->input.size));
  CLF__TRY(store_array(t->context, state, "loss", CLF_I32, &one, &t->params->loss));
  for (int64_t i = 0; i < network->layer_count; i++) {
    for (int64_t j = 0; j < network->layers[i]->weight_count; j++) {
      const clf__weight_info *info = &network->layers[i]->weights[j];
      const clf__weight_name name = clf__network_weight_name(network->layers[i], j);
      CLF__TRY(store_array(t->context, state, name.text, CLF_F32, &info->shape, NULL));
      CLF__TRY(clf__weight_initialise(t->context, info, clf__trainer_seed(t, CLF__STREAM_WEIGHTS),
                                      network->first_weight[i] + j,
                                      clf__state_data(state, name.text)));
    }
  }
done:
  return status;
}

clf_status clf__trainer_end_state(const clf__trainer *t, clf__store *state) {
  const int64_t epochs = t->epoch;
  const clf__shape shape = {1, {epochs}};
  clf_status status = CLF_OK;
  for (int i = 0; status == CLF_OK && i < CLF__RECORDS && epochs > 0; i++) {
    const bool validation =
        i == CLF__RECORD_VALIDATION_LOSS || i == CLF__RECORD_VALIDATION_ACCURACY;
    const bool accuracy = i == CLF__RECORD_ACCURACY || i == CLF__RECORD_VALIDATION_ACCURACY;
    if ((!validation || t->validation.count > 0) && (!accuracy || t->training->labels != NULL)) {
      status = store_array(t->context, state, clf__record_names[i], CLF_F64, &shape, t->records[i]);
    }
  }
  return status;
}
