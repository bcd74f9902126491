/* Layers as nodes of an ONNX graph. */
#ifndef CLF_INTERCHANGE_ONNX_LAYERS_H
#define CLF_INTERCHANGE_ONNX_LAYERS_H

#include "interchange/onnx/graph.h"

/* How layers of an operation (CLF__OPERATION_…) are written: by a function, or not at all, for the
 * reason in the message. */
typedef struct clf__graph_rule {
  clf_status (*add)(clf__graph *graph, const clf__layer *layer, float *const *weights);
  const char *refusal;
} clf__graph_rule;

extern const clf__graph_rule clf__graph_rules[CLF__OPERATIONS];

/* Adds a layer with its weights. Returns CLF_ERROR_UNSUPPORTED, with its name, for a layer that has
 * no rule here. */
clf_status clf__graph_layer(clf__graph *graph, const clf__layer *layer, float *const *weights);

#endif
