/* Reduced precision of a fitted network, and what it costs. */
#ifndef CLF_MODELS_NETWORK_NETWORK_QUANTIZE_H
#define CLF_MODELS_NETWORK_NETWORK_QUANTIZE_H

#include "models/network/network.h"

/* The parameters of clf_network_quantize(). */
extern const clf__kind clf__quantize_kind;

/* Reduces the f32 weights at the end of a fit in the network's precision. The ranges of int8 are
 * those of the rows and of the `earlier` state of a partial fit, NULL for none. After a training
 * that `learned` from so many rows, each counted in every epoch, some are predicted before and
 * after, for describe; none if it is 0. */
clf_status clf__network_reduce_fit(const clf__network *network, const clf__training *training,
                                   const clf__store *earlier, int64_t learned, clf__store *state);
/* Appends what was measured, if there is any. */
void clf__network_describe(const clf_model *model, clf__text *text);
/* Returns CLF_OK, or CLF_ERROR_CORRUPT if that is not valid. */
clf_status clf__network_check_reduction(const clf_model *model);

#endif
