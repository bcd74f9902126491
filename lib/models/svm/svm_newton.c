/* The objective is piecewise quadratic: the second derivative of the loss is 2 C for rows within
 * the margin and 0 for others. So Newton's method with an exact line search ends after a finite
 * number of steps (Mangasarian 2002; Keerthi and DeCoste 2005), some 5 to 15 whatever C. Each
 * takes a factorization and two passes over the rows. */
#include "models/svm/svm_newton.h"

#include <string.h>

#include "base/math.h"

enum { STEPS = 10, MAX_STEPS = 100, MAX_TRIALS = 60 };

static const double ENOUGH = 0.1;      /* of the derivative along a line is left */
static const double PRECISION = 1e-15; /* a relative decrease that rounding hides */

typedef struct newton {
  clf__arena arena;
  clf__svm_newton *p;
  clf__svm_normal *normal;
  int64_t count, weights; /* rows, columns without that of the intercept */
  double *misses;         /* [count] m */
  double *change;         /* [count] of m by a whole step */
  double *values;         /* [count] of a pass */
  double *direction;      /* [columns] */
} newton;

/* Sets the direction; returns the derivative of the objective along it. */
static clf_status find_direction(newton *n, double *derivative) {
  for (int64_t i = 0; i < n->count; i++) {
    n->values[i] = n->misses[i] > 0 ? 2 * n->p->C[i] : 0;
  }
  CLF__CHECK(clf__svm_normal_factor(n->normal, n->values, NULL, NULL));
  for (int64_t i = 0; i < n->count; i++) {
    n->values[i] *= n->p->y[i] * n->misses[i];
  }
  CLF__CHECK(clf__svm_normal_sum(n->normal, n->values, n->direction));
  for (int64_t j = 0; j < n->normal->columns; j++) {
    n->direction[j] -= j < n->weights ? n->p->u[j] : 0;
  }
  clf__svm_normal_solve(n->normal, n->direction);
  CLF__CHECK(clf__svm_normal_multiply(n->normal, n->direction, n->change));
  *derivative = clf__dot(n->p->u, n->direction, n->weights);
  for (int64_t i = 0; i < n->count; i++) {
    *derivative -= n->values[i] * n->change[i];
    n->change[i] *= -n->p->y[i];
  }
  return CLF_OK;
}

/* The first and second derivative of the objective along the line. */
static void differentiate(const newton *n, double at, double out[2]) {
  out[1] = clf__dot(n->direction, n->direction, n->weights);
  out[0] = clf__dot(n->p->u, n->direction, n->weights) + at * out[1];
  for (int64_t i = 0; i < n->count; i++) {
    const double m = n->misses[i] + at * n->change[i], c = 2 * n->p->C[i] * n->change[i];
    out[0] += m > 0 ? c * m : 0;
    out[1] += m > 0 ? c * n->change[i] : 0;
  }
}

/* Returns the step at which ENOUGH of the derivative `first` is left: 1 near the minimum. The
 * derivative ascends and is piecewise linear, so its zero is found by Newton's method, between
 * bounds where its signs differ. */
static double search_line(const newton *n, double first) {
  double low = 0, high = (double)INFINITY, step = 1, d[2];
  for (int trial = 0; trial < MAX_TRIALS; trial++) {
    differentiate(n, step, d);
    if (!(fabs(d[0]) > ENOUGH * fabs(first))) {
      return isfinite(d[0]) ? step : 0;
    }
    *(d[0] > 0 ? &high : &low) = step;
    const double next = step - d[0] / d[1], middle = isinf(high) ? 4 * step : (low + high) / 2;
    step = next > low && next < high ? next : middle;
  }
  return low;
}

/* Makes a step; *ended is whether it was a whole one after which each row is on the side of the
 * margin where it was, or one of a promise that rounding hides. */
static clf_status improve(newton *n, bool *ended) {
  double first = 0, objective = 0;
  CLF__CHECK(find_direction(n, &first));
  const double step = first < 0 ? search_line(n, first) : 0;
  bool whole = step == 1;
  *ended = true;
  if (!(step > 0)) {
    return CLF_OK;
  }
  for (int64_t j = 0; j < n->normal->columns; j++) {
    n->p->u[j] += step * n->direction[j];
    objective += j < n->weights ? n->p->u[j] * n->p->u[j] / 2 : 0;
  }
  for (int64_t i = 0; i < n->count; i++) {
    const double next = n->misses[i] + step * n->change[i];
    whole = whole && (n->misses[i] > 0) == (next > 0);
    n->misses[i] = next;
    objective += next > 0 ? n->p->C[i] * next * next : 0;
  }
  *ended = whole || !(-first > PRECISION * objective);
  n->p->steps++;
  return CLF_OK;
}

double clf__svm_newton_work(const clf__rows *x) {
  return STEPS *
         (clf__svm_normal_factor_work(x, x->rows) + 2 * clf__svm_normal_pass_work(x, x->rows));
}

clf_status clf__svm_newton_minimize(clf__svm_newton *p) {
  newton n = {.arena = {.context = p->normal->context},
              .p = p,
              .normal = p->normal,
              .count = p->normal->count,
              .weights = p->normal->rows->columns};
  clf_status status = CLF_OK;
  bool ended = false;
  n.misses = clf__arena_array(&n.arena, n.count, sizeof *n.misses);
  n.change = clf__arena_array(&n.arena, n.count, sizeof *n.change);
  n.values = clf__arena_array(&n.arena, n.count, sizeof *n.values);
  n.direction = clf__arena_array(&n.arena, p->normal->columns, sizeof *n.direction);
  CLF__TRY(clf__arena_status(&n.arena));
  memset(p->u, 0, (size_t)p->normal->columns * sizeof *p->u);
  for (int64_t i = 0; i < n.count; i++) {
    n.misses[i] = 1;
  }
  const int64_t max_steps = clf__min_i64(p->max_steps, MAX_STEPS);
  for (p->steps = 0; status == CLF_OK && !ended && p->steps < max_steps;) {
    CLF__TRY(clf__progress_step(p->progress, p->steps, (double)NAN, (double)NAN));
    status = improve(&n, &ended);
  }
  status = status == CLF_ERROR_NUMERIC ? CLF_OK : status;
done:
  clf__arena_free(&n.arena);
  return status;
}
