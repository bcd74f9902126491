/* The perceptron with a kernel in parts: the learning of rows (perceptron_kernel_learn.c), the
 * vectors that a budget drops (perceptron_budget.c) and their part in averages
 * (perceptron_average.c), the model (perceptron_kernel.c). */
#ifndef CLF_MODELS_PERCEPTRON_PERCEPTRON_KERNEL_H
#define CLF_MODELS_PERCEPTRON_PERCEPTRON_KERNEL_H

#include "models/perceptron/perceptron.h"

enum {
  CLF__PERCEPTRON_BLOCK = 256,    /* rows learned between products */
  CLF__PERCEPTRON_PENDING = 1024, /* updates that are not in F, at most, when a block begins */
  CLF__PERCEPTRON_CACHE = 1 << 28 /* bytes for kernel values of the vectors held, at the end */
};

/* Updates are terms delta_k k(x_row, .) of the classes' functions. */
typedef struct clf__kernel_learner {
  clf_context *context;
  clf__arena arena;
  const clf__perceptron_params *params;
  const clf__training *training;
  const float *weights; /* [rows] or NULL for 1 */
  clf__kernel_function function;
  const float *center; /* or NULL */
  int64_t rows, classes;
  double *F;      /* [rows, classes] values of the functions, but for pending updates */
  double *C;      /* [rows, classes] coefficients */
  double *U;      /* as C, sums of updates by when they were made; NULL unless averaged */
  double *b, *Ub; /* [classes] */
  int64_t *order; /* [rows] */
  int64_t seen;   /* rows, over all passes */
  /* Updates since F was brought up to date. */
  int64_t pending;
  int64_t *pending_row; /* [pending], each row once */
  int64_t *place;       /* [rows] its place there + 1, or 0 */
  float *delta;         /* [pending, classes] */
  /* The block at hand. */
  clf__kernel_columns *columns;
  int64_t count;  /* rows */
  int64_t *block; /* [count] their numbers */
  double *scores; /* [count, classes] */
  float *inside;  /* [count, count] their kernel matrix; not yet made unless `inside_made` */
  bool inside_made;
  float *across;   /* [pending, count] */
  float *products; /* [TILE, classes] */
  float *tile;     /* [TILE, pending] */
  double *step;    /* [classes] the update by a row */
  /* Vectors that count for the budget, in the order in which they came: a ring. */
  bool *held;    /* [rows] */
  int64_t *ring; /* [budget], or NULL without one */
  int64_t ring_first, ring_count;
  clf__progress progress;
  int64_t epoch;
  double reported;
  double share; /* of the last pass's decisions that were mistakes */
} clf__kernel_learner;

enum { CLF__PERCEPTRON_TILE = 2048 };

/* One pass over the rows. */
clf_status clf__kernel_run_epoch(clf__kernel_learner *l, int64_t epoch);
/* Makes the update `step` (or takes one back) by a row: into C, what is pending, and the scores of
 * the block's rows from `next` on, whose kernel values with the row are k [count]. */
void clf__kernel_update(clf__kernel_learner *l, int64_t row, const double *step, int64_t next,
                        const float *k);
/* Before `row` gets an update: when it is new and the budget is spent, drops a vector. */
clf_status clf__perceptron_reserve(clf__kernel_learner *l, int64_t row, int64_t next);

/* With averages in C: of the vectors that were dropped they are taken over by those held. */
clf_status clf__perceptron_project(clf__kernel_learner *l);

/* For the model. */
clf_status clf__perceptron_fit_kernel(const clf_model *model, const clf__training *training,
                                      const float *weights, clf__store *state);
clf_status clf__perceptron_check_kernel(const clf_model *model);
clf_status clf__perceptron_decide_kernel(const clf_model *model, const clf__rows *x, float *values);

#endif
