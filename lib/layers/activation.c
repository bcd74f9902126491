/* f(x), and f'(x) in terms of y = f(x): 1 or a for relu and leaky_relu, y (1 - y) for sigmoid, 1 -
 * y^2 for tanh; for softmax dx_i = y_i (dy_i - sum_j dy_j y_j). */
#include "layers/activation.h"

#include <string.h>

typedef struct activation_params {
  int32_t function;
} activation_params;

#define CLF__VALUES activation_params
static const clf__param params[] = {
    CLF__CHOICE(function, CLF__ACTIVATION_WORDS, "relu",
                "activation function; softmax is along the last axis"),
};

static clf_status infer_shapes(clf__layer *layer) {
  layer->activation = ((const activation_params *)layer->params)->function;
  layer->out = layer->in;
  return CLF_OK;
}

/* Returns rows and columns of the last axis. */
static int64_t last_axis(const clf__layer *layer) {
  return layer->in.size[layer->in.ndim - 1];
}

static clf_status forward(const clf__pass *pass) {
  const activation_params *p = pass->layer->params;
  const int64_t count = pass->rows * pass->layer->inputs, columns = last_axis(pass->layer);
  memcpy(pass->y, pass->x, (size_t)count * sizeof *pass->y);
  clf__bias_activate(pass->layer->context, p->function, NULL, pass->y, count / columns, columns);
  return CLF_OK;
}

static clf_status backward(const clf__pass *pass) {
  const activation_params *p = pass->layer->params;
  const int64_t count = pass->rows * pass->layer->inputs, columns = last_axis(pass->layer);
  clf__activation_gradient(pass->layer->context, p->function, pass->y, pass->dy, count / columns,
                           columns);
  if (pass->dx != NULL) {
    memcpy(pass->dx, pass->dy, (size_t)count * sizeof *pass->dx);
  }
  return CLF_OK;
}

const clf__layer_kind clf__activation_kind = {
    .base = CLF__KIND("activation", "a function of each element", params, activation_params),
    .operation = CLF__OPERATION_ACTIVATION,
    .infer_shapes = infer_shapes,
    .forward = forward,
    .backward = backward,
};
