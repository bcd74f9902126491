/* The kernel Fisher discriminant, divided into the model (fisher_kernel.c) and three methods of
 * solving its system. Rows of weight 0 are left out. */
#ifndef CLF_MODELS_FISHER_FISHER_KERNEL_H
#define CLF_MODELS_FISHER_FISHER_KERNEL_H

#include "base/progress.h"
#include "models/fisher/fisher.h"

typedef struct clf__fisher_system {
  clf_context *context;
  clf__arena arena; /* holds the arrays below, except `history` */
  const clf__fisher_params *params;
  const clf__training *training;
  clf__kernel_function function;
  const float *center; /* or NULL */
  const int64_t *rows; /* [n] indices of the rows */
  const double *root;  /* [n] square roots of their weights */
  int64_t n;
  double weight; /* sum of the weights */
  int64_t responses;
  const double *values; /* [classes, responses] values of the responses */
  /* The solution: */
  const int64_t *support; /* [m] indices of the rows that f combines */
  int64_t m;
  double *a;       /* [m, responses] */
  float *images;   /* [training rows, responses] images, or NULL if they were not computed */
  double *history; /* [iterations] relative residuals, or NULL */
  int64_t iterations;
  clf__progress progress;
  int64_t step; /* of progress */
} clf__fisher_system;

/* Returns response `c` of row i, 0 … n-1. */
static inline double clf__fisher_response(const clf__fisher_system *s, int64_t i, int64_t c) {
  return s->values[s->training->labels[s->rows[i]] * s->responses + c];
}

/* Each allocates and fills `support`, `m` and `a`. Returns CLF_OK, CLF_NOT_CONVERGED or an
 * error. */
clf_status clf__fisher_solve_cholesky(clf__fisher_system *s);
clf_status clf__fisher_solve_landmarks(clf__fisher_system *s);
clf_status clf__fisher_solve_cg(clf__fisher_system *s); /* also fills `images` */

#endif
