/* The parts of fits by sums. */
#ifndef CLF_MODELS_SUMS_PARTS_H
#define CLF_MODELS_SUMS_PARTS_H

#include "models/sums.h"

clf_status clf__sums_create(clf__sums **out, clf_context *context);
/* Returns CLF_ERROR_UNSUPPORTED or CLF_ERROR_NOT_FITTED if the model has no sums. It does not
 * complete a pending state. */
clf_status clf__sums_require(const clf_model *model);
/* Fills the empty state of `next` from its sums. */
clf_status clf__sums_solve(clf_model *next, bool silent);

#endif
