/* Fits the machines of all pairs of classes, or of each class against the rest, in parallel: one
 * machine on each thread, or all threads on one machine if there are fewer machines. They share
 * rows of the kernel matrix.
 */
#include <float.h>
#include <string.h>

#include "base/jobs.h"
#include "base/progress.h"
#include "base/text.h"
#include "models/svm/svm.h"

static clf__svm_shape shape_with(bool rest, int64_t classes) {
  return (clf__svm_shape){.one_vs_rest = rest,
                          .problems = rest ? classes : classes * (classes - 1) / 2,
                          .coefficients = rest ? classes : classes - 1};
}

clf__svm_shape clf__svm_shape_of(const clf_model *model) {
  return shape_with(clf__store_tensor(model->state, "one_vs_rest") != NULL, model->outputs);
}

/* Returns the machines of a fit with the current parameters. */
static clf__svm_shape shape_to_fit(const clf_model *model) {
  const clf__svm_params *p = model->params;
  return shape_with(p->multiclass == CLF__SVM_ONE_VS_REST && model->outputs > 2, model->outputs);
}

typedef struct fitting {
  clf__arena arena;
  const clf_model *model;
  const clf__training *training;
  clf__svm_shape shape;
  clf__svm_rows rows;
  clf__svm_shared *shared;
  double *C;            /* [rows] */
  const float *counted; /* [rows], or NULL for 1 */
  int64_t *all;         /* [classes] 0, 1, … : the parts of a problem of all classes */
  clf__svm_problem *problems;
  int64_t (*pairs)[2];
  int8_t *sides;             /* [classes, classes] the sides of each class against the rest */
  int64_t quota;             /* steps that a machine may make in this round */
  bool closing;              /* unsolved machines stay as they are */
  bool stopped;              /* by the host */
  atomic_int_least64_t done; /* machines */
} fitting;

/* Sets C and, with class weights, `counted`. The row weights for the kernel's gamma do not include
 * class weights, but rows whose weight has become 0 do not count. */
static clf_status set_bounds(fitting *f) {
  const clf__svm_params *p = f->model->params;
  const float *own = f->training->weights, *used;
  const int64_t rows = f->training->x->rows;
  double largest = 0;
  clf__arena arena = {.context = f->model->context};
  clf_status status = CLF_OK;
  CLF__TRY(
      clf__effective_weights(&used, &arena, f->model, f->training, f->training, &p->class_weight));
  float *counted = used != own ? clf__arena_array(&f->arena, rows, sizeof *counted) : NULL;
  CLF__TRY(clf__arena_status(&f->arena));
  for (int64_t i = 0; i < rows; i++) {
    f->C[i] = p->C * (used != NULL ? (double)used[i] : 1);
    largest = f->C[i] > largest ? f->C[i] : largest;
    if (counted != NULL) {
      counted[i] = !(used[i] > 0) ? 0 : own != NULL ? own[i] : 1;
    }
  }
  f->counted = counted != NULL ? counted : own;
  if (largest < (double)FLT_MIN) {
    status =
        clf__fail(CLF_ERROR_NUMERIC,
                  "C times the rows' weights is at most %s, which coefficients in float cannot "
                  "be; scale the features down, so that a larger C means the same",
                  clf__number_text(largest));
  }
done:
  clf__arena_free(&arena);
  return status;
}

static void set_problems(fitting *f) {
  const clf__svm_params *p = f->model->params;
  const int64_t classes = f->training->classes;
  static const int8_t pair_sides[] = {1, -1};
  int64_t next = 0;
  for (int64_t i = 0; i < classes; i++) {
    f->all[i] = i;
    for (int64_t j = 0; j < classes && f->shape.one_vs_rest; j++) {
      f->sides[i * classes + j] = i == j ? 1 : -1;
    }
    for (int64_t j = i + 1; j < classes && !f->shape.one_vs_rest; j++, next++) {
      f->pairs[next][0] = i;
      f->pairs[next][1] = j;
    }
  }
  for (int64_t i = 0; i < f->shape.problems; i++) {
    clf__svm_problem *problem = &f->problems[i];
    const bool rest = f->shape.one_vs_rest;
    problem->rows = &f->rows;
    problem->parts = rest ? classes : 2;
    problem->part = rest ? f->all : f->pairs[i];
    problem->side = rest ? f->sides + i * classes : pair_sides;
    problem->tolerance = p->tolerance;
    problem->f64 = p->precision == CLF__PRECISION_F64;
    problem->C = f->C;
    if (f->training->shared != NULL) {
      problem->start_b = f->shared->solutions[i].b;
      problem->start_gradient = f->shared->solutions[i].gradient;
    }
  }
}

static clf_status prepare(fitting *f) {
  clf_context *context = f->model->context;
  const clf__svm_params *p = f->model->params;
  const int64_t classes = f->training->classes, problems = f->shape.problems;
  clf__kernel_function function;
  f->arena.context = context;
  f->C = clf__arena_array(&f->arena, f->training->x->rows, sizeof *f->C);
  f->all = clf__arena_array(&f->arena, classes, sizeof *f->all);
  f->problems = clf__arena_zeroed(&f->arena, problems, sizeof *f->problems);
  f->pairs = clf__arena_array(&f->arena, problems, sizeof *f->pairs);
  f->sides = clf__arena_matrix(&f->arena, f->shape.one_vs_rest ? classes : 0, classes, 1);
  CLF__CHECK(clf__arena_status(&f->arena));
  CLF__CHECK(set_bounds(f));
  clf__training counted = *f->training;
  counted.weights = f->counted;
  CLF__CHECK(clf__kernel_resolve(&function, f->model, p->kernel.kernel, &p->kernel, &counted));
  CLF__CHECK(clf__svm_share(&f->shared, context, f->training, &function, f->C,
                            (int64_t)(p->cache_mb * 1048576)));
  CLF__CHECK(clf__svm_begin_solutions(f->shared, &f->shape));
  f->rows = (clf__svm_rows){.context = context,
                            .function = function,
                            .groups = f->shared->groups,
                            .center = f->shared->center,
                            .cache = f->shared->cache,
                            .progress = clf__progress_begin(context, "svm", problems)};
  set_problems(f);
  return CLF_OK;
}

/* Finishes a solved machine: probabilities, the start for the next fit, its vectors. */
static clf_status finish_problem(fitting *f, int64_t index) {
  clf__svm_problem *problem = &f->problems[index];
  const int64_t folds = clf__svm_calibration_folds(f->model->params);
  if (folds > 0 && !f->stopped) {
    CLF__CHECK(clf__svm_calibrate(problem, f->training->weights, folds, problem->calibration));
  }
  if (f->training->shared != NULL) {
    clf__svm_hand_on(f->shared, index, problem);
  }
  clf__svm_keep_vectors(problem);
  problem->finished = true;
  atomic_fetch_add(&f->done, 1);
  return CLF_OK;
}

static clf_status solve_job(void *argument, clf__range range) {
  fitting *f = argument;
  clf__svm_problem *problem = &f->problems[range.index];
  if (problem->finished) {
    return CLF_OK;
  }
  if (!f->closing) {
    problem->max_steps = problem->steps + f->quota;
    CLF__CHECK(clf__svm_solve(problem));
  }
  return problem->ended || f->closing ? finish_problem(f, range.index) : CLF_OK;
}

/* Each pair of a machine's rows is considered some times; a machine that has not ended by now takes
 * long. */
static double round_work(const fitting *f) {
  double pairs = 0, steps = 0;
  for (int64_t i = 0; i < f->shape.problems; i++) {
    const double rows = (double)clf__svm_count(&f->problems[i]);
    pairs += rows * rows;
    steps += (double)f->problems[i].steps;
  }
  return steps > 0 && !f->closing ? CLF__WORK_LONG : 3 * pairs * CLF__COST_ELEMENT;
}

static clf_status run_round(fitting *f) {
  return clf__jobs_run(&f->rows.progress, &f->done, f->shape.problems, 1, round_work(f), solve_job,
                       f);
}

/* Default limit on the steps of all machines together. */
static int64_t default_steps(const fitting *f) {
  enum { MIN_STEPS = 10000000, STEPS_OF_ROW = 1000 };
  int64_t rows = 0;
  for (int64_t i = 0; i < f->shape.problems; i++) {
    rows += clf__svm_count(&f->problems[i]);
  }
  return rows > MIN_STEPS / STEPS_OF_ROW ? rows * STEPS_OF_ROW : MIN_STEPS;
}

/* By default the machines share their steps: each may make the same number, and what some do not
 * use is distributed among those that have not ended. So the outcome does not depend on which
 * machine was first, and the time of a fit does not depend on the number of classes. */
static clf_status run_rounds(fitting *f) {
  const clf__svm_params *p = f->model->params;
  const int64_t total = p->max_iterations > 0 ? 0 : default_steps(f);
  int64_t left = total, open = f->shape.problems;
  f->quota = p->max_iterations > 0 ? p->max_iterations : left / open;
  do {
    CLF__CHECK(run_round(f));
    left = total;
    open = 0;
    for (int64_t i = 0; i < f->shape.problems; i++) {
      left -= f->problems[i].steps;
      open += !f->problems[i].ended;
    }
    f->quota = open > 0 ? left / open : 0;
  } while (f->quota > 0);
  f->closing = true;
  return run_round(f);
}

/* A fit that is stopped keeps a single machine as it is; of several, some may not have begun. */
static clf_status solve_all(fitting *f) {
  const clf_status status = run_rounds(f);
  if (status >= 0 || f->shape.problems > 1 || f->problems[0].steps == 0) {
    return status;
  }
  CLF__CHECK(clf__stop_keep(f->training->stop, status));
  f->closing = f->stopped = true;
  return run_round(f);
}

/* Computes the index of each row among the support vectors, -1 for the others; returns their
 * number.
 */
static int64_t number_vectors(const fitting *f, int64_t *place, int64_t *vectors, int64_t *count) {
  const int64_t rows = f->training->x->rows;
  int64_t next = 0;
  memset(place, 0, (size_t)rows * sizeof *place);
  for (int64_t i = 0; i < f->shape.problems; i++) {
    for (int64_t k = 0; k < f->problems[i].count; k++) {
      place[f->problems[i].row[k]] = 1;
    }
  }
  for (int64_t at = 0; at < f->shared->start[f->training->classes]; at++) {
    const int64_t row = f->shared->order[at];
    if (place[row] == 1) {
      count[f->training->labels[row]]++;
      vectors[next] = row;
      place[row] = next++;
    } else {
      place[row] = -1;
    }
  }
  return next;
}

/* LIBSVM's layout: for a vector of class i, the coefficient in its machine against class j is in
 * row j, or in row j - 1 if j > i. */
static void store_coefficients(const fitting *f, const int64_t *place, float *c, double *precise,
                               int64_t vectors) {
  for (int64_t i = 0; i < f->shape.problems; i++) {
    const clf__svm_problem *p = &f->problems[i];
    for (int64_t k = 0; k < p->count; k++) {
      int64_t line = i;
      if (!f->shape.one_vs_rest) {
        line = f->training->labels[p->row[k]] == p->part[0] ? p->part[1] - 1 : p->part[0];
      }
      c[line * vectors + place[p->row[k]]] = (float)p->b[k];
      precise[line * vectors + place[p->row[k]]] = p->b[k];
    }
  }
}

static clf_status store_weights(const fitting *f, clf__store *state) {
  clf_context *context = f->model->context;
  const clf__rows *x = f->training->x;
  const int64_t problems = f->shape.problems, columns = x->columns;
  CLF__CHECK(clf__state_tensor(context, state, "weights", CLF_F32, problems, columns));
  CLF__CHECK(clf__state_tensor(context, state, "weights_f64", CLF_F64, problems, columns));
  float *weights = clf__state_data(state, "weights");
  double *w = clf__state_data(state, "weights_f64");
  memset(w, 0, (size_t)(problems * columns) * sizeof *w);
  for (int64_t i = 0; i < problems; i++) {
    for (int64_t k = 0; k < f->problems[i].count; k++) {
      clf__sum_row(context, x, f->problems[i].row[k], f->problems[i].b[k], w + i * columns);
    }
  }
  for (int64_t i = 0; i < problems * columns; i++) {
    weights[i] = (float)w[i];
  }
  return CLF_OK;
}

static clf_status store_problems(const fitting *f, clf__store *state) {
  clf_context *context = f->model->context;
  const clf__svm_params *p = f->model->params;
  const int64_t problems = f->shape.problems;
  if (f->shape.one_vs_rest) {
    CLF__CHECK(clf__state_tensor(context, state, "one_vs_rest", CLF_I32, 1, -1));
    *(int32_t *)clf__state_data(state, "one_vs_rest") = 1;
  }
  CLF__CHECK(clf__state_tensor(context, state, "intercept", CLF_F64, problems, -1));
  CLF__CHECK(clf__state_tensor(context, state, "objective", CLF_F64, problems, -1));
  CLF__CHECK(clf__state_tensor(context, state, "iterations", CLF_I64, problems, -1));
  for (int64_t i = 0; i < problems; i++) {
    ((double *)clf__state_data(state, "intercept"))[i] = f->problems[i].intercept;
    ((double *)clf__state_data(state, "objective"))[i] = f->problems[i].objective;
    ((int64_t *)clf__state_data(state, "iterations"))[i] = f->problems[i].steps;
  }
  if (clf__svm_calibration_folds(p) > 0 && !f->stopped) {
    CLF__CHECK(clf__state_tensor(context, state, "calibration", CLF_F64, problems, 2));
    double *calibration = clf__state_data(state, "calibration");
    for (int64_t i = 0; i < problems; i++) {
      memcpy(calibration + 2 * i, f->problems[i].calibration, 2 * sizeof *calibration);
    }
  }
  return CLF_OK;
}

static clf_status store_machines(const fitting *f, clf__store *state) {
  clf_context *context = f->model->context;
  const int64_t rows = f->training->x->rows;
  clf__arena arena = {.context = context};
  int64_t *place = clf__arena_array(&arena, rows, sizeof *place);
  int64_t *vectors = clf__arena_array(&arena, rows, sizeof *vectors);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__state_tensor(context, state, "support_count", CLF_I64, f->training->classes, -1));
  const int64_t count = number_vectors(f, place, vectors, clf__state_data(state, "support_count"));
  CLF__TRY(clf__support_store(context, state, &f->rows.function, f->training->x, vectors, count,
                              f->shared->center));
  CLF__TRY(clf__state_tensor(context, state, "dual_coef", CLF_F32, f->shape.coefficients, count));
  CLF__TRY(
      clf__state_tensor(context, state, "dual_coef_f64", CLF_F64, f->shape.coefficients, count));
  store_coefficients(f, place, clf__state_data(state, "dual_coef"),
                     clf__state_data(state, "dual_coef_f64"), count);
  CLF__TRY(store_problems(f, state));
  if (f->rows.function.kind == CLF__KERNEL_LINEAR) {
    CLF__TRY(store_weights(f, state));
  }
done:
  clf__arena_free(&arena);
  return status;
}

static void release(fitting *f) {
  for (int64_t i = 0; f->problems != NULL && i < f->shape.problems; i++) {
    clf__svm_problem_free(&f->problems[i]);
  }
  if (f->training->shared == NULL) {
    clf__svm_shared_free(f->shared);
  }
  clf__arena_free(&f->arena);
}

static clf_status outcome(const fitting *f) {
  const clf__svm_params *p = f->model->params;
  int64_t open = 0, steps = 0;
  for (int64_t i = 0; i < f->shape.problems; i++) {
    open += !f->problems[i].converged;
    steps += f->problems[i].steps;
  }
  if (f->stopped) {
    clf__fit_log(f->training, "%lld steps were made%s", (long long)steps,
                 clf__svm_calibration_folds(p) > 0 ? "; there are no probabilities" : "");
    return CLF_NOT_CONVERGED;
  }
  if (open == 0) {
    return CLF_OK;
  }
  clf__log(f->model->context, CLF_LOG_WARNING,
           "svm: %lld of %lld machines have not converged, after %lld steps in all; scale the "
           "features, lower C, or raise tolerance or max_iterations",
           (long long)open, (long long)f->shape.problems, (long long)steps);
  return CLF_NOT_CONVERGED;
}

clf_status clf__svm_fit(const clf_model *model, const clf__training *training, clf__store *state) {
  fitting f = {.model = model, .training = training, .shape = shape_to_fit(model)};
  clf_status status = CLF_OK;
  CLF__TRY(prepare(&f));
  CLF__TRY(solve_all(&f));
  CLF__TRY(store_machines(&f, state));
  status = outcome(&f);
done:
  release(&f);
  return status;
}
