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
  /* The duality gap to stop at, as a share of F. For a separate f, each output has its own. */
  double tolerance;
  int64_t max_iterations;
  /* Values are computed in f64. Otherwise they have the noise of f32, which allows no more than an
   * estimate of the gap. */
  bool f64;
  /* Computes f and its gradient [outputs * (columns + 1)] at `at`. `value` receives f or, if it is
   * separate, the value of each output. One that is not finite shortens the step. */
  clf_status (*evaluate)(void *argument, const double *at, double *value, double *gradient);
  /* For the duality gap, in f64 only. The derivatives u [rows, outputs] of f with respect to
   * the outputs z of the last evaluation are made feasible: with an intercept, they are multiplied
   * by numbers of at most 1 so that their sum over the rows is 0 for each output. `gradient`
   * [outputs, columns] receives their products with the columns. */
  clf_status (*balance)(void *argument, double *gradient);
  /* Computes f(z) + f*(s u) - s <z, u> >= 0 with the conjugate f* for a factor s <= 1 of each part:
   * `value` and `factor` have one of each output if f is separate. u is that of the last balance()
   * or, as an estimate, what it began with. */
  void (*distance)(void *argument, bool balanced, const double *factor, double *value);
  /* Computes the second derivatives [rows] > 0 of f with respect to an output, at the point of the
   * last evaluation. It is called from several threads. */
  void (*curvature)(void *argument, int64_t output, float *curvature);
  /* Called with the starting point (iteration 0) and with the point after each iteration. */
  clf_status (*observe)(void *argument, int64_t iteration, double value);
} clf__prox_problem;

typedef struct clf__prox_result {
  bool converged; /* to the tolerance, or as far as rounding allows, if that is to 1e-9 */
  bool stalled;   /* steps no longer decrease F beyond rounding errors */
  int64_t iterations;
  double value; /* F */
  /* At the last point, of the output for which it is largest; at most the tolerance if it has
   * converged. */
  double gap;
} clf__prox_result;

/* Minimizes from the starting point `x` [outputs * (columns + 1)], which receives the solution,
 * whose zeros are exact. Returns CLF_OK however it ended; CLF_ERROR_NUMERIC if the
 * value at the start is not finite, CLF_ERROR_MEMORY, or the failure of a callback. After a failure
 * x is the point of the last complete iteration, and the result, which the caller has set to 0, has
 * their number. */
clf_status clf__prox_newton(clf__prox_result *result, const clf__prox_problem *problem, double *x);

#endif
