/* Logistic regression, divided into the objective (logistic_loss.c), the approximate inverse
 * Hessian (logistic_precondition.c, and of many outputs logistic_pooled.c), the weights as
 * combinations of the rows (logistic_span.c), the solvers (logistic_minimize.c) and the fit
 * (logistic.c). */
#ifndef CLF_MODELS_LOGISTIC_LOGISTIC_H
#define CLF_MODELS_LOGISTIC_LOGISTIC_H

#include <math.h>

#include "comm/shards.h"
#include "models/model.h"
#include "ops/linalg/linear_digits.h"
#include "ops/linalg/linear_pass.h"
#include "ops/ops.h"

typedef enum clf__logistic_link {
  CLF__LOGISTIC_SOFTMAX, /* one output for each class, probabilities by softmax */
  CLF__LOGISTIC_SIGMOID  /* each output is a separate binary decision */
} clf__logistic_link;

/* The rows of one task and their sums. */
typedef struct clf__logistic_chunk {
  double *gradient; /* [outputs, columns] */
  double *bias;     /* [outputs] */
  double *losses;   /* [outputs], with a sigmoid link */
  double loss;
} clf__logistic_chunk;

/* The mean objective (sum_i w_i loss_i) / (sum_i w_i) + penalty/2 |W|^2 as a function of the
 * variables W [outputs, columns], followed by b [outputs] (all f64; b stays 0 without an
 * intercept). */
typedef struct clf__logistic_objective {
  clf__arena arena;
  clf_context *context;
  const clf__rows *x;
  int64_t rows; /* of all ranks */
  const int32_t *labels;
  clf__logistic_link link;
  int64_t outputs; /* a single output is that of class 1 */
  int64_t columns;
  bool intercept;
  bool f64;                 /* evaluated in f64; x may then be f64 */
  bool keeps_outputs;       /* in f64, for a clf__logistic_gap */
  bool in_span;             /* evaluated by a clf__logistic_span; what others need is left out */
  bool keeps_residual;      /* that of all rows, whatever the preconditioner needs */
  bool never_pools;         /* blocks that are few enough for memory are those of each output */
  const float *own_weights; /* [rows] as given, or NULL for 1 */
  double weight_sum;
  float *weights; /* [rows] with mean 1, or NULL for 1 */
  double penalty; /* 1 / (C sum_i w_i) */
  float *w;       /* [outputs, columns], the variables as the kernels read them */
  float *b;       /* [outputs] */
  /* [rows, outputs] w_i (p - t) at the last evaluation: the derivatives of the losses with respect
   * to the outputs. Without keeps_residual [threads, block, outputs], of the current blocks. */
  float *residual;
  const double *at;    /* the variables of the last evaluation, borrowed */
  int64_t chunk_count; /* chunks whose sums there is memory for at a time */
  clf__logistic_chunk *chunks;
  double *losses;     /* [outputs] mean losses at the last evaluation, with a sigmoid link */
  double *totals;     /* of all rows, as clf__logistic_sum() returns them */
  double *chunk_sums; /* memory that the chunks' pointers refer to */
  clf__linear_gradient *sums; /* one for each worker */
  float *scratch;             /* [threads, block, outputs] */
  clf__digit_map digits;      /* of w and b, where tiles multiply u8 rows */
  clf__linear_pass pass;      /* what f64 needs instead of the members from w on */
  double *z; /* [rows, outputs] of the last evaluation in f64, if they are kept, or NULL */
} clf__logistic_objective;

/* The weight of a row with a mean of 1, and as given. */
static inline float clf__logistic_weight(const clf__logistic_objective *objective, int64_t row) {
  return objective->weights != NULL ? objective->weights[row] : 1;
}
static inline double clf__logistic_own_weight(const clf__logistic_objective *objective,
                                              int64_t row) {
  return objective->own_weights != NULL ? (double)objective->own_weights[row] : 1;
}

/* Completes an objective whose members up to `f64` are set; `weights` [rows] may be NULL.
 * Free it after a failure, too. */
clf_status clf__logistic_objective_create(clf__logistic_objective *objective, const float *weights,
                                          double C);
/* Returns the factor of the penalty in the mean objective, 1 / (C sum_i w_i). */
double clf__logistic_penalty(const clf__logistic_objective *objective, double C);
void clf__logistic_objective_free(clf__logistic_objective *objective);
/* Matches clf__lbfgs_problem.evaluate. */
clf_status clf__logistic_evaluate(void *objective, const double *at, double *value,
                                  double *gradient);

/* The sums over all rows of an evaluation, one after the other: the gradient [outputs, columns],
 * that with respect to the biases [outputs], the losses [outputs] of sigmoids, and the loss. `add`
 * is called with clf__logistic_sums of its `sums`; the result belongs to the objective. */
typedef struct clf__logistic_sums {
  double *gradient, *bias, *losses, *loss;
} clf__logistic_sums;
clf__logistic_sums clf__logistic_sums_of(const clf__logistic_objective *objective, double *sums);
clf_status clf__logistic_sum(clf__logistic_sums *out, const clf__logistic_objective *objective,
                             clf__shard_sums add, void *argument);

/* Computes, with keeps_residual, the second derivatives [rows] of the mean loss with respect to an
 * output at the last evaluation, w p (1 - p) / rows. They are never exactly 0 for a row that
 * counts. */
void clf__logistic_curvature(const clf__logistic_objective *objective, int64_t output,
                             float *values);

/* What is left of a residual w |p - t| as curvature, at least this share: a row that is certainly
 * misclassified has no curvature yet, but gets some as soon as a step begins to correct it. */
#define CLF__MIN_DOUBT 0.05F
#define CLF__MIN_CURVATURE 1e-10F /* of a row of weight 1, so that sums can be divisors */

/* Returns w p (1 - p) so bounded, but for CLF__MIN_CURVATURE. */
static inline float clf__logistic_curvature_of(float residual, float weight) {
  const float wrong = fabsf(residual), doubt = 1 - wrong / weight;
  return wrong * (doubt > CLF__MIN_DOUBT ? doubt : CLF__MIN_DOUBT);
}

/* Computes the curvatures v_ik = w p (1 - p) at the last evaluation, summed over the outputs:
 * of_rows [rows]. *sums receives the sum over all rows of v_ik x_i, in place of a gradient, and of
 * v_ik, in place of that with respect to a bias. */
clf_status clf__logistic_curvatures(clf__logistic_objective *objective, float *of_rows,
                                    clf__logistic_sums *sums);
clf_status clf__logistic_curvatures_f64(const clf__logistic_objective *objective, float *of_rows,
                                        clf__logistic_sums *sums);
/* Replaces weighted residuals [outputs] of a row by curvatures; returns their sum. */
float clf__logistic_row_curvatures(const clf__logistic_objective *objective, int64_t row,
                                   float *residual);
/* What a duality gap needs of the rows (logistic_gap.c): u of clf__prox_problem at the last
 * evaluation of an objective that has no penalty. In f64, it keeps its outputs; in f32, u is not
 * balanced. */
typedef struct clf__logistic_gap {
  clf__arena arena;
  const clf__logistic_objective *objective;
  bool *present;  /* [classes] whose rows have weight; all without an intercept */
  double *rates;  /* [outputs, outputs] of a softmax, or [outputs, 2] */
  double *factor; /* [outputs] of a softmax by the row's class, or [outputs, 2] by the side */
  double *z, *loss, *wrong; /* [outputs] scratch */
} clf__logistic_gap;
clf_status clf__logistic_gap_create(clf__logistic_gap *out,
                                    const clf__logistic_objective *objective);
void clf__logistic_gap_free(clf__logistic_gap *gap);
/* They match clf__prox_problem.balance and .distance. */
clf_status clf__logistic_gap_balance(clf__logistic_gap *gap, double *gradient);
void clf__logistic_gap_distance(const clf__logistic_gap *gap, bool balanced, const double *factor,
                                double *value);

/* clf__logistic_evaluate() in f64 (logistic_loss_f64.c). */
clf_status clf__logistic_evaluate_f64(clf__logistic_objective *objective, const double *at,
                                      double *value, double *gradient);

/* The weights as combinations of the rows, for many columns. A vector of variables consists of
 * coefficients [rows, outputs], their image [rows, outputs], which are the outputs of the weights
 * without the intercept, and the intercept [outputs]. A gradient of these is divided by the factors
 * of the inner product, so that the inner product with a step is the derivative. */
typedef struct clf__logistic_span {
  clf__arena arena;
  clf__logistic_objective *objective;
  int64_t count;              /* rows x outputs */
  int64_t block;              /* columns read at a time */
  double *center, *squares;   /* [columns] subtracted from the rows, and means of x^2 */
  double unit;                /* of the weights' gradient: largest feature's size, at most 1 */
  double length;              /* mean square of the centered rows */
  double of_weights, of_bias; /* factors of the inner product */
  double largest;             /* component of the last complete gradient, in units */
  float *u;                   /* [rows, outputs] */
  double *sums;               /* [outputs] over u */
  double *bias_gradient;      /* [outputs] */
  int64_t part_count;
  struct clf__span_part *parts;
  double tolerance;   /* of the largest component */
  double max_length;  /* of the weights' gradient in the last iteration */
  int64_t passes;     /* that have been made over the rows */
  int64_t gram_after; /* passes after which the Gram matrix is computed */
  clf__arena of_gram; /* of the next three */
  float *gram;        /* [rows, rows] of the centered rows, divided by `length`, or NULL */
  float *factor;      /* [outputs, rows] */
  float *product;     /* [rows, outputs] */
  double share;       /* of the gradient's length in its largest component, at the last pass */
  int64_t images;     /* since then */
} clf__logistic_span;

/* Returns whether the rows are so wide that weights are better computed as combinations of them. */
bool clf__logistic_is_wide(const clf__logistic_objective *objective);
/* `tolerance` is that of the gradient's largest component. */
clf_status clf__logistic_span_create(clf__logistic_span *span, clf__logistic_objective *objective,
                                     double tolerance);
void clf__logistic_span_free(clf__logistic_span *span);
/* Returns the number of variables. */
int64_t clf__logistic_span_size(const clf__logistic_span *span);
double clf__logistic_span_dot(const clf__logistic_span *span, const double *a, const double *b);
/* Returns the length of the weights' gradient. */
double clf__span_length(const clf__logistic_span *span, const double *gradient);
/* Computes the value, and the gradient except for its image (logistic_loss.c). */
clf_status clf__logistic_span_evaluate(clf__logistic_span *span, const double *at, double *value,
                                       double *gradient);
/* No longer uses a Gram matrix, if the span has one. */
void clf__logistic_span_drop_gram(clf__logistic_span *span);
/* Adds the image to a gradient, which is the product of an iteration. */
clf_status clf__logistic_span_complete(clf__logistic_span *span, double *gradient);
/* Computes W [outputs, columns] and b [outputs] from the coefficients, and replaces their image by
 * the outputs of W, in f64. */
clf_status clf__logistic_span_weights(const clf__logistic_span *span, double *at,
                                      double *variables);

/* The steps of clf__logistic_span_complete() by the rows' Gram matrix (logistic_span_gram.c).
 * Returns the passes after which it is computed. */
int64_t clf__span_gram_after(const clf__logistic_span *span);
clf_status clf__span_gram_create(clf__logistic_span *span);
/* Learns from a complete gradient of a pass what share of its length is in its largest component,
 * in units. */
void clf__span_gram_measure(clf__logistic_span *span, const double *gradient, double largest);
/* Computes the image of span->u, and estimates the largest component; 0 asks for a pass. */
clf_status clf__span_gram_image(clf__logistic_span *span, double *gradient, double *largest);

typedef struct clf__logistic_preconditioner {
  clf__arena arena;
  const clf__logistic_objective *objective;
  int64_t max_blocks; /* blocks that are worth their cost: outputs, 1 or 0 */
  int64_t blocks;     /* blocks in use: one for each output, 1 for all of them, or 0 */
  double **factors;   /* [outputs] Cholesky factors [columns, columns], or NULL */
  double *means;      /* [blocks, columns] weighted by curvature; pooled, [outputs, columns] */
  double *curvatures; /* [outputs] mean over the rows */
  double *scales;     /* [outputs] that solutions are multiplied by */
  int64_t *order;     /* [outputs] the outputs, block by block */
  int64_t *first;     /* [outputs + 1] where the outputs of each block begin in it */
  double *of_rows;    /* [rows] curvatures of the block being computed, if not pooled */
  float *weights;     /* [rows] curvatures of all outputs, if pooled */
  double *floors;     /* [columns] added to the pooled scatter's diagonal */
  double length;      /* of the step that it gives, since the last refresh */
  double *squares;    /* [columns] means of x^2, for the diagonal if there are no blocks */
  double *scratch;    /* [outputs, columns] */
} clf__logistic_preconditioner;

enum { CLF__LOGISTIC_MAX_FACTORS = 16 * 1024 * 1024 }; /* numbers in all blocks: 128 MiB */

/* Returns how many blocks are worth their cost: outputs, 1 that is pooled, or 0. */
int64_t clf__logistic_blocks(const clf__logistic_objective *objective);
/* Returns whether the blocks of several outputs are pooled (logistic_pooled.c). */
bool clf__logistic_is_pooled(const clf__logistic_objective *objective);
/* Returns whether they are, and would not be with never_pools. */
bool clf__logistic_may_divide(const clf__logistic_objective *objective);
clf_status clf__logistic_preconditioner_create(clf__logistic_preconditioner *preconditioner,
                                               const clf__logistic_objective *objective);
void clf__logistic_preconditioner_free(clf__logistic_preconditioner *preconditioner);
/* Computes the curvature at the objective's last evaluation. `shared` says that it is the same for
 * all outputs, as at W = 0. */
clf_status clf__logistic_refresh(clf__logistic_preconditioner *preconditioner, bool shared);
/* The same for pooled blocks (logistic_pooled.c). CLF_ERROR_NUMERIC leaves curvatures alone. */
clf_status clf__logistic_refresh_pooled(clf__logistic_preconditioner *preconditioner, bool shared);
/* Finds how much of a step [outputs * (columns + 1)] from 0 is best, at most 1. */
clf_status clf__logistic_first_step(double *length, const clf__logistic_objective *objective,
                                    const double *step);
/* Multiplies the vector [outputs * (columns + 1)] in place. */
clf_status clf__logistic_precondition(clf__logistic_preconditioner *preconditioner, double *vector);

#endif
