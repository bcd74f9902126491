/* Right-hand sides of many classes as combinations of as many as there are features: equations are
 * then solved for these, and a refinement reads the rows for few outputs. */
#ifndef CLF_MODELS_FISHER_FISHER_BASIS_H
#define CLF_MODELS_FISHER_FISHER_BASIS_H

#include "base/memory.h"

typedef struct clf__fisher_basis {
  clf_context *context;
  int64_t columns, classes;
  const double *right; /* C [columns, classes] */
  /* Results; the arrays belong to the arena. */
  clf__arena arena;
  int64_t rank;        /* 0 if C is 0 or not finite: there is no basis then */
  double *independent; /* [columns, rank]; C is this times the factors */
  double *factors;     /* [rank, classes] */
} clf__fisher_basis;

/* Sets the results, to be freed whatever it returns. Reports the stage "qr". Returns CLF_OK,
 * CLF_ERROR_MEMORY or CLF_ERROR_CANCELLED. */
clf_status clf__fisher_basis_create(clf__fisher_basis *basis);
/* out [columns, classes] = solution [columns, rank] times the factors. */
clf_status clf__fisher_basis_combine(const clf__fisher_basis *basis, const double *solution,
                                     double *out);
void clf__fisher_basis_free(clf__fisher_basis *basis);

#endif
