/* L-BFGS (Liu and Nocedal 1989) with a preconditioner and a backtracking line search.
 *
 * The inverse Hessian is approximated by gamma P, where P is the caller's preconditioner and gamma
 * = s.y / y.Py, corrected by the last pairs s = x' - x, y = g' - g (two-loop recursion). P y = P g'
 * - P g is stored with its pair, so that P is applied once in each iteration, to the gradient. On a
 * convex function a full step is nearly always accepted, so an iteration costs one evaluation. A
 * step that is too long is shortened to the zero of the secant of the directional derivative. The
 * values of functions that are summed in single precision are noisy near the minimum. There a step
 * is accepted if the value increases by at most the noise and the derivative shows that the minimum
 * was not passed by far (the approximate Wolfe condition of Hager and Zhang 2005).
 *
 * Where evaluations are cheap compared with complete gradients, a line is searched until its
 * derivative is FLAT of what it was, by secants within a bracket. */
#include "optim/lbfgs.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "optim/vector.h"

/* What rounding errors of values are expected, by the precision in which they are computed. */
typedef struct rounding {
  double noise;     /* relative error of values */
  double progress;  /* smaller relative decreases are not progress */
  int64_t patience; /* iterations without progress: gradients have digits when values have none */
} rounding;

static const rounding of_f32 = {1e-8, 1e-9, 5}, of_f64 = {1e-15, 1e-15, 25};

enum { MAX_TRIALS = 30, MAX_SECANTS = 10 };
#define FLAT 0.1

typedef struct solver {
  clf__arena arena;
  const clf__lbfgs_problem *problem;
  const rounding *rounding;
  int64_t size;
  double *x; /* [size] the current point; borrowed */
  double value;
  double *gradient, *product; /* [size] at the current point, and P gradient */
  double *trial, *trial_gradient;
  double *direction;
  double *s, *y, *py;         /* [pairs, size], a ring */
  double *curvature, *weight; /* [pairs] s.y, and alpha of the recursion */
  int64_t count, next;        /* number of pairs, place of the next one */
  bool pending;               /* P y of the newest pair is not known yet */
  double gamma;
} solver;

static double dot(const solver *v, const double *a, const double *b) {
  const clf__lbfgs_problem *p = v->problem;
  return p->dot != NULL ? p->dot(p->argument, a, b) : clf__vector_dot(a, b, v->size);
}

static void scale(double *values, double factor, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    values[i] *= factor;
  }
}

/* Returns the place of the pair of that `age` (1 for the newest). */
static int64_t place(const solver *v, int64_t age) {
  return (v->next - age + v->problem->pairs) % v->problem->pairs;
}

static void forget_pairs(solver *v) {
  v->count = v->next = 0;
  v->pending = false;
  v->gamma = 1;
}

/* product = P gradient, and P y of the newest pair. Without P they are the gradient and y. */
static clf_status apply_preconditioner(solver *v) {
  const bool without = v->problem->precondition == NULL;
  double *py = v->py + place(v, 1) * v->size;
  if (v->pending && !without) {
    memcpy(py, v->product, (size_t)v->size * sizeof *py);
  }
  memcpy(v->product, v->gradient, (size_t)v->size * sizeof *v->product);
  clf_status status = without ? CLF_OK : v->problem->precondition(v->problem->argument, v->product);
  if (status == CLF_OK && v->pending) {
    for (int64_t i = 0; i < v->size && !without; i++) {
      py[i] = v->product[i] - py[i];
    }
    double gamma = v->curvature[place(v, 1)] / dot(v, v->y + place(v, 1) * v->size, py);
    v->gamma = gamma > 0 && isfinite(gamma) ? gamma : v->gamma;
    v->pending = false;
  }
  return status;
}

/* direction = -H gradient. */
static clf_status find_direction(solver *v) {
  CLF__CHECK(apply_preconditioner(v));
  double *q = v->trial_gradient; /* unused until the line search */
  memcpy(q, v->gradient, (size_t)v->size * sizeof *q);
  memcpy(v->direction, v->product, (size_t)v->size * sizeof *q);
  for (int64_t age = 1; age <= v->count; age++) {
    int64_t at = place(v, age);
    v->weight[at] = dot(v, v->s + at * v->size, q) / v->curvature[at];
    clf__vector_add(q, -v->weight[at], v->y + at * v->size, v->size);
    clf__vector_add(v->direction, -v->weight[at], v->py + at * v->size, v->size);
  }
  scale(v->direction, v->gamma, v->size);
  for (int64_t age = v->count; age >= 1; age--) {
    int64_t at = place(v, age);
    double beta = dot(v, v->y + at * v->size, v->direction) / v->curvature[at];
    clf__vector_add(v->direction, v->weight[at] - beta, v->s + at * v->size, v->size);
  }
  scale(v->direction, -1, v->size);
  return CLF_OK;
}

/* The step of a line search, between one that is too short and one that is too long. */
typedef struct bracket {
  double low, low_derivative; /* the longest step known to be too short, and the derivative there */
  double high;                /* the shortest step known to be too long */
  double step;
} bracket;

/* Shortens a refused step. */
static void shorten(bracket *b, double value, double derivative, double trial_derivative) {
  double share = 0.5;
  if (!isfinite(value) || !isfinite(trial_derivative)) {
    share = 0.1;
  } else if (trial_derivative > 0) {
    share = fmin(0.7, fmax(0.1, derivative / (derivative - trial_derivative)));
  }
  b->high = b->step;
  b->step *= share;
  if (b->low > 0) {
    b->step = fmax(b->step, b->low + (b->high - b->low) / 10);
  }
}

/* Goes on from an accepted step to the zero of the secant of the derivative. */
static void follow_secant(bracket *b, double trial_derivative) {
  const double reach = trial_derivative - b->low_derivative, from = b->low;
  const double zero = b->step - trial_derivative * (b->step - from) / reach;
  if (trial_derivative > 0) {
    b->high = b->step;
  } else {
    b->low = b->step;
    b->low_derivative = trial_derivative;
  }
  const double width = isfinite(b->high) ? b->high - b->low : 8 * b->low;
  const double near = b->low + 0.05 * width, far = b->low + 0.95 * width;
  b->step = isfinite(zero) && reach > 0 ? fmin(far, fmax(near, zero)) : (near + far) / 2;
}

/* Finds a trial point along the direction; *found is false if there is none. */
static clf_status search_line(solver *v, double derivative, double *trial_value, bool *found) {
  const clf__lbfgs_problem *p = v->problem;
  const int64_t secants = p->complete != NULL ? MAX_SECANTS : 0;
  bracket b = {0, derivative, (double)INFINITY, 1};
  *found = false;
  for (int64_t i = 0; i < MAX_TRIALS && !*found; i++) {
    memcpy(v->trial, v->x, (size_t)v->size * sizeof *v->trial);
    clf__vector_add(v->trial, b.step, v->direction, v->size);
    CLF__CHECK(p->evaluate(p->argument, v->trial, trial_value, v->trial_gradient));
    const double trial_derivative = dot(v, v->trial_gradient, v->direction);
    const bool accepted = *trial_value <= v->value + 1e-4 * b.step * derivative ||
                          (*trial_value <= v->value + v->rounding->noise * fabs(v->value) &&
                           trial_derivative <= -derivative);
    *found = accepted && (i >= secants || fabs(trial_derivative) <= -FLAT * derivative);
    if (accepted && !*found) {
      follow_secant(&b, trial_derivative);
    } else {
      shorten(&b, *trial_value, derivative, trial_derivative);
    }
  }
  return CLF_OK;
}

/* Moves to the trial point, and stores the pair of the step if its curvature is positive. */
static clf_status accept_step(solver *v, double value) {
  const clf__lbfgs_problem *p = v->problem;
  CLF__CHECK(p->complete != NULL ? p->complete(p->argument, v->trial_gradient) : CLF_OK);
  double *s = v->s + v->next * v->size;
  double *y = v->y + v->next * v->size;
  for (int64_t i = 0; i < v->size; i++) {
    s[i] = v->trial[i] - v->x[i];
    y[i] = v->trial_gradient[i] - v->gradient[i];
  }
  memcpy(v->x, v->trial, (size_t)v->size * sizeof *v->x);
  memcpy(v->gradient, v->trial_gradient, (size_t)v->size * sizeof *v->gradient);
  v->value = value;
  double curvature = dot(v, s, y);
  v->pending = curvature > 0 && isfinite(curvature);
  if (v->pending) {
    v->curvature[v->next] = curvature;
    v->next = (v->next + 1) % v->problem->pairs;
    v->count += v->count < v->problem->pairs;
  }
  return CLF_OK;
}

/* Runs one iteration; *found is false if no step decreases the value. */
static clf_status iterate(solver *v, double *decrease, bool *found) {
  double value = 0;
  *found = false;
  clf_status status = CLF_OK;
  CLF__CHECK(find_direction(v));
  double derivative = dot(v, v->gradient, v->direction);
  *decrease = -derivative / 2;
  if (derivative < 0 && isfinite(derivative)) {
    status = search_line(v, derivative, &value, found);
  }
  if (status == CLF_OK && *found) {
    status = accept_step(v, value);
  }
  return status;
}

static clf_status run(solver *v, clf__lbfgs_result *result) {
  const clf__lbfgs_problem *problem = v->problem;
  double mark = v->value;
  int64_t idle = 0;
  for (result->iterations = 0;; result->iterations++) {
    clf__lbfgs_order order = CLF__LBFGS_GO_ON;
    CLF__CHECK(
        problem->observe(problem->argument, result->iterations, v->value, v->gradient, &order));
    result->value = v->value;
    result->end = order == CLF__LBFGS_STOP        ? CLF__LBFGS_STOPPED
                  : idle >= v->rounding->patience ? CLF__LBFGS_STALLED
                                                  : CLF__LBFGS_LIMIT;
    if (result->end != CLF__LBFGS_LIMIT || result->iterations == problem->max_iterations) {
      return CLF_OK;
    }
    if (order == CLF__LBFGS_RESTART) {
      forget_pairs(v);
    }
    bool found = false;
    clf_status status = iterate(v, &result->decrease, &found);
    if (status == CLF_OK && !found && v->count > 0) { /* the pairs may be bad */
      forget_pairs(v);
      status = iterate(v, &result->decrease, &found);
    }
    if (status < 0) {
      return status;
    }
    bool lower = v->value < mark - v->rounding->progress * fabs(mark);
    mark = lower ? v->value : mark;
    idle = lower ? 0 : idle + 1;
    if (!found) {
      result->end = CLF__LBFGS_STALLED;
      return CLF_OK;
    }
  }
}

static clf_status allocate(solver *v) {
  clf__arena *arena = &v->arena;
  const int64_t size = v->size, pairs = v->problem->pairs;
  v->gradient = clf__arena_array(arena, size, sizeof *v->gradient);
  v->product = clf__arena_array(arena, size, sizeof *v->product);
  v->trial = clf__arena_array(arena, size, sizeof *v->trial);
  v->trial_gradient = clf__arena_array(arena, size, sizeof *v->trial_gradient);
  v->direction = clf__arena_array(arena, size, sizeof *v->direction);
  v->s = clf__arena_matrix(arena, pairs, size, sizeof *v->s);
  v->y = clf__arena_matrix(arena, pairs, size, sizeof *v->y);
  v->py = v->problem->precondition == NULL ? v->y
                                           : clf__arena_matrix(arena, pairs, size, sizeof *v->py);
  v->curvature = clf__arena_array(arena, pairs, sizeof *v->curvature);
  v->weight = clf__arena_array(arena, pairs, sizeof *v->weight);
  return clf__arena_status(arena);
}

clf_status clf__lbfgs_minimize(clf__lbfgs_result *result, const clf__lbfgs_problem *problem,
                               double *x) {
  solver v = {.arena = {.context = problem->context},
              .problem = problem,
              .rounding = problem->f64 ? &of_f64 : &of_f32,
              .size = problem->size,
              .x = x,
              .gamma = 1};
  clf_status status = CLF_OK;
  CLF__TRY(allocate(&v));
  CLF__TRY(problem->evaluate(problem->argument, x, &v.value, v.gradient));
  if (!isfinite(v.value)) {
    status = clf__fail(CLF_ERROR_NUMERIC, "the objective is not finite at the start");
    goto done;
  }
  CLF__TRY(problem->complete != NULL ? problem->complete(problem->argument, v.gradient) : CLF_OK);
  *result = (clf__lbfgs_result){.value = v.value};
  status = run(&v, result);
done:
  clf__arena_free(&v.arena);
  return status;
}
