/* The perceptron with a kernel, divided into learning (perceptron_kernel_learn.c), the vectors that
 * a budget drops (perceptron_budget.c), their part in averages (perceptron_average.c), and the
 * model (perceptron_kernel.c). */
#ifndef CLF_MODELS_PERCEPTRON_PERCEPTRON_KERNEL_H
#define CLF_MODELS_PERCEPTRON_PERCEPTRON_KERNEL_H

#include "base/progress.h"
#include "models/perceptron/perceptron.h"

enum {
  CLF__PERCEPTRON_BLOCK = 256,    /* rows that are learned between products */
  CLF__PERCEPTRON_PENDING = 1024, /* max pending updates when a block begins */
  CLF__PERCEPTRON_CACHE = 1 << 28 /* bytes for the kernel values of the existing vectors, at the
                                   * end */
};

/* An update is a term delta_k k(x_row, .) of the classes' functions. */
typedef struct clf__kernel_learner {
  clf_context *context;
  clf__arena arena;
  const clf__perceptron_params *params;
  const clf__training *training;
  const float *weights; /* [rows] or NULL for 1 */
  clf__kernel_function function;
  const float *center; /* or NULL */
  int64_t rows, classes;
  double *F;      /* [rows, classes] values of the functions, without pending updates */
  double *C;      /* [rows, classes] coefficients */
  double *U;      /* as C: updates weighted by the time when they were made; NULL unless averaged */
  double *b, *Ub; /* [classes] */
  int64_t *order; /* [rows] */
  int64_t seen;   /* rows in all passes */
  /* Updates since F was last updated. */
  int64_t pending;
  int64_t *pending_row; /* [pending], each row once */
  int64_t *place;       /* [rows] 1 + the index in pending_row, or 0 if the row is not in it */
  float *delta;         /* [pending, classes] */
  /* The current block. */
  clf__kernel_columns *columns;
  int64_t count;  /* rows */
  int64_t *block; /* [count] indices of its rows */
  double *scores; /* [count, classes] */
  float *inside;  /* [count, count] their kernel matrix; valid if `inside_made` */
  bool inside_made;
  float *across;   /* [pending, count] */
  float *products; /* [TILE, classes] */
  float *tile;     /* [TILE, pending] */
  double *step;    /* [classes] the update of a row */
  /* A ring of the vectors that count for the budget, in the order of their insertion. */
  bool *held;    /* [rows] */
  int64_t *ring; /* [budget], or NULL without a budget */
  int64_t ring_first, ring_count;
  clf__progress progress;
  int64_t epoch;
  double reported;
  double share; /* share of mistakes in the decisions of the last pass */
} clf__kernel_learner;

enum { CLF__PERCEPTRON_TILE = 2048 };

/* Runs one pass over the rows, number `epoch`, and counts it. */
clf_status clf__kernel_run_epoch(clf__kernel_learner *l);
/* Returns CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__kernel_report(clf__kernel_learner *l);
/* Makes the update `step` of a row (or reverses one) in C, among the pending, and in the scores of
 * the block's rows from `next` on. k [count] are their kernel values with the row. */
void clf__kernel_update(clf__kernel_learner *l, int64_t row, const double *step, int64_t next,
                        const float *k);
/* Called before `row` gets an update: if the row is new and the budget is used up, drops a
 * vector. */
clf_status clf__perceptron_reserve(clf__kernel_learner *l, int64_t row, int64_t next);

/* Computes averages in C: the existing vectors approximate the terms of the dropped ones. */
clf_status clf__perceptron_project(clf__kernel_learner *l);

/* For the model. */
clf_status clf__perceptron_fit_kernel(const clf_model *model, const clf__training *training,
                                      const float *weights, clf__store *state);
clf_status clf__perceptron_check_kernel(const clf_model *model);
clf_status clf__perceptron_decide_kernel(const clf_model *model, const clf__rows *x, float *values);

#endif
