/* Ridge: regularized least squares. It minimizes sum_i w_i |W x_i + b - t_i|^2 + alpha |W|^2, where
 * the intercept b is not penalized (Hoerl and Kennard 1970). As a classifier it has one output for
 * each class, with targets t of -1 and +1, and predicts the argmax, as scikit-learn's
 * RidgeClassifier does.
 *
 * With the Gram engine's scatter S and cross C about the mean m, W solves (S + alpha I) W^T = C^T,
 * and b = mean(t) - W m. For well-conditioned rows this takes one pass over the rows and a Cholesky
 * factorization. For others, ops/linalg/least_squares.h finds the solution of f64 least squares;
 * among several solutions it is the one of minimum norm. If there are many features (LARGE),
 * conjugate gradients avoid the columns^2 matrix (ridge_cg.c). */
#include <float.h>
#include <string.h>

#include "base/text.h"
#include "models/linear.h"
#include "models/model.h"
#include "models/ridge/ridge.h"
#include "models/sums.h"
#include "ops/ops.h"

#define CLF__VALUES clf__ridge_params
static const clf__param params[] = {
    CLF__REAL(alpha, "1", 0, DBL_MAX, "strength of the L2 penalty"),
    CLF__LIST(alphas, "none", "none", 0, DBL_MAX,
              "in place of alpha: one for each output, or candidates to choose from"),
    CLF__CHOICE(choose, "none|shared|each", "none",
                "choose among alphas by leave-one-out: one for all outputs, or one for each"),
    CLF__BOOL(fit_intercept, "true", "whether to fit an intercept"),
    CLF__CLASS_WEIGHT,
    CLF__CHOICE(solver, "auto|cholesky|cg", "auto", "cholesky is exact; cg suits many features"),
    CLF__REAL(tolerance, "1e-5", CLF__ABOVE(0), 1, "cg: relative residual to stop at"),
    CLF__INT(max_iterations, "1000", 1, 1e9, "cg: maximum number of iterations"),
    CLF__PRECISION("products of the rows in f32 or in f64; with cg, those of its residuals"),
    CLF__DECISION_PARAMS,
    CLF__INCREMENTAL,
};

enum { LARGE = 4096 };

/* Computes the means of the targets [outputs], relative to which W is fitted; 0 without an
 * intercept. */
static void target_means(const clf__training *training, const clf__gram *gram, bool centered,
                         double *means) {
  for (int64_t k = 0; k < training->outputs; k++) {
    means[k] = !centered                   ? 0
               : training->targets != NULL ? gram->class_weight[k] / gram->weight
                                           : 2 * gram->class_weight[k] / gram->weight - 1;
  }
}

/* Computes the right-hand side C^T [columns, outputs]. Classes are coded as -1/+1 instead of 0/1,
 * so the class sums are doubled and the sum over all classes is subtracted. */
static void right_hand_side(const clf__training *training, const clf__gram *gram, double *rhs) {
  int64_t columns = training->x->columns;
  int64_t outputs = training->outputs;
  for (int64_t j = 0; j < columns; j++) {
    double all = 0;
    for (int64_t k = 0; k < outputs; k++) {
      rhs[j * outputs + k] = gram->cross[k * columns + j];
      all += rhs[j * outputs + k];
    }
    for (int64_t k = 0; k < outputs && training->classes > 0; k++) {
      rhs[j * outputs + k] = 2 * rhs[j * outputs + k] - all;
    }
  }
}

static clf_status solve(clf_context *context, double alpha, const clf__gram_input *input,
                        const clf__gram *gram, const double *means, const double *right_side,
                        double *solution, double *uncertainty) {
  const int64_t columns = input->x->columns;
  double *penalty = clf__alloc_array(context, columns, sizeof *penalty);
  if (penalty == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < columns; j++) {
    penalty[j] = alpha;
    gram->scatter[j * columns + j] += alpha;
  }
  const clf__least_squares problem = {.rows = {.x = input->x, .mean = gram->mean},
                                      .weights = input->weights,
                                      .scale = 1,
                                      .penalty = penalty,
                                      .matrix = gram->scatter,
                                      .noise = gram->noise,
                                      .coarse = gram->coarse,
                                      .exact = gram->exact,
                                      .outputs = input->outputs,
                                      .right_side = right_side,
                                      .targets = input->targets,
                                      .labels = input->labels,
                                      .target_mean = uncertainty != NULL ? NULL : means,
                                      .uncertainty = uncertainty};
  clf_status status = clf__least_squares_solve(solution, NULL, context, &problem);
  clf__free(penalty);
  return status;
}

static bool are_equal(const double *alpha, int64_t outputs) {
  bool equal = true;
  for (int64_t k = 1; k < outputs; k++) {
    equal = equal && alpha[k] == alpha[0];
  }
  return equal;
}

/* Solves once for each alpha that differs from those before it, and keeps the outputs that it is
 * for. */
static clf_status solve_each(clf_context *context, const double *alpha,
                             const clf__gram_input *input, clf__gram *gram, const double *means,
                             const double *right_side, double *solution) {
  const int64_t columns = input->x->columns, outputs = input->outputs;
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  double *scatter = clf__arena_matrix(&arena, columns, columns, sizeof *scatter);
  double *found = clf__arena_matrix(&arena, columns, outputs, sizeof *found);
  bool *done_with = clf__arena_zeroed(&arena, outputs, sizeof *done_with);
  CLF__TRY(clf__arena_status(&arena));
  memcpy(scatter, gram->scatter, (size_t)(columns * columns) * sizeof *scatter);
  for (int64_t k = 0; k < outputs; k++) {
    if (done_with[k]) {
      continue;
    }
    memcpy(gram->scatter, scatter, (size_t)(columns * columns) * sizeof *scatter);
    CLF__TRY(solve(context, alpha[k], input, gram, means, right_side, found, NULL));
    for (int64_t other = k; other < outputs; other++) {
      done_with[other] = done_with[other] || alpha[other] == alpha[k];
      for (int64_t j = 0; j < columns && alpha[other] == alpha[k]; j++) {
        solution[j * outputs + other] = found[j * outputs + other];
      }
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Replaces the means of the targets by the intercepts. */
static void set_intercepts(const clf__ridge_params *p, const clf__gram *gram, const double *rhs,
                           int64_t columns, int64_t outputs, double *means) {
  for (int64_t k = 0; k < outputs; k++) {
    double dot = 0;
    for (int64_t j = 0; j < columns; j++) {
      dot += rhs[j * outputs + k] * gram->mean[j];
    }
    means[k] = p->fit_intercept ? means[k] - dot : 0;
  }
}

/* Solves for W and b by sums over the rows, and stores them. `means` [outputs] are those of the
 * targets. With `sums`, the rows of the input are empty, and `alpha` [outputs] is the same
 * everywhere. */
static clf_status fit_gram(const clf_model *model, const clf__training *training,
                           const double *alpha, const clf__gram_input *input, clf__gram *gram,
                           double *means, const clf__moments *sums, clf__store *state) {
  const clf__ridge_params *p = model->params;
  clf_context *context = model->context;
  const int64_t columns = training->x->columns, outputs = training->outputs;
  double uncertainty = 0;
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  double *right_side = clf__arena_matrix(&arena, columns, outputs, sizeof *right_side);
  double *solution = clf__arena_matrix(&arena, columns, outputs, sizeof *solution);
  CLF__TRY(clf__arena_status(&arena));
  right_hand_side(training, gram, right_side);
  CLF__TRY(are_equal(alpha, outputs)
               ? solve(context, alpha[0], input, gram, means, right_side, solution,
                       sums != NULL ? &uncertainty : NULL)
               : solve_each(context, alpha, input, gram, means, right_side, solution));
  set_intercepts(p, gram, solution, columns, outputs, means);
  const clf__linear_solution found = {solution, means, 1, outputs, outputs, columns};
  CLF__TRY(sums != NULL
               ? clf__linear_store_sums(context, state, &clf__decision_names, &found, sums)
               : clf__linear_store(context, state, &clf__decision_names, &found, training->x));
  status = sums != NULL ? clf__sums_judge(training, uncertainty) : CLF_OK;
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status fit_cholesky(const clf_model *model, const clf__training *training,
                               const float *row_weights, const double *alpha, clf__store *state) {
  const clf__ridge_params *p = model->params;
  clf__gram_input input = {.x = training->x,
                           .weights = row_weights,
                           .labels = training->labels,
                           .targets = training->targets,
                           .outputs = training->outputs,
                           .centered = p->fit_intercept,
                           .f64 = p->precision == CLF__PRECISION_F64};
  clf__gram gram = {0};
  clf_status status = CLF_OK;
  double *means = clf__alloc_array(model->context, training->outputs, sizeof *means);
  CLF__TRY(means != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(clf__gram_create(&gram, model->context, &input));
  target_means(training, &gram, p->fit_intercept, means);
  status = fit_gram(model, training, alpha, &input, &gram, means, NULL, state);
done:
  clf__gram_free(&gram);
  clf__free(means);
  return status;
}

/* The same by sums of all rows that the model has been given. */
static clf_status fit_sums(const clf_model *model, const clf__training *training,
                           const clf__moments *sums, clf__store *state) {
  const clf__ridge_params *p = model->params;
  const clf__gram_input input = {.x = training->x, .outputs = training->outputs};
  clf__gram gram = {0};
  clf_status status = CLF_OK;
  double *means = clf__alloc_matrix(model->context, 2, training->outputs, sizeof *means);
  CLF__TRY(means != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  double *alpha = means + training->outputs;
  CLF__TRY(clf__moments_gram(&gram, model->context, sums, p->fit_intercept, false, NULL));
  for (int64_t k = 0; k < training->outputs; k++) {
    const double share = gram.class_weight[k] / gram.weight;
    alpha[k] = p->alpha;
    means[k] = !p->fit_intercept ? 0
               : sums->classes   ? 2 * gram.class_weight[k] / gram.weight - 1
                                 : sums->target_reference[k] + share;
  }
  status = fit_gram(model, training, alpha, &input, &gram, means, sums, state);
done:
  clf__gram_free(&gram);
  clf__free(means);
  return status;
}

enum { AUTO = 0, CHOLESKY = 1 };

static bool is_direct(const clf_model *model) {
  const clf__ridge_params *p = model->params;
  return p->solver == CHOLESKY || (p->solver == AUTO && model->columns <= LARGE);
}

/* Stores what alphas became, and the errors by which they were chosen. */
static clf_status store_alpha(const clf_model *model, const double *alpha, const double *error,
                              int64_t outputs, clf__store *state) {
  CLF__CHECK(clf__state_tensor(model->context, state, "alpha", CLF_F64, outputs, -1));
  memcpy(clf__state_data(state, "alpha"), alpha, (size_t)outputs * sizeof *alpha);
  if (error == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__state_tensor(model->context, state, "leave_one_out_error", CLF_F64, outputs, -1));
  memcpy(clf__state_data(state, "leave_one_out_error"), error, (size_t)outputs * sizeof *error);
  return CLF_OK;
}

/* Sets alpha [outputs] by the parameters. */
static clf_status set_alpha(double *alpha, const clf_model *model, const clf__training *training,
                            const float *weights, clf__store *state) {
  const clf__ridge_params *p = model->params;
  const int64_t outputs = training->outputs;
  double *error = alpha + outputs;
  for (int64_t k = 0; k < outputs; k++) {
    alpha[k] = p->alphas.count == outputs ? p->alphas.values[k] : p->alpha;
  }
  if (p->alphas.word >= 0) {
    return p->choose == CLF__RIDGE_CHOOSE_NONE
               ? CLF_OK
               : clf__fail(CLF_ERROR_ARGUMENT, "ridge: choose needs candidates; set alphas");
  }
  if (p->choose != CLF__RIDGE_CHOOSE_NONE) {
    CLF__CHECK(clf__ridge_choose(alpha, error, model, training, weights));
    clf__fit_log(training, "leave-one-out chooses alpha %s%s", clf__number_text(alpha[0]),
                 are_equal(alpha, outputs) ? "" : " for the first output");
    return store_alpha(model, alpha, error, outputs, state);
  }
  if (p->alphas.count != outputs) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "ridge: alphas has %lld numbers, and there are %lld outputs; give one for "
                     "each, or set choose=shared or choose=each",
                     (long long)p->alphas.count, (long long)outputs);
  }
  return store_alpha(model, alpha, NULL, outputs, state);
}

static clf_status fit(const clf_model *model, const clf__training *training, clf__store *state) {
  const clf__ridge_params *p = model->params;
  const float *weights;
  clf__arena arena = {.context = model->context};
  clf_status status = CLF_OK;
  double *alpha = clf__arena_matrix(&arena, 2, training->outputs, sizeof *alpha);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__effective_weights(&weights, &arena, model, training, training, &p->class_weight));
  CLF__TRY(set_alpha(alpha, model, training, weights, state));
  if (p->solver == AUTO) {
    clf__fit_log(training, "solver=auto is %s", is_direct(model) ? "cholesky" : "cg");
  }
  if (!is_direct(model) && !are_equal(alpha, training->outputs)) {
    status = clf__fail(CLF_ERROR_UNSUPPORTED,
                       "ridge: conjugate gradients solve for all outputs with one alpha; set "
                       "solver=cholesky");
    goto done;
  }
  status = is_direct(model) ? fit_cholesky(model, training, weights, alpha, state)
                            : clf__ridge_fit_cg(model, training, weights, alpha[0], state);
done:
  clf__arena_free(&arena);
  return status;
}

static bool is_divided(const clf_model *model) {
  const clf__ridge_params *p = model->params;
  return p->choose == CLF__RIDGE_CHOOSE_NONE;
}

static bool sums_first(const clf_model *model) {
  return is_divided(model) && is_direct(model);
}

static bool movable(const clf_model *model) {
  return ((const clf__ridge_params *)model->params)->fit_intercept;
}

static bool keeps_sums(const clf_model *model) {
  return ((const clf__ridge_params *)model->params)->incremental;
}

static clf_status check_sums(const clf_model *model) {
  const clf__ridge_params *p = model->params;
  if (!is_direct(model)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "ridge: conjugate gradients need all rows at once; solver=cholesky keeps the "
                     "sums of products of %lld features (%lld MB)",
                     (long long)model->columns,
                     (long long)(clf__count(model->columns, model->columns) >> 17));
  }
  if (p->alphas.word < 0) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "ridge: alphas is for fits of all rows at once; set alpha");
  }
  return p->class_weight.word != CLF__CLASS_WEIGHT_BALANCED
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "ridge: class_weight=balanced weighs the rows by how many there are of "
                         "each class, which later rows change; set numbers");
}

static const clf__list *class_weight(const clf_model *model) {
  return &((const clf__ridge_params *)model->params)->class_weight;
}

static int64_t min_rows(const clf_model *model, int64_t classes) {
  (void)model;
  return classes;
}

static const clf__sums_kind sums_kind = {.kept = keeps_sums,
                                         .check = check_sums,
                                         .centered = movable,
                                         .class_weight = class_weight,
                                         .min_rows = min_rows,
                                         .solve = fit_sums};

static clf_status check_if_there(const clf_model *model, const char *name) {
  return clf__store_tensor(model->state, name) == NULL
             ? CLF_OK
             : clf__check_tensor(model, name, CLF_F64, model->outputs, -1);
}

static clf_status check(const clf_model *model) {
  CLF__CHECK(clf__linear_check(model));
  CLF__CHECK(check_if_there(model, "alpha"));
  return check_if_there(model, "leave_one_out_error");
}

const clf__model_kind clf__ridge_kind = {
    .base = CLF__KIND("ridge",
                      "regularized least squares, a classifier on 1-of-K targets or a regression",
                      params, clf__ridge_params),
    .decision = CLF__DECISION_LINEAR,
    .can = CLF__CAN_REGRESS | CLF__CAN_WEIGH | CLF__CAN_SPARSE,
    .movable = movable,
    .divided = is_divided,
    .fit = fit,
    .sums = &sums_kind,
    .check = check,
    .reads_f64 = is_direct,
    .sums_first = sums_first,
    .decide = clf__linear_decide,
    .decide_f64 = clf__linear_decide_f64,
};
