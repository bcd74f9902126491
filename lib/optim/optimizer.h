/* Optimizers: kinds in a registry (registry.c). An optimizer stores its state for each weight by
 * the weight's index, so that a fit can continue with it. All kinds have a schedule, which scales
 * the learning rate. */
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
  bool decoupled; /* weight decay is not added to the gradient */
  bool first;     /* keeps first moments, whatever the momentum */
  bool second;    /* keeps second moments */
} clf__optimizer_kind;

/* Parameters of all kinds; the table of a kind lists those that it has. */
typedef struct clf__optimizer_params {
  double learning_rate;
  double momentum;
  bool nesterov;
  double weight_decay;
  double beta1;
  union {
    double beta2, alpha; /* alpha is rmsprop's word */
  };
  double epsilon;
  int32_t schedule;
  int64_t warmup;   /* steps */
  double factor;    /* for step, plateau, and the end of cosine */
  int64_t interval; /* in epochs, for step and plateau */
} clf__optimizer_params;

typedef struct clf__optimizer_slot {
  int64_t count;
  float *first, *second; /* [count], NULL if the rule has none */
} clf__optimizer_slot;

struct clf_optimizer {
  clf_context *context;
  const clf__optimizer_kind *kind;
  void *params;
  clf__arena arena;           /* holds the slots and their vectors */
  clf__optimizer_slot *slots; /* [slot_count]; NULL before the first fit */
  int64_t slot_count;
  int64_t steps; /* made so far */
  /* The plateau schedule. */
  double best;
  int64_t epochs_without_improvement;
  double reduction;
};

/* Weights that are updated together. */
typedef struct clf__optimizer_weight {
  int64_t count;
  float *values, *gradient; /* [count] */
  float *average;           /* [count] average of the values after each step; NULL for none */
  bool decayed;
  bool updated; /* in this step already, so that it is left out */
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
/* Makes the optimizer of a network if none is given: adam with its defaults and, in a regression, a
 * larger step. */
clf_status clf__optimizer_default(clf_optimizer **out, clf_context *context, bool regression);
/* Makes an optimizer of the same kind and parameters, without state. */
clf_status clf__optimizer_clone(clf_optimizer **out, clf_context *context,
                                const clf_optimizer *optimizer);

/* Discards the state, and allocates it for weights of these sizes. */
clf_status clf__optimizer_begin(clf_optimizer *optimizer, const clf__optimizer_weight *weights,
                                int64_t count);
/* Returns the learning rate of the next step, of `total` steps in all. */
double clf__optimizer_rate(const clf_optimizer *optimizer, int64_t steps_per_epoch, int64_t total);
/* Returns the step that clf__optimizer_step() will make for weight `index`. */
struct clf__update clf__optimizer_update(const clf_optimizer *optimizer,
                                         const clf__optimizer_weight *weights, int64_t index,
                                         double rate, double scale, double averaging);
/* Makes one step with the gradients times `scale`. In the averages a step counts `averaging` (at
 * most 1) times as much as the next one. */
void clf__optimizer_step(clf_optimizer *optimizer, const clf__optimizer_weight *weights,
                         int64_t count, double rate, double scale, double averaging);
/* Informs the plateau schedule of the loss of an epoch. */
void clf__optimizer_epoch(clf_optimizer *optimizer, double loss);

#endif
