/* The elements of a row in their order, as one axis. */
#include <string.h>

#include "layers/layer.h"

static clf_status infer_shapes(clf__layer *layer) {
  layer->out = (clf__shape){1, {layer->inputs}};
  return CLF_OK;
}

/* In training, the output is in the memory of the input, and so are the gradients. */
static clf_status forward(const clf__pass *pass) {
  if (pass->y != pass->x) {
    memcpy(pass->y, pass->x, (size_t)(pass->rows * pass->layer->inputs) * sizeof *pass->y);
  }
  return CLF_OK;
}

static clf_status backward(const clf__pass *pass) {
  if (pass->dx != NULL && pass->dx != pass->dy) {
    memcpy(pass->dx, pass->dy, (size_t)(pass->rows * pass->layer->inputs) * sizeof *pass->dx);
  }
  return CLF_OK;
}

const clf__layer_kind clf__flatten_kind = {
    .base = CLF__KIND_PLAIN("flatten", "images or other arrays as rows of features"),
    .operation = CLF__OPERATION_FLATTEN,
    .infer_shapes = infer_shapes,
    .forward = forward,
    .backward = backward,
};
