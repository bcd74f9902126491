/* A kind for the time of one call: a reader with its parameters, on the caller's context. */
#ifndef CLF_BASE_KIND_USE_H
#define CLF_BASE_KIND_USE_H

#include "base/context.h"
#include "base/kinds.h"

typedef struct clf__kind_use {
  const void *kind;     /* the struct that contains the clf__kind */
  clf_context *context; /* retained */
  void *params;         /* the values of its parameters */
} clf__kind_use;

/* `kind` is the result of clf__kind_find(): if it is NULL, returns CLF_ERROR_ARGUMENT. */
clf_status clf__kind_choose(clf__kind_use *out, const void *kind, clf_context *context,
                            const char *params);
void clf__kind_release(clf__kind_use *use);

#endif
