/* Layers as objects: creation, shapes, initial weights. */
#include "layers/layer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ops/nn/elementwise.h"

int64_t clf__shape_count(const clf__shape *shape) {
  int64_t count = 1;
  for (int32_t i = 0; i < shape->ndim; i++) {
    const int64_t size = shape->size[i];
    if (size < 1 || size > CLF__MAX_AXIS || count > CLF__MAX_ELEMENTS / size) {
      return -1;
    }
    count *= size;
  }
  return count;
}

clf__shape_text clf__shape_name(const clf__shape *shape) {
  clf__shape_text name = {""};
  size_t length = 0;
  for (int32_t i = 0; i < shape->ndim && length < sizeof name.text - 24; i++) {
    length += (size_t)snprintf(name.text + length, sizeof name.text - length, "%s%lld",
                               i > 0 ? "x" : "", (long long)shape->size[i]);
  }
  return name;
}

clf_status clf__layer_create(clf__layer **out, clf_context *context, const char *kind,
                             const char *params) {
  const clf__layer_kind *found = clf__kind_find(&clf__layer_kinds, kind);
  if (found == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  clf__layer *layer = clf__alloc_zeroed(context, 1, sizeof *layer);
  if (layer == NULL) {
    return CLF_ERROR_MEMORY;
  }
  layer->context = context;
  layer->kind = found;
  clf_status status = clf__params_create(&layer->params, context, &found->base.params, params);
  if (status < 0) {
    clf__layer_free(layer);
    return status;
  }
  *out = layer;
  return CLF_OK;
}

void clf__layer_free(clf__layer *layer) {
  if (layer != NULL) {
    clf__params_free(&layer->kind->base.params, layer->params);
    clf__free(layer);
  }
}

clf_status clf__layer_fail(const clf__layer *layer, const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return clf__fail(CLF_ERROR_SHAPE, "%s %lld: %s", layer->kind->base.name, (long long)layer->number,
                   text);
}

/* Gray images may be [height, width]. */
static void add_channel(clf__shape *shape, int32_t wanted) {
  if (wanted == 3 && shape->ndim == 2) {
    shape->size[2] = 1;
    shape->ndim = 3;
  }
}

/* Inputs that a layer of so many dimensions accepts. */
static const char *const accepted[] = {
    NULL, "rows of features: put a flatten layer before it",
    "sequences, steps x features: put an embedding before it, or set the network's input",
    "images, height x width x channels: set the network's input to that shape"};

static clf_status check_shape(const clf__layer *layer, const char *what, const clf__shape *shape) {
  return clf__shape_count(shape) > 0
             ? CLF_OK
             : clf__layer_fail(layer,
                               "its %s is %s; an axis must be 1 to %lld, and all of them together "
                               "no more than memory can address",
                               what, clf__shape_name(shape).text, (long long)CLF__MAX_AXIS);
}

static clf_status check_sizes(const clf__layer *layer) {
  clf_status status = check_shape(layer, "output", &layer->out);
  for (int64_t i = 0; status == CLF_OK && i < layer->weight_count; i++) {
    status = check_shape(layer, layer->weights[i].name, &layer->weights[i].shape);
  }
  if (status == CLF_OK && layer->kept_bytes > (uint64_t)CLF__MAX_ELEMENTS) {
    status = clf__layer_fail(layer, "a row of %s would keep %zu bytes from pass to pass",
                             clf__shape_name(&layer->in).text, layer->kept_bytes);
  }
  return status;
}

clf_status clf__layer_infer_shapes(clf__layer *layer, const clf__shape *in) {
  const int32_t wanted = layer->kind->dimensions;
  layer->in = *in;
  add_channel(&layer->in, wanted);
  if (wanted != 0 && layer->in.ndim != wanted) {
    return clf__layer_fail(layer, "its input is %s; it takes %s", clf__shape_name(in).text,
                           accepted[wanted]);
  }
  CLF__CHECK(check_shape(layer, "input", &layer->in));
  layer->inputs = clf__shape_count(&layer->in);
  layer->weight_count = 0;
  layer->kept_bytes = 0;
  layer->activation = CLF__LINEAR;
  layer->produces_mask = false;
  layer->masked = false;
  layer->stride = 0;
  layer->state_count = 0;
  layer->statistic_count = 0;
  clf_status status = layer->kind->infer_shapes(layer);
  layer->outputs = clf__shape_count(&layer->out);
  return status == CLF_OK ? check_sizes(layer) : status;
}
