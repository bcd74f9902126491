/* The precision of a network's products. With precision=bf16 it is that of training and inference,
 * with int8 that of inference. The weights of a training are f32 in any case. The state that a fit
 * leaves has the narrow ones in the elements of the precision, so that a file is smaller by as much
 * and predicts the same; what a partial fit continues from keeps them in f32. The tensor
 * product_precision has the precision, unless that is f32. */
#include <math.h>

#include "base/bf16.h"
#include "base/text.h"
#include "models/network/network_int8.h"

static const char precision_name[] = "product_precision";
static const int32_t dtypes[CLF__PRODUCT_PRECISIONS] = {CLF_F32, CLF_BF16, CLF_I8};
static const char *const words[CLF__PRODUCT_PRECISIONS] = {"f32", "bf16", "int8"};

static bool has_narrow(const clf__layer *layer) {
  bool narrow = false;
  for (int64_t j = 0; j < layer->weight_count; j++) {
    narrow = narrow || layer->weights[j].narrow;
  }
  return narrow;
}

clf_status clf__network_set_precision(clf__network *network, int32_t precision) {
  for (int64_t i = 0; i < network->layer_count; i++) {
    clf__layer *layer = network->layers[i];
    const bool fits = layer->kind->reduces == NULL || layer->kind->reduces(layer, precision);
    const bool reduced = precision != CLF__PRODUCT_F32 && has_narrow(layer) && fits;
    if (reduced && !layer->kind->can_reduce[precision]) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "network: precision=%s: %s %lld has no such products; use precision=f32",
                       words[precision], layer->kind->base.name, (long long)layer->number);
    }
    layer->precision = reduced ? precision : CLF__PRODUCT_F32;
  }
  network->precision = precision;
  return CLF_OK;
}

clf_status clf__network_precision_of_state(int32_t *out, const clf__store *state) {
  const clf_tensor *tensor = clf__store_tensor(state, precision_name);
  *out = CLF__PRODUCT_F32;
  if (tensor == NULL) {
    return CLF_OK;
  }
  const bool whole = tensor->dtype == CLF_I32 && tensor->ndim == 1 && tensor->shape[0] == 1;
  const int32_t precision = whole ? *(const int32_t *)tensor->data : -1;
  if (precision <= CLF__PRODUCT_F32 || precision >= CLF__PRODUCT_PRECISIONS) {
    return clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is not valid", precision_name);
  }
  *out = precision;
  return CLF_OK;
}

const char *clf__network_precision_word(const clf__store *state) {
  const clf_tensor *tensor = clf__store_tensor(state, precision_name);
  return words[tensor != NULL ? *(const int32_t *)tensor->data : CLF__PRODUCT_F32];
}

static bool has_shape(const clf_tensor *tensor, const clf__shape *shape) {
  bool same = tensor->ndim == shape->ndim;
  for (int32_t i = 0; same && i < shape->ndim; i++) {
    same = tensor->shape[i] == shape->size[i];
  }
  return same;
}

bool clf__weight_holds(const clf__store *state, const clf__layer *layer, int64_t index) {
  const clf__weight_info *info = &layer->weights[index];
  const clf_tensor *tensor = clf__store_tensor(state, clf__network_weight_name(layer, index).text);
  if (tensor == NULL || !has_shape(tensor, &info->shape)) {
    return false;
  }
  if (info->narrow && tensor->dtype == CLF_I8) {
    return clf__int8_holds(state, layer, index);
  }
  bool valid = tensor->dtype == CLF_F32 || (info->narrow && tensor->dtype == CLF_BF16);
  const int64_t count = valid && info->not_negative ? clf__shape_count(&info->shape) : 0;
  for (int64_t i = 0; valid && i < count; i++) {
    valid = ((const float *)tensor->data)[i] >= 0;
  }
  return valid;
}

clf_status clf__network_check_precision(const clf__network *network, const clf__store *state) {
  for (int64_t i = 0; i < network->layer_count; i++) {
    const clf__layer *layer = network->layers[i];
    for (int64_t j = 0; j < layer->weight_count; j++) {
      const clf__weight_name name = clf__network_weight_name(layer, j);
      if (layer->weights[j].narrow &&
          clf__store_tensor(state, name.text)->dtype != dtypes[layer->precision]) {
        return clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is not in the precision %s",
                         name.text, words[layer->precision]);
      }
    }
  }
  return CLF_OK;
}

void clf__weight_widen(const clf__store *state, const clf__layer *layer, int64_t index,
                       float *values) {
  const clf_tensor *tensor = clf__store_tensor(state, clf__network_weight_name(layer, index).text);
  if (tensor->dtype == CLF_I8) {
    clf__int8_widen(state, layer, index, values);
    return;
  }
  const uint16_t *from = tensor->data;
  for (int64_t i = 0; i < clf_tensor_count(tensor); i++) {
    values[i] = clf__bf16_value(from[i]);
  }
}

/* The largest numbers of f32 are beyond those of bf16. */
static clf_status check_rounded(const char *name, const clf_tensor *weight,
                                const clf_tensor *rounded) {
  for (int64_t i = 0; i < clf_tensor_count(weight); i++) {
    if (!isfinite(clf__bf16_value(((const uint16_t *)rounded->data)[i]))) {
      return clf__fail(
          CLF_ERROR_NUMERIC,
          "network: precision=bf16: '%s' has the value %s, which bf16 cannot hold; are "
          "the features scaled?",
          name, clf__number_text((double)((const float *)weight->data)[i]));
    }
  }
  return CLF_OK;
}

static clf_status round_weight(clf__store *state, const clf__layer *layer, int64_t index) {
  const clf__weight_name name = clf__network_weight_name(layer, index);
  const clf_tensor *tensor = clf__store_tensor(state, name.text);
  clf_tensor *rounded = NULL;
  clf_status status = CLF_OK;
  if (tensor->dtype == CLF_BF16) {
    return CLF_OK;
  }
  CLF__CHECK(clf_tensor_copy(&rounded, tensor, CLF_BF16));
  CLF__TRY(check_rounded(name.text, tensor, rounded));
  status = clf__store_replace_tensor(state, name.text, rounded);
done:
  clf_tensor_free(rounded);
  return status;
}

static clf_status add_precision(const clf__network *network, int32_t precision, clf__store *state) {
  if (clf__store_tensor(state, precision_name) == NULL) {
    CLF__CHECK(clf__state_tensor(network->context, state, precision_name, CLF_I32, 1, -1));
    *(int32_t *)clf__state_data(state, precision_name) = precision;
  }
  return CLF_OK;
}

clf_status clf__network_reduce(const clf__network *network, int32_t precision, clf__store *state) {
  if (precision == CLF__PRODUCT_F32) {
    return CLF_OK;
  }
  for (int64_t i = 0; i < network->layer_count; i++) {
    const clf__layer *layer = network->layers[i];
    for (int64_t j = 0; j < layer->weight_count; j++) {
      if (!layer->weights[j].narrow || layer->precision != precision) {
        continue;
      }
      CLF__CHECK(
          (precision == CLF__PRODUCT_INT8 ? clf__int8_quantize : round_weight)(state, layer, j));
    }
  }
  return add_precision(network, precision, state);
}

int64_t clf__weight_bytes(const clf__layer *layer, int64_t index) {
  const clf__weight_info *info = &layer->weights[index];
  const int32_t dtype = info->narrow ? dtypes[layer->precision] : CLF_F32;
  return clf__shape_count(&info->shape) * (int64_t)clf__dtype_size(dtype);
}
