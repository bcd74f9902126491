/* The formats of other programs' model files. A new one is a file with its clf__model_format and a
 * line here. */
#include "interchange/model_format.h"
#include "interchange/onnx/onnx.h"

static const clf__kind *const kinds[] = {
    &clf__model_format_libsvm.base,
    &clf__model_format_onnx.base,
    NULL,
};

const clf__registry clf__model_formats = {"model_format", "model format", kinds};
