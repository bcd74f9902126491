/* Elementary functions on arrays. */
#ifndef CLF_OPS_NN_VECTOR_MATH_H
#define CLF_OPS_NN_VECTOR_MATH_H

#include "tensor/rows.h"

/* out = e^x, ln x and tanh x; `out` may be `x`. At most 2 units in the last place off; subnormal,
 * infinite and NaN arguments and results as in C's expf, logf and tanhf. */
void clf__exp_f32(clf_context *context, const float *x, float *out, int64_t count);
void clf__log_f32(clf_context *context, const float *x, float *out, int64_t count);
void clf__tanh_f32(clf_context *context, const float *x, float *out, int64_t count);

/* Softmax of each row in place, values [rows, columns]; log_sums [rows], when not NULL, receives
 * ln sum_j e^values[j] of each row. */
void clf__softmax_rows(clf_context *context, float *values, int64_t rows, int64_t columns,
                       int64_t ld, double *log_sums);

/* 1 / (1 + e^-x) in place; softplus [count], when not NULL, receives ln(1 + e^x). */
void clf__sigmoid(clf_context *context, float *values, int64_t count, float *softplus);

/* Sigmoids of each row in place, values [rows, columns], made to sum to 1. */
void clf__normalised_sigmoids(clf_context *context, float *values, int64_t rows, int64_t columns);

/* The kernels of the functions above, on the calling thread. */
typedef struct clf__math_kernels {
  void (*exp)(const float *x, float *out, int64_t count);
  void (*log)(const float *x, float *out, int64_t count);
  void (*tanh)(const float *x, float *out, int64_t count);
  void (*softmax)(float *values, int64_t rows, int64_t columns, int64_t ld, double *log_sums);
  void (*sigmoid)(float *values, int64_t count, float *softplus);
} clf__math_kernels;

#endif
