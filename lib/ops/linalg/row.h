/* Scores of single dense rows and updates by them, for learners whose weights change with every
 * row. They run on the calling thread. */
#ifndef CLF_OPS_LINALG_ROW_H
#define CLF_OPS_LINALG_ROW_H

#include "tensor/rows.h"

/* Prefetches a row (dense or sparse) that will be needed soon. */
void clf__prefetch_row(const clf__rows *x, int64_t row);

/* out [outputs] = W x + b for the first row of x, W [outputs, columns]. */
void clf__score_row(clf_context *context, const clf__rows *x, const float *w, const float *b,
                    int64_t outputs, float *out);

/* w [columns] += a x and, if sums is not NULL, sums [columns] += s x. */
void clf__add_row(clf_context *context, const clf__rows *x, float a, float *w, double s,
                  double *sums);

/* sums [columns] += factor times a row of x, dense or sparse. */
void clf__sum_row(clf_context *context, const clf__rows *x, int64_t row, double factor,
                  double *sums);

/* Returns the product of a row of x, dense or sparse, and w [columns]. */
float clf__dot_row(clf_context *context, const clf__rows *x, int64_t row, const float *w);

/* sums [count] += sum_i factor[i] x[i], x[0 … vectors-1] of `count` elements each. */
void clf__sum_vectors(clf_context *context, double *sums, const double *factor,
                      const float *const *x, int64_t vectors, int64_t count);

/* The kernels of the functions above, for dense rows of a type and for entries of sparse ones. */
typedef struct clf__row_kernels {
  /* Returns the product of a sparse row's entries and w, a number of each column. */
  double (*dot_entries)(const float *value, const int32_t *column, int64_t count, const double *w);
  /* sums += x; sums += factor x. */
  void (*count_u8)(uint32_t *sums, const uint8_t *x, int64_t count);
  void (*add_u8)(double *sums, double factor, const uint8_t *x, int64_t count);
  void (*add_f32)(double *sums, double factor, const float *x, int64_t count);
  /* sums += sum_i factor[i] x[i]. */
  void (*add_vectors)(double *sums, const double *factor, const float *const *x, int64_t vectors,
                      int64_t count);
  /* w += factor x. */
  void (*step_u8)(float *w, float factor, const uint8_t *x, int64_t count);
  void (*step_f32)(float *w, float factor, const float *x, int64_t count);
  void (*widen_u8)(float *out, const uint8_t *x, int64_t count);
} clf__row_kernels;

/* Returns the product of a sparse row and w [columns], in f64. */
static inline double clf__dot_sparse(const clf__row_kernels *kernels, const clf__rows *x,
                                     int64_t row, const double *w) {
  const int64_t first = x->row_start[row], end = x->row_start[row + 1];
  return kernels->dot_entries(x->value + first, x->column + first, end - first, w);
}

#endif
