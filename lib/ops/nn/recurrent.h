/* Recurrent cells over sequences, forward and back through time.
 *
 * With a = [x, h, 1], what the input, the state before and the bias make, the cells are
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
  bool reversed;    /* from a row's last step to its first */
  bool sequences;   /* y has every step; else the last that counts */
  int64_t truncate; /* gradients are not carried back across multiples of it; 0: they are */
  /* Shares of a row's inputs and states that are dropped in all of its steps (Gal and Ghahramani,
   * 2016). */
  double input_dropout, state_dropout;
} clf__recurrent;

/* Weights of a cell, or their gradients. */
typedef struct clf__recurrent_weights {
  float *input; /* [inputs, gates * units] */
  float *state; /* [units, gates * units] */
  float *bias;  /* [biases * units] */
  float *first; /* [clf__recurrent_state()] before the first step; NULL for zeros */
} clf__recurrent_weights;

/* Gates: 1, 4 or 3; biases: 1, 4 or 4, the GRU's of r, z, n and of n's product with the state. */
int64_t clf__recurrent_gates(int32_t cell);
int64_t clf__recurrent_biases(int32_t cell);
/* Floats of a row's state: h, and for the LSTM c. */
int64_t clf__recurrent_state(const clf__recurrent *cell);
/* Floats that forward keeps of a step for backward. */
int64_t clf__recurrent_kept(const clf__recurrent *cell);

typedef struct clf__recurrent_pass {
  int64_t rows, steps;
  uint64_t seed; /* of the dropped; not looked at in inference */
  const clf__span *spans;
  clf__recurrent_weights weights;
  const float *x; /* [rows, steps, inputs] */
  float *y;       /* sequences: [rows, steps, units], with `stride` from step to step; else [rows,
                   * units], with `stride` from row to row. Places without a step are left as is */
  int64_t stride;
  float *kept;                      /* [rows * steps * clf__recurrent_kept()], NULL in inference */
  const float *dy;                  /* as y */
  float *dx;                        /* as x, added to; or NULL */
  clf__recurrent_weights gradients; /* set */
} clf__recurrent_pass;

/* Both fail for lack of memory, or because the host stops a call that is watched. Results do not
 * depend on the number of threads. */
clf_status clf__recurrent_forward(clf_context *context, const clf__recurrent *cell,
                                  const clf__recurrent_pass *pass);
clf_status clf__recurrent_backward(clf_context *context, const clf__recurrent *cell,
                                   const clf__recurrent_pass *pass);

/* One step of one row, x [inputs], from a state to the next; the output is the state's h. Fails
 * only for lack of memory. */
clf_status clf__recurrent_step(clf_context *context, const clf__recurrent *cell,
                               const clf__recurrent_weights *weights, const float *x, float *state);

/* One step of some rows, for the kernels. Arrays are [rows, units] but for gates [rows, columns *
 * units], where columns is 1 or 4; for the GRU the fourth is n's product with the state. */
typedef struct clf__cell_step {
  int32_t cell;
  int64_t rows, units;
  float *gates; /* forward: sums to values; backward: values to the gradients of the sums */
  const float *h_before, *c_before;
  float *h, *c;
  float *dh; /* gradient by h; becomes the part of that by h_before that passes by the gates */
  float *dc; /* LSTM: gradient by c, becomes that by c_before */
} clf__cell_step;

/* The elementwise part of a step, after the products that make the sums of the gates. */
typedef struct clf__recurrent_kernels {
  void (*forward)(const clf__cell_step *step);
  void (*backward)(const clf__cell_step *step);
} clf__recurrent_kernels;

#endif
