/* The eigenproblem of a diagonal matrix plus a matrix of rank one, f64. */
#ifndef CLF_OPS_LINALG_SECULAR_H
#define CLF_OPS_LINALG_SECULAR_H

#include "tensor/rows.h"

/* Describes diag(d) + rho z z^T: d [n] ascending and distinct, rho > 0, no element of z [n] is
 * 0. */
typedef struct clf__secular {
  const double *d, *z;
  int64_t n;
  double rho;
} clf__secular;

/* Computes the eigenvalues [n] in ascending order and, in the last `wanted` rows of `vectors` [n,
 * n] (which is overwritten), eigenvectors of length 1, whose element j is in column places[j]. */
clf_status clf__secular_solve(clf_context *context, const clf__secular *problem, double *values,
                              double *vectors, int64_t wanted, const int64_t *places);

#endif
