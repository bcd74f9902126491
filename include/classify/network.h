/** @file classify/network.h
 *  Networks: models of kind "network", made of layers in sequence.
 *
 *  Thread class of the file: one thread at a time on a model that is being changed.
 */
#ifndef CLASSIFY_NETWORK_H
#define CLASSIFY_NETWORK_H

#include <classify/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Adds a layer at the end. It extends the parameter "layers", which can also be set whole:
 *  "dense units=256 activation=relu; dense units=10". A fitted model predicts with the layers it
 *  was fitted with until it is fitted again.
 *  @param layer   such as "dense", "conv2d" or "lstm"; clf_kind_name("layer", …) lists all
 *  @param params  "name=value …" of the layer; NULL for the defaults
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (unknown layer or parameter), CLF_ERROR_SHAPE (the parameter
 *          "input" is set and the layer does not fit what comes before it), CLF_ERROR_UNSUPPORTED
 *          (not a network), CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_network_add(clf_model *model, const char *layer, const char *params);

#ifdef __cplusplus
}
#endif

#endif
