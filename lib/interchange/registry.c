/* The formats of other programs' model files. A new format is a file with its clf__model_reader, or
 * clf__model_writer, and a line here. */
#include "interchange/model_format.h"
#include "interchange/onnx/onnx.h"

static const clf__kind *const kinds[] = {
    &clf__model_reader_libsvm.base,
    &clf__model_reader_liblinear.base,
    NULL,
};

const clf__registry clf__model_readers = {"model_reader", "model format", kinds};

static const clf__kind *const writers[] = {
    &clf__model_writer_libsvm.base,
    &clf__model_writer_liblinear.base,
    &clf__model_writer_onnx.base,
    &clf__model_writer_c.base,
    NULL,
};

const clf__registry clf__model_writers = {"model_writer", "model format", writers};
