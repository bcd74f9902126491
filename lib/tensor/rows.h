/* Rows: the view through which models and kernels read features, whatever their storage. It borrows
 * memory that the dataset or the caller's tensor owns.
 *
 * Dense rows are u8, f32 or f64 with contiguous columns; sparse rows (CSR) are f32. The value of a
 * dense element is data[row * stride + column] * scale; scale is 1 for f32 and f64. f64 rows are
 * read only by the functions below, which subtract `center` before rounding. */
#ifndef CLF_TENSOR_ROWS_H
#define CLF_TENSOR_ROWS_H

#include <stdbool.h>

#include "tensor/tensor.h"

struct clf__shards;

typedef struct clf__rows {
  int64_t rows;
  int64_t columns;
  int64_t first_row; /* if these are a part of more rows: the index of the first among them, for
                      * messages */
  int32_t dtype;     /* CLF_U8, CLF_F32 or CLF_F64 */
  float scale;
  const void *data;         /* dense: [rows, columns] */
  int64_t stride;           /* dense: elements from row to row */
  const int64_t *row_start; /* sparse: [rows + 1], NULL for dense rows */
  const int32_t *column;    /* sparse: indexed by row_start's values */
  const float *value;
  const double *center; /* f64 rows: [columns] subtracted when they are read, or NULL */
  /* How these rows are a part of the rows of all ranks, and summed (comm/shards.h); NULL if they
   * are all rows, in one shard. A range of rows has none. */
  const struct clf__shards *shards;
} clf__rows;

static inline bool clf__rows_sparse(const clf__rows *x) {
  return x->row_start != NULL;
}

/* Returns an element of dense rows of f32 or f64. */
static inline double clf__rows_element(const clf__rows *x, int64_t row, int64_t column) {
  const int64_t at = row * x->stride + column;
  return x->dtype == CLF_F64 ? ((const double *)x->data)[at] : (double)((const float *)x->data)[at];
}

/* Returns rows `first` … `first + count - 1`, sharing memory. */
clf__rows clf__rows_range(const clf__rows *x, int64_t first, int64_t count);

/* Returns columns `first` … `first + count - 1` of dense rows, sharing memory. */
clf__rows clf__rows_columns(const clf__rows *x, int64_t first, int64_t count);

/* Returns an f32 matrix as rows. */
clf__rows clf__rows_of_f32(const float *data, int64_t rows, int64_t columns, int64_t stride);

/* Returns the values of a dense row: its own memory or, for u8 and f64, `buffer` [columns], which
 * receives them. A value beyond the range of f32 becomes infinite; clf__rows_round() refuses it. */
const float *clf__rows_values(const clf__rows *x, int64_t row, float *buffer);

/* Converts any rows to dense f32 in `out` [rows, columns]. `center` [columns], or NULL, is
 * subtracted in f64 before rounding. Returns CLF_ERROR_DATA, with row and column in the message,
 * for a finite value that is too large for f32. */
clf_status clf__rows_round(clf_context *context, const clf__rows *x, const double *center,
                           float *out);

/* Converts any row to f64 in `out` [columns], whatever its storage. Exact values stay exact; a byte
 * times the scale is rounded to f64, not to f32. */
void clf__rows_read_f64(const clf__rows *x, int64_t row, double *out);

/* Returns the largest magnitude among f32, u8 or sparse rows. */
clf_status clf__rows_largest(float *out, clf_context *context, const clf__rows *x);

/* Returns the number of stored entries: rows x columns, or the sparse entries. */
int64_t clf__rows_entries(const clf__rows *x);

/* Returns CLF_ERROR_DATA, with row and column of the first NaN or Inf in the message, or CLF_OK. */
clf_status clf__rows_check_finite(clf_context *context, const clf__rows *x);
/* The same for rows with missing values: NaN is allowed. */
clf_status clf__rows_check_infinite(clf_context *context, const clf__rows *x);

#endif
