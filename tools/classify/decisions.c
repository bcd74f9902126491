#include "decisions.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <classify/decision.h>

#include "report/text.h"

bool decisions_any(const decisions *which) {
  return which->threshold != NULL || which->costs != NULL || which->priors != NULL ||
         which->conform != NULL || which->reject != NULL;
}

/* The index of a class by the first `length` bytes of a text, or -1. */
static int64_t class_named(const clf_model *model, const char *name, size_t length) {
  for (int64_t k = 0; k < clf_model_classes(model); k++) {
    const char *own = clf_model_class_name(model, k);
    if (strlen(own) == length && memcmp(own, name, length) == 0) {
      return k;
    }
  }
  return -1;
}

static int refuse_class(const char *option, const char *name, size_t length) {
  complain("--%s: the model has no class '%.*s'", option, (int)length, name);
  return EXIT_USAGE;
}

/* Reads one "NAME=SHARE"; the share is behind the last "=". */
static int read_share(double *priors, const clf_model *model, const char *text, size_t length) {
  const char *sign = memrchr(text, '=', length);
  char number[64], *end = NULL;
  const size_t digits = sign != NULL ? length - (size_t)(sign - text) - 1 : 0;
  if (sign == NULL || digits == 0 || digits >= sizeof number) {
    complain("--priors: '%.*s' is not a class and its share, such as ill=0.01", (int)length, text);
    return EXIT_USAGE;
  }
  memcpy(number, sign + 1, digits);
  number[digits] = '\0';
  const double share = strtod(number, &end);
  if (*end != '\0' || !isfinite(share)) {
    complain("--priors: '%s' is not a number", number);
    return EXIT_USAGE;
  }
  const int64_t k = class_named(model, text, (size_t)(sign - text));
  if (k < 0) {
    return refuse_class("priors", text, (size_t)(sign - text));
  }
  priors[k] = share;
  return -1;
}

static int read_priors(double *priors, const char *text, const clf_model *model) {
  const int64_t classes = clf_model_classes(model);
  for (int64_t k = 0; k < classes; k++) {
    priors[k] = (double)NAN;
  }
  int status = -1;
  while (status < 0 && *text != '\0') {
    const size_t length = strcspn(text, ",");
    status = read_share(priors, model, text, length);
    text += length + (text[length] == ',');
  }
  for (int64_t k = 0; status < 0 && k < classes; k++) {
    if (isnan(priors[k])) {
      complain("--priors: the share of '%s' is missing", clf_model_class_name(model, k));
      status = EXIT_USAGE;
    }
  }
  return status;
}

static int set_priors(clf_model *model, const char *text, const input *in, const tool *t) {
  const int64_t classes = clf_model_classes(model);
  double *priors = calloc((size_t)classes + 1, sizeof *priors);
  int status = priors != NULL ? -1 : tool_fail(CLF_ERROR_MEMORY);
  if (status < 0 && strcmp(text, "estimate") == 0) {
    const clf_status done = clf_model_estimate_priors(model, in->rows, priors, classes);
    status = done >= 0 ? -1 : tool_fail(done);
    for (int64_t k = 0; status < 0 && !t->common.quiet && k < classes; k++) {
      complain("the share of '%s' is estimated as %.4f", clf_model_class_name(model, k), priors[k]);
    }
  } else if (status < 0) {
    status = read_priors(priors, text, model);
  }
  if (status < 0) {
    const clf_status done = clf_model_set_priors(model, priors, NULL);
    status = done >= 0 ? -1 : tool_fail(done);
  }
  free(priors);
  return status;
}

/* The table of a file: a row for each true class, a column for each predicted one, of any order. */
static int read_costs(double *costs, const clf_dataset *table, const clf_model *model,
                      const double *values, const int32_t *labels) {
  const int64_t classes = clf_model_classes(model);
  if (clf_dataset_rows(table) != classes || clf_dataset_features(table) != classes) {
    complain(
        "--costs: the table has %lld rows and %lld columns behind the first; the model has "
        "%lld classes",
        (long long)clf_dataset_rows(table), (long long)clf_dataset_features(table),
        (long long)classes);
    return EXIT_FAILURE;
  }
  for (int64_t i = 0; i < classes * classes; i++) {
    costs[i] = (double)NAN;
  }
  for (int64_t i = 0; i < classes * classes; i++) {
    const char *truth = clf_dataset_class_name(table, labels[i / classes]);
    const char *predicted = clf_dataset_column_name(table, i % classes);
    const int64_t row = class_named(model, truth, strlen(truth));
    const int64_t column =
        predicted != NULL ? class_named(model, predicted, strlen(predicted)) : -1;
    if (row < 0 || column < 0) {
      const char *name = row < 0 ? truth : predicted != NULL ? predicted : "";
      return refuse_class("costs", name, strlen(name));
    }
    costs[row * classes + column] = values[i];
  }
  return -1;
}

static int set_costs(clf_model *model, const char *path, const tool *t) {
  clf_dataset *table = NULL;
  clf_tensor *x = NULL, *y = NULL;
  const int64_t classes = clf_model_classes(model);
  double *costs = calloc((size_t)(2 * classes * classes) + 1, sizeof *costs);
  double *values = costs + classes * classes;
  clf_status done = costs != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  done = done == CLF_OK ? clf_dataset_load(&table, t->context, "csv", path,
                                           "label=1 header=true categories=none")
                        : done;
  done = done == CLF_OK ? clf_dataset_tensor(&x, table, "x") : done;
  done = done == CLF_OK ? clf_dataset_tensor(&y, table, "labels") : done;
  int status = done == CLF_OK ? -1 : tool_fail(done);
  const int64_t count = status < 0 ? clf_dataset_rows(table) * clf_dataset_features(table) : 0;
  for (int64_t i = 0; i < count && i < classes * classes; i++) {
    values[i] = clf_tensor_dtype(x) == CLF_F64 ? ((const double *)clf_tensor_data(x))[i]
                                               : (double)((const float *)clf_tensor_data(x))[i];
  }
  if (status < 0) {
    status = read_costs(costs, table, model, values, clf_tensor_data(y));
  }
  if (status < 0) {
    done = clf_model_set_costs(model, costs);
    status = done == CLF_OK ? -1 : tool_fail(done);
  }
  clf_tensor_free(x);
  clf_tensor_free(y);
  clf_dataset_free(table);
  free(costs);
  return status;
}

static int set_reject(clf_model *model, const char *rate, const input *in) {
  char params[80], *end = NULL;
  const double share = strtod(rate, &end);
  if (end == rate || *end != '\0' || !(share >= 0 && share < 1)) {
    complain("--reject takes a share of the rows, from 0 to 1, such as 0.05, not '%s'", rate);
    return EXIT_USAGE;
  }
  snprintf(params, sizeof params, "rate=%.17g", share);
  const clf_status done = clf_model_set_reject(model, in->rows, params);
  return done == CLF_OK ? -1 : tool_fail(done);
}

int decisions_set(const decisions *which, clf_model *model, const input *in, const tool *t) {
  int status = -1;
  if (which->threshold != NULL && which->costs != NULL) {
    complain("--threshold and --costs exclude each other");
    return EXIT_USAGE;
  }
  if (which->priors != NULL) {
    status = set_priors(model, which->priors, in, t);
  }
  if (status < 0 && which->threshold != NULL) {
    const clf_status done = clf_model_tune_threshold(model, in->rows, which->threshold);
    status = done == CLF_OK ? -1 : tool_fail(done);
  }
  if (status < 0 && which->costs != NULL) {
    status = set_costs(model, which->costs, t);
  }
  if (status < 0 && which->conform != NULL) {
    const clf_status done = clf_model_conform(model, in->rows, which->conform);
    status = done == CLF_OK ? -1 : tool_fail(done);
  }
  if (status < 0 && which->reject != NULL) {
    status = set_reject(model, which->reject, in);
  }
  return status;
}
