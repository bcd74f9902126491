/* A network as a table in text: layers, shapes, parameters, memory. */
#include <classify/network.h>

#include "base/border.h"
#include "base/text.h"
#include "models/network/network.h"

typedef struct totals {
  int64_t parameters, trained;
  int64_t bytes;       /* of the weights */
  int64_t activations; /* bytes that training keeps for a row */
} totals;

static void append_row(clf__text *text, const char *name, const clf__shape *shape,
                       int64_t parameters) {
  clf__text_append(text, "%-24s %-16s %12lld\n", name, clf__shape_name(shape).text,
                   (long long)parameters);
}

static void append_layer(clf__text *text, const clf__layer *layer, const clf__layer *before,
                         totals *sum) {
  clf__text name = {.context = text->context};
  int64_t parameters = 0;
  for (int64_t j = 0; j < layer->weight_count; j++) {
    const int64_t count = clf__shape_count(&layer->weights[j].shape);
    parameters += count;
    sum->bytes += clf__weight_bytes(layer, j);
    sum->trained += layer->weights[j].trained ? count : 0;
  }
  sum->parameters += parameters;
  const int64_t values = clf__layer_in_place(layer, before) ? 0 : layer->outputs;
  sum->activations += values * (int64_t)sizeof(float) + (int64_t)layer->kept_bytes;
  clf__text_append(&name, "%s_%lld", layer->kind->base.name, (long long)layer->number);
  append_row(text, name.failed ? layer->kind->base.name : name.bytes, &layer->out, parameters);
  text->failed = text->failed || name.failed;
  clf__text_free(&name);
}

static void append_network(clf__text *text, const clf__network *network) {
  totals sum = {.activations = (clf__shape_count(&network->input) + 2 * network->widest) *
                               (int64_t)sizeof(float)};
  clf__text_append(text, "%-24s %-16s %12s\n", "layer", "output", "parameters");
  append_row(text, "input", &network->input, 0);
  for (int64_t i = 0; i < network->layer_count; i++) {
    append_layer(text, network->layers[i], i > 0 ? network->layers[i - 1] : NULL, &sum);
  }
  clf__text_append(text, "parameters: %lld, of which %lld are trained\n", (long long)sum.parameters,
                   (long long)sum.trained);
  clf__text_append(text, "memory: %lld bytes of weights; %lld bytes a row of a batch in training\n",
                   (long long)sum.bytes, (long long)sum.activations);
}

clf_status clf_network_summary(const clf_model *model, char *buffer, size_t capacity,
                               size_t *needed) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__network_require(model));
  clf__network *network = NULL;
  clf__text text = {.context = model->context};
  clf_status status = model->state != NULL
                          ? clf__network_of_state(&network, model->context, model->state)
                          : clf__network_declared(&network, model);
  if (status == CLF_OK) {
    status = clf__network_mark_frozen(network, ((const clf__network_params *)model->params)->frozen,
                                      false);
  }
  if (status == CLF_OK) {
    append_network(&text, network);
    status = clf__text_copy(&text, buffer, capacity, needed);
  }
  clf__text_free(&text);
  clf__network_free(network);
  return status;
}
