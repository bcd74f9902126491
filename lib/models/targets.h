/* What a regression's targets are like, by output. */
#ifndef CLF_MODELS_TARGETS_H
#define CLF_MODELS_TARGETS_H

#include "models/model.h"

/* Targets of one output: those of rows[0 … count-1], or of all rows in order where that is NULL. */
typedef struct clf__target_column {
  const double *targets; /* the output's first */
  int64_t stride;        /* outputs of a row */
  const int64_t *rows;
  int64_t count;
  const float *weights; /* by row, not all 0; NULL for 1 */
} clf__target_column;

/* The weighted mean, and the weighted root mean square of the differences from `center`: 0 exactly
 * where there are none, and right for numbers of any size. */
double clf__target_mean(const clf__target_column *column);
double clf__target_spread(const clf__target_column *column, double center);

/* CLF_ERROR_DATA for targets beyond float, as which models predict; logs where floats are too far
 * apart to tell the targets apart. */
clf_status clf__targets_check(const clf_model *model, const clf__training *training);

#endif
