/** @file classify/network.h
 *  Networks: models of kind "network", made of layers in sequence.
 *
 *  The layers:
 *  - for any rows: "dense", "activation", "dropout", "flatten";
 *  - for images [height, width, channels]: "conv2d", "max_pool2d", "average_pool2d",
 *    "global_max_pool2d", "global_average_pool2d", "batch_norm" (also for rows of features);
 *  - for sequences [steps, features]: "embedding" (which makes them from token ids [steps]), "rnn",
 *    "lstm", "gru", "global_max_pool1d", "global_average_pool1d".
 *
 *  The parameter "precision" of a network says what its products multiply. With bf16 the fitted
 *  weights are tensors of CLF_BF16, in files of half the size; clf_tensor_copy() converts them.
 *  Exports write them as f32.
 *
 *  The parameter "augment" of a network describes random changes of its training images;
 *  clf_param_describe("augment", "image", …) lists them.
 *
 *  **Use.** Add the layers to a model of kind "network", and fit it like any other model:
 *
 *  @code
 *  clf_model *network = NULL;
 *  if (clf_model_create(&network, NULL, "network", "epochs=10 input=28,28,1") < 0 ||
 *      clf_network_add_layer(network, "conv2d", "filters=16 kernel=5 activation=relu") < 0 ||
 *      clf_network_add_layer(network, "max_pool2d", "size=2") < 0 ||
 *      clf_network_add_layer(network, "flatten", NULL) < 0 ||
 *      clf_network_add_layer(network, "dense", "units=10") < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  char table[2048];
 *  if (clf_network_summary(network, table, sizeof table, NULL) >= 0) {
 *    fputs(table, stdout);
 *  }
 *  clf_model_free(network);
 *  @endcode
 *
 *  Thread class of the file: one thread at a time on a model that is being changed.
 */
#ifndef CLASSIFY_NETWORK_H
#define CLASSIFY_NETWORK_H

#include <classify/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Adds a layer at the end. This appends to the parameter "layers", which can also be set as a
 *  whole: "dense units=256 activation=relu; dense units=10". A fitted model predicts with the
 *  layers it was fitted with until it is fitted again.
 *  @param layer   such as "dense", "conv2d" or "lstm"; clf_kind_name("layer", …) lists all
 *  @param params  "name=value …" of the layer; NULL for the defaults
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (unknown layer or parameter), CLF_ERROR_SHAPE (the parameter
 *          "input" is set and the layer does not fit what comes before it), CLF_ERROR_UNSUPPORTED
 *          (not a network), CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_network_add_layer(clf_model *model, const char *layer, const char *params);

/** Removes the last layer from the parameter "layers", so that others can be added in its place.
 *  The weights of the other layers stay: the next fit, or clf_model_partial_fit(), of a fitted or
 *  loaded network continues from them, whatever "warm_start" is, and begins with new weights in the
 *  layers that were added. It may be on other classes, or on targets; its history begins again.
 *  Until then the model predicts with the layers it was fitted with.
 *
 *  A network that was trained on many rows so learns other classes from few:
 *
 *  @code
 *  clf_status learn_other_classes(clf_model *network, const clf_dataset *few) {
 *    char head[64];
 *    snprintf(head, sizeof head, "units=%lld", (long long)clf_dataset_classes(few));
 *    if (clf_network_freeze(network, "all") < 0 || clf_network_remove_layer(network) < 0 ||
 *        clf_network_add_layer(network, "dense", head) < 0) {
 *      return CLF_ERROR_ARGUMENT;
 *    }
 *    return clf_model_fit(network, few, NULL, NULL);
 *  }
 *  @endcode
 *
 *  A file saved in between has what the next fit continues from.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (there is no layer, or "frozen" names one that is not there),
 *          CLF_ERROR_UNSUPPORTED (not a network), CLF_ERROR_MEMORY; after a failure the model stays
 *          as it was
 *  @since 0.1 */
CLF_API clf_status clf_network_remove_layer(clf_model *model);

/** Sets which layers the fits that follow leave as they are, bit by bit, with the statistics of
 *  batch_norm; all other layers are trained. Fits of a fitted network then continue from its
 *  weights, as with warm_start=true. In training, a frozen batch_norm normalizes by its running
 *  statistics, as in inference; dropout, which has no weights, stays as it is. A fit computes no
 *  gradients of the layers before the first one that it trains, and keeps no state of the optimizer
 *  for frozen ones; the optimizer of partial fits begins again when the frozen layers change. This
 *  is the parameter "frozen", which is saved with the model, with its words replaced by names:
 *  layers that are added later are trained.
 *  @param layers  names, as clf_network_summary() lists them, or kinds, separated by commas or
 *                 blanks: "conv2d_1,dense_1", "conv2d batch_norm"; "all" for all layers that there
 *                 are now; "" or NULL for none
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (no such layer), CLF_ERROR_UNSUPPORTED (not a network),
 *          CLF_ERROR_MEMORY; a fit that no layer is left to train in returns CLF_ERROR_ARGUMENT
 *  @since 0.1 */
CLF_API clf_status clf_network_freeze(clf_model *model, const char *layers);

/** Writes a table of a network's layers as text: the shape of each layer's output for one row and
 *  its number of parameters, their sum, and the memory of the weights and of a row in training. A
 *  fitted network is described as it was fitted; another needs the parameters "layers" and "input".
 *  Any number of threads may call it at once while no thread changes the model.
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL),
 *          CLF_ERROR_NOT_FITTED (the shapes are not known yet), CLF_ERROR_SHAPE (the layers do not
 *          fit "input"), CLF_ERROR_UNSUPPORTED (not a network), CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_network_summary(const clf_model *model, char *buffer, size_t capacity,
                                       size_t *needed);

/** Sets a layer's weight by name, as clf_model_tensor() reads it: "dense_1.weight" [inputs, units],
 *  "conv2d_2.weight" [kernel, kernel, channels, filters], "dense_1.bias" [units]; layers of a kind
 *  are counted from 1. A regression also has "target_center" and "target_scale" [outputs]: its
 *  predictions are center + scale × output. Tensor handles that were taken from the model before
 *  keep the old values.
 *
 *  The first weight makes an unfitted network a fitted one. The parameters "layers" and "input"
 *  must be set; the other weights are initialized as by a fit, from the context's seed. The classes
 *  are named 0 … outputs - 1 (two classes for a single output); with loss=squared_error the network
 *  is a regression. So a network that was trained elsewhere can predict after one call for each of
 *  its weights, and clf_model_partial_fit(), or a fit with warm_start=true, trains it further on
 *  rows of those classes.
 *  @param name    see clf_model_tensor_name() of a fitted network
 *  @param tensor  of the weight's shape and any dtype; it is copied, and not needed afterwards
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (no such weight, or layers that do not fit the loss),
 *          CLF_ERROR_NOT_FITTED (not fitted, and without "layers" or "input"), CLF_ERROR_SHAPE,
 *          CLF_ERROR_DATA (NaN, Inf or a negative variance), CLF_ERROR_NUMERIC (beyond the
 *          precision of the network), CLF_ERROR_UNSUPPORTED (not a network, transforms that no fit
 *          has fitted, or a weight before others of int8, whose inputs have a measured range: set
 *          it in f32, then quantize), CLF_ERROR_MEMORY; after a failure the model stays as it was
 *  @since 0.1 */
CLF_API clf_status clf_network_set_weight(clf_model *model, const char *name,
                                          const clf_tensor *tensor);

/** Reduces the weights of a fitted network to bytes, or to bf16, as a fit with the parameter
 *  "precision" does at its end, and sets that parameter. The file is a quarter, or a half, of the
 *  size. With int8, layers "dense" and "conv2d" multiply bytes: each column of a weight has a
 *  scale, and the inputs of each layer have a range, which is measured on up to 1,024 of the rows,
 *  evenly spaced. Layers "embedding", "rnn", "lstm" and "gru" keep weights as bytes and compute in
 *  f32; products of more than 65,536 terms, and kernels that span more than 64 pixels, stay f32.
 *
 *  The rows are predicted before and after; clf_model_describe() prints how many of them have the
 *  same class and, if the rows have labels, both accuracies. The log has a warning if fewer than
 *  98 % have it, or if the outputs of a regression change by more than 0.1 standard deviations.
 *
 *  A fit, or clf_model_partial_fit(), of the model trains in f32 from then on, too, and quantizes
 *  again; the latter continues from the quantized weights, and extends the ranges to its rows.
 *  @param data    such as the rows of the fit; with or without labels
 *  @param params  "precision=int8" or "precision=bf16"; NULL for int8.
 *                 clf_param_describe("network", "quantize", …) lists them
 *  @return CLF_OK, CLF_ERROR_NOT_FITTED, CLF_ERROR_ARGUMENT, CLF_ERROR_SHAPE, CLF_ERROR_DATA (no
 *          rows, or labels that the model does not know), CLF_ERROR_NUMERIC (inputs of a layer or
 *          outputs are not finite, or numbers beyond the precision), CLF_ERROR_UNSUPPORTED (not a
 *          network, in less precision than f32 already, or a layer cannot have it),
 *          CLF_ERROR_CANCELLED, CLF_ERROR_MEMORY; after a failure the model stays as it was
 *  @since 0.1 */
CLF_API clf_status clf_network_quantize(clf_model *model, const clf_dataset *data,
                                        const char *params);

#ifdef __cplusplus
}
#endif

#endif
