/* Logistic regression: P(class | x) is the softmax or the sigmoid of W x + b, with an L2 penalty.
 * The fit minimizes C sum_i w_i loss_i + 1/2 |W|^2, divided by the sum of the weights; the
 * intercept b is not penalized. Two classes have one output, z of class 1, and the decision is [0,
 * z]. one_vs_rest has one sigmoid for each class; all are fitted at once, since their objectives
 * add.
 *
 * The method is L-BFGS (optim/lbfgs.c), preconditioned by the Hessian's diagonal blocks on a sample
 * of rows (logistic_precondition.c). They are computed at the start, after FIRST_REFRESH
 * iterations, and then at doubling distances. An evaluation (logistic_loss.c) reads the rows once
 * and needs 2 * rows * columns * outputs multiply-adds: 0.94 G for MNIST, 8 ms on two cores of 115
 * GFLOP/s each. A fit takes about 25 evaluations. On dense rows of so many columns that blocks do
 * not pay, the weights are combinations of the rows (logistic_span.c). Two classes on sparse rows
 * of so many columns have truncated Newton instead (optim/newton.c), in f64. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/progress.h"
#include "base/text.h"
#include "models/decision/decision.h"
#include "models/linear.h"
#include "models/logistic/logistic.h"
#include "optim/lbfgs.h"
#include "optim/newton.h"
#include "optim/prox_newton.h"

typedef struct logistic_params {
  clf__decision_params decision;
  double C;
  int32_t penalty;
  double l1_ratio;
  double tolerance;
  int64_t max_iterations;
  bool fit_intercept;
  int32_t multiclass;
  clf__list class_weight;
  int32_t precision;
  bool warm_start;
} logistic_params;

#define CLF__VALUES logistic_params
static const clf__param params[] = {
    CLF__REAL(C, "1", CLF__ABOVE(0), INFINITY, "inverse strength of the penalty; inf: none"),
    CLF__CHOICE(penalty, "l2|l1|elastic_net", "l2", "|W|^2 / 2, |W|_1, or a mixture of both"),
    CLF__REAL(l1_ratio, "0.5", 0, 1, "elastic_net: share of |W|_1 in it"),
    CLF__REAL(tolerance, "1e-7", 0, DBL_MAX, "maximum of the mean objective's gradient to stop at"),
    CLF__INT(max_iterations, "1000", 1, 1e9, "maximum number of iterations"),
    CLF__BOOL(fit_intercept, "true", "whether to fit an intercept"),
    CLF__CHOICE(multiclass, "multinomial|one_vs_rest", "multinomial",
                "one softmax of all classes, or a sigmoid for each class"),
    CLF__CLASS_WEIGHT,
    CLF__PRECISION("arithmetic of the fit; f64 reaches a tolerance of 1e-12"),
    CLF__BOOL(warm_start, "false", "whether fit begins at the model's weights, if it has any"),
    CLF__DECISION_PARAMS,
};

enum { ONE_VS_REST = 1 };
enum { L2, L1, ELASTIC_NET };

enum {
  PAIRS = 7,
  FIRST_REFRESH = 4,
  HISTORY_CAPACITY = 64 /* first capacity, in iterations */
};

/* Relative decreases of the objective: one that single precision may not resolve, and one that is
 * so small that a new preconditioner no longer pays. */
#define PRECISION 1e-5
#define PRECISION_F64 1e-13
#define MOVING 1e-7
#define EXACT 1e-6 /* relative error of the objective */

typedef struct fitting {
  clf__logistic_objective objective;
  clf__logistic_preconditioner preconditioner;
  clf__logistic_span span;
  clf__progress progress;
  clf__stop *stop;
  const clf__store *before; /* the state that the fit begins with, or NULL for 0 */
  double tolerance;
  double unit;     /* of the weights' gradient: the maximum of 1 and the largest feature's size */
  double largest;  /* largest component of the current gradient */
  double start;    /* value of the objective at the start */
  double value;    /* of the objective, before the last step */
  int64_t done;    /* iterations before those that are counted now */
  int64_t refresh; /* iteration of the next refresh */
  double *history;
  int64_t history_capacity;
} fitting;

static clf_status evaluate(void *argument, const double *at, double *value, double *gradient) {
  fitting *f = argument;
  return clf__logistic_evaluate(&f->objective, at, value, gradient);
}

static clf_status precondition(void *argument, double *vector) {
  fitting *f = argument;
  return clf__logistic_precondition(&f->preconditioner, vector);
}

static clf_status record(fitting *f, int64_t iteration, double value) {
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

/* The gradient with respect to weights is proportional to the features: with features of size 1e-10
 * it is below any tolerance before anything is learned. So it is measured in units of the features'
 * size. */
static double largest_component(const fitting *f, const double *gradient) {
  const clf__logistic_objective *o = &f->objective;
  const int64_t weights = o->outputs * o->columns;
  double of_weights = 0, of_bias = 0;
  for (int64_t i = 0; i < weights; i++) {
    of_weights = isnan(gradient[i]) ? INFINITY : fmax(of_weights, fabs(gradient[i]));
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    of_bias = isnan(gradient[weights + k]) ? INFINITY : fmax(of_bias, fabs(gradient[weights + k]));
  }
  return fmax(of_weights / f->unit, of_bias);
}

static clf_status beyond_range(void) {
  return clf__fail(CLF_ERROR_NUMERIC,
                   "logistic: the gradient is beyond the range of float: scale the features down "
                   "(transform: standardize)");
}

static clf_status observe(void *argument, int64_t iteration, double value, const double *gradient,
                          clf__lbfgs_order *order) {
  fitting *f = argument;
  f->largest = f->objective.in_span ? f->span.largest : largest_component(f, gradient);
  clf_status status = iteration > 0 ? record(f, f->done + iteration, value) : CLF_OK;
  CLF__CHECK(isfinite(f->largest) ? status : beyond_range());
  f->start = f->done + iteration == 0 ? value : f->start;
  if (status == CLF_OK) {
    status = clf__progress_step(&f->progress, f->done + iteration, value, (double)NAN);
  }
  bool moving = iteration == 0 || f->value - value > MOVING * fabs(value);
  if (f->largest <= f->tolerance) {
    *order = CLF__LBFGS_STOP;
  } else if (status == CLF_OK && !f->objective.in_span && iteration >= f->refresh && moving) {
    *order = CLF__LBFGS_RESTART;
    f->refresh = 2 * iteration + FIRST_REFRESH;
    status = clf__logistic_refresh(&f->preconditioner, iteration == 0 && f->before == NULL);
  }
  f->value = value;
  return status;
}

/* Sets the variables to the weights of an earlier fit. The softmax of two classes has one output,
 * the difference of theirs. */
static void begin(const fitting *f, const clf_model *model, double *variables) {
  const clf__logistic_objective *o = &f->objective;
  const int64_t n = o->columns, first = model->outputs - o->outputs;
  const clf_tensor *weights = clf__store_tensor(f->before, clf__decision_names.weights_f64);
  const clf_tensor *offset = clf__store_tensor(f->before, clf__decision_names.offset_f64);
  if (weights == NULL) { /* of a version that kept f32 only */
    weights = clf__store_tensor(f->before, clf__decision_names.weights);
    offset = clf__store_tensor(f->before, clf__decision_names.offset);
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    for (int64_t j = 0; j < n; j++) {
      variables[k * n + j] = clf__tensor_value(weights, (first + k) * n + j) -
                             (first > 0 ? clf__tensor_value(weights, j) : 0);
    }
    const double b =
        clf__tensor_value(offset, first + k) - (first > 0 ? clf__tensor_value(offset, 0) : 0);
    variables[o->outputs * n + k] = o->intercept ? b : 0;
  }
}

/* Copies the variables [outputs, columns], [outputs] to the model's `weights` and `intercept`. A
 * single output is that of class 1; class 0 has 0, so that the softmax of the decisions is its
 * sigmoid. */
static clf_status store_solution(const fitting *f, const clf_model *model, int64_t iterations,
                                 const double *variables, clf__store *state) {
  const clf__logistic_objective *o = &f->objective;
  const int64_t first = model->outputs - o->outputs, size = o->outputs * o->columns;
  double *w = clf__alloc_zeroed(o->context, clf__count(model->outputs, o->columns + 1), sizeof *w);
  clf_status status = CLF_OK;
  CLF__TRY(w == NULL ? CLF_ERROR_MEMORY : CLF_OK);
  double *b = w + model->outputs * o->columns;
  memcpy(w + first * o->columns, variables, (size_t)size * sizeof *w);
  memcpy(b + first, variables + size, (size_t)o->outputs * sizeof *b);
  const clf__linear_solution solution = {w, b, o->columns, 1, model->outputs, o->columns};
  CLF__TRY(clf__linear_store(o->context, state, &clf__decision_names, &solution, o->x));
  CLF__TRY(clf__state_tensor(o->context, state, "history_loss", CLF_F64, iterations, -1));
  CLF__TRY(clf__state_tensor(o->context, state, "one_vs_rest", CLF_I32, 1, -1));
  *(int32_t *)clf__state_data(state, "one_vs_rest") = o->link == CLF__LOGISTIC_SIGMOID;
  double *history = clf__state_data(state, "history_loss");
  for (int64_t i = 0; i < iterations; i++) {
    history[i] = f->history[i];
  }
done:
  clf__free(w);
  return status;
}

/* What a solver has found, and whether that is the minimum. */
typedef struct found {
  int64_t iterations;
  bool converged;
} found;

static bool ended_well(const clf__lbfgs_result *result, double precision) {
  const bool precise =
      result->end == CLF__LBFGS_STALLED && result->decrease <= precision * fabs(result->value);
  return result->end == CLF__LBFGS_STOPPED || precise;
}

/* The smooth objective: L-BFGS. */
static clf_status minimize_smooth(fitting *f, const logistic_params *p, double *variables,
                                  found *out) {
  const clf__logistic_objective *o = &f->objective;
  const double precision = o->f64 ? PRECISION_F64 : PRECISION;
  CLF__CHECK(clf__logistic_preconditioner_create(&f->preconditioner, o));
  for (int64_t j = 0; j < o->columns; j++) {
    f->unit = fmax(f->unit, fmin(sqrt(f->preconditioner.squares[j]), 1));
  }
  f->unit = f->unit > 0 ? f->unit : 1;
  const clf__lbfgs_problem problem = {
      .context = o->context,
      .argument = f,
      .size = clf__count(o->outputs, o->columns + 1),
      .pairs = PAIRS,
      .max_iterations = p->max_iterations,
      .f64 = o->f64,
      .evaluate = evaluate,
      .precondition = precondition,
      .observe = observe,
  };
  clf__lbfgs_result result = {.iterations = 0};
  const clf_status status = clf__lbfgs_minimize(&result, &problem, variables);
  *out = (found){result.iterations, ended_well(&result, precision)};
  return status;
}

static clf_status evaluate_span(void *argument, const double *at, double *value, double *gradient) {
  return clf__logistic_span_evaluate(&((fitting *)argument)->span, at, value, gradient);
}

static clf_status complete_span(void *argument, double *gradient) {
  return clf__logistic_span_complete(&((fitting *)argument)->span, gradient);
}

static double dot_span(void *argument, const double *a, const double *b) {
  return clf__logistic_span_dot(&((fitting *)argument)->span, a, b);
}

/* Computes W and b from `at`, and their value by products in f64; sets *exact if that is the value
 * which L-BFGS believed. `gradient` is scratch. */
static clf_status check_span(fitting *f, double *at, double *gradient, double *variables,
                             double believed, bool *exact) {
  double value = 0;
  CLF__CHECK(clf__logistic_span_weights(&f->span, at, variables));
  CLF__CHECK(clf__logistic_span_evaluate(&f->span, at, &value, gradient));
  *exact = fabs(value - believed) <= EXACT * fabs(believed);
  f->value = value;
  return CLF_OK;
}

/* What a stopped fit has found is kept, so it is to be completed without another stop. */
static clf_status keep_span(const fitting *f, clf_status status) {
  return status < 0 && f->done > 0 ? clf__stop_keep(f->stop, status) : status;
}

/* L-BFGS on combinations of the rows. Their outputs are sums of f32 products, each of which is
 * exact relative to its own size only, so they are wrong if the sums cancel. Then L-BFGS begins
 * again with the outputs in f64, as long as that helps. Variables and f->value are a true point and
 * its value; *exact says whether the outcome holds for it. */
static clf_status run_span(fitting *f, const logistic_params *p, double *variables, found *out,
                           bool *exact) {
  clf__logistic_objective *o = &f->objective;
  clf__lbfgs_problem problem = {
      .context = o->context,
      .argument = f,
      .size = clf__logistic_span_size(&f->span),
      .pairs = PAIRS,
      .evaluate = evaluate_span,
      .complete = complete_span,
      .dot = dot_span,
      .observe = observe,
  };
  clf_status status = CLF_OK;
  clf__arena arena = {.context = o->context};
  double *at = clf__arena_zeroed(&arena, problem.size, sizeof *at);
  double *gradient = clf__arena_array(&arena, problem.size, sizeof *gradient);
  double before = (double)INFINITY;
  CLF__TRY(clf__arena_status(&arena));
  for (bool better = true; better && !*exact && status == CLF_OK;) {
    clf__lbfgs_result result = {.iterations = 0};
    problem.max_iterations = p->max_iterations - f->done;
    status = clf__lbfgs_minimize(&result, &problem, at);
    f->done += result.iterations;
    *out = (found){f->done, ended_well(&result, PRECISION)};
    CLF__TRY(keep_span(f, status));
    clf_status checked = check_span(f, at, gradient, variables, result.value, exact);
    if (checked == CLF_ERROR_CANCELLED) {
      CLF__TRY(keep_span(f, checked));
      checked = check_span(f, at, gradient, variables, result.value, exact);
    }
    if (checked < 0) {
      status = checked;
      goto done;
    }
    better = f->value < before / 2 && f->value < f->start && f->done < p->max_iterations;
    before = f->value;
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Makes the objective that of the weights. */
static clf_status leave_span(fitting *f, const logistic_params *p) {
  clf__logistic_objective *o = &f->objective;
  clf__log(o->context, CLF_LOG_INFO,
           "logistic: the weights are no longer computed as combinations of the rows, which takes "
           "too much memory or too many digits");
  f->done = 0;
  clf__logistic_objective_free(o);
  o->in_span = false;
  return clf__logistic_objective_create(o, o->own_weights, p->C);
}

/* The same on combinations of wide rows, if these have the memory and the digits. Otherwise on the
 * weights: from what is there if that is better than 0. */
static clf_status minimize_wide(fitting *f, const logistic_params *p, double *variables,
                                found *out) {
  const size_t bytes =
      (size_t)(f->objective.outputs * (f->objective.columns + 1)) * sizeof *variables;
  clf__failure before;
  bool exact = false;
  clf__failure_keep(&before, CLF_OK);
  clf_status status = clf__logistic_span_create(&f->span, &f->objective);
  status = status < 0 ? status : run_span(f, p, variables, out, &exact);
  clf__logistic_span_free(&f->span);
  const bool failed = status == CLF_ERROR_MEMORY || status == CLF_ERROR_NUMERIC;
  if (failed || (status >= 0 && !(f->value < f->start))) {
    memset(variables, 0, bytes);
    f->value = f->start;
  }
  if (status >= 0 && f->done > 0) {
    f->history[f->done - 1] = f->value;
  }
  if (failed || (status == CLF_OK && !exact)) {
    clf__failure_raise(&before);
    *out = (found){.iterations = 0};
    CLF__CHECK(leave_span(f, p));
    status = minimize_smooth(f, p, variables, out);
  }
  return status;
}

/* A single sigmoid: with t = 1 for class 1 and -1 for the other, the loss is ln(1 + e^-tz). */
static double differentiate(void *argument, clf__range rows, const double *z, double *first,
                            double *second) {
  const clf__logistic_objective *o = &((const fitting *)argument)->objective;
  double sum = 0;
  for (int64_t i = rows.first; i < rows.end; i++) {
    const double weight = (o->own_weights != NULL ? (double)o->own_weights[i] : 1) / o->weight_sum;
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
  clf_status status = iteration > 0 ? record(f, iteration, value) : CLF_OK;
  CLF__CHECK(isfinite(violation) ? status : beyond_range());
  return status < 0 ? status : clf__progress_step(&f->progress, iteration, value, (double)NAN);
}

/* The objective of two classes on sparse rows of many columns: truncated Newton. */
static clf_status minimize_binary(fitting *f, const logistic_params *p, double *variables,
                                  found *out) {
  const clf__logistic_objective *o = &f->objective;
  const clf__newton_problem problem = {
      .context = o->context,
      .argument = f,
      .x = o->x,
      .intercept = o->intercept,
      .l2 = o->penalty,
      .tolerance = p->tolerance,
      .closeness = (double)INFINITY,
      .max_iterations = p->max_iterations,
      .differentiate = differentiate,
      .observe = observe_newton,
  };
  clf__newton_result result = {.iterations = 0};
  const clf_status status = clf__newton(&result, &problem, variables);
  const bool precise = result.stalled && result.decrease <= PRECISION_F64 * fabs(result.value);
  *out = (found){result.iterations, result.converged || precise};
  return status;
}

static void curvature(void *argument, int64_t output, float *values) {
  const fitting *f = argument;
  clf__logistic_curvature(&f->objective, output, values);
}

static clf_status observe_sparse(void *argument, int64_t iteration, double value) {
  fitting *f = argument;
  const clf_status status = iteration > 0 ? record(f, iteration, value) : CLF_OK;
  return status < 0 ? status : clf__progress_step(&f->progress, iteration, value, (double)NAN);
}

/* Sigmoids have an objective each. */
static clf_status evaluate_sparse(void *argument, const double *at, double *value,
                                  double *gradient) {
  const clf__logistic_objective *o = &((fitting *)argument)->objective;
  double sum = 0;
  CLF__CHECK(evaluate(argument, at, &sum, gradient));
  if (o->link == CLF__LOGISTIC_SIGMOID) {
    memcpy(value, o->losses, (size_t)o->outputs * sizeof *value);
  } else {
    *value = sum;
  }
  return CLF_OK;
}

/* The objective with an L1 penalty: proximal Newton. */
static clf_status minimize_sparse(fitting *f, const logistic_params *p, double l1,
                                  double *variables, found *out) {
  const clf__logistic_objective *o = &f->objective;
  const double precision = o->f64 ? PRECISION_F64 : PRECISION;
  const clf__prox_problem problem = {
      .context = o->context,
      .argument = f,
      .x = o->x,
      .weights = o->own_weights,
      .outputs = o->outputs,
      .intercept = o->intercept,
      .separate = o->link == CLF__LOGISTIC_SIGMOID,
      .shifts = o->link == CLF__LOGISTIC_SOFTMAX,
      .l1 = l1,
      .l2 = clf__logistic_penalty(o, p->C) - l1,
      .tolerance = p->tolerance,
      .max_iterations = p->max_iterations,
      .f64 = o->f64,
      .evaluate = evaluate_sparse,
      .curvature = curvature,
      .observe = observe_sparse,
  };
  clf__prox_result result = {.iterations = 0};
  const clf_status status = clf__prox_newton(&result, &problem, variables);
  f->largest = result.violation;
  const bool precise = result.stalled && result.decrease <= precision * fabs(result.value);
  *out = (found){result.iterations, result.violation <= p->tolerance || precise};
  return status;
}

static clf_status outcome(const fitting *f, const found *result) {
  if (result->converged) {
    return CLF_OK;
  }
  clf__log(f->objective.context, CLF_LOG_WARNING,
           "logistic: not converged after %lld iterations: the gradient's largest component is %s; "
           "scale the features, or raise max_iterations or tolerance",
           (long long)result->iterations, clf__number_text(f->largest));
  return CLF_NOT_CONVERGED;
}

static clf_status minimize(fitting *f, const clf_model *model, double l1, clf__store *state) {
  const logistic_params *p = model->params;
  int64_t size = clf__count(f->objective.outputs, f->objective.columns + 1);
  double *variables = clf__alloc_zeroed(model->context, size, sizeof *variables);
  if (variables == NULL) {
    return CLF_ERROR_MEMORY;
  }
  if (f->before != NULL) {
    begin(f, model, variables);
  }
  found result = {.iterations = 0};
  const clf__logistic_objective *o = &f->objective;
  const bool binary = o->outputs == 1 && clf__rows_sparse(o->x) && clf__logistic_blocks(o) == 0;
  clf_status status = l1 > 0       ? minimize_sparse(f, p, l1, variables, &result)
                      : binary     ? minimize_binary(f, p, variables, &result)
                      : o->in_span ? minimize_wide(f, p, variables, &result)
                                   : minimize_smooth(f, p, variables, &result);
  if (result.iterations > 0) {
    status = clf__stop_keep(f->stop, status);
  }
  const bool stopped = status == CLF_NOT_CONVERGED;
  if (status >= 0) {
    status = store_solution(f, model, result.iterations, variables, state);
  }
  clf__free(variables);
  return status < 0 ? status : stopped ? CLF_NOT_CONVERGED : outcome(f, &result);
}

/* The share of |W|_1 in the penalty. */
static double l1_share(const logistic_params *p) {
  return p->penalty == L1 ? 1 : p->penalty == ELASTIC_NET ? p->l1_ratio : 0;
}

static clf_status fit(const clf_model *model, const clf__training *training, clf__store *state) {
  const logistic_params *p = model->params;
  bool sigmoid = training->classes == 2 || p->multiclass == ONE_VS_REST;
  const float *weights;
  clf__arena arena = {.context = model->context};
  fitting f = {
      .objective = {.context = model->context,
                    .x = training->x,
                    .labels = training->labels,
                    .link = sigmoid ? CLF__LOGISTIC_SIGMOID : CLF__LOGISTIC_SOFTMAX,
                    .outputs = training->classes == 2 ? 1 : training->classes,
                    .columns = training->x->columns,
                    .intercept = p->fit_intercept,
                    .f64 = p->precision == CLF__PRECISION_F64},
      .progress = clf__progress_begin(model->context, "logistic", p->max_iterations),
      .stop = training->stop,
      .before = training->before,
      .tolerance = p->tolerance,
  };
  clf_status status = CLF_OK;
  CLF__TRY(clf__effective_weights(&weights, &arena, model, training, training, &p->class_weight));
  /* With an L1 penalty, the objective is the loss alone. */
  const double share = l1_share(p);
  f.objective.in_span = share == 0 && f.before == NULL && training->x->shards == NULL &&
                        clf__logistic_is_wide(&f.objective);
  CLF__TRY(clf__logistic_objective_create(&f.objective, weights, share > 0 ? INFINITY : p->C));
  status = minimize(&f, model, share * clf__logistic_penalty(&f.objective, p->C), state);
done:
  clf__logistic_preconditioner_free(&f.preconditioner);
  clf__logistic_objective_free(&f.objective);
  clf__free(f.history);
  clf__arena_free(&arena);
  return status;
}

static clf_status check(const clf_model *model) {
  clf_status status = clf__linear_check(model);
  return status < 0 ? status : clf__check_tensor(model, "one_vs_rest", CLF_I32, 1, -1);
}

static int32_t link_of(const clf_model *model) {
  const int32_t *one_vs_rest = clf__state_data(model->state, "one_vs_rest");
  return *one_vs_rest != 0 && model->outputs > 2 ? CLF__LINK_SIGMOIDS : CLF__LINK_SOFTMAX;
}

static bool reads_f64(const clf_model *model) {
  return ((const logistic_params *)model->params)->precision == CLF__PRECISION_F64;
}

/* The L1 penalty's columns are chosen by passes over all rows, one column after the other. */
static clf_status check_ranks(const clf_model *model) {
  return l1_share(model->params) > 0
             ? clf__comm_refuse(model->context, "logistic with an L1 penalty")
             : CLF_OK;
}

static bool movable(const clf_model *model) {
  return ((const logistic_params *)model->params)->fit_intercept;
}

static bool goes_on(const clf_model *model) {
  return ((const logistic_params *)model->params)->warm_start;
}

const clf__model_kind clf__logistic_kind = {
    .base = CLF__KIND("logistic", "logistic regression: softmax or one-vs-rest, L1 or L2 penalty",
                      params, logistic_params),
    .decision = CLF__DECISION_LINEAR,
    .can = CLF__CAN_WEIGH | CLF__CAN_SPARSE,
    .movable = movable,
    .check_ranks = check_ranks,
    .reads_f64 = reads_f64,
    .fit = fit,
    .goes_on = goes_on,
    .check = check,
    .decide = clf__linear_decide,
    .decide_f64 = clf__linear_decide_f64,
    .probabilities = clf__link_probabilities,
    .probabilities_f64 = clf__link_probabilities_f64,
    .link = link_of,
};
