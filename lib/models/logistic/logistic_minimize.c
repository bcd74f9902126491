/* The solvers of logistic regression: L-BFGS on the weights, and truncated Newton for two classes
 * on sparse rows. */
#include "models/logistic/logistic_minimize.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "optim/lbfgs.h"
#include "optim/newton.h"
#include "optim/vector.h"

enum {
  FIRST_REFRESH = 4,
  POOLED_ITERATIONS = 48, /* after which pooled blocks are not what the objective needs */
  HISTORY_CAPACITY = 64   /* first capacity, in iterations */
};

/* Relative decreases of the objective: one that f64 may not resolve, and one that is so small that
 * a new preconditioner no longer pays. */
#define PRECISION_F64 1e-13
#define MOVING 1e-7
#define SEPARATED 1e-12 /* mean loss of a row, and its share of the penalty */

typedef clf__logistic_fitting fitting;
typedef clf__logistic_found found;

clf_status clf__logistic_evaluate_watched(void *argument, const double *at, double *value,
                                          double *gradient) {
  fitting *f = argument;
  clf__call call;
  clf__call_begin_part(&call, &f->progress, f->reported);
  return clf__call_end(&call, clf__logistic_evaluate(&f->objective, at, value, gradient));
}

static clf_status precondition(void *argument, double *vector) {
  fitting *f = argument;
  return clf__logistic_precondition(&f->preconditioner, vector);
}

clf_status clf__logistic_record(fitting *f, int64_t iteration, double value) {
  if (iteration > f->history_capacity) {
    int64_t capacity = 2 * f->history_capacity + HISTORY_CAPACITY;
    double *history =
        clf__resize_array(f->objective.context, f->history, capacity, sizeof *f->history);
    if (history == NULL) {
      return CLF_ERROR_MEMORY;
    }
    f->history = history;
    f->history_capacity = capacity;
  }
  f->history[iteration - 1] = value;
  return CLF_OK;
}

clf_status clf__logistic_report(fitting *f, int64_t iteration, double value) {
  f->reported = iteration;
  return clf__progress_step(&f->progress, iteration, value, (double)NAN);
}

/* INFINITY if one is not a number. */
static double largest_size(const double *values, int64_t count) {
  double largest = 0;
  for (int64_t i = 0; i < count; i++) {
    largest = isnan(values[i]) ? INFINITY : fmax(largest, fabs(values[i]));
  }
  return largest;
}

/* The gradient with respect to weights is proportional to the features: with features of size 1e-10
 * it is below any tolerance before anything is learned. So it is measured in units of the features'
 * size. */
static double largest_component(const fitting *f, const double *gradient) {
  const clf__logistic_objective *o = &f->objective;
  const int64_t weights = o->outputs * o->columns;
  return fmax(largest_size(gradient, weights) / f->unit,
              largest_size(gradient + weights, o->outputs));
}

/* The objective is strongly convex in W, so its value is at most |gradient|^2 / (2 penalty) above
 * the minimum, where b is at its own. */
static double largest_excess(const fitting *f, const double *gradient) {
  const clf__logistic_objective *o = &f->objective;
  if (!(o->penalty > 0)) {
    return INFINITY;
  }
  if (o->in_span) {
    return f->span.of_weights * clf__logistic_span_dot(&f->span, gradient, gradient) /
           (2 * o->penalty);
  }
  const int64_t weights = o->outputs * o->columns;
  const bool b_fits = largest_size(gradient + weights, o->outputs) <= f->tolerance;
  return b_fits ? clf__vector_dot(gradient, gradient, weights) / (2 * o->penalty) : INFINITY;
}

static clf_status beyond_range(void) {
  return clf__fail(CLF_ERROR_NUMERIC,
                   "logistic: the gradient is beyond the range of float: scale the features down "
                   "(transform: standardize)");
}

/* The pooled blocks of more outputs than columns cost little more than an evaluation. */
static int64_t next_refresh(const fitting *f, int64_t iteration) {
  const clf__logistic_objective *o = &f->objective;
  const bool cheap = clf__logistic_is_pooled(o) && o->outputs > o->columns;
  return cheap ? clf__max_i64(1, 2 * iteration) : 2 * iteration + FIRST_REFRESH;
}

/* A new preconditioner. At 0, where all curvatures are `shared`, that of many outputs gives the
 * first step a length of its own. */
static clf_status refresh(fitting *f, bool shared, const double *gradient) {
  const clf__logistic_objective *o = &f->objective;
  const int64_t size = o->outputs * (o->columns + 1);
  clf__call call;
  clf__call_begin_part(&call, &f->progress, f->reported);
  CLF__CHECK(clf__call_end(&call, clf__logistic_refresh(&f->preconditioner, shared)));
  if (!shared || !clf__logistic_is_pooled(o)) {
    return CLF_OK;
  }
  clf__arena arena = {.context = o->context};
  double *step = clf__arena_array(&arena, size, sizeof *step);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  for (int64_t i = 0; i < size; i++) {
    step[i] = -gradient[i];
  }
  CLF__TRY(precondition(f, step));
  CLF__TRY(clf__logistic_first_step(&f->preconditioner.length, o, step));
done:
  clf__arena_free(&arena);
  return status;
}

/* Estimates how much the value is above the minimum by a step of Newton's method, half of g . P g
 * with the preconditioner P. */
static clf_status estimate_excess(fitting *f, const double *gradient, double *out) {
  const clf__logistic_objective *o = &f->objective;
  const int64_t size = o->outputs * (o->columns + 1);
  clf__arena arena = {.context = o->context};
  double *product = clf__arena_array(&arena, size, sizeof *product);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  memcpy(product, gradient, (size_t)size * sizeof *product);
  CLF__TRY(precondition(f, product));
  *out = clf__vector_dot(gradient, product, size) / (2 * f->preconditioner.length);
done:
  clf__arena_free(&arena);
  return status;
}

/* Sets f->near: whether the gradient is small, and the value is near the minimum relative to its
 * own size. Where the minimum is nearly 0, as of rows that can be separated, or a column is much
 * smaller than others, the gradient alone does not show that. The penalty proves it, or else the
 * curvature of the loss lets it be expected: not the diagonal alone, nor for so small a share that
 * the smallest curvatures hide it. The curvature decreases about as fast as the value: *stale says
 * that the blocks are too old. A value below SEPARATED is near enough itself: hardly any penalty
 * is left, and weights of rows that can be separated would grow without end. */
static clf_status judge(fitting *f, double value, const double *gradient, bool *stale) {
  const double most = CLF__LOGISTIC_EXCESS * f->tolerance * fabs(value);
  const bool open = f->largest <= f->tolerance && f->objective.penalty > 0 && value > SEPARATED &&
                    !(f->excess <= most);
  const bool expected = open && !f->objective.in_span && f->preconditioner.max_blocks > 0 &&
                        most > (double)CLF__MIN_CURVATURE;
  double excess = f->excess;
  *stale = expected && (f->preconditioner.blocks == 0 || value < f->refreshed / 2);
  CLF__CHECK(expected && !*stale ? estimate_excess(f, gradient, &excess) : CLF_OK);
  f->near = f->largest <= f->tolerance && (!open || excess <= most);
  return CLF_OK;
}

static clf_status renew(fitting *f, int64_t iteration, double value, const double *gradient,
                        clf__lbfgs_order *order) {
  *order = CLF__LBFGS_RESTART;
  f->refresh = next_refresh(f, iteration);
  f->refreshed = value;
  return refresh(f, f->done + iteration == 0 && f->before == NULL, gradient);
}

clf_status clf__logistic_observe(void *argument, int64_t iteration, double value,
                                 const double *gradient, clf__lbfgs_order *order) {
  fitting *f = argument;
  bool stale = false;
  f->largest = f->objective.in_span ? f->span.largest : largest_component(f, gradient);
  clf_status status = iteration > 0 ? clf__logistic_record(f, f->done + iteration, value) : CLF_OK;
  CLF__CHECK(isfinite(f->largest) ? status : beyond_range());
  f->start = f->done + iteration == 0 ? value : f->start;
  f->excess = largest_excess(f, gradient);
  const bool moving = iteration == 0 || f->value - value > MOVING * fabs(value);
  f->value = value;
  CLF__CHECK(clf__logistic_report(f, f->done + iteration, value));
  CLF__CHECK(judge(f, value, gradient, &stale));
  if (stale || (!f->near && !f->objective.in_span && iteration >= f->refresh && moving)) {
    CLF__CHECK(renew(f, iteration, value, gradient, order));
    CLF__CHECK(stale ? judge(f, value, gradient, &stale) : CLF_OK);
  }
  if (f->near || (f->certain && f->excess <= CLF__LOGISTIC_EXACT * fabs(value))) {
    *order = CLF__LBFGS_STOP;
  }
  return CLF_OK;
}

static bool ended_well(const clf__lbfgs_result *result, double precision) {
  const bool precise =
      result->end == CLF__LBFGS_STALLED && result->decrease <= precision * fabs(result->value);
  return result->end == CLF__LBFGS_STOPPED || precise;
}

/* L-BFGS on the weights, from `variables`; adds its iterations to those that are done. */
static clf_status run_smooth(fitting *f, double *variables, found *out) {
  const clf__logistic_objective *o = &f->objective;
  CLF__CHECK(clf__logistic_preconditioner_create(&f->preconditioner, o));
  for (int64_t j = 0; j < o->columns; j++) {
    f->unit = fmax(f->unit, fmin(sqrt(f->preconditioner.squares[j]), 1));
  }
  f->unit = f->unit > 0 ? f->unit : 1;
  f->refresh = 0;
  const clf__lbfgs_problem problem = {
      .context = o->context,
      .argument = f,
      .size = clf__count(o->outputs, o->columns + 1),
      .pairs = CLF__LOGISTIC_PAIRS,
      .max_iterations = f->max_iterations - f->done,
      .f64 = o->f64,
      .evaluate = clf__logistic_evaluate_watched,
      .precondition = precondition,
      .observe = clf__logistic_observe,
  };
  clf__lbfgs_result result = {.iterations = 0};
  const clf_status status = clf__lbfgs_minimize(&result, &problem, variables);
  f->done += result.iterations;
  *out = (found){f->done, ended_well(&result, f->precision)};
  return status;
}

clf_status clf__logistic_change(fitting *f, double C, bool *what) {
  clf__logistic_objective *o = &f->objective;
  clf__logistic_preconditioner_free(&f->preconditioner);
  clf__logistic_objective_free(o);
  *what = true;
  return clf__logistic_objective_create(o, o->own_weights, C);
}

/* The same, with pooled blocks for some iterations only if there are others: classes whose rows are
 * spread differently, as in columns that few of them have, need a block each. */
static clf_status run_blocks(fitting *f, double *variables, found *out) {
  const int64_t most = f->max_iterations;
  if (clf__logistic_may_divide(&f->objective)) {
    f->max_iterations = clf__min_i64(most, f->done + POOLED_ITERATIONS);
  }
  const clf_status status = run_smooth(f, variables, out);
  const bool divides = f->max_iterations < most && f->done == f->max_iterations && !out->converged;
  f->max_iterations = most;
  if (status < 0 || !divides) {
    return status;
  }
  CLF__CHECK(clf__logistic_change(f, f->C, &f->objective.never_pools));
  return run_smooth(f, variables, out);
}

/* The smooth objective: L-BFGS. Where values in f32 no longer decrease, that may be the minimum, or
 * rounding errors that hide the way to it, as those of outputs that cancel: a model of the decrease
 * which such gradients and steps led to does not tell one from the other. So L-BFGS goes on in f64,
 * until the gradient is small or proves that the value is. */
clf_status clf__logistic_minimize_smooth(fitting *f, double *variables, found *out) {
  f->precision = f->objective.f64 ? PRECISION_F64 : CLF__LOGISTIC_PRECISION;
  CLF__CHECK(run_blocks(f, variables, out));
  if (f->objective.f64 || f->near || f->done >= f->max_iterations) {
    return CLF_OK;
  }
  clf__log(f->objective.context, CLF_LOG_INFO,
           "logistic: single precision shows no further decrease before the tolerance is reached; "
           "the fit goes on in f64");
  CLF__CHECK(clf__logistic_change(f, f->C, &f->objective.f64));
  f->certain = true;
  return run_blocks(f, variables, out);
}

/* A single sigmoid: with t = 1 for class 1 and -1 for the other, the loss is ln(1 + e^-tz). */
static double differentiate(void *argument, clf__range rows, const double *z, double *first,
                            double *second) {
  const clf__logistic_objective *o = &((const fitting *)argument)->objective;
  double sum = 0;
  for (int64_t i = rows.first; i < rows.end; i++) {
    const double weight = clf__logistic_own_weight(o, i) / o->weight_sum;
    const double side = o->labels[i] == 1 ? 1 : -1, power = exp(-fabs(z[i]));
    const double small = power / (1 + power), wrong = side * z[i] > 0 ? small : 1 - small;
    first[i] = -side * weight * wrong;
    second[i] = weight * (small / (1 + power));
    sum += weight > 0 ? weight * (log1p(power) + fmax(-side * z[i], 0)) : 0;
  }
  return sum;
}

static clf_status observe_newton(void *argument, int64_t iteration, double value,
                                 double violation) {
  fitting *f = argument;
  f->largest = violation;
  clf_status status = iteration > 0 ? clf__logistic_record(f, iteration, value) : CLF_OK;
  CLF__CHECK(isfinite(violation) ? status : beyond_range());
  return status < 0 ? status : clf__logistic_report(f, iteration, value);
}

/* The objective of two classes on sparse rows of many columns: truncated Newton. */
static clf_status minimize_binary(fitting *f, double *variables, found *out) {
  const clf__logistic_objective *o = &f->objective;
  const clf__newton_problem problem = {
      .context = o->context,
      .argument = f,
      .x = o->x,
      .intercept = o->intercept,
      .l2 = o->penalty,
      .tolerance = f->tolerance,
      .closeness = o->penalty > 0 ? CLF__LOGISTIC_EXCESS * f->tolerance : (double)INFINITY,
      .max_iterations = f->max_iterations,
      .differentiate = differentiate,
      .observe = observe_newton,
  };
  clf__newton_result result = {.iterations = 0};
  const clf_status status = clf__newton(&result, &problem, variables);
  const bool precise = result.stalled && result.decrease <= PRECISION_F64 * fabs(result.value);
  *out = (found){result.iterations, result.converged || precise};
  return status;
}

clf_status clf__logistic_minimize(fitting *f, double l1, double *variables, found *out) {
  const clf__logistic_objective *o = &f->objective;
  const bool binary = o->outputs == 1 && clf__rows_sparse(o->x) && clf__logistic_blocks(o) == 0;
  return l1 > 0       ? clf__logistic_minimize_l1(f, l1, variables, out)
         : binary     ? minimize_binary(f, variables, out)
         : o->in_span ? clf__logistic_minimize_wide(f, variables, out)
                      : clf__logistic_minimize_smooth(f, variables, out);
}

void clf__logistic_fitting_free(fitting *f) {
  clf__logistic_preconditioner_free(&f->preconditioner);
  clf__logistic_gap_free(&f->gap);
  clf__logistic_objective_free(&f->objective);
  clf__free(f->history);
}
