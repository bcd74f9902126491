/* Activation functions, as a layer and at the end of others. The gradient of each can be computed
 * from its value, so that a backward pass needs only the output. */
#ifndef CLF_LAYERS_ACTIVATION_H
#define CLF_LAYERS_ACTIVATION_H

#include "layers/layer.h"
#include "ops/nn/elementwise.h"

#define CLF__ACTIVATION_WORDS "linear|relu|leaky_relu|sigmoid|tanh|softmax" /* as in the enum */

#endif
