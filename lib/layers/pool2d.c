/* Pooling of images, channel by channel: the maximum or the mean of each window, or of the whole
 * image. The gradient of a maximum goes to the first pixel that has it; that of a mean is shared.
 * With padding=same, only the part of a window within the image counts. */
#include "layers/layer.h"
#include "layers/window.h"
#include "ops/nn/pool.h"

typedef struct pool_params {
  int64_t size;
  clf__number stride;
  int32_t padding;
} pool_params;

#define CLF__VALUES pool_params
static const clf__param params[] = {
    CLF__INT(size, "2", 1, 1e4, "height and width of a window"),
    CLF__INT_OR(stride, "size", "size", 1, 1e4, "pixels from one window to the next"),
    CLF__CHOICE(padding, CLF__PADDING_WORDS, "valid",
                "valid: windows stay within the image; same: one a stride, cut off at the border"),
};

static clf__pool2d geometry(const clf__layer *layer) {
  const pool_params *p = layer->params;
  const int64_t stride = p->stride.word < 0 ? (int64_t)p->stride.value : p->size;
  clf__pool2d g = {.height = layer->in.size[0],
                   .width = layer->in.size[1],
                   .channels = layer->in.size[2],
                   .window_height = p->size,
                   .window_width = p->size,
                   .stride = stride};
  g.out_height = clf__window_places(g.height, p->size, stride, p->padding, &g.pad_top);
  g.out_width = clf__window_places(g.width, p->size, stride, p->padding, &g.pad_left);
  return g;
}

/* One window: the whole image. */
static clf__pool2d global_geometry(const clf__layer *layer) {
  return (clf__pool2d){.height = layer->in.size[0],
                       .width = layer->in.size[1],
                       .channels = layer->in.size[2],
                       .window_height = layer->in.size[0],
                       .window_width = layer->in.size[1],
                       .stride = 1,
                       .out_height = 1,
                       .out_width = 1};
}

bool clf__layer_halves(const clf__layer *layer) {
  const pool_params *p = layer->params;
  return layer->kind == &clf__max_pool2d_kind && p->size == 2 && geometry(layer).stride == 2;
}

static clf_status infer_shapes(clf__layer *layer) {
  const pool_params *p = layer->params;
  const clf__pool2d g = geometry(layer);
  if (g.out_height == 0 || g.out_width == 0) {
    return clf__layer_fail(layer, "window %lld is larger than its input %lldx%lld",
                           (long long)p->size, (long long)g.height, (long long)g.width);
  }
  layer->out = (clf__shape){3, {g.out_height, g.out_width, g.channels}};
  layer->stride = p->padding == CLF__VALID ? g.stride : 0;
  return CLF_OK;
}

static clf_status infer_global_shapes(clf__layer *layer) {
  layer->out = (clf__shape){1, {layer->in.size[2]}};
  return CLF_OK;
}

static clf_status forward(const clf__pass *pass, clf__pool2d g, int32_t function) {
  clf__pool2d_forward(pass->layer->context, &g, function, pass->rows, pass->x, pass->y);
  return CLF_OK;
}

static clf_status backward(const clf__pass *pass, clf__pool2d g, int32_t function) {
  if (pass->dx != NULL) {
    clf__pool2d_backward(pass->layer->context, &g, function, pass->rows, pass->x, pass->y, pass->dy,
                         pass->dx);
  }
  return CLF_OK;
}

#define POOL_KIND(name, computes, shapes, shape, function, kind)                                   \
  static clf_status name##_forward(const clf__pass *pass) {                                        \
    return forward(pass, shape(pass->layer), function);                                            \
  }                                                                                                \
  static clf_status name##_backward(const clf__pass *pass) {                                       \
    return backward(pass, shape(pass->layer), function);                                           \
  }                                                                                                \
  const clf__layer_kind clf__##name##_kind = {                                                     \
      .base = kind,                                                                                \
      .operation = computes,                                                                       \
      .variant = function,                                                                         \
      .dimensions = 3,                                                                             \
      .infer_shapes = shapes,                                                                      \
      .forward = name##_forward,                                                                   \
      .backward = name##_backward,                                                                 \
  }
POOL_KIND(max_pool2d, CLF__OPERATION_POOL, infer_shapes, geometry, CLF__POOL_MAX,
          CLF__KIND("max_pool2d", "the largest pixel of each window", params, pool_params));
POOL_KIND(average_pool2d, CLF__OPERATION_POOL, infer_shapes, geometry, CLF__POOL_MEAN,
          CLF__KIND("average_pool2d", "the mean of each window", params, pool_params));
POOL_KIND(global_max_pool2d, CLF__OPERATION_GLOBAL_POOL, infer_global_shapes, global_geometry,
          CLF__POOL_MAX, CLF__KIND_PLAIN("global_max_pool2d", "the largest pixel of each channel"));
POOL_KIND(global_average_pool2d, CLF__OPERATION_GLOBAL_POOL, infer_global_shapes, global_geometry,
          CLF__POOL_MEAN, CLF__KIND_PLAIN("global_average_pool2d", "the mean of each channel"));
