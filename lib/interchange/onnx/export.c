/* Fitted models as ONNX files (onnx.ai, operator set 13): networks, and models whose decisions are
 * linear. The input "input" is any number N of f32 rows, in the shape that the model was fitted on.
 * The outputs are "scores" [N, classes], the values of clf_model_decision_function(), and
 * "probabilities" if the model has them.
 *
 * The input is f64 for a model that subtracts a center from rows far from 0, and for one whose
 * products would cancel in f32, because these need digits that f32 lacks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8_text.h"
#include "interchange/onnx/layers.h"
#include "interchange/onnx/onnx.h"
#include "interchange/onnx/transforms.h"
#include "interchange/onnx/wire.h"
#include "models/kernel/kernel.h"
#include "models/linear.h"
#include "models/network/network.h"

typedef struct export_params {
  char *name;
} export_params;

#define CLF__VALUES export_params
static const clf__param params[] = {
    CLF__TEXT(name, NULL, "name of the graph; otherwise the kind of the model"),
};

enum { IR_VERSION = 7, OPERATOR_SET = 13 };

/* What is subtracted from rows far from 0, [columns] f64, or NULL. */
static const double *center_of(const clf_model *model) {
  const clf_tensor *center = clf__store_tensor(model->state, "center");
  return center != NULL ? center->data : NULL;
}

static bool input_is_f64(const clf_model *model) {
  return center_of(model) != NULL || clf__linear_precise(model);
}

/* Adds W x + b from the tensors of the decisions, in f64 if they are. The last node is left
 * open. */
static clf_status add_linear(clf__graph *graph, const clf_model *model) {
  const clf__linear_names *names = &clf__decision_names;
  const clf__shape weights = {2, {model->outputs, model->columns}}, bias = {1, {model->outputs}};
  const bool wide = clf__linear_needs_f64(model->state, names);
  if (clf__support_there(model->state)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "onnx: %s with a kernel is not written",
                     model->kind->base.name);
  }
  if (center_of(model) != NULL) {
    clf__graph_elementwise(graph, "Sub", "center", center_of(model), &graph->shape);
  }
  clf__graph_widen(graph, wide);
  clf__node_begin(graph, "Gemm");
  if (wide) {
    clf__node_f64(graph, "weights", clf__state_data(model->state, names->weights_f64), &weights);
    clf__node_f64(graph, "intercept", clf__state_data(model->state, names->offset_f64), &bias);
  } else {
    clf__node_f32(graph, "weights", clf__state_data(model->state, names->weights), &weights);
    clf__node_f32(graph, "intercept", clf__state_data(model->state, names->offset), &bias);
  }
  clf__node_integer(graph, "transB", 1);
  if (wide) {
    clf__node_end(graph, NULL);
    clf__graph_widen(graph, false);
    clf__node_begin(graph, "Identity");
  }
  return CLF_OK;
}

/* Converts the outputs of a regression to the units of the data. */
static void add_units(clf__graph *graph, const clf_model *model) {
  const clf__target_units units = clf__network_units(model->state);
  const clf__shape shape = {1, {model->outputs}};
  if (units.scale != NULL) {
    clf__graph_elementwise(graph, "Mul", "target_scale", units.scale, &shape);
  }
  if (units.center != NULL) {
    clf__graph_elementwise(graph, "Add", "target_center", units.center, &shape);
  }
}

/* The last node is left open, because its output will be named "scores". */
static clf_status add_network(clf__graph *graph, const clf_model *model,
                              const clf__network *network, float *const *weights) {
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < network->layer_count; i++) {
    status = clf__graph_layer(graph, network->layers[i], weights + network->first_weight[i]);
  }
  if (status < 0) {
    return status;
  }
  clf__graph_flatten(graph);
  add_units(graph, model);
  if (network->outputs != model->outputs) { /* one score for two classes; the other class gets 0 */
    const float places[] = {0, 1};
    clf__node_begin(graph, "MatMul");
    clf__node_f32(graph, "two_scores", places, &(clf__shape){2, {1, 2}});
  } else {
    clf__node_begin(graph, "Identity");
  }
  return CLF_OK;
}

/* Adds sigmoids that are scaled to sum to 1; all equal if all are 0. */
static clf_status add_sigmoids(clf__graph *graph, int64_t outputs) {
  const double min = 1e-37;
  const clf__shape one = {1, {1}}, square = {2, {outputs, outputs}};
  const int64_t count = clf__count(outputs, outputs);
  float *ones = clf__alloc_array(graph->context, count, sizeof *ones);
  if (ones == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < count; i++) {
    ones[i] = 1;
  }
  clf__node_begin(graph, "Sigmoid");
  clf__node_end(graph, NULL);
  clf__graph_elementwise(graph, "Add", "least_sigmoid", &min, &one);
  const clf__value_name sigmoids = graph->value;
  clf__node_begin(graph, "MatMul");
  clf__node_f32(graph, "ones", ones, &square);
  clf__node_end(graph, NULL);
  const clf__value_name sums = graph->value;
  graph->value = sigmoids;
  clf__node_begin(graph, "Div");
  clf__node_input(graph, sums.text);
  clf__free(ones);
  return CLF_OK;
}

/* The probability of class k is the sigmoid of -(A s_k + B), or of two classes that of plus and
 * minus A (s_1 - s_0) + B. A matrix and a vector make these of the scores. */
static clf_status add_sigmoid_map(clf__graph *graph, const clf_model *model) {
  const int64_t classes = model->outputs;
  const double *ab = model->decision.sigmoid;
  const clf__shape square = {2, {classes, classes}}, row = {1, {classes}};
  clf__arena arena = {.context = graph->context};
  const int64_t count = clf__count(classes, classes);
  float *factor = clf__arena_zeroed(&arena, count, sizeof *factor);
  double *offset = clf__arena_array(&arena, classes, sizeof *offset);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t k = 0; k < classes; k++) {
    const double *own = classes == 2 ? ab : ab + 2 * k;
    const double sign = classes == 2 && k == 0 ? 1 : -1;
    factor[k * classes + k] = (float)-own[0];
    if (classes == 2) {
      factor[(1 - k) * classes + k] = (float)own[0];
    }
    offset[k] = sign * own[1];
    if (!isfinite((float)own[0]) || !isfinite((float)own[1])) {
      status = clf__fail(CLF_ERROR_UNSUPPORTED,
                         "onnx: the calibration of class %lld has values that f32 does not hold",
                         (long long)k);
      goto done;
    }
  }
  clf__node_begin(graph, "MatMul");
  clf__node_f32(graph, "calibration_factor", factor, &square);
  clf__node_end(graph, NULL);
  clf__graph_elementwise(graph, "Add", "calibration_offset", offset, &row);
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status add_temperature(clf__graph *graph, const clf_model *model) {
  const double factor = 1 / *model->decision.temperature;
  const clf__shape one = {1, {1}};
  if (!isnormal((float)factor)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "onnx: f32 does not hold 1 / the temperature %s",
                     clf__number_text(*model->decision.temperature));
  }
  clf__graph_elementwise(graph, "Mul", "calibration_factor", &factor, &one);
  return CLF_OK;
}

/* Classes without weight get a score whose exponential is 0. */
static clf_status add_absent(clf__graph *graph, const clf_model *model) {
  const clf__shape row = {1, {model->outputs}};
  double *shift = clf__alloc_array(graph->context, model->outputs, sizeof *shift);
  if (shift == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t k = 0; k < model->outputs; k++) {
    shift[k] = model->decision.absent[k] != 0 ? -1e30 : 0;
  }
  clf__graph_elementwise(graph, "Add", "absent_classes", shift, &row);
  clf__free(shift);
  return CLF_OK;
}

/* Makes what the link is applied to. */
static clf_status add_calibration(clf__graph *graph, const clf_model *model) {
  const clf__decision *d = &model->decision;
  CLF__CHECK(d->sigmoid != NULL ? add_sigmoid_map(graph, model) : CLF_OK);
  CLF__CHECK(d->temperature != NULL ? add_temperature(graph, model) : CLF_OK);
  return d->absent != NULL ? add_absent(graph, model) : CLF_OK;
}

static int32_t link_of(const clf_model *model) {
  return model->decision.sigmoid != NULL       ? CLF__LINK_SIGMOIDS
         : model->decision.temperature != NULL ? CLF__LINK_SOFTMAX
         : model->kind->link != NULL           ? model->kind->link(model)
                                               : CLF__LINK_NONE;
}

static clf_status add_outputs(clf__graph *graph, const clf_model *model, int32_t link) {
  clf_status status = CLF_OK;
  if (graph->refused.text[0] != '\0') {
    clf__node_end(graph, NULL);
    clf__node_begin(graph, "Add");
    clf__node_input(graph, graph->refused.text);
  }
  clf__node_end(graph, "scores");
  if (link != CLF__LINK_NONE) {
    CLF__CHECK(add_calibration(graph, model));
  }
  if (link == CLF__LINK_SIGMOIDS) {
    status = add_sigmoids(graph, model->outputs);
  } else if (link == CLF__LINK_SOFTMAX) {
    clf__node_begin(graph, "Softmax");
    clf__node_integer(graph, "axis", 1);
  }
  if (status == CLF_OK && link != CLF__LINK_NONE) {
    clf__node_end(graph, "probabilities");
  }
  return status;
}

/* Bytes around nodes and constants in the message of the graph. */
static void describe_graph(clf__text *to, const clf_model *model, const char *name,
                           const clf__shape *input, bool probabilities) {
  const clf__shape outputs = {1, {model->outputs}};
  clf__wire_text(to, CLF__GRAPH_NAME, name != NULL ? name : model->kind->base.name);
  clf__graph_describe(to, CLF__GRAPH_INPUT, "input", input, input_is_f64(model));
  clf__graph_describe(to, CLF__GRAPH_OUTPUT, "scores", &outputs, false);
  if (probabilities) {
    clf__graph_describe(to, CLF__GRAPH_OUTPUT, "probabilities", &outputs, false);
  }
}

/* Writes all of the file except the graph, whose head comes last. */
static void describe_model(clf__text *to, const clf_model *model, size_t graph_bytes) {
  clf__text part = {.context = model->context};
  clf__wire_i64(to, CLF__MODEL_IR_VERSION, IR_VERSION);
  clf__wire_text(to, CLF__MODEL_PRODUCER, "libclassify");
  clf__wire_text(to, CLF__MODEL_PRODUCER_VERSION, clf_version());
  clf__wire_text(&part, CLF__OPSET_DOMAIN, "");
  clf__wire_i64(&part, CLF__OPSET_VERSION, OPERATOR_SET);
  clf__wire_message(to, CLF__MODEL_OPSET, &part);
  clf__onnx_metadata(to, model);
  clf__wire_head(to, CLF__MODEL_GRAPH, graph_bytes);
  clf__text_free(&part);
}

static clf_status write_file(clf__graph *graph, const clf_model *model, const clf__shape *input,
                             bool probabilities, clf__output *output) {
  clf__text about = {.context = model->context}, head = about;
  describe_graph(&about, model, graph->name, input, probabilities);
  const size_t bytes = about.length + graph->nodes.length + graph->constants.length;
  describe_model(&head, model, bytes);
  clf_status status = CLF_OK;
  if (clf__graph_failed(graph) || about.failed || head.failed) {
    status = clf__memory_refused(model->context); /* what followed it has set messages too */
  } else if (bytes + head.length > INT32_MAX) {
    status = clf__fail(CLF_ERROR_UNSUPPORTED,
                       "onnx: the model takes %zu bytes; its files hold 2 GiB at most", bytes);
  } else {
    CLF__TRY(clf__output_text(output, &head, 0));
    CLF__TRY(clf__output_text(output, &about, 0));
    CLF__TRY(clf__output_text(output, &graph->constants, 0));
    CLF__TRY(clf__output_text(output, &graph->nodes, 0));
  }
done:
  clf__text_free(&about);
  clf__text_free(&head);
  return status;
}

static clf_status write(const clf_model *model, clf__output *output, const void *values) {
  const export_params *chosen = values;
  const int32_t link = link_of(model);
  const bool layered = model->kind->decision == CLF__DECISION_LAYERS;
  clf__graph graph = {.context = model->context,
                      .nodes.context = model->context,
                      .constants.context = model->context,
                      .node.context = model->context,
                      .name = chosen->name,
                      .value = {"input"},
                      .state = model->state,
                      .wide = input_is_f64(model)};
  clf__network *network = NULL;
  float **weights = NULL;
  clf_status status = CLF_OK;
  if (!layered && model->kind->decision != CLF__DECISION_LINEAR) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "onnx: models of kind %s are not written; networks and models with linear "
                     "decisions are",
                     model->kind->base.name);
  }
  if (model->decision.isotonic_x != NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "onnx: there is no operator for an isotonic calibration; calibrate by "
                     "method=sigmoid or method=temperature");
  }
  if (chosen->name != NULL && clf__utf8_check(chosen->name, strlen(chosen->name), NULL) < 0) {
    return clf__fail_within(CLF_ERROR_ARGUMENT, "onnx: name");
  }
  if (layered) {
    CLF__TRY(clf__network_of_state(&network, model->context, model->state));
    CLF__TRY(clf__network_state_weights(&weights, network, model->state));
  }
  const clf__shape read = layered ? network->input : (clf__shape){1, {model->columns}};
  const clf__shape input =
      clf__graph_changes_columns(model) ? (clf__shape){1, {model->features}} : read;
  graph.shape = input;
  CLF__TRY(clf__graph_transforms(&graph, model));
  graph.shape = read;
  CLF__TRY(layered ? add_network(&graph, model, network, weights) : add_linear(&graph, model));
  CLF__TRY(add_outputs(&graph, model, link));
  status = write_file(&graph, model, &input, link != CLF__LINK_NONE, output);
done:
  clf__graph_free(&graph);
  clf__network_free(network);
  return status;
}

const clf__model_writer clf__model_writer_onnx = {
    .base = CLF__KIND("onnx", "ONNX files of networks and linear models", params, export_params),
    .write = write,
};
