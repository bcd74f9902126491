/* The coefficient of determination, the score of a regression. */
#ifndef CLF_METRICS_DETERMINATION_H
#define CLF_METRICS_DETERMINATION_H

#include "comm/shards.h"

/* One of `outputs` outputs: targets and values [rows, outputs] point at its first element; weights
 * [rows] are NULL or, on all ranks together, not all 0. */
typedef struct clf__determined {
  const double *targets;
  const float *values, *weights;
  int64_t rows, outputs;
  const clf__shards *shards; /* of the rows of all ranks, or NULL */
} clf__determined;

/* Computes R^2. Constant targets give 1 if they are predicted exactly, and otherwise 0. The result
 * is -Inf if the values are so wrong that a double cannot represent it. Fails only if ranks do. */
clf_status clf__determination(double *out, const clf__determined *of);

#endif
