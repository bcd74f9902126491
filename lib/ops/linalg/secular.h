/* The eigenproblem of a diagonal matrix plus a matrix of rank one, f64. */
#ifndef CLF_OPS_LINALG_SECULAR_H
#define CLF_OPS_LINALG_SECULAR_H

#include "tensor/rows.h"

/* diag(d) + rho z z^T, d [n] ascending and distinct, rho > 0, no z [n] 0. */
typedef struct clf__secular {
  const double *d, *z;
  int64_t n;
  double rho;
} clf__secular;

/* The eigenvalues [n] ascending and, in the last `wanted` rows of `vectors` [n, n] (all of which
 * are overwritten), eigenvectors of length 1, element j in column places[j]. */
clf_status clf__secular_solve(clf_context *context, const clf__secular *problem, double *values,
                              double *vectors, int64_t wanted, const int64_t *places);

#endif
