/* Frozen layers, whose weights and statistics a training leaves as they are. They have no gradients
 * and no state of the optimizer, and the backward pass ends at the first layer that is not
 * frozen. */
#include <stdio.h>
#include <string.h>

#include <classify/network.h>

#include "base/border.h"
#include "base/text.h"
#include "models/network/network.h"

static const char separators[] = " ,\t\r\n";
static const char all[] = "all";

static clf__weight_name name_of(const clf__layer *layer) {
  clf__weight_name name;
  snprintf(name.text, sizeof name.text, "%s_%lld", layer->kind->base.name,
           (long long)layer->number);
  return name;
}

/* Returns whether the word is the layer's name (conv2d_1), its kind (conv2d), or all. */
static bool names_layer(const char *word, const clf__layer *layer) {
  return strcmp(word, all) == 0 || strcmp(word, layer->kind->base.name) == 0 ||
         strcmp(word, name_of(layer).text) == 0;
}

static void freeze_layer(clf__layer *layer) {
  layer->frozen = true;
  layer->statistic_count = 0;
  for (int64_t j = 0; j < layer->weight_count; j++) {
    layer->weights[j].trained = false;
  }
}

static clf_status fail_word(const clf__network *network, const char *word) {
  clf__arena arena = {.context = network->context};
  clf__weight_name *names = clf__arena_array(&arena, network->layer_count, sizeof *names);
  const char **texts = clf__arena_array(&arena, network->layer_count, sizeof *texts);
  clf_status status = clf__arena_status(&arena);
  for (int64_t i = 0; status == CLF_OK && i < network->layer_count; i++) {
    names[i] = name_of(network->layers[i]);
    texts[i] = names[i].text;
  }
  if (status == CLF_OK) {
    clf__fail_name("layer", word, texts, network->layer_count);
    status = clf__fail_within(CLF_ERROR_ARGUMENT, "network: frozen");
  }
  clf__arena_free(&arena);
  return status;
}

static clf_status mark_word(clf__network *network, const char *word, bool strict) {
  bool found = false;
  for (int64_t i = 0; i < network->layer_count; i++) {
    if (names_layer(word, network->layers[i])) {
      freeze_layer(network->layers[i]);
      found = true;
    }
  }
  return found || !strict ? CLF_OK : fail_word(network, word);
}

clf_status clf__network_mark_frozen(clf__network *network, const char *names, bool strict) {
  clf_status status = CLF_OK;
  char *copy = clf__copy_text(network->context, names != NULL ? names : "");
  if (copy == NULL) {
    return CLF_ERROR_MEMORY;
  }
  char *next = copy + strspn(copy, separators);
  while (status == CLF_OK && *next != '\0') {
    char *word = next, *end = word + strcspn(word, separators);
    next = end + strspn(end, separators);
    *end = '\0';
    status = mark_word(network, word, strict);
  }
  clf__free(copy);
  return status;
}

int64_t clf__network_first_trained(const clf__network *network) {
  int64_t first = 0;
  while (first < network->layer_count &&
         (network->layers[first]->frozen || network->layers[first]->weight_count == 0)) {
    first++;
  }
  return first;
}

void clf__network_append_frozen(clf__text *text, const clf__network *network, int64_t layers) {
  for (int64_t i = 0; i < layers; i++) {
    if (network->layers[i]->frozen) {
      clf__text_append(text, "%s%s", text->length > 0 ? "," : "", name_of(network->layers[i]).text);
    }
  }
}

clf_status clf_network_freeze(clf_model *model, const char *layers) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__network_require(model));
  clf__network *network = NULL;
  char *own = NULL;
  clf__text frozen = {.context = model->context};
  clf_status status = CLF_OK;
  CLF__TRY(clf__network_layers(&own, model));
  CLF__TRY(clf__network_parse(&network, model->context, own));
  CLF__TRY(clf__network_mark_frozen(network, layers, true));
  clf__network_append_frozen(&frozen, network, network->layer_count);
  CLF__TRY(frozen.failed ? CLF_ERROR_MEMORY : CLF_OK);
  status = clf_model_set_text(model, "frozen", frozen.bytes != NULL ? frozen.bytes : "");
done:
  clf__text_free(&frozen);
  clf__network_free(network);
  clf__free(own);
  return status;
}
