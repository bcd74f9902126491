/* Convolution of images, as cross-correlation: y[i, j, d] = f(b[d] + sum over m, n, c of W[m, n, c,
 * d] x[i s + m r - top, j s + n r - left, c]) with stride s and dilation r, W [kernel, kernel,
 * channels, filters]. padding=same gives ceil(size / stride) rows and columns, with the larger half
 * of the zeros at the end. ops/conv/conv2d.h computes it. */
#include "ops/conv/conv2d.h"
#include "layers/activation.h"
#include "layers/window.h"
#include "ops/conv/conv_int8.h"

typedef struct conv2d_params {
  int64_t filters, kernel, stride, dilation;
  int32_t padding;
  int32_t activation;
  bool bias;
  int32_t initializer, bias_initializer;
} conv2d_params;

#define CLF__VALUES conv2d_params
static const clf__param params[] = {
    CLF__INT(filters, "32", 1, 1e6, "number of output channels"),
    CLF__INT(kernel, "3", 1, 1e4, "height and width of the kernel"),
    CLF__INT(stride, "1", 1, 1e4, "pixels from one position of the kernel to the next"),
    CLF__INT(dilation, "1", 1, 1e4, "pixels from one element of the kernel to the next"),
    CLF__CHOICE(padding, CLF__PADDING_WORDS, "valid",
                "valid: the kernel stays within the image; same: zeros around it keep its size"),
    CLF__CHOICE(activation, CLF__ACTIVATION_WORDS, "linear",
                "activation function; softmax is over the filters"),
    CLF__BOOL(bias, "true", "whether to add a bias to each filter"),
    CLF__INITIALIZER,
    CLF__BIAS_INITIALIZER("fan_in_uniform"),
};

static clf__conv2d geometry(const clf__layer *layer) {
  const conv2d_params *p = layer->params;
  clf__conv2d g = {.height = layer->in.size[0],
                   .width = layer->in.size[1],
                   .channels = layer->in.size[2],
                   .filters = p->filters,
                   .kernel_height = p->kernel,
                   .kernel_width = p->kernel,
                   .stride = p->stride,
                   .dilation = p->dilation,
                   .bf16 = layer->precision == CLF__PRODUCT_BF16};
  const int64_t span = (p->kernel - 1) * p->dilation + 1;
  g.out_height = clf__window_places(g.height, span, p->stride, p->padding, &g.pad_top);
  g.out_width = clf__window_places(g.width, span, p->stride, p->padding, &g.pad_left);
  return g;
}

static clf_status infer_shapes(clf__layer *layer) {
  const conv2d_params *p = layer->params;
  const clf__conv2d g = geometry(layer);
  if (g.out_height == 0 || g.out_width == 0) {
    return clf__layer_fail(layer, "kernel %lld%s is larger than its input %lldx%lld",
                           (long long)p->kernel, p->dilation > 1 ? ", dilated," : "",
                           (long long)g.height, (long long)g.width);
  }
  const int64_t area = p->kernel * p->kernel;
  layer->stride = p->padding == CLF__VALID ? p->stride : 0;
  layer->out = (clf__shape){3, {g.out_height, g.out_width, p->filters}};
  layer->weights[0] = (clf__weight_info){
      .name = "weight",
      .shape = {4, {p->kernel, p->kernel, g.channels, p->filters}},
      .initial = p->initializer,
      .fan_in = area * g.channels,
      .fan_out = area * p->filters,
      .trained = true,
      .decayed = true,
      .narrow = true,
  };
  layer->weights[1] = (clf__weight_info){.name = "bias",
                                         .shape = {1, {p->filters}},
                                         .initial = p->bias_initializer,
                                         .fan_in = layer->weights[0].fan_in,
                                         .fan_out = layer->weights[0].fan_out,
                                         .trained = true};
  layer->activation = p->activation;
  layer->weight_count = p->bias ? 2 : 1;
  return CLF_OK;
}

/* Other activations would need their outputs, not only the maxima, for the gradient. */
static size_t kept_with_pool(const clf__layer *layer, const clf__layer *pool) {
  const conv2d_params *p = layer->params;
  const clf__conv2d g = geometry(layer);
  const bool simple = p->activation == CLF__RELU || p->activation == CLF__LINEAR;
  return simple && clf__layer_halves(pool) && clf__conv2d_pools(layer->context, &g)
             ? (size_t)pool->outputs
             : 0;
}

static clf_status forward(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  const conv2d_params *p = layer->params;
  const clf__conv2d g = geometry(layer);
  const bool relu = p->activation == CLF__RELU;
  clf_status status =
      clf__conv2d_forward(&(clf__conv_pass){.context = layer->context,
                                            .conv = &g,
                                            .rows = pass->rows,
                                            .x = pass->x,
                                            .w = pass->weights[0],
                                            .bias = p->bias ? pass->weights[1] : NULL,
                                            .relu = relu,
                                            .y = pass->y,
                                            .pooled = pass->pooled,
                                            .winners = pass->pooled ? pass->kept : NULL});
  if (status == CLF_OK && !relu) {
    clf__bias_activate(layer->context, p->activation, NULL, pass->y,
                       pass->rows * g.out_height * g.out_width, p->filters);
  }
  return status;
}

static clf_status backward(const clf__pass *pass) {
  const clf__layer *layer = pass->layer;
  const conv2d_params *p = layer->params;
  const clf__conv2d g = geometry(layer);
  const bool relu = p->activation == CLF__RELU;
  if (!relu) {
    clf__activation_gradient(layer->context, p->activation, pass->y, pass->dy,
                             pass->rows * g.out_height * g.out_width, p->filters);
  }
  return clf__conv2d_backward(&(clf__conv_pass){.context = layer->context,
                                                .conv = &g,
                                                .rows = pass->rows,
                                                .x = pass->x,
                                                .w = pass->weights[0],
                                                .out = relu ? pass->y : NULL,
                                                .pooled = pass->pooled,
                                                .winners = pass->pooled ? pass->kept : NULL,
                                                .dy = pass->dy,
                                                .dw = pass->gradients[0],
                                                .dbias = p->bias ? pass->gradients[1] : NULL,
                                                .dx = pass->dx});
}

static int64_t packed_size(const clf__layer *layer) {
  const clf__conv2d g = geometry(layer);
  return clf__conv2d_packed_size(layer->context, &g);
}

static int64_t scratch_size(const clf__layer *layer) {
  const clf__conv2d g = geometry(layer);
  return clf__conv2d_scratch_size(layer->context, &g);
}

static void pack(const clf__layer *layer, const void *weight, float *packed) {
  const clf__conv2d g = geometry(layer);
  clf__conv2d_pack(layer->context, &g, weight, packed);
}

static void run(const clf__infer *pass, void (*convolve)(const clf__conv_pass *, float *)) {
  const clf__layer *layer = pass->layer;
  const clf__conv2d g = geometry(layer);
  const bool relu = pass->activation == CLF__RELU;
  convolve(&(clf__conv_pass){.context = layer->context,
                             .conv = &g,
                             .rows = pass->rows,
                             .x = pass->x,
                             .w = pass->packed,
                             .bias = pass->bias,
                             .relu = relu,
                             .y = pass->y,
                             .pooled = pass->pooled},
           pass->scratch);
  if (!relu) {
    clf__bias_activate(layer->context, pass->activation, NULL, pass->y,
                       pass->rows * g.out_height * g.out_width, g.filters);
  }
}

static void infer(const clf__infer *pass) {
  run(pass, clf__conv2d_infer);
}

static void int8_infer(const clf__infer *pass) {
  run(pass, clf__conv_int8_infer);
}

static int64_t int8_packed_size(const clf__layer *layer) {
  const clf__conv2d g = geometry(layer);
  return clf__conv_int8_packed_size(layer->context, &g);
}

static int64_t int8_scratch_size(const clf__layer *layer) {
  const clf__conv2d g = geometry(layer);
  return clf__conv_int8_scratch_size(layer->context, &g);
}

static void int8_pack(const clf__layer *layer, const void *weight, float *packed) {
  const clf__conv2d g = geometry(layer);
  clf__conv_int8_pack(layer->context, &g, weight, packed);
}

static bool reduces(const clf__layer *layer, int32_t precision) {
  const clf__conv2d g = geometry(layer);
  return precision != CLF__PRODUCT_INT8 || clf__conv_int8_fits(&g);
}

static const clf__layer_inference inference = {false, packed_size, scratch_size, pack, infer, NULL};
static const clf__layer_inference int8_inference = {false,     int8_packed_size, int8_scratch_size,
                                                    int8_pack, int8_infer,       NULL};

const clf__layer_kind clf__conv2d_kind = {
    .base =
        CLF__KIND("conv2d", "a kernel moved over images; filters of it are the output's channels",
                  params, conv2d_params),
    .operation = CLF__OPERATION_CONVOLUTION,
    .dimensions = 3,
    .infer_shapes = infer_shapes,
    .forward = forward,
    .backward = backward,
    .kept_with_pool = kept_with_pool,
    /* With bf16 the method decides which products are bf16 (ops/conv/conv2d.h). Normalizations are
     * folded in f32, and what is multiplied in bf16 is rounded when it is packed. */
    .inference = {&inference, &inference, &int8_inference},
    .can_reduce = {[CLF__PRODUCT_BF16] = true, [CLF__PRODUCT_INT8] = true},
    .reduces = reduces,
};
