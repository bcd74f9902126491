/* Logistic regression: P(class | x) is the softmax or the sigmoid of W x + b, with an L2 penalty.
 * The fit minimizes C sum_i w_i loss_i + 1/2 |W|^2, divided by the sum of the weights; the
 * intercept b is not penalized. Two classes have one output, z of class 1, and the decision is [0,
 * z]. one_vs_rest has one sigmoid for each class; all are fitted at once, since their objectives
 * add.
 *
 * The method is L-BFGS (optim/lbfgs.c), preconditioned by the Hessian's diagonal blocks on a sample
 * of rows (logistic_precondition.c). Those of many outputs are pooled (logistic_pooled.c) and begin
 * with a step of a length that is searched (logistic_first.c). They are computed at the start,
 * after four iterations, and then at doubling distances; pooled ones of more outputs than columns
 * sooner. An evaluation (logistic_loss.c) reads the rows once and needs 2 * rows * columns *
 * outputs multiply-adds: 0.94 G for MNIST, 8 ms on two cores of 115 GFLOP/s each. A fit takes about
 * 25 evaluations. On dense rows of so many columns that blocks do not pay, the weights are
 * combinations of the rows (logistic_span.c), if these are not out of proportion. Two classes on
 * sparse rows of so many columns have truncated Newton instead (optim/newton.c), in f64. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "models/decision/decision.h"
#include "models/linear.h"
#include "models/logistic/logistic_minimize.h"

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
    CLF__REAL(tolerance, "1e-7", 0, DBL_MAX,
              "maximum of the mean objective's gradient; with |W|_1: of its relative duality gap"),
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

/* Sets the variables to the weights of an earlier fit. The softmax of two classes has one output,
 * the difference of theirs. */
static void begin(const clf__logistic_fitting *f, const clf_model *model, double *variables) {
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
static clf_status store_solution(const clf__logistic_fitting *f, const clf_model *model,
                                 int64_t iterations, const double *variables, clf__store *state) {
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

static clf_status outcome(const clf__logistic_fitting *f, const clf__logistic_found *result) {
  if (result->converged) {
    return CLF_OK;
  }
  if (f->objective.keeps_outputs) {
    clf__log(
        f->objective.context, CLF_LOG_WARNING,
        "logistic: not converged after %lld iterations: the objective may be above its minimum "
        "by %s of its value; standardize the features, or raise max_iterations or tolerance",
        (long long)result->iterations, clf__number_text(f->relative_gap));
    return CLF_NOT_CONVERGED;
  }
  const bool far = f->largest <= f->tolerance;
  clf__log(f->objective.context, CLF_LOG_WARNING,
           "logistic: not converged after %lld iterations: %s%s; "
           "scale the features, or raise max_iterations or tolerance",
           (long long)result->iterations,
           far ? "the objective may be far from its minimum"
               : "the gradient's largest component is ",
           far ? "" : clf__number_text(f->largest));
  return CLF_NOT_CONVERGED;
}

static clf_status minimize(clf__logistic_fitting *f, const clf_model *model, double l1,
                           clf__store *state) {
  int64_t size = clf__count(f->objective.outputs, f->objective.columns + 1);
  double *variables = clf__alloc_zeroed(model->context, size, sizeof *variables);
  if (variables == NULL) {
    return CLF_ERROR_MEMORY;
  }
  if (f->before != NULL) {
    begin(f, model, variables);
  }
  clf__logistic_found result = {.iterations = 0};
  clf_status status = clf__logistic_minimize(f, l1, variables, &result);
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
  clf__logistic_fitting f = {
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
      .C = p->C,
      .tolerance = p->tolerance,
      .max_iterations = p->max_iterations,
  };
  clf_status status = CLF_OK;
  CLF__TRY(clf__effective_weights(&weights, &arena, model, training, training, &p->class_weight));
  /* With an L1 penalty, the objective is the loss alone. */
  const double share = l1_share(p);
  f.objective.keeps_residual = share > 0;
  f.objective.keeps_outputs = share > 0;
  f.objective.in_span = share == 0 && f.before == NULL && training->x->shards == NULL &&
                        clf__logistic_is_wide(&f.objective);
  CLF__TRY(clf__logistic_objective_create(&f.objective, weights, share > 0 ? INFINITY : p->C));
  status = minimize(&f, model, share * clf__logistic_penalty(&f.objective, p->C), state);
done:
  clf__logistic_fitting_free(&f);
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
static bool is_divided(const clf_model *model) {
  return l1_share(model->params) == 0;
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
    .divided = is_divided,
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
