/* Elementwise kernels of networks. Loops over rows use the pool if there is enough work. */
#ifndef CLF_OPS_NN_ELEMENTWISE_H
#define CLF_OPS_NN_ELEMENTWISE_H

#include "tensor/rows.h"

/* The activation functions, in the order of CLF__ACTIVATION_WORDS. */
enum {
  CLF__LINEAR,
  CLF__RELU,
  CLF__LEAKY_RELU, /* 0.01 x below 0 */
  CLF__SIGMOID,
  CLF__TANH,
  CLF__SOFTMAX
};

/* y [rows, columns] = f(y + bias), bias [columns] or NULL, in place. */
void clf__bias_activate(clf_context *context, int32_t function, const float *bias, float *y,
                        int64_t rows, int64_t columns);
/* dy [rows, columns], the gradient with respect to the outputs y of f, becomes the gradient with
 * respect to its inputs, which is computed from y. */
void clf__activation_gradient(clf_context *context, int32_t function, const float *y, float *dy,
                              int64_t rows, int64_t columns);
/* y [count] = x / (1 - rate), or 0 with probability `rate`; on the calling thread. Which elements
 * become 0 is a function of the seed. */
void clf__drop(clf_context *context, double rate, uint64_t seed, const float *x, float *y,
               int64_t count);
/* sums [columns] = the sums of x [rows, columns], each added in the order of the rows. */
void clf__column_sums(clf_context *context, const float *x, int64_t rows, int64_t columns,
                      float *sums);

/* One step of an optimizer for some weights; lib/optim has the rules. */
enum { CLF__UPDATE_SGD, CLF__UPDATE_ADAM, CLF__UPDATE_RMSPROP, CLF__UPDATE_ADAGRAD };
typedef struct clf__update {
  int32_t rule;
  bool nesterov;
  int64_t count;
  float *weight;                   /* [count] */
  const float *gradient;           /* [count] */
  float *first;                    /* [count] momentum or first moments, or NULL */
  float *second;                   /* [count] sums or means of squares */
  float scale;                     /* factor of the gradient */
  float rate;                      /* learning rate, with the rule's correction */
  float decay;                     /* times the weight, added to the gradient */
  float shrink;                    /* times the weight, subtracted from it */
  float first_share, second_share; /* 1 - beta1 (sgd: - momentum), 1 - beta2 */
  float root_scale;                /* factor of the root of second */
  float epsilon;
  float *average;      /* [count], NULL for none */
  float average_share; /* share of the new weight in the average */
} clf__update;
void clf__update_weights(clf_context *context, const clf__update *update);
/* The same for `count` weights from `first` on, on the calling thread, with their gradient [count],
 * whatever update->gradient is. */
void clf__update_some(clf_context *context, const clf__update *update, int64_t first, int64_t count,
                      const float *gradient);

/* sums [count] += x. */
void clf__accumulate(clf_context *context, const float *x, int64_t count, float *sums);
double clf__sum_of_squares(clf_context *context, const float *x, int64_t count);

/* The kernels of the functions above, on the calling thread; softmax is the one of
 * vector_math.h. */
typedef struct clf__elementwise_kernels {
  void (*bias_activate)(int32_t function, const float *bias, float *y, int64_t rows,
                        int64_t columns);
  void (*activation_gradient)(int32_t function, const float *y, float *dy, int64_t rows,
                              int64_t columns);
  void (*drop)(uint32_t limit, float factor, uint64_t seed, const float *x, float *y,
               int64_t count);
  void (*column_sums)(const float *x, int64_t rows, int64_t columns, float *sums);
  void (*update)(const clf__update *update);
  float (*square_sum)(const float *x, int64_t count);
} clf__elementwise_kernels;

#endif
