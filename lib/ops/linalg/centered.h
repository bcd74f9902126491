/* Rows in f64 for least squares: z_ij = (x_ij - c_ij) f_j. The center c is the mean of the row's
 * class, one mean of all rows, or 0. */
#ifndef CLF_OPS_LINALG_CENTERED_H
#define CLF_OPS_LINALG_CENTERED_H

#include "tensor/rows.h"

typedef struct clf__centered {
  const clf__rows *x;
  const double *mean;        /* [columns], or NULL for 0 */
  const double *class_means; /* [classes, columns], used instead of `mean`; or NULL */
  const int32_t *labels;     /* [rows] with class_means */
  const double *factor;      /* [columns], or NULL for 1 */
} clf__centered;

/* Computes rows first … first + rows - 1 into out [rows, ld]. */
void clf__centered_read(const clf__centered *centered, clf_context *context, int64_t first,
                        int64_t rows, double *out, int64_t ld);

#endif
