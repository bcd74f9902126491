/* From scores to decisions, the same for all kinds of models. What a kind decides are scores; a
 * calibration or the kind's link makes probabilities of them, and the class with the highest
 * probability is predicted. Everything that is set in addition is a tensor of the state whose name
 * begins with "decision_", so that it is saved, loaded and described with the model:
 *
 *   decision_absent       i32 [classes]    1 for classes without weight in the fit: probability 0
 *   decision_sigmoid      f64 [maps, 2]    A and B of 1 / (1 + exp(A s + B)) (sigmoid.h)
 *   decision_temperature  f64 [1]          T of the softmax of scores / T
 *   decision_isotonic_x, decision_isotonic_y, decision_isotonic_start (isotonic.h)
 *   decision_class_rows   f64 [classes]    sums of the weights of the rows that the probabilities
 *                                          are of: those of the fit, or of the calibration
 *   decision_priors       f64 [2, classes] other shares of the classes, and those before
 *   decision_costs        f64 [classes, classes]  of predicting a column where a row is true
 *   decision_thresholds   f64 [classes]    of probabilities; 0: none (thresholds.h)
 *   decision_set_method, decision_set_scores, … (conform.c)
 *   decision_reject_…                     which rows are none of the classes (novelty.h)
 *
 * Two classes have one map, of the difference of their scores, and more classes one map each, whose
 * values are scaled to sum to 1. */
#ifndef CLF_MODELS_DECISION_DECISION_H
#define CLF_MODELS_DECISION_DECISION_H

#include <classify/decision.h>

#include "base/kinds.h"
#include "models/model.h"

/* The parameters that all kinds share: the first member of the struct of parameters of each. */
typedef struct clf__decision_params {
  int32_t calibration;
  int64_t calibration_folds;
  double reject;
} clf__decision_params;

enum {
  CLF__CALIBRATION_NONE,
  CLF__CALIBRATION_SIGMOID,
  CLF__CALIBRATION_TEMPERATURE,
  CLF__CALIBRATION_ISOTONIC
};

/* Their rows, for a table whose struct has the member `decision`. */
#define CLF__DECISION_PARAMS                                                                       \
  CLF__CHOICE(decision.calibration, "none|sigmoid|temperature|isotonic", "none",                   \
              "map of scores to probabilities, fitted to rows left out by cross-validation"),      \
      CLF__INT(decision.calibration_folds, "5", 0, 1e6,                                            \
               "folds of this cross-validation; 0: none, clf_model_calibrate() follows the fit"),  \
      CLF__REAL(decision.reject, "0", 0, 0.5,                                                      \
                "share of known rows that may be rejected as none of the classes (-1); 0: none")

/* Checks what the rows of the parameters do not express. */
clf_status clf__decision_check_params(const clf__model_kind *kind, const void *params);

/* Sets model->decision to the tensors of the state (decision_set.c). */
void clf__decision_bind(clf_model *model);
/* Returns CLF_ERROR_CORRUPT unless the tensors of a loaded state are valid. */
clf_status clf__decision_check(const clf_model *model);
/* Setting something on a fitted model: make a state that shares the model's tensors, except those
 * whose names begin with a prefix of `dropped` (ends with NULL); add tensors to it; and let the
 * model adopt it. Adopting takes ownership of the state, also after a failure, which leaves the
 * model unchanged. */
clf_status clf__decision_state(clf__store **out, const clf_model *model,
                               const char *const *dropped);
clf_status clf__decision_adopt(clf_model *model, clf__store *state);
/* Adds decision_absent to the state of a fit, if classes have no weight. */
clf_status clf__decision_add_absent(const clf_model *next, const clf__training *training);
/* Adds decision_class_rows to the state of a fit, if they are known. */
clf_status clf__decision_add_class_rows(const clf_model *next, const clf__training *training);
/* Return CLF_ERROR_CORRUPT unless the tensors of costs, thresholds and priors, and those of
 * prediction sets, are valid. */
clf_status clf__choices_check(const clf_model *model);
clf_status clf__prediction_sets_check(const clf_model *model);
/* Returns CLF_ERROR_UNSUPPORTED if the model decides by what files of other programs do not
 * express: costs, thresholds or other priors. */
clf_status clf__choices_check_export(const clf_model *model, const char *format);
/* Logs which of the model's decision tensors the new fit drops. */
void clf__decision_log_dropped(const clf_model *model, const clf_model *next);

/* Returns whether the fitted model computes probabilities (decision.c). */
bool clf__decision_has_probabilities(const clf_model *model);
/* Logs that what was set for the probabilities before is dropped. */
void clf__decision_log_stale(const clf_model *model);

/* Return CLF_OK if the model is fitted to classes, and if it computes probabilities; else
 * CLF_ERROR_NOT_FITTED or CLF_ERROR_UNSUPPORTED, with what would be right. */
clf_status clf__decision_require_classes(const clf_model *model);
clf_status clf__decision_require_probabilities(const clf_model *model);
/* Computes p [rows, classes] in f64, from which classes are decided, from scores. */
clf_status clf__decision_p(const clf_model *model, const float *scores, int64_t rows, double *p);
/* Computes the class of each row from scores [rows, classes]. */
clf_status clf__decision_labels(const clf_model *model, const float *scores, int64_t rows,
                                int32_t *labels);
/* Converts scores [rows, classes] into probabilities, in place. The first maximum of a row is the
 * class that is predicted. */
clf_status clf__decision_probabilities(const clf_model *model, float *values, int64_t rows);
/* The same in f64 for scores in f64; those in f32, from which classes are predicted, are
 * `scores`. */
clf_status clf__decision_probabilities_f64(const clf_model *model, double *values,
                                           const float *scores, int64_t rows);

/* How the folds of a cross-validation are fitted: the optimizer and the validation rows of the
 * whole fit, or NULL, and what that has left to other fits on its rows, if the kind leaves rows out
 * of them by itself; or NULL. */
typedef struct clf__cross_fits {
  const clf_optimizer *optimizer;
  const clf_dataset *validation;
  int64_t folds;
  struct clf__fit_shared *shared;
} clf__cross_fits;

/* Computes scores [train->rows, outputs] of the rows by models that were fitted without them: a
 * stratified cross-validation, in an order drawn from the context's seed. It has fewer folds if a
 * class has fewer rows. Rows of weight 0 are in no fold, and have scores 0. Returns CLF_ERROR_DATA
 * if a class has one row only, and CLF_NOT_CONVERGED, with all scores, if the fit to the others of
 * a fold has not converged (cross_fit.c). */
clf_status clf__cross_fit(const clf_model *model, const clf_dataset *train,
                          const clf__cross_fits *how, float *scores);

/* Rows with scores, to fit calibrations to. */
typedef struct clf__scored {
  const float *scores;   /* [rows, classes] */
  const int32_t *labels; /* [rows] */
  const float *weights;  /* [rows], or NULL for 1 */
  int64_t rows, classes;
} clf__scored;

/* Returns CLF_ERROR_UNSUPPORTED if the parameters ask a network that goes on from its weights to
 * calibrate or reject. */
clf_status clf__decision_check_start(const clf_model *model, bool goes_on);
/* Logs that a fit does not calibrate or reject, if the parameters ask for it. */
void clf__decision_log_skipped(const clf_model *model);
/* Returns whether the fit is followed by a cross-validation whose folds share what it leaves. */
bool clf__decision_folds_share(const clf_model *model);
/* Calibrates a model that was just fitted to `train`, and lets it reject rows, if its parameters
 * ask for it. `labels` are class indices of the model; `shared` (models/kind_rows.h), or NULL, is
 * what the fit has left. */
clf_status clf__decision_fit(clf_model *next, const clf_dataset *train, const int32_t *labels,
                             const clf_optimizer *optimizer, const clf_dataset *validation,
                             struct clf__fit_shared *shared);
/* Converts scores [rows, classes] in place by the calibration that the model has
 * (calibration_apply.c). */
bool clf__calibration_there(const clf__decision *decision);
void clf__calibration_apply(const clf__decision *decision, int64_t classes, double *values,
                            int64_t rows);

/* A dataset with scores of models that did not see its rows. */
typedef struct clf__scored_data {
  const clf_dataset *data;
  const int32_t *labels; /* [rows] class indices of the model */
  const float *scores;   /* [rows, classes] */
} clf__scored_data;

/* Adds to `state` what rejects rows, for a rate of false alarms (reject.c). */
clf_status clf__reject_fit(const clf_model *model, const clf__scored_data *rows, double rate,
                           clf__store *state);

/* The kinds of parameters of the functions of classify/decision.h, for the catalog. */
extern const clf__kind clf__calibrate_kind;
extern const clf__kind clf__tune_threshold_kind;
extern const clf__kind clf__conform_kind;
extern const clf__kind clf__reject_kind;

#endif
