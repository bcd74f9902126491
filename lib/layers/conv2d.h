/* What other files ask of a convolution. */
#ifndef CLF_LAYERS_CONV2D_H
#define CLF_LAYERS_CONV2D_H

#include "layers/layer.h"

int32_t clf__conv2d_activation(const clf__layer *layer);

#endif
