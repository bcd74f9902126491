/* The steps of least squares. */
#ifndef CLF_OPS_LINALG_LEAST_SQUARES_PARTS_H
#define CLF_OPS_LINALG_LEAST_SQUARES_PARTS_H

#include "ops/linalg/least_squares.h"

/* A factor of the matrix M on the independent columns K, L L^T = M_KK, and the coefficients of the
 * others: column J_j = sum_k rest_kj column K_k. */
typedef struct clf__ls_factor {
  clf__arena arena; /* holds the arrays, except l */
  int64_t columns, rank;
  int64_t *order;  /* [columns] K, then J */
  double *l;       /* [rank, columns] lower triangle */
  double *rest;    /* [rank, columns - rank], NULL if J is left out */
  double *project; /* lower triangle T: T T^T = I + rest rest^T, or I + rest^T rest */
  bool outer;      /* true: the first form, [rank, rank]; false: the second, [columns - rank,
                    * columns - rank] */
} clf__ls_factor;

/* Factorizes `matrix` [columns, columns], which becomes l. If rest is too large to be useful,
 * because independent columns nearly explain each other, project is NULL although rest is not. */
clf_status clf__ls_factor_cholesky(clf__ls_factor *out, clf_context *context, double *matrix,
                                   int64_t columns, double tolerance, bool leave_out);
/* Computes l in `matrix` from R [columns, width] by clf__ls_triangle(). A column is independent if
 * its residual is longer than its unit. Q^T t is moved to the first `rank` rows of R's last
 * columns. */
clf_status clf__ls_factor_triangle(clf__ls_factor *out, clf_context *context, double *matrix,
                                   int64_t columns, int64_t width, double *r, const double *units);
void clf__ls_factor_free(clf__ls_factor *factor);

/* y [rank, outputs] = L^-1 of the right side [columns, outputs], and solution = L^-T of y, each
 * within the space of the rows. */
clf_status clf__ls_forward(const clf__ls_factor *factor, clf_context *context, const double *right,
                           int64_t outputs, double *y);
clf_status clf__ls_backward(const clf__ls_factor *factor, clf_context *context, double *y,
                            int64_t outputs, double *solution);

/* Returns the problem of a part of the rows, whose view is *x. */
clf__least_squares clf__ls_range(const clf__least_squares *problem, clf__rows *x, int64_t first,
                                 int64_t rows);
/* Makes one pass over the rows: gradient [columns, outputs] = sum v z (t - Z^T z) - penalty Z, and
 * energy [outputs] = sum v (t - Z^T z)^2 + penalty Z^2. t is 0 unless `with_targets` is set. */
clf_status clf__ls_residuals(double *gradient, double *energy, clf_context *context,
                             const clf__least_squares *problem, const double *z, int64_t outputs,
                             bool with_targets);
/* R [columns, columns + outputs], zeroed before: the triangle of the weighted rows, the penalty
 * and, with targets, Q^T t. */
clf_status clf__ls_triangle(double *r, clf_context *context, const clf__least_squares *problem);

/* Solves matrix [columns, columns] Z = right_side in the eigenvectors of the matrix, in units of
 * `noise`, whose eigenvalues are above the rounding errors noise_i noise_j of its elements. */
clf_status clf__ls_solve_in_eigenvectors(double *solution, clf_context *context, double *matrix,
                                         int64_t columns, const double *noise,
                                         const double *right_side, int64_t outputs);

/* Returns whether the columns J that are longer than 0 are combinations of a few of K, to within
 * their unit. Returns false if they are not, if they combine many columns, or if the rows are
 * sparse. */
clf_status clf__ls_explained_by_few(bool *explained, clf_context *context,
                                    const clf__least_squares *problem, const clf__ls_factor *factor,
                                    const double *lengths, const double *units);

#endif
