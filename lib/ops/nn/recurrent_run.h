/* A pass of a recurrent cell over the rows of a batch, for the files that implement it: recurrent.c
 * forward and recurrent_back.c backward.
 *
 * Rows are sorted by length and divided into blocks. So at each step the rows that have further
 * steps are the first ones of their block, and padding costs nothing. One thread runs all steps of
 * a block, in chunks of consecutive steps of the same rows. Only the product of the state with its
 * weights, and the gradient with respect to the state, have to be computed step by step; the
 * products of the inputs and the gradients with respect to the weights and the inputs are one
 * product for all places (steps of rows) of a chunk.
 *
 * The sums of the gates are in the order of the weights' columns, except that the GRU's are
 *   n (of the input), r, z, n (of the state),
 * so that the columns to which the input contributes, the first ones, and those to which the state
 * does, the last ones, lie side by side. */
#ifndef CLF_OPS_NN_RECURRENT_RUN_H
#define CLF_OPS_NN_RECURRENT_RUN_H

#include "ops/kernels.h"
#include "ops/linalg/panels.h"
#include "ops/nn/recurrent.h"

enum {
  CLF__RECURRENT_BLOCK = 128,  /* rows in a block, at most */
  CLF__RECURRENT_PLACES = 256, /* at most in a chunk; its inputs and states stay in L2 */
};

typedef struct clf__recurrent_run {
  clf_context *context;
  clf__arena arena;
  const clf__kernels *kernels;
  const clf__recurrent *cell;
  const clf__recurrent_pass *pass;
  int64_t line;             /* columns of the weights */
  int64_t columns;          /* of the gates' sums */
  int64_t *order;           /* [rows], the longest row first */
  float *bias;              /* [columns] in the order of the gates' sums */
  clf__panels input, state; /* the weights; backward: transposed */
  int64_t scratch_size;
  float *scratch; /* [threads, scratch_size] */
  int64_t shards, blocks;
  int64_t block_rows;
  int64_t places;     /* at most in a chunk */
  int64_t shard_size; /* of the gradients: input, state, bias and, if trained, initial state */
  float *dw;          /* [shards, shard_size] */
} clf__recurrent_run;

/* The arrays of a block: scratch, and its part of the kept values. */
typedef struct clf__recurrent_block {
  const clf__recurrent_run *run;
  int64_t rows;
  const int64_t *order;
  int64_t length[CLF__RECURRENT_BLOCK];
  clf__span span[CLF__RECURRENT_BLOCK];
  float *factor;            /* [rows, inputs + units] dropout factors of inputs and states */
  float *first_h, *first_c; /* [rows, units] states before the first step */
  float *dh, *dc;           /* [rows, units] */
  float *x;                 /* [places of a chunk, inputs] */
  float *before;            /* [places of a chunk, units] the states before its steps */
  float *dx;                /* [places of a chunk, inputs] */
  float *rounded;           /* scratch of the products with weights */
  float *packed;            /* scratch of the products with respect to the weights */
  float *gates;             /* [places of all rows, columns]; in inference those of a chunk */
  float *h, *c;             /* [places of all rows, units]; in inference [rows, units] */
} clf__recurrent_block;

/* The steps from `first` to before `end` of the first `rows` rows of a block. */
typedef struct clf__recurrent_chunk {
  int64_t rows, first, end;
} clf__recurrent_chunk;

/* Prepares what both directions of time need, except the arrays of the blocks. Fails only if memory
 * runs out; the end must be called in any case. */
clf_status clf__recurrent_begin(clf__recurrent_run *run, clf_context *context,
                                const clf__recurrent *cell, const clf__recurrent_pass *pass,
                                bool back);
void clf__recurrent_end(clf__recurrent_run *run);
/* Returns the work of the forward direction. */
static inline double clf__recurrent_work(const clf__recurrent_run *run) {
  const clf__recurrent *cell = run->cell;
  return (double)run->pass->rows * (double)run->pass->steps * (double)run->columns *
         ((double)(cell->inputs + cell->units + 1) * CLF__COST_PRODUCT + CLF__COST_FUNCTION);
}

clf__recurrent_block clf__recurrent_block_of(const clf__recurrent_run *run, int64_t index,
                                             int32_t worker);
/* Returns the first of the rows whose states after a step are outputs, which are all up to the last
 * of the `rows` that have the step. */
int64_t clf__recurrent_first_output(const clf__recurrent_block *block, int64_t rows, int64_t step);
/* Returns where the output of a row's step is in y. */
int64_t clf__recurrent_output(const clf__recurrent_block *block, int64_t row, int64_t step);

/* Copies the inputs of a chunk to the block's x, with dropout. */
void clf__recurrent_gather(const clf__recurrent_block *block, const clf__recurrent_chunk *chunk);
/* Writes the block's dx to the pass's, or adds it, with dropout. */
void clf__recurrent_scatter(const clf__recurrent_block *block, const clf__recurrent_chunk *chunk);
/* Returns whether states are dropped. */
bool clf__recurrent_drops_states(const clf__recurrent_run *run);
/* out [rows, units] = h with dropout. */
void clf__recurrent_drop_states(const clf__recurrent_block *block, int64_t rows, const float *h,
                                float *out);

/* Copies a line in the order of the gates' sums, of the input or of the biases, to the weights'
 * order. */
void clf__recurrent_from_gates(const clf__recurrent *cell, const float *from, float *to);
/* Copies the biases to the order of the gates' sums. */
void clf__recurrent_order_bias(const clf__recurrent *cell, const float *bias, float *to);

#endif
