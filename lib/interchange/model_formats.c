/* The formats of other programs' model files. A new format is a file with its clf__model_format, or
 * clf__model_writer, and a line here. */
#include "interchange/model_format.h"
#include "interchange/onnx/onnx.h"

static const clf__kind *const kinds[] = {&clf__model_format_libsvm.base, NULL};

const clf__registry clf__model_formats = {"model_format", "model format", kinds};

static const clf__kind *const writers[] = {
    &clf__libsvm_writer.base,
    &clf__onnx_writer.base,
    NULL,
};

const clf__registry clf__model_writers = {"model_writer", "model format", writers};
