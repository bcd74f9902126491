/* A pass of a recurrent cell over the rows of a batch, for the files that implement it: recurrent.c
 * forward and recurrent_back.c backward.
 *
 * Rows are sorted by length and divided into blocks. So at each step the rows that have further
 * steps are the first ones of their block, and padding costs nothing. One thread runs all steps of
 * a block: `a` holds the inputs, the previous states and a 1 side by side, and its product with the
 * stacked weights gives the sums of all gates. */
#ifndef CLF_OPS_NN_RECURRENT_RUN_H
#define CLF_OPS_NN_RECURRENT_RUN_H

#include "ops/kernels.h"
#include "ops/linalg/panels.h"
#include "ops/nn/recurrent.h"

enum { CLF__RECURRENT_BLOCK = 32 };

typedef struct clf__recurrent_run {
  clf_context *context;
  clf__arena arena;
  const clf__kernels *kernels;
  const clf__recurrent *cell;
  const clf__recurrent_pass *pass;
  int64_t width;   /* of `a`: inputs + units + 1 */
  int64_t columns; /* of the gates' sums */
  int64_t *order;  /* [rows], the longest row first */
  float *stacked;  /* [width, columns] */
  clf__panels weights, transposed;
  int64_t scratch_size;
  float *scratch; /* [threads, scratch_size] */
  int64_t shards, blocks;
  int64_t shard_size; /* width x columns and, if it is trained, the initial state */
  float *dw;          /* [shards, shard_size] */
} clf__recurrent_run;

/* The arrays of a block: scratch of CLF__RECURRENT_BLOCK rows each, and its part of the kept
 * values.
 */
typedef struct clf__recurrent_block {
  const clf__recurrent_run *run;
  int64_t rows;
  const int64_t *order;
  int64_t length[CLF__RECURRENT_BLOCK];
  clf__span span[CLF__RECURRENT_BLOCK];
  float *a, *da;            /* [rows, width] */
  float *factor;            /* [rows, width] dropout factors of `a`, or NULL */
  float *first_h, *first_c; /* [rows, units] states before the first step */
  float *dh, *dc;           /* [rows, units] */
  float *gates;             /* [steps of all rows, columns]; in inference [rows, columns] */
  float *h, *c;             /* likewise with units columns */
} clf__recurrent_block;

/* Prepares what both directions of time need, except the arrays of the blocks. Fails only if memory
 * runs out; the end must be called in any case. */
clf_status clf__recurrent_begin(clf__recurrent_run *run, clf_context *context,
                                const clf__recurrent *cell, const clf__recurrent_pass *pass,
                                bool back);
void clf__recurrent_end(clf__recurrent_run *run);
/* Returns the work of the forward direction. */
static inline double clf__recurrent_work(const clf__recurrent_run *run) {
  return (double)run->pass->rows * (double)run->pass->steps * (double)run->columns *
         ((double)run->width * CLF__COST_PRODUCT + CLF__COST_FUNCTION);
}

clf__recurrent_block clf__recurrent_block_of(const clf__recurrent_run *run, int64_t index,
                                             int32_t worker);
/* Returns the time of a row's step, counted from where the cell begins. */
int64_t clf__recurrent_time(const clf__recurrent_block *block, int64_t row, int64_t step);
/* Returns where a row's step is in y, or -1 for a step that y does not have. */
int64_t clf__recurrent_place(const clf__recurrent_block *block, int64_t row, int64_t step);
/* Fills a = [x, h, 1] of the first `rows` rows. */
void clf__recurrent_fill(const clf__recurrent_block *block, int64_t rows, int64_t step,
                         const float *h);
/* gates [rows, columns] = a times the stacked weights. */
void clf__recurrent_sums(const clf__recurrent_block *block, int64_t rows, float *gates);
/* Multiplies [rows, width] by the dropout factors. */
void clf__recurrent_drop(const clf__recurrent_block *block, int64_t rows, float *a);

/* Converts gradients with respect to the stacked weights into those with respect to the weights. */
void clf__recurrent_unstack(const clf__recurrent_run *run, const float *stacked,
                            const clf__recurrent_weights *gradients);

#endif
