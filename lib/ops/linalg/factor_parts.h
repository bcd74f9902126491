/* What the Cholesky factorization and the solves share. Both divide the problem in halves. */
#ifndef CLF_OPS_LINALG_FACTOR_PARTS_H
#define CLF_OPS_LINALG_FACTOR_PARTS_H

#include "base/context.h"
#include "base/memory.h"
#include "base/progress.h"
#include "ops/kernels.h"
#include "ops/linalg/matrix.h"

enum {
  CLF__FACTOR_BLOCK = 64,  /* factors of so many rows are not divided further */
  CLF__FACTOR_PANEL = 256, /* nor are solves and symmetric products of so many rows */
};

/* Returns where a matrix of so many rows is divided. */
int64_t clf__factor_half(int64_t size);
/* Computes C -= A B within a long call. */
clf_status clf__factor_subtract(const clf__progress *progress, int64_t step, clf__f64_view a,
                                clf__f64_view b, double *c, int64_t ldc);

/* A panel of a factor and what it is applied to: `count` columns of B or, from the right, `count`
 * rows. */
typedef struct clf__panel_solve {
  clf_context *context;
  const clf__kernels *kernels;
  bool transposed, right;
  const double *l;
  int64_t ldl, n;
  double *b;
  int64_t count, ldb;
  double *space; /* of clf__factor_space() */
} clf__panel_solve;

void clf__panel_solve_run(clf__panel_solve *solve);
/* Copies of a panel, and of a chunk of columns for each thread, in the arena. */
double *clf__factor_space(clf__arena *arena);

#endif
