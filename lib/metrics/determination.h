/* The coefficient of determination, by which regression is scored. */
#ifndef CLF_METRICS_DETERMINATION_H
#define CLF_METRICS_DETERMINATION_H

#include <stdint.h>

/* R^2 of one of `outputs` outputs: targets and values [rows, outputs] begin at its first element;
 * weights [rows] or NULL, not all 0. Constant targets give 1 when they are met and 0 otherwise.
 * -Inf when the values are so far off that no double tells. */
double clf__determination(const double *targets, const float *values, const float *weights,
                          int64_t rows, int64_t outputs);

#endif
