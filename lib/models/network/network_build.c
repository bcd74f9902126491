/* Networks from text and from the state of a fitted model. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "image/augment.h"
#include "models/network/network.h"

enum { MAX_LAYERS = 1000 };

/* Returns the end of the layer that begins at `text`: a ';' outside of quotes, or the end of the
 * text. */
static const char *layer_end(const char *text) {
  char quote = '\0';
  for (; *text != '\0'; text++) {
    if (quote != '\0') {
      quote = *text == quote ? '\0' : quote;
    } else if (*text == '\'' || *text == '"') {
      quote = *text;
    } else if (*text == ';') {
      break;
    }
  }
  return text;
}

char *clf__network_last_layer(char *layers) {
  char *begin = layers;
  while (*begin != '\0') {
    char *end = begin + (layer_end(begin) - begin);
    if (end[0] == '\0' || end[1] == '\0') {
      break;
    }
    begin = end + 1;
  }
  return begin > layers ? begin - 1 : layers;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Makes a layer from "kind name=value …" without surrounding blanks. */
static clf_status parse_layer(clf__layer **out, clf_context *context, const char *text) {
  char *kind = clf__copy_text(context, text);
  if (kind == NULL) {
    return CLF_ERROR_MEMORY;
  }
  char *end = kind;
  while (*end != '\0' && !is_blank(*end)) {
    end++;
  }
  const char *params = *end != '\0' ? end + 1 : NULL;
  *end = '\0';
  const clf_status status = clf__layer_create(out, context, kind, params);
  clf__free(kind);
  return status;
}

static int64_t number_in_kind(const clf__network *network, const clf__layer *layer) {
  int64_t number = 1;
  for (int64_t i = 0; i < network->layer_count; i++) {
    number += network->layers[i]->kind == layer->kind;
  }
  return number;
}

/* Makes the layer from `text` to `end`. If it is refused, the message states its position, its text
 * and the reason. */
static clf_status append_layer(clf__network *network, const char *text, const char *end) {
  if (network->layer_count == MAX_LAYERS) {
    return clf__fail(CLF_ERROR_ARGUMENT, "network: layers: more than %d", (int)MAX_LAYERS);
  }
  const long long place = network->layer_count + 1;
  for (; text < end && is_blank(*text); text++) {
  }
  for (; text < end && is_blank(end[-1]); end--) {
  }
  if (text == end) {
    return clf__fail(CLF_ERROR_ARGUMENT, "network: layers: layer %lld is empty", place);
  }
  char *copy = clf__copy_bytes(network->context, text, (size_t)(end - text));
  if (copy == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__layer *layer = NULL;
  clf_status status = parse_layer(&layer, network->context, copy);
  if (status == CLF_ERROR_ARGUMENT) {
    clf__fail_within(status, "network: layers: layer %lld '%s'", place, copy);
  }
  clf__free(copy);
  if (status < 0) {
    return status;
  }
  layer->number = number_in_kind(network, layer);
  network->layers[network->layer_count++] = layer;
  return CLF_OK;
}

static clf_status parse_layers(clf__network *network, const char *text) {
  clf_status status = CLF_OK;
  while (status == CLF_OK && *text != '\0') {
    const char *end = layer_end(text);
    status = append_layer(network, text, end);
    text = *end != '\0' ? end + 1 : end;
  }
  if (status == CLF_OK && network->layer_count == 0) {
    status = clf__fail(CLF_ERROR_ARGUMENT, "network: layers: there are none");
  }
  return status;
}

static clf_status infer_shapes(clf__network *network) {
  clf__shape shape = network->input;
  bool masked = false; /* the layer's input is a sequence whose padding is known */
  network->widest = clf__shape_count(&shape);
  for (int64_t i = 0; i < network->layer_count; i++) {
    clf__layer *layer = network->layers[i];
    CLF__CHECK(clf__layer_infer_shapes(layer, &shape));
    shape = layer->out;
    network->first_weight[i + 1] = network->first_weight[i] + layer->weight_count;
    network->widest = clf__max_i64(layer->outputs, network->widest);
    network->produces_mask = network->produces_mask || layer->produces_mask;
    layer->masked = layer->produces_mask || (masked && layer->in.ndim == 2);
    masked = layer->masked && layer->out.ndim == 2;
  }
  network->outputs = clf__shape_count(&shape);
  return CLF_OK;
}

clf_status clf__network_parse(clf__network **out, clf_context *context, const char *layers) {
  clf__network *network = clf__alloc_zeroed(context, 1, sizeof *network);
  if (network == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = CLF_OK;
  network->context = network->arena.context = context;
  network->layers = clf__arena_zeroed(&network->arena, MAX_LAYERS, sizeof(clf__layer *));
  network->first_weight = clf__arena_zeroed(&network->arena, MAX_LAYERS + 1, sizeof(int64_t));
  CLF__TRY(clf__arena_status(&network->arena));
  CLF__TRY(parse_layers(network, layers != NULL ? layers : ""));
  *out = network;
  return CLF_OK;
done:
  clf__network_free(network);
  return status;
}

clf_status clf__network_build(clf__network **out, clf_context *context, const char *layers,
                              const clf__shape *input) {
  clf__network *network = NULL;
  CLF__CHECK(clf__network_parse(&network, context, layers));
  network->input = *input;
  clf_status status = infer_shapes(network);
  if (status < 0) {
    clf__network_free(network);
    return status;
  }
  *out = network;
  return CLF_OK;
}

/* Shapes of rows are integers, and clf__network_input() accepts only so many. */
static clf_status check_input(const clf__list *input) {
  if (input->word < 0 && input->count >= CLF_MAX_DIMENSIONS) {
    return clf__fail(CLF_ERROR_ARGUMENT, "network: input has %lld sizes; a row has at most %d",
                     (long long)input->count, CLF_MAX_DIMENSIONS - 1);
  }
  for (int64_t i = 0; i < input->count; i++) {
    if (input->values[i] != floor(input->values[i])) {
      return clf__fail(CLF_ERROR_ARGUMENT, "network: input: %s is no size; sizes are integers",
                       clf__number_text(input->values[i]));
    }
  }
  return CLF_OK;
}

clf_status clf__network_check_params(clf_context *context, const void *params) {
  const clf__network_params *p = params;
  clf__network *network = NULL;
  clf_status status = check_input(&p->input);
  if (status == CLF_OK && p->layers != NULL && p->layers[0] != '\0') {
    status = clf__network_parse(&network, context, p->layers);
    clf__network_free(network);
  }
  return status == CLF_OK ? clf__augment_check(context, p->augment) : status;
}

bool clf__network_input(const clf__network_params *params, clf__shape *out) {
  const bool given = params->input.word < 0 && params->input.count < CLF_MAX_DIMENSIONS;
  out->ndim = given ? (int32_t)params->input.count : 0;
  for (int32_t i = 0; i < out->ndim; i++) {
    out->size[i] = (int64_t)params->input.values[i];
  }
  return given;
}

clf_status clf__network_declared(clf__network **out, const clf_model *model) {
  const clf__network_params *p = model->params;
  clf__shape input;
  if (p->layers == NULL || p->layers[0] == '\0' || !clf__network_input(p, &input)) {
    return clf__fail(CLF_ERROR_NOT_FITTED,
                     "network: its shapes are known after a fit, or by the parameters 'layers' and "
                     "'input', such as input=28,28,1");
  }
  clf__network *network = NULL;
  CLF__CHECK(clf__network_build(&network, model->context, p->layers, &input));
  const clf_status status = clf__network_set_precision(network, p->precision);
  if (status < 0) {
    clf__network_free(network);
    return status;
  }
  *out = network;
  return CLF_OK;
}

void clf__network_free(clf__network *network) {
  if (network == NULL) {
    return;
  }
  for (int64_t i = 0; i < network->layer_count; i++) {
    clf__layer_free(network->layers[i]);
  }
  clf__arena_free(&network->arena);
  clf__free(network);
}

static clf_status read_shape(clf__shape *out, const clf_tensor *tensor) {
  bool good = tensor != NULL && tensor->dtype == CLF_I64 && tensor->ndim == 1 &&
              tensor->shape[0] >= 1 && tensor->shape[0] < CLF_MAX_DIMENSIONS;
  out->ndim = good ? (int32_t)tensor->shape[0] : 0;
  for (int32_t i = 0; i < out->ndim; i++) {
    out->size[i] = ((const int64_t *)tensor->data)[i];
    good = good && out->size[i] > 0;
  }
  return good ? CLF_OK
              : clf__fail(CLF_ERROR_CORRUPT, "model file: 'input_shape' is missing or not valid");
}

clf_status clf__network_layers_of_state(char **out, clf_context *context, const clf__store *state) {
  const clf_tensor *layers = clf__store_tensor(state, "layers");
  if (layers == NULL || layers->dtype != CLF_U8 || layers->ndim != 1) {
    return clf__fail(CLF_ERROR_CORRUPT, "model file: 'layers' is missing or not valid");
  }
  *out = clf__copy_bytes(context, layers->data, (size_t)layers->shape[0]);
  return *out != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

clf_status clf__network_of_state(clf__network **out, clf_context *context,
                                 const clf__store *state) {
  clf__network *network = NULL;
  clf__shape input;
  int32_t precision;
  char *text = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__network_precision_of_state(&precision, state));
  CLF__TRY(read_shape(&input, clf__store_tensor(state, "input_shape")));
  CLF__TRY(clf__network_layers_of_state(&text, context, state));
  CLF__TRY(clf__network_build(&network, context, text, &input));
  CLF__TRY(clf__network_set_precision(network, precision));
  *out = network;
  network = NULL;
done:
  clf__network_free(network);
  clf__free(text);
  return status;
}

clf__weight_name clf__network_weight_name(const clf__layer *layer, int64_t index) {
  clf__weight_name name;
  snprintf(name.text, sizeof name.text, "%s_%lld.%s", layer->kind->base.name,
           (long long)layer->number, layer->weights[index].name);
  return name;
}

clf_status clf__network_check_weights(const clf__network *network, const clf__store *state) {
  for (int64_t i = 0; i < network->layer_count; i++) {
    const clf__layer *layer = network->layers[i];
    for (int64_t j = 0; j < layer->weight_count; j++) {
      if (!clf__weight_holds(state, layer, j)) {
        return clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is missing or not valid",
                         clf__network_weight_name(layer, j).text);
      }
    }
  }
  return CLF_OK;
}

static clf_status read_weight(float **out, clf__arena *arena, const clf__store *state,
                              const clf__layer *layer, int64_t index, bool all) {
  const clf_tensor *tensor = clf__store_tensor(state, clf__network_weight_name(layer, index).text);
  *out = tensor->dtype == CLF_F32 ? tensor->data : NULL;
  if (*out != NULL || (!all && tensor->dtype == CLF_I8 && clf__layer_inference_of(layer) != NULL)) {
    return CLF_OK;
  }
  *out = clf__arena_array(arena, clf_tensor_count(tensor), sizeof **out);
  CLF__CHECK(clf__arena_status(arena));
  clf__weight_widen(state, layer, index, *out);
  return CLF_OK;
}

static clf_status read_weights(float ***out, clf__network *network, const clf__store *state,
                               bool all) {
  float **weights =
      clf__arena_array(&network->arena, clf__network_weights(network), sizeof *weights);
  CLF__CHECK(clf__arena_status(&network->arena));
  CLF__CHECK(clf__network_check_weights(network, state));
  for (int64_t i = 0; i < network->layer_count; i++) {
    const clf__layer *layer = network->layers[i];
    for (int64_t j = 0; j < layer->weight_count; j++) {
      CLF__CHECK(read_weight(&weights[network->first_weight[i] + j], &network->arena, state, layer,
                             j, all));
    }
  }
  *out = weights;
  return CLF_OK;
}

clf_status clf__network_state_weights(float ***out, clf__network *network,
                                      const clf__store *state) {
  return read_weights(out, network, state, true);
}

clf_status clf__network_read_weights(float ***out, clf__network *network, const clf__store *state) {
  return read_weights(out, network, state, false);
}
