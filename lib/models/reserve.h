/* What a model holds for predictions of few rows (clf_model_reserve). */
#ifndef CLF_MODELS_RESERVE_H
#define CLF_MODELS_RESERVE_H

#include "base/border.h"
#include "models/model.h"

void clf__reserve_free(clf__reserve *reserve); /* NULL is fine */

/* The part of a call that predicts, during which it has a place of the reserve, if there is one for
 * it. */
typedef struct clf__reserved {
  struct clf__reserve_place *place; /* or NULL */
  bool before;                      /* of clf__alone_end() */
} clf__reserved;

clf__reserved clf__reserve_enter(const clf_model *model, const clf_dataset *data);
void clf__reserve_leave(const clf__reserved *reserved);

/* Begins a public function that predicts, as CLF__ENTER() does. */
#define CLF__ENTER_PREDICTION(model, data)                                                         \
  CLF__ENTER((model)->kind->base.name);                                                            \
  __attribute__((cleanup(clf__reserve_leave), unused))                                             \
  const clf__reserved clf__reserved_for_call = clf__reserve_enter(model, data)

#endif
