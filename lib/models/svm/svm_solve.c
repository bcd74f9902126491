/* One problem, solved by decomposition. A working set of some hundred variables,
 * selected among those that violate the optimality conditions most, is solved by sequential minimal
 * optimization with its part of the kernel matrix in L2. Then the gradients of all rows are
 * updated. So kernel rows are computed only for variables that changed, which are few more than the
 * support vectors, and they are computed in blocks, by matrix products.
 *
 * The stopping rule is LIBSVM's: the largest gradient in the up set exceeds the smallest in the low
 * set by no more than the tolerance (Keerthi et al. 2001). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/svm/svm_solver.h"
#include "models/svm/svm_start.h"

static const double MIN_DEMANDED = 0x1p-30; /* of the tolerance */

double clf__svm_find_gaps(clf__svm_solver *s) {
  double worst = (double)-INFINITY;
  s->gap[0] = s->gap[1] = (clf__svm_gap){(double)-INFINITY, (double)INFINITY};
  for (int64_t i = 0; i < s->p->count; i++) {
    const double gradient = s->p->gradient[i];
    clf__svm_gap *gap = &s->gap[clf__svm_sum_of(s, i)];
    if (clf__svm_in_up_set(s, i) && gradient > gap->max_up) {
      gap->max_up = gradient;
    }
    if (clf__svm_in_low_set(s, i) && gradient < gap->min_low) {
      gap->min_low = gradient;
    }
  }
  for (int64_t sum = 0; sum < s->sums; sum++) {
    worst = fmax(worst, s->gap[sum].max_up - s->gap[sum].min_low);
  }
  return worst;
}

/* Exchanges the b of the set with those that it had or will have. */
static void exchange(clf__svm_solver *s, const clf__smo *smo) {
  for (int64_t i = 0; i < s->size; i++) {
    if (s->set[i] >= 0) {
      const double b = s->p->b[s->set[i]];
      s->p->b[s->set[i]] = smo->b[i];
      smo->b[i] = b;
    }
  }
}

/* Applies the changes of the set; the changed variables come to the front of row[] and factor[]. */
static int64_t apply_changes(clf__svm_solver *s, const clf__smo *smo) {
  int64_t moved = 0;
  exchange(s, smo);
  for (int64_t i = 0; i < s->size; i++) {
    const double b = s->set[i] >= 0 ? s->p->b[s->set[i]] : smo->b[i];
    if (b != smo->b[i]) {
      s->row[moved] = s->p->row[s->set[i]];
      s->factor[moved++] = smo->b[i] - b;
    }
  }
  return moved;
}

/* Returns the sum of what the set's b have changed times their gradients. The objective has
 * decreased by the mean of those before and after. */
static double product_with_gradient(const clf__svm_solver *s, const clf__smo *smo) {
  double sum = 0;
  for (int64_t i = 0; i < s->size; i++) {
    if (s->set[i] >= 0) {
      sum += (s->p->b[s->set[i]] - smo->b[i]) * s->p->gradient[s->set[i]];
    }
  }
  return sum;
}

/* For free variables, which lie between their bounds, the conditions require that the machine's
 * value equals y. So the intercept is the mean of their gradients, as in LIBSVM: near the optimum
 * all are the same, and far from it the mean is a better guess. Without free variables it is the
 * middle of the interval that the conditions allow. */
static double multiplier_of(const clf__svm_solver *s, int64_t sum) {
  double total = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < s->p->count; i++) {
    if (clf__svm_in_up_set(s, i) && clf__svm_in_low_set(s, i) && clf__svm_sum_of(s, i) == sum) {
      total += s->p->gradient[i];
      count++;
    }
  }
  return count > 0 ? total / (double)count : clf__svm_middle(&s->gap[sum]);
}

/* With two sums, each has a multiplier: a nu_svc is to have values m and -m at its margin, a nu_svr
 * epsilon and -epsilon beside its targets. */
static void set_intercept(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  p->intercept = multiplier_of(s, 0);
  p->implied = 0;
  if (s->sums == 2) {
    const double other = multiplier_of(s, 1);
    p->implied = other / 2 - p->intercept / 2;
    p->intercept = p->intercept / 2 + other / 2;
  }
  p->intercept += p->target_mean;
}

/* Computes the objective of the dual, 1/2 b^T K b - p^T b. */
static void set_objective(clf__svm_problem *p) {
  double sum = 0;
  for (int64_t i = 0; i < p->count; i++) {
    sum += p->b[i] * (p->linear[i] + p->gradient[i]);
  }
  p->objective = -0.5 * sum;
}

/* The gap at which to stop. It is LIBSVM's, the tolerance, but no larger than the tolerance times
 * what gradients are measured by: the spread of the targets, the margin of a nu_svc, the offset of
 * a one-class machine. Gradients are not known better than by rounded values of K. */
static double gap_to_reach(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  double unit = p->target_spread, sum = 0;
  if (p->gap != NULL || p->type == CLF__SVM_C_SVC) {
    return p->gap != NULL ? *p->gap : p->tolerance;
  }
  if (p->target == NULL) {
    set_intercept(s);
    unit = s->sums == 2 ? fmax(p->implied, 0) : fabs(p->intercept);
  }
  for (int64_t i = 0; i < p->count; i++) {
    sum += fabs(p->b[i]);
  }
  const double noise = (double)FLT_EPSILON * sum * s->largest;
  return fmin(p->tolerance, fmax(p->tolerance * unit, noise));
}

/* A fold that starts from the solution with all rows has few variables to change: a small working
 * set, solved to more digits, needs less of the kernel matrix. With a linear kernel, whose matrix
 * costs less than an update of all gradients, it is larger. */
enum { FEW = 96, FEW_LINEAR = 160 };

static bool starts_without(const clf__svm_problem *p) {
  return p->absent != NULL && p->start_b != NULL;
}

/* Solves one working set, or the part that is active. If that fails, b and the gradients are as
 * before, or what the part has if it is stopped. */
static clf_status improve(clf__svm_solver *s, double gap, double tolerance) {
  clf__svm_problem *p = s->p;
  const size_t bytes = (size_t)p->count * sizeof *s->before;
  clf__smo smo;
  CLF__CHECK(clf__progress_step(&p->rows->progress, 0, gap, (double)NAN));
  if (clf__svm_shrinks(s)) {
    return clf__svm_solve_active(s, tolerance);
  }
  clf__svm_select_working_set(s);
  const double part = starts_without(p) ? 0.01 : 0.1;
  CLF__CHECK(clf__svm_load_working_set(s, fmax(0.5 * tolerance, part * gap), &smo));
  int64_t steps;
  CLF__CHECK(clf__svm_solve_set(s, &smo, &steps));
  const int64_t moved = apply_changes(s, &smo);
  if (p->rows->cache != NULL) {
    memcpy(s->before, p->gradient, bytes);
  }
  const double gain = product_with_gradient(s, &smo);
  const clf_status status = clf__svm_update_gradients(s, moved);
  if (status < 0) { /* with a cache only */
    exchange(s, &smo);
    memcpy(p->gradient, s->before, bytes);
    return status;
  }
  p->objective -= (gain + product_with_gradient(s, &smo)) / 2;
  p->steps += steps;
  clf__svm_spend_work(s, steps);
  return CLF_OK;
}

/* The gradients and the objective, without what rounding has added to them step by step. */
static void refresh(clf__svm_solver *s) {
  memcpy(s->p->gradient, s->p->linear, (size_t)s->p->count * sizeof *s->p->gradient);
  clf__svm_subtract_weights(s);
  set_objective(s->p);
}

/* Goes on near the solution of a linear machine, if that is better than where it is. It is a
 * shortcut: without the memory for it the working sets go on. */
static clf_status go_near(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  const size_t bytes = (size_t)p->count * sizeof *p->b;
  clf__arena arena = {.context = s->context};
  double *b = clf__arena_array(&arena, p->count, sizeof *b);
  double *gradient = clf__arena_array(&arena, p->count, sizeof *gradient);
  clf_status status = clf__arena_status(&arena);
  if (status == CLF_OK) {
    refresh(s);
    memcpy(b, p->b, bytes);
    memcpy(gradient, p->gradient, bytes);
    const double objective = p->objective;
    status = clf__svm_start_near(s);
    refresh(s);
    if (!(p->objective <= objective)) {
      memcpy(p->b, b, bytes);
      memcpy(p->gradient, gradient, bytes);
    }
    clf__svm_find_gaps(s); /* of a fit that is stopped the intercept may follow from them */
  }
  if (status == CLF_ERROR_MEMORY) {
    clf__svm_stay(s);
    status = CLF_OK;
  }
  clf__arena_free(&arena);
  return status;
}

/* Sets whether the objective of a linear machine, of sparse rows or with few rows on one side, may
 * exceed its minimum. Where C is large and classes are of different size or separable, the
 * objective is a small part of what margins that miss by the tolerance cost. */
static void set_objective_is_far(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  double gap = 0;
  p->objective_is_far = false;
  const bool sparse = clf__rows_sparse(p->rows->groups.x);
  if (p->rows->cache != NULL || p->type != CLF__SVM_C_SVC || !(sparse || s->few_vectors)) {
    return;
  }
  if (sparse) {
    refresh(s);
  }
  clf__svm_find_gaps(s);
  set_intercept(s);
  for (int64_t i = 0; i < p->count; i++) {
    const double miss = p->y[i] * (p->gradient[i] - p->intercept);
    gap += clf__svm_row_gap(s->upper[i] - s->lower[i], p->y[i] * p->b[i], miss, false);
  }
  p->objective_is_far = !(gap <= clf__svm_max_excess(p) * -p->objective);
}

/* Demands smaller gaps if the objective may exceed its minimum, and returns whether it does. */
static bool demand_more(clf__svm_solver *s) {
  if (!(s->demanded > MIN_DEMANDED)) {
    return false;
  }
  set_objective_is_far(s);
  s->demanded /= s->p->objective_is_far ? 4 : 1;
  return s->p->objective_is_far;
}

/* Every working set that makes progress decreases the objective. If several in a row do not, the
 * remaining gain is smaller than the rounding of b or of the gradients, and further steps would
 * cycle. */
static clf_status iterate(clf__svm_solver *s) {
  enum { MAX_STALLED = 10 };
  clf__svm_problem *p = s->p;
  double smallest = (double)INFINITY;
  clf_status status = CLF_OK;
  if (p->gap == NULL) {
    set_objective(p);
  }
  clf__svm_begin_history(s);
  s->demanded = 1;
  for (int stalled = 0; status == CLF_OK; stalled++) {
    const double gap = clf__svm_find_gaps(s), tolerance = s->demanded * gap_to_reach(s);
    stalled = p->objective < smallest ? 0 : stalled;
    smallest = fmin(smallest, p->objective);
    p->converged = !(gap > tolerance);
    if (p->converged && demand_more(s)) {
      smallest = (double)INFINITY;
      continue;
    }
    /* The other way has more digits. */
    if (stalled == MAX_STALLED && s->few_vectors && s->work_to_spend < (double)INFINITY) {
      s->work_to_spend = 0;
      stalled = 0;
    }
    p->ended = p->converged || stalled == MAX_STALLED;
    if (p->ended || p->steps >= p->max_steps) {
      break;
    }
    if (s->work_to_spend > 0) {
      status = improve(s, gap, tolerance);
      status = status == CLF_OK ? clf__svm_accelerate(s) : status;
    } else {
      status = go_near(s);
      smallest = (double)INFINITY;
    }
  }
  set_intercept(s);
  if (p->gap == NULL && status == CLF_OK) {
    set_objective(p); /* without the rounding of all steps */
  }
  if (p->objective_is_far && status == CLF_OK) {
    set_objective_is_far(s);
    p->converged = !p->objective_is_far;
    p->ended = p->ended || p->converged;
  }
  return status;
}

static clf_status open_solver(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  const int64_t columns = p->rows->groups.x->columns;
  s->sums = clf__svm_two_sums(p) ? 2 : 1;
  s->may_shrink = p->rows->cache != NULL && !starts_without(p);
  const int64_t padded =
      clf__round_up(p->count, CLF__SMO_LANES) + (s->sums == 2 ? CLF__SMO_LANES : 0);
  const int64_t few = p->rows->cache != NULL ? FEW : FEW_LINEAR;
  s->capacity = clf__min_i64(padded, starts_without(p) ? few : CLF__SVM_SET);
  s->lower = clf__arena_array(&s->arena, p->count, sizeof *s->lower);
  s->upper = clf__arena_array(&s->arena, p->count, sizeof *s->upper);
  s->before = clf__arena_array(&s->arena, p->rows->cache != NULL ? p->count : 0, sizeof(double));
  s->in_set = clf__arena_zeroed(&s->arena, p->count, sizeof *s->in_set);
  s->candidate = clf__arena_array(&s->arena, p->count, sizeof *s->candidate);
  s->set = clf__arena_array(&s->arena, s->capacity, sizeof *s->set);
  s->row = clf__arena_array(&s->arena, s->capacity, sizeof *s->row);
  s->K = clf__arena_matrix(&s->arena, s->capacity, s->capacity, sizeof *s->K);
  s->diagonal = clf__arena_array(&s->arena, s->capacity, sizeof *s->diagonal);
  s->own = clf__arena_matrix(&s->arena, 6, s->capacity, sizeof *s->own);
  s->factor = clf__arena_array(&s->arena, s->capacity, sizeof *s->factor);
  s->step = clf__arena_array(&s->arena, columns, sizeof *s->step);
  s->w = clf__arena_array(&s->arena, columns, sizeof *s->w);
  return clf__svm_open_history(s);
}

clf_status clf__svm_solve(clf__svm_problem *p) {
  clf__svm_solver s = {.p = p, .context = p->rows->context, .arena = {.context = p->rows->context}};
  const bool begun = p->b != NULL;
  clf_status status = CLF_OK;
  if (!begun) {
    CLF__TRY(clf__svm_alloc_results(p));
  }
  CLF__TRY(open_solver(&s));
  clf__svm_set_variables(&s);
  clf__svm_expect_work(&s);
  if (!begun && starts_without(p)) {
    CLF__TRY(clf__svm_start_without(&s));
  } else if (!begun) {
    clf__svm_set_start(&s);
    CLF__TRY(p->start_product == NULL ? clf__svm_subtract_start(&s) : CLF_OK);
  }
  status = iterate(&s);
done:
  clf__arena_free(&s.arena);
  return status;
}
