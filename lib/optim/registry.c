/* The kinds of optimizers. */
#include "optim/optimizer.h"

static const clf__kind *const kinds[] = {
    &clf__sgd_kind.base,     &clf__adam_kind.base,    &clf__adamw_kind.base,
    &clf__rmsprop_kind.base, &clf__adagrad_kind.base, NULL,
};

const clf__registry clf__optimizer_kinds = {"optimizer", "optimizer", kinds};
