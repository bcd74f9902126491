/* Passes over sparse rows in f64, for truncated Newton. Sums over rows are those of all ranks. */
#ifndef CLF_OPTIM_NEWTON_ROWS_H
#define CLF_OPTIM_NEWTON_ROWS_H

#include "base/pool.h"
#include "comm/shards.h"
#include "ops/linalg/row.h"

/* The rows of a shard (without ranks, all of them) are divided into chunks, each with sums of its
 * own, which are added in order. There are half as many for sums of two numbers a column. */
typedef struct clf__newton_rows {
  clf_context *context;
  const clf__row_kernels *kernels;
  const clf__rows *x;
  double *pairs; /* [columns + 1, 2] */
  double *more;  /* [chunks - 1, columns + 1] sums of the chunks after the first */
  /* Of the pass that runs. */
  int64_t first, count; /* rows */
  int64_t chunks;
  const double *u, *v;
  double *of_rows;
  double *sums; /* of the first chunk */
  double shift;
  int64_t width;         /* numbers of a column in the sums */
  double passes;         /* how often the task reads an entry */
  int64_t slices, slice; /* of each chunk, and the one that runs */
  clf__range_task task;
} clf__newton_rows;

/* Vectors are parts of one block, whose pages are huge. Returns the numbers from one to the next:
 * elements of the same place are not a power of 2 apart, which caches dislike. */
static inline int64_t clf__newton_stride(int64_t count) {
  return (count + 15) / 8 * 8;
}

/* Returns how many numbers of memory the passes need. */
int64_t clf__newton_rows_size(const clf__rows *x);
clf__newton_rows clf__newton_rows_of(clf_context *context, const clf__rows *x, double *memory);

/* The following return CLF_OK, CLF_ERROR_CANCELLED, or how summing over ranks failed. Vectors of
 * columns + 1 numbers end with that of a column of ones.
 * out [rows] = X u for the rows whose v is 0, or for all if v is NULL. */
clf_status clf__newton_multiply(clf__newton_rows *rows, const double *u, const double *v,
                                double *out);
/* out [columns + 1] = X^T r. */
clf_status clf__newton_sum(clf__newton_rows *rows, const double *r, double *out);
/* sums [columns] = X^T v, and squares [columns] = sum_i v_i x_ij^2. */
clf_status clf__newton_moments(clf__newton_rows *rows, const double *v, double *sums,
                               double *squares);
/* out [columns] = sum_i v_i (x_ij - m_j)^2, where `total` is the sum of v. */
clf_status clf__newton_squares(clf__newton_rows *rows, const double *v, double total,
                               const double *m, double *out);
/* out [columns + 1] = X^T V (X p + shift), and of_rows [rows] = X p where v is not 0. */
clf_status clf__newton_curve(clf__newton_rows *rows, const double *v, const double *p, double shift,
                             double *of_rows, double *out);

#endif
