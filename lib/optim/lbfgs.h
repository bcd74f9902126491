/* Limited-memory BFGS for smooth functions of many variables. */
#ifndef CLF_OPTIM_LBFGS_H
#define CLF_OPTIM_LBFGS_H

#include <stdint.h>

#include <classify/context.h>

/* What to do before the next iteration. */
typedef enum clf__lbfgs_order {
  CLF__LBFGS_GO_ON,
  CLF__LBFGS_RESTART, /* the preconditioner changed: forget the pairs taken under the old one */
  CLF__LBFGS_STOP     /* good enough */
} clf__lbfgs_order;

typedef struct clf__lbfgs_problem {
  clf_context *context;
  void *argument;
  int64_t size;           /* variables */
  int64_t pairs;          /* steps remembered */
  int64_t max_iterations; /* accepted steps */
  /* Value and gradient [size] at `at`. A value that is not finite makes the step shorter. */
  clf_status (*evaluate)(void *argument, const double *at, double *value, double *gradient);
  /* Multiplies by an approximate inverse Hessian, symmetric and positive definite, in place. */
  clf_status (*precondition)(void *argument, double *vector);
  /* Sees the starting point (iteration 0) and the point after each step: always the one that was
   * evaluated last. */
  clf_status (*observe)(void *argument, int64_t iteration, double value, const double *gradient,
                        clf__lbfgs_order *order);
} clf__lbfgs_problem;

typedef enum clf__lbfgs_end {
  CLF__LBFGS_STOPPED, /* by observe() */
  CLF__LBFGS_STALLED, /* steps no longer lower the value beyond rounding errors */
  CLF__LBFGS_LIMIT    /* max_iterations done */
} clf__lbfgs_end;

typedef struct clf__lbfgs_result {
  clf__lbfgs_end end;
  int64_t iterations;
  double value;
  double decrease; /* that the last quadratic model promised for a full step */
} clf__lbfgs_result;

/* Minimises from the start point `x` [size], which receives the solution. CLF_OK however it ended;
 * CLF_ERROR_NUMERIC when the value at the start is not finite, CLF_ERROR_MEMORY, or what a callback
 * failed with. */
clf_status clf__lbfgs_minimize(clf__lbfgs_result *result, const clf__lbfgs_problem *problem,
                               double *x);

#endif
