/* In training, dropout sets each input to 0 with probability `rate` and divides the others by 1 -
 * rate (Srivastava et al., 2014). In inference it is the identity. The mask is a function of the
 * step's seed and the row, so it does not depend on how rows are divided, and the backward pass can
 * draw it again. */
#include <string.h>

#include "base/pool.h"
#include "layers/layer.h"
#include "ops/nn/elementwise.h"

typedef struct dropout_params {
  double rate;
} dropout_params;

#define CLF__VALUES dropout_params
static const clf__param params[] = {
    CLF__REAL(rate, "0.5", 0, 0.999, "share of the inputs that are set to 0 during training"),
};

static clf_status infer_shapes(clf__layer *layer) {
  layer->out = layer->in;
  return CLF_OK;
}

typedef struct masking {
  const clf__pass *pass;
  const float *from;
  float *to;
} masking;

static void mask_row(void *argument, int64_t row, int32_t worker) {
  const masking *m = argument;
  const dropout_params *p = m->pass->layer->params;
  const int64_t count = m->pass->layer->inputs;
  clf__random random = clf__random_seed(m->pass->seed, clf__pass_place(m->pass, row));
  (void)worker;
  clf__drop(m->pass->layer->context, p->rate, clf__random_next(&random), m->from + row * count,
            m->to + row * count, count);
}

static double work_of(const clf__pass *pass) {
  return (double)pass->rows * (double)pass->layer->inputs * CLF__COST_FUNCTION;
}

static clf_status forward(const clf__pass *pass) {
  const dropout_params *p = pass->layer->params;
  masking m = {pass, pass->x, pass->y};
  if (pass->training && p->rate > 0) {
    clf__parallel(pass->layer->context, pass->rows, work_of(pass), mask_row, &m);
  } else if (pass->y != pass->x) {
    memcpy(pass->y, pass->x, (size_t)(pass->rows * pass->layer->inputs) * sizeof *pass->y);
  }
  return CLF_OK;
}

static clf_status backward(const clf__pass *pass) {
  masking m = {pass, pass->dy, pass->dx};
  if (pass->dx != NULL) {
    clf__parallel(pass->layer->context, pass->rows, work_of(pass), mask_row, &m);
  }
  return CLF_OK;
}

const clf__layer_kind clf__dropout_kind = {
    .base = CLF__KIND("dropout", "sets a random share of its inputs to 0 while training", params,
                      dropout_params),
    .operation = CLF__OPERATION_IDENTITY,
    .infer_shapes = infer_shapes,
    .forward = forward,
    .backward = backward,
};
