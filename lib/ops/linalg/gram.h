/* The Gram engine: what ridge, Fisher and the logistic preconditioner need of the rows, in f64:
 *   mean    [columns]             m = sum w_i x_i / sum w_i
 *   scatter [columns, columns]    sum w_i (x_i - m)(x_i - m)^T, the full symmetric matrix; or that
 *                                 about the means of the classes, the scatter within them
 *   cross   [outputs, columns]    sum w_i t_i (x_i - m), t_i the row of targets
 *   weight                        sum w_i
 *   class_weight [outputs]        sum w_i t_i
 * Targets are class labels, f64 rows of numbers, or absent. For labels t_i is one-hot: `cross` is
 * then the sum of x - m over each class, and class_weight the sum of w_i over each class. u8 rows
 * without weights are summed exactly in integers. f32 and f64 rows are shifted by their mean; their
 * products are computed in f32 and accumulated in f64, or computed in f64 if the table is small.
 * `noise` estimates the rounding error: that of element (i, j) of the scatter is about noise_i
 * noise_j. */
#ifndef CLF_OPS_LINALG_GRAM_H
#define CLF_OPS_LINALG_GRAM_H

#include "tensor/rows.h"

typedef struct clf__gram_input {
  const clf__rows *x;
  const float *weights;  /* [rows] >= 0, or NULL for 1 */
  const int32_t *labels; /* [rows] 0 … outputs-1, or NULL */
  const double *targets; /* [rows, outputs] or NULL */
  int64_t outputs;       /* classes or target columns; 0 without either */
  bool centered;         /* false: m is 0 (no intercept) */
  bool within;           /* with labels and centered: the scatter within the classes */
  bool f64;              /* products are in f64, or exact, however many there are */
  bool diagonal;         /* with `within`: only the diagonal of the scatter, in f64 */
} clf__gram_input;

typedef struct clf__gram {
  double weight;
  clf__arena arena;     /* holds the arrays, except `scatter` */
  double *mean;         /* [columns] */
  double *scatter;      /* [columns, columns], or [columns] */
  double *noise;        /* [columns] */
  bool coarse;          /* products were computed in f32 */
  bool exact;           /* products were computed in integers */
  double *cross;        /* [outputs, columns] */
  double *class_weight; /* [outputs] */
} clf__gram;

/* Reports as stage "gram" if it takes long. Returns CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED, or, if
 * `centered` is set, CLF_ERROR_DATA when all weights are 0 or there are no rows; or CLF_ERROR_DATA,
 * with row and column in the message, if a value is not finite. */
clf_status clf__gram_create(clf__gram *out, clf_context *context, const clf__gram_input *input);
void clf__gram_free(clf__gram *gram);

#endif
