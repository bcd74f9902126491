/* Logistic regression of wide rows: L-BFGS on their coefficients (logistic_span.c), as long as
 * these have the digits, and then on the weights. */
#include <math.h>
#include <string.h>

#include "models/logistic/logistic_minimize.h"

typedef clf__logistic_fitting fitting;
typedef clf__logistic_found found;

static clf_status evaluate_span(void *argument, const double *at, double *value, double *gradient) {
  return clf__logistic_span_evaluate(&((fitting *)argument)->span, at, value, gradient);
}

static clf_status complete_span(void *argument, double *gradient) {
  fitting *f = argument;
  const double penalty = f->objective.penalty;
  clf__call call;
  f->span.max_length = penalty > 0
                           ? sqrt(2 * penalty * CLF__LOGISTIC_EXCESS * f->tolerance * f->value)
                           : (double)INFINITY;
  clf__call_begin_part(&call, &f->progress, f->reported);
  return clf__call_end(&call, clf__logistic_span_complete(&f->span, gradient));
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
  *exact = fabs(value - believed) <= CLF__LOGISTIC_EXACT * fabs(believed);
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
static clf_status run_span(fitting *f, double *variables, found *out, bool *exact) {
  clf__logistic_objective *o = &f->objective;
  clf__lbfgs_problem problem = {
      .context = o->context,
      .argument = f,
      .size = clf__logistic_span_size(&f->span),
      .pairs = CLF__LOGISTIC_PAIRS,
      .evaluate = evaluate_span,
      .complete = complete_span,
      .dot = dot_span,
      .observe = clf__logistic_observe,
  };
  clf_status status = CLF_OK;
  clf__arena arena = {.context = o->context};
  double *at = clf__arena_zeroed(&arena, problem.size, sizeof *at);
  double *gradient = clf__arena_array(&arena, problem.size, sizeof *gradient);
  double before = (double)INFINITY;
  CLF__TRY(clf__arena_status(&arena));
  for (bool better = true; better && !*exact && status == CLF_OK;) {
    clf__lbfgs_result result = {.iterations = 0};
    problem.max_iterations = f->max_iterations - f->done;
    status = clf__lbfgs_minimize(&result, &problem, at);
    f->done += result.iterations;
    *out = (found){f->done, result.end == CLF__LBFGS_STOPPED ||
                                (result.end == CLF__LBFGS_STALLED &&
                                 f->excess <= CLF__LOGISTIC_PRECISION * fabs(result.value))};
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
    clf__logistic_span_drop_gram(&f->span); /* its products may be what is not exact */
    better = f->value < before / 2 && f->value < f->start && f->done < f->max_iterations;
    before = f->value;
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Makes the objective that of the weights. */
static clf_status leave_span(fitting *f) {
  clf__logistic_objective *o = &f->objective;
  clf__log(o->context, CLF_LOG_INFO,
           "logistic: the weights are no longer computed as combinations of the rows, which takes "
           "too much memory or too many digits");
  f->done = 0;
  clf__logistic_objective_free(o);
  o->in_span = false;
  return clf__logistic_objective_create(o, o->own_weights, f->C);
}

/* The same on combinations of wide rows, if these have the memory and the digits. Otherwise on the
 * weights: from what is there if that is surely nearer to the minimum than 0. */
clf_status clf__logistic_minimize_wide(fitting *f, double *variables, found *out) {
  const size_t bytes =
      (size_t)(f->objective.outputs * (f->objective.columns + 1)) * sizeof *variables;
  clf__failure before;
  bool exact = false;
  clf__failure_keep(&before, CLF_OK);
  clf_status status = clf__logistic_span_create(&f->span, &f->objective, f->tolerance);
  status = status < 0 ? status : run_span(f, variables, out, &exact);
  clf__logistic_span_free(&f->span);
  const bool failed = status == CLF_ERROR_MEMORY || status == CLF_ERROR_NUMERIC;
  const bool complete = exact && (out->converged || f->done == f->max_iterations);
  const bool goes_on = failed || (status == CLF_OK && !complete);
  const bool better = f->value < f->start && (!goes_on || f->excess <= f->value);
  if (failed || (status >= 0 && !better)) {
    memset(variables, 0, bytes);
    f->value = f->start;
  }
  if (status >= 0 && f->done > 0) {
    f->history[f->done - 1] = f->value;
  }
  if (goes_on) {
    clf__failure_raise(&before);
    *out = (found){.iterations = 0};
    CLF__CHECK(leave_span(f));
    status = clf__logistic_minimize_smooth(f, variables, out);
  }
  return status;
}
