/* The coefficient of determination, the score of a regression. */
#ifndef CLF_METRICS_DETERMINATION_H
#define CLF_METRICS_DETERMINATION_H

#include <stdint.h>

/* Computes R^2 of one of `outputs` outputs: targets and values [rows, outputs] point at its first
 * element; weights [rows] are NULL or not all 0. Constant targets give 1 if they are predicted
 * exactly, and otherwise 0. The result is -Inf if the values are so wrong that a double cannot
 * represent it. */
double clf__determination(const double *targets, const float *values, const float *weights,
                          int64_t rows, int64_t outputs);

#endif
