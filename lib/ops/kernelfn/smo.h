/* Sequential minimal optimisation of a small dense problem: minimise 1/2 b^T K b - y^T b over
 * lower <= b <= upper with the sum of b kept. In a support vector machine b_i is y_i alpha_i.
 *
 * Each step moves the pair of b that promises the largest decrease by the second order, among those
 * with the b that violates the optimality conditions most (Fan, Chen and Lin 2005, WSS 2). */
#ifndef CLF_OPS_KERNELFN_SMO_H
#define CLF_OPS_KERNELFN_SMO_H

#include "tensor/rows.h"

enum { CLF__SMO_LANES = 16 };

/* Arrays of `count`, a multiple of CLF__SMO_LANES: what is not needed has lower = upper = 0. */
typedef struct clf__smo {
  int64_t count;
  const float *K; /* [count, count], symmetric */
  const float *diagonal;
  const double *lower, *upper;
  double *b;
  double *gradient; /* y - K b, kept up to date */
  double *up_set;   /* scratch */
  double *low_set;  /* scratch */
  double tolerance; /* on the largest error of a b that may rise less the smallest error of one
                       that may fall */
  int64_t max_steps;
} clf__smo;

/* Returns the number of steps. */
int64_t clf__smo_solve(clf_context *context, const clf__smo *problem);

/* The kernel of clf__smo_solve(). */
typedef struct clf__smo_kernels {
  int64_t (*solve)(const clf__smo *problem);
} clf__smo_kernels;

#endif
