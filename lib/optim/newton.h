/* Truncated Newton for smooth losses of one linear output of sparse rows. */
#ifndef CLF_OPTIM_NEWTON_H
#define CLF_OPTIM_NEWTON_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

#include "tensor/rows.h"

/* F(w, b) = f(X w + b) + l2/2 |w|^2 as a function of the variables w [columns], followed by b. f is
 * convex, and a sum over rows. */
typedef struct clf__newton_problem {
  clf_context *context;
  void *argument;
  const clf__rows *x; /* sparse */
  bool intercept;     /* otherwise b stays as it is */
  double l2;
  /* The largest component of the gradient to stop at: of a weight in units of its column's
   * deviation, or else of the largest root mean square of a column, at most 1. */
  double tolerance;
  bool deviations;
  /* A further condition: F exceeds its minimum by no more than this share, which follows from its
   * gradient since l2 makes it strongly convex; INFINITY for none. */
  double closeness;
  int64_t max_iterations;
  /* Returns the part of f of some rows with the outputs z [rows], and sets the first and second
   * derivatives [rows] of f with respect to them. A row of weight 0 has 0 for all three. Where all
   * outputs are 0, second derivatives are proportional to the weights of the rows. It is called
   * from several threads. */
  double (*differentiate)(void *argument, clf__range rows, const double *z, double *first,
                          double *second);
  /* Called with the starting point (iteration 0) and with the point after each iteration. */
  clf_status (*observe)(void *argument, int64_t iteration, double value, double violation);
} clf__newton_problem;

typedef struct clf__newton_result {
  bool converged; /* to the tolerance, and as close as was demanded */
  bool stalled;   /* steps no longer decrease F beyond rounding errors */
  int64_t iterations;
  double value;     /* F */
  double loss;      /* f */
  double violation; /* largest component of the gradient, in its unit */
  double decrease;  /* of F as predicted: by the last step, or if stalled more by the diagonal */
} clf__newton_result;

/* Minimizes from the starting point `x` [columns + 1], which receives the solution. Returns CLF_OK
 * however it ended; CLF_ERROR_NUMERIC if the value at the start is not finite, CLF_ERROR_MEMORY,
 * CLF_ERROR_CANCELLED, or the failure of observe(). After a failure x is the point of the last
 * complete iteration, and the result, which the caller has set to 0, has their number. */
clf_status clf__newton(clf__newton_result *result, const clf__newton_problem *problem, double *x);

#endif
