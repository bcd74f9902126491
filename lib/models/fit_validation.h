/* The validation rows of a fit. */
#ifndef CLF_MODELS_FIT_VALIDATION_H
#define CLF_MODELS_FIT_VALIDATION_H

#include "models/kind_rows.h"

/* The rows as fits with epochs read them; other fits do not need them. But all kinds score them
 * after the fit, and therefore refuse before it what they could not score. */
typedef struct clf__fit_validation {
  const clf_dataset *given; /* matched with the model's columns */
  clf_dataset *matched;     /* owned, or NULL */
  clf_dataset *made;        /* by the pipeline; owned, or NULL */
  clf__kind_rows rows;
  int32_t *labels;
  clf__training training; /* x is NULL if the kind does not need them */
} clf__fit_validation;

/* Starts from zeros. The rows are those of a model whose pipeline is fitted. */
clf_status clf__fit_validation_begin(clf__fit_validation *v, const clf_model *next,
                                     const clf_dataset *validation);
void clf__fit_validation_end(clf__fit_validation *v);

#endif
