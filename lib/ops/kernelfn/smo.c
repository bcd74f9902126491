#include "ops/kernelfn/smo.h"

#include "base/context.h"
#include "ops/kernels.h"

int64_t clf__smo_solve(clf_context *context, const clf__smo *problem) {
  return clf__kernels_for(context)->smo->solve(problem);
}
