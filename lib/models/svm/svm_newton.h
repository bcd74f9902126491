/* Linear machines of few columns with the squared hinge loss. */
#ifndef CLF_MODELS_SVM_SVM_NEWTON_H
#define CLF_MODELS_SVM_SVM_NEWTON_H

#include "models/svm/svm_normal.h"

/* Minimizes |w|^2 / 2 + sum_i C_i max(0, m_i)^2, m_i = 1 - y_i (x_i . w + b), from w = 0 on, for
 * the rows of the normal equations. */
typedef struct clf__svm_newton {
  clf__svm_normal *normal;
  const clf__progress *progress;
  const double *y; /* [count] 1 or -1 */
  const double *C; /* [count] */
  int64_t max_steps;
  double *u; /* [columns of the equations] result */
  int64_t steps;
} clf__svm_newton;

/* Returns CLF_OK however it ended, CLF_ERROR_MEMORY or CLF_ERROR_CANCELLED. */
clf_status clf__svm_newton_minimize(clf__svm_newton *newton);
/* Returns about how long it takes, in the unit of clf__parallel()'s work. */
double clf__svm_newton_work(const clf__rows *x);

#endif
