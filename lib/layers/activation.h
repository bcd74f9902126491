/* Activation functions, as a layer and as the last step of others. Every one of them has a slope
 * that its value tells, so that a backward pass needs no more than the output. */
#ifndef CLF_LAYERS_ACTIVATION_H
#define CLF_LAYERS_ACTIVATION_H

#include "layers/layer.h"
#include "ops/nn/elementwise.h"

#define CLF__ACTIVATION_WORDS "linear|relu|leaky_relu|sigmoid|tanh|softmax" /* as in the enum */

#endif
