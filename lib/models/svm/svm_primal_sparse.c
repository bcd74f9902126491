/* Linear machines with the squared hinge loss on sparse rows and without an L1 penalty: truncated
 * Newton (optim/newton.c) for one machine after the other, which reads only the rows within the
 * margin but in one pass of each iteration. With few columns it starts at the minimum that Newton's
 * method has found (svm_newton.c), and else near it by coordinate descent (svm_descent.c), which
 * takes a tenth of the passes where C is large. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "models/svm/svm_newton.h"
#include "models/svm/svm_primal.h"
#include "models/svm/svm_start.h"
#include "optim/newton.h"

/* With a large C the mean loss is small long before the objective is near its minimum. */
static const double closeness = 1e-6;
static const double precision = 1e-13; /* a relative decrease that rounding hides */

/* Of descent, from whose end truncated Newton goes on. */
static const double of_tolerance = 1, of_excess = 0.2;

/* The time in which truncated Newton reads the entries. */
static bool starts_near(const clf__svm_primal *p) {
  static const double readings = 300;
  return clf__svm_newton_work(&p->x) <
         readings * (double)clf__rows_entries(&p->x) * CLF__COST_ELEMENT;
}

/* Sets the variables to the minimum that Newton's method finds, near enough for truncated Newton to
 * confirm it. `rows` [2 rows + columns + 1] is scratch. A fit that is stopped has made steps if
 * each machine has. */
static clf_status find_near(clf__svm_primal *p, clf__svm_normal *normal, double *rows,
                            double *variables) {
  const clf__svm_params *params = p->model->params;
  const int64_t count = p->x.rows, width = p->x.columns;
  int64_t steps = 0;
  double *C = rows, *y = rows + count, *u = rows + 2 * count;
  for (int64_t k = 0; k < p->machines; k++) {
    for (int64_t i = 0; i < count; i++) {
      C[i] = params->C * clf__svm_primal_weight(p, i);
      y[i] = p->training->labels[i] == k ? 1 : -1;
    }
    clf__svm_newton newton = {.normal = normal,
                              .progress = &p->progress,
                              .y = y,
                              .C = C,
                              .max_steps =
                                  params->max_iterations > 0 ? params->max_iterations : INT64_MAX,
                              .u = u};
    CLF__CHECK(k == 0 ? clf__svm_normal_create(normal, C) : CLF_OK);
    const clf_status status = clf__svm_newton_minimize(&newton);
    CLF__CHECK(newton.steps > 0 ? CLF_OK : status); /* what it has is kept */
    steps = clf__max_i64(steps, newton.steps);
    const double b = clf__svm_normal_split(normal, u, variables + k * width);
    variables[p->machines * width + k] = b;
    p->steps = k == p->machines - 1 ? steps : 0;
    CLF__CHECK(status);
  }
  return CLF_OK;
}

/* The rows that count, of a machine. */
static void list_rows(const clf__svm_primal *p, int64_t machine, int64_t *row, double *y, double *C,
                      clf__svm_start *start) {
  const clf__svm_params *params = p->model->params;
  start->count = 0;
  for (int64_t i = 0; i < p->x.rows; i++) {
    const double weight = clf__svm_primal_weight(p, i);
    if (weight > 0) {
      row[start->count] = i;
      y[start->count] = p->training->labels[i] == machine ? 1 : -1;
      C[start->count++] = params->C * weight;
    }
  }
  start->row = row;
  start->y = y;
  start->C = C;
}

/* Sets the variables near the minimum by coordinate descent, in a part of the iterations: where it
 * takes many, as with columns far from 0 or rows of both classes, truncated Newton takes few. `u`
 * [columns + 1] is scratch. */
static clf_status descend(clf__svm_primal *p, const clf__prox_problem *problem, double *variables,
                          double *u) {
  enum { PART = 8 };
  const clf__svm_params *params = p->model->params;
  const int64_t width = p->x.columns, max_steps = clf__ceil_div(problem->max_iterations, PART);
  clf__arena arena = {.context = p->model->context};
  clf__svm_start start = {.context = p->model->context,
                          .progress = &p->progress,
                          .x = &p->x,
                          .tolerance = of_tolerance * params->tolerance,
                          .excess = of_excess * params->tolerance,
                          .max_steps = max_steps,
                          .work = (double)INFINITY,
                          .squared = true,
                          .through_origin = !isinf(clf__svm_intercept_scaling(params)),
                          .machine = u};
  int64_t *row = clf__arena_array(&arena, p->x.rows, sizeof *row);
  double *y = clf__arena_array(&arena, p->x.rows, sizeof *y);
  double *C = clf__arena_array(&arena, p->x.rows, sizeof *C);
  start.alpha = clf__arena_array(&arena, p->x.rows, sizeof *start.alpha);
  int64_t steps = 0;
  clf_status status = clf__arena_status(&arena);
  for (int64_t k = 0; k < p->machines && status == CLF_OK; k++) {
    list_rows(p, k, row, y, C, &start);
    start.steps = 0;
    status = clf__svm_descend(&start);
    steps = clf__max_i64(steps, start.steps);
    if (start.steps > 0) {
      p->steps = k == p->machines - 1 ? steps : 0;
      memcpy(variables + k * width, u, (size_t)width * sizeof *u);
      variables[p->machines * width + k] = u[width];
    }
  }
  clf__arena_free(&arena);
  return status == CLF_ERROR_MEMORY ? CLF_OK : status;
}

/* A shortcut: without the memory for it the fit begins with what it has. */
static clf_status begin_near(clf__svm_primal *p, double *variables) {
  clf__arena arena = {.context = p->model->context};
  clf__svm_normal normal = {.context = p->model->context,
                            .progress = &p->progress,
                            .rows = &p->x,
                            .count = p->x.rows,
                            .intercept = isinf(clf__svm_intercept_scaling(p->model->params))};
  double *rows =
      clf__arena_array(&arena, clf__count(2, p->x.rows) + p->x.columns + 1, sizeof *rows);
  clf_status status = clf__arena_status(&arena);
  if (status == CLF_OK) {
    status = find_near(p, &normal, rows, variables);
  }
  clf__svm_normal_free(&normal);
  clf__arena_free(&arena);
  return status == CLF_ERROR_MEMORY ? CLF_OK : status;
}

/* Of the machine's mean loss, for truncated Newton. */
static double differentiate(void *argument, clf__range rows, const double *z, double *first,
                            double *second) {
  const clf__svm_primal *p = argument;
  double sum = 0;
  for (int64_t i = rows.first; i < rows.end; i++) {
    const double side = p->training->labels[i] == p->machine ? 1 : -1, rest = 1 - side * z[i];
    const double weight = clf__svm_primal_weight(p, i) / p->total;
    const bool counts = weight > 0 && rest > 0;
    first[i] = counts ? -2 * weight * side * rest : 0;
    second[i] = counts ? 2 * weight : 0;
    sum += counts ? weight * rest * rest : 0;
  }
  return sum;
}

static clf_status observe(void *argument, int64_t iteration, double value, double violation) {
  const clf__svm_primal *p = argument;
  (void)violation;
  return clf__progress_step(&p->progress, p->steps + iteration, value, (double)NAN);
}

/* Truncated Newton, for one machine after the other. The result is that of the machine that has
 * come least far. A fit that is stopped has made iterations if each machine has. */
static clf_status minimize_machines(clf__svm_primal *p, const clf__prox_problem *problem,
                                    double *variables, double *u, clf__prox_result *out) {
  const int64_t width = p->x.columns;
  clf__newton_problem newton = {.context = problem->context,
                                .argument = p,
                                .x = &p->x,
                                .intercept = problem->intercept,
                                .l2 = problem->l2,
                                .tolerance = problem->tolerance,
                                .deviations = true,
                                .closeness = closeness,
                                .max_iterations = problem->max_iterations - p->steps,
                                .differentiate = differentiate,
                                .observe = observe};
  int64_t steps = 0;
  double decrease = 0;
  out->stalled = true;
  for (p->machine = 0; p->machine < p->machines; p->machine++) {
    clf__newton_result result = {.iterations = 0};
    double *w = variables + p->machine * width, *b = variables + p->machines * width + p->machine;
    memcpy(u, w, (size_t)width * sizeof *u);
    u[width] = *b;
    const clf_status status = clf__newton(&result, &newton, u);
    memcpy(w, u, (size_t)width * sizeof *u);
    *b = u[width];
    steps = clf__max_i64(steps, result.iterations);
    out->iterations = p->machine == p->machines - 1 ? steps : 0;
    CLF__CHECK(status);
    p->losses[p->machine] = result.loss * p->total;
    out->value += result.value;
    p->violation = fmax(p->violation, result.violation);
    decrease = fmax(decrease, result.decrease);
    out->stalled = out->stalled && (result.stalled || result.converged);
    p->unfinished = p->unfinished || !result.converged;
  }
  p->has_losses = true;
  out->converged = (p->violation <= problem->tolerance && !p->unfinished) ||
                   (out->stalled && decrease <= precision * fabs(out->value));
  return CLF_OK;
}

clf_status clf__svm_minimize_sparse(clf__svm_primal *p, const clf__prox_problem *problem,
                                    double *variables, double *u, clf__prox_result *out) {
  const bool first = p->training->before == NULL;
  clf_status status = !first           ? CLF_OK
                      : starts_near(p) ? begin_near(p, variables)
                                       : descend(p, problem, variables, u);
  if (status == CLF_OK) {
    status = minimize_machines(p, problem, variables, u, out);
  }
  out->iterations += p->steps;
  return status;
}
