/* Support vectors as tensors of the state: storing, checking and reading them. */
#include <math.h>
#include <string.h>

#include "data/row_order.h"
#include "models/kernel/kernel.h"

static clf_status store_function(clf_context *context, clf__store *state,
                                 const clf__kernel_function *function) {
  CLF__CHECK(clf__state_tensor(context, state, "kernel", CLF_I32, 2, -1));
  CLF__CHECK(clf__state_tensor(context, state, "kernel_gamma", CLF_F64, 1, -1));
  CLF__CHECK(clf__state_tensor(context, state, "kernel_coef0", CLF_F64, 1, -1));
  int32_t *kernel = clf__state_data(state, "kernel");
  kernel[0] = function->kind;
  kernel[1] = function->degree;
  *(double *)clf__state_data(state, "kernel_gamma") = function->gamma;
  *(double *)clf__state_data(state, "kernel_coef0") = function->coef0;
  return CLF_OK;
}

static clf_status store_dense(clf_context *context, clf__store *state, const clf__rows *x,
                              const int64_t *rows, int64_t count) {
  CLF__CHECK(clf__state_tensor(context, state, "support_vectors", x->dtype, count, x->columns));
  char *to = clf__state_data(state, "support_vectors");
  size_t element = x->dtype == CLF_U8 ? sizeof(uint8_t) : sizeof(float);
  size_t line = (size_t)x->columns * element;
  for (int64_t i = 0; i < count; i++) {
    int64_t row = rows == NULL ? i : rows[i];
    memcpy(to + (size_t)i * line, (const char *)x->data + (size_t)(row * x->stride) * element,
           line);
  }
  if (x->dtype == CLF_U8) {
    CLF__CHECK(clf__state_tensor(context, state, "support_scale", CLF_F32, 1, -1));
    *(float *)clf__state_data(state, "support_scale") = x->scale;
  }
  return CLF_OK;
}

static clf_status store_sparse(clf_context *context, clf__store *state, const clf__rows *x,
                               const int64_t *rows, int64_t count) {
  CLF__CHECK(clf__state_tensor(context, state, "support_row_start", CLF_I64, count + 1, -1));
  int64_t *start = clf__state_data(state, "support_row_start");
  for (int64_t i = 0; i < count; i++) {
    int64_t row = rows == NULL ? i : rows[i];
    start[i + 1] = start[i] + x->row_start[row + 1] - x->row_start[row];
  }
  CLF__CHECK(clf__state_tensor(context, state, "support_column", CLF_I32, start[count], -1));
  CLF__CHECK(clf__state_tensor(context, state, "support_value", CLF_F32, start[count], -1));
  int32_t *column = clf__state_data(state, "support_column");
  float *value = clf__state_data(state, "support_value");
  for (int64_t i = 0; i < count; i++) {
    int64_t from = x->row_start[rows == NULL ? i : rows[i]];
    size_t entries = (size_t)(start[i + 1] - start[i]);
    memcpy(column + start[i], x->column + from, entries * sizeof *column);
    memcpy(value + start[i], x->value + from, entries * sizeof *value);
  }
  return CLF_OK;
}

clf_status clf__support_store(clf_context *context, clf__store *state,
                              const clf__kernel_function *function, const clf__rows *x,
                              const int64_t *rows, int64_t count, const float *center) {
  CLF__CHECK(store_function(context, state, function));
  CLF__CHECK(clf__state_tensor(context, state, "support", CLF_I64, count, -1));
  int64_t *support = clf__state_data(state, "support");
  for (int64_t i = 0; i < count; i++) {
    support[i] = rows == NULL ? i : rows[i];
  }
  if (function->kind != CLF__KERNEL_PRECOMPUTED) {
    CLF__CHECK(clf__rows_sparse(x) ? store_sparse(context, state, x, rows, count)
                                   : store_dense(context, state, x, rows, count));
  }
  if (center != NULL) {
    CLF__CHECK(clf__state_tensor(context, state, "kernel_center", CLF_F32, x->columns, -1));
    memcpy(clf__state_data(state, "kernel_center"), center, (size_t)x->columns * sizeof(float));
  }
  return CLF_OK;
}

static clf_status corrupt(const clf_model *model, const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "%s: %s", model->kind->base.name, what);
}

static clf_status check_function(const clf_model *model) {
  CLF__CHECK(clf__check_tensor(model, "kernel", CLF_I32, 2, -1));
  CLF__CHECK(clf__check_tensor(model, "kernel_gamma", CLF_F64, 1, -1));
  CLF__CHECK(clf__check_tensor(model, "kernel_coef0", CLF_F64, 1, -1));
  const int32_t *kernel = clf__state_data(model->state, "kernel");
  if (kernel[0] < CLF__KERNEL_LINEAR || kernel[0] > CLF__KERNEL_PRECOMPUTED) {
    return corrupt(model, "the kernel is none of those known");
  }
  clf__kernel_function function = clf__support_function(model);
  if (function.degree < 1 || function.degree > 64 ||
      !(function.gamma >= 0 && function.gamma <= CLF__KERNEL_MAX_GAMMA) ||
      !(fabs(function.coef0) <= 1e30)) {
    return corrupt(model, "degree, gamma or coef0 of the kernel is out of bounds");
  }
  return CLF_OK;
}

static clf_status check_numbers(const clf_model *model, bool precomputed) {
  CLF__CHECK(clf__check_tensor(model, "support", CLF_I64, -1, -1));
  const int64_t *support = clf__state_data(model->state, "support");
  int64_t max = precomputed ? model->columns - 1 : INT64_MAX;
  if (clf__support_count(model) < 1) {
    return corrupt(model, "there are no support vectors");
  }
  for (int64_t i = 0; i < clf__support_count(model); i++) {
    if (support[i] < 0 || support[i] > max) {
      return corrupt(model, "a support vector's row number is out of bounds");
    }
  }
  return CLF_OK;
}

static clf_status check_dense(const clf_model *model) {
  const clf_tensor *vectors = clf__store_tensor(model->state, "support_vectors");
  bool bytes = vectors != NULL && vectors->dtype == CLF_U8;
  CLF__CHECK(clf__check_tensor(model, "support_vectors", bytes ? CLF_U8 : CLF_F32,
                               clf__support_count(model), model->columns));
  if (bytes) {
    CLF__CHECK(clf__check_tensor(model, "support_scale", CLF_F32, 1, -1));
    float scale = *(const float *)clf__state_data(model->state, "support_scale");
    if (!isfinite(scale)) {
      return corrupt(model, "the support vectors' scale is not finite");
    }
  }
  return CLF_OK;
}

static clf_status check_sparse(const clf_model *model) {
  int64_t count = clf__support_count(model);
  CLF__CHECK(clf__check_tensor(model, "support_row_start", CLF_I64, count + 1, -1));
  CLF__CHECK(clf__check_tensor(model, "support_column", CLF_I32, -1, -1));
  int64_t entries = clf_tensor_count(clf__store_tensor(model->state, "support_column"));
  CLF__CHECK(clf__check_tensor(model, "support_value", CLF_F32, entries, -1));
  const int64_t *start = clf__state_data(model->state, "support_row_start");
  const int32_t *column = clf__state_data(model->state, "support_column");
  if (start[0] != 0 || start[count] != entries) {
    return corrupt(model, "the support vectors' rows do not hold all entries");
  }
  for (int64_t i = 0; i < count; i++) {
    if (start[i + 1] < start[i] || start[i + 1] > entries) {
      return corrupt(model, "the support vectors' rows do not follow each other");
    }
    int64_t length = start[i + 1] - start[i];
    if (!clf__row_ascends(column + start[i], length) ||
        (length > 0 && (column[start[i]] < 0 || column[start[i + 1] - 1] >= model->columns))) {
      return corrupt(model, "a support vector's columns do not ascend or are out of bounds");
    }
  }
  return CLF_OK;
}

static clf_status check_finite(const clf_model *model, const char *name) {
  const clf_tensor *tensor = clf__store_tensor(model->state, name);
  bool floats = tensor != NULL && tensor->dtype == CLF_F32;
  for (int64_t i = 0; floats && i < clf_tensor_count(tensor); i++) {
    if (!isfinite(((const float *)tensor->data)[i])) {
      return corrupt(model, "a support vector holds a value that is not finite");
    }
  }
  return CLF_OK;
}

clf_status clf__support_check(const clf_model *model) {
  CLF__CHECK(check_function(model));
  bool precomputed = clf__support_function(model).kind == CLF__KERNEL_PRECOMPUTED;
  CLF__CHECK(check_numbers(model, precomputed));
  if (precomputed) {
    return CLF_OK;
  }
  bool sparse = clf__store_tensor(model->state, "support_row_start") != NULL;
  CLF__CHECK(sparse ? check_sparse(model) : check_dense(model));
  CLF__CHECK(check_finite(model, sparse ? "support_value" : "support_vectors"));
  if (clf__store_tensor(model->state, "kernel_center") != NULL) {
    CLF__CHECK(clf__check_tensor(model, "kernel_center", CLF_F32, model->columns, -1));
    CLF__CHECK(check_finite(model, "kernel_center"));
  }
  return CLF_OK;
}

int64_t clf__support_count(const clf_model *model) {
  return clf__store_tensor(model->state, "support")->shape[0];
}

clf__kernel_function clf__support_function(const clf_model *model) {
  const int32_t *kernel = clf__state_data(model->state, "kernel");
  return (clf__kernel_function){
      .kind = kernel[0],
      .degree = kernel[1],
      .gamma = *(const double *)clf__state_data(model->state, "kernel_gamma"),
      .coef0 = *(const double *)clf__state_data(model->state, "kernel_coef0")};
}

clf__rows clf__support_rows(const clf_model *model) {
  const clf__store *state = model->state;
  clf__rows rows = {.rows = clf__support_count(model),
                    .columns = model->columns,
                    .dtype = CLF_F32,
                    .scale = 1,
                    .stride = model->columns};
  const clf_tensor *dense = clf__store_tensor(state, "support_vectors");
  if (clf__store_tensor(state, "support_row_start") != NULL) {
    rows.row_start = clf__state_data(state, "support_row_start");
    rows.column = clf__state_data(state, "support_column");
    rows.value = clf__state_data(state, "support_value");
  } else if (dense != NULL) {
    rows.data = dense->data;
    rows.dtype = dense->dtype;
    rows.scale =
        dense->dtype == CLF_U8 ? *(const float *)clf__state_data(state, "support_scale") : 1;
  }
  return rows;
}
