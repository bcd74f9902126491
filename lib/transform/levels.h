/* The distinct values of columns, ascending, with the weight of the rows that have each: what
 * medians, quantiles, modes and categories are computed from. */
#ifndef CLF_TRANSFORM_LEVELS_H
#define CLF_TRANSFORM_LEVELS_H

#include "tensor/rows.h"

/* Of one column. Weights count rows: a row of weight 2 is the row twice. If the smallest weight
 * above 0 is below 1, all weights are in units of it. Rows of weight 0 do not count. */
typedef struct clf__levels {
  int64_t count;
  const double *value;  /* [count], without NaN; -0 is 0 */
  const double *weight; /* [count] */
  double total;         /* of the weights */
  double missing;       /* weight of the rows with NaN */
} clf__levels;

/* Is called once for each column, by any thread. */
typedef clf_status (*clf__levels_use)(void *argument, int64_t column, const clf__levels *levels);

/* Sorts each column, and calls `use`. Elements that sparse rows leave out are 0. `weights` [rows]
 * or NULL. Rows of several ranks are sorted shard by shard, and every rank merges what all have
 * found. Returns CLF_ERROR_DATA if all weights are 0, CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED, or
 * the failure of the first column whose use failed. */
clf_status clf__levels_find(clf_context *context, const clf__rows *x, const float *weights,
                            clf__levels_use use, void *argument);

/* *out receives the weight of all rows, in the unit of the levels' weights. Returns CLF_ERROR_DATA
 * if all weights are 0. */
clf_status clf__levels_weight(double *out, const clf__rows *x, const float *weights);

/* Fills out [count] with the quantiles of shares q [count], ascending, of the rows that have a
 * value, by linear interpolation between the two nearest rows in order: row q (n - 1) of n. There
 * must be a value. */
void clf__levels_quantiles(const clf__levels *levels, const double *q, int64_t count, double *out);

#endif
