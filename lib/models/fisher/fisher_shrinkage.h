/* What Fisher's shrinkage=auto puts in the place of the covariance within the classes. */
#ifndef CLF_MODELS_FISHER_FISHER_SHRINKAGE_H
#define CLF_MODELS_FISHER_FISHER_SHRINKAGE_H

#include "models/model.h"
#include "ops/ops.h"

/* variances [D]: those within the classes, shrunk towards `total_variance` [D] as far as the rows
 * leave them uncertain; 0 only where the total one is. `offsets` [D, K] holds the class means about
 * gram->mean. */
clf_status clf__fisher_variances(double *variances, clf_context *context,
                                 const clf__training *training, const clf__gram *gram,
                                 const double *offsets, const double *total_variance);

/* *amount, in [0, 1], of shrinkage for correlations. `gram->scatter` holds the covariance within
 * the classes (divisor: weight), on whose diagonal are the squares of `deviation` [D]. */
clf_status clf__fisher_shrinkage(double *amount, clf_context *context,
                                 const clf__training *training, const clf__gram *gram,
                                 const double *offsets, const double *deviation);

#endif
