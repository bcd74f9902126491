/* The steps of the Gram engine. Rows are used as stored, u8 rows without their scale. */
#ifndef CLF_OPS_LINALG_GRAM_PARTS_H
#define CLF_OPS_LINALG_GRAM_PARTS_H

#include "base/math.h"
#include "base/pool.h"
#include "ops/kernels.h"
#include "ops/linalg/centered.h"
#include "ops/linalg/gram.h"

/* Sums over the rows, in f64. */
typedef struct clf__gram_sums {
  double *x;      /* [columns] sum w x */
  double *target; /* [outputs] sum w t */
  double *cross;  /* [outputs, columns] sum w t x */
} clf__gram_sums;

/* Returns CLF_ERROR_DATA, with row and column in the message, if a value is not finite. */
clf_status clf__gram_add_sums(clf__gram_sums *sums, clf_context *context,
                              const clf__gram_input *input);

/* scatter[columns, columns] += sum w (x - center)(x - center)^T, upper triangle. u8 rows without
 * weights are used exactly, with 0 as `center`; others are rounded to f32 after the shift. */
clf_status clf__gram_add_dense(double *scatter, clf_context *context, const clf__gram_input *input,
                               const double *center);
/* scatter += sum w x x^T, upper triangle; the work is proportional to the stored entries. */
clf_status clf__gram_add_sparse(double *scatter, clf_context *context,
                                const clf__gram_input *input);

/* Returns whether values and products are few enough, and none of them exact, to compute them in
 * f64. */
bool clf__gram_small(const clf__gram_input *input);
/* scatter[columns, columns] += scale * sum w z z^T in f64, upper triangle. */
clf_status clf__gram_add_f64(double *scatter, clf_context *context, const clf__centered *rows,
                             const float *weights, double scale);

static inline double clf__gram_weight(const clf__gram_input *input, int64_t row) {
  return input->weights == NULL ? 1 : (double)input->weights[row];
}

/* Computes the diagonal of the scatter within the classes, from the mean and the class sums, and
 * its noise, the root of `rounding` times it. */
clf_status clf__gram_fill_diagonal(clf__gram *gram, clf_context *context,
                                   const clf__gram_input *input, double rounding);

static inline bool clf__gram_exact(const clf__gram_input *input) {
  return !clf__rows_sparse(input->x) && input->x->dtype == CLF_U8 && input->weights == NULL;
}

/* Returns the index-th pair i <= j < count. */
static inline void clf__gram_pair(int64_t index, int64_t count, int64_t *i, int64_t *j) {
  for (*i = 0; index >= count - *i; (*i)++) {
    index -= count - *i;
  }
  *j = *i + index;
}

/* Sums of products of the columns of packed rows. Rows are packed into panels of `columns` columns,
 * step by step: a step is `group` rows, in an order of the kernel's own. */
typedef struct clf__gram_kernel {
  int64_t columns;
  int64_t group;
  int64_t step_bytes; /* of a panel */
  int64_t chunk;      /* rows to pack at a time, at most: so many stay in the cache */
  /* c[rows, columns] += products of the first `rows` columns of panel a and the first `columns`
   * columns of panel b, at least those on and above the diagonal if both are one panel. */
  void (*add)(const void *a, const void *b, int64_t steps, int64_t rows, int64_t columns, double *c,
              int64_t ldc);
} clf__gram_kernel;

typedef struct clf__gram_kernels {
  clf__gram_kernel sums;
  /* root[row] (NULL for 1) times (x - center) for the dense x from column `first` on, unscaled. */
  void (*pack_centered)(void *out, const clf__rows *x, int64_t first, int64_t columns,
                        const float *center, const float *root);
} clf__gram_kernels;

/* The same of bytes, exact for every step count of a chunk. */
typedef struct clf__gram_byte_kernels {
  clf__gram_kernel sums;
  /* Packs `columns` columns of some rows, from x on, as the steps of a panel; missing rows count as
   * 0. */
  void (*pack)(void *out, const uint8_t *x, int64_t stride, int64_t rows, int64_t columns);
} clf__gram_byte_kernels;

#endif
