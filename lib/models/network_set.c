/* Weights put in by name, into a fitted network or into one that was trained elsewhere: the first
 * weight that such a network is given makes it fitted, with the other weights as a fit begins. */
#include <math.h>
#include <string.h>

#include <classify/network.h>

#include "base/text.h"
#include "models/network_trainer.h"

/* What a fit of no epochs would leave, but that no rows tell the classes: they are the numbers 0 …
 * outputs - 1, or with loss=squared_error there are none. */
static clf_status make_classes(clf__classes **out, clf_context *context, int64_t count) {
  clf_tensor *numbers = NULL;
  int32_t *indices = NULL;
  clf_status status = clf__tensor_vector(&numbers, context, CLF_I32, count);
  if (status < 0) {
    return status;
  }
  for (int64_t k = 0; k < count; k++) {
    ((int32_t *)numbers->data)[k] = (int32_t)k;
  }
  indices = clf__alloc_array(context, count, sizeof *indices);
  status =
      indices != NULL ? clf__classes_of_numbers(out, context, numbers, indices) : CLF_ERROR_MEMORY;
  clf__free(indices);
  clf_tensor_free(numbers);
  return status;
}

static clf_status begin_untrained(clf_model *next, clf__store **state) {
  const clf__network_params *p = next->params;
  clf__trainer t = {.context = next->context,
                    .params = p,
                    .layers = p->layers,
                    .seed = clf__context_seed(next->context)};
  clf_status status = clf__network_declared(&t.network, next);
  if (status < 0) {
    return status;
  }
  const bool single = t.network->outputs == 1;
  const int64_t classes =
      p->loss == CLF__LOSS_SQUARED_ERROR ? 0 : (single ? 2 : t.network->outputs);
  next->outputs = classes > 0 ? classes : t.network->outputs;
  next->features = next->columns = clf__shape_count(&t.network->input);
  next->outcome = CLF_OK;
  CLF__TRY(clf__network_check_loss(t.network, p->loss, classes, next->outputs));
  CLF__TRY(clf__network_check_end(t.network, p->loss));
  if (next->step_count > 0) {
    status = clf__fail(CLF_ERROR_UNSUPPORTED,
                       "network: transforms are fitted on rows; fit the model before its weights "
                       "are set");
    goto done;
  }
  CLF__TRY(clf__store_create(state, next->context));
  CLF__TRY(clf__trainer_begin_state(&t, *state));
  if (classes > 0) {
    CLF__TRY(make_classes(&next->classes, next->context, classes));
  }
done:
  clf__network_free(t.network);
  return status;
}

static clf_status find_weight(const clf__weight_info **out, const clf__network *network,
                              const char *name) {
  const int64_t count = clf__network_weights(network);
  clf__weight_name *names = clf__alloc_array(network->context, count, sizeof *names);
  const char **texts = clf__alloc_array(network->context, count, sizeof *texts);
  clf_status status = CLF_ERROR_MEMORY;
  if (names != NULL && texts != NULL) {
    const clf__weight_info *found = NULL;
    for (int64_t i = 0; i < network->layer_count; i++) {
      for (int64_t j = 0; j < network->layers[i]->weight_count; j++) {
        const int64_t at = network->first_weight[i] + j;
        names[at] = clf__network_weight_name(network->layers[i], j);
        texts[at] = names[at].text;
        found = strcmp(name, texts[at]) == 0 ? &network->layers[i]->weights[j] : found;
      }
    }
    *out = found;
    status = clf__find_name("weight", name, texts, count) >= 0 ? CLF_OK : CLF_ERROR_ARGUMENT;
  }
  clf__free(names);
  clf__free(texts);
  return status;
}

/* A copy of `from` that can be the weight `name`. */
static clf_status copy_weight(clf_tensor **out, const clf__network *network, const char *name,
                              const clf_tensor *from) {
  const clf__weight_info *info = NULL;
  clf_status status = find_weight(&info, network, name);
  if (status < 0) {
    return clf__fail_within(status, "network");
  }
  clf__shape shape = {from->ndim, {0}};
  bool same = from->ndim == info->shape.ndim;
  for (int32_t i = 0; i < from->ndim; i++) {
    shape.size[i] = from->shape[i];
    same = same && from->shape[i] == info->shape.size[i];
  }
  if (!same) {
    return clf__fail(CLF_ERROR_SHAPE, "network: %s is %s, the tensor %s", name,
                     clf__shape_name(&info->shape).text, clf__shape_name(&shape).text);
  }
  status = clf_tensor_copy(out, from, CLF_F32);
  for (int64_t i = 0; status == CLF_OK && i < clf__shape_count(&shape); i++) {
    const float each = ((const float *)(*out)->data)[i];
    const bool negative = info->not_negative && each < 0;
    if (!isfinite(each) || negative) {
      status = clf__fail(CLF_ERROR_DATA, "network: value %lld for %s is %s", (long long)i, name,
                         negative ? "negative" : "not finite");
    }
  }
  return status;
}

/* The entries of `state` in their order, with `value` as the one of that name, and without what a
 * partial fit would go on from: it is of the weights before. */
static clf_status replace(clf__store **out, clf_context *context, const clf__store *state,
                          const char *name, const clf_tensor *value) {
  clf_status status = clf__store_create(out, context);
  for (int64_t i = 0; status == CLF_OK && i < clf__store_count(state); i++) {
    const char *entry = clf__store_name(state, i);
    if (strncmp(entry, CLF__RESUME, strlen(CLF__RESUME)) != 0) {
      status = clf__store_add_tensor(
          *out, entry, strcmp(entry, name) == 0 ? value : clf__store_tensor(state, entry));
    }
  }
  return status;
}

/* Frees what of `other` is not the model's own. */
static void free_other(clf_model *other, const clf_model *model) {
  clf__network_free_prepared(other->prepared);
  clf__store_free(other->state);
  if (other->classes != model->classes) {
    clf__classes_release(other->classes);
  }
}

clf_status clf_network_set_weight(clf_model *model, const char *name, const clf_tensor *tensor) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(name);
  CLF__REQUIRE(tensor);
  CLF__ENTER(model->kind->name);
  if (model->kind != &clf__network_kind) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s has no layers; a network has", model->kind->name);
  }
  clf_model next = *model; /* takes the model's place when all is well */
  clf__network *network = NULL;
  clf__store *untrained = NULL;
  clf_tensor *value = NULL;
  clf_status status = CLF_OK;
  next.state = NULL;
  next.prepared = NULL;
  if (model->state == NULL) {
    CLF__TRY(begin_untrained(&next, &untrained));
  }
  const clf__store *state = model->state != NULL ? model->state : untrained;
  CLF__TRY(clf__network_of_state(&network, model->context, state));
  CLF__TRY(copy_weight(&value, network, name, tensor));
  CLF__TRY(replace(&next.state, model->context, state, name, value));
  CLF__TRY(clf__model_prepare(&next));
  clf_model old = *model;
  *model = next;
  next = old;
done:
  free_other(&next, model);
  clf__network_free(network);
  clf__store_free(untrained);
  clf_tensor_free(value);
  return status;
}
