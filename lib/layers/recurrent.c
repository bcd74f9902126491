/* Recurrent layers: a cell (ops/nn/recurrent.h) reads sequences [steps, features]; the output is
 * its state after the last step, or all its states. A bidirectional layer has a second cell with
 * its own weights, which reads from the end, and outputs both states side by side. */
#include "ops/nn/recurrent.h"
#include "ops/nn/elementwise.h"

#include <string.h>

#include "layers/layer.h"

enum { WEIGHTS = 3 /* of a cell, and its initial state if that is trained */ };

typedef struct recurrent_params {
  int64_t units;
  bool return_sequences;
  bool bidirectional;
  double dropout;
  double recurrent_dropout;
  int64_t truncate;
  int32_t initial_state;
  int32_t bias_initializer;
} recurrent_params;

enum { FIRST_ZEROS, FIRST_LEARNED };

#define CLF__VALUES recurrent_params
static const clf__param params[] = {
    CLF__INT(units, "32", 1, 1e6, "number of elements of the state"),
    CLF__BOOL(return_sequences, "false", "output the states of all steps, not only of the last"),
    CLF__BOOL(bidirectional, "false", "a second cell reads from the end; outputs are doubled"),
    CLF__REAL(dropout, "0", 0, 0.999, "share of inputs set to 0 in training, alike in all steps"),
    CLF__REAL(recurrent_dropout, "0", 0, 0.999,
              "share of the state set to 0 before each step in training, alike in all steps"),
    CLF__INT(truncate, "0", 0, 1e9,
             "steps that gradients are carried back at most, counted from the first step; 0: all"),
    CLF__CHOICE(initial_state, "zeros|learned", "zeros",
                "state before the first step: zeros, or a weight trained from zeros"),
    CLF__BIAS_INITIALIZER("zeros"),
};

static clf__recurrent recurrent_of(const clf__layer *layer, bool training) {
  const recurrent_params *p = layer->params;
  return (clf__recurrent){.cell = layer->kind->variant,
                          .inputs = layer->in.size[1],
                          .units = p->units,
                          .bf16 = layer->precision == CLF__PRODUCT_BF16,
                          .sequences = p->return_sequences,
                          .truncate = p->truncate,
                          .input_dropout = training ? p->dropout : 0,
                          .state_dropout = training ? p->recurrent_dropout : 0};
}

static bool learns_first(const clf__layer *layer) {
  return ((const recurrent_params *)layer->params)->initial_state == FIRST_LEARNED;
}

static void add_weights(clf__layer *layer, const clf__recurrent *cell, bool reversed) {
  static const char *const names[2][WEIGHTS + 1] = {
      {"weight", "recurrent_weight", "bias", "initial_state"},
      {"reverse_weight", "reverse_recurrent_weight", "reverse_bias", "reverse_initial_state"}};
  const recurrent_params *p = layer->params;
  const int64_t columns = clf__recurrent_gates(cell->cell) * cell->units;
  clf__weight_info *weights = layer->weights + layer->weight_count;
  weights[0] = (clf__weight_info){.name = names[reversed][0],
                                  .shape = {2, {cell->inputs, columns}},
                                  .initial = CLF__INITIAL_GLOROT_UNIFORM,
                                  .fan_in = cell->inputs,
                                  .fan_out = columns,
                                  .trained = true,
                                  .decayed = true,
                                  .narrow = true};
  weights[1] = (clf__weight_info){.name = names[reversed][1],
                                  .shape = {2, {cell->units, columns}},
                                  .initial = CLF__INITIAL_ORTHOGONAL,
                                  .fan_in = cell->units,
                                  .fan_out = columns,
                                  .trained = true,
                                  .decayed = true,
                                  .narrow = true};
  weights[2] = (clf__weight_info){.name = names[reversed][2],
                                  .shape = {1, {clf__recurrent_biases(cell->cell) * cell->units}},
                                  .initial = p->bias_initializer,
                                  .fan_in = cell->units,
                                  .fan_out = columns,
                                  .forgets = cell->cell == CLF__CELL_LSTM,
                                  .trained = true};
  layer->weight_count += WEIGHTS;
  if (learns_first(layer)) {
    const int64_t states = clf__recurrent_state(cell) / cell->units;
    weights[WEIGHTS] = (clf__weight_info){.name = names[reversed][WEIGHTS],
                                          .shape = {2, {states, cell->units}},
                                          .initial = CLF__INITIAL_ZEROS,
                                          .trained = true};
    layer->weight_count++;
  }
}

static clf_status infer_shapes(clf__layer *layer) {
  const recurrent_params *p = layer->params;
  const clf__recurrent cell = recurrent_of(layer, false);
  const int64_t directions = p->bidirectional ? 2 : 1, steps = layer->in.size[0];
  int64_t kept;
  layer->activation = CLF__TANH;
  layer->out = p->return_sequences ? (clf__shape){2, {steps, directions * p->units}}
                                   : (clf__shape){1, {directions * p->units}};
  if (!clf__mul_i64(steps, directions * clf__recurrent_kept(&cell) * (int64_t)sizeof(float),
                    &kept)) {
    return clf__layer_fail(layer, "%lld steps of %lld units are more than can be counted",
                           (long long)steps, (long long)p->units);
  }
  layer->kept_bytes = (size_t)kept;
  layer->state_count = p->bidirectional ? -1 : clf__recurrent_state(&cell);
  for (int64_t i = 0; i < directions; i++) {
    add_weights(layer, &cell, i == 1);
  }
  return CLF_OK;
}

/* For the first or the second cell of the layer. */
static clf__recurrent_weights weights_of(const clf__layer *layer, float *const *weights,
                                         bool second) {
  const bool learns = learns_first(layer);
  weights += second ? layer->weight_count / 2 : 0;
  return (clf__recurrent_weights){weights[0], weights[1], weights[2],
                                  learns ? weights[WEIGHTS] : NULL};
}

/* Makes the pass of one of the layer's cells. */
static clf__recurrent_pass pass_of(const clf__pass *pass, const clf__recurrent *cell) {
  const recurrent_params *p = pass->layer->params;
  const int64_t steps = pass->layer->in.size[0], second = cell->reversed ? 1 : 0;
  clf__recurrent_pass out = {
      .rows = pass->rows,
      .steps = steps,
      .seed = pass->seed ^ (uint64_t)second,
      .places = pass->places,
      .spans = pass->spans,
      .weights = weights_of(pass->layer, pass->weights, cell->reversed),
      .x = pass->x,
      .y = pass->y + second * p->units,
      .stride = p->units * (p->bidirectional ? 2 : 1),
      .dx = pass->dx,
      .adds = second != 0,
  };
  if (pass->training) {
    out.kept = (float *)pass->kept + second * pass->rows * steps * clf__recurrent_kept(cell);
  }
  if (pass->dy != NULL) {
    out.dy = pass->dy + second * p->units;
    out.gradients = weights_of(pass->layer, pass->gradients, cell->reversed);
  }
  return out;
}

static clf_status stream(const clf__pass *pass, const clf__recurrent *cell) {
  const clf__recurrent_weights weights = weights_of(pass->layer, pass->weights, false);
  clf_status status =
      clf__recurrent_step(pass->layer->context, cell, &weights, pass->x, pass->state);
  memcpy(pass->y, pass->state, (size_t)cell->units * sizeof *pass->y);
  return status;
}

static clf_status forward(const clf__pass *pass) {
  const recurrent_params *p = pass->layer->params;
  clf__recurrent cell = recurrent_of(pass->layer, pass->training);
  clf_status status = CLF_OK;
  if (pass->state != NULL) {
    return stream(pass, &cell);
  }
  if (pass->spans != NULL) {
    memset(pass->y, 0, (size_t)(pass->rows * pass->layer->outputs) * sizeof *pass->y);
  }
  for (int i = 0; status == CLF_OK && i < (p->bidirectional ? 2 : 1); i++) {
    cell.reversed = i == 1;
    const clf__recurrent_pass one = pass_of(pass, &cell);
    status = clf__recurrent_forward(pass->layer->context, &cell, &one);
  }
  return status;
}

/* Sets gradients with respect to steps that do not count to 0. */
static void clear_padding(const clf__pass *pass, float *dx) {
  const int64_t steps = pass->layer->in.size[0], inputs = pass->layer->in.size[1];
  for (int64_t i = 0; i < pass->rows; i++, dx += steps * inputs) {
    const clf__span span = pass->spans[i];
    memset(dx, 0, (size_t)(span.begin * inputs) * sizeof *dx);
    memset(dx + span.end * inputs, 0, (size_t)((steps - span.end) * inputs) * sizeof *dx);
  }
}

static clf_status backward(const clf__pass *pass) {
  const recurrent_params *p = pass->layer->params;
  clf__recurrent cell = recurrent_of(pass->layer, true);
  clf_status status = CLF_OK;
  if (pass->dx != NULL && pass->spans != NULL) {
    clear_padding(pass, pass->dx);
  }
  for (int i = 0; status == CLF_OK && i < (p->bidirectional ? 2 : 1); i++) {
    cell.reversed = i == 1;
    const clf__recurrent_pass one = pass_of(pass, &cell);
    status = clf__recurrent_backward(pass->layer->context, &cell, &one);
  }
  return status;
}

static void start(const clf__layer *layer, float *const *weights, float *state) {
  const size_t size = (size_t)layer->state_count * sizeof *state;
  if (learns_first(layer)) {
    memcpy(state, weights[WEIGHTS], size);
  } else {
    memset(state, 0, size);
  }
}

#define RECURRENT_KIND(identifier, text, description, cell)                                        \
  const clf__layer_kind identifier = {                                                             \
      .base = CLF__KIND(text, description, params, recurrent_params),                              \
      .operation = CLF__OPERATION_RECURRENT,                                                       \
      .variant = cell,                                                                             \
      .dimensions = 2,                                                                             \
      .can_reduce = {[CLF__PRODUCT_BF16] = true, [CLF__PRODUCT_INT8] = true},                      \
      .infer_shapes = infer_shapes,                                                                \
      .forward = forward,                                                                          \
      .backward = backward,                                                                        \
      .start = start,                                                                              \
  }

RECURRENT_KIND(clf__rnn_kind, "rnn", "a simple recurrent cell over the steps of a sequence",
               CLF__CELL_TANH);
RECURRENT_KIND(clf__lstm_kind, "lstm", "long short-term memory over the steps of a sequence",
               CLF__CELL_LSTM);
RECURRENT_KIND(clf__gru_kind, "gru", "gated recurrent units over the steps of a sequence",
               CLF__CELL_GRU);
