/* Layers as nodes, by the operation that they compute. Our images have the channels last, those of
 * ONNX have them first. Images are converted to the order of ONNX if a layer needs it, and back
 * before a layer whose weights depend on the order of the elements, so that the weights of every
 * layer stay the same. */
#include "interchange/onnx/layers.h"

#include <stdio.h>
#include <string.h>

#include "interchange/onnx/sequences.h"
#include "layers/activation.h"
#include "models/network/network_int8.h"

/* Returns a parameter that the layer's kind must have. */
static int64_t integer(const clf__layer *layer, const char *name) {
  int64_t value = 0;
  clf__params_get_i64(&layer->kind->base.params, layer->params, name, &value);
  return value;
}

static void add_weight(clf__graph *graph, const clf__layer *layer, int64_t index,
                       const float *values, const clf__shape *shape) {
  char name[80];
  snprintf(name, sizeof name, "%s_%lld.%s", layer->kind->base.name, (long long)layer->number,
           layer->weights[index].name);
  clf__node_f32(graph, name, values, shape);
}

static void add_function(clf__graph *graph, int32_t function) {
  static const char *const operators[] = {
      [CLF__RELU] = "Relu", [CLF__LEAKY_RELU] = "LeakyRelu", [CLF__SIGMOID] = "Sigmoid",
      [CLF__TANH] = "Tanh", [CLF__SOFTMAX] = "Softmax",
  };
  if (function == CLF__LINEAR) {
    return;
  }
  clf__node_begin(graph, operators[function]);
  if (function == CLF__LEAKY_RELU) {
    clf__node_real(graph, "alpha", 0.01F);
  }
  if (function == CLF__SOFTMAX) {
    clf__node_integer(graph, "axis", graph->channels_first ? 1 : graph->shape.ndim);
  }
  clf__node_end(graph, NULL);
}

/* Copies w [area, inputs, outputs] as [outputs, inputs, area], the order of ONNX. */
static float *outputs_first(const clf__layer *layer, const float *w, int64_t area, int64_t inputs,
                            int64_t outputs) {
  float *transposed =
      clf__alloc_matrix(layer->context, clf__count(area, inputs), outputs, sizeof *transposed);
  for (int64_t at = 0; transposed != NULL && at < area; at++) {
    for (int64_t c = 0; c < inputs; c++) {
      for (int64_t d = 0; d < outputs; d++) {
        transposed[(d * inputs + c) * area + at] = *w++;
      }
    }
  }
  return transposed;
}

/* The same of bytes. */
static int8_t *bytes_outputs_first(const clf__layer *layer, const int8_t *w, int64_t area,
                                   int64_t inputs, int64_t outputs) {
  int8_t *transposed =
      clf__alloc_matrix(layer->context, clf__count(area, inputs), outputs, sizeof *transposed);
  for (int64_t at = 0; transposed != NULL && at < area; at++) {
    for (int64_t c = 0; c < inputs; c++) {
      for (int64_t d = 0; d < outputs; d++) {
        transposed[(d * inputs + c) * area + at] = *w++;
      }
    }
  }
  return transposed;
}

typedef struct part_name {
  char text[80];
} part_name;

static part_name name_of(const clf__layer *layer, const char *part) {
  part_name name;
  snprintf(name.text, sizeof name.text, "%s_%lld.%s", layer->kind->base.name,
           (long long)layer->number, part);
  return name;
}

/* Adds nodes by which the current value goes through bytes: it is quantized, and dequantized. */
static void quantize_value(clf__graph *graph, const clf__layer *layer, clf__int8_range range) {
  static const char *const operators[] = {"QuantizeLinear", "DequantizeLinear"};
  static const char *const scales[] = {"input_scale", "output_scale"};
  static const char *const zeros[] = {"input_zero", "output_zero"};
  const clf__shape scalar = {0, {0}};
  const uint8_t zero = (uint8_t)range.zero;
  for (int i = 0; i < 2; i++) {
    clf__node_begin(graph, operators[i]);
    clf__node_f32(graph, name_of(layer, scales[i]).text, &range.scale, &scalar);
    clf__node_bytes(graph, name_of(layer, zeros[i]).text, &zero, &scalar, false);
    clf__node_end(graph, NULL);
  }
}

/* Adds a node that makes f32 of a layer's bytes, with a scale for each output. */
static clf_status dequantize_weight(clf__graph *graph, const clf__layer *layer,
                                    const clf__int8_source *source, const clf__shape *shape,
                                    int64_t area) {
  const clf__value_name value = graph->value;
  const clf__shape outputs = {1, {shape->size[0]}};
  int8_t *bytes = bytes_outputs_first(layer, source->w, area, shape->size[1], shape->size[0]);
  int8_t *zeros = clf__alloc_zeroed(layer->context, shape->size[0], sizeof *zeros);
  const bool there = bytes != NULL && zeros != NULL;
  if (there) {
    clf__node_open(graph, "DequantizeLinear");
    clf__node_bytes(graph, name_of(layer, "weight_bytes").text, bytes, shape, true);
    clf__node_f32(graph, name_of(layer, "weight_scale").text, source->scale, &outputs);
    clf__node_bytes(graph, name_of(layer, "weight_zero").text, zeros, &outputs, true);
    clf__node_integer(graph, "axis", 0);
    clf__node_end(graph, name_of(layer, "weight").text);
  }
  graph->value = value;
  clf__free(bytes);
  clf__free(zeros);
  return there ? CLF_OK : CLF_ERROR_MEMORY;
}

/* Begins the node of a product: its first input is the current value, its second the weight [rows,
 * columns, area …] in the order of ONNX, of `shape`. A quantized one is bytes that nodes before it
 * make f32 of, by which programs know that they can multiply the bytes. */
static clf_status begin_product(clf__graph *graph, const char *operator, const clf__layer * layer,
                                float *const *weights, const clf__shape *shape, int64_t area) {
  if (clf__int8_multiplies(layer)) {
    const clf__int8_source source = clf__int8_source_of(graph->state, layer);
    CLF__CHECK(dequantize_weight(graph, layer, &source, shape, area));
    quantize_value(graph, layer, source.range);
    clf__node_begin(graph, operator);
    clf__node_input(graph, name_of(layer, "weight").text);
  } else {
    float *transposed = outputs_first(layer, weights[0], area, shape->size[1], shape->size[0]);
    if (transposed == NULL) {
      return CLF_ERROR_MEMORY;
    }
    clf__node_begin(graph, operator);
    add_weight(graph, layer, 0, transposed, shape);
    clf__free(transposed);
  }
  if (layer->weight_count > 1) {
    add_weight(graph, layer, 1, weights[1], &layer->weights[1].shape);
  }
  return CLF_OK;
}

static clf_status add_dense(clf__graph *graph, const clf__layer *layer, float *const *weights) {
  const clf__shape shape = {2, {layer->outputs, layer->inputs}};
  CLF__CHECK(begin_product(graph, "Gemm", layer, weights, &shape, 1));
  clf__node_integer(graph, "transB", 1);
  clf__node_end(graph, NULL);
  add_function(graph, layer->activation);
  return CLF_OK;
}

/* Gray images may be [height, width]. */
static void transpose_images(clf__graph *graph, const clf__layer *layer) {
  if (graph->shape.ndim == 2) {
    const int64_t sizes[] = {-1, 1, layer->in.size[0], layer->in.size[1]};
    char name[80];
    snprintf(name, sizeof name, "%s_%lld.shape", layer->kind->base.name, (long long)layer->number);
    clf__node_begin(graph, "Reshape");
    clf__node_i64(graph, name, sizes, 4);
    clf__node_end(graph, NULL);
    graph->channels_first = true;
    graph->shape = layer->in;
  }
  clf__graph_channels_first(graph);
}

static void add_square(clf__graph *graph, const char *name, int64_t size) {
  clf__node_integers(graph, name, (int64_t[]){size, size}, 2);
}

/* Returns the zeros before and after the image on both axes, computed from the size of the output;
 * none if the kernel stays within the image. */
static void add_padding(clf__graph *graph, const clf__layer *layer, int64_t span, int64_t stride) {
  int64_t pads[4];
  for (int axis = 0; axis < 2; axis++) {
    const int64_t missing = (layer->out.size[axis] - 1) * stride + span - layer->in.size[axis];
    pads[axis] = missing > 0 ? missing / 2 : 0;
    pads[2 + axis] = missing > 0 ? missing - pads[axis] : 0;
  }
  clf__node_integers(graph, "pads", pads, 4);
}

static clf_status add_conv2d(clf__graph *graph, const clf__layer *layer, float *const *weights) {
  const int64_t kernel = integer(layer, "kernel"), stride = integer(layer, "stride");
  const int64_t dilation = integer(layer, "dilation"), *size = layer->weights[0].shape.size;
  const clf__shape shape = {4, {size[3], size[2], kernel, kernel}};
  transpose_images(graph, layer);
  CLF__CHECK(begin_product(graph, "Conv", layer, weights, &shape, kernel * kernel));
  add_square(graph, "kernel_shape", kernel);
  add_square(graph, "strides", stride);
  add_square(graph, "dilations", dilation);
  add_padding(graph, layer, (kernel - 1) * dilation + 1, stride);
  clf__node_end(graph, NULL);
  graph->shape = layer->out;
  add_function(graph, layer->activation);
  return CLF_OK;
}

static clf_status add_pool(clf__graph *graph, const clf__layer *layer, float *const *weights) {
  static const char *const operators[] = {"MaxPool", "AveragePool"}; /* CLF__POOL_… */
  const int64_t size = integer(layer, "size");
  double stride;
  if (clf__params_get_f64(&layer->kind->base.params, layer->params, "stride", &stride) < 0) {
    stride = (double)size; /* the word "size" */
  }
  (void)weights;
  transpose_images(graph, layer);
  clf__node_begin(graph, operators[layer->kind->variant]);
  add_square(graph, "kernel_shape", size);
  add_square(graph, "strides", (int64_t)stride);
  add_padding(graph, layer, size, (int64_t)stride);
  clf__node_end(graph, NULL);
  return CLF_OK;
}

/* Images of one pixel become rows of channels. */
static clf_status add_global_pool(clf__graph *graph, const clf__layer *layer,
                                  float *const *weights) {
  static const char *const operators[] = {"GlobalMaxPool", "GlobalAveragePool"};
  (void)weights;
  transpose_images(graph, layer);
  clf__node_begin(graph, operators[layer->kind->variant]);
  clf__node_end(graph, NULL);
  clf__node_begin(graph, "Flatten");
  clf__node_integer(graph, "axis", 1);
  clf__node_end(graph, NULL);
  graph->channels_first = false;
  return CLF_OK;
}

static clf_status add_batch_norm(clf__graph *graph, const clf__layer *layer,
                                 float *const *weights) {
  double epsilon = 0;
  clf__params_get_f64(&layer->kind->base.params, layer->params, "epsilon", &epsilon);
  clf__graph_channels_first(graph);
  clf__node_begin(graph, "BatchNormalization");
  for (int64_t i = 0; i < layer->weight_count; i++) {
    add_weight(graph, layer, i, weights[i], &layer->weights[i].shape);
  }
  clf__node_real(graph, "epsilon", (float)epsilon);
  clf__node_end(graph, NULL);
  return CLF_OK;
}

static clf_status add_activation(clf__graph *graph, const clf__layer *layer,
                                 float *const *weights) {
  (void)weights;
  add_function(graph, layer->activation);
  return CLF_OK;
}

static clf_status add_flatten(clf__graph *graph, const clf__layer *layer, float *const *weights) {
  (void)weights;
  if (graph->lengths.text[0] != '\0' && layer->in.ndim > 1) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "onnx: flatten of sequences with padding is not written");
  }
  clf__graph_flatten(graph);
  return CLF_OK;
}

static clf_status add_nothing(clf__graph *graph, const clf__layer *layer, float *const *weights) {
  (void)graph;
  (void)layer;
  (void)weights;
  return CLF_OK;
}

const clf__graph_rule clf__graph_rules[CLF__OPERATIONS] = {
    [CLF__OPERATION_OWN] = {NULL, "a layer of this kind is not written"},
    [CLF__OPERATION_DENSE] = {add_dense, NULL},
    [CLF__OPERATION_CONVOLUTION] = {add_conv2d, NULL},
    [CLF__OPERATION_POOL] = {add_pool, NULL},
    [CLF__OPERATION_GLOBAL_POOL] = {add_global_pool, NULL},
    [CLF__OPERATION_TIME_POOL] = {clf__graph_time_pool, NULL},
    [CLF__OPERATION_CHANNEL_MAP] = {add_batch_norm, NULL},
    [CLF__OPERATION_ACTIVATION] = {add_activation, NULL},
    [CLF__OPERATION_FLATTEN] = {add_flatten, NULL},
    [CLF__OPERATION_IDENTITY] = {add_nothing, NULL},
    [CLF__OPERATION_EMBEDDING] = {clf__graph_embedding, NULL},
    [CLF__OPERATION_RECURRENT] = {clf__graph_recurrent, NULL},
};

clf_status clf__graph_layer(clf__graph *graph, const clf__layer *layer, float *const *weights) {
  const clf__graph_rule *rule = &clf__graph_rules[layer->kind->operation];
  if (rule->add == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "onnx: %s %lld: %s", layer->kind->base.name,
                     (long long)layer->number, rule->refusal);
  }
  clf_status status = rule->add(graph, layer, weights);
  graph->shape = layer->out;
  return status;
}
