/* What the files of ridge share: two solvers, and the choice of alpha. */
#ifndef CLF_MODELS_RIDGE_RIDGE_H
#define CLF_MODELS_RIDGE_RIDGE_H

#include "models/decision/decision.h"
#include "models/model.h"

typedef struct clf__ridge_params {
  clf__decision_params decision;
  double alpha;
  clf__list alphas;
  int32_t choose;
  bool fit_intercept;
  clf__list class_weight;
  int32_t solver;
  double tolerance;
  int64_t max_iterations;
  int32_t precision;
  bool incremental;
} clf__ridge_params;

enum { CLF__RIDGE_CHOOSE_NONE, CLF__RIDGE_CHOOSE_SHARED, CLF__RIDGE_CHOOSE_EACH };

clf_status clf__ridge_fit_cg(const clf_model *model, const clf__training *training,
                             const float *row_weights, double alpha, clf__store *state);
/* Chooses alpha [outputs] among the candidates; error [outputs] receives the mean squared
 * leave-one-out errors (ridge_choose.c). */
clf_status clf__ridge_choose(double *alpha, double *error, const clf_model *model,
                             const clf__training *training, const float *weights);

#endif
