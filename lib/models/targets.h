/* Statistics of a regression's targets, for each output. */
#ifndef CLF_MODELS_TARGETS_H
#define CLF_MODELS_TARGETS_H

#include "models/model.h"

/* The targets of one output for rows[0 … count-1], or for all rows in order if `rows` is NULL. */
typedef struct clf__target_column {
  const double *targets; /* the first of the output */
  int64_t stride;        /* outputs in a row */
  const int64_t *rows;
  int64_t count;
  const float *weights; /* by row, not all 0; NULL for 1 */
} clf__target_column;

/* Computes the weighted mean, and the weighted root mean square of the differences from `center`:
 * exactly 0 if there are none, and accurate for numbers of any size. */
double clf__target_mean(const clf__target_column *column);
double clf__target_spread(const clf__target_column *column, double center);

/* Returns CLF_ERROR_DATA for targets that overflow a float, since models predict floats; logs if
 * floats are too coarse to distinguish the targets. */
clf_status clf__targets_check(const clf_model *model, const clf__training *training);

#endif
