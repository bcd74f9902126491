/* Optimizers: kinds in a registry (registry.c). An optimizer keeps what it remembers of each
 * weight by the weight's place, so that a fit may go on with it; a schedule, which all kinds have,
 * scales the learning rate. */
#ifndef CLF_OPTIM_OPTIMIZER_H
#define CLF_OPTIM_OPTIMIZER_H

#include <classify/optimizer.h>

#include "base/context.h"
#include "base/kinds.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

typedef struct clf__optimizer_kind {
  clf__kind base;
  int32_t rule;   /* CLF__UPDATE_… of ops/nn/elementwise.h */
  bool decoupled; /* weight decay is no part of the gradient */
} clf__optimizer_kind;

/* Parameters of all kinds; a kind's table names those that it has. */
typedef struct clf__optimizer_params {
  double learning_rate;
  double momentum;
  bool nesterov;
  double weight_decay;
  double beta1, beta2;
  double epsilon;
  int32_t schedule;
  int64_t warmup;   /* steps */
  double factor;    /* step, plateau, and the end of cosine */
  int64_t interval; /* epochs: step, plateau */
} clf__optimizer_params;

typedef struct clf__optimizer_slot {
  int64_t count;
  float *first, *second; /* [count], NULL where the rule has none */
} clf__optimizer_slot;

struct clf_optimizer {
  clf_context *context;
  const clf__optimizer_kind *kind;
  void *params;
  clf__optimizer_slot *slots; /* [slot_count]; NULL before the first fit */
  int64_t slot_count;
  int64_t steps; /* taken so far */
  /* The plateau schedule. */
  double best;
  int64_t epochs_without_improvement;
  double reduction;
};

/* Weights that are stepped together. */
typedef struct clf__optimizer_weight {
  int64_t count;
  float *values, *gradient; /* [count] */
  float *average;           /* [count] of the values after each step; NULL for none */
  bool decayed;
} clf__optimizer_weight;

extern const clf__optimizer_kind clf__sgd_kind;
extern const clf__optimizer_kind clf__adam_kind;
extern const clf__optimizer_kind clf__adamw_kind;
extern const clf__optimizer_kind clf__rmsprop_kind;
extern const clf__optimizer_kind clf__adagrad_kind;

extern const clf__registry clf__optimizer_kinds;

/* Appends "kind name=value …", which clf__optimizer_parse() reads. */
void clf__optimizer_append(clf__text *text, const clf_optimizer *optimizer);
clf_status clf__optimizer_parse(clf_optimizer **out, clf_context *context, const char *text);
/* What a network is fitted by where nobody names an optimizer: adam with its defaults, in a
 * regression with a larger step. */
clf_status clf__optimizer_default(clf_optimizer **out, clf_context *context, bool regression);
/* The same kind and parameters, with nothing remembered. */
clf_status clf__optimizer_clone(clf_optimizer **out, clf_context *context,
                                const clf_optimizer *optimizer);

/* Forgets what was remembered and makes room for weights of these sizes. */
clf_status clf__optimizer_begin(clf_optimizer *optimizer, const clf__optimizer_weight *weights,
                                int64_t count);
/* The learning rate of the next step, of `total` steps in all. */
double clf__optimizer_rate(const clf_optimizer *optimizer, int64_t steps_per_epoch, int64_t total);
/* One step; the gradients count times `scale`. In the averages a step counts `averaging` (up to 1)
 * times as much as the one after it. */
void clf__optimizer_step(clf_optimizer *optimizer, const clf__optimizer_weight *weights,
                         int64_t count, double rate, double scale, double averaging);
/* Tells the plateau schedule of an epoch's loss. */
void clf__optimizer_epoch(clf_optimizer *optimizer, double loss);

#endif
