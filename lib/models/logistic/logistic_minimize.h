/* The solvers of logistic regression. */
#ifndef CLF_MODELS_LOGISTIC_LOGISTIC_MINIMIZE_H
#define CLF_MODELS_LOGISTIC_LOGISTIC_MINIMIZE_H

#include "base/progress.h"
#include "models/logistic/logistic.h"
#include "optim/lbfgs.h"

/* A fit. The objective is complete; with an L1 penalty it is the loss alone. */
typedef struct clf__logistic_fitting {
  clf__logistic_objective objective;
  clf__logistic_preconditioner preconditioner;
  clf__logistic_span span;
  clf__logistic_gap gap; /* with an L1 penalty */
  clf__progress progress;
  clf__stop *stop;
  const clf__store *before; /* the state that the fit begins with, or NULL for 0 */
  double C, tolerance;
  int64_t max_iterations;
  /* The rest is 0 at the start. */
  double unit;    /* of the weights' gradient: the maximum of 1 and the largest feature's size */
  double largest; /* largest component of the current gradient */
  /* With an L1 penalty: the duality gap as a share of the objective, and the smallest to stop at,
   * whatever the tolerance. */
  double relative_gap, min_gap;
  double start;     /* value of the objective at the start */
  double value;     /* of the objective, before the last step */
  double excess;    /* at most, of the value above the minimum; INFINITY if unknown */
  bool certain;     /* a small excess ends the fit */
  bool near;        /* the gradient and, as far as is known, the excess are small */
  double refreshed; /* value at the last refresh */
  int64_t done;     /* iterations before those that are counted now */
  int64_t reported; /* iterations that the host knows of */
  int64_t refresh;  /* iteration of the next refresh */
  double precision; /* predicted relative decrease at which a fit without progress has converged */
  double *history;
  int64_t history_capacity;
} clf__logistic_fitting;

/* What a solver has found, and whether that is the minimum. */
typedef struct clf__logistic_found {
  int64_t iterations;
  bool converged;
} clf__logistic_found;

/* Minimizes from `variables`, which receive the solution. `l1` is the factor of |W|_1, or 0. After
 * a failure with iterations the variables are those of the last one; CLF_NOT_CONVERGED says that
 * clf__stop_keep() has kept them already. `history` has the value after each iteration. */
clf_status clf__logistic_minimize(clf__logistic_fitting *fitting, double l1, double *variables,
                                  clf__logistic_found *out);
/* The same with l1 > 0 (logistic_minimize_l1.c). */
clf_status clf__logistic_minimize_l1(clf__logistic_fitting *fitting, double l1, double *variables,
                                     clf__logistic_found *out);
/* The same without, on the weights, or first as combinations of wide rows
 * (logistic_minimize_span.c). */
clf_status clf__logistic_minimize_smooth(clf__logistic_fitting *fitting, double *variables,
                                         clf__logistic_found *out);
clf_status clf__logistic_minimize_wide(clf__logistic_fitting *fitting, double *variables,
                                       clf__logistic_found *out);
void clf__logistic_fitting_free(clf__logistic_fitting *fitting);

/* What the solvers share. clf__logistic_evaluate() of a fitting's objective: an evaluation may take
 * seconds, in which the host is asked. */
clf_status clf__logistic_evaluate_watched(void *fitting, const double *at, double *value,
                                          double *gradient);
/* Sets the value after an iteration in `history`. */
clf_status clf__logistic_record(clf__logistic_fitting *fitting, int64_t iteration, double value);
clf_status clf__logistic_report(clf__logistic_fitting *fitting, int64_t iteration, double value);
/* Makes the objective that of the same rows again, after setting *what, a member that says how it
 * is computed. */
clf_status clf__logistic_change(clf__logistic_fitting *fitting, double C, bool *what);

/* clf__lbfgs_problem.observe of a fitting: ends the fit near the minimum. */
clf_status clf__logistic_observe(void *fitting, int64_t iteration, double value,
                                 const double *gradient, clf__lbfgs_order *order);

enum { CLF__LOGISTIC_PAIRS = 7 };    /* of L-BFGS */
#define CLF__LOGISTIC_EXACT 1e-6     /* relative error of the objective */
#define CLF__LOGISTIC_EXCESS 10      /* tolerances: relative, of the objective above its minimum */
#define CLF__LOGISTIC_PRECISION 1e-5 /* relative decrease that f32 may not resolve */

#endif
