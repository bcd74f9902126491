/* Models whose fit follows from sums over the rows (ops/linalg/moments.h). They can be fitted in
 * parts, forget rows, and be merged; the result depends on the sums alone, so it does not matter in
 * which order and in how many calls rows came.
 *
 * Few rows at a time change the sums at once, but what follows from them is computed at the next
 * use of the model: its state is an empty store until then, `pending` is set, and the first
 * function that calls clf__model_require_fit() fills the state. Threads wait for each other there.
 * */
#ifndef CLF_MODELS_SUMS_H
#define CLF_MODELS_SUMS_H

#include <stdatomic.h>

#include "base/lock.h"
#include "models/model.h"
#include "ops/linalg/moments.h"

/* What a kind states of its fit by sums. */
typedef struct clf__sums_kind {
  /* Returns whether fit keeps the sums. partial_fit does in any case. */
  bool (*kept)(const clf_model *model);
  /* Returns CLF_ERROR_UNSUPPORTED for parameters with which the fit does not follow from sums. */
  clf_status (*check)(const clf_model *model);
  bool (*centered)(const clf_model *model);                     /* products are about the mean */
  const clf__list *(*class_weight)(const clf_model *model);     /* or NULL */
  int64_t (*min_rows)(const clf_model *model, int64_t classes); /* of a fit */
  /* Adds the fitted tensors to the state. `training` has no rows. Returns CLF_OK,
   * CLF_NOT_CONVERGED or an error. */
  clf_status (*solve)(const clf_model *model, const clf__training *training,
                      const clf__moments *sums, clf__store *state);
} clf__sums_kind;

typedef struct clf__sums {
  clf__moments *moments;
  clf__lock *lock; /* of the first use */
  atomic_bool pending;
} clf__sums;

void clf__sums_free(clf__sums *sums); /* NULL is fine */

/* Fit, partial fit and forgetting. `silent`: one of the fits of a search. */
clf_status clf__sums_fit(clf_model *model, const clf_dataset *train, const clf_dataset *validation,
                         bool silent);
clf_status clf__sums_partial_fit(clf_model *model, const clf_dataset *train);

/* Completes a pending state. */
clf_status clf__sums_settle(const clf_model *model);

/* The entries of a file. */
clf_status clf__sums_save(const clf_model *model, clf__store *store);
clf_status clf__sums_load(clf_model *model, const clf__store *store);

/* Logs how far rounding errors of the sums change a solution, if that is more than 1e-6. Returns
 * CLF_OK, or CLF_NOT_CONVERGED if it is. */
clf_status clf__sums_judge(const clf__training *training, double uncertainty);

#endif
