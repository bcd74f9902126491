/* The rules, with g the gradient (weight_decay times w added, except for adamw) and r the learning
 * rate:
 *
 *   sgd      v = momentum v + g, w -= r v; Nesterov's form: w -= r (g + momentum v)
 *   adam     m and v running means of g and g^2, both unbiased, w -= r m / (sqrt v + epsilon):
 *            Kingma and Ba (2015)
 *   adamw    the same, and w shrinks by r weight_decay: Loshchilov and Hutter (2019)
 *   rmsprop  v a running mean of g^2, w -= r g / (sqrt v + epsilon): Tieleman and Hinton (2012)
 *   adagrad  v the sum of g^2, likewise: Duchi et al. (2011)
 *
 * Schedules of the learning rate: step (times factor every interval epochs), cosine (from r to r
 * times factor over the fit), plateau (times factor after interval epochs without improvement).
 * Warmup increases the rate in equal steps at first. */
#include "optim/optimizer.h"

#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "ops/nn/elementwise.h"

enum { CONSTANT, STEP, COSINE, PLATEAU };

#define CLF__VALUES clf__optimizer_params
#define RATE(value) CLF__REAL(learning_rate, value, CLF__ABOVE(0), 1e6, "factor of each step")
#define COMMON                                                                                     \
  CLF__REAL(weight_decay, "0", 0, 1e6, "L2 penalty on the weights, without the biases"),           \
      CLF__CHOICE(schedule, "constant|step|cosine|plateau", "constant",                            \
                  "how the learning rate changes during a fit"),                                   \
      CLF__INT(warmup, "0", 0, 1e9,                                                                \
               "steps at the start of a fit in which the learning rate rises"),                    \
      CLF__REAL(factor, "0.1", 0, 1,                                                               \
                "step, plateau: factor of each reduction of the rate; cosine: of the whole fit"),  \
      CLF__INT(interval, "10", 1, 1e9,                                                             \
               "step: epochs between reductions; plateau: epochs without a lower loss")
#define EPSILON(value)                                                                             \
  CLF__REAL(epsilon, value, CLF__ABOVE(0), 1, "constant added to the root that divides a step")

static const clf__param sgd_params[] = {
    RATE("0.01"),
    CLF__REAL(momentum, "0", 0, 0.9999999, "factor of the previous step that is added to the next"),
    CLF__BOOL(nesterov, "false", "Nesterov's form of the momentum"),
    COMMON,
};
static const clf__param adam_params[] = {
    RATE("0.001"),
    CLF__REAL(beta1, "0.9", 0, 0.9999999, "decay rate of the mean gradient"),
    CLF__REAL(beta2, "0.999", 0, 0.9999999, "decay rate of the mean square"),
    EPSILON("1e-8"),
    COMMON,
};
static const clf__param rmsprop_params[] = {
    RATE("0.001"),
    CLF__REAL(alpha, "0.99", 0, 0.9999999, "decay rate of the mean square"),
    EPSILON("1e-8"),
    COMMON,
};
static const clf__param adagrad_params[] = {RATE("0.01"), EPSILON("1e-10"), COMMON};

#define KIND(name, params, help, ...)                                                              \
  const clf__optimizer_kind clf__##name##_kind = {                                                 \
      .base = CLF__KIND(#name, help, params, clf__optimizer_params), __VA_ARGS__}
KIND(sgd, sgd_params, "stochastic gradient descent, with momentum", .rule = CLF__UPDATE_SGD);
KIND(adam, adam_params, "steps scaled by running means of the gradient and its square",
     .rule = CLF__UPDATE_ADAM, .first = true, .second = true);
KIND(adamw, adam_params, "adam with decoupled weight decay", .rule = CLF__UPDATE_ADAM,
     .decoupled = true, .first = true, .second = true);
KIND(rmsprop, rmsprop_params, "steps scaled by the running mean of the gradient's square",
     .rule = CLF__UPDATE_RMSPROP, .second = true);
KIND(adagrad, adagrad_params, "steps scaled by the sum of the gradient's squares",
     .rule = CLF__UPDATE_ADAGRAD, .second = true);

clf_status clf_optimizer_create(clf_optimizer **out, clf_context *context, const char *kind,
                                const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(kind);
  CLF__ENTER(kind);
  const clf__optimizer_kind *found = clf__kind_find(&clf__optimizer_kinds, kind);
  if (found == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  clf_optimizer *optimizer = clf__handle_create(context, sizeof *optimizer);
  if (optimizer == NULL) {
    return CLF_ERROR_MEMORY;
  }
  optimizer->kind = found;
  clf_status status =
      clf__params_create(&optimizer->params, optimizer->context, &found->base.params, params);
  if (status < 0) {
    clf_optimizer_free(optimizer);
    return status;
  }
  *out = optimizer;
  return CLF_OK;
}

clf_status clf__optimizer_parse(clf_optimizer **out, clf_context *context, const char *text) {
  char *kind = clf__copy_text(context, text);
  if (kind == NULL) {
    return CLF_ERROR_MEMORY;
  }
  char *params = strchr(kind, ' ');
  if (params != NULL) {
    *params++ = '\0';
  }
  const clf_status status = clf_optimizer_create(out, context, kind, params);
  clf__free(kind);
  return status;
}

clf_status clf__optimizer_default(clf_optimizer **out, clf_context *context, bool regression) {
  return clf_optimizer_create(out, context, clf__adam_kind.base.name,
                              regression ? "learning_rate=0.003" : NULL);
}

clf_status clf__optimizer_clone(clf_optimizer **out, clf_context *context,
                                const clf_optimizer *optimizer) {
  const clf__param_table *table = &optimizer->kind->base.params;
  clf_optimizer *clone = NULL;
  void *params = NULL;
  clf_status status = clf_optimizer_create(&clone, context, optimizer->kind->base.name, NULL);
  if (status == CLF_OK) {
    status = clf__params_copy(&params, context, table, optimizer->params);
  }
  if (status < 0) {
    clf_optimizer_free(clone);
    return status;
  }
  clf__params_free(table, clone->params);
  clone->params = params;
  *out = clone;
  return CLF_OK;
}

void clf_optimizer_free(clf_optimizer *optimizer) {
  if (optimizer == NULL) {
    return;
  }
  clf__arena_free(&optimizer->arena);
  clf__params_free(&optimizer->kind->base.params, optimizer->params);
  clf__handle_free(optimizer);
}

const char *clf_optimizer_kind(const clf_optimizer *optimizer) {
  return optimizer != NULL ? optimizer->kind->base.name : NULL;
}

clf_status clf_optimizer_params(const clf_optimizer *optimizer, char *buffer, size_t capacity,
                                size_t *needed) {
  CLF__REQUIRE(optimizer);
  CLF__ENTER(optimizer->kind->base.name);
  return clf__params_copy_text(&optimizer->kind->base.params, optimizer->params, buffer, capacity,
                               needed);
}

void clf__optimizer_append(clf__text *text, const clf_optimizer *optimizer) {
  clf__text_append(text, "%s ", optimizer->kind->base.name);
  clf__params_format(&optimizer->kind->base.params, optimizer->params, text);
}

static clf_status make_slot(clf__optimizer_slot *slot, clf__arena *arena,
                            const clf_optimizer *optimizer, int64_t count) {
  const clf__optimizer_params *p = optimizer->params;
  const clf__optimizer_kind *kind = optimizer->kind;
  const bool first = kind->first || p->momentum > 0;
  slot->count = count;
  slot->first = first ? clf__arena_zeroed(arena, count, sizeof *slot->first) : NULL;
  slot->second = kind->second ? clf__arena_zeroed(arena, count, sizeof *slot->second) : NULL;
  return clf__arena_status(arena);
}

clf_status clf__optimizer_begin(clf_optimizer *optimizer, const clf__optimizer_weight *weights,
                                int64_t count) {
  clf__arena arena = {.context = optimizer->context};
  clf__optimizer_slot *slots = clf__arena_zeroed(&arena, count, sizeof *slots);
  clf_status status = clf__arena_status(&arena);
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    status = make_slot(&slots[i], &arena, optimizer, weights[i].count);
  }
  if (status < 0) {
    clf__arena_free(&arena);
    return status;
  }
  clf__arena_free(&optimizer->arena);
  optimizer->arena = arena;
  optimizer->slots = slots;
  optimizer->slot_count = count;
  optimizer->steps = 0;
  optimizer->best = INFINITY;
  optimizer->epochs_without_improvement = 0;
  optimizer->reduction = 1;
  return CLF_OK;
}

double clf__optimizer_rate(const clf_optimizer *optimizer, int64_t steps_per_epoch, int64_t total) {
  const clf__optimizer_params *p = optimizer->params;
  const double pi = 3.141592653589793;
  const int64_t step = optimizer->steps;
  double rate = p->learning_rate;
  if (p->schedule == STEP) {
    rate *= pow(p->factor, (double)(step / steps_per_epoch / p->interval));
  } else if (p->schedule == COSINE) {
    const double gone = total > 1 ? fmin(1, (double)step / (double)(total - 1)) : 0;
    rate *= p->factor + (1 - p->factor) * 0.5 * (1 + cos(pi * gone));
  } else if (p->schedule == PLATEAU) {
    rate *= optimizer->reduction;
  }
  return step < p->warmup ? rate * (double)(step + 1) / (double)p->warmup : rate;
}

static clf__update rule_of(const clf_optimizer *optimizer, double rate, double scale) {
  const clf__optimizer_params *p = optimizer->params;
  const int32_t rule = optimizer->kind->rule;
  clf__update update = {
      .rule = rule,
      .nesterov = p->nesterov,
      .scale = (float)scale,
      .rate = (float)rate,
      .first_share = (float)(1 - (rule == CLF__UPDATE_SGD ? p->momentum : p->beta1)),
      .second_share = (float)(1 - p->beta2),
      .root_scale = 1,
      .epsilon = (float)p->epsilon,
  };
  if (rule == CLF__UPDATE_ADAM) {
    const double steps = (double)optimizer->steps + 1;
    update.rate = (float)(rate / (1 - pow(p->beta1, steps)));
    update.root_scale = (float)(1 / sqrt(1 - pow(p->beta2, steps)));
  }
  return update;
}

/* The average is the sum over steps i of averaging^(t - i) w_i, divided by the sum of the powers;
 * so initial values do not contribute. */
static double average_share(double averaging, double steps) {
  return averaging < 1 ? (1 - averaging) / (1 - pow(averaging, steps)) : 1 / steps;
}

clf__update clf__optimizer_update(const clf_optimizer *optimizer,
                                  const clf__optimizer_weight *weights, int64_t index, double rate,
                                  double scale, double averaging) {
  const clf__optimizer_params *p = optimizer->params;
  const clf__optimizer_weight *weight = &weights[index];
  const double decay = weight->decayed ? p->weight_decay : 0;
  clf__update update = rule_of(optimizer, rate, scale);
  update.average_share = (float)average_share(averaging, (double)optimizer->steps + 1);
  update.count = weight->count;
  update.weight = weight->values;
  update.gradient = weight->gradient;
  update.first = optimizer->slots[index].first;
  update.second = optimizer->slots[index].second;
  update.average = weight->average;
  update.decay = optimizer->kind->decoupled ? 0 : (float)decay;
  update.shrink = optimizer->kind->decoupled ? (float)(rate * decay) : 0;
  return update;
}

void clf__optimizer_step(clf_optimizer *optimizer, const clf__optimizer_weight *weights,
                         int64_t count, double rate, double scale, double averaging) {
  for (int64_t i = 0; i < count; i++) {
    if (!weights[i].updated) {
      const clf__update update =
          clf__optimizer_update(optimizer, weights, i, rate, scale, averaging);
      clf__update_weights(optimizer->context, &update);
    }
  }
  optimizer->steps++;
}

void clf__optimizer_epoch(clf_optimizer *optimizer, double loss) {
  const clf__optimizer_params *p = optimizer->params;
  if (loss < optimizer->best) {
    optimizer->best = loss;
    optimizer->epochs_without_improvement = 0;
  } else if (++optimizer->epochs_without_improvement >= p->interval) {
    optimizer->reduction *= p->factor;
    optimizer->epochs_without_improvement = 0;
  }
}
