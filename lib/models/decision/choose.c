/* Rows that a model has judged, the change of what is set on it, and the choice by costs. */
#include "models/decision/choose.h"

#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "metrics/check.h"
#include "models/decision/costs.h"
#include "models/fit_checks.h"

static clf_status fill_judged(clf__judged *out, const clf_model *model, const clf_dataset *data,
                              float *scores) {
  const int64_t count = clf__count(out->rows, out->classes);
  CLF__CHECK(clf_model_decision_function(model, data, scores, count));
  if (clf__decision_has_probabilities(model)) {
    return clf__decision_p(model, scores, out->rows, out->p);
  }
  for (int64_t i = 0; i < count; i++) {
    out->p[i] = (double)scores[i];
  }
  return CLF_OK;
}

clf_status clf__judged_create(clf__judged *out, const clf_model *model, const clf_dataset *data,
                              bool labels) {
  clf_status status = CLF_OK;
  float *scores = NULL;
  *out = (clf__judged){
      .weights = clf__dataset_weights(data), .rows = data->rows, .classes = model->outputs};
  double sum;
  CLF__TRY(clf__check_weights(model->kind->base.name, out->weights, out->rows, &sum));
  if (labels) {
    CLF__TRY(clf__fit_check_outputs(model, data));
    CLF__TRY(clf__fit_translate_labels(&out->labels, model, data));
  }
  scores = clf__alloc_matrix(model->context, out->rows, out->classes, sizeof *scores);
  out->p = clf__alloc_matrix(model->context, out->rows, out->classes, sizeof *out->p);
  CLF__TRY(scores != NULL && out->p != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(fill_judged(out, model, data, scores));
done:
  clf__free(scores);
  return status;
}

void clf__judged_free(clf__judged *judged) {
  clf__free(judged->p);
  clf__free(judged->labels);
}

clf_status clf__decision_change_state(clf_model *model, const clf__decision_change *change) {
  clf__store *state = NULL;
  CLF__CHECK(clf__decision_state(&state, model, change->dropped));
  clf_status status = CLF_OK;
  if (change->values != NULL) {
    const int64_t columns = change->columns < 0 ? 1 : change->columns;
    CLF__TRY(clf__state_tensor(model->context, state, change->tensor, CLF_F64, change->rows,
                               change->columns));
    memcpy(clf__state_data(state, change->tensor), change->values,
           (size_t)clf__count(change->rows, columns) * sizeof(double));
  }
  status = clf__decision_adopt(model, state);
  state = NULL;
done:
  clf__store_free(state);
  return status;
}

void clf__decision_log_stale(const clf_model *model) {
  clf__log(model->context, CLF_LOG_WARNING,
           "%s: what was set for other probabilities (priors, thresholds, prediction sets) is "
           "dropped; set it again",
           model->kind->base.name);
}

/* Costs */

static clf_status check_costs(const clf_model *model, const double *costs) {
  for (int64_t i = 0; i < model->outputs * model->outputs; i++) {
    if (!isfinite(costs[i])) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s: the cost of predicting '%s' for '%s' is %s; costs must be finite",
                       model->kind->base.name, clf_model_class_name(model, i % model->outputs),
                       clf_model_class_name(model, i / model->outputs), clf__number_text(costs[i]));
    }
  }
  return CLF_OK;
}

static void log_dominated(const clf_model *model, const double *costs) {
  int64_t other;
  const int64_t never = clf__costs_dominated(costs, model->outputs, &other);
  if (never >= 0) {
    clf__log(model->context, CLF_LOG_WARNING,
             "%s: by these costs '%s' is never predicted: '%s' costs no more, whatever the true "
             "class is; rows of the costs are true classes, columns predicted ones",
             model->kind->base.name, clf_model_class_name(model, never),
             clf_model_class_name(model, other));
  }
}

const char *const clf__decision_choices[] = {"decision_costs", "decision_thresholds", NULL};

clf_status clf_model_set_costs(clf_model *model, const double *costs) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__decision_require_classes(model));
  if (costs != NULL) {
    CLF__CHECK(clf__decision_require_probabilities(model));
    CLF__CHECK(check_costs(model, costs));
  }
  const clf__decision_change change = {clf__decision_choices, "decision_costs", costs,
                                       model->outputs, model->outputs};
  CLF__CHECK(clf__decision_change_state(model, &change));
  if (costs != NULL) {
    log_dominated(model, costs);
  }
  return CLF_OK;
}

/* Checks that values are finite and at least `lowest`, and that each row has one above 0. */
static clf_status check_values(const clf_model *model, const char *name, int64_t rows,
                               int64_t columns, double lowest, bool above) {
  const clf_tensor *tensor = clf__store_tensor(model->state, name);
  if (tensor == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, name, CLF_F64, rows, columns));
  const double *values = tensor->data;
  const int64_t width = columns < 0 ? rows : columns, count = columns < 0 ? 1 : rows;
  for (int64_t i = 0; i < count; i++) {
    double largest = -INFINITY;
    for (int64_t k = 0; k < width; k++) {
      const double value = values[i * width + k];
      if (!isfinite(value) || value < lowest) {
        return clf__fail(CLF_ERROR_CORRUPT, "%s: %s has the value %s", model->kind->base.name, name,
                         clf__number_text(value));
      }
      largest = fmax(largest, value);
    }
    if (above && !(largest > 0)) {
      return clf__fail(CLF_ERROR_CORRUPT, "%s: %s has no value above 0", model->kind->base.name,
                       name);
    }
  }
  return CLF_OK;
}

/* A choice of classes by probabilities needs a model that computes them. */
static clf_status check_probabilities(const clf_model *model) {
  clf_model loaded = *model;
  clf__decision_bind(&loaded);
  const clf__decision *d = &loaded.decision;
  const bool chosen = d->priors != NULL || d->costs != NULL || d->thresholds != NULL;
  return !chosen || clf__decision_has_probabilities(&loaded)
             ? CLF_OK
             : clf__fail(CLF_ERROR_CORRUPT,
                         "%s: it has costs, thresholds or priors, but no probabilities",
                         model->kind->base.name);
}

/* The factors of the probabilities must be finite. */
static clf_status check_priors(const clf_model *model) {
  const int64_t classes = model->outputs;
  CLF__CHECK(check_values(model, "decision_priors", 2, classes, 0, true));
  const clf_tensor *tensor = clf__store_tensor(model->state, "decision_priors");
  const double *priors = tensor != NULL ? tensor->data : NULL;
  double sum = 0;
  for (int64_t k = 0; priors != NULL && k < classes; k++) {
    const double from = priors[classes + k];
    sum += priors[k];
    if (priors[k] > 1 || (from > 0 && !isfinite(priors[k] / from))) {
      return clf__fail(CLF_ERROR_CORRUPT, "%s: decision_priors are no shares",
                       model->kind->base.name);
    }
  }
  return priors == NULL || fabs(sum - 1) < 1e-6
             ? CLF_OK
             : clf__fail(CLF_ERROR_CORRUPT, "%s: decision_priors do not sum to 1",
                         model->kind->base.name);
}

clf_status clf__choices_check(const clf_model *model) {
  const int64_t classes = model->outputs;
  CLF__CHECK(check_probabilities(model));
  CLF__CHECK(check_values(model, "decision_class_rows", classes, -1, 0, true));
  CLF__CHECK(check_priors(model));
  CLF__CHECK(check_values(model, "decision_costs", classes, classes, -INFINITY, false));
  return check_values(model, "decision_thresholds", classes, -1, 0, false);
}

clf_status clf__choices_check_export(const clf_model *model, const char *format) {
  static const char *const names[][3] = {
      {"decision_costs", "costs", "clf_model_set_costs()"},
      {"decision_thresholds", "thresholds", "clf_model_set_costs()"},
      {"decision_priors", "priors", "clf_model_set_priors()"},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (clf__store_tensor(model->state, names[i][0]) != NULL) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "%s: the format %s does not express the %s that are set on the model; %s "
                       "with NULL drops them",
                       model->kind->base.name, format, names[i][1], names[i][2]);
    }
  }
  return CLF_OK;
}
