/* Ridge for many features: conjugate gradients (Hestenes and Stiefel 1952) on the normal equations
 * (S + alpha I) w = c, with one system for each output; all systems share each pass over the rows.
 * S is never formed: ridge_cg_rows.c multiplies by the rows.
 *
 * With a penalty, the residuals of sparse rows are preconditioned by the diagonal of S + alpha I:
 * columns have from one entry to one in each row, so that their squares are of very different
 * sizes. Not if there are fewer rows than columns: then all residuals lie in the span of the rows,
 * where the penalty is the same in all directions, and the diagonal would lead out of it (60
 * iterations in place of 37). Such rows, unless several ranks have them or they have many entries,
 * are for ridge_cg_wide.c.
 *
 * Starting from w = 0 without a preconditioner, all iterates lie in the span of the rows, so that
 * without a penalty the limit is the solution of minimum norm. Once directions consist only of
 * rounding errors, the iterates diverge. So the objective is computed from the rows every CHECK
 * iterations and at the end. An output whose objective has increased stops, and keeps the iterate
 * where it was lowest.
 *
 * The residuals are updated by products in f32, whose errors add up in them unseen. A direction in
 * which the penalty alone curves turns an error of 1e-7 into weights of 1e-7 / alpha. So for a
 * tolerance below F32_TOLERANCE, or with precision=f64, the residuals are computed in f64 from the
 * rows each time that they have decreased by REFINED, and the iterations start again from them:
 * iterative refinement, which ends when the residuals of the rows are small, or no longer
 * decrease. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "comm/shards.h"
#include "models/linear.h"
#include "models/ridge/ridge_cg.h"
#include "optim/vector.h"

static const double F32_TOLERANCE = 1e-6, REFINED = 1e-4;

enum { CHECK = 32 };

static clf_status allocate_solution(clf__ridge_cg *work) {
  const int64_t size = clf__count(work->outputs, work->columns);
  work->arena.context = work->model->context;
  work->mean = clf__arena_zeroed(&work->arena, work->columns, sizeof(double));
  work->target_mean = clf__arena_zeroed(&work->arena, work->outputs + 1, sizeof(double));
  work->solution = clf__arena_zeroed(&work->arena, size, sizeof(double));
  return clf__arena_status(&work->arena);
}

static clf_status allocate(clf__ridge_cg *work) {
  clf_context *context = work->model->context;
  const int64_t size = clf__count(work->outputs, work->columns);
  work->chunks = clf__ridge_cg_chunks(work->training->x);
  work->residual = clf__arena_array(&work->arena, size, sizeof(double));
  work->direction = clf__arena_array(&work->arena, size, sizeof(double));
  work->product = clf__arena_array(&work->arena, size, sizeof(double));
  work->rounded = clf__arena_array(&work->arena, size, sizeof(float));
  work->shift = clf__arena_array(&work->arena, work->outputs, sizeof(float));
  work->unit = clf__arena_array(&work->arena, work->outputs, sizeof(double));
  work->scratch = clf__arena_matrix(&work->arena, CLF__RIDGE_CHUNKS * CLF__RIDGE_BLOCK,
                                    work->outputs, sizeof(float));
  if (clf__rows_sparse(work->training->x) && work->alpha > 0 &&
      clf__shards_rows(work->training->x->shards, work->training->x->rows) >= work->columns) {
    work->inverse = clf__arena_zeroed(&work->arena, work->columns, sizeof(double));
    work->scaled = clf__arena_array(&work->arena, work->columns, sizeof(double));
  }
  work->residual_squares = clf__arena_matrix(&work->arena, 3, work->outputs, sizeof(double));
  work->measure = clf__arena_array(&work->arena, work->outputs, sizeof(double));
  work->best = clf__arena_zeroed(&work->arena, size, sizeof(double));
  work->objective = clf__arena_zeroed(&work->arena, work->outputs, sizeof(double));
  work->squares = clf__arena_matrix(&work->arena, CLF__RIDGE_CHUNKS, work->outputs, sizeof(double));
  work->total = clf__arena_array(&work->arena, work->outputs, sizeof(double));
  work->stopped = clf__arena_zeroed(&work->arena, work->outputs, sizeof(bool));
  if (work->refines) {
    work->intercept = clf__arena_array(&work->arena, work->outputs, sizeof(double));
    clf__linear_pass_create(&work->exact, &work->arena, work->training->x, work->outputs);
  }
  CLF__CHECK(clf__arena_status(&work->arena));
  clf_status status = CLF_OK;
  for (int64_t chunk = 0; status == CLF_OK && chunk < work->chunks; chunk++) {
    status =
        clf__linear_gradient_create(&work->sums[chunk], context, work->training->x, work->outputs);
  }
  return status;
}

static void release(clf__ridge_cg *work) {
  for (int64_t chunk = 0; chunk < work->chunks; chunk++) {
    clf__linear_gradient_free(&work->sums[chunk]);
  }
  clf__arena_free(&work->arena);
}

/* Keeps the solutions whose objective is the lowest so far, as far as f32 products can tell, and
 * stops the others. */
static clf_status check_objective(clf__ridge_cg *work, const double *first) {
  const int64_t n = work->columns;
  const clf_status status = clf__ridge_cg_squares(work);
  for (int64_t k = 0; k < work->outputs && status == CLF_OK; k++) {
    const double *w = work->solution + k * n;
    const double objective = work->alpha * clf__vector_dot(w, w, n) + work->total[k];
    const double limit = work->objective[k] * (1 + 1e-6) + 1e-10 * first[k];
    if (!work->stopped[k] && objective <= limit) {
      memcpy(work->best + k * n, w, (size_t)n * sizeof *w);
      work->objective[k] = fmin(work->objective[k], objective);
    } else {
      work->stopped[k] = true;
    }
  }
  return status;
}

/* Returns the residual [D] of an output times the preconditioner. */
static const double *scaled_residual(const clf__ridge_cg *work, const double *residual) {
  if (work->inverse == NULL) {
    return residual;
  }
  for (int64_t j = 0; j < work->columns; j++) {
    work->scaled[j] = work->inverse[j] * residual[j];
  }
  return work->scaled;
}

/* The directions of all outputs start at their preconditioned residuals. */
static void start_directions(clf__ridge_cg *work) {
  const int64_t n = work->columns;
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *scaled = scaled_residual(work, work->residual + k * n);
    work->measure[k] = clf__vector_dot(work->residual + k * n, scaled, n);
    memcpy(work->direction + k * n, scaled, (size_t)n * sizeof *scaled);
  }
}

/* Makes one step of output k, whose |residual|^2 is `square`. Returns the new one, or -1 if the
 * direction consists only of rounding errors. */
static double step(clf__ridge_cg *work, int64_t k, double square) {
  int64_t n = work->columns;
  double *x = work->solution + k * n;
  double *r = work->residual + k * n;
  double *p = work->direction + k * n;
  const double *q = work->product + k * n;
  double curvature = clf__vector_dot(p, q, n);
  if (square == 0 || !(curvature > 0)) {
    return square == 0 ? 0 : -1;
  }
  const double length = work->measure[k] / curvature;
  clf__vector_add(x, length, p, n);
  const double left = clf__vector_add_square(r, -length, q, n);
  const double *scaled = scaled_residual(work, r);
  const double next = scaled == r ? left : clf__vector_dot(r, scaled, n);
  const double turn = next / work->measure[k];
  for (int64_t j = 0; j < n; j++) {
    p[j] = scaled[j] + turn * p[j];
  }
  work->measure[k] = next;
  return left;
}

/* Returns the largest relative residual of the outputs that continue, or -1 if none does. */
static double worst_residual(const clf__ridge_cg *work, const double *squares,
                             const double *first) {
  double worst = -1;
  for (int64_t k = 0; k < work->outputs; k++) {
    if (!work->stopped[k]) {
      worst = fmax(worst, first[k] > 0 ? sqrt(squares[k] / first[k]) : 0);
    }
  }
  return worst;
}

/* Computes the residuals from the rows, from which the directions start again. *worst is the
 * largest relative one. */
static clf_status refine(clf__ridge_cg *work, double *squares, const double *first, double *worst) {
  const int64_t n = work->columns;
  CLF__CHECK(clf__ridge_cg_residual(work));
  start_directions(work);
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *r = work->residual + k * n;
    squares[k] = work->stopped[k] ? squares[k] : clf__vector_dot(r, r, n);
  }
  *worst = worst_residual(work, squares, first);
  work->exhausted = !(*worst < work->computed / 2);
  work->computed = *worst;
  return CLF_OK;
}

/* Returns whether an output has ended. */
static bool step_all(clf__ridge_cg *work, double *squares) {
  bool stuck = false;
  for (int64_t k = 0; k < work->outputs; k++) {
    squares[k] = work->stopped[k] ? squares[k] : step(work, k, squares[k]);
    stuck = stuck || (!work->stopped[k] && squares[k] < 0);
  }
  return stuck;
}

static clf_status iterate(clf__ridge_cg *work, const clf__ridge_params *p) {
  clf__progress progress = clf__progress_begin(work->model->context, "ridge", p->max_iterations);
  double *squares = work->residual_squares;
  double *first = squares + work->outputs, *first_objective = first + work->outputs;
  int64_t i = 0;
  CLF__CHECK(clf__ridge_cg_first_objective(work));
  start_directions(work);
  for (int64_t k = 0; k < work->outputs; k++) {
    const double *r = work->residual + k * work->columns;
    squares[k] = first[k] = clf__vector_dot(r, r, work->columns);
    first_objective[k] = work->objective[k];
  }
  double worst = worst_residual(work, squares, first);
  work->computed = worst;
  clf_status status = CLF_OK;
  for (; i < p->max_iterations && worst > p->tolerance && !work->exhausted; i++) {
    CLF__TRY(clf__progress_step(&progress, i, worst, NAN));
    CLF__TRY(clf__ridge_cg_apply(work));
    const bool stuck = step_all(work, squares);
    if (stuck || i % CHECK == CHECK - 1) {
      CLF__TRY(check_objective(work, first_objective));
    }
    for (int64_t k = 0; k < work->outputs; k++) {
      work->stopped[k] = work->stopped[k] || squares[k] < 0;
    }
    worst = worst_residual(work, squares, first);
    if (work->refines && worst <= fmax(p->tolerance, REFINED * work->computed)) {
      CLF__TRY(refine(work, squares, first, &worst));
    }
  }
done:
  CLF__CHECK(i > 0 ? clf__stop_keep(work->training->stop, status) : status);
  const bool ended_early = status < 0;
  if (i >= CHECK) {
    CLF__CHECK(check_objective(work, first_objective));
  }
  work->iterations = i;
  for (int64_t k = 0; k < work->outputs; k++) {
    const int64_t at = k * work->columns;
    if (work->stopped[k]) {
      memcpy(work->solution + at, work->best + at, (size_t)work->columns * sizeof(double));
      worst = INFINITY;
    }
  }
  return worst <= p->tolerance && !ended_early ? CLF_OK : CLF_NOT_CONVERGED;
}

static clf_status solve_by_columns(clf__ridge_cg *work, const clf__ridge_params *p) {
  const clf__rows *x = work->training->x;
  float largest = 0;
  CLF__CHECK(allocate(work));
  CLF__CHECK(clf__rows_largest(&largest, work->model->context, x));
  double largest_of_all = (double)largest;
  CLF__CHECK(clf__shards_extremes(x->shards, NULL, &largest_of_all, 1));
  work->size = largest_of_all > 0 ? ilogb(largest_of_all) : 0;
  memset(work->solution, 0, (size_t)(work->outputs * work->columns) * sizeof *work->solution);
  CLF__CHECK(clf__ridge_cg_start(work, p->fit_intercept));
  return iterate(work, p);
}

/* Writes the weights and intercepts; the first of two classes has the negatives of the second's. */
static clf_status store_solution(const clf__ridge_cg *work, clf__store *state) {
  const int64_t n = work->columns, outputs = work->training->outputs;
  clf__arena arena = {.context = work->model->context};
  clf_status status = CLF_OK;
  double *w = clf__arena_matrix(&arena, outputs, n, sizeof *w);
  double *b = clf__arena_array(&arena, outputs, sizeof *b);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t k = 0; k < outputs; k++) {
    const int64_t from = work->outputs < outputs ? 0 : k;
    const double sign = work->outputs < outputs && k == 0 ? -1 : 1;
    const double *own = work->solution + from * n;
    for (int64_t j = 0; j < n; j++) {
      w[k * n + j] = sign * own[j];
    }
    b[k] = sign * (work->target_mean[from] - clf__vector_dot(work->mean, own, n));
  }
  const clf__linear_solution solution = {w, b, n, 1, outputs, n};
  status = clf__linear_store(work->model->context, state, &clf__decision_names, &solution,
                             work->training->x);
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__ridge_fit_cg(const clf_model *model, const clf__training *training,
                             const float *row_weights, double alpha, clf__store *state) {
  const clf__ridge_params *p = model->params;
  clf__ridge_cg work = {.model = model,
                        .alpha = alpha,
                        .training = training,
                        .weights = row_weights,
                        .outputs = training->classes == 2 ? 1 : training->outputs,
                        .columns = training->x->columns,
                        .refines =
                            p->tolerance < F32_TOLERANCE || p->precision == CLF__PRECISION_F64};
  bool solved = false;
  clf_status status = CLF_OK;
  CLF__TRY(allocate_solution(&work));
  if (clf__ridge_cg_is_wide(&work)) {
    CLF__TRY(clf__ridge_cg_wide(&work, p, &solved));
  }
  if (!solved) {
    CLF__TRY(solve_by_columns(&work, p));
  }
  const clf_status outcome = status;
  CLF__TRY(store_solution(&work, state));
  CLF__TRY(clf__state_tensor(model->context, state, "iterations", CLF_I64, 1, -1));
  *(int64_t *)clf__state_data(state, "iterations") = work.iterations;
  status = outcome;
done:
  release(&work);
  return status;
}
