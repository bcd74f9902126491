/* The kinds of layers. A new kind is a file with its clf__layer_kind and a line here. */
#include "layers/layer.h"

static const clf__kind *const kinds[] = {
    &clf__dense_kind.base,
    &clf__activation_kind.base,
    &clf__dropout_kind.base,
    &clf__flatten_kind.base,
    &clf__conv2d_kind.base,
    &clf__max_pool2d_kind.base,
    &clf__average_pool2d_kind.base,
    &clf__global_max_pool2d_kind.base,
    &clf__global_average_pool2d_kind.base,
    &clf__batch_norm_kind.base,
    &clf__embedding_kind.base,
    &clf__rnn_kind.base,
    &clf__lstm_kind.base,
    &clf__gru_kind.base,
    &clf__global_average_pool1d_kind.base,
    &clf__global_max_pool1d_kind.base,
    NULL,
};

const clf__registry clf__layer_kinds = {"layer", "layer", kinds};
