/* The duality gap of proximal Newton's problem: how far F is above its minimum at most.
 *
 * With f a function of the outputs z = X W^T + b and f* its conjugate, any u [rows, outputs] that
 * sums to 0 over the rows for each output (if there are intercepts) shows that
 *   min F >= -f*(u) - sum_j P*(-h_j),    h = u^T X,
 * where P* is the conjugate of the penalty: 0 where |h_j| <= l1 and INFINITY elsewhere, or with l2
 * (|h_j| - l1)+^2 / (2 l2). At the minimum, u is the gradient of f with respect to z. Elsewhere
 * this gradient is balanced, so that it sums to 0, and multiplied by the largest factor s <= 1 for
 * which |s h_j| <= l1. With l2, s = 1 may be better, and is tried as well.
 *
 * F minus the bound is a sum of terms that are not negative, so that nothing cancels: of the rows,
 * f(z) + f*(s u) - s <z, u>, and of the columns, P(w_j) + P*(-s h_j) + s w_j h_j. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/status.h"
#include "optim/prox_model.h"

/* P(w) + P*(-v) + v w. Where |v| > l1, it is that of w and of the weight t at which the penalty has
 * the gradient -v. */
static double column_gap(const clf__prox_problem *p, double w, double v) {
  const double over = p->l2 > 0 ? fabs(v) - p->l1 : 0;
  if (!(over > 0)) {
    return fmax(p->l1 * fabs(w) + v * w, 0) + p->l2 / 2 * w * w;
  }
  const double t = -copysign(over / p->l2, v);
  return p->l2 / 2 * (w - t) * (w - t) + p->l1 * (fabs(w) - copysign(w, w * t));
}

/* The columns' share of the gap of the outputs from `first` on, with gradients h times `factor`. */
static double columns_gap(const clf__prox_problem *p, const double *x, const double *h,
                          clf__range weights, double factor) {
  double sum = 0;
  for (int64_t i = weights.first; i < weights.end; i++) {
    sum += column_gap(p, x[i], factor * h[i]);
  }
  return sum;
}

/* Returns the factor for which |h_j| times it is at most l1. A column that is constant has none. */
static double feasible(const clf__prox_problem *p, const clf__prox_columns *columns,
                       const double *h, clf__range weights) {
  double largest = p->l1;
  for (int64_t i = weights.first; i < weights.end; i++) {
    if (columns->deviation[i % p->x->columns] > 0) {
      largest = isnan(h[i]) ? (double)INFINITY : fmax(largest, fabs(h[i]));
    }
  }
  return p->l1 / largest;
}

static int64_t parts_of(const clf__prox_problem *p) {
  return p->separate ? p->outputs : 1;
}

static clf__range weights_of(const clf__prox_problem *p, int64_t part) {
  const int64_t columns = p->x->columns;
  return (clf__range){.first = part * columns,
                      .end = (p->separate ? part + 1 : p->outputs) * columns};
}

/* h after the best change of the intercept, about, as that is small near the minimum. */
static void shift_to_mean(const clf__prox_problem *p, const clf__prox_columns *columns,
                          const double *gradient, double *h) {
  const int64_t width = p->x->columns, size = p->outputs * width;
  for (int64_t i = 0; i < size; i++) {
    h[i] = gradient[i] - columns->mean[i % width] * (p->intercept ? gradient[size + i / width] : 0);
  }
}

clf_status clf__prox_gap(const clf__prox_problem *p, const clf__prox_columns *columns,
                         const double *x, const double *gradient, bool balanced, double *scratch,
                         double *gaps) {
  const int64_t parts = parts_of(p);
  clf__arena arena = {.context = p->context};
  clf_status status = CLF_OK;
  double *factor = clf__arena_array(&arena, parts, sizeof *factor);
  double *of_rows = clf__arena_array(&arena, parts, sizeof *of_rows);
  CLF__TRY(clf__arena_status(&arena));
  shift_to_mean(p, columns, gradient, scratch);
  CLF__TRY(balanced && p->intercept ? p->balance(p->argument, scratch) : CLF_OK);
  for (int64_t part = 0; part < parts; part++) {
    gaps[part] = (double)INFINITY;
  }
  for (int whole = p->l1 > 0 ? 0 : 1; whole <= (p->l2 > 0 ? 1 : 0); whole++) {
    for (int64_t part = 0; part < parts; part++) {
      factor[part] = whole ? 1 : feasible(p, columns, scratch, weights_of(p, part));
    }
    p->distance(p->argument, balanced && p->intercept, factor, of_rows);
    for (int64_t part = 0; part < parts; part++) {
      const double gap =
          of_rows[part] + columns_gap(p, x, scratch, weights_of(p, part), factor[part]);
      gaps[part] = fmin(gap, gaps[part]);
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}
