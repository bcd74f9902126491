/* Ridge's two solvers share their parameters. */
#ifndef CLF_MODELS_RIDGE_RIDGE_H
#define CLF_MODELS_RIDGE_RIDGE_H

#include "models/decision/decision.h"
#include "models/model.h"

typedef struct clf__ridge_params {
  clf__decision_params decision;
  double alpha;
  bool fit_intercept;
  clf__list class_weight;
  int32_t solver;
  double tolerance;
  int64_t max_iterations;
  int32_t precision;
  bool incremental;
} clf__ridge_params;

clf_status clf__ridge_fit_cg(const clf_model *model, const clf__training *training,
                             const float *row_weights, clf__store *state);

#endif
