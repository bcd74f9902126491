/* The kinds of models. A new one is a file with its clf__model_kind and a line here. */
#include "base/text.h"
#include "models/model.h"

static const clf__model_kind *const kinds[] = {
    &clf__ridge_kind,
    &clf__fisher_kind,
    &clf__perceptron_kind,
    &clf__logistic_kind,
    &clf__svm_kind,
    &clf__network_kind,
    NULL,
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] - 1 };

const clf__model_kind *const *clf__model_kinds(void) {
  return kinds;
}

clf_status clf__model_kind_find(const clf__model_kind **out, const char *name) {
  const char *names[KIND_COUNT];
  for (int32_t i = 0; i < KIND_COUNT; i++) {
    names[i] = kinds[i]->name;
  }
  int64_t index = clf__find_name("model", name, names, KIND_COUNT);
  if (index < 0) {
    return CLF_ERROR_ARGUMENT;
  }
  *out = kinds[index];
  return CLF_OK;
}
