/* Probabilities for other shares of the classes (Saerens, Latinne and Decaestecker, "Adjusting the
 * Outputs of a Classifier to New a Priori Probabilities", 2002): p_k becomes
 * p_k priors_k / from_k, scaled to sum to 1, with `from` the shares that p is for. */
#ifndef CLF_MODELS_DECISION_PRIORS_H
#define CLF_MODELS_DECISION_PRIORS_H

#include <classify/context.h>

/* In place, of p [rows, classes]. A row in which all products are 0 is left as it is. */
void clf__priors_apply(const double *priors, const double *from, double *p, int64_t rows,
                       int64_t classes);

/* Estimates the shares of the classes among rows by expectation maximization: the mean of the
 * corrected probabilities is the next estimate. p [rows, classes] are probabilities for the shares
 * `from`; weights [rows] are NULL or not all 0. `priors` [classes] is the result; `scratch`
 * [classes]. Returns CLF_OK, CLF_NOT_CONVERGED after very many steps, or CLF_ERROR_CANCELLED. */
clf_status clf__priors_estimate(clf_context *context, const double *p, const float *weights,
                                int64_t rows, int64_t classes, const double *from, double *priors,
                                double *scratch);

#endif
