/* Linear machines with the squared hinge loss, while they are fitted. */
#ifndef CLF_MODELS_SVM_SVM_PRIMAL_H
#define CLF_MODELS_SVM_SVM_PRIMAL_H

#include "models/svm/svm.h"
#include "ops/linalg/linear_pass.h"
#include "optim/prox_newton.h"

typedef struct clf__svm_primal {
  clf__arena arena;
  const clf_model *model;
  const clf__training *training;
  clf__rows x;          /* of the fit, perhaps with the feature of the intercept */
  int64_t columns;      /* without that feature */
  int64_t machines;     /* 1 for two classes, positive for the first */
  const float *weights; /* [rows], or NULL for 1 */
  double total;         /* weight of the rows */
  clf__linear_pass pass;
  double *missing; /* [rows, machines] what each row lacks to the margin, or 0 */
  double *factor;  /* [machines, 2] of the dual point, for the rows of each side */
  double *losses;  /* [machines] sums at the last evaluation */
  bool has_losses; /* they are those of the solution */
  double *bias;    /* [machines] gradient of the last evaluation, borrowed */
  clf__progress progress;
  int64_t steps;    /* of Newton's method */
  int64_t machine;  /* that truncated Newton minimizes */
  bool sparse;      /* truncated Newton minimizes */
  bool unfinished;  /* one of its machines is not as near to its minimum as demanded */
  double violation; /* of its optimality conditions */
} clf__svm_primal;

static inline double clf__svm_primal_weight(const clf__svm_primal *p, int64_t row) {
  return p->weights != NULL ? (double)p->weights[row] : 1;
}

/* Does what clf__prox_newton() does for the problem of these machines, whose rows are sparse and
 * which has no L1 penalty. `u` [columns + 1] is scratch. */
clf_status clf__svm_minimize_sparse(clf__svm_primal *primal, const clf__prox_problem *problem,
                                    double *variables, double *u, clf__prox_result *result);

#endif
