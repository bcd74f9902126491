/* Networks of layers as C source code. Sums are in doubles, and each layer's values are rounded to
 * floats, as the library passes them on. */
#include "interchange/csource/csource.h"

#include <stdio.h>

#include "layers/activation.h"
#include "models/network/network.h"

clf__csource_name clf__csource_layer_name(const clf__layer *layer, const char *what) {
  clf__csource_name name;
  snprintf(name.text, sizeof name.text, "%s_%lld_%s", layer->kind->base.name,
           (long long)layer->number, what);
  return name;
}

void clf__csource_comment(clf__csource *source, const clf__layer *layer) {
  clf__csource_code(source, &source->body, "  /* %s %lld */\n", layer->kind->base.name,
                    (long long)layer->number);
}

/* The softmax along the last axis, which has `size` elements. */
static void add_softmax(clf__csource *source, const char *to, int64_t size) {
  const char *x = source->values;
  clf__csource_code(source, &source->body,
                    "  for (int i = 0; i < %lld; i += %lld) {\n"
                    "    float largest = %s[i];\n"
                    "    double sum = 0;\n"
                    "    for (int j = i; j < i + %lld; j++) {\n"
                    "      largest = %s[j] > largest ? %s[j] : largest;\n"
                    "    }\n",
                    (long long)source->columns, (long long)size, x, (long long)size, x, x);
  clf__csource_code(source, &source->body,
                    "    for (int j = i; j < i + %lld; j++) {\n"
                    "      %s[j] = (float)exp((double)%s[j] - (double)largest);\n"
                    "      sum += (double)%s[j];\n"
                    "    }\n"
                    "    for (int j = i; j < i + %lld; j++) {\n"
                    "      %s[j] = (float)((double)%s[j] / sum);\n"
                    "    }\n"
                    "  }\n",
                    (long long)size, to, x, to, (long long)size, to, to);
}

/* Applies an activation function to the current values. */
static clf_status add_function(clf__csource *source, int32_t function, int64_t last_axis) {
  static const char *const formulas[] = {
      [CLF__RELU] = "v > 0 ? v : 0",
      [CLF__LEAKY_RELU] = "v > 0 ? v : 0.01F * v",
      [CLF__SIGMOID] = "(float)(1 / (1 + exp(-(double)v)))",
      [CLF__TANH] = "(float)(1 - 2 / (exp(2 * (double)v) + 1))",
      [CLF__SOFTMAX] = NULL,
  };
  const char *to = NULL;
  if (function == CLF__LINEAR) {
    return CLF_OK;
  }
  CLF__CHECK(clf__csource_local(&to, source, false, source->columns, true));
  if (function != CLF__RELU && function != CLF__LEAKY_RELU) {
    clf__csource_math(source);
  }
  if (function == CLF__SOFTMAX) {
    add_softmax(source, to, last_axis);
  } else {
    clf__csource_code(source, &source->body,
                      "  for (int j = 0; j < %lld; j++) {\n"
                      "    const float v = %s[j];\n"
                      "    %s[j] = %s;\n"
                      "  }\n",
                      (long long)source->columns, source->values, to, formulas[function]);
  }
  clf__csource_becomes(source, to, false, source->columns);
  return CLF_OK;
}

static clf_status add_dense(clf__csource *source, const clf__layer *layer, float *const *weights) {
  const int64_t inputs = layer->inputs, units = layer->outputs;
  const bool biased = layer->weight_count > 1;
  const clf__csource_name weight = clf__csource_layer_name(layer, "weight"),
                          bias = clf__csource_layer_name(layer, "bias");
  const clf__csource_array array = {weights[0], CLF_F32, units, inputs, 1, units};
  const char *to = NULL;
  CLF__CHECK(clf__csource_local(&to, source, false, units, false));
  CLF__CHECK(clf__csource_table(source, weight.text, &array));
  if (biased) {
    const clf__csource_array biases = clf__csource_vector(CLF_F32, weights[1], units);
    CLF__CHECK(clf__csource_table(source, bias.text, &biases));
  }
  clf__csource_comment(source, layer);
  clf__csource_product(source, weight.text, biased ? bias.text : NULL, units, to, false);
  clf__csource_becomes(source, to, false, units);
  return CLF_OK;
}

static clf_status add_channel_map(clf__csource *source, const clf__layer *layer,
                                  float *const *weights) {
  const int64_t channels = layer->in.size[layer->in.ndim - 1];
  const clf__csource_name factors = clf__csource_layer_name(layer, "factor"),
                          shifts = clf__csource_layer_name(layer, "shift");
  double *factor = clf__alloc_matrix(layer->context, 2, channels, sizeof *factor);
  const char *to = NULL;
  clf_status status = factor == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  layer->kind->map(layer, weights, factor, factor + channels);
  const clf__csource_array factor_array = clf__csource_vector(CLF_F64, factor, channels);
  const clf__csource_array shift_array = clf__csource_vector(CLF_F64, factor + channels, channels);
  CLF__TRY(clf__csource_local(&to, source, false, source->columns, true));
  CLF__TRY(clf__csource_table(source, factors.text, &factor_array));
  CLF__TRY(clf__csource_table(source, shifts.text, &shift_array));
  clf__csource_comment(source, layer);
  clf__csource_code(source, &source->body,
                    "  for (int j = 0; j < %lld; j++) {\n"
                    "    %s[j] = (float)(@%s[j %% %lld] * (double)%s[j] + @%s[j %% %lld]);\n"
                    "  }\n",
                    (long long)source->columns, to, factors.text, (long long)channels,
                    source->values, shifts.text, (long long)channels);
  clf__csource_becomes(source, to, false, source->columns);
done:
  clf__free(factor);
  return status;
}

/* The function follows, as behind other layers. */
static clf_status add_activation(clf__csource *source, const clf__layer *layer,
                                 float *const *weights) {
  (void)weights;
  clf__csource_comment(source, layer);
  return CLF_OK;
}

static clf_status add_nothing(clf__csource *source, const clf__layer *layer,
                              float *const *weights) {
  (void)source;
  (void)layer;
  (void)weights;
  return CLF_OK;
}

const clf__csource_rule clf__csource_rules[CLF__OPERATIONS] = {
    [CLF__OPERATION_OWN] = {NULL, "a layer of this kind is not written"},
    [CLF__OPERATION_DENSE] = {add_dense, NULL},
    [CLF__OPERATION_CONVOLUTION] = {clf__csource_conv2d, NULL},
    [CLF__OPERATION_POOL] = {clf__csource_pool2d, NULL},
    [CLF__OPERATION_GLOBAL_POOL] = {clf__csource_global_pool2d, NULL},
    [CLF__OPERATION_TIME_POOL] = {NULL, "layers of sequences are not written"},
    [CLF__OPERATION_CHANNEL_MAP] = {add_channel_map, NULL},
    [CLF__OPERATION_ACTIVATION] = {add_activation, NULL},
    [CLF__OPERATION_FLATTEN] = {add_nothing, NULL},
    [CLF__OPERATION_IDENTITY] = {add_nothing, NULL},
    [CLF__OPERATION_EMBEDDING] = {NULL, "layers of sequences are not written"},
    [CLF__OPERATION_RECURRENT] = {NULL, "layers of sequences are not written"},
};

/* Refuses a network before anything is written. */
static clf_status check_layers(const clf__network *network) {
  for (int64_t i = 0; i < network->layer_count; i++) {
    const clf__layer *layer = network->layers[i];
    const clf__csource_rule *rule = &clf__csource_rules[layer->kind->operation];
    if (rule->add == NULL) {
      return clf__fail(CLF_ERROR_UNSUPPORTED, "c: %s %lld: %s", layer->kind->base.name,
                       (long long)layer->number, rule->refusal);
    }
  }
  return CLF_OK;
}

/* Writes the scores from the last values: in the units of a regression's targets, or with 0 for the
 * other class of a single output. */
static clf_status add_scores(clf__csource *source) {
  const clf_model *model = source->model;
  const clf__target_units units = clf__network_units(model->state);
  clf__text *body = &source->body;
  if (source->columns != model->outputs) {
    clf__csource_code(source, body, "  scores[0] = 0;\n  scores[1] = (double)%s[0];\n",
                      source->values);
    return CLF_OK;
  }
  clf__csource_code(source, body,
                    "  for (int k = 0; k < %lld; k++) {\n    scores[k] = (double)%s[k];\n",
                    (long long)model->outputs, source->values);
  if (units.scale != NULL) {
    const clf__csource_array scale = clf__csource_vector(CLF_F64, units.scale, model->outputs);
    CLF__CHECK(clf__csource_table(source, "target_scale", &scale));
    clf__csource_code(source, body, "    scores[k] *= @target_scale[k];\n");
  }
  if (units.center != NULL) {
    const clf__csource_array center = clf__csource_vector(CLF_F64, units.center, model->outputs);
    CLF__CHECK(clf__csource_table(source, "target_center", &center));
    clf__csource_code(source, body, "    scores[k] += @target_center[k];\n");
  }
  clf__csource_code(source, body, "  }\n");
  return CLF_OK;
}

/* The source computes in f32, which would not give the model's values. */
static clf_status check_precision(const clf__network *network) {
  return network->precision != CLF__PRODUCT_INT8
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "csource: products of int8 are not written; export the model as it is "
                         "before clf_network_quantize(), or after a fit with precision=f32");
}

clf_status clf__csource_network(clf__csource *source) {
  const clf_model *model = source->model;
  clf__network *network = NULL;
  float **weights = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__network_of_state(&network, model->context, model->state));
  CLF__TRY(check_precision(network));
  CLF__TRY(clf__network_state_weights(&weights, network, model->state));
  CLF__TRY(check_layers(network));
  CLF__TRY(clf__csource_model_rows(source));
  for (int64_t i = 0; i < network->layer_count; i++) {
    const clf__layer *layer = network->layers[i];
    CLF__TRY(clf__csource_rules[layer->kind->operation].add(source, layer,
                                                            weights + network->first_weight[i]));
    CLF__TRY(add_function(source, layer->activation, layer->out.size[layer->out.ndim - 1]));
  }
  status = add_scores(source);
done:
  clf__network_free(network);
  return status;
}
