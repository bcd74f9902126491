/* Proximal Newton for losses of linear outputs with an L1 penalty. */
#ifndef CLF_OPTIM_PROX_NEWTON_H
#define CLF_OPTIM_PROX_NEWTON_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

#include "tensor/rows.h"

/* F(W, b) = f(X W^T + b) + l1 |W|_1 + l2/2 |W|^2 as a function of the variables W [outputs,
 * columns], followed by b [outputs]. f is convex. */
typedef struct clf__prox_problem {
  clf_context *context;
  void *argument;
  const clf__rows *x;
  const float *weights; /* [rows] of the rows, or NULL for 1 */
  int64_t outputs;
  bool intercept; /* otherwise b stays as it is */
  bool separate;  /* f is a sum of functions of single outputs */
  /* f does not change if the same is added to the weights of a column in all outputs. */
  bool shifts;
  double l1, l2;
  /* The violation of the optimality conditions to stop at, in units of the deviations of the
   * columns, so that it is the same for columns of any scale; deviations above max_unit count as
   * max_unit. */
  double tolerance, max_unit;
  int64_t max_iterations;
  bool f64; /* values are computed in f64; otherwise with the noise of f32 */
  /* Computes f and its gradient [outputs * (columns + 1)] at `at`. `value` receives f or, if it is
   * separate, the value of each output. One that is not finite shortens the step. */
  clf_status (*evaluate)(void *argument, const double *at, double *value, double *gradient);
  /* Computes the second derivatives [rows] > 0 of f with respect to an output, at the point of the
   * last evaluation. It is called from several threads. */
  void (*curvature)(void *argument, int64_t output, float *curvature);
  /* Called with the starting point (iteration 0) and with the point after each iteration. */
  clf_status (*observe)(void *argument, int64_t iteration, double value);
} clf__prox_problem;

typedef struct clf__prox_result {
  bool stalled; /* steps no longer decrease F beyond rounding errors */
  int64_t iterations;
  double value;     /* F */
  double violation; /* at the last point; at most the tolerance if it has converged */
  double decrease;  /* of F by the last step, as predicted */
} clf__prox_result;

/* Minimizes from the starting point `x` [outputs * (columns + 1)], which receives the solution,
 * whose zeros are exact. Returns CLF_OK however it ended; CLF_ERROR_NUMERIC if the
 * value at the start is not finite, CLF_ERROR_MEMORY, or the failure of a callback. After a failure
 * x is the point of the last complete iteration, and the result, which the caller has set to 0, has
 * their number. */
clf_status clf__prox_newton(clf__prox_result *result, const clf__prox_problem *problem, double *x);

#endif
