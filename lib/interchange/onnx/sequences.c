/* ONNX's recurrent operators support rows that end early, but not rows that begin late. So after an
 * embedding with a mask, the ids of each row are moved to its beginning, and their number
 * accompanies the sequence as `lengths`. The operators have the steps as the first axis, and other
 * orders of gates: i, o, f, g for an LSTM, and z, r, n for a GRU, whose two biases of n are
 * separate. */
#include "interchange/onnx/sequences.h"

#include <stdio.h>
#include <string.h>

#include "ops/nn/pool.h"
#include "ops/nn/recurrent.h"

enum {
  FLOAT = 1,
  INT32 = 6,
  INT64 = 7,
  FIRST_STATE = 3 /* among a cell's
                                                         * weights */
  ,
  MAX_GATES = 4
};

static clf__value_name name_of(const clf__layer *layer, const char *part) {
  clf__value_name name;
  snprintf(name.text, sizeof name.text, "%s_%lld.%s", layer->kind->base.name,
           (long long)layer->number, part);
  return name;
}

/* Adds a node of the current value and another one. */
static void add_with(clf__graph *graph, const char *operator, const char * other) {
  clf__node_begin(graph, operator);
  clf__node_input(graph, other);
  clf__node_end(graph, NULL);
}

static void cast(clf__graph *graph, int64_t type) {
  clf__node_begin(graph, "Cast");
  clf__node_integer(graph, "to", type);
  clf__node_end(graph, NULL);
}

/* Adds a node of the current value and an integer. */
static void add_number(clf__graph *graph, const char *operator, clf__value_name name,
                       int64_t number) {
  clf__node_begin(graph, operator);
  clf__node_i64(graph, name.text, &number, 1);
  clf__node_end(graph, NULL);
}

/* Computes the first or last step [N, 1] that is present. */
static clf__value_name edge(clf__graph *graph, clf__value_name present, int64_t last) {
  graph->value = present;
  clf__node_begin(graph, "ArgMax");
  clf__node_integer(graph, "axis", 1);
  clf__node_integer(graph, "keepdims", 1);
  clf__node_integer(graph, "select_last_index", last);
  clf__node_end(graph, NULL);
  return graph->value;
}

/* Sets graph->lengths [N, 1] and returns the first step [N, 1] of each row of ids. */
static clf__value_name find_spans(clf__graph *graph, const clf__layer *layer) {
  const float zero = 0;
  clf__node_begin(graph, "Greater");
  clf__node_f32(graph, name_of(layer, "padding").text, &zero, &(clf__shape){1, {1}});
  clf__node_end(graph, NULL);
  cast(graph, FLOAT);
  const clf__value_name present = graph->value;
  const clf__value_name begin = edge(graph, present, 0);
  edge(graph, present, 1);
  add_with(graph, "Sub", begin.text);
  add_number(graph, "Add", name_of(layer, "one"), 1);
  graph->lengths = graph->value;
  graph->value = present;
  clf__node_begin(graph, "ReduceMax");
  clf__node_integers(graph, "axes", (int64_t[]){1}, 1);
  clf__node_integer(graph, "keepdims", 1);
  clf__node_end(graph, NULL);
  cast(graph, INT64);
  add_with(graph, "Mul", graph->lengths.text);
  graph->lengths = graph->value;
  return begin;
}

/* Adds 0, 1, … up to the number of steps as a constant input. */
static clf_status input_steps(clf__graph *graph, const clf__layer *layer, const char *name) {
  const int64_t steps = layer->in.size[0];
  int64_t *numbers = clf__alloc_array(graph->context, steps, sizeof *numbers);
  if (numbers == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < steps; i++) {
    numbers[i] = i;
  }
  clf__node_i64(graph, name_of(layer, name).text, numbers, steps);
  clf__free(numbers);
  return CLF_OK;
}

/* Moves the ids of each row so that the first one that is not padding comes first. */
static clf_status move_to_front(clf__graph *graph, const clf__layer *layer) {
  const clf__value_name ids = graph->value, begin = find_spans(graph, layer);
  graph->value = begin;
  clf__node_begin(graph, "Add");
  clf_status status = input_steps(graph, layer, "steps");
  clf__node_end(graph, NULL);
  add_number(graph, "Min", name_of(layer, "last"), layer->in.size[0] - 1);
  const clf__value_name places = graph->value;
  graph->value = ids;
  clf__node_begin(graph, "GatherElements");
  clf__node_input(graph, places.text);
  clf__node_integer(graph, "axis", 1);
  clf__node_end(graph, NULL);
  return status;
}

clf_status clf__graph_embedding(clf__graph *graph, const clf__layer *layer, float *const *weights) {
  clf_status status = layer->produces_mask ? move_to_front(graph, layer) : CLF_OK;
  cast(graph, INT64);
  const clf__value_name ids = graph->value;
  clf__node_open(graph, "Gather");
  clf__node_f32(graph, name_of(layer, "weight").text, weights[0], &layer->weights[0].shape);
  clf__node_input(graph, ids.text);
  clf__node_end(graph, NULL);
  return status;
}

/* ONNX's k-th gate is our gate order[k]. */
static const int gate_order[][MAX_GATES] = {
    [CLF__CELL_TANH] = {0}, [CLF__CELL_LSTM] = {0, 3, 1, 2}, [CLF__CELL_GRU] = {1, 0, 2}};

typedef struct cells {
  int32_t cell;
  int64_t gates, units, directions;
  int64_t weights; /* of a direction */
} cells;

static cells cells_of(const clf__layer *layer) {
  cells c = {.cell = layer->kind->variant};
  c.gates = clf__recurrent_gates(c.cell);
  c.units = layer->weights[1].shape.size[0];
  c.directions = layer->out.size[layer->out.ndim - 1] / c.units;
  c.weights = layer->weight_count / c.directions;
  return c;
}

/* Adds weights [inputs, gates * units] of each direction as [directions, gates * units, inputs]. */
static clf_status input_weights(clf__graph *graph, const clf__layer *layer, const cells *c,
                                float *const *weights, int64_t which) {
  const int64_t inputs = layer->weights[which].shape.size[0], line = clf__count(c->gates, c->units);
  float *transposed = clf__alloc_matrix(graph->context, clf__count(c->directions, line), inputs,
                                        sizeof *transposed);
  if (transposed == NULL) {
    return CLF_ERROR_MEMORY;
  }
  float *to = transposed;
  for (int64_t d = 0; d < c->directions; d++) {
    for (int64_t k = 0; k < line; k++) {
      const int64_t from = gate_order[c->cell][k / c->units] * c->units + k % c->units;
      for (int64_t i = 0; i < inputs; i++) {
        *to++ = weights[d * c->weights + which][i * line + from];
      }
    }
  }
  clf__node_f32(graph, name_of(layer, layer->weights[which].name).text, transposed,
                &(clf__shape){3, {c->directions, line, inputs}});
  clf__free(transposed);
  return CLF_OK;
}

/* Adds biases [directions, 2 * gates * units]: of the inputs, then of the state, which are 0 except
 * for the n of a GRU. */
static clf_status input_biases(clf__graph *graph, const clf__layer *layer, const cells *c,
                               float *const *weights) {
  const int64_t line = clf__count(c->gates, c->units);
  float *both =
      clf__alloc_zeroed(graph->context, clf__count(c->directions * 2, line), sizeof *both);
  if (both == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t d = 0; d < c->directions; d++) {
    const float *bias = weights[d * c->weights + 2];
    float *to = both + d * 2 * line;
    for (int64_t k = 0; k < c->gates; k++) {
      memcpy(to + k * c->units, bias + gate_order[c->cell][k] * c->units,
             (size_t)c->units * sizeof *to);
    }
    if (c->cell == CLF__CELL_GRU) {
      memcpy(to + line + 2 * c->units, bias + 3 * c->units, (size_t)c->units * sizeof *to);
    }
  }
  clf__node_f32(graph, name_of(layer, "bias").text, both,
                &(clf__shape){2, {c->directions, 2 * line}});
  clf__free(both);
  return CLF_OK;
}

static void transpose(clf__graph *graph, const int64_t *order, int32_t count) {
  clf__node_begin(graph, "Transpose");
  clf__node_integers(graph, "perm", order, count);
  clf__node_end(graph, NULL);
}

static void reshape(clf__graph *graph, const clf__layer *layer, const int64_t *sizes,
                    int64_t count) {
  clf__node_begin(graph, "Reshape");
  clf__node_i64(graph, name_of(layer, "shape").text, sizes, count);
  clf__node_end(graph, NULL);
}

/* The shape [1, N, 1] of the current value [steps, N, features], which then becomes the current
 * value again. */
static clf__value_name shape_of_rows(clf__graph *graph, const clf__layer *layer) {
  const clf__value_name before = graph->value;
  const int64_t one = 1;
  clf__node_begin(graph, "Shape");
  clf__node_end(graph, NULL);
  add_number(graph, "Gather", name_of(layer, "rows_axis"), 1);
  const clf__value_name rows = graph->value;
  clf__node_open(graph, "Concat");
  clf__node_i64(graph, name_of(layer, "before_rows").text, &one, 1);
  clf__node_input(graph, rows.text);
  clf__node_i64(graph, name_of(layer, "after_rows").text, &one, 1);
  clf__node_integer(graph, "axis", 0);
  clf__node_end(graph, NULL);
  const clf__value_name shape = graph->value;
  graph->value = before;
  return shape;
}

/* Adds part 0 or 1 (h or c) of the initial state, [directions, N, units]. */
static clf_status first_state(clf__graph *graph, const clf__layer *layer, const cells *c,
                              float *const *weights, int part, const char *shape,
                              clf__value_name *out) {
  static const char *const names[] = {"initial_h", "initial_c"};
  const clf__value_name before = graph->value;
  float *both = clf__alloc_matrix(graph->context, c->directions, c->units, sizeof *both);
  if (both == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t d = 0; d < c->directions; d++) {
    memcpy(both + d * c->units, weights[d * c->weights + FIRST_STATE] + part * c->units,
           (size_t)c->units * sizeof *both);
  }
  clf__node_open(graph, "Expand");
  clf__node_f32(graph, name_of(layer, names[part]).text, both,
                &(clf__shape){3, {c->directions, 1, c->units}});
  clf__node_input(graph, shape);
  clf__node_end(graph, NULL);
  *out = graph->value;
  graph->value = before;
  clf__free(both);
  return CLF_OK;
}

/* Adds the initial states if they are trained: two for an LSTM, otherwise one. */
static clf_status first_states(clf__graph *graph, const clf__layer *layer, const cells *c,
                               float *const *weights, clf__value_name out[2], int *count) {
  clf_status status = CLF_OK;
  *count = c->weights <= FIRST_STATE ? 0 : c->cell == CLF__CELL_LSTM ? 2 : 1;
  const clf__value_name shape = *count > 0 ? shape_of_rows(graph, layer) : graph->value;
  for (int i = 0; status == CLF_OK && i < *count; i++) {
    status = first_state(graph, layer, c, weights, i, shape.text, &out[i]);
  }
  return status;
}

/* Converts the lengths to the form of the operator: [N] in 32 bits. */
static clf__value_name short_lengths(clf__graph *graph, const clf__layer *layer) {
  const clf__value_name before = graph->value;
  graph->value = graph->lengths;
  add_number(graph, "Squeeze", name_of(layer, "axis"), 1);
  cast(graph, INT32);
  const clf__value_name lengths = graph->value;
  graph->value = before;
  return lengths;
}

clf_status clf__graph_recurrent(clf__graph *graph, const clf__layer *layer, float *const *weights) {
  static const char *const operators[] = {
      [CLF__CELL_TANH] = "RNN", [CLF__CELL_LSTM] = "LSTM", [CLF__CELL_GRU] = "GRU"};
  const cells c = cells_of(layer);
  const bool masked = graph->lengths.text[0] != '\0', sequences = layer->out.ndim == 2;
  clf__value_name first[2];
  int states = 0;
  clf__graph_channels_last(graph);
  const clf__value_name lengths = masked ? short_lengths(graph, layer) : graph->value;
  transpose(graph, (int64_t[]){1, 0, 2}, 3);
  CLF__CHECK(first_states(graph, layer, &c, weights, first, &states));
  clf__node_begin(graph, operators[c.cell]);
  CLF__CHECK(input_weights(graph, layer, &c, weights, 0));
  CLF__CHECK(input_weights(graph, layer, &c, weights, 1));
  CLF__CHECK(input_biases(graph, layer, &c, weights));
  if (masked || states > 0) {
    clf__node_input(graph, masked ? lengths.text : "");
  }
  for (int i = 0; i < states; i++) {
    clf__node_input(graph, first[i].text);
  }
  clf__node_integer(graph, "hidden_size", c.units);
  clf__node_text(graph, "direction", c.directions == 2 ? "bidirectional" : "forward");
  if (c.cell == CLF__CELL_GRU) {
    clf__node_integer(graph, "linear_before_reset", 1);
  }
  if (!sequences) {
    clf__node_skip_output(graph);
  }
  clf__node_end(graph, NULL);
  if (sequences) { /* [steps, directions, N, units] */
    transpose(graph, (int64_t[]){2, 0, 1, 3}, 4);
    reshape(graph, layer, (int64_t[]){-1, layer->out.size[0], layer->out.size[1]}, 3);
  } else { /* [directions, N, units] */
    transpose(graph, (int64_t[]){1, 0, 2}, 3);
    reshape(graph, layer, (int64_t[]){-1, layer->out.size[0]}, 2);
  }
  return CLF_OK;
}

/* Computes whether a step counts, [N, steps, 1]. */
static clf_status find_mask(clf__graph *graph, const clf__layer *layer, clf__value_name *mask) {
  const clf__value_name before = graph->value;
  graph->value = graph->lengths;
  clf__node_begin(graph, "Greater");
  clf_status status = input_steps(graph, layer, "steps");
  clf__node_end(graph, NULL);
  add_number(graph, "Unsqueeze", name_of(layer, "last_axis"), 2);
  *mask = graph->value;
  graph->value = before;
  return status;
}

static void reduce(clf__graph *graph, const char *operator) {
  clf__node_begin(graph, operator);
  clf__node_integers(graph, "axes", (int64_t[]){1}, 1);
  clf__node_integer(graph, "keepdims", 0);
  clf__node_end(graph, NULL);
}

static clf_status add_time_average(clf__graph *graph, const clf__layer *layer) {
  clf__value_name mask;
  clf__graph_channels_last(graph);
  if (graph->lengths.text[0] == '\0') {
    reduce(graph, "ReduceMean");
    return CLF_OK;
  }
  const clf__value_name x = graph->value;
  clf_status status = find_mask(graph, layer, &mask);
  graph->value = graph->lengths;
  add_number(graph, "Max", name_of(layer, "one"), 1);
  cast(graph, FLOAT);
  const clf__value_name count = graph->value;
  graph->value = mask;
  cast(graph, FLOAT);
  add_with(graph, "Mul", x.text);
  clf__node_begin(graph, "ReduceSum");
  clf__node_i64(graph, name_of(layer, "axis").text, (int64_t[]){1}, 1);
  clf__node_integer(graph, "keepdims", 0);
  clf__node_end(graph, NULL);
  add_with(graph, "Div", count.text);
  return status;
}

/* Steps that do not count get less than all floats; the maximum over no steps is 0. */
static clf_status add_time_max(clf__graph *graph, const clf__layer *layer) {
  const float min = -3.402823466e38F, zero = 0;
  const clf__shape one = {1, {1}};
  clf__value_name mask;
  clf__graph_channels_last(graph);
  if (graph->lengths.text[0] == '\0') {
    reduce(graph, "ReduceMax");
    return CLF_OK;
  }
  const clf__value_name x = graph->value;
  clf_status status = find_mask(graph, layer, &mask);
  graph->value = mask;
  clf__node_begin(graph, "Where");
  clf__node_input(graph, x.text);
  clf__node_f32(graph, name_of(layer, "least").text, &min, &one);
  clf__node_end(graph, NULL);
  reduce(graph, "ReduceMax");
  const clf__value_name largest = graph->value;
  graph->value = graph->lengths;
  add_number(graph, "Greater", name_of(layer, "none"), 0);
  clf__node_begin(graph, "Where");
  clf__node_input(graph, largest.text);
  clf__node_f32(graph, name_of(layer, "empty").text, &zero, &one);
  clf__node_end(graph, NULL);
  return status;
}

clf_status clf__graph_time_pool(clf__graph *graph, const clf__layer *layer, float *const *weights) {
  (void)weights;
  return layer->kind->variant == CLF__POOL_MAX ? add_time_max(graph, layer)
                                               : add_time_average(graph, layer);
}
