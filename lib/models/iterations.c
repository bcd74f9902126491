/* The tensor `iterations` i64: how many iterations (of a solver) or epochs the fit took. The svm
 * has a number for each machine, and ridge by conjugate gradients adds its own. For all others it
 * is the length of the history that the fit has left, so models that an earlier version saved have
 * it, too. */
#include "models/model.h"

static const char entry[] = "iterations";
static const char *const histories[] = {"history_loss", "history_residual"};

clf_status clf__iterations_add(const clf_model *model) {
  const clf_tensor *history = NULL;
  for (size_t i = 0; i < sizeof histories / sizeof *histories && history == NULL; i++) {
    history = clf__store_tensor(model->state, histories[i]);
  }
  if (history == NULL || clf__store_tensor(model->state, entry) != NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__state_tensor(model->context, model->state, entry, CLF_I64, 1, -1));
  *(int64_t *)clf__state_data(model->state, entry) = clf_tensor_count(history);
  return CLF_OK;
}

clf_status clf__iterations_check(const clf_model *model) {
  const clf_tensor *tensor = clf__store_tensor(model->state, entry);
  if (tensor == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, entry, CLF_I64, -1, -1));
  if (tensor->shape[0] < 1) {
    return clf__fail(CLF_ERROR_CORRUPT, "%s: the numbers of iterations are missing",
                     model->kind->base.name);
  }
  for (int64_t i = 0; i < tensor->shape[0]; i++) {
    if (((const int64_t *)tensor->data)[i] < 0) {
      return clf__fail(CLF_ERROR_CORRUPT, "%s: a number of iterations is below 0",
                       model->kind->base.name);
    }
  }
  return CLF_OK;
}
