/* Rows that are held out to teach a fitted model how to decide, of one process or of several ranks:
 * each rank gets those of all, and does the same with them. */
#ifndef CLF_MODELS_DECISION_HELD_OUT_H
#define CLF_MODELS_DECISION_HELD_OUT_H

#include "data/rank_rows.h"
#include "data/rank_whole.h"
#include "models/model.h"

typedef struct clf__held_out {
  clf__comm_call call;
  clf__rank_rows part;
  clf__rank_dataset all;
  const clf_dataset *rows; /* NULL if there are none */
} clf__held_out;

/* Begins the call `name` of all ranks, whose parameters are `text` or NULL, and whose models must
 * be the same. `given` is NULL if there are no rows, or if other ranks have them. */
clf_status clf__held_out_begin(clf__held_out *out, const clf_model *model, const char *name,
                               const char *text, const clf_dataset *given);
/* Must be called once after clf__held_out_begin(), whatever that returned. Returns `status`, or
 * CLF_ERROR_PEER if another rank failed. */
clf_status clf__held_out_end(clf__held_out *held_out, clf_status status);
/* Returns CLF_ERROR_ARGUMENT unless there are rows. */
clf_status clf__held_out_require(const clf__held_out *held_out);

#endif
