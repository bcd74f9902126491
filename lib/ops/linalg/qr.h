/* Orthogonal triangular factors in f64, of rows that come a block at a time: R^T R is their sum of
 * z z^T without its being formed, so that R is right for singular values whose squares f64 cannot
 * hold beside each other. */
#ifndef CLF_OPS_LINALG_QR_H
#define CLF_OPS_LINALG_QR_H

#include <classify/context.h>

/* R [n, ldr], of which the first n columns are upper triangular, becomes that of R with `rows` rows
 * A [rows, lda] below it; all `columns` >= n columns are transformed by the same reflections, so
 * that those from n on are Q^T times what they were. A is destroyed. Fails for lack of memory. */
clf_status clf__qr_add_rows(clf_context *context, double *r, int64_t n, int64_t columns,
                            int64_t ldr, double *a, int64_t rows, int64_t lda);

/* R P = Q R' with pivots by the longest column of what is left (Businger and Golub 1965): R [n,
 * ldr] becomes R', all columns from n on are transformed too, `order` [n] says which column came
 * where. Ends where no column is longer than 1: *rank is the number of steps, and what is left
 * below the first *rank rows is without meaning. Reports as stage "qr"; CLF_ERROR_CANCELLED,
 * CLF_ERROR_MEMORY. */
clf_status clf__qr_pivoted(clf_context *context, double *r, int64_t n, int64_t columns, int64_t ldr,
                           int64_t *order, int64_t *rank);

#endif
