/* Rows: the one view through which models and kernels read features, whatever their storage. It
 * borrows memory; the dataset or the caller's tensor keeps it.
 *
 * Dense rows are u8, f32 or f64 with contiguous columns; sparse rows (CSR) are f32. The value of a
 * dense element is data[row * stride + column] * scale; scale is 1 for f32 and f64. f64 rows are
 * read by the functions below alone, which subtract `center` before anything is rounded. */
#ifndef CLF_TENSOR_ROWS_H
#define CLF_TENSOR_ROWS_H

#include <stdbool.h>

#include "tensor/tensor.h"

typedef struct clf__rows {
  int64_t rows;
  int64_t columns;
  int64_t first_row; /* where these are a part of more rows: its place there, for messages */
  int32_t dtype;     /* CLF_U8, CLF_F32 or CLF_F64 */
  float scale;
  const void *data;         /* dense: [rows, columns] */
  int64_t stride;           /* dense: elements from row to row */
  const int64_t *row_start; /* sparse: [rows + 1], NULL for dense rows */
  const int32_t *column;    /* sparse: indexed by row_start's values */
  const float *value;
  const double *center; /* f64 rows: [columns] that reading subtracts, or NULL */
} clf__rows;

static inline bool clf__rows_sparse(const clf__rows *x) {
  return x->row_start != NULL;
}

/* Rows `first` … `first + count - 1`, sharing memory. */
clf__rows clf__rows_range(const clf__rows *x, int64_t first, int64_t count);

/* Columns `first` … `first + count - 1` of dense rows, sharing memory. */
clf__rows clf__rows_columns(const clf__rows *x, int64_t first, int64_t count);

/* A plain f32 matrix as rows. */
clf__rows clf__rows_of_f32(const float *data, int64_t rows, int64_t columns, int64_t stride);

/* A dense row's values: its own memory, or for u8 and f64 `buffer` [columns], which receives them.
 * A value beyond the range of f32 becomes infinite: clf__rows_round() refuses it. */
const float *clf__rows_values(const clf__rows *x, int64_t row, float *buffer);

/* Any rows as dense f32 ones in `out` [rows, columns], `center` [columns] (NULL for none)
 * subtracted in f64 before they are rounded. CLF_ERROR_DATA names the row and the column of the
 * first finite value that is too large for f32. */
clf_status clf__rows_round(clf_context *context, const clf__rows *x, const double *center,
                           float *out);

/* Any row as f64 in `out` [columns], whatever its storage: what is exact about the rows stays so (a
 * byte times the scale is rounded to f64, not to f32). */
void clf__rows_read_f64(const clf__rows *x, int64_t row, double *out);

/* The largest magnitude among f32, u8 or sparse rows. */
clf_status clf__rows_largest(float *out, clf_context *context, const clf__rows *x);

/* Entries stored: rows x columns, or the sparse ones. */
int64_t clf__rows_entries(const clf__rows *x);

/* CLF_ERROR_DATA naming row and column of the first NaN or Inf, else CLF_OK. */
clf_status clf__rows_check_finite(clf_context *context, const clf__rows *x);

#endif
