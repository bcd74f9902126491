/* Transforms of categories as nodes of an ONNX graph. */
#ifndef CLF_INTERCHANGE_ONNX_CODES_H
#define CLF_INTERCHANGE_ONNX_CODES_H

#include "interchange/onnx/transforms.h"

/* Add what the chosen columns become: of kinds with codes, and of those with marks. Return
 * CLF_ERROR_UNSUPPORTED for categories that f32 rows do not hold. */
clf_status clf__graph_codes(clf__graph *graph, const clf_transform *stage, int64_t number);
clf_status clf__graph_marks(clf__graph *graph, const clf_transform *stage, int64_t number);

#endif
