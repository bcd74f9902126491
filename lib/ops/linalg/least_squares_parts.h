/* The steps of least squares. */
#ifndef CLF_OPS_LINALG_LEAST_SQUARES_PARTS_H
#define CLF_OPS_LINALG_LEAST_SQUARES_PARTS_H

#include "ops/linalg/least_squares.h"

/* A factor of the matrix M on the columns that count, L L^T = M_KK, and what the others are made
 * of: column J_j = sum_k rest_kj column K_k. */
typedef struct clf__ls_factor {
  int64_t columns, rank;
  int64_t *order;  /* [columns] K, then J */
  double *l;       /* [rank, columns] lower triangle */
  double *rest;    /* [rank, columns - rank], NULL where J is left out */
  double *project; /* lower triangle T: T T^T = I + rest rest^T, or I + rest^T rest */
  bool outer;      /* the former, [rank, rank]; the latter is [columns - rank, columns - rank] */
} clf__ls_factor;

/* `matrix` [columns, columns] becomes l. Where the rest is too large to be of use, project is NULL
 * though rest is not: the columns that count nearly explain each other. */
clf_status clf__ls_factor_cholesky(clf__ls_factor *out, clf_context *context, double *matrix,
                                   int64_t columns, double tolerance, bool leave_out);
/* `matrix` receives l, of R [columns, width] by clf__ls_triangle(). A column counts whose part that
 * is not explained is longer than its unit. Q^T t comes to the first `rank` rows of R's last
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

/* One pass over the rows. gradient [columns, outputs] = sum v z (t - Z^T z) - penalty Z, and energy
 * [outputs] = sum v (t - Z^T z)^2 + penalty Z^2; t is 0 unless `with_targets`. */
clf_status clf__ls_residuals(double *gradient, double *energy, clf_context *context,
                             const clf__least_squares *problem, const double *z, int64_t outputs,
                             bool with_targets);
/* R [columns, columns + outputs], zeroed before: the triangle of the weighted rows, the penalty and
 * (where there are targets) Q^T t. */
clf_status clf__ls_triangle(double *r, clf_context *context, const clf__least_squares *problem);

/* Whether the columns J that are longer than 0 are found to be made of a few of K, to their unit.
 * False where they are not, or are made of many, or the rows are sparse. */
clf_status clf__ls_explained_by_few(bool *explained, clf_context *context,
                                    const clf__least_squares *problem, const clf__ls_factor *factor,
                                    const double *lengths, const double *units);

#endif
