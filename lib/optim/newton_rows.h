/* Passes over sparse rows in f64, for truncated Newton. Sums over rows are those of all ranks. */
#ifndef CLF_OPTIM_NEWTON_ROWS_H
#define CLF_OPTIM_NEWTON_ROWS_H

#include "base/memory.h"
#include "base/pool.h"
#include "comm/shards.h"
#include "ops/linalg/row.h"

/* The rows of a shard (without ranks, all of them) are divided into chunks, each with sums of its
 * own, which are added in order. */
typedef struct clf__newton_rows {
  clf_context *context;
  const clf__row_kernels *kernels;
  const clf__rows *x;
  double *sums;  /* [chunks, columns, 2] */
  double *total; /* [columns, 2] */
  /* Of the pass that runs. */
  int64_t first, count; /* rows */
  int64_t chunks;
  const double *u, *v;
  double *of_rows;
  double shift;
  int64_t width;         /* numbers of a column in the sums */
  double passes;         /* how often the task reads an entry */
  int64_t slices, slice; /* of each chunk, and the one that runs */
  clf__range_task task;
} clf__newton_rows;

/* Allocates in the arena, whose status the caller checks. */
void clf__newton_rows_create(clf__newton_rows *out, clf__arena *arena, const clf__rows *x);

/* The following return CLF_OK, CLF_ERROR_CANCELLED, or how summing over ranks failed.
 * out [rows] = X u for the rows whose v is 0, or for all if v is NULL. */
clf_status clf__newton_multiply(clf__newton_rows *rows, const double *u, const double *v,
                                double *out);
/* sums_r [columns] = X^T r, and sums_v = X^T v. */
clf_status clf__newton_sum(clf__newton_rows *rows, const double *r, const double *v, double *sums_r,
                           double *sums_v);
/* out [columns] = sum_i v_i (x_ij - m_j)^2, where `total` is the sum of v. */
clf_status clf__newton_squares(clf__newton_rows *rows, const double *v, double total,
                               const double *m, double *out);
/* out [columns] = X^T V (X p - shift), and of_rows [rows] = X p where v is not 0. */
clf_status clf__newton_curve(clf__newton_rows *rows, const double *v, const double *p, double shift,
                             double *of_rows, double *out);

#endif
