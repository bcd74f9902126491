/* The support vector machine, between its files: svm.c (the kind, its parameters and state),
 * svm_fit.c (all machines of a fit), svm_primal.c (those of the squared hinge loss), svm_store.c
 * (their state), svm_shared.c (what they share), svm_warm.c (what a fit begins with), svm_problem.c
 * (the variables of one problem), svm_solve.c (its solution), svm_set.c (its working sets),
 * svm_set_newton.c (their solution), svm_gradient.c (its gradients), svm_shrink.c (the part of it
 * that is active), svm_accelerate.c (steps between its working sets), svm_start.c, svm_interior.c
 * and svm_descent.c (where linear machines start), svm_newton.c and svm_normal.c (squared hinge
 * loss, and equations of few columns), svm_probability.c, svm_decide.c (prediction). */
#ifndef CLF_MODELS_SVM_SVM_H
#define CLF_MODELS_SVM_SVM_H

#include "base/progress.h"
#include <math.h>

#include "models/decision/decision.h"
#include "models/kernel/kernel.h"
#include "models/kernel/kernel_cache.h"

/* What a model distinguishes or predicts, in LIBSVM's order. */
enum {
  CLF__SVM_C_SVC,
  CLF__SVM_NU_SVC,
  CLF__SVM_ONE_CLASS,
  CLF__SVM_EPSILON_SVR,
  CLF__SVM_NU_SVR,
  CLF__SVM_TYPES
};
#define CLF__SVM_TYPE_WORDS "c_svc|nu_svc|one_class|epsilon_svr|nu_svr"

typedef struct clf__svm_params {
  clf__decision_params decision;
  clf__kernel_params kernel;
  int32_t type; /* CLF__SVM_C_SVC … */
  double C;
  int32_t loss, penalty; /* CLF__SVM_HINGE …, CLF__SVM_L2 … */
  double l1_ratio;
  clf__number intercept_scaling;
  double nu, epsilon;
  bool warm_start;
  clf__list class_weight;
  int32_t multiclass;
  int32_t divide; /* CLF__SVM_DIVIDE_MACHINES … */
  double tolerance;
  bool probability;
  int64_t max_iterations;
  double cache_mb;
  int32_t precision;
} clf__svm_params;

/* The value of the feature whose weight is the intercept; INFINITY for an intercept without
 * penalty. */
static inline double clf__svm_intercept_scaling(const clf__svm_params *params) {
  return params->intercept_scaling.word < 0 ? params->intercept_scaling.value : (double)INFINITY;
}

/* The number of machines, and of coefficients for each vector. Machines of pairs of classes share
 * lines of coefficients. Others have a line each: of a class against the rest, of an output of a
 * regression, or of all rows as one class. */
typedef struct clf__svm_shape {
  int32_t type; /* CLF__SVM_C_SVC … */
  bool pairs;
  bool one_vs_rest;
  int64_t problems;
  int64_t coefficients;
} clf__svm_shape;

/* Prefix of the tensors that a fit with warm_start=true leaves to the next; they are not saved. */
#define CLF__SVM_WARM "warm_"

enum { CLF__SVM_ONE_VS_ONE, CLF__SVM_ONE_VS_REST };
enum { CLF__SVM_DIVIDE_MACHINES, CLF__SVM_DIVIDE_ROWS };
enum { CLF__SVM_HINGE, CLF__SVM_SQUARED_HINGE };
enum { CLF__SVM_L2, CLF__SVM_L1, CLF__SVM_ELASTIC_NET };

/* Returns the share of |w|_1 in the penalty; the rest is of |w|^2 / 2. */
static inline double clf__svm_l1_share(const clf__svm_params *params) {
  const int32_t penalty = params->penalty;
  return penalty == CLF__SVM_L1 ? 1 : penalty == CLF__SVM_ELASTIC_NET ? params->l1_ratio : 0;
}

/* What all problems of a fit share. */
typedef struct clf__svm_rows {
  clf_context *context;
  clf__kernel_function function;
  clf__grouped_rows groups;
  const float *center;      /* or NULL */
  clf__kernel_cache *cache; /* NULL for a linear kernel, which stores w instead */
  clf__progress progress;
} clf__svm_rows;

/* One problem. Its variables are the rows of the parts, one part after another; a row's side y is
 * its part's. With b_i = y_i alpha_i,
 *   maximize p^T b - 1/2 b^T K b,  0 <= y_i b_i <= C_i,
 * where the sum of all b is constant or, with two sums, that of each side:
 *   type         parts                    p              constant
 *   c_svc        classes of two sides     y              sum b = 0
 *   nu_svc       the same                 0              sum alpha of each side = nu sum C / 2
 *   one_class    all rows, on side 1      0              sum alpha = nu sum C
 *   epsilon_svr  all rows on both sides   t - epsilon y  sum b = 0
 *   nu_svr       the same                 t              sum alpha of each side = nu sum C / 2
 * The targets t are taken about their mean, which the intercept contains again. */
typedef struct clf__svm_problem {
  const clf__svm_rows *rows;
  int32_t type; /* CLF__SVM_C_SVC … */
  int64_t parts;
  const int64_t *part; /* [parts] classes */
  const int8_t *side;  /* [parts] */
  double tolerance;
  const double *gap;  /* to reach, of a part of a problem, whose objective it has; else NULL */
  bool f64;           /* products of rows and weights are in f64, with a linear kernel */
  int64_t max_steps;  /* limit of `steps` */
  const double *C;    /* [rows] upper bounds of the rows' alpha */
  const bool *absent; /* [count] variables to leave at 0, or NULL */
  double nu, epsilon;
  const double *target; /* of row i: target[i * stride]; NULL for a classification */
  int64_t stride;
  double target_mean, target_spread;
  /* A solution for other bounds, or with the absent variables, to start from, if sum b = 0: b and
   * K b, [count] each, or NULL. K b is computed if only b is given. */
  const double *start_b, *start_product;
  double *kept_b; /* [count] b for a later fit is copied here; or NULL */
  /* Results. */
  int64_t count;    /* variables */
  int64_t *row;     /* [count] the variable's row of x */
  double *y;        /* [count] 1 or -1 */
  double *linear;   /* [count] p; of a c_svc it is y itself */
  double *b;        /* [count] */
  double *gradient; /* [count] p_i - sum_j b_j K_ij, the gradient of the dual objective */
  double intercept;
  double implied;        /* with two sums: the margin of a nu_svc before it is scaled to 1, or minus
                          * the epsilon of a nu_svr */
  double calibration[2]; /* A and B of its sigmoid, with probability=true */
  double objective;      /* of the dual, to be minimized: 1/2 b^T K b - p^T b */
  int64_t steps;
  int64_t open_folds; /* of its calibration, which have not converged */
  bool converged;
  bool objective_is_far; /* it may exceed its minimum, although the conditions hold */
  bool ended;            /* converged, or no step would change the result */
  bool finished; /* ended, and complete: its probabilities are fitted, only its vectors are kept */
} clf__svm_problem;

/* Regressions have two variables for each row, the second `count / 2` after the first. */
static inline bool clf__svm_twins(const clf__svm_problem *problem) {
  return problem->target != NULL;
}

static inline bool clf__svm_two_sums(const clf__svm_problem *problem) {
  return problem->type == CLF__SVM_NU_SVC || problem->type == CLF__SVM_NU_SVR;
}

static inline bool clf__svm_type_is_regression(int32_t type) {
  return type == CLF__SVM_EPSILON_SVR || type == CLF__SVM_NU_SVR;
}

static inline bool clf__svm_type_has_classes(int32_t type) {
  return type == CLF__SVM_C_SVC || type == CLF__SVM_NU_SVC;
}

static inline bool clf__svm_type_has_nu(int32_t type) {
  return type == CLF__SVM_NU_SVC || type == CLF__SVM_NU_SVR || type == CLF__SVM_ONE_CLASS;
}

/* Returns the number of its variables, also before it is solved. */
int64_t clf__svm_count(const clf__svm_problem *problem);
/* Allocates and fills the results; free them after a failure, too. A problem that has results
 * because it ran out of steps is continued. One that is cancelled has those of its last step, if it
 * has made `steps`. */
clf_status clf__svm_solve(clf__svm_problem *problem);
void clf__svm_problem_free(clf__svm_problem *problem);
/* Returns the machine's value for the row of variable i, of its training or absent from it. */
double clf__svm_value(const clf__svm_problem *problem, int64_t i);
/* Scales a solved nu_svc so that its values at the margin are 1 and -1, as those of the c_svc with
 * C = 1 / margin are; does nothing for other types. Returns CLF_ERROR_NUMERIC if there is no
 * margin. */
clf_status clf__svm_scale_margin(clf__svm_problem *problem);
/* Keeps only the variables that are support vectors, one for each row. */
void clf__svm_keep_vectors(clf__svm_problem *problem);
/* Returns the largest feasible nu of a nu_svc: the sides' bounds limit their sums. */
double clf__svm_max_nu(const clf__svm_problem *problem);

/* Returns the tolerance of the machines of a fold, whose values are calibrated: values within ten
 * times the tolerance of the fit give the same map to far more digits than its rows determine. */
static inline double clf__svm_fold_tolerance(double tolerance) {
  return fmin(10 * tolerance, 1);
}

/* Returns the folds by which a fit computes probabilities, 0 if it computes none. */
int64_t clf__svm_calibration_folds(const clf__svm_params *params);
/* Computes the sigmoid of a solved problem by cross-validation, and counts the folds that have not
 * converged. `weights` [rows of x] are those of the rows, or NULL. */
clf_status clf__svm_calibrate(clf__svm_problem *whole, const float *weights, int64_t folds);
/* Adds `calibration`, the sigmoids of all machines, fitted to held-out rows. */
clf_status clf__svm_fit_sigmoids(const clf_model *model, const clf_dataset *held_out,
                                 const int32_t *labels, clf__store *state);
int32_t clf__svm_link(const clf_model *model);
/* Computes the log-odds [classes] from the values f of a row's machines. Classes without support
 * vectors had no rows, and get probability 0. `scratch` has classes * (classes + 2) elements. */
void clf__svm_log_odds(const clf__svm_shape *shape, int64_t classes, const int64_t *support_count,
                       const double *calibration, const float *f, double *scratch, float *values);
/* Computes probabilities from log-odds, in place. */
clf_status clf__svm_probabilities(const clf_model *model, float *values, int64_t rows);
/* The solution of a problem: b and K b, [count] each. */
typedef struct clf__svm_solution {
  double *b, *product;
} clf__svm_solution;

/* The things that several fits on the same rows share. */
typedef struct clf__svm_shared {
  clf__arena arena;
  clf_context *context;
  clf__kernel_function function;
  clf__rows x;
  clf__grouped_rows groups;
  int64_t *order, *start;
  const float *center;
  clf__kernel_cache *cache; /* NULL for a linear kernel */
  clf__svm_shape shape;
  clf__svm_solution *solutions; /* [problems], NULL before the first fit */
} clf__svm_shared;

/* The groups of rows that the machines are made of: classes, or all rows as one group. */
static inline int64_t clf__svm_groups(const clf__training *training) {
  return training->labels != NULL ? training->classes : 1;
}

static inline int64_t clf__svm_group_of(const clf__training *training, int64_t row) {
  return training->labels != NULL ? training->labels[row] : 0;
}

/* Returns the shared data of an earlier fit if it has the same rows and kernel. Otherwise it makes
 * new data, which replace those in training->shared; if that is NULL, they belong to the caller. */
clf_status clf__svm_share(clf__svm_shared **out, clf_context *context,
                          const clf__training *training, const clf__kernel_function *function,
                          const double *C, int64_t cache_bytes);
/* Makes new data, which belong to the caller, without kernel values. */
clf_status clf__svm_order_rows(clf__svm_shared **out, clf_context *context,
                               const clf__training *training, const clf__kernel_function *function,
                               const double *C);
void clf__svm_shared_free(void *shared);
/* Allocates the solutions of a fit; those of an earlier one are kept. */
clf_status clf__svm_begin_solutions(clf__svm_shared *shared, const clf__svm_shape *shape);
/* Keeps the solution of a solved problem without nu for the next fit; takes ownership of its
 * gradient, of which it makes K b. Fails if memory runs out. */
clf_status clf__svm_hand_on(clf__svm_shared *shared, int64_t index, clf__svm_problem *solved);

/* Returns the machines of a fitted model, whose parameters may have changed since. The state has
 * the tensor `type` i32 [1] (CLF__SVM_C_SVC if there is none) and `one_vs_rest` i32 [1], if each
 * class is against the rest. */
clf__svm_shape clf__svm_shape_of(const clf_model *model);
clf_status clf__svm_fit(const clf_model *model, const clf__training *training, clf__store *state);
/* The same with loss=squared_hinge (svm_primal.c). */
clf_status clf__svm_fit_primal(const clf_model *model, const clf__training *training,
                               clf__store *state);
/* Stores linear machines, of two classes, of each class against the rest, of a target or of one
 * class, by their weights w [machines, columns] and intercepts b [machines]: the weights of each
 * machine are its support vector, with the coefficient 1. */
clf_status clf__svm_store_linear(const clf_model *model, clf__store *state, const double *w,
                                 const double *b, int64_t machines);
int64_t clf__svm_components(const clf_model *model); /* its machines */
clf_status clf__svm_transform(const clf_model *model, const clf__rows *x, float *values);
clf_status clf__svm_decide(const clf_model *model, const clf__rows *x, float *values);
/* The same in f64; only if clf__svm_has_f64(). */
bool clf__svm_has_f64(const clf_model *model);
clf_status clf__svm_transform_f64(const clf_model *model, const clf__rows *x, double *values);
clf_status clf__svm_decide_f64(const clf_model *model, const clf__rows *x, double *values);

#endif
