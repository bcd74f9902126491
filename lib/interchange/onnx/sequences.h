/* Layers of sequences as nodes of an ONNX graph, in the form of layers.c's table. */
#ifndef CLF_INTERCHANGE_ONNX_SEQUENCES_H
#define CLF_INTERCHANGE_ONNX_SEQUENCES_H

#include "interchange/onnx/graph.h"

clf_status clf__graph_embedding(clf__graph *graph, const clf__layer *layer, float *const *weights);
clf_status clf__graph_recurrent(clf__graph *graph, const clf__layer *layer, float *const *weights);
clf_status clf__graph_time_pool(clf__graph *graph, const clf__layer *layer, float *const *weights);

#endif
