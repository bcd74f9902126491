/* Nystroem's features of the rows by landmarks z: K_zz = L L^T and U = K(x, z) L^-T, whose products
 * U U^T approximate K. Both the system of landmarks and the preconditioner of that of all rows are
 * made of U^T U. */
#ifndef CLF_MODELS_FISHER_FISHER_NYSTROEM_H
#define CLF_MODELS_FISHER_FISHER_NYSTROEM_H

#include "models/fisher/fisher_kernel.h"

enum { CLF__NYSTROEM_ROWS = 2048, CLF__NYSTROEM_STRIP = 512 };

typedef struct clf__nystroem {
  clf__arena arena;
  clf__fisher_system *system;
  int64_t rank;
  const int64_t *landmarks; /* [rank] numbers of rows, ascending; the system's */
  clf__kernel_columns *columns;
  double *factor; /* [rank, rank] L */
  float *inverse; /* [rank, rank] L^-1 */
  float *center;  /* [rank] mean of the landmarks' own features */
  float *tile;    /* [CLF__NYSTROEM_ROWS, rank] */
  float *scratch; /* [CLF__NYSTROEM_STRIP, rank] */
} clf__nystroem;

/* Draws so many of the rows, of each class in proportion to its rows and at least one, from the
 * context's seed. To be freed after failures too; all zero before. */
clf_status clf__nystroem_create(clf__nystroem *out, clf__fisher_system *s, int64_t wanted);
void clf__nystroem_free(clf__nystroem *n);

/* u [count, rank] = w_i^1/2 (u_i - center) of the system's rows from `first` on, at most
 * CLF__NYSTROEM_ROWS. */
clf_status clf__nystroem_rows(clf__nystroem *n, int64_t first, int64_t count, float *u);
/* The lower triangle of products [rank, rank] += u^T u. */
clf_status clf__nystroem_add(clf__nystroem *n, const float *u, int64_t count, double *products);

#endif
