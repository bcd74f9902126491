/* The transforms of a model as nodes of an ONNX graph. */
#ifndef CLF_INTERCHANGE_ONNX_TRANSFORMS_H
#define CLF_INTERCHANGE_ONNX_TRANSFORMS_H

#include "interchange/onnx/graph.h"
#include "models/model.h"

/* Returns the name of a constant of stage `number`, from 1: "transform_1_what". */
clf__value_name clf__graph_stage_name(const char *what, int64_t number);
/* Returns whether a transform makes other columns of the rows, which then have one axis. */
bool clf__graph_changes_columns(const clf_model *model);
/* Adds the transforms, which read the current value. Returns CLF_ERROR_UNSUPPORTED for one that has
 * no operators. */
clf_status clf__graph_transforms(clf__graph *graph, const clf_model *model);

#endif
