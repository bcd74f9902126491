/* Elementary functions on arrays. */
#ifndef CLF_OPS_NN_VECTOR_MATH_H
#define CLF_OPS_NN_VECTOR_MATH_H

#include "tensor/rows.h"

/* Computes softmax of each row of values [rows, columns] in place. log_sums [rows], if not NULL,
 * receives ln sum_j e^values[j] of each row. */
void clf__softmax_rows(clf_context *context, float *values, int64_t rows, int64_t columns,
                       int64_t ld, double *log_sums);

/* Computes 1 / (1 + e^-x) in place; softplus [count], if not NULL, receives ln(1 + e^x). */
void clf__sigmoid(clf_context *context, float *values, int64_t count, float *softplus);

/* Computes the sigmoids of each row of values [rows, columns] in place, and scales each row to sum
 * to 1. */
void clf__normalized_sigmoids(clf_context *context, float *values, int64_t rows, int64_t columns);

/* The kernels of the functions above, on the calling thread. */
typedef struct clf__math_kernels {
  void (*softmax)(float *values, int64_t rows, int64_t columns, int64_t ld, double *log_sums);
  void (*sigmoid)(float *values, int64_t count, float *softplus);
} clf__math_kernels;

#endif
