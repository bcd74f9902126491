/* The shrinkage that Fisher's shrinkage=auto chooses. */
#ifndef CLF_MODELS_FISHER_SHRINKAGE_H
#define CLF_MODELS_FISHER_SHRINKAGE_H

#include "models/model.h"
#include "ops/ops.h"

/* `gram->scatter` holds the covariance within the classes (divisor: weight), `offsets` [D, K] the
 * class means about gram->mean, `deviation` [D] the standard deviations within. */
clf_status clf__fisher_shrinkage(double *out, clf_context *context, const clf__training *training,
                                 const clf__gram *gram, const double *offsets,
                                 const double *deviation);

#endif
