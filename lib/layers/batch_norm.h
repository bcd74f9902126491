/* What other files ask of a batch normalisation. */
#ifndef CLF_LAYERS_BATCH_NORM_H
#define CLF_LAYERS_BATCH_NORM_H

#include "layers/layer.h"

/* What it does in inference: y = factor x + shift, [channels] each. */
void clf__batch_norm_map(const clf__layer *layer, float *const *weights, double *factor,
                         double *shift);

#endif
