/* What costs, thresholds and priors share: held-out rows with probabilities. */
#ifndef CLF_MODELS_DECISION_CHOOSE_H
#define CLF_MODELS_DECISION_CHOOSE_H

#include "models/decision/decision.h"

/* Rows of known classes with what the model says of them. */
typedef struct clf__judged {
  double *p;       /* [rows, classes] probabilities, or scores if the model has none */
  int32_t *labels; /* [rows] indices of the model's classes; NULL if they were not asked for */
  const float *weights;
  int64_t rows, classes;
} clf__judged;

/* Computes them; `labels` is whether the rows must have known ones. Free it in any case. */
clf_status clf__judged_create(clf__judged *out, const clf_model *model, const clf_dataset *data,
                              bool labels);
void clf__judged_free(clf__judged *judged);

/* Lets the model adopt its state without the tensors whose names begin with a prefix of `dropped`,
 * and with `values` as the tensor of that name, unless they are NULL. */
typedef struct clf__decision_change {
  const char *const *dropped;
  const char *tensor;
  const double *values;
  int64_t rows, columns; /* -1 columns: a vector */
} clf__decision_change;
clf_status clf__decision_change_state(clf_model *model, const clf__decision_change *change);

/* How a class is chosen: setting one of these replaces the other. */
extern const char *const clf__decision_choices[];

#endif
