/* Linear decisions as C source code: W x + b or, after a fit with a kernel, sums over support
 * vectors, which a kernel Fisher discriminant maps linearly once more. */
#include "models/linear.h"

#include "interchange/csource/csource.h"
#include "models/kernel/kernel.h"

/* Writes W and b of the decisions, in f64 if results are computed by these, and the statements that
 * apply them. */
static clf_status add_map(clf__csource *source) {
  const clf_model *model = source->model;
  const clf__linear_names *names = &clf__decision_names;
  const bool wide = clf__linear_needs_f64(model->state, names);
  const int32_t dtype = wide ? CLF_F64 : CLF_F32;
  const clf__csource_array weights = clf__csource_matrix(
      dtype, clf__state_data(model->state, wide ? names->weights_f64 : names->weights),
      model->outputs, source->columns);
  const clf__csource_array offset = clf__csource_vector(
      dtype, clf__state_data(model->state, wide ? names->offset_f64 : names->offset),
      model->outputs);
  CLF__CHECK(clf__csource_table(source, "weights", &weights));
  CLF__CHECK(clf__csource_table(source, "intercept", &offset));
  clf__csource_product(source, "weights", "intercept", model->outputs, "scores", true);
  return CLF_OK;
}

/* The images of the row along the axes of a kernel Fisher discriminant. */
static clf_status add_images(clf__csource *source, int64_t axes) {
  const char *sums = NULL, *to = NULL;
  CLF__CHECK(clf__csource_local(&sums, source, true, axes, false));
  CLF__CHECK(clf__csource_coefficients(source, "coefficients", axes));
  clf__csource_kernel_sums(source, "coefficients", NULL, axes, sums);
  clf__csource_becomes(source, sums, true, axes);
  CLF__CHECK(clf__csource_local(&to, source, false, axes, false));
  clf__csource_code(source, &source->body,
                    "  for (int j = 0; j < %lld; j++) {\n    %s[j] = (float)%s[j];\n  }\n",
                    (long long)axes, to, sums);
  clf__csource_becomes(source, to, false, axes);
  return CLF_OK;
}

clf_status clf__csource_linear(clf__csource *source) {
  const clf_model *model = source->model;
  CLF__CHECK(clf__csource_model_rows(source));
  if (!clf__support_there(model->state)) {
    return add_map(source);
  }
  CLF__CHECK(clf__csource_kernel(source));
  if (model->kind->maps_sums) {
    CLF__CHECK(add_images(source, clf__store_tensor(model->state, "coefficients")->shape[0]));
    return add_map(source);
  }
  const clf__csource_array intercept =
      clf__csource_vector(CLF_F32, clf__state_data(model->state, "intercept"), model->outputs);
  CLF__CHECK(clf__csource_coefficients(source, "coefficients", model->outputs));
  CLF__CHECK(clf__csource_table(source, "intercept", &intercept));
  clf__csource_kernel_sums(source, "coefficients", "intercept", model->outputs, "scores");
  return CLF_OK;
}
