/* A pass over the rows of a batch by a recurrent cell, for the files that make one: recurrent.c
 * goes forward, recurrent_back.c back.
 *
 * Rows are sorted by their length and cut into blocks, so that at each step the rows that still go
 * on are the first ones of their block and padding costs nothing. A block takes all steps on one
 * thread: the inputs, the states before and a 1 lie side by side in `a`, and one product with the
 * stacked weights gives the sums of all gates. */
#ifndef CLF_OPS_NN_RECURRENT_RUN_H
#define CLF_OPS_NN_RECURRENT_RUN_H

#include "ops/kernels.h"
#include "ops/linalg/panels.h"
#include "ops/nn/recurrent.h"

enum { CLF__RECURRENT_BLOCK = 32 };

typedef struct clf__recurrent_run {
  clf_context *context;
  const clf__kernels *kernels;
  const clf__recurrent *cell;
  const clf__recurrent_pass *pass;
  int64_t width;   /* of `a`: inputs + units + 1 */
  int64_t columns; /* of the gates' sums */
  int64_t *order;  /* [rows], the longest first */
  float *stacked;  /* [width, columns] */
  clf__panels weights, transposed;
  int64_t scratch_size;
  float *scratch; /* [threads, scratch_size] */
  int64_t shards, blocks;
  int64_t shard_size; /* width x columns and, where it is learnt, the first state */
  float *dw;          /* [shards, shard_size] */
} clf__recurrent_run;

/* What a block works on: scratch of CLF__RECURRENT_BLOCK rows each, and its part of what is kept.
 */
typedef struct clf__recurrent_block {
  const clf__recurrent_run *run;
  int64_t rows;
  const int64_t *order;
  int64_t length[CLF__RECURRENT_BLOCK];
  clf__span span[CLF__RECURRENT_BLOCK];
  float *a, *da;            /* [rows, width] */
  float *factor;            /* [rows, width] of `a`, where something is dropped */
  float *first_h, *first_c; /* [rows, units] states before the first step */
  float *dh, *dc;           /* [rows, units] */
  float *gates;             /* [steps of all rows, columns]; in inference [rows, columns] */
  float *h, *c;             /* the same by units */
} clf__recurrent_block;

/* Makes ready what both directions of time need but the blocks' own. Fails for lack of memory only;
 * the end is due in any case. */
clf_status clf__recurrent_begin(clf__recurrent_run *run, clf_context *context,
                                const clf__recurrent *cell, const clf__recurrent_pass *pass,
                                bool back);
void clf__recurrent_end(clf__recurrent_run *run);
/* Of the forward direction. */
static inline double clf__recurrent_work(const clf__recurrent_run *run) {
  return (double)run->pass->rows * (double)run->pass->steps * (double)run->columns *
         ((double)run->width * CLF__COST_PRODUCT + CLF__COST_FUNCTION);
}

clf__recurrent_block clf__recurrent_block_of(const clf__recurrent_run *run, int64_t index,
                                             int32_t worker);
/* The time of a row's step, which is counted from where the cell begins. */
int64_t clf__recurrent_time(const clf__recurrent_block *block, int64_t row, int64_t step);
/* Where a row's step is in y, -1 for a step that y does not have. */
int64_t clf__recurrent_place(const clf__recurrent_block *block, int64_t row, int64_t step);
/* a = [x, h, 1] of the first `rows` rows. */
void clf__recurrent_fill(const clf__recurrent_block *block, int64_t rows, int64_t step,
                         const float *h);
/* Multiplies [rows, width] by the factors of what is dropped. */
void clf__recurrent_drop(const clf__recurrent_block *block, int64_t rows, float *a);

/* Gradients by the stacked weights, as those by the weights. */
void clf__recurrent_unstack(const clf__recurrent_run *run, const float *stacked,
                            const clf__recurrent_weights *gradients);

#endif
