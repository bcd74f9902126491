/* What other files ask of a dense layer. */
#ifndef CLF_LAYERS_DENSE_H
#define CLF_LAYERS_DENSE_H

#include "layers/layer.h"

int32_t clf__dense_activation(const clf__layer *layer);

#endif
