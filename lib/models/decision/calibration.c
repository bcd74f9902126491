/* Fits of calibrations to rows with scores: after a fit to scores of a cross-validation, or to rows
 * that are held out. */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/progress.h"
#include "models/decision/decision.h"
#include "models/decision/held_out.h"
#include "models/decision/isotonic.h"
#include "models/decision/sigmoid.h"
#include "models/decision/temperature.h"
#include "models/fit_checks.h"

/* The score of a row in a map. */
static double score_of(const clf__scored *rows, int64_t i, int64_t map) {
  const float *scores = rows->scores + i * rows->classes;
  return rows->classes == 2 ? (double)scores[1] - (double)scores[0] : (double)scores[map];
}

static int32_t class_of_map(const clf__scored *rows, int64_t map) {
  return rows->classes == 2 ? 1 : (int32_t)map;
}

static int64_t maps_of(int64_t classes) {
  return classes == 2 ? 1 : classes;
}

static clf_status fit_sigmoids(clf_context *context, clf__store *state, const clf__scored *rows) {
  const int64_t maps = maps_of(rows->classes);
  clf__arena arena = {.context = context};
  double *f = clf__arena_array(&arena, rows->rows, sizeof *f);
  double *scratch = clf__arena_array(&arena, rows->rows, sizeof *scratch);
  double *weights = clf__arena_array(&arena, rows->rows, sizeof *weights);
  bool *positive = clf__arena_array(&arena, rows->rows, sizeof *positive);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__state_tensor(context, state, "decision_sigmoid", CLF_F64, maps, 2));
  double *ab = clf__state_data(state, "decision_sigmoid");
  for (int64_t map = 0; map < maps; map++) {
    for (int64_t i = 0; i < rows->rows; i++) {
      f[i] = score_of(rows, i, map);
      positive[i] = rows->labels[i] == class_of_map(rows, map);
      weights[i] = rows->weights != NULL ? (double)rows->weights[i] : 1;
    }
    const clf__sigmoid_rows own = {f, positive, weights, rows->rows};
    clf__sigmoid_fit_scaled(&own, scratch, ab + 2 * map);
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Adds the first `count` points of each map to the state. */
static clf_status add_points(clf_context *context, clf__store *state,
                             const clf__isotonic_row *points, int64_t stride, const int64_t *start,
                             int64_t maps) {
  CLF__CHECK(clf__state_tensor(context, state, "decision_isotonic_x", CLF_F64, start[maps], -1));
  CLF__CHECK(clf__state_tensor(context, state, "decision_isotonic_y", CLF_F64, start[maps], -1));
  CLF__CHECK(clf__state_tensor(context, state, "decision_isotonic_start", CLF_I64, maps + 1, -1));
  double *x = clf__state_data(state, "decision_isotonic_x");
  double *y = clf__state_data(state, "decision_isotonic_y");
  memcpy(clf__state_data(state, "decision_isotonic_start"), start,
         (size_t)(maps + 1) * sizeof *start);
  for (int64_t map = 0; map < maps; map++) {
    for (int64_t i = start[map]; i < start[map + 1]; i++) {
      x[i] = points[map * stride + i - start[map]].x;
      y[i] = points[map * stride + i - start[map]].y;
    }
  }
  return CLF_OK;
}

static clf_status fit_isotonic(clf_context *context, clf__store *state, const clf__scored *rows) {
  const int64_t maps = maps_of(rows->classes);
  clf__arena arena = {.context = context};
  clf__isotonic_row *points =
      clf__arena_array(&arena, clf__count(maps, rows->rows), sizeof *points);
  int64_t *start = clf__arena_zeroed(&arena, maps + 1, sizeof *start);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t map = 0; map < maps; map++) {
    CLF__TRY(clf__progress_check());
    clf__isotonic_row *own = points + map * rows->rows;
    for (int64_t i = 0; i < rows->rows; i++) {
      own[i].x = score_of(rows, i, map);
      own[i].y = rows->labels[i] == class_of_map(rows, map);
      own[i].weight = rows->weights != NULL ? (double)rows->weights[i] : 1;
    }
    start[map + 1] = start[map] + clf__isotonic_fit(own, rows->rows);
  }
  CLF__TRY(add_points(context, state, points, rows->rows, start, maps));
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status fit_temperature(clf_context *context, clf__store *state,
                                  const clf__scored *rows) {
  CLF__CHECK(clf__state_tensor(context, state, "decision_temperature", CLF_F64, 1, -1));
  *(double *)clf__state_data(state, "decision_temperature") = clf__temperature_fit(rows);
  return CLF_OK;
}

/* Adds the tensors of a calibration (CLF__CALIBRATION_…) to `state`. */
static clf_status fit_calibration(clf_context *context, clf__store *state, int32_t method,
                                  const clf__scored *rows) {
  switch (method) {
  case CLF__CALIBRATION_SIGMOID:
    return fit_sigmoids(context, state, rows);
  case CLF__CALIBRATION_TEMPERATURE:
    return fit_temperature(context, state, rows);
  default:
    return fit_isotonic(context, state, rows);
  }
}

clf_status clf__decision_check_params(const clf__model_kind *kind, const void *params) {
  const clf__decision_params *p = params;
  if (p->calibration_folds == 1) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "%s: calibration_folds is 1; it must be 2 or more, or 0 for none",
                     kind->base.name);
  }
  return p->reject == 0 || p->calibration_folds > 0
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "%s: reject needs calibration_folds of 2 or more; without them, "
                         "clf_model_set_reject() follows the fit",
                         kind->base.name);
}

/* Returns whether the fit is followed by a calibration to scores of a cross-validation. */
static bool calibrates(const clf_model *model) {
  const clf__decision_params *p = model->params;
  return p->calibration != CLF__CALIBRATION_NONE && p->calibration_folds > 0 &&
         (model->kind->own_sigmoids == NULL || p->calibration != CLF__CALIBRATION_SIGMOID);
}

bool clf__decision_folds_share(const clf_model *model) {
  const clf__decision_params *p = model->params;
  return model->stage_count == 0 && (calibrates(model) || p->reject > 0) &&
         model->kind->leaves_out != NULL && model->kind->leaves_out(model);
}

/* The folds of a network begin at new weights, so they say nothing of one that goes on. */
clf_status clf__decision_check_start(const clf_model *model, bool goes_on) {
  const clf__decision_params *p = model->params;
  if (!goes_on || (model->kind->can & CLF__CAN_STEP) == 0 ||
      (!calibrates(model) && p->reject == 0)) {
    return CLF_OK;
  }
  return clf__fail(
      CLF_ERROR_UNSUPPORTED,
      "%s: calibration and reject within a fit are for one that begins at new weights; "
      "clf_model_calibrate() and clf_model_set_reject() take rows that are held out",
      model->kind->base.name);
}

void clf__decision_log_skipped(const clf_model *model) {
  const clf__decision_params *p = model->params;
  if (calibrates(model) || p->reject > 0) {
    clf__log(model->context, CLF_LOG_WARNING,
             "%s: calibration and reject are made by whole fits alone; clf_model_calibrate() and "
             "clf_model_set_reject() take rows that are held out",
             model->kind->base.name);
  }
}

clf_status clf__decision_fit(clf_model *next, const clf_dataset *train, const int32_t *labels,
                             const clf_optimizer *optimizer, const clf_dataset *validation,
                             struct clf__fit_shared *shared) {
  const clf__decision_params *p = next->params;
  const char *what = calibrates(next) ? "calibration" : "reject";
  float *scores = NULL;
  clf_status status = CLF_OK;
  if (!calibrates(next) && p->reject == 0) {
    return CLF_OK;
  }
  if (labels == NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s has no meaning in a regression",
                     next->kind->base.name, what);
  }
  if (clf__classes_count(train->classes) != next->outputs) {
    return clf__fail(CLF_ERROR_DATA,
                     "%s: %s needs rows of all classes that the model has; rows that are held out "
                     "may lack some, by clf_model_calibrate() and clf_model_set_reject()",
                     next->kind->base.name, what);
  }
  scores = clf__alloc_matrix(next->context, train->rows, next->outputs, sizeof *scores);
  CLF__TRY(scores != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  const clf__cross_fits how = {optimizer, validation, p->calibration_folds,
                               clf__decision_folds_share(next) ? shared : NULL};
  CLF__TRY(clf__cross_fit(next, train, &how, scores));
  if (status == CLF_NOT_CONVERGED) {
    next->outcome = status;
    clf__log(next->context, CLF_LOG_WARNING,
             "%s: folds of the %s have not converged; scale the features, or raise tolerance or "
             "max_iterations",
             next->kind->base.name, what);
  }
  if (calibrates(next)) {
    const clf__scored rows = {scores, labels, clf__dataset_weights(train), train->rows,
                              next->outputs};
    CLF__TRY(fit_calibration(next->context, next->state, p->calibration, &rows));
  }
  if (p->reject > 0) {
    const clf__scored_data rows = {train, labels, scores};
    CLF__TRY(clf__reject_fit(next, &rows, p->reject, next->state));
  }
  clf__decision_bind(next);
done:
  clf__free(scores);
  return status < 0 ? clf__fail_within(status, "%s", what) : CLF_OK;
}

/* The parameters of clf_model_calibrate(). */
typedef struct calibrate_params {
  int32_t method;
} calibrate_params;

#define CLF__VALUES calibrate_params
static const clf__param params[] = {
    CLF__CHOICE(method, "sigmoid|temperature|isotonic", "sigmoid",
                "map of scores to probabilities"),
};
const clf__kind clf__calibrate_kind =
    CLF__KIND("calibrate", "probabilities fitted to held-out rows", params, calibrate_params);

static clf_status check_held_out(const clf_model *model, const clf_dataset *data,
                                 const int32_t *labels) {
  const float *weights = clf__dataset_weights(data);
  int32_t first = -1;
  for (int64_t i = 0; i < data->rows; i++) {
    if (weights == NULL || weights[i] > 0) {
      if (first >= 0 && labels[i] != first) {
        return CLF_OK;
      }
      first = labels[i];
    }
  }
  return clf__fail(CLF_ERROR_DATA,
                   "%s: calibration needs held-out rows of two classes, with weights",
                   model->kind->base.name);
}

/* Adds the calibration to `state`, which has none; `bare` is the model with this state. */
static clf_status fit_held_out(const clf_model *bare, const clf_dataset *held_out,
                               const int32_t *labels, int32_t method) {
  const clf__model_kind *kind = bare->kind;
  const int64_t count = clf__count(held_out->rows, bare->outputs);
  clf_status status = CLF_OK;
  if (kind->fit_sigmoids != NULL && method == CLF__CALIBRATION_SIGMOID) {
    return kind->fit_sigmoids(bare, held_out, labels, bare->state);
  }
  float *scores = clf__alloc_matrix(bare->context, held_out->rows, bare->outputs, sizeof *scores);
  CLF__TRY(scores != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(clf_model_decision_function(bare, held_out, scores, count));
  const clf__scored rows = {scores, labels, clf__dataset_weights(held_out), held_out->rows,
                            bare->outputs};
  status = fit_calibration(bare->context, bare->state, method, &rows);
done:
  clf__free(scores);
  return status;
}

/* Adds the sums of the weights of the classes, which the probabilities are of from then on. */
static clf_status count_classes(const clf_model *bare, const clf_dataset *held_out,
                                const int32_t *labels) {
  const float *weights = clf__dataset_weights(held_out);
  CLF__CHECK(clf__state_tensor(bare->context, bare->state, "decision_class_rows", CLF_F64,
                               bare->outputs, -1));
  double *sums = clf__state_data(bare->state, "decision_class_rows");
  for (int64_t i = 0; i < held_out->rows; i++) {
    sums[labels[i]] += weights != NULL ? (double)weights[i] : 1;
  }
  return CLF_OK;
}

/* Fits and counts, unless the host cancels. */
static clf_status fill(clf_model *bare, const clf_dataset *held_out, const int32_t *labels,
                       int32_t method) {
  const clf__progress progress = clf__progress_begin(bare->context, "calibrate", 1);
  clf__call call;
  clf__call_begin(&call, bare->context, "calibrate", held_out->rows);
  clf_status status = clf__progress_step(&progress, 0, (double)NAN, (double)NAN);
  status = status == CLF_OK ? fit_held_out(bare, held_out, labels, method) : status;
  status = status == CLF_OK ? count_classes(bare, held_out, labels) : status;
  return clf__call_end(&call, status);
}

static clf_status calibrate(clf_model *model, const clf_dataset *held_out, int32_t method) {
  const char *const dropped[] = {
      "decision_sigmoid",    "decision_temperature",    "decision_isotonic",
      "decision_class_rows", "decision_priors",         "decision_thresholds",
      "decision_set",        model->kind->own_sigmoids, NULL};
  const bool stale = model->decision.priors != NULL || model->decision.thresholds != NULL ||
                     model->decision.set_start != NULL;
  clf_model bare = *model;
  int32_t *labels = NULL;
  clf_status status = CLF_OK;
  bare.state = NULL;
  CLF__TRY(clf__fit_check_outputs(model, held_out));
  CLF__TRY(clf__fit_translate_labels(&labels, model, held_out));
  CLF__TRY(check_held_out(model, held_out, labels));
  CLF__TRY(clf__decision_state(&bare.state, model, dropped));
  clf__decision_bind(&bare);
  CLF__TRY(fill(&bare, held_out, labels, method));
  status = clf__decision_adopt(model, bare.state);
  bare.state = NULL;
  if (status == CLF_OK && stale) {
    clf__decision_log_stale(model);
  }
done:
  clf__store_free(bare.state);
  clf__free(labels);
  return status;
}

clf_status clf_model_calibrate(clf_model *model, const clf_dataset *held_out, const char *text) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  void *chosen = NULL;
  clf__held_out held;
  clf_status status = CLF_OK;
  CLF__TRY(clf__held_out_begin(&held, model, "clf_model_calibrate()", text, held_out));
  CLF__TRY(clf__held_out_require(&held));
  CLF__TRY(clf__decision_require_classes(model));
  CLF__TRY(clf__params_create(&chosen, model->context, &clf__calibrate_kind.params, text));
  CLF__TRY(calibrate(model, held.rows, 1 + ((const calibrate_params *)chosen)->method));
done:
  clf__params_free(&clf__calibrate_kind.params, chosen);
  return clf__held_out_end(&held, status);
}
