/* The rows of a fit of several ranks (fit_ranks.c). */
#ifndef CLF_MODELS_FIT_RANKS_H
#define CLF_MODELS_FIT_RANKS_H

#include "data/rank_rows.h"
#include "data/rank_whole.h"
#include "models/model.h"

typedef struct clf__fit_joint {
  clf__comm_call call;
  clf__rank_rows train, held_out; /* parts of the ranks */
  clf__rank_dataset all, all_held_out;
  const clf_dataset *rows, *validation; /* as the fit gets them */
} clf__fit_joint;

/* Compares the ranks' models, and exchanges what they must know of each other's rows. j->call has
 * begun, and all else is zero. Each rank gets the validation rows of all. */
clf_status clf__fit_join(clf__fit_joint *j, const clf_model *model, const clf_dataset *train,
                         const clf_dataset *validation);
/* Then, for a fit that the ranks do not divide: each gets the rows of all, and does the same from
 * now on, so its pipeline and optimizer must be the same. */
clf_status clf__fit_join_whole(clf__fit_joint *j, const clf_model *model,
                               const clf_optimizer *optimizer);
void clf__fit_joint_free(clf__fit_joint *j);

#endif
