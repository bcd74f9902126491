/* What fits ask of their rows (fit_checks.c). */
#ifndef CLF_MODELS_FIT_CHECKS_H
#define CLF_MODELS_FIT_CHECKS_H

#include "models/model.h"

/* Labels or targets, weights and sparse rows, as far as the kind takes them. */
clf_status clf__fit_check_capabilities(const clf_model *model, const clf_dataset *train);
/* The features and the labels or target columns of the model: those that it was fitted to, or that
 * a fit has begun with. */
clf_status clf__fit_check_task(const clf_model *model, const clf_dataset *rows);
/* *out [rows], allocated: the rows' labels in the model's classes; CLF_ERROR_DATA where a row is of
 * another one. */
clf_status clf__fit_translate_labels(int32_t **out, const clf_model *model,
                                     const clf_dataset *data);

#endif
