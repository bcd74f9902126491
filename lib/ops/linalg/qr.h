/* The triangular factor R of an orthogonal factorization in f64, for rows that are added in blocks.
 * R^T R equals the sum of z z^T, which is never formed; so R is accurate even for singular values
 * whose squares differ by more than the precision of f64. */
#ifndef CLF_OPS_LINALG_QR_H
#define CLF_OPS_LINALG_QR_H

#include <classify/context.h>

/* Updates R [n, ldr], whose first n columns are upper triangular, to the factor of R with the rows
 * A [rows, lda] below it. The same reflections transform all `columns` >= n columns, so those from
 * n on become Q^T times their old values. A is destroyed. Fails if memory runs out. */
clf_status clf__qr_add_rows(clf_context *context, double *r, int64_t n, int64_t columns,
                            int64_t ldr, double *a, int64_t rows, int64_t lda);

/* Factorizes R P = Q R', where the pivot is always the longest remaining column (Businger and Golub
 * 1965). R [n, ldr] becomes R', the columns from n on are transformed too, and `order` [n] receives
 * the order of the columns. It ends when no remaining column is longer than 1: *rank is the number
 * of steps, and the rows below the first *rank are undefined. Reports the stage "qr". Returns
 * CLF_ERROR_CANCELLED or CLF_ERROR_MEMORY. */
clf_status clf__qr_pivoted(clf_context *context, double *r, int64_t n, int64_t columns, int64_t ldr,
                           int64_t *order, int64_t *rank);

#endif
