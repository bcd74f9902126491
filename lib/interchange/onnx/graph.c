/* Nodes, constants and attributes as ONNX messages. */
#include "interchange/onnx/graph.h"

#include <stdio.h>
#include <string.h>

#include "interchange/onnx/wire.h"

enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OPERATOR = 4, NODE_ATTRIBUTE = 5 };
enum {
  ATTRIBUTE_NAME = 1,
  ATTRIBUTE_F32 = 2,
  ATTRIBUTE_I64 = 3,
  ATTRIBUTE_TEXT = 4,
  ATTRIBUTE_I64S = 8
};
enum { ATTRIBUTE_TYPE = 20, TYPE_F32 = 1, TYPE_I64 = 2, TYPE_TEXT = 3, TYPE_I64S = 7 };
enum { TENSOR_DIMENSION = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_DATA = 9 };
enum { ELEMENT_F32 = 1, ELEMENT_U8 = 2, ELEMENT_I8 = 3, ELEMENT_I64 = 7, ELEMENT_F64 = 11 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2 };
enum { SHAPE_DIMENSION = 1, DIMENSION_SIZE = 1, DIMENSION_NAME = 2 };

void clf__graph_free(clf__graph *graph) {
  clf__text_free(&graph->nodes);
  clf__text_free(&graph->constants);
  clf__text_free(&graph->node);
}

bool clf__graph_failed(const clf__graph *graph) {
  return graph->nodes.failed || graph->constants.failed || graph->node.failed;
}

void clf__node_begin(clf__graph *graph, const char *operator) {
  const clf__value_name before = graph->value;
  clf__node_open(graph, operator);
  clf__node_input(graph, before.text);
}

void clf__node_open(clf__graph *graph, const char *operator) {
  graph->node.length = 0;
  graph->count++;
  clf__wire_text(&graph->node, NODE_OPERATOR, operator);
  snprintf(graph->value.text, sizeof graph->value.text,
           "%s_%lld", operator,(long long) graph->count);
  clf__wire_text(&graph->node, NODE_NAME, graph->value.text);
}

void clf__node_input(clf__graph *graph, const char *value) {
  clf__wire_text(&graph->node, NODE_INPUT, value);
}

/* "dense_1.weight" becomes "dense_1_weight". */
static clf__value_name identifier(const char *name) {
  clf__value_name made;
  snprintf(made.text, sizeof made.text, "%s", name);
  for (char *at = made.text; *at != '\0'; at++) {
    *at = *at == '.' ? '_' : *at;
  }
  return made;
}

static void add_constant(clf__graph *graph, const char *name, int64_t type, const void *values,
                         const clf__shape *shape, size_t element_bytes) {
  const size_t count = (size_t)clf__shape_count(shape), bytes = count * element_bytes;
  const clf__value_name own = identifier(name);
  clf__text head = {.context = graph->context};
  for (int32_t i = 0; i < shape->ndim; i++) {
    clf__wire_i64(&head, TENSOR_DIMENSION, shape->size[i]);
  }
  clf__wire_i64(&head, TENSOR_TYPE, type);
  clf__wire_text(&head, TENSOR_NAME, own.text);
  graph->constants.failed = graph->constants.failed || head.failed;
  if (!head.failed) {
    clf__wire_head(&graph->constants, CLF__GRAPH_CONSTANT,
                   head.length + clf__wire_head_size(bytes) + bytes);
    clf__text_append_bytes(&graph->constants, head.bytes, head.length);
    clf__wire_head(&graph->constants, TENSOR_DATA, bytes);
    clf__wire_numbers(&graph->constants, values, count, element_bytes);
  }
  clf__text_free(&head);
  clf__node_input(graph, own.text);
}

void clf__node_f32(clf__graph *graph, const char *name, const float *values,
                   const clf__shape *shape) {
  add_constant(graph, name, ELEMENT_F32, values, shape, sizeof *values);
}

void clf__node_f64(clf__graph *graph, const char *name, const double *values,
                   const clf__shape *shape) {
  const int64_t count = clf__shape_count(shape);
  if (graph->wide) {
    add_constant(graph, name, ELEMENT_F64, values, shape, sizeof *values);
    return;
  }
  float *rounded = clf__alloc_array(graph->context, count, sizeof *rounded);
  graph->constants.failed = graph->constants.failed || rounded == NULL;
  for (int64_t i = 0; rounded != NULL && i < count; i++) {
    rounded[i] = (float)values[i];
  }
  if (rounded != NULL) {
    clf__node_f32(graph, name, rounded, shape);
  }
  clf__free(rounded);
}

void clf__node_bytes(clf__graph *graph, const char *name, const void *values,
                     const clf__shape *shape, bool is_signed) {
  add_constant(graph, name, is_signed ? ELEMENT_I8 : ELEMENT_U8, values, shape, 1);
}

void clf__node_i64(clf__graph *graph, const char *name, const int64_t *values, int64_t count) {
  const clf__shape shape = {1, {count}};
  add_constant(graph, name, ELEMENT_I64, values, &shape, sizeof *values);
}

static clf__text begin_attribute(const clf__graph *graph, const char *name) {
  clf__text attribute = {.context = graph->context};
  clf__wire_text(&attribute, ATTRIBUTE_NAME, name);
  return attribute;
}

/* The number of its type field, 20, takes more than one byte. */
static void end_attribute(clf__graph *graph, clf__text *attribute, int type) {
  const char bytes[] = {(char)(128 | (ATTRIBUTE_TYPE << 3 & 127)), ATTRIBUTE_TYPE >> 4, (char)type};
  clf__text_append_bytes(attribute, bytes, sizeof bytes);
  clf__wire_message(&graph->node, NODE_ATTRIBUTE, attribute);
  clf__text_free(attribute);
}

void clf__node_integer(clf__graph *graph, const char *name, int64_t value) {
  clf__text attribute = begin_attribute(graph, name);
  clf__wire_i64(&attribute, ATTRIBUTE_I64, value);
  end_attribute(graph, &attribute, TYPE_I64);
}

void clf__node_integers(clf__graph *graph, const char *name, const int64_t *values, int32_t count) {
  clf__text attribute = begin_attribute(graph, name);
  for (int32_t i = 0; i < count; i++) {
    clf__wire_i64(&attribute, ATTRIBUTE_I64S, values[i]);
  }
  end_attribute(graph, &attribute, TYPE_I64S);
}

void clf__node_real(clf__graph *graph, const char *name, float value) {
  clf__text attribute = begin_attribute(graph, name);
  clf__wire_f32(&attribute, ATTRIBUTE_F32, value);
  end_attribute(graph, &attribute, TYPE_F32);
}

void clf__node_text(clf__graph *graph, const char *name, const char *value) {
  clf__text attribute = begin_attribute(graph, name);
  clf__wire_text(&attribute, ATTRIBUTE_TEXT, value);
  end_attribute(graph, &attribute, TYPE_TEXT);
}

void clf__node_skip_output(clf__graph *graph) {
  clf__wire_text(&graph->node, NODE_OUTPUT, "");
}

void clf__node_end(clf__graph *graph, const char *name) {
  if (name != NULL) {
    snprintf(graph->value.text, sizeof graph->value.text, "%s", name);
  }
  clf__wire_text(&graph->node, NODE_OUTPUT, graph->value.text);
  clf__wire_message(&graph->nodes, CLF__GRAPH_NODE, &graph->node);
}

/* Output axis i is input axis order[i]; axis 0 is the batch. */
static void transpose(clf__graph *graph, int32_t first, int32_t last, int step) {
  int64_t order[CLF_MAX_DIMENSIONS + 1];
  const int32_t ndim = graph->shape.ndim;
  for (int32_t i = 0; i <= ndim; i++) {
    order[i] = i == 0 ? 0 : i == last ? first : i + step;
  }
  clf__node_begin(graph, "Transpose");
  clf__node_integers(graph, "perm", order, ndim + 1);
  clf__node_end(graph, NULL);
}

void clf__graph_channels_first(clf__graph *graph) {
  if (!graph->channels_first && graph->shape.ndim > 1) {
    transpose(graph, graph->shape.ndim, 1, -1);
    graph->channels_first = true;
  }
}

void clf__graph_channels_last(clf__graph *graph) {
  if (graph->channels_first) {
    transpose(graph, 1, graph->shape.ndim, 1);
    graph->channels_first = false;
  }
}

void clf__graph_flatten(clf__graph *graph) {
  clf__graph_channels_last(graph);
  if (graph->shape.ndim > 1) {
    clf__node_begin(graph, "Flatten");
    clf__node_integer(graph, "axis", 1);
    clf__node_end(graph, NULL);
    graph->shape = (clf__shape){1, {clf__shape_count(&graph->shape)}};
  }
}

void clf__graph_elementwise(clf__graph *graph, const char *operator, const char * name,
                            const double *values, const clf__shape *shape) {
  clf__node_begin(graph, operator);
  clf__node_f64(graph, name, values, shape);
  clf__node_end(graph, NULL);
}

void clf__graph_cast(clf__graph *graph) {
  clf__node_begin(graph, "Cast");
  clf__node_integer(graph, "to", graph->wide ? ELEMENT_F64 : ELEMENT_F32);
  clf__node_end(graph, NULL);
}

void clf__graph_index(clf__graph *graph) {
  clf__node_begin(graph, "Cast");
  clf__node_integer(graph, "to", ELEMENT_I64);
  clf__node_end(graph, NULL);
}

void clf__graph_combine(clf__graph *graph, const char *operator, const clf__value_name * other) {
  clf__node_begin(graph, operator);
  clf__node_input(graph, other->text);
  clf__node_end(graph, NULL);
}

void clf__graph_gather(clf__graph *graph, const char *name, const int64_t *columns, int64_t count) {
  clf__node_begin(graph, "Gather");
  clf__node_i64(graph, name, columns, count);
  clf__node_integer(graph, "axis", 1);
  clf__node_end(graph, NULL);
  graph->shape = (clf__shape){1, {count}};
}

/* The square root of minus the sum of a row is NaN, or -0. */
clf_status clf__graph_refuse(clf__graph *graph, const char *name, int64_t columns) {
  const bool wide = graph->wide;
  double *minus = clf__alloc_array(graph->context, columns, sizeof *minus);
  if (minus == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < columns; j++) {
    minus[j] = -1;
  }
  clf__graph_elementwise(graph, "MatMul", name, minus, &(clf__shape){2, {columns, 1}});
  clf__node_begin(graph, "Sqrt");
  clf__node_end(graph, NULL);
  clf__graph_widen(graph, false);
  if (graph->refused.text[0] != '\0') {
    clf__graph_combine(graph, "Add", &graph->refused);
  }
  graph->refused = graph->value;
  graph->wide = wide;
  clf__free(minus);
  return CLF_OK;
}

void clf__graph_widen(clf__graph *graph, bool wide) {
  if (graph->wide != wide) {
    graph->wide = wide;
    clf__graph_cast(graph);
  }
}

void clf__graph_describe(clf__text *to, int field, const char *name, const clf__shape *shape,
                         bool wide) {
  clf__text sizes = {.context = to->context}, tensor = sizes, type = sizes, value = sizes;
  for (int32_t i = -1; i < shape->ndim; i++) {
    clf__text size = {.context = to->context};
    if (i < 0) {
      clf__wire_text(&size, DIMENSION_NAME, "N");
    } else {
      clf__wire_i64(&size, DIMENSION_SIZE, shape->size[i]);
    }
    clf__wire_message(&sizes, SHAPE_DIMENSION, &size);
    clf__text_free(&size);
  }
  clf__wire_i64(&tensor, TENSOR_ELEMENT, wide ? ELEMENT_F64 : ELEMENT_F32);
  clf__wire_message(&tensor, TENSOR_SHAPE, &sizes);
  clf__wire_message(&type, TYPE_TENSOR, &tensor);
  clf__wire_text(&value, VALUE_NAME, name);
  clf__wire_message(&value, VALUE_TYPE, &type);
  clf__wire_message(to, field, &value);
  clf__text_free(&sizes);
  clf__text_free(&tensor);
  clf__text_free(&type);
  clf__text_free(&value);
}
