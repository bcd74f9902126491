/* Logistic regression with an L1 penalty: proximal Newton, whose end a duality gap decides. */
#include <math.h>
#include <string.h>

#include "models/logistic/logistic_minimize.h"
#include "optim/prox_newton.h"

#define FROM_F32 1e-5 /* the estimated relative gap at which f64 goes on */

typedef clf__logistic_fitting fitting;
typedef clf__logistic_found found;

static void curvature(void *argument, int64_t output, float *values) {
  const fitting *f = argument;
  clf__logistic_curvature(&f->objective, output, values);
}

static clf_status balance(void *argument, double *gradient) {
  return clf__logistic_gap_balance(&((fitting *)argument)->gap, gradient);
}

static void distance(void *argument, bool balanced, const double *factor, double *value) {
  clf__logistic_gap_distance(&((const fitting *)argument)->gap, balanced, factor, value);
}

static clf_status observe_sparse(void *argument, int64_t iteration, double value) {
  fitting *f = argument;
  const int64_t done = f->done + iteration;
  const clf_status status = iteration > 0 ? clf__logistic_record(f, done, value) : CLF_OK;
  return status < 0 ? status : clf__logistic_report(f, done, value);
}

/* Sigmoids have an objective each. */
static clf_status evaluate_sparse(void *argument, const double *at, double *value,
                                  double *gradient) {
  const clf__logistic_objective *o = &((fitting *)argument)->objective;
  double sum = 0;
  CLF__CHECK(clf__logistic_evaluate_watched(argument, at, &sum, gradient));
  if (o->link == CLF__LOGISTIC_SIGMOID) {
    memcpy(value, o->losses, (size_t)o->outputs * sizeof *value);
  } else {
    *value = sum;
  }
  return CLF_OK;
}

/* Proximal Newton from `variables`; adds its iterations to those that are done. */
static clf_status run_sparse(fitting *f, double l1, double *variables, found *out) {
  const clf__logistic_objective *o = &f->objective;
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
      .l2 = clf__logistic_penalty(o, f->C) - l1,
      .tolerance = fmax(f->tolerance, o->f64 ? f->min_gap : FROM_F32),
      .max_iterations = f->max_iterations - f->done,
      .f64 = o->f64,
      .evaluate = evaluate_sparse,
      .balance = balance,
      .distance = distance,
      .curvature = curvature,
      .observe = observe_sparse,
  };
  clf__prox_result result = {.iterations = 0};
  clf__logistic_gap_free(&f->gap);
  CLF__CHECK(clf__logistic_gap_create(&f->gap, o));
  const clf_status status = clf__prox_newton(&result, &problem, variables);
  f->relative_gap = result.gap;
  f->done += result.iterations;
  *out = (found){f->done, o->f64 && result.converged};
  return status;
}

/* The objective with an L1 penalty, which is no part of f->objective. A fit that f32 ends is proven
 * in f64, and goes on there where necessary. */
clf_status clf__logistic_minimize_l1(fitting *f, double l1, double *variables, found *out) {
  f->min_gap = f->objective.f64 ? 0 : CLF__LOGISTIC_EXACT;
  CLF__CHECK(run_sparse(f, l1, variables, out));
  if (f->objective.f64) {
    return CLF_OK;
  }
  CLF__CHECK(clf__logistic_change(f, (double)INFINITY, &f->objective.f64));
  return run_sparse(f, l1, variables, out);
}
