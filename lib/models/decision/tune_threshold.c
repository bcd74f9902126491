/* Thresholds of probabilities, chosen by a measure of held-out rows: of one class, or of each class
 * against the others. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/border.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/utf8.h"
#include "models/decision/choose.h"
#include "models/decision/held_out.h"
#include "models/decision/thresholds.h"

typedef struct threshold_params {
  int32_t metric;
  char *require, *class;
} threshold_params;

#define CLF__VALUES threshold_params
static const clf__param params[] = {
    CLF__CHOICE(metric, CLF__BINARY_WORDS, "f1", "measure of a class that is maximized"),
    CLF__TEXT(require, "", "conditions, as in 'recall>=0.95, specificity>=0.5'"),
    CLF__TEXT(class, "", "the class with a threshold; all if empty, of two the second"),
};
#undef CLF__VALUES
const clf__kind clf__tune_threshold_kind =
    CLF__KIND("tune_threshold", "thresholds of probabilities", params, threshold_params);

static clf_status find_class(const clf_model *model, const char *name, int64_t *out) {
  for (int64_t k = 0; k < model->outputs; k++) {
    if (strcmp(clf_model_class_name(model, k), name) == 0) {
      *out = k;
      return CLF_OK;
    }
  }
  return clf__fail(CLF_ERROR_ARGUMENT, "%s has no class '%s'", model->kind->base.name,
                   clf__excerpt_of(name, name + strlen(name)).text);
}

/* Whether rows with a weight are of the class, and others not. */
static bool has_both(const clf__judged *rows, int64_t class) {
  bool of = false, others = false;
  for (int64_t i = 0; i < rows->rows; i++) {
    const bool counts = rows->weights == NULL || rows->weights[i] > 0;
    of = of || (counts && rows->labels[i] == class);
    others = others || (counts && rows->labels[i] != class);
  }
  return of && others;
}

static clf_status tune_class(const clf_model *model, const clf__judged *rows,
                             const clf__threshold_search *asked, int64_t class, double *threshold) {
  const char *name = clf_model_class_name(model, class);
  clf__threshold_search search = *asked;
  clf__threshold_found found;
  search.p = rows->p + class;
  search.positive = (int32_t) class;
  const clf_status status = clf__threshold_find(&found, model->context, &search);
  if (status < 0) {
    return clf__fail_within(status, "%s: class '%s'", model->kind->base.name, name);
  }
  *threshold = found.threshold;
  char row[48] = "no row decided: none is to be predicted so";
  if (found.row >= 0) {
    snprintf(row, sizeof row, "row %lld decided", (long long)found.row);
  }
  clf__log(model->context, CLF_LOG_INFO,
           "%s: '%s' is predicted from a probability of %s on: %s is %s on these rows; %s",
           model->kind->base.name, name, clf__number_text(found.threshold),
           clf__binary_names[search.measure], clf__number_text(found.value), row);
  return CLF_OK;
}

static clf_status tune_classes(const clf_model *model, const clf__judged *rows,
                               const clf__threshold_search *asked, int64_t only,
                               double *thresholds) {
  const clf__progress progress =
      clf__progress_begin(model->context, "tune_threshold", rows->classes);
  for (int64_t k = 0; k < rows->classes; k++) {
    CLF__CHECK(clf__progress_step(&progress, k, (double)NAN, (double)NAN));
    thresholds[k] = 0;
    if (only >= 0 && k != only) {
      continue;
    }
    if (has_both(rows, k)) {
      CLF__CHECK(tune_class(model, rows, asked, k, &thresholds[k]));
    } else if (only >= 0) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s: a threshold of '%s' needs held-out rows of it and of others, with "
                       "weights",
                       model->kind->base.name, clf_model_class_name(model, k));
    } else {
      clf__log(model->context, CLF_LOG_WARNING,
               "%s: '%s' has no threshold: no held-out rows with a weight are of it",
               model->kind->base.name, clf_model_class_name(model, k));
    }
  }
  return CLF_OK;
}

static clf_status tune(clf_model *model, const clf_dataset *held_out,
                       const threshold_params *chosen) {
  clf__threshold_search asked = {.measure = chosen->metric};
  clf__judged rows = {.p = NULL};
  double *thresholds = NULL;
  int64_t only = model->outputs == 2 ? 1 : -1;
  clf_status status = CLF_OK;
  CLF__TRY(clf__threshold_read_conditions(&asked, chosen->require));
  CLF__TRY(chosen->class != NULL && *chosen->class != '\0' ? find_class(model, chosen->class, &only)
                                                           : CLF_OK);
  CLF__TRY(clf__judged_create(&rows, model, held_out, true));
  thresholds = clf__alloc_array(model->context, rows.classes, sizeof *thresholds);
  CLF__TRY(thresholds != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  asked.stride = rows.classes;
  asked.rows = rows.rows;
  asked.labels = rows.labels;
  asked.weights = rows.weights;
  CLF__TRY(tune_classes(model, &rows, &asked, only, thresholds));
  const clf__decision_change change = {clf__decision_choices, "decision_thresholds", thresholds,
                                       rows.classes, -1};
  CLF__TRY(clf__decision_change_state(model, &change));
done:
  clf__free(thresholds);
  clf__judged_free(&rows);
  return status;
}

clf_status clf_model_tune_threshold(clf_model *model, const clf_dataset *held_out,
                                    const char *text) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  void *chosen = NULL;
  clf__held_out held;
  clf_status status = CLF_OK;
  CLF__TRY(clf__held_out_begin(&held, model, "clf_model_tune_threshold()", text, held_out));
  CLF__TRY(clf__held_out_require(&held));
  CLF__TRY(clf__decision_require_classes(model));
  CLF__TRY(clf__decision_require_probabilities(model));
  CLF__TRY(clf__params_create(&chosen, model->context, &clf__tune_threshold_kind.params, text));
  CLF__TRY(tune(model, held.rows, chosen));
done:
  clf__params_free(&clf__tune_threshold_kind.params, chosen);
  return clf__held_out_end(&held, status);
}
