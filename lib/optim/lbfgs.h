/* Limited-memory BFGS for smooth functions of many variables. */
#ifndef CLF_OPTIM_LBFGS_H
#define CLF_OPTIM_LBFGS_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

/* What to do before the next iteration. */
typedef enum clf__lbfgs_order {
  CLF__LBFGS_GO_ON,
  CLF__LBFGS_RESTART, /* the preconditioner changed, so earlier pairs are invalid */
  CLF__LBFGS_STOP     /* good enough */
} clf__lbfgs_order;

typedef struct clf__lbfgs_problem {
  clf_context *context;
  void *argument;
  int64_t size;           /* variables */
  int64_t pairs;          /* steps remembered */
  int64_t max_iterations; /* accepted steps */
  bool f64;               /* values are computed in f64; otherwise with the noise of f32 */
  /* Computes value and gradient [size] at `at`. A value that is not finite shortens the step. */
  clf_status (*evaluate)(void *argument, const double *at, double *value, double *gradient);
  /* Completes the gradient of an accepted point, which is the one evaluated last; NULL if
   * evaluate() leaves nothing to do. With it, evaluations are cheap, and lines are searched more
   * exactly. */
  clf_status (*complete)(void *argument, double *gradient);
  /* Returns the inner product in which gradients and steps are measured; NULL for the sum of
   * products. `a` may be a gradient that is not complete. */
  double (*dot)(void *argument, const double *a, const double *b);
  /* Multiplies by an approximate inverse Hessian, symmetric and positive definite, in place; NULL
   * for none. */
  clf_status (*precondition)(void *argument, double *vector);
  /* Called with the starting point (iteration 0) and with the point after each step, which is
   * always the one evaluated last. */
  clf_status (*observe)(void *argument, int64_t iteration, double value, const double *gradient,
                        clf__lbfgs_order *order);
} clf__lbfgs_problem;

typedef enum clf__lbfgs_end {
  CLF__LBFGS_STOPPED, /* by observe() */
  CLF__LBFGS_STALLED, /* steps no longer decrease the value beyond rounding errors */
  CLF__LBFGS_LIMIT    /* max_iterations done */
} clf__lbfgs_end;

typedef struct clf__lbfgs_result {
  clf__lbfgs_end end;
  int64_t iterations;
  double value;
  double decrease; /* predicted for a full step by the last quadratic model */
} clf__lbfgs_result;

/* Minimizes from the starting point `x` [size], which receives the solution. Returns CLF_OK however
 * it ended; CLF_ERROR_NUMERIC if the value at the start is not finite, CLF_ERROR_MEMORY, or the
 * failure of a callback. After a failure x is the point of the last complete iteration, and the
 * result, which the caller has set to 0, has their number. */
clf_status clf__lbfgs_minimize(clf__lbfgs_result *result, const clf__lbfgs_problem *problem,
                               double *x);

#endif
