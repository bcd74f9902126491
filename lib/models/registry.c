/* The kinds of models. A new one is a file with its clf__model_kind and a line here. */
#include <stddef.h>

#include "models/model.h"

static const clf__model_kind *const kinds[] = {
    &clf__ridge_kind, &clf__fisher_kind, &clf__perceptron_kind, &clf__logistic_kind, NULL,
};

const clf__model_kind *const *clf__model_kinds(void) {
  return kinds;
}
