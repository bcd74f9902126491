/* What the duality gap of an L1 penalty (optim/prox_gap.c) needs of the rows. The derivative of the
 * loss of a row with respect to its outputs is c (p - t), with c the share of its weight. A dual
 * point u is such a derivative with the probabilities p of other classes multiplied by a factor
 * s <= 1, so that f(z) + f*(u) - <z, u> is a sum of relative entropies: with P the probability of
 * other classes,
 *   c [s P ln s + (1 - s P) ln ((1 - s P) / (1 - P))].
 *
 * With an intercept, u has to sum to 0 for each output. At the minimum it does so with s = 1. Else
 * each class c of rows has a factor s_c of its own. With R_ck the sum of the probabilities of class
 * k over the rows of class c, the condition sum_c s_c R_ck = s_k sum_c R_kc makes s the stationary
 * distribution of a Markov chain with the rates R, which the elimination of Grassmann, Taksar and
 * Heyman (1985) computes without cancellation. For a sigmoid that means that the side of larger sum
 * is reduced to the other. A class none of whose rows has weight gets the probability 0 in u. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "models/logistic/logistic.h"

static bool is_softmax(const clf__logistic_objective *o) {
  return o->link == CLF__LOGISTIC_SOFTMAX;
}

/* Returns the class of a row, or for a sigmoid whether the row is of its output's class. */
static int64_t side_of(const clf__logistic_objective *o, int64_t row, int64_t output) {
  return is_softmax(o) ? o->labels[row] : o->labels[row] == (o->outputs == 1 ? 1 : output);
}

/* Of output `k`, for the rows of a class or a side. */
static double factor_of(const clf__logistic_gap *g, int64_t k, int64_t side) {
  return g->factor[is_softmax(g->objective) ? side : 2 * k + side];
}

clf_status clf__logistic_gap_create(clf__logistic_gap *g, const clf__logistic_objective *o) {
  const int64_t size = is_softmax(o) ? o->outputs : 2;
  *g = (clf__logistic_gap){.arena = {.context = o->context}, .objective = o};
  g->present = clf__arena_zeroed(&g->arena, clf__max_i64(o->outputs, 2), sizeof *g->present);
  g->rates = clf__arena_matrix(&g->arena, o->outputs, size, sizeof *g->rates);
  g->factor = clf__arena_matrix(&g->arena, is_softmax(o) ? 1 : o->outputs, size, sizeof *g->factor);
  g->z = clf__arena_array(&g->arena, o->outputs, sizeof *g->z);
  g->loss = clf__arena_array(&g->arena, o->outputs, sizeof *g->loss);
  g->wrong = clf__arena_array(&g->arena, o->outputs, sizeof *g->wrong);
  CLF__CHECK(clf__arena_status(&g->arena));
  for (int64_t k = 0; k < clf__max_i64(o->outputs, 2); k++) {
    g->present[k] = !o->intercept;
  }
  for (int64_t i = 0; i < o->x->rows; i++) {
    g->present[o->labels[i]] = g->present[o->labels[i]] || clf__logistic_own_weight(o, i) > 0;
  }
  return CLF_OK;
}

void clf__logistic_gap_free(clf__logistic_gap *g) {
  clf__arena_free(&g->arena);
}

/* Replaces z [outputs] of a row by the probabilities of present classes other than its own, whose
 * element becomes 0. Returns their sum; *loss receives -ln of its own probability. */
static double others_of(const clf__logistic_gap *g, int32_t own, double *z, double *loss) {
  const int64_t outputs = g->objective->outputs;
  double largest = -(double)INFINITY, sum = 0, wrong = 0;
  const double z_own = z[own];
  for (int64_t k = 0; k < outputs; k++) {
    largest = fmax(largest, z[k]);
  }
  for (int64_t k = 0; k < outputs; k++) {
    z[k] = k != own ? exp(z[k] - largest) : 0;
    sum += z[k];
    z[k] = g->present[k] ? z[k] : 0;
    wrong += z[k];
  }
  *loss = z_own == largest ? log1p(sum) : log(sum + exp(z_own - largest)) - (z_own - largest);
  sum += exp(z_own - largest);
  for (int64_t k = 0; k < outputs; k++) {
    z[k] /= sum;
  }
  return wrong / sum;
}

/* Returns the probability of the other side by a sigmoid. */
static double other_side(double z, bool own, double *loss) {
  const double value = own ? -z : z, small = exp(-fabs(value));
  *loss = fmax(value, 0) + log1p(small);
  return (value > 0 ? 1 : small) / (1 + small);
}

/* `loss` and `wrong` of the gap as the residuals in f32 show them. */
static void from_residuals(const clf__logistic_gap *g, int64_t row) {
  const clf__logistic_objective *o = g->objective;
  const double weight = o->weights != NULL ? (double)o->weights[row] : 1;
  const float *residual = o->residual + row * o->outputs + (is_softmax(o) ? o->labels[row] : 0);
  for (int64_t k = 0; k < (is_softmax(o) ? 1 : o->outputs); k++) {
    g->wrong[k] = fmin(fabs((double)residual[k]) / weight, 1 - (double)FLT_EPSILON / 2);
    g->loss[k] = -log1p(-g->wrong[k]);
  }
}

/* In f64, computes the probabilities z [outputs] of what a row is not; `loss` and `wrong` of the
 * gap receive one element for each sigmoid, or one. */
static void probabilities(const clf__logistic_gap *g, int64_t row, double *z) {
  const clf__logistic_objective *o = g->objective;
  if (!o->f64) {
    from_residuals(g, row);
    return;
  }
  memcpy(z, o->z + row * o->outputs, (size_t)o->outputs * sizeof *z);
  if (is_softmax(o)) {
    *g->wrong = others_of(g, o->labels[row], z, g->loss);
    return;
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    g->wrong[k] = z[k] = other_side(z[k], side_of(o, row, k), &g->loss[k]);
  }
}

/* The stationary distribution of a chain with the rates [classes, classes], of which the classes
 * that are not present have none. */
static void find_stationary(const clf__logistic_gap *g, double *rates, double *factor) {
  const int64_t count = g->objective->outputs;
  int64_t first = 0;
  double largest = 0;
  while (first < count - 1 && !g->present[first]) {
    first++;
  }
  for (int64_t n = count - 1; n > first; n--) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
      sum += rates[n * count + j];
    }
    for (int64_t i = 0; i < n; i++) {
      rates[i * count + n] /= g->present[n] ? sum : 1;
      for (int64_t j = 0; j < n; j++) {
        rates[i * count + j] += rates[i * count + n] * rates[n * count + j];
      }
    }
  }
  for (int64_t n = 0; n < count; n++) {
    factor[n] = n == first;
    for (int64_t i = first; i < n; i++) {
      factor[n] += factor[i] * rates[i * count + n];
    }
    largest = fmax(largest, factor[n]);
  }
  for (int64_t n = 0; n < count; n++) {
    factor[n] /= largest;
  }
}

static void find_factors(clf__logistic_gap *g) {
  const clf__logistic_objective *o = g->objective;
  if (is_softmax(o)) {
    find_stationary(g, g->rates, g->factor);
    return;
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    const double least = fmin(g->rates[2 * k], g->rates[2 * k + 1]);
    for (int64_t i = 2 * k; i < 2 * k + 2; i++) {
      g->factor[i] = least < g->rates[i] ? least / g->rates[i] : 1;
    }
  }
}

/* Adds up the probabilities of what the rows are not, by class or by side. */
static void sum_rates(clf__logistic_gap *g) {
  const clf__logistic_objective *o = g->objective;
  const int64_t size = is_softmax(o) ? o->outputs : 2;
  memset(g->rates, 0, (size_t)(o->outputs * size) * sizeof *g->rates);
  for (int64_t i = 0; i < o->x->rows; i++) {
    const double weight = clf__logistic_own_weight(o, i);
    probabilities(g, i, g->z);
    for (int64_t k = 0; k < o->outputs && weight > 0; k++) {
      const int64_t side = side_of(o, i, k);
      g->rates[is_softmax(o) ? side * size + k : 2 * k + side] += weight * g->z[k];
    }
  }
}

/* Replaces z by u. */
static void balanced_residuals(void *argument, int64_t first, int64_t rows, double *z) {
  const clf__logistic_gap *g = argument;
  const clf__logistic_objective *o = g->objective;
  for (int64_t i = first; i < first + rows; i++, z += o->outputs) {
    const double weight = clf__logistic_own_weight(o, i) / o->weight_sum;
    probabilities(g, i, z);
    for (int64_t k = 0; k < o->outputs; k++) {
      const int64_t side = side_of(o, i, k);
      const double share = weight > 0 ? weight * factor_of(g, k, side) : 0;
      z[k] = share > 0 ? share * (!is_softmax(o) && side == 1 ? -z[k] : z[k]) : 0;
    }
    if (is_softmax(o) && weight > 0) {
      z[o->labels[i]] = -weight * g->factor[o->labels[i]] * *g->wrong;
    }
  }
}

clf_status clf__logistic_gap_balance(clf__logistic_gap *g, double *gradient) {
  const clf__logistic_objective *o = g->objective;
  sum_rates(g);
  find_factors(g);
  memset(gradient, 0, (size_t)(o->outputs * o->columns) * sizeof *gradient);
  return clf__linear_pass_run(&o->pass, NULL, NULL, balanced_residuals, g, gradient);
}

/* The relative entropy of the probabilities of a row with those of others multiplied by s. */
static double entropy(double s, double wrong, double loss) {
  const double rest = 1 - s * wrong;
  return (s * wrong > 0 ? s * wrong * log(s) : 0) +
         (rest > 0 ? rest * (log1p(-s * wrong) + loss) : 0);
}

/* Returns whether all rows are of the same class, or on the same side of an output. The intercept
 * then makes any loss possible. */
static bool is_certain(const clf__logistic_gap *g, int64_t output) {
  const clf__logistic_objective *o = g->objective;
  int64_t present = 0;
  for (int64_t k = 0; k < o->outputs; k++) {
    present += g->present[k];
  }
  return is_softmax(o) ? present < 2 : fmin(g->rates[2 * output], g->rates[2 * output + 1]) == 0;
}

/* Where the minimum is 0, no gap is small relative to it: what is returned is small relative to
 * the loss where the loss is small. */
void clf__logistic_gap_distance(const clf__logistic_gap *g, bool balanced, const double *factor,
                                double *value) {
  const clf__logistic_objective *o = g->objective;
  const int64_t parts = is_softmax(o) ? 1 : o->outputs;
  memset(value, 0, (size_t)parts * sizeof *value);
  for (int64_t i = 0; i < o->x->rows; i++) {
    const double weight = clf__logistic_own_weight(o, i) / o->weight_sum;
    if (!(weight > 0)) {
      continue;
    }
    probabilities(g, i, g->z);
    for (int64_t k = 0; k < parts; k++) {
      const double s = factor[k] * (balanced ? factor_of(g, k, side_of(o, i, k)) : 1);
      value[k] += weight * entropy(s, g->wrong[k], g->loss[k]);
    }
  }
  for (int64_t k = 0; k < parts; k++) {
    value[k] *= balanced && is_certain(g, k) ? value[k] : 1;
  }
}
