#include "base/kind_use.h"

#include "base/status.h"

static const clf__param_table *params_of(const void *kind) {
  return &((const clf__kind *)kind)->params;
}

clf_status clf__kind_choose(clf__kind_use *out, const void *kind, clf_context *context,
                            const char *params) {
  if (kind == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  clf__kind_use made = {kind, clf__context_retain(context), NULL};
  if (made.context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = clf__params_create(&made.params, made.context, params_of(kind), params);
  if (status < 0) {
    clf__context_release(made.context);
    return status;
  }
  *out = made;
  return CLF_OK;
}

void clf__kind_release(clf__kind_use *use) {
  clf__params_free(params_of(use->kind), use->params);
  clf__context_release(use->context);
}
