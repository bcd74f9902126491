/* Proximal Newton (Lee, Sun and Saunders 2014) on working sets, as glmnet (Friedman, Hastie and
 * Tibshirani 2010), LIBLINEAR's newGLMNET (Yuan, Ho and Lin 2012) and celer (Massias, Gramfort
 * and Salmon 2018) have it.
 *
 * Each iteration computes the gradient of all weights, and for each output a quadratic model of
 * f on the columns whose weight is not 0 and those that violate the optimality conditions most,
 * at most as many as there are weights already, and some. Coordinate descent minimizes model and
 * penalty (prox_model.c), and F is decreased along the line to that point. The conditions are,
 * with s_j the deviation of column j:
 *   |g_j + l2 w_j + l1 sign w_j| <= tolerance s_j   if w_j is not 0,
 *                     |g_j| - l1 <= tolerance s_j   otherwise.
 * Since w and g change inversely with the unit of a column, and s with it, this means the same
 * for columns of any scale.
 *
 * The models leave out how outputs depend on each other. If F decreases less than they predict,
 * the next ones have a larger curvature; and sequences of points are extrapolated. */
#include "optim/prox_newton.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/status.h"
#include "optim/extrapolation.h"
#include "optim/prox_model.h"

enum {
  MIN_ADDED = 256, /* columns that may come to a set */
  MAX_TRIALS = 30,
  PATIENCE_F32 = 3, /* iterations without progress: gradients have digits when values have none */
  PATIENCE_F64 = 25,
  ENTRIES_AGAIN = 10 /* how often a model reads them */
};

static const double accuracy = 1e-2;
static const float max_stiffness = 64;
static const double armijo = 1e-3;
/* Relative decreases of F that rounding hides. */
static const double noise_f32 = 1e-8, noise_f64 = 1e-14;

typedef struct solver {
  clf__arena arena;
  const clf__prox_problem *problem;
  clf__prox_columns columns;
  int64_t size; /* variables */
  double *x;    /* [size] borrowed */
  double value; /* F */
  double *gradient, *trial, *trial_gradient, *direction;
  double *violation; /* [outputs] */
  double *points;    /* [CLF__PERIOD_POINTS, size] of the last iterations */
  double *scale;     /* [size] squared deviations of the columns, 1 for the intercepts */
  int64_t kept;      /* points */
  float stiffness;   /* factor of the models' curvature */
  double noise;
} solver;

static double penalty(const solver *s, const double *x) {
  const int64_t weights = s->problem->outputs * s->problem->x->columns;
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < weights; i++) {
    sum += fabs(x[i]);
    squares += x[i] * x[i];
  }
  return s->problem->l1 * sum + s->problem->l2 / 2 * squares;
}

/* The violation of the conditions by a weight w with the gradient g of f. */
static double violation_of(const solver *s, double w, double g) {
  const double l1 = s->problem->l1;
  return w > 0   ? fabs(g + s->problem->l2 * w + l1)
         : w < 0 ? fabs(g + s->problem->l2 * w - l1)
                 : fmax(fabs(g) - l1, 0);
}

/* Returns the largest violation of all outputs. A column without deviation cannot be learned
 * from. */
static double measure(solver *s) {
  const clf__prox_problem *p = s->problem;
  const int64_t columns = p->x->columns;
  double largest = 0;
  for (int64_t k = 0; k < p->outputs; k++) {
    double own = p->intercept ? fabs(s->gradient[p->outputs * columns + k]) : 0;
    for (int64_t j = 0; j < columns; j++) {
      const double deviation = s->columns.deviation[j];
      const double violation = violation_of(s, s->x[k * columns + j], s->gradient[k * columns + j]);
      own = deviation > 0 ? fmax(own, violation / deviation) : own;
    }
    s->violation[k] = own;
    largest = fmax(largest, own);
  }
  return largest;
}

typedef struct candidate {
  double violation;
  int64_t column;
} candidate;

static int by_violation(const void *left, const void *right) {
  const candidate *a = left, *b = right;
  return a->violation != b->violation
             ? (a->violation < b->violation) - (a->violation > b->violation)
             : (a->column > b->column) - (a->column < b->column);
}

static int by_number(const void *left, const void *right) {
  const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

/* Fills `set` [columns] with the working set of an output, in ascending order. A weight of 0 is a
 * candidate if it violates the conditions after the best change of the intercept, too. */
static clf_status choose_set(const solver *s, const clf__prox_target *t, int64_t *set,
                             int64_t *count, clf__arena *arena) {
  const int64_t columns = s->problem->x->columns;
  candidate *candidates = clf__arena_array(arena, columns, sizeof *candidates);
  int64_t found = 0;
  CLF__CHECK(clf__arena_status(arena));
  *count = 0;
  for (int64_t j = 0; j < columns; j++) {
    const double deviation = s->columns.deviation[j];
    const double g = t->gradient[j] - s->columns.mean[j] * t->bias_gradient;
    if (!(deviation > 0)) {
      continue;
    }
    if (t->weight[j] != 0) {
      set[(*count)++] = j;
    } else if (fabs(g) > s->problem->l1) {
      candidates[found++] = (candidate){(fabs(g) - s->problem->l1) / deviation, j};
    }
  }
  qsort(candidates, (size_t)found, sizeof *candidates, by_violation);
  found = s->problem->l1 > 0 ? clf__min_i64(found, MIN_ADDED + *count) : found;
  for (int64_t i = 0; i < found; i++) {
    set[(*count)++] = candidates[i].column;
  }
  qsort(set, (size_t)*count, sizeof *set, by_number);
  return CLF_OK;
}

/* Sets the direction of one output. */
static clf_status find_direction(const solver *s, int64_t output) {
  const clf__prox_problem *p = s->problem;
  const int64_t columns = p->x->columns;
  clf__prox_target target = {.output = output,
                             .weight = s->x + output * columns,
                             .gradient = s->gradient + output * columns,
                             .stiffness = s->stiffness};
  double *direction = s->direction + output * columns;
  clf__prox_model model = {.count = 0};
  clf__arena arena = {.context = p->context};
  clf_status status = CLF_OK;
  int64_t *set = clf__arena_array(&arena, columns, sizeof *set);
  CLF__TRY(clf__arena_status(&arena));
  target.bias_gradient = p->intercept ? s->gradient[p->outputs * columns + output] : 0;
  target.set = set;
  CLF__TRY(choose_set(s, &target, set, &target.count, &arena));
  CLF__TRY(clf__prox_model_create(&model, p, &s->columns, &target));
  CLF__TRY(clf__prox_model_minimize(&model, accuracy));
  for (int64_t a = 0; a < model.count; a++) {
    direction[set[a]] = model.change[a];
  }
  s->direction[p->outputs * columns + output] = clf__prox_model_bias(&model);
done:
  clf__prox_model_free(&model);
  clf__arena_free(&arena);
  return status;
}

static clf_status direction_job(void *argument, clf__range range) {
  const solver *s = argument;
  for (int64_t k = range.first; k < range.end; k++) {
    CLF__CHECK(s->violation[k] > s->problem->tolerance ? find_direction(s, k) : CLF_OK);
  }
  return CLF_OK;
}

static clf_status find_directions(solver *s) {
  const clf__prox_problem *p = s->problem;
  memset(s->direction, 0, (size_t)s->size * sizeof *s->direction);
  const double entries = (double)clf__rows_entries(p->x) * (double)p->outputs;
  return clf__jobs_ranges(p->context, p->outputs, 1, ENTRIES_AGAIN * entries * CLF__COST_ELEMENT,
                          direction_job, s);
}

static clf_status evaluate(const solver *s, const double *at, double *value, double *gradient) {
  const clf_status status = s->problem->evaluate(s->problem->argument, at, value, gradient);
  *value += penalty(s, at);
  return status;
}

/* What F changes at most by a whole step, were f linear. */
static double linear_change(const solver *s) {
  double sum = 0;
  for (int64_t i = 0; i < s->size; i++) {
    sum += s->gradient[i] * s->direction[i];
    s->trial[i] = s->x[i] + s->direction[i];
  }
  return sum + penalty(s, s->trial) - penalty(s, s->x);
}

static void accept(solver *s, double value) {
  double *gradient = s->gradient;
  memcpy(s->x, s->trial, (size_t)s->size * sizeof *s->x);
  s->gradient = s->trial_gradient;
  s->trial_gradient = gradient;
  s->value = value;
  if (s->problem->shifts) {
    s->value -= penalty(s, s->x);
    clf__prox_shift(s->problem, s->x, s->violation);
    s->value += penalty(s, s->x);
  }
}

/* Moves along the direction; *moved is false if no step decreases F. */
static clf_status search_line(solver *s, double change, bool *moved) {
  const double noise = s->noise * fabs(s->value);
  double step = 1, value = NAN;
  *moved = false;
  for (int trial = 0; trial < MAX_TRIALS && !*moved; trial++, step /= 2) {
    for (int64_t i = 0; i < s->size; i++) {
      s->trial[i] = s->x[i] + step * s->direction[i];
    }
    CLF__CHECK(evaluate(s, s->trial, &value, s->trial_gradient));
    const double limit = -change * step <= noise ? noise : armijo * step * change;
    *moved = value <= s->value + limit;
  }
  if (!*moved) {
    return CLF_OK;
  }
  const double predicted = -change, found = s->value - value;
  if (predicted > noise && found < predicted / 4) {
    s->stiffness = fminf(2 * s->stiffness, max_stiffness);
  } else {
    s->stiffness = fmaxf(s->stiffness / 1.5F, 1);
  }
  accept(s, value);
  return CLF_OK;
}

/* After each period of iterations, moves to the extrapolated point if F is smaller there. The
 * models leave out how outputs depend on each other, so that iterations may converge only
 * linearly. */
static clf_status extrapolate(solver *s) {
  double z[CLF__PERIOD], value = NAN;
  memcpy(s->points + s->kept * s->size, s->x, (size_t)s->size * sizeof *s->x);
  s->kept++;
  if (s->kept < CLF__PERIOD_POINTS) {
    return CLF_OK;
  }
  s->kept = 0;
  if (!clf__extrapolation(z, s->points, s->size, s->size, s->scale)) {
    return CLF_OK;
  }
  clf__extrapolate(s->trial, z, s->points, s->size, s->size);
  for (int64_t i = 0; i < s->size; i++) {
    s->trial[i] = s->x[i] == 0 ? 0 : s->trial[i];
  }
  CLF__CHECK(evaluate(s, s->trial, &value, s->trial_gradient));
  if (value < s->value) {
    accept(s, value);
  }
  return CLF_OK;
}

static clf_status iterate(solver *s, clf__prox_result *result) {
  const clf__prox_problem *p = s->problem;
  double best = (double)INFINITY, smallest = (double)INFINITY;
  bool moved = true;
  for (int stalled = 0;; stalled++) {
    result->value = s->value;
    result->violation = measure(s);
    CLF__CHECK(p->observe(p->argument, result->iterations, s->value));
    if (result->violation < smallest / 2 || s->value < best - s->noise * fabs(best)) {
      stalled = 0;
    }
    best = fmin(best, s->value);
    smallest = fmin(smallest, result->violation);
    result->stalled = !moved || stalled >= (p->f64 ? PATIENCE_F64 : PATIENCE_F32);
    if (result->violation <= p->tolerance || result->stalled ||
        result->iterations >= p->max_iterations) {
      return CLF_OK;
    }
    CLF__CHECK(find_directions(s));
    const double change = linear_change(s);
    result->decrease = -change;
    CLF__CHECK(search_line(s, change, &moved));
    CLF__CHECK(p->outputs > 1 ? extrapolate(s) : CLF_OK);
    result->iterations += moved;
  }
}

static clf_status create(solver *s, const clf__prox_problem *p) {
  s->noise = p->f64 ? noise_f64 : noise_f32;
  s->stiffness = 1;
  s->size = clf__count(p->outputs, p->x->columns + 1);
  s->gradient = clf__arena_array(&s->arena, s->size, sizeof *s->gradient);
  s->trial = clf__arena_array(&s->arena, s->size, sizeof *s->trial);
  s->trial_gradient = clf__arena_array(&s->arena, s->size, sizeof *s->trial_gradient);
  s->direction = clf__arena_array(&s->arena, s->size, sizeof *s->direction);
  s->violation = clf__arena_array(&s->arena, p->outputs, sizeof *s->violation);
  s->points = clf__arena_matrix(&s->arena, p->outputs > 1 ? CLF__PERIOD_POINTS : 0, s->size,
                                sizeof *s->points);
  s->scale = clf__arena_array(&s->arena, s->size, sizeof *s->scale);
  CLF__CHECK(clf__arena_status(&s->arena));
  CLF__CHECK(clf__prox_columns_create(&s->columns, p));
  for (int64_t i = 0; i < s->size; i++) {
    const double deviation =
        i < p->outputs * p->x->columns ? s->columns.deviation[i % p->x->columns] : 1;
    s->scale[i] = deviation * deviation;
  }
  return CLF_OK;
}

clf_status clf__prox_newton(clf__prox_result *result, const clf__prox_problem *problem, double *x) {
  solver s = {.arena = {.context = problem->context}, .problem = problem, .x = x};
  clf_status status = CLF_OK;
  CLF__TRY(create(&s, problem));
  CLF__TRY(evaluate(&s, x, &s.value, s.gradient));
  if (!isfinite(s.value)) {
    status = clf__fail(CLF_ERROR_NUMERIC, "the loss is not finite at the start");
    goto done;
  }
  status = iterate(&s, result);
done:
  clf__prox_columns_free(&s.columns);
  clf__arena_free(&s.arena);
  return status;
}
