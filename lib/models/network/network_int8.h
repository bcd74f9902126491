/* Quantized weights and ranges in the state of a network: NAME.weight i8 with NAME.weight_scale
 * [columns], and LAYER.input_range [2], the scale and the zero of a layer's inputs. */
#ifndef CLF_MODELS_NETWORK_NETWORK_INT8_H
#define CLF_MODELS_NETWORK_NETWORK_INT8_H

#include "models/network/network.h"
#include "ops/nn/int8.h"

/* Returns whether the bytes and scales of a weight are valid. */
bool clf__int8_holds(const clf__store *state, const clf__layer *layer, int64_t index);
/* values [count] = the bytes times their scales. */
void clf__int8_widen(const clf__store *state, const clf__layer *layer, int64_t index,
                     float *values);
/* Replaces an f32 weight of the state by bytes and scales; leaves one that is quantized. */
clf_status clf__int8_quantize(clf__store *state, const clf__layer *layer, int64_t index);
/* Adds to the state the ranges of the inputs of all layers of the network with products of int8, as
 * rows have them in `plain`, the same network in f32, together with those of an earlier state, or
 * NULL. */
clf_status clf__int8_measure(const clf__network *network, const clf__inference *plain,
                             const clf__rows *x, const clf__store *earlier, clf__store *state);
/* Returns whether a layer multiplies bytes, and not only keeps them. */
bool clf__int8_multiplies(const clf__layer *layer);
/* Returns CLF_OK, or CLF_ERROR_CORRUPT if a range is missing or not valid. */
clf_status clf__int8_check(const clf__network *network, const clf__store *state);
/* Returns a layer's weight and range; they point into the state. */
clf__int8_source clf__int8_source_of(const clf__store *state, const clf__layer *layer);

#endif
