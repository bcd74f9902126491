/* Sequential minimal optimization of a small dense problem: maximize p^T b - 1/2 b^T K b over lower
 * <= b <= upper, while the sum of b stays constant, or the sum of its first part and that of the
 * rest. In a support vector machine b_i is y_i alpha_i, and the sides have a sum each if nu bounds
 * them (Schölkopf, Smola, Williamson and Bartlett 2000). The up set has the b_i below their upper
 * bounds, the low set those above their lower bounds.
 *
 * Each step changes a pair of b. The first is the one in the up set with the largest gradient; the
 * second is the one in the low set that promises the largest gain to second order (Fan, Chen and
 * Lin 2005, WSS 2). With two sums, both are of the one whose gradients violate the conditions
 * more. */
#ifndef CLF_OPS_KERNELFN_SMO_H
#define CLF_OPS_KERNELFN_SMO_H

#include "tensor/rows.h"

enum { CLF__SMO_LANES = 16 };

/* Arrays of `count` elements, a multiple of CLF__SMO_LANES; unused elements have lower = upper =
 * 0. */
typedef struct clf__smo {
  int64_t count;
  int64_t
      split; /* where the second sum begins, a multiple of CLF__SMO_LANES; count if there is one */
  const float *K; /* [count, count], symmetric */
  const float *diagonal;
  const double *lower, *upper;
  double *b;
  double *gradient; /* p - K b, kept up to date */
  double *up_set;   /* scratch */
  double *low_set;  /* scratch */
  double tolerance; /* on the largest gradient in the up set minus the smallest in the low set */
  double min_curvature; /* of a step: smaller ones are raised to it */
  int64_t max_steps;
} clf__smo;

/* Returns the number of steps. */
int64_t clf__smo_solve(clf_context *context, const clf__smo *problem);

/* The kernel of clf__smo_solve(). */
typedef struct clf__smo_kernels {
  int64_t (*solve)(const clf__smo *problem);
} clf__smo_kernels;

#endif
