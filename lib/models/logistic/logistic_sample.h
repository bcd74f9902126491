/* The rows by which the preconditioner of logistic regression estimates the Hessian. */
#ifndef CLF_MODELS_LOGISTIC_LOGISTIC_SAMPLE_H
#define CLF_MODELS_LOGISTIC_LOGISTIC_SAMPLE_H

#include "models/logistic/logistic.h"

/* Rows whose Gram matrix times `scale` estimates the sum over all rows of v x x^T. */
typedef struct clf__logistic_sample {
  clf__arena arena;    /* holds the arrays */
  clf__shards *shards; /* of drawn rows, which stay in their shards */
  clf__rows x;
  const float *weights; /* v if all rows are used, otherwise NULL for 1 */
  double scale;
  double curvature; /* the sum of v over all rows */
} clf__logistic_sample;

/* Returns the curvature of a row, summed over the outputs first ... last - 1. It is never exactly 0
 * for a row that counts, so that sums can be divisors. */
double clf__logistic_row_curvature(const clf__logistic_objective *o, int64_t row, int64_t first,
                                   int64_t last);
/* Draws rows by these curvatures, or takes all if there are few; of_rows [rows] is scratch. A
 * sample is freed also after a failure. */
clf_status clf__logistic_sample_create(clf__logistic_sample *out, const clf__logistic_objective *o,
                                       int64_t first, int64_t last, double *of_rows);
void clf__logistic_sample_free(clf__logistic_sample *sample);

#endif
