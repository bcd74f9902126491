/* Fits the machines of all pairs of classes, or of each class against the rest, in parallel: one
 * machine on each thread, or all threads on one machine if there are fewer machines. They share
 * rows of the kernel matrix. Several ranks divide the machines (svm_ranks.c) or, with divide=rows,
 * the rows of each (svm_rows.c). */
#include <float.h>
#include <string.h>

#include "base/jobs.h"
#include "base/progress.h"
#include "base/text.h"
#include "models/svm/svm_fitting.h"
#include "models/targets.h"

static clf__svm_shape shape_with(int32_t type, bool rest, int64_t outputs) {
  if (!clf__svm_type_has_classes(type)) {
    return (clf__svm_shape){.type = type, .problems = outputs, .coefficients = outputs};
  }
  return (clf__svm_shape){.type = type,
                          .pairs = !rest,
                          .one_vs_rest = rest,
                          .problems = rest ? outputs : outputs * (outputs - 1) / 2,
                          .coefficients = rest ? outputs : outputs - 1};
}

clf__svm_shape clf__svm_shape_of(const clf_model *model) {
  const clf_tensor *type = clf__store_tensor(model->state, "type");
  return shape_with(type != NULL ? *(const int32_t *)type->data : CLF__SVM_C_SVC,
                    clf__store_tensor(model->state, "one_vs_rest") != NULL, model->outputs);
}

/* Returns the machines of a fit with the current parameters. */
static clf__svm_shape shape_to_fit(const clf_model *model) {
  const clf__svm_params *p = model->params;
  return shape_with(p->type, p->multiclass == CLF__SVM_ONE_VS_REST && model->outputs > 2,
                    model->outputs);
}

/* The machines of more pairs would not fit into memory: each takes some 700 bytes, even of one row
 * of each class. */
static clf_status check_machines(const clf__svm_fitting *f) {
  enum { MAX_MACHINES = 10000000 };
  return f->shape.problems <= MAX_MACHINES
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "svm: %lld classes make %lld machines, one for each pair; set "
                         "multiclass=one_vs_rest, which makes one for each class",
                         (long long)f->model->outputs, (long long)f->shape.problems);
}

/* The types whose machines C does not bound have bounds of 1, and a nu. */
static double bound_of(const clf__svm_params *p) {
  return p->type == CLF__SVM_NU_SVC || p->type == CLF__SVM_ONE_CLASS ? 1 : p->C;
}

/* Sets C and, with class weights, `counted`. The row weights for the kernel's gamma do not include
 * class weights, but rows whose weight has become 0 do not count. */
static clf_status set_bounds(clf__svm_fitting *f) {
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
    f->C[i] = bound_of(p) * (used != NULL ? (double)used[i] : 1);
    largest = f->C[i] > largest ? f->C[i] : largest;
    if (counted != NULL) {
      counted[i] = !(used[i] > 0) ? 0 : own != NULL ? own[i] : 1;
    }
  }
  f->counted = counted != NULL ? counted : own;
  CLF__TRY(clf__shards_extremes(f->training->x->shards, NULL, &largest, 1));
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

/* The parts of the machines that distinguish classes. */
static void set_classes(clf__svm_fitting *f) {
  const int64_t classes = f->training->classes;
  int64_t next = 0;
  for (int64_t i = 0; i < 2 * classes && f->shape.one_vs_rest; i++) {
    f->sides[i] = i == classes ? 1 : -1;
  }
  for (int64_t i = 0; i < classes; i++) {
    f->all[i] = i;
    for (int64_t j = i + 1; j < classes && !f->shape.one_vs_rest; j++, next++) {
      f->pairs[next][0] = i;
      f->pairs[next][1] = j;
    }
  }
}

static void set_parts(const clf__svm_fitting *f, clf__svm_problem *problem, int64_t index) {
  static const int64_t all_rows[] = {0, 0};
  static const int8_t sides[] = {1, -1};
  const bool rest = f->shape.one_vs_rest;
  problem->parts = rest ? f->training->classes : f->shape.type == CLF__SVM_ONE_CLASS ? 1 : 2;
  problem->part = rest ? f->all : f->shape.pairs ? f->pairs[index] : all_rows;
  problem->side = rest ? f->sides + (f->training->classes - index) : sides;
}

/* Targets far from 0 keep their digits about their mean. */
static void set_targets(const clf__svm_fitting *f, clf__svm_problem *problem, int64_t index) {
  const clf__training *training = f->training;
  const clf__target_column column = {training->targets + index, training->outputs, NULL,
                                     training->x->rows, training->weights};
  problem->target = column.targets;
  problem->stride = column.stride;
  problem->target_mean = clf__target_mean(&column);
  problem->target_spread = clf__target_spread(&column, problem->target_mean);
}

static void set_problems(clf__svm_fitting *f) {
  const clf__svm_params *p = f->model->params;
  set_classes(f);
  for (int64_t i = 0; i < f->shape.problems; i++) {
    clf__svm_problem *problem = &f->problems[i];
    problem->rows = &f->rows;
    problem->type = f->shape.type;
    set_parts(f, problem, i);
    problem->tolerance =
        f->training->left_out != NULL ? clf__svm_fold_tolerance(p->tolerance) : p->tolerance;
    problem->f64 = p->precision == CLF__PRECISION_F64;
    problem->C = f->C;
    problem->nu = p->nu;
    problem->epsilon = p->epsilon;
    if (clf__svm_type_is_regression(f->shape.type)) {
      set_targets(f, problem, i);
    }
    if (f->shared != NULL && f->training->shared != NULL) {
      problem->start_b = f->shared->solutions[i].b;
      problem->start_product = f->shared->solutions[i].product;
    }
  }
}

/* Marks the variables of rows that the fit leaves out. */
static clf_status leave_out(clf__svm_fitting *f) {
  const clf__grouped_rows *groups = &f->rows.groups;
  for (int64_t i = 0; f->training->left_out != NULL && i < f->shape.problems; i++) {
    clf__svm_problem *problem = &f->problems[i];
    bool *absent = clf__arena_array(&f->arena, clf__svm_count(problem), sizeof *absent);
    CLF__CHECK(clf__arena_status(&f->arena));
    problem->absent = absent;
    for (int64_t part = 0; part < problem->parts; part++) {
      const int64_t *start = groups->start + problem->part[part];
      for (int64_t j = start[0]; j < start[1]; j++) {
        *absent++ = f->training->left_out[groups->order[j]];
      }
    }
  }
  return CLF_OK;
}

/* Refuses a nu for which a pair of classes has no solution. */
static clf_status check_nu(const clf__svm_fitting *f) {
  const clf__svm_params *p = f->model->params;
  double largest = 1;
  for (int64_t i = 0; f->shape.type == CLF__SVM_NU_SVC && i < f->shape.problems; i++) {
    const double nu = clf__svm_max_nu(&f->problems[i]);
    largest = nu > 0 && nu < largest ? nu : largest; /* 0: a class without rows */
  }
  return p->nu <= largest * (1 + 4 * DBL_EPSILON)
             ? CLF_OK
             : clf__fail(CLF_ERROR_DATA,
                         "svm: nu=%s is infeasible for classes of these sizes; it can be up to %s",
                         clf__number_format(p->nu).text, clf__number_format(largest).text);
}

static clf_status begin(clf__svm_fitting *f) {
  const int64_t classes = f->training->classes, problems = f->shape.problems;
  f->arena.context = f->model->context;
  f->C = clf__arena_array(&f->arena, f->training->x->rows, sizeof *f->C);
  f->all = clf__arena_array(&f->arena, classes, sizeof *f->all);
  f->problems = clf__arena_zeroed(&f->arena, problems, sizeof *f->problems);
  f->pairs = clf__arena_array(&f->arena, problems, sizeof *f->pairs);
  f->sides = clf__arena_matrix(&f->arena, f->shape.one_vs_rest ? 2 : 0, classes, 1);
  CLF__CHECK(clf__arena_status(&f->arena));
  return set_bounds(f);
}

static clf_status prepare(clf__svm_fitting *f, clf__store *state) {
  clf_context *context = f->model->context;
  const clf__svm_params *p = f->model->params;
  clf__kernel_function function;
  CLF__CHECK(begin(f));
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
                            .progress = clf__progress_begin(context, "svm", f->shape.problems)};
  set_problems(f);
  CLF__CHECK(leave_out(f));
  CLF__CHECK(clf__svm_begin_warm(f, state));
  if (bound_of(p) != p->C) {
    clf__fit_log(f->training, "C has no effect with %s", clf__model_learning(f->model).setting);
  }
  CLF__CHECK(clf__svm_divide(f));
  return check_nu(f);
}

/* Finishes a solved machine: probabilities, the start for the next fit, its vectors. */
static clf_status finish_problem(clf__svm_fitting *f, int64_t index) {
  clf__svm_problem *problem = &f->problems[index];
  const int64_t folds = clf__svm_calibration_folds(f->model->params);
  CLF__CHECK(clf__svm_scale_margin(problem));
  if (folds > 0 && !f->stopped) {
    CLF__CHECK(clf__svm_calibrate(problem, f->training->weights, folds));
  }
  if (problem->kept_b != NULL) {
    memcpy(problem->kept_b, problem->b, (size_t)problem->count * sizeof *problem->b);
  }
  if (f->training->shared != NULL && f->training->left_out == NULL && !f->stopped &&
      !clf__svm_type_has_nu(problem->type)) {
    CLF__CHECK(clf__svm_hand_on(f->shared, index, problem));
  }
  clf__svm_keep_vectors(problem);
  problem->finished = true;
  atomic_fetch_add(&f->done, 1);
  return CLF_OK;
}

static clf_status solve_job(void *argument, clf__range range) {
  clf__svm_fitting *f = argument;
  const int64_t index = f->own[range.index];
  clf__svm_problem *problem = &f->problems[index];
  if (problem->finished) {
    return CLF_OK;
  }
  if (!f->closing) {
    problem->max_steps = problem->steps + f->quota;
    CLF__CHECK(clf__svm_solve(problem));
  }
  /* With a limit of its own it gets no more steps. */
  const bool limited = ((const clf__svm_params *)f->model->params)->max_iterations > 0;
  return problem->ended || f->closing || limited ? finish_problem(f, index) : CLF_OK;
}

/* Each pair of a machine's rows is considered some times; a machine that has not ended by now takes
 * long. */
static double round_work(const clf__svm_fitting *f) {
  double pairs = 0, steps = 0;
  for (int64_t i = 0; i < f->own_count; i++) {
    const clf__svm_problem *problem = &f->problems[f->own[i]];
    const double rows = (double)clf__svm_count(problem);
    pairs += rows * rows;
    steps += (double)problem->steps;
  }
  return steps > 0 && !f->closing ? CLF__WORK_LONG : 3 * pairs * CLF__COST_ELEMENT;
}

static clf_status run_round(clf__svm_fitting *f) {
  CLF__CHECK(
      clf__jobs_run(&f->rows.progress, &f->done, f->own_count, 1, round_work(f), solve_job, f));
  return clf__svm_share_steps(f);
}

/* Default limit on the steps of machines with so many rows. */
static int64_t steps_of(int64_t rows) {
  enum { MIN_STEPS = 10000000, STEPS_OF_ROW = 1000 };
  return rows > MIN_STEPS / STEPS_OF_ROW ? rows * STEPS_OF_ROW : MIN_STEPS;
}

/* That of all machines together. */
static int64_t default_steps(const clf__svm_fitting *f) {
  int64_t rows = 0;
  for (int64_t i = 0; i < f->shape.problems; i++) {
    rows += clf__svm_count(&f->problems[i]);
  }
  return steps_of(rows);
}

/* By default the machines share their steps: each may make the same number, and what some do not
 * use is distributed among those that have not ended. So the outcome does not depend on which
 * machine was first, and the time of a fit does not depend on the number of classes. */
static clf_status run_rounds(clf__svm_fitting *f) {
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

/* A fit that is stopped keeps a single machine as it is; of several, or on several ranks, some may
 * not have begun. */
static clf_status solve_all(clf__svm_fitting *f) {
  const clf_status status = run_rounds(f);
  if (status >= 0 || f->shape.problems > 1 || f->owner != NULL || f->problems[0].steps == 0) {
    return status;
  }
  CLF__CHECK(clf__stop_keep(f->training->stop, status));
  f->closing = f->stopped = true;
  return run_round(f);
}

/* One machine after the other, whose rows are divided among the ranks. */
static clf_status solve_divided(clf__svm_fitting *f) {
  const clf__svm_params *p = f->model->params;
  const clf__training *training = f->training;
  const float *center = NULL;
  CLF__CHECK(begin(f));
  clf__training counted = *training;
  counted.weights = f->counted;
  CLF__CHECK(clf__kernel_resolve_ranks(&f->rows.function, &center, &f->arena, f->model, &p->kernel,
                                       &counted));
  f->rows.context = f->model->context;
  f->rows.groups.x = training->x;
  f->rows.center = center;
  f->rows.progress = clf__progress_begin(f->model->context, "svm", f->shape.problems);
  set_problems(f);
  const int64_t rows = clf__shards_rows(training->x->shards, training->x->rows);
  for (int64_t i = 0; i < f->shape.problems; i++) {
    f->problems[i].max_steps = p->max_iterations > 0 ? p->max_iterations : steps_of(rows);
    CLF__CHECK(clf__svm_solve_rows(f, &f->problems[i]));
  }
  return clf__svm_gather_vectors(f);
}

static clf_status solve_machines(clf__svm_fitting *f, clf__store *state) {
  CLF__CHECK(prepare(f, state));
  CLF__CHECK(solve_all(f));
  return clf__svm_share_results(f);
}

static void release(clf__svm_fitting *f) {
  for (int64_t i = 0; f->problems != NULL && i < f->shape.problems; i++) {
    clf__svm_problem_free(&f->problems[i]);
  }
  if (f->training->shared == NULL) {
    clf__svm_shared_free(f->shared);
  }
  clf__rank_whole_free(&f->vectors);
  clf__arena_free(&f->arena);
}

static clf_status outcome(const clf__svm_fitting *f) {
  const clf__svm_params *p = f->model->params;
  int64_t open = 0, unended = 0, far = 0, folds = 0, steps = 0;
  for (int64_t i = 0; i < f->shape.problems; i++) {
    open += !f->problems[i].converged;
    unended += !f->problems[i].ended;
    far += f->problems[i].objective_is_far;
    folds += f->problems[i].open_folds;
    steps += f->problems[i].steps;
  }
  if (f->stopped) {
    clf__fit_log(f->training, "%lld steps were made%s", (long long)steps,
                 clf__svm_calibration_folds(p) > 0 ? "; there are no probabilities" : "");
    return CLF_NOT_CONVERGED;
  }
  if (open == 0 && folds > 0) {
    clf__log(f->model->context, CLF_LOG_WARNING,
             "svm: %lld folds of the calibration have not converged; scale the features, lower C, "
             "or raise tolerance or max_iterations",
             (long long)folds);
  }
  if (open == 0) {
    return folds > 0 ? CLF_NOT_CONVERGED : CLF_OK;
  }
  clf__log(f->model->context, CLF_LOG_WARNING,
           "svm: %lld of %lld machines have not converged, after %lld steps in all%s; scale the "
           "features, lower C, or raise tolerance%s",
           (long long)open, (long long)f->shape.problems, (long long)steps,
           far > 0 ? ", and the objective may exceed its minimum" : "",
           unended > 0 ? " or max_iterations" : "");
  return CLF_NOT_CONVERGED;
}

clf_status clf__svm_fit(const clf_model *model, const clf__training *training, clf__store *state) {
  clf__svm_fitting f = {.model = model, .training = training, .shape = shape_to_fit(model)};
  clf_status status = CLF_OK;
  CLF__CHECK(check_machines(&f));
  const bool divides = ((const clf__svm_params *)model->params)->divide == CLF__SVM_DIVIDE_ROWS;
  CLF__TRY(divides ? solve_divided(&f) : solve_machines(&f, state));
  CLF__TRY(clf__stop_keep(training->stop, CLF_OK));
  CLF__TRY(clf__svm_store_machines(&f, state));
  status = outcome(&f);
done:
  release(&f);
  return status;
}
