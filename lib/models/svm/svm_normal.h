/* Normal equations of linear machines of few columns: (P + sum_i v_i x_i x_i^T) u = r, where x_i
 * is a row followed by 1, the feature of the intercept, and P the unit matrix without that of the
 * intercept. */
#ifndef CLF_MODELS_SVM_SVM_NORMAL_H
#define CLF_MODELS_SVM_SVM_NORMAL_H

#include "models/svm/svm.h"

typedef struct clf__svm_normal {
  clf__arena arena;
  clf_context *context;
  const clf__progress *progress; /* by which the host is asked */
  const clf__rows *rows;
  int64_t count;
  const int64_t *row; /* [count] of the rows, or NULL for all; borrowed */
  bool intercept;
  int64_t columns; /* with that of the intercept */
  int64_t width;   /* the same, rounded up for dense rows */
  const struct clf__kernels *kernels;
  double *x;      /* dense rows: [count, width], about their mean */
  double *mean;   /* [columns] that has been subtracted */
  double *matrix; /* [columns, width] P + sum v x x^T, and then its factor */
  double *block;  /* dense rows times v: [rows, width], of each chunk if the columns are few */
  int64_t chunks;
  double *squares; /* [chunks, columns, width] of rows, unless they are wide */
  double *sums;    /* [chunks, width] of rows */
  double *u;       /* [width] */
  /* Of a pass. */
  const double *values, *v;
  double *out;
  int64_t slices, slice; /* of each chunk, and the one that runs */
} clf__svm_normal;

/* Completes an object whose members from `context` to `intercept` are set. `weights` [count] are
 * those of the mean. Free it after a failure, too. */
clf_status clf__svm_normal_create(clf__svm_normal *normal, const double *weights);
void clf__svm_normal_free(clf__svm_normal *normal);
/* Returns the time of a pass over the rows, of a factorization, in the unit of clf__parallel();
 * INFINITY for a factorization of too many columns. */
double clf__svm_normal_pass_work(const clf__rows *x, int64_t count);
double clf__svm_normal_factor_work(const clf__rows *x, int64_t count);

/* Factorizes the matrix for v [count] >= 0; with `values` [count], it is also the next function,
 * in the same pass over dense rows of few columns. Returns CLF_ERROR_NUMERIC if it has no factor,
 * CLF_ERROR_MEMORY or CLF_ERROR_CANCELLED. */
clf_status clf__svm_normal_factor(clf__svm_normal *normal, const double *v, const double *values,
                                  double *out);
/* Solves for u [columns], in place of r. */
void clf__svm_normal_solve(const clf__svm_normal *normal, double *u);
/* The next three return CLF_OK or CLF_ERROR_CANCELLED.
 * out [columns] = sum_i values_i x_i. */
clf_status clf__svm_normal_sum(clf__svm_normal *normal, const double *values, double *out);
/* out [count] = x_i . u. */
clf_status clf__svm_normal_multiply(clf__svm_normal *normal, const double *u, double *out);
/* out [count] = |x_i|^2, without the 1. */
clf_status clf__svm_normal_squares(clf__svm_normal *normal, double *out);
/* Splits u into the weights [columns of the rows] of the rows as they are, and their intercept. */
double clf__svm_normal_split(const clf__svm_normal *normal, const double *u, double *w);

#endif
