/* What all linear kinds share: decision values W x + b from the tensors `weights` and `intercept`.
 */
#include "models/model.h"
#include "ops/ops.h"

clf_status clf__check_tensor(const clf_model *model, const char *name, int32_t dtype, int64_t rows,
                             int64_t columns) {
  const clf_tensor *tensor = clf__store_tensor(model->state, name);
  bool right = tensor != NULL && tensor->dtype == dtype && tensor->ndim == (columns >= 0 ? 2 : 1) &&
               (rows < 0 || tensor->shape[0] == rows) &&
               (columns < 0 || tensor->shape[1] == columns);
  return right ? CLF_OK
               : clf__fail(CLF_ERROR_CORRUPT, "%s: the tensor '%s' is missing or of a wrong shape",
                           model->kind->name, name);
}

clf_status clf__linear_check(const clf_model *model) {
  clf_status status = clf__check_tensor(model, "weights", CLF_F32, model->outputs, model->columns);
  return status < 0 ? status : clf__check_tensor(model, "intercept", CLF_F32, model->outputs, -1);
}

clf_status clf__linear_decide(const clf_model *model, const clf__rows *x, float *values) {
  const clf_tensor *weights = clf__store_tensor(model->state, "weights");
  const clf_tensor *intercept = clf__store_tensor(model->state, "intercept");
  return clf__linear(model->context, x, weights->data, intercept->data, model->outputs, values,
                     model->outputs);
}

clf_status clf__state_tensor(clf_context *context, clf__store *state, const char *name,
                             int32_t dtype, int64_t rows, int64_t columns) {
  clf_tensor *tensor = NULL;
  clf_status status = columns < 0 ? clf__tensor_vector(&tensor, context, dtype, rows)
                                  : clf__tensor_matrix(&tensor, context, dtype, rows, columns);
  if (status == CLF_OK) {
    status = clf__store_add_tensor(state, name, tensor);
    clf_tensor_free(tensor);
  }
  return status;
}

void *clf__state_data(const clf__store *state, const char *name) {
  return clf__store_tensor(state, name)->data;
}

clf_status clf__linear_state(clf_context *context, clf__store *state, int64_t outputs,
                             int64_t columns) {
  clf_status status = clf__state_tensor(context, state, "weights", CLF_F32, outputs, columns);
  return status < 0 ? status : clf__state_tensor(context, state, "intercept", CLF_F32, outputs, -1);
}
