/* The perceptron, divided into learning (perceptron_learn.c), also on shards of the rows
 * (perceptron_mix.c), and the model (perceptron.c). */
#ifndef CLF_MODELS_PERCEPTRON_PERCEPTRON_H
#define CLF_MODELS_PERCEPTRON_PERCEPTRON_H

#include "base/progress.h"
#include "models/decision/decision.h"
#include "models/kernel/kernel.h"

typedef struct clf__perceptron_params {
  clf__decision_params decision;
  int64_t epochs;
  double learning_rate;
  bool averaged;
  int32_t multiclass;
  bool shuffle;
  bool mixed;
  bool fit_intercept;
  clf__list class_weight;
  clf__kernel_params kernel; /* its kernel is 1 + CLF__KERNEL_…, or the one below */
  int64_t budget;
  int32_t budget_policy;
} clf__perceptron_params;

enum { CLF__PERCEPTRON_MULTINOMIAL = 0 }; /* of multiclass */
enum { CLF__PERCEPTRON_LINEAR = 0 };      /* of kernel.kernel */

/* Shuffles the order [rows] of a pass. It depends on `stream`, for which callers pass the number of
 * rows seen before, so that single passes are the same as those of a longer fit. */
void clf__perceptron_draw_order(const clf_context *context, const clf__perceptron_params *params,
                                uint64_t stream, int64_t *order, int64_t rows);

enum { CLF__PERCEPTRON_AHEAD = 32 }; /* rows whose scores are computed together */

/* The scores of the next rows of the order, with the W and b of their first; NULL if classes are
 * few. */
typedef struct clf__perceptron_ahead {
  float *scores; /* [CLF__PERCEPTRON_AHEAD, classes] */
  clf__rows rows;
  void *data;       /* of the rows */
  bool *is_changed; /* [classes] whose W and b have been updated since */
  int64_t *changed; /* [2 CLF__PERCEPTRON_AHEAD] their list */
  int64_t changes;
} clf__perceptron_ahead;

/* W and U are [classes, columns] for dense rows, whose scores are dot products, and [columns,
 * classes] for sparse rows, where an update accesses only the row's entries. */
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
  clf__perceptron_ahead ahead;
  int64_t *order; /* [rows] */
  int64_t seen;   /* rows in all passes and partial fits */
  clf__progress progress;
  double reported; /* time of the last progress report */
  double share;    /* share of mistakes in the decisions of the last pass */
} clf__perceptron_learner;

/* perceptron_ahead.c. Allocates what it needs in the learner's arena, if that is faster. */
void clf__perceptron_open_ahead(clf__perceptron_learner *learner);
/* Computes the scores of rows i … of the order, which has `rows`. */
void clf__perceptron_score_ahead(clf__perceptron_learner *learner, int64_t i, int64_t rows);
/* Returns the scores [classes] of row i of the order, which is `row`, with the present W and b. */
const float *clf__perceptron_ahead_scores(clf__perceptron_learner *learner, const clf__rows *row,
                                          int64_t i);
/* States that W and b of a class are updated. */
void clf__perceptron_ahead_change(clf__perceptron_learner *learner, int64_t k);

/* Learns rows first … first + rows - 1 in a shuffled order; mistakes receives their number. */
typedef struct clf__perceptron_pass {
  int64_t epoch, first, rows;
  uint64_t stream; /* of the order */
  int64_t mistakes;
} clf__perceptron_pass;
clf_status clf__perceptron_learn(clf__perceptron_learner *learner, clf__perceptron_pass *pass);
/* Sets the share of mistakes among the decisions on these rows. */
void clf__perceptron_set_share(clf__perceptron_learner *learner, double mistakes, double rows);

/* Runs one pass over the rows. */
clf_status clf__perceptron_run_epoch(clf__perceptron_learner *learner, int64_t epoch);
/* Runs one pass over each shard of the rows, and mixes the results. */
clf_status clf__perceptron_mix_epoch(clf__perceptron_learner *learner, int64_t epoch);
/* Returns CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__perceptron_report(clf__perceptron_learner *learner, int64_t epoch);

#endif
