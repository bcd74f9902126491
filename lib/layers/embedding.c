/* Each step of a row, which is the id of a token, becomes the token's vector, a row of the weight.
 * Ids of 0 at the ends of a row are padding: the layers after this one skip those steps. */
#include <string.h>

#include "base/pool.h"
#include "base/text.h"
#include "layers/layer.h"
#include "ops/nn/sequence.h"

typedef struct embedding_params {
  int64_t vocabulary;
  int64_t units;
  bool mask;
  double dropout;
} embedding_params;

#define CLF__VALUES embedding_params
static const clf__param params[] = {
    CLF__INT(vocabulary, "10000", 1, 1 << 24, "number of ids, which begin at 0"),
    CLF__INT(units, "50", 1, 1e6, "length of a token's vector"),
    CLF__BOOL(mask, "true", "ids of 0 at the ends of a row are padding, which later layers omit"),
    CLF__REAL(dropout, "0", 0, 0.999,
              "share of a row's ids whose vectors are 0 during training, wherever the id occurs"),
};

static clf_status infer_shapes(clf__layer *layer) {
  const embedding_params *p = layer->params;
  layer->out = (clf__shape){2, {layer->in.size[0], p->units}};
  layer->weights[0] = (clf__weight_info){
      .name = "weight",
      .shape = {2, {p->vocabulary, p->units}},
      .initial = CLF__INITIAL_UNIFORM,
      .fan_in = 1, /* an output is one of the weights, which is all its work */
      .fan_out = p->units,
      .trained = true,
      .narrow = true,
  };
  layer->weight_count = 1;
  layer->produces_mask = p->mask;
  return CLF_OK;
}

static bool is_id(float x, float limit) {
  return x >= 0 && x < limit && x == (float)(int32_t)x;
}

static clf_status check_ids(const clf__pass *pass) {
  const embedding_params *p = pass->layer->params;
  const int64_t count = pass->rows * pass->layer->inputs;
  const float limit = (float)p->vocabulary;
  int64_t bad = 0;
  while (bad < count && is_id(pass->x[bad], limit)) {
    bad++;
  }
  return bad == count
             ? CLF_OK
             : clf__fail(CLF_ERROR_DATA,
                         "embedding %lld: step %lld of a row is %s; with vocabulary=%lld ids are "
                         "whole numbers from 0 to %lld",
                         (long long)pass->layer->number, (long long)(bad % pass->layer->inputs) + 1,
                         clf__number_format_f32(pass->x[bad]).text, (long long)p->vocabulary,
                         (long long)p->vocabulary - 1);
}

typedef struct dropping {
  const clf__pass *pass;
  float *values; /* [rows, steps, units] */
} dropping;

/* The vectors, or their gradients, of the ids that a row drops become 0 (Gal and Ghahramani,
 * 2016). */
static void drop_row(void *argument, int64_t row, int32_t worker) {
  const dropping *d = argument;
  const embedding_params *p = d->pass->layer->params;
  const int64_t steps = d->pass->layer->inputs;
  const float kept = (float)(1 / (1 - p->dropout));
  const uint64_t seed = d->pass->seed + clf__pass_place(d->pass, row);
  (void)worker;
  for (int64_t i = row * steps; i < (row + 1) * steps; i++) {
    clf__random random = clf__random_seed(seed, (uint64_t)d->pass->x[i]);
    const float factor = clf__random_uniform(&random) < p->dropout ? 0 : kept;
    for (int64_t k = 0; k < p->units; k++) {
      d->values[i * p->units + k] *= factor;
    }
  }
}

static void drop_ids(const clf__pass *pass, float *values) {
  dropping d = {pass, values};
  if (pass->training && ((const embedding_params *)pass->layer->params)->dropout > 0) {
    const double count = (double)pass->rows * (double)pass->layer->outputs;
    clf__parallel(pass->layer->context, pass->rows, count * CLF__COST_ELEMENT, drop_row, &d);
  }
}

static clf_status forward(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  const embedding_params *p = layer->params;
  CLF__CHECK(check_ids(pass));
  if (p->mask && pass->spans != NULL) {
    clf__spans_of_ids(layer->context, pass->x, pass->rows, layer->inputs, pass->spans);
  }
  clf__embed(layer->context, pass->weights[0], p->units, pass->x, pass->rows * layer->inputs,
             pass->y);
  drop_ids(pass, pass->y);
  return CLF_OK;
}

static clf_status backward(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  const embedding_params *p = layer->params;
  const int64_t count = pass->rows * layer->inputs;
  drop_ids(pass, pass->dy);
  clf__embed_sums(layer->context, pass->dy, p->units, pass->x, count, pass->gradients[0],
                  p->vocabulary);
  if (pass->dx != NULL) {
    memset(pass->dx, 0, (size_t)count * sizeof *pass->dx);
  }
  return CLF_OK;
}

const clf__layer_kind clf__embedding_kind = {
    .base =
        CLF__KIND("embedding", "a vector for each token of a sequence", params, embedding_params),
    .operation = CLF__OPERATION_EMBEDDING,
    .dimensions = 1,
    .infer_shapes = infer_shapes,
    .forward = forward,
    .backward = backward,
    /* Its vectors are rounded after the training. */
    .can_reduce = {[CLF__PRODUCT_BF16] = true, [CLF__PRODUCT_INT8] = true},
};
