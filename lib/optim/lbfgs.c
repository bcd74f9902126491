/* L-BFGS (Liu and Nocedal 1989) with a preconditioner and a backtracking line search.
 *
 * The inverse Hessian is gamma P, P the caller's preconditioner, corrected by the last pairs s =
 * x' - x, y = g' - g (two-loop recursion), with gamma = s.y / y.Py. On a convex function a full
 * step is right nearly always, so an iteration costs one evaluation. Too long a step is cut at the
 * zero of the slope's secant. Functions summed in single precision end in noise: there a step
 * counts when the value rises by no more than NOISE and the slope says that the minimum is not
 * passed by far (the approximate Wolfe condition of Hager and Zhang 2005). */
#include "optim/lbfgs.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

#define NOISE 1e-8    /* relative error of values */
#define PROGRESS 1e-9 /* relative decrease that counts as one */

enum { MAX_TRIALS = 30, PATIENCE = 5 };

typedef struct solver {
  const clf__lbfgs_problem *problem;
  int64_t size;
  double *x, *gradient;           /* the current point; borrowed, and [size] */
  double *trial, *trial_gradient; /* [size] */
  double *direction, *scratch;    /* [size] */
  double *s, *y;                  /* [pairs, size], used in a ring */
  double *product, *alpha;        /* [pairs] s.y, and of the recursion */
  int64_t count, next;            /* pairs held, place of the next one */
  double gamma;
  double value;
} solver;

/* Eight sums side by side: order fixed, and the compiler may use vectors. */
static double dot(const double *a, const double *b, int64_t count) {
  double sums[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int64_t j = 0; j < 8; j++) {
      sums[j] += a[i + j] * b[i + j];
    }
  }
  for (; i < count; i++) {
    sums[0] += a[i] * b[i];
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

static void add_scaled(double *restrict to, double factor, const double *restrict from,
                       int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    to[i] += factor * from[i];
  }
}

static void scale(double *values, double factor, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    values[i] *= factor;
  }
}

/* direction = -H gradient. */
static clf_status find_direction(solver *v) {
  int64_t pairs = v->problem->pairs;
  double *q = v->direction;
  memcpy(q, v->gradient, (size_t)v->size * sizeof *q);
  for (int64_t i = 1; i <= v->count; i++) {
    int64_t at = (v->next - i + pairs) % pairs;
    v->alpha[at] = dot(v->s + at * v->size, q, v->size) / v->product[at];
    add_scaled(q, -v->alpha[at], v->y + at * v->size, v->size);
  }
  clf_status status = v->problem->precondition(v->problem->argument, q);
  if (status < 0) {
    return status;
  }
  scale(q, v->gamma, v->size);
  for (int64_t i = v->count; i >= 1; i--) {
    int64_t at = (v->next - i + pairs) % pairs;
    double beta = dot(v->y + at * v->size, q, v->size) / v->product[at];
    add_scaled(q, v->alpha[at] - beta, v->s + at * v->size, v->size);
  }
  scale(q, -1, v->size);
  return CLF_OK;
}

static void forget_pairs(solver *v) {
  v->count = v->next = 0;
  v->gamma = 1;
}

/* The share of a refused step to try next. */
static double shrink(double value, double slope, double trial_slope) {
  if (!isfinite(value) || !isfinite(trial_slope)) {
    return 0.1;
  }
  return trial_slope > 0 ? fmin(0.7, fmax(0.1, slope / (slope - trial_slope))) : 0.5;
}

/* Finds a point along the direction; *found is false when there is none, and the trial is then of
 * no use. */
static clf_status search_line(solver *v, double slope, double *trial_value, bool *found) {
  double step = 1;
  *found = false;
  for (int64_t i = 0; i < MAX_TRIALS && !*found; i++) {
    memcpy(v->trial, v->x, (size_t)v->size * sizeof *v->trial);
    add_scaled(v->trial, step, v->direction, v->size);
    clf_status status =
        v->problem->evaluate(v->problem->argument, v->trial, trial_value, v->trial_gradient);
    if (status < 0) {
      return status;
    }
    double trial_slope = dot(v->trial_gradient, v->direction, v->size);
    *found = *trial_value <= v->value + 1e-4 * step * slope ||
             (*trial_value <= v->value + NOISE * fabs(v->value) && trial_slope <= -slope);
    step *= shrink(*trial_value, slope, trial_slope);
  }
  return CLF_OK;
}

/* Keeps the pair of the step just found, if it shows curvature, and moves to its end. */
static clf_status take_step(solver *v, double value) {
  double *s = v->s + v->next * v->size;
  double *y = v->y + v->next * v->size;
  for (int64_t i = 0; i < v->size; i++) {
    s[i] = v->trial[i] - v->x[i];
    y[i] = v->trial_gradient[i] - v->gradient[i];
  }
  memcpy(v->x, v->trial, (size_t)v->size * sizeof *v->x);
  memcpy(v->gradient, v->trial_gradient, (size_t)v->size * sizeof *v->gradient);
  v->value = value;
  double product = dot(s, y, v->size);
  memcpy(v->scratch, y, (size_t)v->size * sizeof *y);
  clf_status status = v->problem->precondition(v->problem->argument, v->scratch);
  double length = dot(y, v->scratch, v->size);
  if (status == CLF_OK && product > 0 && length > 0 && isfinite(product / length)) {
    v->product[v->next] = product;
    v->gamma = product / length;
    v->next = (v->next + 1) % v->problem->pairs;
    v->count += v->count < v->problem->pairs;
  }
  return status;
}

/* One iteration; *found is false when no step lowers the value. */
static clf_status iterate(solver *v, double *decrease, bool *found) {
  double value = 0;
  clf_status status = find_direction(v);
  if (status < 0) {
    return status;
  }
  double slope = dot(v->gradient, v->direction, v->size);
  *decrease = -slope / 2;
  *found = false;
  if (slope < 0 && isfinite(slope)) {
    status = search_line(v, slope, &value, found);
  }
  return status == CLF_OK && *found ? take_step(v, value) : status;
}

static clf_status run(solver *v, clf__lbfgs_result *result) {
  const clf__lbfgs_problem *problem = v->problem;
  double mark = v->value;
  int64_t idle = 0;
  for (result->iterations = 0;; result->iterations++) {
    clf__lbfgs_order order = CLF__LBFGS_GO_ON;
    clf_status status =
        problem->observe(problem->argument, result->iterations, v->value, v->gradient, &order);
    if (status < 0) {
      return status;
    }
    result->value = v->value;
    result->end = order == CLF__LBFGS_STOP ? CLF__LBFGS_STOPPED : CLF__LBFGS_LIMIT;
    if (order == CLF__LBFGS_STOP || result->iterations == problem->max_iterations) {
      return CLF_OK;
    }
    if (order == CLF__LBFGS_RESTART) {
      forget_pairs(v);
    }
    bool found = false;
    status = iterate(v, &result->decrease, &found);
    if (status == CLF_OK && !found && v->count > 0) { /* bad pairs, perhaps */
      forget_pairs(v);
      status = iterate(v, &result->decrease, &found);
    }
    if (status < 0) {
      return status;
    }
    bool lower = v->value < mark - PROGRESS * fabs(mark);
    mark = lower ? v->value : mark;
    idle = lower ? 0 : idle + 1;
    if (!found || idle >= PATIENCE) {
      result->end = CLF__LBFGS_STALLED;
      return CLF_OK;
    }
  }
}

static bool allocate(solver *v) {
  clf_context *context = v->problem->context;
  int64_t held;
  if (!clf__mul_i64(v->problem->pairs, v->size, &held)) {
    held = -1;
  }
  v->gradient = clf__alloc_array(context, v->size, sizeof(double));
  v->trial = clf__alloc_array(context, v->size, sizeof(double));
  v->trial_gradient = clf__alloc_array(context, v->size, sizeof(double));
  v->direction = clf__alloc_array(context, v->size, sizeof(double));
  v->scratch = clf__alloc_array(context, v->size, sizeof(double));
  v->s = clf__alloc_array(context, held, sizeof(double));
  v->y = clf__alloc_array(context, held, sizeof(double));
  v->product = clf__alloc_array(context, v->problem->pairs, sizeof(double));
  v->alpha = clf__alloc_array(context, v->problem->pairs, sizeof(double));
  return v->gradient != NULL && v->trial != NULL && v->trial_gradient != NULL &&
         v->direction != NULL && v->scratch != NULL && v->s != NULL && v->y != NULL &&
         v->product != NULL && v->alpha != NULL;
}

static void release(solver *v) {
  clf__free(v->gradient);
  clf__free(v->trial);
  clf__free(v->trial_gradient);
  clf__free(v->direction);
  clf__free(v->scratch);
  clf__free(v->s);
  clf__free(v->y);
  clf__free(v->product);
  clf__free(v->alpha);
}

clf_status clf__lbfgs_minimize(clf__lbfgs_result *result, const clf__lbfgs_problem *problem,
                               double *x) {
  solver v = {.problem = problem, .size = problem->size, .x = x, .gamma = 1};
  clf_status status = CLF_ERROR_MEMORY;
  if (allocate(&v)) {
    status = problem->evaluate(problem->argument, x, &v.value, v.gradient);
  }
  if (status == CLF_OK && !isfinite(v.value)) {
    status = clf__fail(CLF_ERROR_NUMERIC, "the objective is not finite at the start");
  }
  if (status == CLF_OK) {
    *result = (clf__lbfgs_result){.value = v.value};
    status = run(&v, result);
  }
  release(&v);
  return status;
}
