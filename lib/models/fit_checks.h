/* The requirements of fits on their rows (fit_checks.c). */
#ifndef CLF_MODELS_FIT_CHECKS_H
#define CLF_MODELS_FIT_CHECKS_H

#include "models/model.h"

/* Checks labels or targets, weights and sparse rows against what the kind supports. */
clf_status clf__fit_check_capabilities(const clf_model *model, const clf_dataset *train);
/* Matches the columns with those that the model was fitted to, or that a fit has begun with: *out
 * is `rows` or *made, which the caller frees. */
clf_status clf__fit_match(const clf_dataset **out, clf_dataset **made, const clf_model *model,
                          const clf_dataset *rows);
/* Checks the labels or target columns against those that the model was fitted to. */
clf_status clf__fit_check_outputs(const clf_model *model, const clf_dataset *rows);
/* *out [rows], allocated, receives the labels as class indices of the model. Returns CLF_ERROR_DATA
 * if a row is of another class. */
clf_status clf__fit_translate_labels(int32_t **out, const clf_model *model,
                                     const clf_dataset *data);

/* Returns whether several ranks divide the fit with the current parameters (fit_ranks.c). */
bool clf__fit_is_divided(const clf_model *model);
/* Returns a hash of what is fitted, as far as it is saved. */
uint64_t clf__model_hash_state(const clf_model *model);
/* Adds the pipeline and the optimizer, or NULL, with their parameters to a hash. */
clf_status clf__model_hash_settings(uint64_t *hash, const clf_model *model,
                                    const clf_optimizer *optimizer);

/* The parts of fits that fits by sums (sums.h) have in common with others (fit.c): the stages of a
 * pipeline, fitted first if `fit` is set; the kind's check of a fitted model; and the score of
 * validation rows. */
clf_status clf__stages_run(const clf_dataset **out, clf_dataset **made, clf_transform **stages,
                           int64_t count, bool fit, const clf_dataset *data);
clf_status clf__fit_check_fitted(const clf_model *next);
clf_status clf__fit_add_validation_score(clf_model *next, const clf_dataset *validation);

#endif
