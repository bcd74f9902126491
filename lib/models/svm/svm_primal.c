/* Linear machines with the squared hinge loss, each of a class against the rest, as LIBLINEAR's
 * solvers 1, 2 and 5 have them (Fan, Chang, Hsieh, Wang and Lin 2008): each minimizes
 *   C sum_i c_i max(0, 1 - t_i (w . x_i + b))^2 + P(w),
 *   P(w) = r |w|_1 + (1 - r) |w|^2 / 2,
 * with r = 0 or 1, or l1_ratio for an elastic net, and t_i = 1 for its class and -1 for the others.
 * The intercept b is free or, by intercept_scaling, the weight of one more feature of that value,
 * which P includes.
 *
 * The loss has a second derivative almost everywhere, 2 c_i for rows within the margin and 0 for
 * others, so the method is proximal Newton (optim/prox_newton.c) on the mean loss, of all machines
 * at once, or for sparse rows with |w|^2 / 2 truncated Newton (svm_primal_sparse.c). Everything is
 * computed in f64. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "models/svm/svm_primal.h"

/* Curvature of a row that no machine needs, so that sums of them can be divisors. */
static const float min_curvature = 1e-10F;
static const double tolerance_unit = 1e-3; /* of the parameter's, which is of margins */

/* Replaces outputs by the derivatives of the loss. */
static void replace_outputs(void *argument, int64_t first, int64_t rows, double *z) {
  clf__svm_primal *p = argument;
  for (int64_t i = first; i < first + rows; i++) {
    for (int64_t k = 0; k < p->machines; k++, z++) {
      const double side = p->training->labels[i] == k ? 1 : -1, rest = 1 - side * *z;
      p->missing[i * p->machines + k] = fmax(rest, 0);
      *z = rest > 0 ? -2 * clf__svm_primal_weight(p, i) * side * rest : 0;
      p->losses[k] += rest > 0 ? clf__svm_primal_weight(p, i) * rest * rest : 0;
      p->bias[k] += *z;
    }
  }
}

static clf_status evaluate(void *argument, const double *at, double *values, double *gradient) {
  clf__svm_primal *p = argument;
  const int64_t weights = p->machines * p->x.columns, size = weights + p->machines;
  memset(gradient, 0, (size_t)size * sizeof *gradient);
  memset(p->losses, 0, (size_t)p->machines * sizeof *p->losses);
  p->bias = gradient + weights;
  CLF__CHECK(clf__linear_pass_run(&p->pass, at, at + weights, replace_outputs, p, gradient));
  for (int64_t k = 0; k < p->machines; k++) {
    values[k] = p->losses[k] / p->total;
  }
  for (int64_t i = 0; i < size; i++) {
    gradient[i] /= p->total;
  }
  return CLF_OK;
}

static void curvature(void *argument, int64_t output, float *values) {
  const clf__svm_primal *p = argument;
  for (int64_t i = 0; i < p->x.rows; i++) {
    const float weight = (float)(clf__svm_primal_weight(p, i) / p->total);
    values[i] = weight * (p->missing[i * p->machines + output] > 0 ? 2 : min_curvature);
  }
}

/* Computes u of the duality gap (optim/prox_gap.c): the derivatives, those of the side with the
 * larger sum reduced to the other. */
static void balanced_derivatives(void *argument, int64_t first, int64_t rows, double *z) {
  const clf__svm_primal *p = argument;
  for (int64_t i = first; i < first + rows; i++) {
    for (int64_t k = 0; k < p->machines; k++, z++) {
      const bool own = p->training->labels[i] == k;
      const double size = 2 * clf__svm_primal_weight(p, i) * p->missing[i * p->machines + k];
      *z = p->factor[2 * k + own] * (own ? -size : size) / p->total;
    }
  }
}

static clf_status balance(void *argument, double *gradient) {
  clf__svm_primal *p = argument;
  memset(p->factor, 0, (size_t)p->machines * 2 * sizeof *p->factor);
  for (int64_t i = 0; i < p->x.rows; i++) {
    for (int64_t k = 0; k < p->machines; k++) {
      p->factor[2 * k + (p->training->labels[i] == k)] +=
          clf__svm_primal_weight(p, i) * p->missing[i * p->machines + k];
    }
  }
  for (int64_t k = 0; k < p->machines; k++) {
    double *sums = p->factor + 2 * k;
    const double least = fmin(sums[0], sums[1]);
    sums[0] = least < sums[0] ? least / sums[0] : 1;
    sums[1] = least < sums[1] ? least / sums[1] : 1;
  }
  memset(gradient, 0, (size_t)(p->machines * p->x.columns) * sizeof *gradient);
  return clf__linear_pass_run(&p->pass, NULL, NULL, balanced_derivatives, p, gradient);
}

/* With the rest r of a row to the margin and u = s f'(z): f(z) + f*(u) - u z = (1 - s)^2 r^2. Where
 * all rows are on one side, the minimum is 0, relative to which no gap is small: what is returned
 * is small relative to the loss where the loss is small. */
static void distance(void *argument, bool balanced, const double *factor, double *value) {
  const clf__svm_primal *p = argument;
  memset(value, 0, (size_t)p->machines * sizeof *value);
  for (int64_t i = 0; i < p->x.rows; i++) {
    for (int64_t k = 0; k < p->machines; k++) {
      const double own = balanced ? p->factor[2 * k + (p->training->labels[i] == k)] : 1;
      const double s = factor[k] * own;
      const double rest = (1 - s) * p->missing[i * p->machines + k];
      value[k] += clf__svm_primal_weight(p, i) * rest * rest / p->total;
    }
  }
  for (int64_t k = 0; k < p->machines; k++) {
    const bool one_sided = balanced && fmin(p->factor[2 * k], p->factor[2 * k + 1]) == 0;
    value[k] *= one_sided ? value[k] : 1;
  }
}

static clf_status observe(void *argument, int64_t iteration, double value) {
  const clf__svm_primal *p = argument;
  return clf__progress_step(&p->progress, p->steps + iteration, value, (double)NAN);
}

/* Adds a column of a constant to sparse rows. */
static clf_status extend_sparse(clf__svm_primal *p, float value) {
  const clf__rows *x = p->training->x;
  const int64_t first = x->row_start[0], entries = x->row_start[x->rows] - first;
  int64_t *start = clf__arena_array(&p->arena, x->rows + 1, sizeof *start);
  int32_t *column = clf__arena_array(&p->arena, entries + x->rows, sizeof *column);
  float *values = clf__arena_array(&p->arena, entries + x->rows, sizeof *values);
  CLF__CHECK(clf__arena_status(&p->arena));
  start[0] = 0;
  for (int64_t i = 0; i < x->rows; i++) {
    const int64_t from = x->row_start[i], count = x->row_start[i + 1] - from;
    memcpy(column + start[i], x->column + from, (size_t)count * sizeof *column);
    memcpy(values + start[i], x->value + from, (size_t)count * sizeof *values);
    start[i + 1] = start[i] + count + 1;
    column[start[i + 1] - 1] = (int32_t)x->columns;
    values[start[i + 1] - 1] = value;
  }
  p->x.row_start = start;
  p->x.column = column;
  p->x.value = values;
  p->x.columns++;
  return CLF_OK;
}

static clf_status extend_dense(clf__svm_primal *p, float value) {
  const clf__rows *x = p->training->x;
  const int64_t columns = x->columns + 1;
  float *values = clf__arena_matrix(&p->arena, x->rows, columns, sizeof *values);
  float *buffer = clf__arena_array(&p->arena, x->columns, sizeof *buffer);
  CLF__CHECK(clf__arena_status(&p->arena));
  for (int64_t i = 0; i < x->rows; i++) {
    memcpy(values + i * columns, clf__rows_values(x, i, buffer),
           (size_t)x->columns * sizeof *values);
    values[i * columns + x->columns] = value;
  }
  p->x = clf__rows_of_f32(values, x->rows, columns, columns);
  return CLF_OK;
}

static clf_status create(clf__svm_primal *p) {
  const clf__svm_params *params = p->model->params;
  const clf__training *training = p->training;
  const double scaling = clf__svm_intercept_scaling(params);
  p->x = *training->x;
  p->columns = p->x.columns;
  p->machines = training->classes == 2 ? 1 : training->classes;
  CLF__CHECK(clf__effective_weights(&p->weights, &p->arena, p->model, training, training,
                                    &params->class_weight));
  for (int64_t i = 0; i < p->x.rows; i++) {
    p->total += clf__svm_primal_weight(p, i);
  }
  if (scaling > 0 && !isinf(scaling)) {
    CLF__CHECK(clf__rows_sparse(&p->x) ? extend_sparse(p, (float)scaling)
                                       : extend_dense(p, (float)scaling));
  }
  p->missing = clf__arena_matrix(&p->arena, p->x.rows, p->machines, sizeof *p->missing);
  p->factor = clf__arena_matrix(&p->arena, p->machines, 2, sizeof *p->factor);
  p->losses = clf__arena_array(&p->arena, p->machines, sizeof *p->losses);
  clf__linear_pass_create(&p->pass, &p->arena, &p->x, p->machines);
  return clf__arena_status(&p->arena);
}

static double penalty_of(const clf__svm_params *params, const double *w, int64_t count) {
  const double share = clf__svm_l1_share(params);
  double sum = 0;
  for (int64_t j = 0; j < count; j++) {
    sum += share * fabs(w[j]) + (1 - share) * (w[j] * w[j] / 2);
  }
  return sum;
}

/* Stores the machines, and the objective that each has reached. */
static clf_status store(clf__svm_primal *p, const double *variables, int64_t iterations,
                        clf__store *state) {
  const clf__svm_params *params = p->model->params;
  clf_context *context = p->model->context;
  const int64_t width = p->x.columns;
  const double scaling = clf__svm_intercept_scaling(params);
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  double *w = clf__arena_matrix(&arena, p->machines, p->columns, sizeof *w);
  double *b = clf__arena_array(&arena, p->machines, sizeof *b);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__state_tensor(context, state, "objective", CLF_F64, p->machines, -1));
  CLF__TRY(clf__state_tensor(context, state, "iterations", CLF_I64, p->machines, -1));
  double *objective = clf__state_data(state, "objective");
  for (int64_t k = 0; k < p->machines; k++) {
    const double *own = variables + k * width;
    memcpy(w + k * p->columns, own, (size_t)p->columns * sizeof *w);
    b[k] = width > p->columns ? scaling * own[p->columns] : variables[p->machines * width + k];
    objective[k] = params->C * p->losses[k] + penalty_of(params, own, width);
    ((int64_t *)clf__state_data(state, "iterations"))[k] = iterations;
  }
  status = clf__svm_store_linear(p->model, state, w, b, p->machines);
done:
  clf__arena_free(&arena);
  return status;
}

/* Sets the variables to the machines of the last fit, if there are as many. */
static void begin(const clf__svm_primal *p, double *variables) {
  const clf__svm_params *params = p->model->params;
  const clf__store *before = params->warm_start ? p->training->before : NULL;
  const clf_tensor *w = before != NULL ? clf__store_tensor(before, "weights_f64") : NULL;
  const int64_t width = p->x.columns;
  if (w == NULL || w->shape[0] != p->machines) {
    return;
  }
  const double *b = clf__state_data(before, "intercept");
  for (int64_t k = 0; k < p->machines; k++) {
    double *own = variables + k * width;
    memcpy(own, (const double *)w->data + k * p->columns, (size_t)p->columns * sizeof *own);
    if (width > p->columns) {
      own[p->columns] = b[k] / clf__svm_intercept_scaling(params);
    } else if (isinf(clf__svm_intercept_scaling(params))) {
      variables[p->machines * width + k] = b[k];
    }
  }
}

static clf_status outcome(const clf__svm_primal *p, const clf__prox_result *result,
                          double tolerance) {
  if (result->converged) {
    return CLF_OK;
  }
  const bool violated = p->violation > tolerance, far = p->sparse && !violated;
  clf__log(p->model->context, CLF_LOG_WARNING,
           "svm: not converged after %lld iterations: %s%s; scale the features, lower C, or raise "
           "max_iterations or tolerance",
           (long long)result->iterations,
           far        ? "the objective may be far from its minimum"
           : violated ? "the optimality conditions are violated by "
                      : "the duality gap, as a share of the objective, is ",
           far ? "" : clf__number_text(violated ? p->violation : result->gap));
  return CLF_NOT_CONVERGED;
}

static clf_status minimize(clf__svm_primal *p, double *variables, double *gradient, double *values,
                           clf__store *state) {
  enum { MAX_ITERATIONS = 1000 };
  const clf__svm_params *params = p->model->params;
  const double strength = fmin(1e30, 1 / (params->C * p->total));
  const double share = clf__svm_l1_share(params);
  clf__prox_problem problem = {
      .context = p->model->context,
      .argument = p,
      .x = &p->x,
      .weights = p->weights,
      .outputs = p->machines,
      .intercept = isinf(clf__svm_intercept_scaling(params)),
      .separate = true,
      .l1 = share * strength,
      .l2 = (1 - share) * strength,
      .tolerance = tolerance_unit * params->tolerance,
      .max_iterations = params->max_iterations > 0 ? params->max_iterations : MAX_ITERATIONS,
      .f64 = true,
      .evaluate = evaluate,
      .balance = balance,
      .distance = distance,
      .curvature = curvature,
      .observe = observe,
  };
  clf__prox_result result = {.iterations = 0};
  p->progress = clf__progress_begin(p->model->context, "svm", problem.max_iterations);
  p->sparse = clf__rows_sparse(&p->x) && params->penalty == CLF__SVM_L2;
  clf_status status = p->sparse
                          ? clf__svm_minimize_sparse(p, &problem, variables, gradient, &result)
                          : clf__prox_newton(&result, &problem, variables);
  if (result.iterations > 0) {
    status = clf__stop_keep(p->training->stop, status);
  }
  CLF__CHECK(status);
  const bool stopped = status == CLF_NOT_CONVERGED;
  CLF__CHECK(p->has_losses ? CLF_OK : evaluate(p, variables, values, gradient));
  CLF__CHECK(store(p, variables, result.iterations, state));
  return stopped ? CLF_NOT_CONVERGED : outcome(p, &result, problem.tolerance);
}

clf_status clf__svm_fit_primal(const clf_model *model, const clf__training *training,
                               clf__store *state) {
  const clf__svm_params *params = model->params;
  clf__svm_primal p = {.arena = {.context = model->context}, .model = model, .training = training};
  clf_status status = CLF_OK;
  if (training->classes > 2 && params->multiclass != CLF__SVM_ONE_VS_REST) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "svm: loss=squared_hinge has a machine for each class; set "
                     "multiclass=one_vs_rest");
  }
  CLF__TRY(create(&p));
  const int64_t size = clf__count(p.machines, p.x.columns + 1);
  double *variables = clf__arena_zeroed(&p.arena, size, sizeof *variables);
  double *gradient = clf__arena_array(&p.arena, size, sizeof *gradient);
  double *values = clf__arena_array(&p.arena, p.machines, sizeof *values);
  CLF__TRY(clf__arena_status(&p.arena));
  begin(&p, variables);
  status = minimize(&p, variables, gradient, values, state);
done:
  clf__arena_free(&p.arena);
  return status;
}
