/* Layers as nodes of an ONNX graph. */
#ifndef CLF_INTERCHANGE_ONNX_LAYERS_H
#define CLF_INTERCHANGE_ONNX_LAYERS_H

#include "interchange/onnx/graph.h"

/* Adds a layer with its weights. CLF_ERROR_UNSUPPORTED names a kind that has no nodes here. */
clf_status clf__graph_layer(clf__graph *graph, const clf__layer *layer, float *const *weights);

#endif
