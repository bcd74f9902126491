/* Fits that continue earlier ones. Each begins with the weights of the existing state. A partial
 * fit is also the next epoch of the earlier training, with the same bits: it restores the state of
 * the optimizer, the weights that the averages belong to, and running statistics. These are
 * additional tensors of the state, two or three times as large as the weights, and are not saved. A
 * network that was loaded continues from its weights, with an optimizer without state, and so does
 * one whose layers were frozen or released since.
 *
 * A network whose last layers were removed continues from the weights of the others; the layers
 * after these have initial weights, and its outputs, classes and history are new. */
#include <string.h>

#include "base/text.h"
#include "models/network/network_trainer.h"

/* The best weights are chosen among several epochs; a partial fit has one. */
static const char *const vector_names[CLF__VECTORS] = {
    [CLF__VECTOR_WEIGHTS] = CLF__RESUME "weights",
    [CLF__VECTOR_AVERAGES] = CLF__RESUME "averages",
    [CLF__VECTOR_FIRST] = CLF__RESUME "optimizer_first",
    [CLF__VECTOR_SECOND] = CLF__RESUME "optimizer_second",
};
static const char numbers_name[] = CLF__RESUME "optimizer", rows_name[] = CLF__RESUME "rows";
static const char trained_name[] = CLF__RESUME "trained"; /* [weights] whether each is */
enum { STEPS, EPOCHS_WITHOUT_IMPROVEMENT, BEST, REDUCTION, NUMBERS };

static clf_status check_weight(const clf__layer *layer, int64_t index, const clf__layer *old,
                               int64_t old_index) {
  const clf__weight_name name = clf__network_weight_name(layer, index);
  const clf__weight_name old_name = clf__network_weight_name(old, old_index);
  const clf__shape *shape = &layer->weights[index].shape, *before = &old->weights[old_index].shape;
  if (strcmp(name.text, old_name.text) == 0 && shape->ndim == before->ndim &&
      memcmp(shape->size, before->size, (size_t)shape->ndim * sizeof *shape->size) == 0) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_SHAPE,
                   "network: it cannot go on from its weights: %s [%s] was %s [%s] when it was "
                   "fitted; set 'layers' as they were, or warm_start=false and fit again",
                   name.text, clf__shape_name(shape).text, old_name.text,
                   clf__shape_name(before).text);
}

clf_status clf__resume_check(const clf__network *network, const clf__network *before,
                             int64_t kept_layers, int64_t *kept_weights) {
  const bool whole = kept_layers < 0;
  const int64_t count = whole ? clf__network_weights(before) : before->first_weight[kept_layers];
  int64_t layer = 0, old = 0;
  clf_status status = CLF_OK;
  if (whole ? count != clf__network_weights(network) : count > clf__network_weights(network)) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "network: it cannot go on from its weights: 'layers' have %lld weights, the "
                     "fitted ones %lld; set them as they were, or warm_start=false and fit again",
                     (long long)clf__network_weights(network), (long long)count);
  }
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    while (network->first_weight[layer + 1] <= i) {
      layer++;
    }
    while (before->first_weight[old + 1] <= i) {
      old++;
    }
    status = check_weight(network->layers[layer], i - network->first_weight[layer],
                          before->layers[old], i - before->first_weight[old]);
  }
  *kept_weights = count;
  return status;
}

/* Makes a new optimizer like that of the fits before, whose text the state has. An optimizer that
 * was set on the model since then is used by fits only. */
static clf_status repeat_optimizer(clf_optimizer **out, const clf__trainer *t,
                                   const clf_tensor *stored) {
  clf__text given = {.context = t->context};
  char *text = clf__copy_bytes(t->context, stored->data, (size_t)stored->shape[0]);
  clf_status status = text != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  if (t->optimizer != NULL) {
    clf__optimizer_append(&given, t->optimizer);
    CLF__TRY(given.failed ? CLF_ERROR_MEMORY : CLF_OK);
    if (strcmp(given.bytes, text) != 0) {
      clf__log(t->context, CLF_LOG_WARNING,
               "network: partial_fit continues with the optimizer of the last fit (%s); the "
               "model's own is taken by its next fit, also with warm_start=true",
               text);
    }
  }
  status = clf__optimizer_parse(out, t->context, text);
done:
  clf__text_free(&given);
  clf__free(text);
  return status;
}

clf_status clf__resume_optimizer(clf_optimizer **out, const clf__trainer *t) {
  const clf_tensor *stored =
      t->before != NULL && t->partial ? clf__store_tensor(t->before, "optimizer") : NULL;
  if (stored != NULL && stored->dtype == CLF_U8 && stored->ndim == 1) {
    return repeat_optimizer(out, t, stored);
  }
  return t->optimizer != NULL ? CLF_OK : clf__optimizer_default(out, t->context, t->regression);
}

clf_status clf__resume_write(const clf__trainer *t, clf__store *state) {
  const clf_optimizer *optimizer = t->optimizer;
  for (int v = 0; v < CLF__VECTORS; v++) {
    const int64_t count = clf__trainer_move_vector(t, v, NULL, false);
    if (vector_names[v] != NULL && count > 0) {
      CLF__CHECK(clf__state_tensor(t->context, state, vector_names[v], CLF_F32, count, -1));
      clf__trainer_move_vector(t, v, clf__state_data(state, vector_names[v]), false);
    }
  }
  CLF__CHECK(clf__state_tensor(t->context, state, numbers_name, CLF_F64, NUMBERS, -1));
  double *numbers = clf__state_data(state, numbers_name);
  numbers[STEPS] = (double)optimizer->steps;
  numbers[EPOCHS_WITHOUT_IMPROVEMENT] = (double)optimizer->epochs_without_improvement;
  numbers[BEST] = optimizer->best;
  numbers[REDUCTION] = optimizer->reduction;
  const int64_t weights = clf__network_weights(t->network);
  CLF__CHECK(clf__state_tensor(t->context, state, trained_name, CLF_U8, weights, -1));
  for (int64_t i = 0; i < weights; i++) {
    ((uint8_t *)clf__state_data(state, trained_name))[i] = t->gradients[i] != NULL;
  }
  CLF__CHECK(clf__state_tensor(t->context, state, rows_name, CLF_I64, 1, -1));
  return clf__training_checksum(clf__state_data(state, rows_name), t);
}

/* What was kept belongs to a training of the same weights, not of some that were frozen since. */
static bool trains_the_same(const clf__trainer *t) {
  const clf_tensor *trained = t->before != NULL ? clf__store_tensor(t->before, trained_name) : NULL;
  for (int64_t i = 0; trained != NULL && i < clf__network_weights(t->network); i++) {
    if (((const uint8_t *)trained->data)[i] != (t->gradients[i] != NULL)) {
      return false;
    }
  }
  return trained != NULL;
}

void clf__resume_read(clf__trainer *t) {
  if (!trains_the_same(t)) {
    return;
  }
  const clf_tensor *numbers = clf__store_tensor(t->before, numbers_name);
  for (int v = 0; v < CLF__VECTORS; v++) {
    const int64_t count = clf__trainer_move_vector(t, v, NULL, false);
    const clf_tensor *tensor =
        vector_names[v] != NULL ? clf__store_tensor(t->before, vector_names[v]) : NULL;
    if (tensor != NULL && clf_tensor_count(tensor) == count) {
      clf__trainer_move_vector(t, v, tensor->data, true);
    }
  }
  const double *values = numbers->data;
  t->optimizer->steps = (int64_t)values[STEPS];
  t->optimizer->epochs_without_improvement = (int64_t)values[EPOCHS_WITHOUT_IMPROVEMENT];
  t->optimizer->best = values[BEST];
  t->optimizer->reduction = values[REDUCTION];
}

clf_status clf__resume_same_rows(const clf__trainer *t, bool *same) {
  const clf_tensor *rows = t->earlier > 0 ? clf__store_tensor(t->before, rows_name) : NULL;
  uint64_t own = 0;
  if (rows != NULL) {
    CLF__CHECK(clf__training_checksum(&own, t));
  }
  *same = t->earlier == 0 || (rows != NULL && *(const uint64_t *)rows->data == own);
  return CLF_OK;
}
