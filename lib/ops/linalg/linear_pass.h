/* A pass over rows in f64 for a loss of linear outputs: z = X W^T + b, the loss of z and its residuals
 * r, and the gradient r^T X. */
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

/* gradient [outputs, columns] += r^T X, with W [outputs, columns] and b [outputs]. Returns CLF_OK,
 * CLF_ERROR_CANCELLED or CLF_ERROR_MEMORY. */
clf_status clf__linear_pass_run(const clf__linear_pass *pass, const double *w, const double *b,
                                clf__residual_rule rule, void *argument, double *gradient);

#endif
