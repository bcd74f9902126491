/* Recurrent cells over sequences: the forward pass, and backpropagation through time.
 *
 * With a = [x, h, 1], the input, the previous state and 1 for the bias, the cells are
 *   tanh   h' = tanh(a W)
 *   LSTM   i, f, o = s(a W_i), s(a W_f), s(a W_o); g = tanh(a W_g); c' = f c + i g; h' = o tanh(c')
 *          (Hochreiter and Schmidhuber, 1997, with the forget gate of Gers et al., 2000)
 *   GRU    r, z = s(a W_r), s(a W_z); n = tanh(x W_n + b + r (h U_n + d)); h' = (1 - z) n + z h
 *          (Cho et al., 2014; the reset gate after the product, as PyTorch, Keras and ONNX have it)
 * with s the sigmoid and the gates in this order. */
#ifndef CLF_OPS_NN_RECURRENT_H
#define CLF_OPS_NN_RECURRENT_H

#include "ops/nn/sequence.h"

enum { CLF__CELL_TANH, CLF__CELL_LSTM, CLF__CELL_GRU };

typedef struct clf__recurrent {
  int32_t cell;
  int64_t inputs, units;
  bool reversed;    /* a row is read from its last step to its first */
  bool bf16;        /* all products are of bf16 */
  bool sequences;   /* y has every step; otherwise only the last step that counts */
  int64_t truncate; /* gradients do not flow back across multiples of it; 0: no limit */
  /* Shares of a row's inputs and states that dropout sets to 0, the same in all steps (Gal and
   * Ghahramani, 2016). */
  double input_dropout, state_dropout;
} clf__recurrent;

/* Weights of a cell, or their gradients. */
typedef struct clf__recurrent_weights {
  float *input; /* [inputs, gates * units] */
  float *state; /* [units, gates * units] */
  float *bias;  /* [biases * units] */
  float *first; /* [clf__recurrent_state()] before the first step; NULL for zeros */
} clf__recurrent_weights;

/* Numbers of gates (1, 4 or 3) and of biases (1, 4 or 4: the GRU has those of r, z, n, and of the
 * product of n with the state). */
int64_t clf__recurrent_gates(int32_t cell);
int64_t clf__recurrent_biases(int32_t cell);
/* Returns the floats in the state of a row: h, and for the LSTM c. */
int64_t clf__recurrent_state(const clf__recurrent *cell);
/* Returns the floats that forward keeps of a step for backward. */
int64_t clf__recurrent_kept(const clf__recurrent *cell);

typedef struct clf__recurrent_pass {
  int64_t rows, steps;
  uint64_t seed;         /* of dropout; unused in inference */
  const int64_t *places; /* [rows] by which a row's dropout is drawn, or NULL for its index */
  const clf__span *spans;
  clf__recurrent_weights weights;
  const float *x; /* [rows, steps, inputs] */
  float *y;       /* sequences: [rows, steps, units], with `stride` from step to step; else [rows,
                   * units], with `stride` from row to row. Elements without a step are not
                   * written */
  int64_t stride;
  float *kept;                      /* [rows * steps * clf__recurrent_kept()], NULL in inference */
  const float *dy;                  /* as y */
  float *dx;                        /* like x, or NULL; elements without a step are not written */
  bool adds;                        /* dx is added to */
  clf__recurrent_weights gradients; /* set */
} clf__recurrent_pass;

/* Both fail if memory runs out, or if the host cancels a call that is watched. Results do not
 * depend on the number of threads. */
clf_status clf__recurrent_forward(clf_context *context, const clf__recurrent *cell,
                                  const clf__recurrent_pass *pass);
clf_status clf__recurrent_backward(clf_context *context, const clf__recurrent *cell,
                                   const clf__recurrent_pass *pass);

/* Computes one step of one row, x [inputs], from a state to the next; the output is h of the state.
 * Fails only if memory runs out. */
clf_status clf__recurrent_step(clf_context *context, const clf__recurrent *cell,
                               const clf__recurrent_weights *weights, const float *x, float *state);

/* One step of some rows, for the kernels. Arrays are [rows, units], except gates [rows, columns *
 * units], where columns is 1 or 4. The GRU's are n, r, z and the product of n with the state. */
typedef struct clf__cell_step {
  int32_t cell;
  int64_t rows, units;
  const float *bias; /* forward: [columns * units], which the sums of the gates lack */
  float *gates; /* forward: sums become values; backward: values become the gradients of the sums */
  const float *h_before, *c_before;
  float *h, *c;
  float *dh; /* gradient with respect to h; becomes the part of that with respect to h_before that
              * flows around the gates */
  float *dc; /* LSTM: the gradient with respect to c becomes that with respect to c_before */
} clf__cell_step;

/* The elementwise part of a step, after the products that form the sums of the gates. */
typedef struct clf__recurrent_kernels {
  void (*forward)(const clf__cell_step *step);
  void (*backward)(const clf__cell_step *step);
} clf__recurrent_kernels;

#endif
