/* Least squares on rows z_i (centered.h) with weights v_i = scale w_i:
 *
 *   minimizes sum_i v_i |Z^T z_i - t_i|^2 + sum_j penalty_j |Z_j|^2      with targets, or solves
 *   (S + diag(penalty)) Z = C,  S = sum_i v_i z_i z_i^T                  with a right-hand side
 *
 * The result is as accurate as f64 rows allow, although S from the Gram engine may have large
 * rounding errors:
 *
 * 1. Cholesky. The rounding errors of S are simulated by random errors of the size that the engine
 *    states. If they change neither weights nor fitted values, the solution is accepted. This costs
 *    a few triangular solves, and is what happens with well-conditioned data.
 * 2. Refinement: residuals are computed in f64 from the rows, and corrections are computed with the
 *    factor of 1, until the fitted values no longer change.
 * 3. If refinement does not converge, S is computed in f64, and 1 and 2 are repeated.
 * 4. If that fails as well, R of an orthogonal factorization of the rows is used (qr.h). Its error
 *    depends on the condition of the rows, not on that of S, which is the square.
 *
 * Rank: a column whose pivot in 1 is rounding error is dropped only if the rows confirm, in f64,
 * that it is a combination of the others. If it combines only a few columns, these alone are
 * examined. Sums of bytes are exact, so their pivot is sufficient, and a column without variance
 * needs no confirmation. In all other cases 4 decides: a column is a combination of others if its
 * residual is a rounding error of f64 rows (about 1e-13 of its length, multiplied by the ratio of
 * its mean to its deviation). Among all solutions the one of minimum norm |Z| is then computed.
 * With a `tolerance` above rounding, a column is left out if at most that share of its squared
 * length is not explained by earlier columns; its weights are then 0. The log reports the number of
 * both kinds of columns.
 *
 * Without the rows there is 1 alone: columns whose pivot is a rounding error count as combinations
 * of others, and the uncertainty of the result is returned. If it is large, the equations are
 * solved in the eigenvectors of S whose eigenvalues are above its rounding errors. */
#ifndef CLF_OPS_LINALG_LEAST_SQUARES_H
#define CLF_OPS_LINALG_LEAST_SQUARES_H

#include "ops/linalg/centered.h"

typedef struct clf__least_squares {
  clf__centered rows;
  const float *weights; /* [rows] w_i >= 0, or NULL for 1 */
  double scale;
  const double *penalty; /* [columns] >= 0, or NULL for 0 */
  double tolerance;
  double *matrix;      /* [columns, columns] S + diag(penalty); destroyed */
  const double *noise; /* [columns] from the Gram engine, in the units of z; or 0 */
  bool coarse;         /* S has errors of f32 products */
  bool exact;          /* S is exact, computed from bytes */
  int64_t outputs;
  const double *right_side; /* [columns, outputs] C = sum_i v_i z_i t_i, or any other */
  /* Targets t_i - target_mean: numbers, or 1 for the label's output and -1 for the others. */
  const double *targets;     /* [rows, outputs], or NULL */
  const int32_t *labels;     /* [rows] instead */
  const double *target_mean; /* [outputs]; NULL if only C is given */
  /* If not NULL, `rows` are empty, and S and C are all that is known. *uncertainty receives the
   * relative change of solution or fitted values that the rounding errors of S may cause. */
  double *uncertainty;
} clf__least_squares;

/* Computes `solution` [columns, outputs]. *rank, if not NULL, receives the number of independent
 * columns. Reports the stages "gram", "cholesky", "refine" and "qr". Returns CLF_ERROR_MEMORY,
 * CLF_ERROR_CANCELLED, or CLF_ERROR_NUMERIC if sums overflow. */
clf_status clf__least_squares_solve(double *solution, int64_t *rank, clf_context *context,
                                    const clf__least_squares *problem);

#endif
