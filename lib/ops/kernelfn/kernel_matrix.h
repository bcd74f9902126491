/* Kernel matrices: K(x_i, z_j) for blocks of rows, the kernel function fused behind a packed matrix
 * product. "Kernel" here is the function of two rows; ../kernels.h are those of the processor. */
#ifndef CLF_OPS_KERNELFN_KERNEL_MATRIX_H
#define CLF_OPS_KERNELFN_KERNEL_MATRIX_H

#include "tensor/rows.h"

enum {
  CLF__KERNEL_LINEAR,     /* x.z */
  CLF__KERNEL_POLYNOMIAL, /* (gamma x.z + coef0)^degree */
  CLF__KERNEL_RBF,        /* exp(-gamma |x - z|^2) */
  CLF__KERNEL_SIGMOID,    /* tanh(gamma x.z + coef0) */
  CLF__KERNEL_PRECOMPUTED /* the columns of x are its kernel values with all training rows */
};

typedef struct clf__kernel_function {
  int32_t kind;
  int32_t degree; /* >= 1 */
  double gamma, coef0;
} clf__kernel_function;

/* Some rows of x: those that rows[first … first + count - 1] name or, if `rows` is NULL, first …
 * first + count - 1. */
typedef struct clf__row_pick {
  const clf__rows *x;
  const int64_t *rows;
  int64_t first, count;
} clf__row_pick;

/* The columns of kernel matrices: rows z_j, packed for the product, with squared norms if the
 * function needs them. It is immutable, so any number of threads may use it at once. Sparse rows
 * are borrowed if no list selects them; all other rows are copied. */
typedef struct clf__kernel_columns clf__kernel_columns;

/* How the columns are packed for the rows of `partner`. */
enum { CLF__PACKED_F32, CLF__PACKED_EXACT, CLF__PACKED_SPARSE };

int32_t clf__kernel_packing(const clf__rows *z, const clf__rows *partner);

/* Packs the rows rows[0 … count-1] of z (rows 0 … count-1 if `rows` is NULL). A precomputed kernel
 * needs only their numbers, and `z` may be NULL. `partner` has the storage, type and scale of the
 * rows on the other side (often z itself): if both are u8 of the same scale, the products are exact
 * integers. `center` [columns], or NULL, is subtracted from dense f32 rows on both sides. This does
 * not change rbf, but keeps its digits if the features lie far from
 * 0. Fails with CLF_ERROR_MEMORY, and CLF_ERROR_NUMERIC when a squared norm is beyond float. */
clf_status clf__kernel_columns_create(clf__kernel_columns **out, clf_context *context,
                                      const clf__kernel_function *function, const clf__rows *z,
                                      const int64_t *rows, int64_t count, const clf__rows *partner,
                                      const float *center);
void clf__kernel_columns_free(clf__kernel_columns *columns); /* NULL is fine */
/* Returns the work, for clf__parallel(), of `rows` rows with columns first … first + n - 1. */
double clf__kernel_work(const clf__kernel_columns *z, int64_t rows, int64_t first, int64_t n);

/* out [count, n] (leading dimension ld) = K(x_i, z_j) for the rows rows[0 … count-1] (0 … count-1
 * if NULL) of x and columns first … first + n - 1. K(x, z) and K(z, x) have the same bits, however
 * the blocks are cut. Runs on the context's threads unless it is called from a pool task; small
 * blocks cost no more than their arithmetic. x must be stored as `partner` was. Fails with
 * CLF_ERROR_MEMORY, and CLF_ERROR_NUMERIC when a squared norm is beyond float. */
clf_status clf__kernel_block(const clf__kernel_columns *z, int64_t first, int64_t n,
                             const clf__rows *x, const int64_t *rows, int64_t count, float *out,
                             int64_t ld);

/* The same values for all columns, in parts that lie in the second-level cache while they are used:
 * `use` receives those of all rows with columns first … first + n - 1 (leading dimension ld), and
 * may be called from several threads at once. */
typedef void (*clf__kernel_use)(void *argument, const float *values, int64_t ld, int64_t first,
                                int64_t n);
clf_status clf__kernel_parts(const clf__kernel_columns *z, const clf__rows *x, const int64_t *rows,
                             int64_t count, clf__kernel_use use, void *argument);

/* out [count] = K(x_i, x_i). */
clf_status clf__kernel_diagonal(clf_context *context, const clf__kernel_function *function,
                                const clf__rows *x, const int64_t *rows, int64_t count,
                                double *out);

/* Computes the sums of kernel values by which support vectors z predict: out [x->rows, segments *
 * outputs] = sum_j c_oj K(x_i, z_j) over the columns j in each segment, segment s being start[s] …
 * start[s + 1]
 * - 1, with coefficients c [outputs, columns]. x is stored as the columns' `partner` was. Fails
 * with CLF_ERROR_MEMORY, and CLF_ERROR_NUMERIC when a squared norm is beyond float. */
typedef struct clf__kernel_expansion {
  const clf__kernel_columns *z;
  const int64_t *start;
  int64_t segments;
  const float *c;
  int64_t outputs;
  const double *c_f64; /* for sums in f64, instead of c */
} clf__kernel_expansion;

clf_status clf__kernel_sums(clf_context *context, const clf__kernel_expansion *expansion,
                            const clf__rows *x, float *out);
/* The same with c_f64: kernel values are f32, and are multiplied and summed in f64. */
clf_status clf__kernel_sums_f64(clf_context *context, const clf__kernel_expansion *expansion,
                                const clf__rows *x, double *out);

#endif
