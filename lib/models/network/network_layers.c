/* Changes to the layers of a network, which are a parameter, one layer at a time. A fitted network
 * predicts by the layers it was fitted with until it is fitted again. If its last layers were
 * removed, its state has the number of those that the next fit continues from. */
#include <string.h>

#include <classify/network.h>

#include "base/border.h"
#include "base/text.h"
#include "models/network/network.h"

static const char kept_name[] = "kept_layers";

int64_t clf__network_kept_layers(const clf__store *state) {
  const clf_tensor *kept = clf__store_tensor(state, kept_name);
  return kept != NULL ? *(const int64_t *)kept->data : -1;
}

clf_status clf__network_check_kept(const clf_model *model, const clf__network *network) {
  if (clf__store_tensor(model->state, kept_name) == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, kept_name, CLF_I64, 1, -1));
  const int64_t kept = clf__network_kept_layers(model->state);
  return kept >= 0 && kept < network->layer_count
             ? CLF_OK
             : clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is %lld, of %lld layers", kept_name,
                         (long long)kept, (long long)network->layer_count);
}

clf_status clf__network_layers(char **out, const clf_model *model) {
  const char *layers = ((const clf__network_params *)model->params)->layers;
  const bool given = layers != NULL && layers[0] != '\0';
  if (!given && model->state != NULL) {
    return clf__network_layers_of_state(out, model->context, model->state);
  }
  *out = clf__copy_text(model->context, given ? layers : "");
  return *out != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

/* The shapes of layers are known only if the input is; everything else is checked when they are
 * set. */
static clf_status check_shapes(const clf_model *model, const char *layers) {
  clf__network *network = NULL;
  clf__shape input;
  if (!clf__network_input(model->params, &input)) {
    return CLF_OK;
  }
  const clf_status status = clf__network_build(&network, model->context, layers, &input);
  clf__network_free(network);
  return status;
}

clf_status clf_network_add_layer(clf_model *model, const char *layer, const char *layer_params) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(layer);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__network_require(model));
  const clf__network_params *p = model->params;
  const bool first = p->layers == NULL || p->layers[0] == '\0';
  clf__text text = {.context = model->context};
  clf__text_append(&text, "%s%s%s%s%s", first ? "" : p->layers, first ? "" : "; ", layer,
                   layer_params != NULL ? " " : "", layer_params != NULL ? layer_params : "");
  clf_status status = text.failed ? CLF_ERROR_MEMORY : check_shapes(model, text.bytes);
  if (status == CLF_OK) {
    status = clf_model_set_text(model, "layers", text.bytes);
  }
  clf__text_free(&text);
  return status;
}

/* Makes the parameters of the network without its last layer; the others stay frozen or not. */
static clf_status shorten_params(void **out, const clf_model *model, clf__network *network,
                                 char *layers) {
  const clf__param_table *table = &model->kind->base.params;
  clf__text frozen = {.context = model->context};
  clf_status status = CLF_OK;
  CLF__TRY(clf__network_mark_frozen(network, ((const clf__network_params *)model->params)->frozen,
                                    true));
  *clf__network_last_layer(layers) = '\0';
  clf__network_append_frozen(&frozen, network, network->layer_count - 1);
  CLF__TRY(frozen.failed ? CLF_ERROR_MEMORY : CLF_OK);
  CLF__TRY(clf__params_copy(out, model->context, table, model->params));
  CLF__TRY(clf__params_set_text(model->context, table, *out, "layers", layers));
  CLF__TRY(clf__params_set_text(model->context, table, *out, "frozen",
                                frozen.bytes != NULL ? frozen.bytes : ""));
done:
  clf__text_free(&frozen);
  return status;
}

/* Makes the state of a fitted model from whose first `kept` layers the next fit continues. */
static clf_status shorten_state(clf__store **out, const clf_model *model, int64_t kept) {
  clf_tensor *tensor = NULL;
  CLF__CHECK(clf__tensor_vector(&tensor, model->context, CLF_I64, 1));
  *(int64_t *)tensor->data = kept;
  const clf_status status =
      clf__network_replace(out, model->context, model->state, kept_name, tensor);
  clf_tensor_free(tensor);
  return status;
}

/* Returns how many layers of the state the next fit would continue from as it is now. */
static int64_t kept_now(const clf_model *model, const clf__network *fitted) {
  const int64_t kept = clf__network_kept_layers(model->state);
  return kept >= 0 ? kept : fitted->layer_count;
}

/* Frees the parts of `other` that the model does not share. */
static void free_other(clf_model *other, const clf_model *model) {
  clf__params_free(&model->kind->base.params, other->params);
  if (other->state != model->state) {
    clf__network_free_prepared(other->prepared);
    clf__store_free(other->state);
  }
}

clf_status clf_network_remove_layer(clf_model *model) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__network_require(model));
  clf_model next = *model;
  clf__network *network = NULL, *fitted = NULL;
  char *layers = NULL;
  clf_status status = CLF_OK;
  next.params = NULL;
  next.state = NULL;
  next.prepared = NULL;
  CLF__TRY(clf__network_layers(&layers, model));
  CLF__TRY(clf__network_parse(&network, model->context, layers));
  CLF__TRY(shorten_params(&next.params, model, network, layers));
  if (model->state != NULL) {
    CLF__TRY(clf__network_of_state(&fitted, model->context, model->state));
  }
  if (fitted != NULL && network->layer_count - 1 < kept_now(model, fitted)) {
    CLF__TRY(shorten_state(&next.state, model, network->layer_count - 1));
    CLF__TRY(clf__model_prepare(&next));
  } else {
    next.state = model->state;
    next.prepared = model->prepared;
  }
  clf_model old = *model;
  *model = next;
  next = old;
done:
  free_other(&next, model);
  clf__network_free(network);
  clf__network_free(fitted);
  clf__free(layers);
  return status;
}
