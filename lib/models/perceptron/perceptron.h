/* The perceptron in parts: the learning of rows (perceptron_learn.c), the model (perceptron.c). */
#ifndef CLF_MODELS_PERCEPTRON_PERCEPTRON_H
#define CLF_MODELS_PERCEPTRON_PERCEPTRON_H

#include "models/kernel/kernel.h"

typedef struct clf__perceptron_params {
  int64_t epochs;
  double learning_rate;
  bool averaged;
  int32_t multiclass;
  bool shuffle;
  bool fit_intercept;
  clf__list class_weight;
  clf__kernel_params kernel; /* its kernel is 1 + CLF__KERNEL_…, or that below */
  int64_t budget;
  int32_t budget_policy;
} clf__perceptron_params;

enum { CLF__PERCEPTRON_MULTINOMIAL = 0 }; /* of multiclass */
enum { CLF__PERCEPTRON_LINEAR = 0 };      /* of kernel.kernel */

/* The order [rows] of a pass depends on the rows seen before it, so that passes made one by one are
 * those of a longer fit. */
void clf__perceptron_draw_order(const clf_context *context, const clf__perceptron_params *params,
                                int64_t seen, int64_t *order, int64_t rows);

/* Holds W and U as [classes, columns] for dense rows, whose scores are dot products, and as
 * [columns, classes] for sparse ones, where a step touches the row's entries only. */
typedef struct clf__perceptron_learner {
  clf_context *context;
  clf__arena arena;
  const clf__perceptron_params *params;
  const clf__training *training;
  const float *weights; /* [rows] or NULL for 1 */
  int64_t classes, columns;
  int64_t class_step, column_step; /* from element to element of W and U */
  float *W;                        /* [classes, columns] or [columns, classes] */
  float *b;                        /* [classes] */
  double *U, *Ub;                  /* as W and b; NULL unless averaged */
  float *scores;                   /* [classes] */
  int64_t *order;                  /* [rows] */
  int64_t seen;                    /* rows, over all passes and partial fits */
  clf__progress progress;
  double reported; /* when progress was last told of */
  double share;    /* of the last pass's decisions that were mistakes */
} clf__perceptron_learner;

/* One pass over the rows, reported as step `epoch` + 1. */
clf_status clf__perceptron_run_epoch(clf__perceptron_learner *learner, int64_t epoch);
/* CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__perceptron_report(clf__perceptron_learner *learner, int64_t epoch);

#endif
