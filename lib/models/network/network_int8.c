/* Quantization of weights: column j of W, whose largest magnitude is m, becomes the nearest
 * integers to w / s_j with s_j = m / 127. So the error of a weight is at most m / 254, and the
 * layer's inputs, whose ranges network_ranges.c measures, decide most of the network's. */
#include "models/network/network_int8.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "models/network/network_ranges.h"

/* Beyond it, an inverse or a product of scales could leave f32. */
static const float largest_scale = 1e15F;

static clf__weight_name scale_name(const clf__layer *layer, int64_t index) {
  clf__weight_name name;
  snprintf(name.text, sizeof name.text, "%s_%lld.%s_scale", layer->kind->base.name,
           (long long)layer->number, layer->weights[index].name);
  return name;
}

static clf__weight_name range_name(const clf__layer *layer) {
  clf__weight_name name;
  snprintf(name.text, sizeof name.text, "%s_%lld.input_range", layer->kind->base.name,
           (long long)layer->number);
  return name;
}

static int64_t columns_of(const clf__layer *layer, int64_t index) {
  const clf__shape *shape = &layer->weights[index].shape;
  return shape->size[shape->ndim - 1];
}

bool clf__int8_multiplies(const clf__layer *layer) {
  return layer->precision == CLF__PRODUCT_INT8 && clf__layer_inference_of(layer) != NULL;
}

/* Returns the data [count] of f32 of that name, or NULL. */
static const float *floats_of(const clf__store *state, const char *name, int64_t count) {
  const clf_tensor *tensor = clf__store_tensor(state, name);
  return tensor != NULL && tensor->dtype == CLF_F32 && tensor->ndim == 1 &&
                 tensor->shape[0] == count
             ? tensor->data
             : NULL;
}

static bool is_scale(float value) {
  return value >= FLT_MIN && value <= largest_scale;
}

bool clf__int8_holds(const clf__store *state, const clf__layer *layer, int64_t index) {
  const int64_t columns = columns_of(layer, index);
  const clf_tensor *tensor = clf__store_tensor(state, clf__network_weight_name(layer, index).text);
  const float *scale = floats_of(state, scale_name(layer, index).text, columns);
  const int64_t count = clf_tensor_count(tensor);
  bool valid = layer->precision == CLF__PRODUCT_INT8 && scale != NULL;
  for (int64_t j = 0; valid && j < columns; j++) {
    valid = is_scale(scale[j]);
  }
  for (int64_t i = 0; valid && i < count; i++) {
    valid = ((const int8_t *)tensor->data)[i] >= -CLF__INT8_LIMIT;
  }
  return valid;
}

void clf__int8_widen(const clf__store *state, const clf__layer *layer, int64_t index,
                     float *values) {
  const int64_t columns = columns_of(layer, index);
  const clf_tensor *tensor = clf__store_tensor(state, clf__network_weight_name(layer, index).text);
  const float *scale = clf__state_data(state, scale_name(layer, index).text);
  const int8_t *bytes = tensor->data;
  const int64_t count = clf_tensor_count(tensor);
  for (int64_t i = 0; i < count; i++) {
    values[i] = (float)bytes[i] * scale[i % columns];
  }
}

/* Adds a tensor to the state, or puts it in the place of one of that name. */
static clf_status put(clf__store *state, const char *name, const clf_tensor *tensor) {
  return clf__store_tensor(state, name) == NULL ? clf__store_add_tensor(state, name, tensor)
                                                : clf__store_replace_tensor(state, name, tensor);
}

static void quantize_columns(const float *w, int64_t rows, int64_t columns, int8_t *bytes,
                             float *scale) {
  for (int64_t i = 0; i < rows * columns; i++) {
    const float magnitude = fabsf(w[i]);
    scale[i % columns] = magnitude > scale[i % columns] ? magnitude : scale[i % columns];
  }
  for (int64_t j = 0; j < columns; j++) {
    scale[j] = fmaxf(scale[j] / CLF__INT8_LIMIT, FLT_MIN);
  }
  for (int64_t i = 0; i < rows * columns; i++) {
    bytes[i] = (int8_t)lrintf(w[i] / scale[i % columns]);
  }
}

clf_status clf__int8_quantize(clf__store *state, const clf__layer *layer, int64_t index) {
  const clf__weight_name name = clf__network_weight_name(layer, index);
  const clf_tensor *tensor = clf__store_tensor(state, name.text);
  const int64_t columns = columns_of(layer, index);
  clf_tensor *bytes = NULL, *scale = NULL;
  clf_status status = CLF_OK;
  if (tensor->dtype != CLF_F32) {
    return CLF_OK;
  }
  CLF__TRY(clf__tensor_create_uninitialized(&bytes, layer->context, CLF_I8, tensor->ndim,
                                            tensor->shape));
  CLF__TRY(clf__tensor_vector(&scale, layer->context, CLF_F32, columns));
  quantize_columns(tensor->data, clf_tensor_count(tensor) / columns, columns, bytes->data,
                   scale->data);
  for (int64_t j = 0; j < columns; j++) {
    if (!is_scale(((const float *)scale->data)[j])) {
      status = clf__fail(CLF_ERROR_NUMERIC,
                         "network: precision=int8: '%s' has values of %s; are the features scaled?",
                         name.text, clf__number_text((double)((float *)scale->data)[j] * 127));
      goto done;
    }
  }
  CLF__TRY(put(state, scale_name(layer, index).text, scale));
  CLF__TRY(put(state, name.text, bytes));
done:
  clf_tensor_free(bytes);
  clf_tensor_free(scale);
  return status;
}

/* The range that has both; one that has the other stays as it is. */
static clf__int8_range unite(clf__int8_range a, clf__int8_range b) {
  const double a_low = clf__int8_low(a), a_high = clf__int8_high(a);
  const double b_low = clf__int8_low(b), b_high = clf__int8_high(b);
  if (a_low <= b_low && a_high >= b_high) {
    return a;
  }
  return b_low <= a_low && b_high >= a_high
             ? b
             : clf__int8_range_of(fmin(a_low, b_low), fmax(a_high, b_high));
}

static clf_status store_range(clf__store *state, const clf__store *earlier, const clf__layer *layer,
                              clf__int8_range range) {
  const float *before = earlier != NULL ? floats_of(earlier, range_name(layer).text, 2) : NULL;
  clf_tensor *tensor = NULL;
  if (before != NULL) {
    range = unite(range, (clf__int8_range){before[0], (int32_t)before[1]});
  }
  if (!is_scale(range.scale)) {
    return clf__fail(CLF_ERROR_NUMERIC,
                     "network: precision=int8: the inputs of %s %lld are up to %s on these rows; "
                     "are the features scaled?",
                     layer->kind->base.name, (long long)layer->number,
                     clf__number_text(fmax(-clf__int8_low(range), clf__int8_high(range))));
  }
  CLF__CHECK(clf__tensor_vector(&tensor, layer->context, CLF_F32, 2));
  ((float *)tensor->data)[0] = range.scale;
  ((float *)tensor->data)[1] = (float)range.zero;
  const clf_status status = put(state, range_name(layer).text, tensor);
  clf_tensor_free(tensor);
  return status;
}

clf_status clf__int8_measure(const clf__network *network, const clf__inference *plain,
                             const clf__rows *x, const clf__store *earlier, clf__store *state) {
  clf__arena arena = {.context = network->context};
  clf__int8_range *ranges = clf__arena_array(&arena, network->layer_count, sizeof *ranges);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__network_ranges(plain, x, ranges));
  for (int64_t i = 0; i < network->layer_count; i++) {
    if (clf__int8_multiplies(network->layers[i])) {
      CLF__TRY(store_range(state, earlier, network->layers[i], ranges[i]));
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__int8_check(const clf__network *network, const clf__store *state) {
  for (int64_t i = 0; i < network->layer_count; i++) {
    const clf__layer *layer = network->layers[i];
    if (!clf__int8_multiplies(layer)) {
      continue;
    }
    const clf__weight_name name = range_name(layer);
    const clf_tensor *weight = clf__store_tensor(state, clf__network_weight_name(layer, 0).text);
    const float *range = floats_of(state, name.text, 2);
    if (weight->dtype != CLF_I8 || range == NULL || !is_scale(range[0]) ||
        !(range[1] >= 0 && range[1] <= 255 && range[1] == floorf(range[1]))) {
      return clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is missing or not valid", name.text);
    }
  }
  return CLF_OK;
}

clf__int8_source clf__int8_source_of(const clf__store *state, const clf__layer *layer) {
  const float *range = clf__state_data(state, range_name(layer).text);
  return (clf__int8_source){.w = clf__state_data(state, clf__network_weight_name(layer, 0).text),
                            .scale = clf__state_data(state, scale_name(layer, 0).text),
                            .range = {range[0], (int32_t)range[1]}};
}
