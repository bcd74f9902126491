/* Reduces sequences [steps, features] to [features]: the average or the maximum over the steps that
 * count. */
#include "layers/layer.h"
#include "ops/nn/pool.h"
#include "ops/nn/sequence.h"

/* The state of a stream: the sums or maxima so far, and the number of steps. */
static clf_status infer_average_shapes(clf__layer *layer) {
  layer->out = (clf__shape){1, {layer->in.size[1]}};
  layer->state_count = layer->in.size[1] + 1;
  return CLF_OK;
}

static clf_status infer_max_shapes(clf__layer *layer) {
  layer->kept_bytes = (size_t)layer->in.size[1] * sizeof(int32_t);
  return infer_average_shapes(layer);
}

static void stream(const clf__pass *pass, bool average) {
  const int64_t width = pass->layer->in.size[1];
  const float *x = pass->x;
  const float steps = ++pass->state[width];
  float *state = pass->state;
  for (int64_t k = 0; k < width; k++) {
    const float maximum = steps == 1 || x[k] > state[k] ? x[k] : state[k];
    state[k] = average ? state[k] + x[k] : maximum;
    pass->y[k] = average ? state[k] / steps : maximum;
  }
}

static clf_status average(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  if (pass->state != NULL) {
    stream(pass, true);
    return CLF_OK;
  }
  clf__time_average(layer->context, pass->x, pass->rows, layer->in.size[0], layer->in.size[1],
                    pass->spans, pass->y);
  return CLF_OK;
}

static clf_status average_back(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  if (pass->dx != NULL) {
    clf__time_average_back(layer->context, pass->dy, pass->rows, layer->in.size[0],
                           layer->in.size[1], pass->spans, pass->dx);
  }
  return CLF_OK;
}

static clf_status max(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  if (pass->state != NULL) {
    stream(pass, false);
    return CLF_OK;
  }
  clf__time_max(layer->context, pass->x, pass->rows, layer->in.size[0], layer->in.size[1],
                pass->spans, pass->y, pass->training ? pass->kept : NULL);
  return CLF_OK;
}

static clf_status max_back(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  if (pass->dx != NULL) {
    clf__time_max_back(layer->context, pass->dy, pass->rows, layer->in.size[0], layer->in.size[1],
                       pass->kept, pass->dx);
  }
  return CLF_OK;
}

const clf__layer_kind clf__global_average_pool1d_kind = {
    .base = CLF__KIND_PLAIN("global_average_pool1d", "the average of a sequence's steps"),
    .operation = CLF__OPERATION_TIME_POOL,
    .variant = CLF__POOL_MEAN,
    .dimensions = 2,
    .infer_shapes = infer_average_shapes,
    .forward = average,
    .backward = average_back,
};

const clf__layer_kind clf__global_max_pool1d_kind = {
    .base = CLF__KIND_PLAIN("global_max_pool1d",
                            "the largest value of each feature over a sequence's steps"),
    .operation = CLF__OPERATION_TIME_POOL,
    .variant = CLF__POOL_MAX,
    .dimensions = 2,
    .infer_shapes = infer_max_shapes,
    .forward = max,
    .backward = max_back,
};
