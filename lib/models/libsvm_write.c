/* Writes LIBSVM's model files: classes in our order, so that nothing changes its sign. */
#include <limits.h>

#include "base/text.h"
#include "data/sparse_text.h"
#include "models/libsvm.h"

enum { PIECE = 1 << 16 };

/* What such a file has no place for. */
static clf_status check_written(const clf_model *model) {
  if (model->kind != &clf__svm_kind) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "libsvm: its files hold models of kind svm; this is %s",
                     model->kind->name);
  }
  if (model->step_count > 0) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "libsvm: there is no place for the model's transforms; fit one without on "
                     "rows that are transformed already");
  }
  if (clf__svm_shape_of(model).one_vs_rest) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "libsvm: its files hold machines of pairs; fit with multiclass=one_vs_one");
  }
  if (clf__store_tensor(model->state, "center") != NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "libsvm: there is no place for the model's center, which was subtracted from "
                     "rows far from 0; fit on rows that are moved or standardized already");
  }
  for (int64_t k = 0; k < model->outputs; k++) {
    const char *name = clf__classes_name(model->classes, k);
    int64_t label;
    if (!clf__parse_i64(name, &label) || label < INT32_MIN || label > INT32_MAX) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "libsvm: the class '%s' is not an integer of 32 bits, as labels must be",
                       name);
    }
  }
  return CLF_OK;
}

/* Number `index` of `count`, which are `step` apart. */
static void append_numbers(clf__text *text, const char *key, const double *values, int64_t count,
                           int64_t step, double factor) {
  clf__text_append(text, "%s", key);
  for (int64_t i = 0; i < count; i++) {
    clf__text_append(text, " %s", clf__number_text(factor * values[i * step]));
  }
  clf__text_append(text, "\n");
}

static void append_function(clf__text *text, const clf__kernel_function *function) {
  static const char *const kernels[] = {"linear", "polynomial", "rbf", "sigmoid", "precomputed"};
  const bool polynomial = function->kind == CLF__KERNEL_POLYNOMIAL;
  const bool sigmoid = function->kind == CLF__KERNEL_SIGMOID;
  clf__text_append(text, "svm_type c_svc\nkernel_type %s\n", kernels[function->kind]);
  if (polynomial) {
    clf__text_append(text, "degree %d\n", (int)function->degree);
  }
  if (polynomial || sigmoid || function->kind == CLF__KERNEL_RBF) {
    clf__text_append(text, "gamma %s\n", clf__number_text(function->gamma));
  }
  if (polynomial || sigmoid) {
    clf__text_append(text, "coef0 %s\n", clf__number_text(function->coef0));
  }
}

static void append_header(clf__text *text, const clf_model *model) {
  const clf__kernel_function function = clf__support_function(model);
  const int64_t pairs = clf__svm_shape_of(model).problems;
  const clf_tensor *calibration = clf__store_tensor(model->state, "calibration");
  append_function(text, &function);
  clf__text_append(text, "nr_class %lld\ntotal_sv %lld\n", (long long)model->outputs,
                   (long long)clf__support_count(model));
  append_numbers(text, "rho", clf__state_data(model->state, "intercept"), pairs, 1, -1);
  clf__text_append(text, "label");
  for (int64_t k = 0; k < model->outputs; k++) {
    clf__text_append(text, " %s", clf__classes_name(model->classes, k));
  }
  clf__text_append(text, "\n");
  if (calibration != NULL) {
    append_numbers(text, "probA", calibration->data, pairs, 2, 1);
    append_numbers(text, "probB", (const double *)calibration->data + 1, pairs, 2, 1);
  }
  clf__text_append(text, "nr_sv");
  const int64_t *count = clf__state_data(model->state, "support_count");
  for (int64_t k = 0; k < model->outputs; k++) {
    clf__text_append(text, " %lld", (long long)count[k]);
  }
  clf__text_append(text, "\nSV\n");
}

static void append_vector(clf__text *text, const clf_model *model, const clf__rows *z,
                          int64_t vector, const clf__byte_texts *texts) {
  const float *c = clf__state_data(model->state, "dual_coef");
  for (int64_t k = 0; k < model->outputs - 1; k++) {
    const char *blank = k > 0 ? " " : "";
    clf__text_append(text, "%s%s", blank, clf__number_format_f32(c[k * z->rows + vector]).text);
  }
  if (clf__support_function(model).kind == CLF__KERNEL_PRECOMPUTED) {
    const int64_t *support = clf__state_data(model->state, "support");
    clf__text_append(text, " 0:%lld", (long long)support[vector] + 1);
  } else {
    clf__append_row(text, z, vector, texts);
  }
  clf__text_append_bytes(text, "\n", 1);
}

clf_status clf__libsvm_export(const clf_model *model, clf__output *output) {
  clf_status status = check_written(model);
  if (status < 0) {
    return status;
  }
  clf__text text = {.context = model->context};
  clf__byte_texts texts;
  const clf__rows z = clf__support_rows(model);
  clf__byte_texts_fill(&texts, &z);
  append_header(&text, model);
  for (int64_t vector = 0; vector < z.rows; vector++) {
    append_vector(&text, model, &z, vector, &texts);
    CLF__TRY(clf__output_text(output, &text, PIECE));
  }
  CLF__TRY(clf__output_text(output, &text, 0));
done:
  clf__text_free(&text);
  return status;
}
