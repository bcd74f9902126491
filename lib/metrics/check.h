/* What every measure demands of its arguments. */
#ifndef CLF_METRICS_CHECK_H
#define CLF_METRICS_CHECK_H

#include <classify/metrics.h>

#include "base/status.h"

/* At least one row, and each truth in 0 … classes - 1: CLF_OK, or CLF_ERROR_ARGUMENT or
 * CLF_ERROR_DATA naming the value. */
clf_status clf__check_truth(const char *measure, const int32_t *truth, int64_t rows,
                            int64_t classes);

/* CLF_ERROR_ARGUMENT when [rows, columns] are more elements than can be addressed. */
clf_status clf__check_table(const char *measure, int64_t rows, int64_t columns,
                            size_t element_bytes);

#endif
