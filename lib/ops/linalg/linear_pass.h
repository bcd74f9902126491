/* A pass over rows in f64 for a loss of linear outputs z = X W^T + b: it computes z, lets a rule of
 * the caller replace z by the residuals r, and adds up the gradient r^T X. The rule computes the
 * loss as well, if it is needed, and keeps it in its argument. The rule is called on the calling
 * thread, for the rows in ascending order: blocks of dense rows, and sparse rows one at a time. */
#ifndef CLF_OPS_LINALG_LINEAR_PASS_H
#define CLF_OPS_LINALG_LINEAR_PASS_H

#include "base/memory.h"
#include "tensor/rows.h"

/* Replaces the outputs z [rows, outputs] of rows from `first` on by the residuals. */
typedef void (*clf__residual_rule)(void *argument, int64_t first, int64_t rows, double *z);

typedef struct clf__linear_pass {
  clf_context *context;
  const clf__rows *x;
  int64_t outputs;
  double *z;    /* [block, outputs] */
  double *wide; /* dense rows: [block, columns]; sparse rows: [columns, 2, outputs] */
} clf__linear_pass;

/* Allocates in the arena, whose status the caller checks. */
void clf__linear_pass_create(clf__linear_pass *out, clf__arena *arena, const clf__rows *x,
                             int64_t outputs);

/* gradient [outputs, columns] += r^T X, with W [outputs, columns] and b [outputs]; the caller
 * zeroes `gradient` first. With W NULL, z is not computed. Returns CLF_OK, CLF_ERROR_CANCELLED or
 * CLF_ERROR_MEMORY. */
clf_status clf__linear_pass_run(const clf__linear_pass *pass, const double *w, const double *b,
                                clf__residual_rule rule, void *argument, double *gradient);

#endif
