/* Conjugate gradients for ridge, between their files: ridge_cg.c (the iterations), ridge_cg_rows.c
 * (the sums over the rows), ridge_cg_wide.c (sparse rows that are fewer than their columns). */
#ifndef CLF_MODELS_RIDGE_RIDGE_CG_H
#define CLF_MODELS_RIDGE_RIDGE_CG_H

#include "models/ridge/ridge.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/linear_pass.h"

enum { CLF__RIDGE_CHUNKS = 8, CLF__RIDGE_BLOCK = 128 /* rows */ };

/* What a pass over the rows adds up. */
typedef enum clf__ridge_pass {
  CLF__RIDGE_ROWS,
  CLF__RIDGE_TARGETS,
  CLF__RIDGE_PRODUCTS,
  CLF__RIDGE_SQUARES
} clf__ridge_pass;

/* K outputs, D columns; one matrix [K, D] f64 each. */
typedef struct clf__ridge_cg {
  clf__arena arena;
  const clf_model *model;
  double alpha;
  const clf__training *training;
  const float *weights; /* [rows] or NULL */
  int64_t outputs;
  int64_t columns;
  int64_t iterations;
  double *mean;        /* [D]; 0 without an intercept */
  double *target_mean; /* [K] */
  double *solution, *residual, *direction, *product;
  double *inverse;          /* [D] of the diagonal of S + alpha I: the preconditioner, or NULL */
  double *scaled;           /* [D] a residual times the preconditioner, or NULL */
  double *residual_squares; /* [3, K] |residual|^2, its value and the objective at w = 0 */
  double *measure;          /* [K] the residual times the preconditioned residual */
  double *best;             /* the solution with the lowest objective */
  double *objective;        /* [K] there */
  double *squares;          /* [CLF__RIDGE_CHUNKS, K] of the residuals of the targets, in a shard */
  double *total;            /* [K] the same of all rows */
  bool *stopped;            /* [K] the objective has increased */
  float *rounded;           /* [K, D] the scaled direction as f32 */
  float *shift;             /* [K] minus m^T p, scaled as `rounded` */
  double *unit;             /* [K] powers of 2 */
  int size;                 /* the exponent of the largest feature */
  clf__linear_map map;      /* of `rounded`; owned by the pass that uses it */
  int64_t chunks;           /* up to CLF__RIDGE_CHUNKS, of the largest shard at most */
  clf__rows shard;          /* that a pass is in */
  int64_t first;            /* index of its first row */
  clf__linear_gradient sums[CLF__RIDGE_CHUNKS];
  float *scratch; /* [CLF__RIDGE_CHUNKS, CLF__RIDGE_BLOCK, K] */
  clf__ridge_pass pass;
  bool refines;           /* whether there is iterative refinement */
  bool exhausted;         /* the last refinement has not halved `computed` */
  double computed;        /* the largest relative residual, as last computed from the rows */
  clf__linear_pass exact; /* if `refines`: the rows in f64 */
  double *intercept;      /* [K] if `refines`: minus m^T w */
} clf__ridge_cg;

/* Returns a target; a single output of two classes is that of class 1, of which the other is the
 * negative. */
static inline double clf__ridge_cg_target(const clf__ridge_cg *work, int64_t row, int64_t output) {
  const clf__training *training = work->training;
  const int64_t class = work->outputs < training->outputs ? 1 : output;
  return training->targets != NULL        ? training->targets[row * training->outputs + output]
         : training->labels[row] == class ? 1
                                          : -1;
}

/* Returns the chunks of rows, whose sums are added in order. */
int64_t clf__ridge_cg_chunks(const clf__rows *x);

/* Computes the means of the targets, and the sum of the weights of the rows. */
clf_status clf__ridge_cg_target_means(clf__ridge_cg *work, double *sum);
/* Computes the means of rows and targets, the right-hand side, which is also the first residual,
 * and the preconditioner. */
clf_status clf__ridge_cg_start(clf__ridge_cg *work, bool fit_intercept);
/* product = (S + alpha I) direction. */
clf_status clf__ridge_cg_apply(clf__ridge_cg *work);
/* objective [K] = the squares of the centered targets. */
clf_status clf__ridge_cg_first_objective(clf__ridge_cg *work);
/* total [K] = the squares of what the solution leaves of the targets. */
clf_status clf__ridge_cg_squares(clf__ridge_cg *work);
/* residual = c - (S + alpha I) solution, in f64; if `refines`. */
clf_status clf__ridge_cg_residual(clf__ridge_cg *work);

/* Returns whether vectors of rows are the better ones. */
bool clf__ridge_cg_is_wide(const clf__ridge_cg *work);
/* Sets solution, mean, target_mean and iterations. Returns CLF_OK, CLF_NOT_CONVERGED or an error.
 * *solved is false if the solution is not to be used, because of rounding. */
clf_status clf__ridge_cg_wide(clf__ridge_cg *work, const clf__ridge_params *p, bool *solved);

#endif
