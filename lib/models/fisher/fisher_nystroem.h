/* Nystroem's features of the rows with landmarks z: K_zz = L L^T and U = K(x, z) L^-T, so that U
 * U^T approximates K. Both the system of landmarks and the preconditioner of the system of all rows
 * use U^T U. */
#ifndef CLF_MODELS_FISHER_FISHER_NYSTROEM_H
#define CLF_MODELS_FISHER_FISHER_NYSTROEM_H

#include "models/fisher/fisher_kernel.h"

enum { CLF__NYSTROEM_ROWS = 2048, CLF__NYSTROEM_STRIP = 512 };

typedef struct clf__nystroem {
  clf__arena arena;
  clf__fisher_system *system;
  int64_t rank;
  const int64_t *landmarks; /* [rank] indices of rows, ascending; the system's */
  clf__kernel_columns *columns;
  double *factor; /* [rank, rank] L */
  float *inverse; /* [rank, rank] L^-1 */
  float *center;  /* [rank] mean of the landmarks' own features */
  float *tile;    /* [CLF__NYSTROEM_ROWS, rank] */
  float *scratch; /* [CLF__NYSTROEM_STRIP, rank] */
} clf__nystroem;

/* Draws landmarks from the rows, for each class in proportion to its rows but at least one, by the
 * context's seed. All members are zero before; free it after a failure, too. */
clf_status clf__nystroem_create(clf__nystroem *out, clf__fisher_system *s, int64_t wanted);
void clf__nystroem_free(clf__nystroem *n);

/* u [count, rank] = w_i^1/2 (u_i - center) for at most CLF__NYSTROEM_ROWS of the system's rows,
 * from `first` on. */
clf_status clf__nystroem_rows(clf__nystroem *n, int64_t first, int64_t count, float *u);
/* The lower triangle of products [rank, rank] += u^T u. */
clf_status clf__nystroem_add(clf__nystroem *n, const float *u, int64_t count, double *products);

#endif
