/* The probabilities of a model and its class, as the library computes them (models/decision): a
 * calibration or the link of the scores, 0 for classes without weight, and the class with the
 * largest. */
#include "models/decision/decision.h"
#include "interchange/csource/csource.h"

static int64_t map_count(const clf_model *model) {
  return model->outputs == 2 ? 1 : model->outputs;
}

/* Writes @map(k, score), the value of a sigmoid or of an isotonic function. */
static clf_status write_sigmoids(clf__csource *source) {
  const clf_model *model = source->model;
  const clf__csource_array array =
      clf__csource_matrix(CLF_F64, model->decision.sigmoid, map_count(model), 2);
  clf__csource_math(source);
  CLF__CHECK(clf__csource_table(source, "sigmoid", &array));
  clf__csource_code(source, &source->text,
                    "\nstatic double @map(int k, double score) {\n"
                    "  return 1 / (1 + exp(@sigmoid[k][0] * score + @sigmoid[k][1]));\n}\n");
  return CLF_OK;
}

static clf_status write_isotonic(clf__csource *source) {
  const clf__decision *d = &source->model->decision;
  const int64_t maps = map_count(source->model), points = d->isotonic_start[maps];
  const clf__csource_array x = clf__csource_vector(CLF_F64, d->isotonic_x, points);
  const clf__csource_array y = clf__csource_vector(CLF_F64, d->isotonic_y, points);
  const clf__csource_array start = clf__csource_vector(CLF_I64, d->isotonic_start, maps + 1);
  CLF__CHECK(clf__csource_table(source, "isotonic_x", &x));
  CLF__CHECK(clf__csource_table(source, "isotonic_y", &y));
  CLF__CHECK(clf__csource_table(source, "isotonic_start", &start));
  clf__csource_code(source, &source->text,
                    "\nstatic double @map(int k, double score) {\n"
                    "  int low = @isotonic_start[k], high = @isotonic_start[k + 1] - 1;\n"
                    "  if (score <= @isotonic_x[low]) {\n    return @isotonic_y[low];\n  }\n"
                    "  if (score >= @isotonic_x[high]) {\n    return @isotonic_y[high];\n  }\n"
                    "  while (high - low > 1) {\n"
                    "    const int middle = low + (high - low) / 2;\n"
                    "    if (@isotonic_x[middle] <= score) {\n      low = middle;\n"
                    "    } else {\n      high = middle;\n    }\n  }\n"
                    "  return @isotonic_y[low] + (score - @isotonic_x[low]) /\n"
                    "         (@isotonic_x[high] - @isotonic_x[low]) *\n"
                    "         (@isotonic_y[high] - @isotonic_y[low]);\n}\n");
  return CLF_OK;
}

static clf_status write_tables(clf__csource *source) {
  const clf_model *model = source->model;
  return model->decision.sigmoid != NULL      ? write_sigmoids(source)
         : model->decision.isotonic_x != NULL ? write_isotonic(source)
                                              : CLF_OK;
}

/* Statements that make p [classes], which are scores, positive numbers in the ratios of the
 * probabilities. */
static void add_softmax(clf__csource *source, double temperature) {
  const long long classes = source->model->outputs;
  clf__csource_math(source);
  clf__csource_code(source, &source->body,
                    "  largest = p[0];\n"
                    "  for (int k = 1; k < %lld; k++) {\n"
                    "    largest = p[k] > largest ? p[k] : largest;\n"
                    "  }\n"
                    "  for (int k = 0; k < %lld; k++) {\n"
                    "    p[k] = exp((p[k] - largest) / %s);\n"
                    "  }\n",
                    classes, classes, clf__csource_f64(temperature).text);
}

static void add_numbers(clf__csource *source) {
  const clf_model *model = source->model;
  const clf__decision *d = &model->decision;
  const bool maps = d->sigmoid != NULL || d->isotonic_x != NULL;
  if (d->temperature != NULL) {
    add_softmax(source, *d->temperature);
  } else if (!maps && model->kind->link(model) == CLF__LINK_SOFTMAX) {
    add_softmax(source, 1);
  } else if (maps && model->outputs == 2) {
    clf__csource_code(source, &source->body,
                      "  p[1] = @map(0, p[1] - p[0]);\n  p[0] = 1 - p[1];\n");
  } else {
    clf__csource_math(source);
    clf__csource_code(source, &source->body,
                      "  for (int k = 0; k < %lld; k++) {\n    p[k] = %s;\n  }\n",
                      (long long)model->outputs, maps ? "@map(k, p[k])" : "1 / (1 + exp(-p[k]))");
  }
}

/* Adds the local array absent [classes], if there are classes without weight. */
static void add_absent(clf__csource *source, clf__text *to) {
  const int32_t *absent = source->model->decision.absent;
  for (int64_t k = 0; absent != NULL && k < source->model->outputs; k++) {
    clf__text_append(to, "%s%d%s", k == 0 ? "  static const char absent[] = {" : ", ",
                     (int)absent[k], k + 1 == source->model->outputs ? "};\n" : "");
  }
}

static long long present_classes(const clf_model *model) {
  long long present = 0;
  for (int64_t k = 0; k < model->outputs; k++) {
    present += model->decision.absent == NULL || model->decision.absent[k] == 0;
  }
  return present;
}

clf_status clf__csource_probabilities(clf__csource *source, const char *input) {
  const clf_model *model = source->model;
  const clf__decision *d = &model->decision;
  const long long classes = model->outputs;
  const bool softmax = d->temperature != NULL || (!clf__calibration_there(d) &&
                                                  model->kind->link(model) == CLF__LINK_SOFTMAX);
  CLF__CHECK(write_tables(source));
  source->body.length = 0;
  add_numbers(source);
  clf__csource_code(source, &source->text,
                    "\nvoid @probabilities(const %s *x, double *p) {\n"
                    "  double sum = 0%s;\n",
                    input, softmax ? ", largest" : "");
  add_absent(source, &source->text);
  clf__csource_code(source, &source->text, "  @decision(x, p);\n");
  clf__text_append_bytes(&source->text, source->body.bytes, source->body.length);
  clf__csource_code(source, &source->text,
                    "  for (int k = 0; k < %lld; k++) {\n%s    sum += p[k];\n  }\n"
                    "  for (int k = 0; k < %lld; k++) {\n"
                    "    p[k] = sum > 0 ? p[k] / sum : %s1.0 / %lld;\n  }\n}\n",
                    classes, d->absent != NULL ? "    p[k] = absent[k] ? 0 : p[k];\n" : "", classes,
                    d->absent != NULL ? "absent[k] ? 0 : " : "", present_classes(model));
  return CLF_OK;
}

/* Without a calibration the class with the largest score has the largest probability. */
void clf__csource_predict(clf__csource *source, const char *input) {
  const clf__decision *d = &source->model->decision;
  const bool calibrated = clf__calibration_there(d);
  const long long classes = source->model->outputs;
  clf__text *text = &source->text;
  clf__csource_code(source, text, "\nint @predict(const %s *x) {\n  double scores[%lld];\n", input,
                    classes);
  add_absent(source, text);
  if (calibrated) {
    clf__csource_code(source, text, "  double p[%lld];\n", classes);
  }
  clf__csource_code(source, text, "  int best = %s;\n  @decision(x, scores);\n%s",
                    d->absent != NULL ? "-1" : "0", calibrated ? "  @probabilities(x, p);\n" : "");
  clf__csource_code(source, text, "  for (int k = %d; k < %lld; k++) {\n", d->absent == NULL,
                    classes);
  if (d->absent != NULL) {
    clf__csource_code(source, text, "    if (absent[k]) {\n      continue;\n    }\n");
  }
  clf__csource_code(source, text, "    best = %s%s ? k : best;\n  }\n  return best;\n}\n",
                    d->absent != NULL ? "best < 0 || " : "",
                    calibrated ? "p[k] > p[best] || (p[k] == p[best] && scores[k] > scores[best])"
                               : "scores[k] > scores[best]");
}
