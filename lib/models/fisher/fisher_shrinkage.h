/* What Fisher's shrinkage=auto uses instead of the covariance within the classes. */
#ifndef CLF_MODELS_FISHER_FISHER_SHRINKAGE_H
#define CLF_MODELS_FISHER_FISHER_SHRINKAGE_H

#include "models/model.h"
#include "ops/ops.h"

/* variances [D]: those within the classes, shrunk towards `total_variance` [D] by as much as the
 * rows leave them uncertain; 0 only if the total variance is 0. `offsets` [D, K] are the class
 * means relative to gram->mean. */
clf_status clf__fisher_variances(double *variances, clf_context *context,
                                 const clf__training *training, const clf__gram *gram,
                                 const double *offsets, const double *total_variance);

/* *amount, in [0, 1], receives the shrinkage of the correlations. `gram->scatter` is the covariance
 * within the classes (divisor: weight); its diagonal has the squares of `deviation` [D]. */
clf_status clf__fisher_shrinkage(double *amount, clf_context *context,
                                 const clf__training *training, const clf__gram *gram,
                                 const double *offsets, const double *deviation);

#endif
