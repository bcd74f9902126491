/* The requirements of all measures on their arguments. */
#ifndef CLF_METRICS_CHECK_H
#define CLF_METRICS_CHECK_H

#include <classify/metrics.h>

#include "base/status.h"

/* Requires at least one row, and each truth in 0 … classes - 1. Returns CLF_OK, or
 * CLF_ERROR_ARGUMENT or CLF_ERROR_DATA with the wrong value in the message. */
clf_status clf__check_truth(const char *measure, const int32_t *truth, int64_t rows,
                            int64_t classes);

/* Returns CLF_ERROR_ARGUMENT if [rows, columns] has more elements than can be addressed. */
clf_status clf__check_table(const char *measure, int64_t rows, int64_t columns,
                            size_t element_bytes);

/* Requires each weight [rows] to be ≥ 0 and finite, and one to be above 0; `*sum` receives their
 * sum: the number of rows where `weights` is NULL. Returns as clf__check_truth(). */
clf_status clf__check_weights(const char *measure, const float *weights, int64_t rows, double *sum);

/* Returns the weight of a row, which is 1 where `weights` is NULL. */
double clf__weight_of(const float *weights, int64_t row);

#endif
