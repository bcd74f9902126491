/* Prediction sets and intervals from the scores of held-out rows (conform.c). */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "models/blocks.h"
#include "models/decision/conformal.h"
#include "models/decision/decision.h"
#include "models/predict.h"
#include "models/reserve.h"

static clf_status fail_set(const clf_model *model, const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "%s: decision_set_%s", model->kind->base.name, what);
}

static clf_status check_segment(const clf_model *model, const double *scores,
                                const double *cumulative, int64_t first, int64_t end) {
  for (int64_t i = first; i < end; i++) {
    if (!isfinite(scores[i]) || (i > first && scores[i] < scores[i - 1])) {
      return fail_set(model, "scores is not in order");
    }
    const double before = cumulative != NULL && i > first ? cumulative[i - 1] : 0;
    if (cumulative != NULL &&
        !(cumulative[i] >= before && cumulative[i] > 0 && isfinite(cumulative[i]))) {
      return fail_set(model, "cumulative is not in order");
    }
  }
  return CLF_OK;
}

clf_status clf__prediction_sets_check(const clf_model *model) {
  const clf__store *state = model->state;
  const clf_tensor *start = clf__store_tensor(state, "decision_set_start");
  const clf_tensor *cumulative = clf__store_tensor(state, "decision_set_cumulative");
  const clf_tensor *scores = clf__store_tensor(state, "decision_set_scores");
  if (start == NULL && cumulative == NULL && scores == NULL &&
      clf__store_tensor(state, "decision_set_method") == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, "decision_set_method", CLF_I64, 3, -1));
  CLF__CHECK(clf__check_tensor(model, "decision_set_scores", CLF_F64, -1, -1));
  CLF__CHECK(clf__check_tensor(model, "decision_set_start", CLF_I64, -1, -1));
  const int64_t count = scores->shape[0], segments = start->shape[0] - 1, *first = start->data;
  const int64_t *method = clf__store_tensor(state, "decision_set_method")->data;
  if (cumulative != NULL) {
    CLF__CHECK(clf__check_tensor(model, "decision_set_cumulative", CLF_F64, count, -1));
  }
  if (method[0] < CLF__CONFORMAL_LAC || method[0] > CLF__CONFORMAL_APS || method[1] < 0 ||
      method[1] > 1 || method[2] < 0 || (model->classes == NULL && method[0] != 0)) {
    return fail_set(model, "method is unknown");
  }
  if (!(segments == model->outputs || (segments == 1 && model->classes != NULL)) || first[0] != 0 ||
      first[segments] != count) {
    return fail_set(model, "start does not match the scores");
  }
  for (int64_t s = 0; s < segments; s++) {
    if (first[s + 1] < first[s] || first[s + 1] > count) {
      return fail_set(model, "start is not in order");
    }
    CLF__CHECK(check_segment(model, scores->data, cumulative != NULL ? cumulative->data : NULL,
                             first[s], first[s + 1]));
  }
  return CLF_OK;
}

/* A prediction of sets, or of intervals. */
typedef struct making {
  const clf_model *model;
  clf__conformal how;
  double *quantiles; /* [outputs] */
  double *p;         /* [block, classes], for sets */
  double *scores;    /* [classes] */
  clf__conformal_place *order;
  void *out; /* of all rows */
} making;

static clf_status require_scores(const clf_model *model, double coverage, bool classes) {
  const char *kind = model->kind->base.name;
  if (classes != (model->classes != NULL)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     classes ? "%s was fitted as a regression: it has intervals, not sets"
                             : "%s was fitted to classes: it has prediction sets, not intervals",
                     kind);
  }
  if (model->decision.set_start == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "%s: %s needs scores of held-out rows, which clf_model_conform() sets", kind,
                     classes ? "a prediction set" : "an interval");
  }
  return coverage > 0 && coverage < 1
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT, "%s: coverage is %s; it must be between 0 and 1", kind,
                         clf__number_text(coverage));
}

/* Where too few rows were held out, everything is possible. */
static void log_few(const clf_model *model, double coverage, int64_t segment, double weight) {
  const bool by_class =
      model->classes != NULL && clf__store_tensor(model->state, "decision_set_start")->shape[0] > 2;
  clf__log(model->context, CLF_LOG_WARNING,
           "%s: a coverage of %s needs %s held-out rows%s%s%s, not %s: %s", model->kind->base.name,
           clf__number_text(coverage), clf__number_text(ceil(coverage / (1 - coverage))),
           by_class ? " of '" : "", by_class ? clf_model_class_name(model, segment) : "",
           by_class ? "'" : "", clf__number_text(weight),
           model->classes == NULL ? "the interval has no bounds"
           : by_class             ? "the class is in each set"
                                  : "each set has all classes");
}

static void find_quantiles(const clf_model *model, double coverage, double *quantiles) {
  const clf__decision *d = &model->decision;
  const int64_t segments = clf__store_tensor(model->state, "decision_set_start")->shape[0] - 1;
  for (int64_t k = 0; k < model->outputs; k++) {
    const int64_t s = segments > 1 ? k : 0, first = d->set_start[s];
    const int64_t count = d->set_start[s + 1] - first;
    const double *cumulative = d->set_cumulative != NULL ? d->set_cumulative + first : NULL;
    quantiles[k] = clf__conformal_quantile(d->set_scores + first, cumulative, count, coverage);
    if (isinf(quantiles[k]) && (k == 0 || segments > 1)) {
      log_few(model, coverage, k,
              count == 0           ? 0
              : cumulative != NULL ? cumulative[count - 1]
                                   : (double)count);
    }
  }
}

static clf_status make_sets(void *argument, const float *scores, int64_t rows, int64_t first) {
  making *m = argument;
  const int64_t classes = m->model->outputs;
  uint8_t *sets = (uint8_t *)m->out + first * classes;
  if (clf__decision_has_probabilities(m->model)) {
    CLF__CHECK(clf__decision_p(m->model, scores, rows, m->p));
  } else {
    for (int64_t i = 0; i < rows * classes; i++) {
      m->p[i] = (double)scores[i];
    }
  }
  for (int64_t i = 0; i < rows; i++) {
    clf__conformal_scores(&m->how, m->p + i * classes, classes, m->order, m->scores);
    clf__conformal_set(&m->how, m->scores, m->quantiles, classes, sets + i * classes);
  }
  return CLF_OK;
}

clf_status clf_model_predict_set(const clf_model *model, const clf_dataset *data, double coverage,
                                 uint8_t *sets, int64_t capacity) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  CLF__CHECK(clf__model_require_fit(model));
  CLF__CHECK(require_scores(model, coverage, true));
  CLF__CHECK(clf__predict_check(model, data, sets, model->outputs, capacity));
  const int64_t classes = model->outputs, block = clf__block_rows(model, data, model->outputs);
  const clf__decision *d = &model->decision;
  clf__arena arena = {.context = model->context};
  making m = {
      .model = model,
      .how = {(int32_t)d->set_method[0], d->set_method[1] != 0, (uint64_t)d->set_method[2]}};
  clf_status status = CLF_OK;
  m.quantiles = clf__arena_array(&arena, classes, sizeof *m.quantiles);
  m.p = clf__arena_matrix(&arena, block, classes, sizeof *m.p);
  m.scores = clf__arena_array(&arena, classes, sizeof *m.scores);
  m.order = clf__arena_array(&arena, classes, sizeof *m.order);
  m.out = clf__arena_matrix(&arena, data->rows, classes, sizeof *sets);
  CLF__TRY(clf__arena_status(&arena));
  find_quantiles(model, coverage, m.quantiles);
  CLF__TRY(clf__predict_scores(model, data, block, make_sets, &m));
  memcpy(sets, m.out, (size_t)(data->rows * classes));
done:
  clf__arena_free(&arena);
  return status;
}

/* Rounded outwards, so that the interval is not narrower. */
static float round_down(double value) {
  const float rounded = (float)value;
  return (double)rounded > value ? nextafterf(rounded, -INFINITY) : rounded;
}

static float round_up(double value) {
  const float rounded = (float)value;
  return (double)rounded < value ? nextafterf(rounded, INFINITY) : rounded;
}

static clf_status make_intervals(void *argument, const float *values, int64_t rows, int64_t first) {
  const making *m = argument;
  const int64_t outputs = m->model->outputs;
  float *bounds = (float *)m->out + first * outputs * 2;
  for (int64_t i = 0; i < rows * outputs; i++) {
    bounds[2 * i] = round_down((double)values[i] - m->quantiles[i % outputs]);
    bounds[2 * i + 1] = round_up((double)values[i] + m->quantiles[i % outputs]);
  }
  return CLF_OK;
}

clf_status clf_model_predict_interval(const clf_model *model, const clf_dataset *data,
                                      double coverage, float *bounds, int64_t capacity) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  CLF__CHECK(clf__model_require_fit(model));
  CLF__CHECK(require_scores(model, coverage, false));
  CLF__CHECK(clf__predict_check(model, data, bounds, 2 * model->outputs, capacity));
  const int64_t width = 2 * model->outputs;
  clf__arena arena = {.context = model->context};
  making m = {.model = model};
  clf_status status = CLF_OK;
  m.quantiles = clf__arena_array(&arena, model->outputs, sizeof *m.quantiles);
  m.out = clf__arena_matrix(&arena, data->rows, width, sizeof *bounds);
  CLF__TRY(clf__arena_status(&arena));
  find_quantiles(model, coverage, m.quantiles);
  CLF__TRY(clf__predict_scores(model, data, clf__block_rows(model, data, model->outputs),
                               make_intervals, &m));
  memcpy(bounds, m.out, (size_t)(data->rows * width) * sizeof *bounds);
done:
  clf__arena_free(&arena);
  return status;
}
