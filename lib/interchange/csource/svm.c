/* Decisions of support vector machines as C source code: the values of the machines, and from them
 * votes, values or log-odds of the classes, as in lib/models/svm. Without classes, the values are
 * the scores. */
#include "models/svm/svm.h"

#include "base/math.h"
#include "interchange/csource/csource.h"

/* What the statements refer to. */
typedef struct machines {
  clf__svm_shape shape;
  int64_t classes;
  const int64_t *support_count; /* [classes]; classes without rows have none */
  int64_t present;              /* classes that have some */
  const char *values;           /* the local array of the machines' values */
} machines;

static machines machines_of(const clf_model *model) {
  machines m = {.shape = clf__svm_shape_of(model),
                .classes = model->classes != NULL ? model->outputs : 0,
                .support_count = clf__state_data(model->state, "support_count")};
  for (int64_t k = 0; k < m.classes; k++) {
    m.present += m.support_count[k] > 0;
  }
  return m;
}

/* Writes an array of a number for each class: where its vectors end, or whether it has some. */
static clf_status write_classes(clf__csource *source, const machines *m, const char *name,
                                bool ends) {
  int64_t *numbers = clf__alloc_array(source->model->context, m->classes, sizeof *numbers);
  int64_t end = 0;
  if (numbers == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t k = 0; k < m->classes; k++) {
    end += m->support_count[k];
    numbers[k] = ends ? end : m->support_count[k] > 0;
  }
  const clf__csource_array array = clf__csource_vector(CLF_I64, numbers, m->classes);
  const clf_status status = clf__csource_table(source, name, &array);
  clf__free(numbers);
  return status;
}

/* Vectors are in the order of their classes. Each has a coefficient for every other class. */
static clf_status add_pairs(clf__csource *source, const machines *m) {
  const int64_t vectors = clf__support_count(source->model);
  clf__text *body = &source->body;
  CLF__CHECK(clf__csource_coefficients(source, "dual_coef", m->classes - 1));
  CLF__CHECK(write_classes(source, m, "end", true));
  clf__csource_code(source, &source->text,
                    "\nstatic int @pair(int i, int j) {\n"
                    "  return i * (%lld - i) / 2 + j - i - 1;\n}\n",
                    (long long)(2 * m->classes - 1));
  clf__csource_code(source, body,
                    "  for (int k = 0; k < %lld; k++) {\n    %s[k] = @intercept[k];\n  }\n",
                    (long long)m->shape.problems, m->values);
  clf__csource_code(source, body,
                    "  for (int v = 0, own = 0; v < %lld; v++) {\n"
                    "    const double value = @kernel(%s, v);\n"
                    "    while (v >= @end[own]) {\n"
                    "      own++;\n"
                    "    }\n",
                    (long long)vectors, source->values);
  clf__csource_code(source, body,
                    "    for (int k = 0; k < own; k++) {\n"
                    "      %s[@pair(k, own)] += (double)@dual_coef[v][k] * value;\n"
                    "    }\n"
                    "    for (int k = own + 1; k < %lld; k++) {\n"
                    "      %s[@pair(own, k)] += (double)@dual_coef[v][k - 1] * value;\n"
                    "    }\n"
                    "  }\n",
                    m->values, (long long)m->classes, m->values);
  return CLF_OK;
}

static clf_status add_machines(clf__csource *source, machines *m) {
  const clf_model *model = source->model;
  const clf__csource_array intercept =
      clf__csource_vector(CLF_F64, clf__state_data(model->state, "intercept"), m->shape.problems);
  CLF__CHECK(clf__csource_local(&m->values, source, true, m->shape.problems, false));
  CLF__CHECK(clf__csource_table(source, "intercept", &intercept));
  if (clf__support_function(model).kind == CLF__KERNEL_LINEAR) {
    const clf__csource_array weights = clf__csource_matrix(
        CLF_F32, clf__state_data(model->state, "weights"), m->shape.problems, model->columns);
    CLF__CHECK(clf__csource_table(source, "weights", &weights));
    clf__csource_product(source, "weights", "intercept", m->shape.problems, m->values, true);
    return CLF_OK;
  }
  CLF__CHECK(clf__csource_kernel(source));
  if (m->shape.pairs) {
    return add_pairs(source, m);
  }
  CLF__CHECK(clf__csource_coefficients(source, "dual_coef", m->shape.problems));
  clf__csource_kernel_sums(source, "dual_coef", "intercept", m->shape.problems, m->values);
  return CLF_OK;
}

/* Votes of the pairs, with ties broken by their values. */
static void add_votes(clf__csource *source, const machines *m) {
  const long long classes = m->classes;
  clf__csource_code(source, &source->body,
                    "  for (int k = 0; k < %lld; k++) {\n    scores[k] = 0;\n  }\n"
                    "  for (int i = 0, p = 0; i < %lld; i++) {\n"
                    "    for (int j = i + 1; j < %lld; j++, p++) {\n"
                    "      const double value = %s[p];\n"
                    "      const double tie = (value > 1 ? 1 : value < -1 ? -1 : value) / %lld;\n"
                    "      scores[value > 0 ? i : j] += 1;\n"
                    "      scores[i] += tie;\n"
                    "      scores[j] -= tie;\n"
                    "    }\n"
                    "  }\n",
                    classes, classes, classes, m->values, 2 * classes);
}

/* A class without rows gets a value below all others. */
static clf_status add_rest(clf__csource *source, const machines *m) {
  const long long classes = m->classes;
  clf__text *body = &source->body;
  if (m->present == m->classes) {
    clf__csource_code(source, body,
                      "  for (int k = 0; k < %lld; k++) {\n    scores[k] = %s[k];\n  }\n", classes,
                      m->values);
    return CLF_OK;
  }
  int64_t first = 0;
  while (m->support_count[first] == 0) {
    first++;
  }
  CLF__CHECK(write_classes(source, m, "present", false));
  clf__csource_code(source, body,
                    "  double lowest = %s[%lld];\n"
                    "  for (int k = 0; k < %lld; k++) {\n"
                    "    lowest = @present[k] && %s[k] < lowest ? %s[k] : lowest;\n"
                    "  }\n"
                    "  for (int k = 0; k < %lld; k++) {\n"
                    "    scores[k] = @present[k] ? %s[k] : lowest - 1;\n"
                    "  }\n",
                    m->values, (long long)first, classes, m->values, m->values, classes, m->values);
  return CLF_OK;
}

/* Writes the function that couples the probabilities of pairs, by the iteration of Wu, Lin and Weng
 * (lib/models/svm/svm_probability.c). Its memory is q [classes, classes] and qp [classes]. */
static void write_coupling(clf__csource *source, const machines *m) {
  const long long classes = m->classes, present = m->present;
  const long long rounds = m->present > 100 ? m->present : 100;
  clf__text *text = &source->text;
  clf__csource_code(source, text,
                    "\nstatic void @couple(const double *f, double *q, double *qp, double *p) {\n"
                    "  enum { N = %lld, ROUNDS = %lld };\n"
                    "  for (int i = 0; i < N * N; i++) {\n    q[i] = 0;\n  }\n"
                    "  for (int i = 0, m = 0; i < N; i++) {\n"
                    "    p[i] = @present[i] ? 1.0 / %lld : 0;\n"
                    "    for (int j = i + 1; j < N; j++, m++) {\n"
                    "      if (@present[i] && @present[j]) {\n"
                    "        const double r = @calibrated(m, f[m]);\n"
                    "        q[i * N + i] += (1 - r) * (1 - r);\n"
                    "        q[j * N + j] += r * r;\n"
                    "        q[i * N + j] = q[j * N + i] = -r * (1 - r);\n"
                    "      }\n    }\n  }\n",
                    classes, rounds, present);
  clf__csource_code(source, text,
                    "  for (int round = 0; round < ROUNDS; round++) {\n"
                    "    double sum = 0, error = 0;\n"
                    "    for (int i = 0; i < N; i++) {\n"
                    "      qp[i] = 0;\n"
                    "      for (int j = 0; j < N; j++) {\n"
                    "        qp[i] += q[i * N + j] * p[j];\n      }\n"
                    "      sum += p[i] * qp[i];\n    }\n"
                    "    for (int i = 0; i < N; i++) {\n"
                    "      const double off = qp[i] < sum ? sum - qp[i] : qp[i] - sum;\n"
                    "      error = @present[i] && off > error ? off : error;\n    }\n"
                    "    if (error < 0.005 / %lld) {\n      return;\n    }\n",
                    present);
  clf__csource_code(source, text,
                    "    for (int i = 0; i < N; i++) {\n"
                    "      if (!@present[i]) {\n        continue;\n      }\n"
                    "      const double step = (sum - qp[i]) / q[i * N + i], all = 1 + step;\n"
                    "      p[i] += step;\n"
                    "      sum = (sum + step * (step * q[i * N + i] + 2 * qp[i])) / all / all;\n"
                    "      for (int j = 0; j < N; j++) {\n"
                    "        qp[j] = (qp[j] + step * q[i * N + j]) / all;\n"
                    "        p[j] /= all;\n      }\n    }\n  }\n}\n");
}

/* With two classes, the probability of their pair is used directly. */
static void add_pair_of_two(clf__csource *source, const machines *m) {
  int64_t pair = 0, first = -1, second = -1;
  for (int64_t i = 0, p = 0; i < m->classes; i++) {
    for (int64_t j = i + 1; j < m->classes; j++, p++) {
      if (m->support_count[i] > 0 && m->support_count[j] > 0) {
        pair = p;
        first = i;
        second = j;
      }
    }
  }
  clf__csource_code(source, &source->body,
                    "  for (int k = 0; k < %lld; k++) {\n    scores[k] = 0;\n  }\n"
                    "  scores[%lld] = @calibrated(%lld, %s[%lld]);\n"
                    "  scores[%lld] = 1 - scores[%lld];\n",
                    (long long)m->classes, (long long)first, (long long)pair, m->values,
                    (long long)pair, (long long)second, (long long)first);
}

static clf_status add_probabilities(clf__csource *source, const machines *m) {
  const long long classes = m->classes;
  const char *memory = NULL;
  if (m->shape.one_vs_rest || m->present > 2) {
    CLF__CHECK(write_classes(source, m, "present", false));
  }
  if (m->shape.one_vs_rest) {
    clf__csource_code(source, &source->body,
                      "  for (int k = 0; k < %lld; k++) {\n"
                      "    scores[k] = @present[k] ? @calibrated(k, %s[k]) : 0;\n  }\n",
                      classes, m->values);
  } else if (m->present == 2) {
    add_pair_of_two(source, m);
  } else {
    clf__csource_becomes(source, m->values, true, m->shape.problems);
    CLF__CHECK(clf__csource_local(&memory, source, true, clf__count(classes, classes + 1), false));
    write_coupling(source, m);
    clf__csource_code(source, &source->body, "  @couple(%s, %s, %s + %lld, scores);\n", m->values,
                      memory, memory, classes * classes);
  }
  return CLF_OK;
}

/* Log-odds of the classes, by the sigmoid of each machine. */
static clf_status add_log_odds(clf__csource *source, const machines *m, const double *calibration) {
  const clf__csource_array array = clf__csource_matrix(CLF_F64, calibration, m->shape.problems, 2);
  clf__csource_math(source);
  CLF__CHECK(clf__csource_table(source, "calibration", &array));
  clf__csource_code(source, &source->text,
                    "\nstatic double @calibrated(int machine, double value) {\n"
                    "  const double *ab = @calibration[machine], min = 1e-7;\n"
                    "  const double p = 1 / (1 + exp(ab[0] * value + ab[1]));\n"
                    "  return p < min ? min : p > 1 - min ? 1 - min : p;\n}\n");
  CLF__CHECK(add_probabilities(source, m));
  clf__csource_code(source, &source->body,
                    "  double sum = 0;\n"
                    "  for (int k = 0; k < %lld; k++) {\n    sum += scores[k];\n  }\n"
                    "  for (int k = 0; k < %lld; k++) {\n"
                    "    const double p = scores[k], others = sum - p, min = 1e-12;\n"
                    "    scores[k] = log((p < min ? min : p) / (others < min ? min : others));\n"
                    "  }\n",
                    (long long)m->classes, (long long)m->classes);
  return CLF_OK;
}

clf_status clf__csource_svm(clf__csource *source) {
  const clf_tensor *calibration = clf__store_tensor(source->model->state, "calibration");
  machines m = machines_of(source->model);
  CLF__CHECK(clf__csource_model_rows(source));
  CLF__CHECK(add_machines(source, &m));
  if (source->model->classes == NULL) {
    clf__csource_code(source, &source->body,
                      "  for (int k = 0; k < %lld; k++) {\n    scores[k] = %s[k];\n  }\n",
                      (long long)m.shape.problems, m.values);
    return CLF_OK;
  }
  if (calibration != NULL) {
    return add_log_odds(source, &m, calibration->data);
  }
  if (m.shape.one_vs_rest) {
    return add_rest(source, &m);
  }
  if (m.classes == 2) {
    clf__csource_code(source, &source->body, "  scores[0] = %s[0];\n  scores[1] = -%s[0];\n",
                      m.values, m.values);
  } else {
    add_votes(source, &m);
  }
  return CLF_OK;
}
