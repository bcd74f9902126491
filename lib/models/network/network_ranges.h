/* Ranges of the inputs of layers, measured on rows. */
#ifndef CLF_MODELS_NETWORK_NETWORK_RANGES_H
#define CLF_MODELS_NETWORK_NETWORK_RANGES_H

#include "models/network/network_infer.h"
#include "ops/nn/int8.h"

/* Sets ranges [layer_count] of those layers that begin a step of an inference in f32. Fails if
 * memory runs out, if an input is not finite, or if the host cancels a call that is watched. */
clf_status clf__network_ranges(const clf__inference *inference, const clf__rows *x,
                               clf__int8_range *ranges);
/* What the bytes 0 and 255 stand for; the range from `low`, at most 0, to `high`, at least 0. */
double clf__int8_low(clf__int8_range range);
double clf__int8_high(clf__int8_range range);
clf__int8_range clf__int8_range_of(double low, double high);

#endif
