/* Logistic regression in parts: the objective (logistic_loss.c), the approximate inverse Hessian
 * (logistic_precondition.c), the fit (logistic.c). */
#ifndef CLF_MODELS_LOGISTIC_LOGISTIC_H
#define CLF_MODELS_LOGISTIC_LOGISTIC_H

#include "models/model.h"
#include "ops/ops.h"

typedef enum clf__logistic_link {
  CLF__LOGISTIC_SOFTMAX, /* one output a class, probabilities by softmax */
  CLF__LOGISTIC_SIGMOID  /* each output a yes or no of its own */
} clf__logistic_link;

/* One task's share of the rows and what it sums up. */
typedef struct clf__logistic_chunk {
  double *gradient; /* [outputs, columns] */
  double *bias;     /* [outputs] */
  double loss;
} clf__logistic_chunk;

/* The mean objective (sum_i w_i loss_i) / (sum_i w_i) + penalty/2 |W|^2 as a function of the
 * variables W [outputs, columns] followed by b [outputs] (all f64; b stays 0 without intercept). */
typedef struct clf__logistic_objective {
  clf__arena arena;
  clf_context *context;
  const clf__rows *x;
  const int32_t *labels;
  clf__logistic_link link;
  int64_t outputs; /* with one output, class 1 is the yes */
  int64_t columns;
  bool intercept;
  float *weights; /* [rows] of mean 1, or NULL for 1 */
  double penalty; /* 1 / (C sum_i w_i) */
  float *w;       /* [outputs, columns], the variables as the kernels read them */
  float *b;       /* [outputs] */
  /* [rows, outputs] Derivatives of the losses by the outputs at the last evaluation, w_i (p - t).
   */
  float *residual;
  int64_t chunk_count;
  clf__logistic_chunk *chunks;
  double *chunk_sums;         /* what the chunks' pointers point into */
  clf__linear_gradient *sums; /* one a worker */
  float *scratch;             /* [threads, block, outputs] */
} clf__logistic_objective;

/* Completes an objective whose fields up to `intercept` are given; `weights` [rows] may be NULL. To
 * be freed also when this fails. */
clf_status clf__logistic_objective_create(clf__logistic_objective *objective, const float *weights,
                                          double C);
void clf__logistic_objective_free(clf__logistic_objective *objective);
/* Matches clf__lbfgs_problem.evaluate. */
clf_status clf__logistic_evaluate(void *objective, const double *at, double *value,
                                  double *gradient);

typedef struct clf__logistic_preconditioner {
  clf__arena arena;
  const clf__logistic_objective *objective;
  int64_t max_blocks; /* that are worth their cost: outputs, 1 or 0 */
  int64_t blocks;     /* in use: one an output, 1 for all of them, or 0 */
  double **factors;   /* [outputs] Cholesky factors [columns, columns], or NULL */
  double *means;      /* [max_blocks, columns] weighted by curvature */
  double *curvatures; /* [outputs] mean over the rows */
  double *squares;    /* [columns] means of x^2, for the diagonal when there are no blocks */
  double *scratch;    /* [outputs, columns] */
} clf__logistic_preconditioner;

clf_status clf__logistic_preconditioner_create(clf__logistic_preconditioner *preconditioner,
                                               const clf__logistic_objective *objective);
void clf__logistic_preconditioner_free(clf__logistic_preconditioner *preconditioner);
/* Takes the curvature at the objective's last evaluation. `shared` says that it is the same for all
 * outputs, as it is at W = 0. */
clf_status clf__logistic_refresh(clf__logistic_preconditioner *preconditioner, bool shared);
/* Multiplies in place: vector [outputs * (columns + 1)]. */
void clf__logistic_precondition(clf__logistic_preconditioner *preconditioner, double *vector);

#endif
