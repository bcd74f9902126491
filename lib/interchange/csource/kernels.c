/* Kernel functions of a row and a support vector as C source code, and sums of their values. All
 * arithmetic is in doubles. tanh(v) is written as 1 - 2 / (e^2v + 1), so that exp is the only
 * function of libm. */
#include "interchange/csource/csource.h"

#include "models/kernel/kernel.h"

/* Adds the loop that computes x.z or, for rbf, |x - z|^2 in `sum` from dense vectors. Bytes have a
 * scale. */
static clf_status add_dense(clf__csource *source, const clf__rows *z, bool distance) {
  const clf__csource_array vectors = clf__csource_matrix(z->dtype, z->data, z->rows, z->columns);
  const bool scaled = z->dtype == CLF_U8;
  CLF__CHECK(clf__csource_table(source, "vectors", &vectors));
  clf__csource_code(source, &source->text,
                    "\nstatic double @kernel(const float *x, int v) {\n"
                    "  double sum = 0;\n"
                    "  for (int j = 0; j < %lld; j++) {\n"
                    "    const double z = %s%s(double)@vectors[v][j];\n",
                    (long long)z->columns, scaled ? clf__csource_f64((double)z->scale).text : "",
                    scaled ? " * " : "");
  clf__csource_code(source, &source->text,
                    distance ? "    sum += ((double)x[j] - z) * ((double)x[j] - z);\n  }\n"
                             : "    sum += (double)x[j] * z;\n  }\n");
  return CLF_OK;
}

/* The same from sparse vectors. A squared distance is that from 0, changed where the vector is not
 * 0: (x - z)^2 - x^2 = z (z - 2x). */
static clf_status add_sparse(clf__csource *source, const clf__rows *z, bool distance) {
  const int64_t entries = z->row_start[z->rows];
  const clf__csource_array starts = clf__csource_vector(CLF_I64, z->row_start, z->rows + 1);
  const clf__csource_array columns = clf__csource_vector(CLF_I32, z->column, entries);
  const clf__csource_array values = clf__csource_vector(CLF_F32, z->value, entries);
  CLF__CHECK(clf__csource_table(source, "start", &starts));
  CLF__CHECK(clf__csource_table(source, "column", &columns));
  CLF__CHECK(clf__csource_table(source, "vectors", &values));
  clf__csource_code(source, &source->text,
                    "\nstatic double @kernel(const float *x, int v) {\n"
                    "  double sum = 0;\n");
  if (distance) {
    clf__csource_code(source, &source->text,
                      "  for (int j = 0; j < %lld; j++) {\n"
                      "    sum += (double)x[j] * (double)x[j];\n"
                      "  }\n",
                      (long long)z->columns);
  }
  clf__csource_code(source, &source->text,
                    "  for (int e = @start[v]; e < @start[v + 1]; e++) {\n"
                    "    const double z = (double)@vectors[e];\n"
                    "    sum += z * %s(double)x[@column[e]]%s;\n"
                    "  }\n",
                    distance ? "(z - 2 * " : "", distance ? ")" : "");
  return CLF_OK;
}

/* Adds the statements that return the kernel value of `sum`. */
static void add_function(clf__csource *source, const clf__kernel_function *function) {
  const clf__number_text_result gamma = clf__csource_f64(function->gamma);
  const clf__number_text_result coef0 = clf__csource_f64(function->coef0);
  clf__text *text = &source->text;
  if (function->kind == CLF__KERNEL_RBF) {
    clf__csource_code(source, text, "  return exp(-%s * sum);\n}\n", gamma.text);
  } else if (function->kind == CLF__KERNEL_SIGMOID) {
    clf__csource_code(source, text, "  return 1 - 2 / (exp(2 * (%s * sum + %s)) + 1);\n}\n",
                      gamma.text, coef0.text);
  } else if (function->kind == CLF__KERNEL_POLYNOMIAL) {
    clf__csource_code(source, text,
                      "  double power = 1;\n"
                      "  for (int i = 0; i < %d; i++) {\n"
                      "    power *= %s * sum + %s;\n"
                      "  }\n"
                      "  return power;\n}\n",
                      (int)function->degree, gamma.text, coef0.text);
  } else {
    clf__csource_code(source, text, "  return sum;\n}\n");
  }
}

/* The value is a feature of the row itself. */
static clf_status write_precomputed(clf__csource *source) {
  const clf_tensor *support = clf__store_tensor(source->model->state, "support");
  const clf__csource_array rows = clf__csource_vector(CLF_I64, support->data, support->shape[0]);
  CLF__CHECK(clf__csource_table(source, "support", &rows));
  clf__csource_code(source, &source->text,
                    "\nstatic double @kernel(const float *x, int v) {\n"
                    "  return (double)x[@support[v]];\n}\n");
  return CLF_OK;
}

clf_status clf__csource_kernel(clf__csource *source) {
  const clf__kernel_function function = clf__support_function(source->model);
  const clf__rows z = clf__support_rows(source->model);
  const bool distance = function.kind == CLF__KERNEL_RBF;
  if (function.kind == CLF__KERNEL_PRECOMPUTED) {
    return write_precomputed(source);
  }
  if (distance || function.kind == CLF__KERNEL_SIGMOID) {
    clf__csource_math(source);
  }
  CLF__CHECK(clf__rows_sparse(&z) ? add_sparse(source, &z, distance)
                                  : add_dense(source, &z, distance));
  add_function(source, &function);
  return CLF_OK;
}

clf_status clf__csource_coefficients(clf__csource *source, const char *name, int64_t outputs) {
  const int64_t vectors = clf__support_count(source->model);
  const clf__csource_array array = {
      clf__state_data(source->model->state, name), CLF_F32, vectors, outputs, 1, vectors};
  return clf__csource_table(source, name, &array);
}

void clf__csource_kernel_sums(clf__csource *source, const char *coefficients, const char *bias,
                              int64_t outputs, const char *to) {
  const int64_t vectors = clf__support_count(source->model);
  clf__text *body = &source->body;
  clf__csource_code(source, body,
                    "  for (int k = 0; k < %lld; k++) {\n    %s[k] = ", (long long)outputs, to);
  if (bias != NULL) {
    clf__csource_code(source, body, "(double)@%s[k];\n  }\n", bias);
  } else {
    clf__csource_code(source, body, "0;\n  }\n");
  }
  clf__csource_code(source, body,
                    "  for (int v = 0; v < %lld; v++) {\n"
                    "    const double value = @kernel(%s, v);\n"
                    "    for (int k = 0; k < %lld; k++) {\n"
                    "      %s[k] += (double)@%s[v][k] * value;\n"
                    "    }\n"
                    "  }\n",
                    (long long)vectors, source->values, (long long)outputs, to, coefficients);
}
