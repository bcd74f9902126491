/* Conjugate gradients for the kernel Fisher system: the products (fisher_matrix.c), the
 * preconditioner (fisher_precondition.c) and the iterations (fisher_cg.c). Vectors are [n,
 * responses], all responses side by side. */
#ifndef CLF_MODELS_FISHER_CG_H
#define CLF_MODELS_FISHER_CG_H

#include "models/fisher_kernel.h"

typedef struct clf__precondition {
  int64_t rank;
  double shift;   /* s */
  float *u;       /* [n, rank] */
  double *factor; /* [rank, rank] of U^T U + s I */
  double *t;      /* [rank, responses] */
  float *t_f32;
  float *r_f32;  /* [n, responses] */
  double *scale; /* [responses] */
} clf__precondition;

/* All zero before; to be freed after failures too. */
clf_status clf__precondition_create(clf__precondition *out, clf__fisher_system *s, int64_t rank);
void clf__precondition_free(clf__precondition *p);
/* z = M^-1 r. */
clf_status clf__precondition_apply(const clf__precondition *p, const clf__fisher_system *s,
                                   const double *r, double *z);

/* W^1/2 K W^1/2 in square blocks of its lower triangle, as many of them kept as there is room for.
 */
typedef struct clf__fisher_matrix {
  clf__fisher_system *system;
  clf__kernel_columns *columns;
  int64_t sides;   /* blocks of a side */
  int64_t kept;    /* blocks that are kept */
  bool filled;     /* those are computed */
  float *blocks;   /* [kept, block, block] */
  float *spare;    /* [threads, block, block], for the others */
  float *v;        /* [n, responses] */
  float *forward;  /* [groups, n, responses] */
  float *backward; /* [groups, responses, n] */
} clf__fisher_matrix;

clf_status clf__fisher_matrix_create(clf__fisher_matrix *out, clf__fisher_system *s);
void clf__fisher_matrix_free(clf__fisher_matrix *m);
/* y = W^1/2 K W^1/2 p; CLF_ERROR_CANCELLED or CLF_ERROR_MEMORY. */
clf_status clf__fisher_matrix_times(clf__fisher_matrix *m, const double *p, double *y);

#endif
