/* The kinds of models. A new kind is a file with its clf__model_kind and a line here. */
#include "models/model.h"

static const clf__kind *const kinds[] = {
    &clf__ridge_kind.base,
    &clf__fisher_kind.base,
    &clf__perceptron_kind.base,
    &clf__logistic_kind.base,
    &clf__svm_kind.base,
    &clf__network_kind.base,
    NULL,
};

const clf__registry clf__model_kinds = {"model", "model", kinds};
