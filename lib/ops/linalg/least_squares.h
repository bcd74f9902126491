/* Least squares on rows z_i (centered.h) with weights v_i = scale w_i:
 *
 *   minimises sum_i v_i |Z^T z_i - t_i|^2 + sum_j penalty_j |Z_j|^2      with targets, or solves
 *   (S + diag(penalty)) Z = C,  S = sum_i v_i z_i z_i^T                  with a right-hand side
 *
 * right as far as f64 rows allow, given S from the Gram engine, whose rounding may drown it:
 *
 * 1. Cholesky. The rounding errors of S are simulated by random ones of the size that the engine
 *    states: where they change neither weights nor fitted values, the solution stands. That costs a
 *    few triangular solves, and is the way of well-conditioned data.
 * 2. Refinement: residuals are computed in f64 from the rows, and solved for with the factor of 1,
 *    until the fitted values stand still.
 * 3. Where that does not contract: S in f64, and from 1 on again.
 * 4. Where that does not either: R of an orthogonal factorisation of the rows (qr.h), whose error
 *    follows the condition of the rows, not that of S, its square.
 *
 * Rank: a column whose pivot in 1 is rounding error is dropped only when the rows confirm, in f64,
 * that the others explain it: by those few columns alone that it is made of, where they are few; of
 * bytes, whose sums are exact, the pivot is evidence enough, and a column without variance needs
 * none. Otherwise 4 decides, where a column is explained by the others when
 * what is left of it is rounding error of f64 rows (some 1e-13 of its length; more by the ratio of
 * its mean to its deviation). Of all solutions the one of minimum norm |Z| is then found. With a
 * `tolerance` above that of rounding, columns of which a share of at most so much (as a square) is
 * unexplained by those before are left out instead: their weights are 0. The log says how many
 * columns were one or the other. */
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
  const double *noise; /* [columns] as the Gram engine gives it, in the units of z: or 0 */
  bool coarse;         /* S has errors of f32 products */
  bool exact;          /* S has none, being of bytes */
  int64_t outputs;
  const double *right_side; /* [columns, outputs] C = sum_i v_i z_i t_i, or any other */
  /* Targets t_i - target_mean: numbers, or 1 for the label's output and -1 for others. */
  const double *targets;     /* [rows, outputs], or NULL */
  const int32_t *labels;     /* [rows] instead */
  const double *target_mean; /* [outputs]; NULL where C alone is given */
} clf__least_squares;

/* solution [columns, outputs]; *rank, if not NULL, is the number of columns that count. Reports as
 * stages "gram", "cholesky", "refine" and "qr". CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED, or
 * CLF_ERROR_NUMERIC where the sums overflow. */
clf_status clf__least_squares_solve(double *solution, int64_t *rank, clf_context *context,
                                    const clf__least_squares *problem);

#endif
