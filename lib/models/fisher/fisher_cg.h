/* Conjugate gradients for the kernel Fisher system: the preconditioner (fisher_precondition.c) and
 * the iterations (fisher_cg.c). Vectors are [n, responses]. */
#ifndef CLF_MODELS_FISHER_FISHER_CG_H
#define CLF_MODELS_FISHER_FISHER_CG_H

#include "models/fisher/fisher_kernel.h"

typedef struct clf__precondition {
  clf__arena arena;
  int64_t rank;
  double shift;   /* s */
  float *u;       /* [n, rank] */
  double *factor; /* [rank, rank] of U^T U + s I */
  double *t;      /* [rank, responses] */
  float *t_f32;
  float *r_f32;  /* [n, responses] */
  double *scale; /* [responses] */
} clf__precondition;

/* All members are zero before; free it after a failure, too. */
clf_status clf__precondition_create(clf__precondition *out, clf__fisher_system *s, int64_t rank);
void clf__precondition_free(clf__precondition *p);
/* z = M^-1 r. */
clf_status clf__precondition_apply(const clf__precondition *p, const clf__fisher_system *s,
                                   const double *r, double *z);

#endif
