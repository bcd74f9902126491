/* The parts of fits by sums. */
#ifndef CLF_MODELS_SUMS_PARTS_H
#define CLF_MODELS_SUMS_PARTS_H

#include "models/sums.h"

clf_status clf__sums_create(clf__sums **out, clf_context *context);
/* Returns CLF_ERROR_UNSUPPORTED or CLF_ERROR_NOT_FITTED if the model has no sums. It does not
 * complete a pending state. */
clf_status clf__sums_require(const clf_model *model);
/* Returns CLF_ERROR_UNSUPPORTED if a stage of the pipeline depends on the rows of its fit, and more
 * rows (`changes`) do not change it exactly, or rows are to be forgotten. */
clf_status clf__sums_check_stages(const clf_model *model, bool changes);

/* The stages of a fit, and what they make of its rows. */
typedef struct clf__sums_stages {
  clf_transform **stages; /* new, to be freed */
  const clf_dataset *data;
  clf_dataset *made;      /* `data`, if it is not the rows themselves */
  double *factor, *shift; /* [columns] the map of earlier sums, or NULL */
} clf__sums_stages;
/* Makes stages that are fitted to the rows, and to earlier ones unless the fit `begins`. */
clf_status clf__sums_run_stages(clf__sums_stages *out, clf__arena *arena, const clf_model *model,
                                bool begins, const clf_dataset *train);
/* Fills the empty state of `next` from its sums. */
clf_status clf__sums_solve(clf_model *next, bool silent);

#endif
