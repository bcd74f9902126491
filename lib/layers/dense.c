/* y = f(x W + b), W [inputs, units]. Backward, with g the gradient before f: dW = x^T g, db = the
 * column sums of g, dx = g W^T. These are three products of rows x inputs x units multiply-adds.
 * The optimizer's step for W is made while a block of dW is in the cache: otherwise dW would be
 * written to memory, and read again. */
#include "ops/nn/dense.h"
#include "layers/activation.h"
#include "ops/linalg/gemm.h"
#include "ops/nn/int8.h"

typedef struct dense_params {
  int64_t units;
  int32_t activation;
  bool bias;
  int32_t initializer, bias_initializer;
} dense_params;

#define CLF__VALUES dense_params
static const clf__param params[] = {
    CLF__INT(units, "1", 1, 1e9, "number of outputs of the layer"),
    CLF__CHOICE(activation, CLF__ACTIVATION_WORDS, "linear", "activation function of the outputs"),
    CLF__BOOL(bias, "true", "whether to add a bias to each output"),
    CLF__INITIALIZER,
    CLF__BIAS_INITIALIZER("fan_in_uniform"),
};

static clf_status infer_shapes(clf__layer *layer) {
  const dense_params *p = layer->params;
  layer->out = (clf__shape){1, {p->units}};
  layer->weights[0] = (clf__weight_info){
      .name = "weight",
      .shape = {2, {layer->inputs, p->units}},
      .initial = p->initializer,
      .fan_in = layer->inputs,
      .fan_out = p->units,
      .trained = true,
      .decayed = true,
      .narrow = true,
  };
  layer->weights[1] = (clf__weight_info){.name = "bias",
                                         .shape = {1, {p->units}},
                                         .initial = p->bias_initializer,
                                         .fan_in = layer->inputs,
                                         .fan_out = p->units,
                                         .trained = true};
  layer->activation = p->activation;
  layer->weight_count = p->bias ? 2 : 1;
  return CLF_OK;
}

/* C = A B in the layer's precision; C has no gaps. */
static clf_status multiply(const clf__layer *layer, clf__f32_view a, clf__f32_view b, float *c) {
  return layer->precision == CLF__PRODUCT_BF16
             ? clf__gemm_bf16(layer->context, a, b, c, b.columns)
             : clf__gemm_f32(layer->context, 1, a, b, 0, c, b.columns);
}

static clf_status forward(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  const dense_params *p = layer->params;
  clf_status status =
      multiply(layer, clf__f32_matrix(pass->x, pass->rows, layer->inputs, layer->inputs),
               clf__f32_matrix(pass->weights[0], layer->inputs, p->units, p->units), pass->y);
  if (status == CLF_OK) {
    clf__bias_activate(layer->context, p->activation, p->bias ? pass->weights[1] : NULL, pass->y,
                       pass->rows, p->units);
  }
  return status;
}

static void update_some(void *argument, int64_t first, int64_t count, const float *gradient) {
  const clf__pass *pass = argument;
  clf__update_some(pass->layer->context, pass->update, first, count, gradient);
}

/* Computes dW, or makes the optimizer's step with it. */
static clf_status backward_weights(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  const int64_t rows = pass->rows, inputs = layer->inputs, units = layer->outputs;
  const clf__f32_view x = clf__f32_transposed(pass->x, inputs, rows, inputs);
  const clf__f32_view dy = clf__f32_matrix(pass->dy, rows, units, units);
  clf__pass own = *pass;
  const clf__gemm_sink sink = {update_some, &own};
  if (pass->update == NULL || rows > CLF__GEMM_SINK_DEPTH) {
    return multiply(layer, x, dy, pass->gradients[0]);
  }
  *pass->updated = true;
  return clf__gemm_to(layer->context, layer->precision == CLF__PRODUCT_BF16, x, dy, &sink);
}

static clf_status backward(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  const dense_params *p = layer->params;
  const int64_t rows = pass->rows, inputs = layer->inputs, units = p->units;
  clf_status status = CLF_OK;
  clf__activation_gradient(layer->context, p->activation, pass->y, pass->dy, rows, units);
  if (p->bias) {
    clf__column_sums(layer->context, pass->dy, rows, units, pass->gradients[1]);
  }
  if (pass->dx != NULL) {
    status = multiply(layer, clf__f32_matrix(pass->dy, rows, units, units),
                      clf__f32_transposed(pass->weights[0], units, inputs, units), pass->dx);
  }
  return status == CLF_OK ? backward_weights(pass) : status;
}

static clf__dense shape_of(const clf__layer *layer) {
  return (clf__dense){layer->inputs, layer->outputs};
}

static int64_t packed_size(const clf__layer *layer) {
  return clf__dense_packed_size(shape_of(layer));
}

static int64_t scratch_size(const clf__layer *layer) {
  return clf__dense_scratch_size(shape_of(layer));
}

static void pack(const clf__layer *layer, const void *weight, float *packed) {
  clf__dense_pack(shape_of(layer), weight, packed);
}

static void infer(const clf__infer *pass) {
  const clf__layer *layer = pass->layer;
  clf__dense_multiply(layer->context, shape_of(layer), pass->rows, pass->x, pass->packed, pass->y,
                      pass->scratch);
  clf__bias_activate(layer->context, pass->activation, pass->bias, pass->y, pass->rows,
                     layer->outputs);
}

static const clf__layer_inference inference = {true, packed_size, scratch_size, pack, infer, NULL};

static int64_t bf16_packed_size(const clf__layer *layer) {
  return clf__dense_bf16_packed_size(layer->context, shape_of(layer));
}

static int64_t bf16_scratch_size(const clf__layer *layer) {
  return clf__dense_bf16_scratch_size(layer->context, shape_of(layer));
}

static void bf16_pack(const clf__layer *layer, const void *weight, float *packed) {
  clf__dense_bf16_pack(layer->context, shape_of(layer), weight, packed);
}

static void bf16_infer(const clf__infer *pass) {
  const clf__layer *layer = pass->layer;
  clf__dense_bf16_multiply(layer->context, shape_of(layer), pass->rows, pass->x, pass->packed,
                           pass->y, pass->scratch);
  clf__bias_activate(layer->context, pass->activation, pass->bias, pass->y, pass->rows,
                     layer->outputs);
}

static const clf__layer_inference bf16_inference = {true,      bf16_packed_size, bf16_scratch_size,
                                                    bf16_pack, bf16_infer,       NULL};

static clf__int8_shape int8_shape_of(const clf__layer *layer) {
  return (clf__int8_shape){.segments = 1, .depth = layer->inputs, .columns = layer->outputs};
}

static int64_t int8_packed_size(const clf__layer *layer) {
  return clf__int8_packed_size(layer->context, int8_shape_of(layer));
}

static int64_t int8_scratch_size(const clf__layer *layer) {
  return clf__dense_int8_scratch_size(layer->context, layer->inputs);
}

static void int8_pack(const clf__layer *layer, const void *weight, float *packed) {
  clf__int8_pack(layer->context, int8_shape_of(layer), weight, packed);
}

static void int8_infer(const clf__infer *pass) {
  const clf__layer *layer = pass->layer;
  const bool relu = pass->activation == CLF__RELU;
  clf__dense_int8_multiply(layer->context,
                           &(clf__dense_int8){.inputs = layer->inputs,
                                              .units = layer->outputs,
                                              .rows = pass->rows,
                                              .x = pass->x,
                                              .bytes = pass->bytes,
                                              .packed = pass->packed,
                                              .bias = pass->bias,
                                              .relu = relu,
                                              .y = pass->y},
                           pass->scratch);
  if (!relu) {
    clf__bias_activate(layer->context, pass->activation, NULL, pass->y, pass->rows, layer->outputs);
  }
}

static const clf__layer_inference int8_inference = {
    true, int8_packed_size, int8_scratch_size, int8_pack, int8_infer, clf__int8_reads_bytes};

static bool reduces(const clf__layer *layer, int32_t precision) {
  return precision != CLF__PRODUCT_INT8 || layer->inputs <= CLF__INT8_MAX_DEPTH;
}

const clf__layer_kind clf__dense_kind = {
    .base =
        CLF__KIND("dense", "every output is a weighted sum of all inputs", params, dense_params),
    .operation = CLF__OPERATION_DENSE,
    .dimensions = 1,
    .infer_shapes = infer_shapes,
    .forward = forward,
    .backward = backward,
    .inference = {&inference, &bf16_inference, &int8_inference},
    .can_reduce = {[CLF__PRODUCT_BF16] = true, [CLF__PRODUCT_INT8] = true},
    .reduces = reduces,
};
