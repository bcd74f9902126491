/* Dual variables near the solution of a linear machine, to start from. */
#ifndef CLF_MODELS_SVM_SVM_START_H
#define CLF_MODELS_SVM_SVM_START_H

#include <float.h>

#include "models/svm/svm.h"

typedef struct clf__svm_start {
  clf_context *context;
  const clf__progress *progress;
  const clf__rows *x;
  int64_t count;
  const int64_t *row; /* [count] rows of x */
  const double *y;    /* [count] 1 or -1 */
  const double *C;    /* [count] > 0 */
  double tolerance;   /* of the margins */
  double excess;  /* of the objective, to reach by coordinate descent, as a share of its minimum */
  double product; /* mean of alpha_i s_i and (C_i - alpha_i) e_i to stop at */
  int64_t max_steps;
  double work; /* to spend on coordinate descent, in the unit of clf__parallel()'s */
  /* For coordinate descent: errors are squared, so that alpha have no upper bound and alpha^2 / (4
   * C) of their own; there is no intercept; and the machine, or NULL: w [columns], b. */
  bool squared, through_origin;
  double *machine;
  double *alpha; /* [count] result */
  int64_t steps; /* result */
} clf__svm_start;

/* Returns whether sums of alpha_i |x_i|^2 over so many rows, of up to `largest` each, are rounded
 * by less than the margins. */
static inline bool clf__svm_resolves(double largest, int64_t count) {
  return largest * sqrt((double)count) * DBL_EPSILON < 1;
}

/* Returns what a row, whose margin is missed by `miss`, adds to the duality gap: by its sum over
 * the rows the objective may exceed its minimum, if the sum of y alpha is 0. It is
 * C max(0, miss) - alpha miss or, of squared errors,
 * C max(0, miss)^2 - alpha miss + alpha^2 / (4 C). */
static inline double clf__svm_row_gap(double C, double alpha, double miss, bool squared) {
  const double error = fmax(miss, 0);
  return squared ? C * error * error - alpha * miss + alpha * alpha / (4 * C)
                 : C * error - alpha * miss;
}

/* svm_interior.c. Makes no step where alpha do not have the digits. Returns CLF_OK however it
 * ended, CLF_ERROR_MEMORY or CLF_ERROR_CANCELLED; after that alpha are those of its last step. */
clf_status clf__svm_interior(clf__svm_start *start);
/* Returns about how long it takes, in the unit of clf__parallel()'s work; INFINITY for too many
 * columns. */
double clf__svm_interior_work(const clf__rows *x, int64_t count);
/* The same by svm_descent.c, for sparse rows; the work is INFINITY for others. `curvature` is the
 * mean of C_i |x_i|^2: where it is small, few variables are between their bounds. */
clf_status clf__svm_descend(clf__svm_start *start);
double clf__svm_descent_work(const clf__rows *x, int64_t count, double curvature, double tolerance);

#endif
