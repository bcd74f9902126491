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

/* Sets the gap of each sum, and returns by how much the worst violates the conditions. */
static double find_gaps(clf__svm_solver *s) {
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

/* Computes the change of w, which is all that a linear kernel needs of the changed rows. */
static void step_weights(clf__svm_solver *s, int64_t moved) {
  const clf__rows *x = s->p->rows->groups.x;
  memset(s->step, 0, (size_t)x->columns * sizeof *s->step);
  for (int64_t i = 0; i < moved; i++) {
    clf__sum_row(s->context, x, s->row[i], s->factor[i], s->step);
  }
  for (int64_t j = 0; j < x->columns; j++) {
    s->w[j] = (float)s->step[j];
  }
}

enum { TASK_ROWS = 512 };

static double dot_f64(const clf__rows *x, int64_t row, const double *w) {
  double sum = 0;
  if (clf__rows_sparse(x)) {
    for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
      sum += (double)x->value[e] * w[x->column[e]];
    }
  } else if (x->dtype == CLF_U8) {
    const uint8_t *bytes = (const uint8_t *)x->data + row * x->stride;
    for (int64_t j = 0; j < x->columns; j++) {
      sum += (double)bytes[j] * w[j];
    }
    sum *= (double)x->scale;
  } else {
    const float *values = (const float *)x->data + row * x->stride;
    for (int64_t j = 0; j < x->columns; j++) {
      sum += (double)values[j] * w[j];
    }
  }
  return sum;
}

static void add_linear(void *argument, clf__range range) {
  const clf__svm_solver *s = argument;
  const clf__rows *x = s->p->rows->groups.x;
  for (int64_t i = range.first; i < range.end; i++) {
    s->p->gradient[i] += s->p->f64 ? dot_f64(x, s->p->row[i], s->step)
                                   : (double)clf__dot_row(s->context, x, s->p->row[i], s->w);
  }
}

/* Returns the variables whose gradients are computed; those of twins follow. */
static int64_t computed(const clf__svm_problem *p) {
  return clf__svm_twins(p) ? p->count / 2 : p->count;
}

static clf_status update_linear(clf__svm_solver *s, int64_t moved) {
  step_weights(s, moved);
  const clf__rows *x = s->p->rows->groups.x;
  const int64_t count = computed(s->p);
  const double entries = (double)clf__rows_entries(x) / (double)x->rows + 1;
  clf__parallel_ranges(s->context, count, TASK_ROWS, (double)count * entries * CLF__COST_COPY,
                       add_linear, s);
  return CLF_OK;
}

/* Processes some rows at a time, so that the host is asked often enough if there are many
 * columns. */
static clf_status update_kernel(clf__svm_solver *s, int64_t moved) {
  enum { PART = 64 };
  const clf__svm_problem *p = s->p;
  const int64_t parts = clf__svm_twins(p) ? 1 : p->parts;
  for (int64_t first = 0; first < moved; first += PART) {
    const int64_t count = clf__min_i64(moved - first, PART);
    double *gradient = p->gradient;
    for (int64_t i = 0; i < parts; i++) {
      const int64_t *start = p->rows->groups.start + p->part[i];
      CLF__CHECK(clf__kernel_cache_add(p->rows->cache, p->part[i], s->row + first,
                                       s->factor + first, count, gradient));
      gradient += start[1] - start[0];
    }
    CLF__CHECK(clf__progress_step(&p->rows->progress, 0, (double)NAN, (double)NAN));
  }
  return CLF_OK;
}

/* Adds row[i] times factor[i], for `moved` rows, to the gradients. Those of the two variables of a
 * row differ by their linear terms only. */
static clf_status update_gradients(clf__svm_solver *s, int64_t moved) {
  clf__svm_problem *p = s->p;
  const int64_t half = p->count / 2;
  CLF__CHECK(p->rows->cache == NULL ? update_linear(s, moved) : update_kernel(s, moved));
  for (int64_t i = 0; clf__svm_twins(p) && i < half; i++) {
    p->gradient[half + i] = p->gradient[i] + (p->linear[half + i] - p->linear[i]);
  }
  return CLF_OK;
}

static void subtract_products(void *argument, clf__range range) {
  const clf__svm_solver *s = argument;
  for (int64_t i = range.first; i < range.end; i++) {
    s->p->gradient[i] -= dot_f64(s->p->rows->groups.x, s->p->row[i], s->step);
  }
}

/* The same for a linear kernel, by w, in f64. */
static void subtract_weights(clf__svm_solver *s) {
  const clf__rows *x = s->p->rows->groups.x;
  const int64_t count = computed(s->p), half = s->p->count / 2;
  const double entries = (double)clf__rows_entries(x) / (double)x->rows + 1;
  memset(s->step, 0, (size_t)x->columns * sizeof *s->step);
  for (int64_t i = 0; i < s->p->count; i++) {
    if (s->p->b[i] != 0) {
      clf__sum_row(s->context, x, s->p->row[i], s->p->b[i], s->step);
    }
  }
  clf__parallel_ranges(s->context, count, TASK_ROWS, (double)count * entries * CLF__COST_ELEMENT,
                       subtract_products, s);
  for (int64_t i = 0; clf__svm_twins(s->p) && i < half; i++) {
    s->p->gradient[half + i] = s->p->gradient[i] + (s->p->linear[half + i] - s->p->linear[i]);
  }
}

/* Subtracts K b from the gradients. */
static clf_status subtract_start(clf__svm_solver *s) {
  const clf__svm_problem *p = s->p;
  if (p->rows->cache == NULL) {
    subtract_weights(s);
    return CLF_OK;
  }
  const int64_t count = computed(p);
  int64_t moved = 0;
  for (int64_t i = 0; i < count; i++) {
    const double b = p->b[i] + (clf__svm_twins(p) ? p->b[count + i] : 0);
    if (b != 0) {
      s->row[moved] = p->row[i];
      s->factor[moved++] = -b;
    }
    if (moved == s->capacity || (i == count - 1 && moved > 0)) {
      CLF__CHECK(update_gradients(s, moved));
      moved = 0;
    }
  }
  return CLF_OK;
}

/* Sets b_i, and adds the change to row[] and factor[]; once they are full, to the gradients. */
static clf_status change_b(clf__svm_solver *s, int64_t i, double b, int64_t *moved) {
  clf__svm_problem *p = s->p;
  if (b != p->b[i]) {
    s->row[*moved] = p->row[i];
    s->factor[(*moved)++] = p->b[i] - b;
    p->b[i] = b;
  }
  if (*moved < s->capacity) {
    return CLF_OK;
  }
  *moved = 0;
  return update_gradients(s, s->capacity);
}

/* Returns the variable that changes the sum of b towards 0 at the lowest cost, -1 if there is
 * none. */
static int64_t cheapest(const clf__svm_solver *s, double sum) {
  const double *gradient = s->p->gradient;
  int64_t best = -1;
  for (int64_t i = 0; i < s->p->count; i++) {
    const bool movable = sum > 0 ? clf__svm_in_low_set(s, i) : clf__svm_in_up_set(s, i);
    const bool cheaper =
        best < 0 || (sum > 0 ? gradient[i] < gradient[best] : gradient[i] > gradient[best]);
    best = movable && cheaper ? i : best;
  }
  return best;
}

/* Starts from the solution with all variables: those that are absent now become 0, and others make
 * up for them, so that the sum of b stays 0. */
static clf_status start_without(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  int64_t moved = 0;
  double sum = 0;
  for (int64_t i = 0; i < p->count; i++) {
    p->b[i] = p->start_b[i];
    p->gradient[i] = p->linear[i] - p->start_product[i];
  }
  for (int64_t i = 0; i < p->count; i++) {
    CLF__CHECK(change_b(s, i, fmin(fmax(p->b[i], s->lower[i]), s->upper[i]), &moved));
    sum += p->b[i];
  }
  for (int64_t i = cheapest(s, sum); sum != 0 && i >= 0; i = cheapest(s, sum)) {
    const double b = fmin(fmax(p->b[i] - sum, s->lower[i]), s->upper[i]);
    sum = b == p->b[i] - sum ? 0 : sum + (b - p->b[i]);
    CLF__CHECK(change_b(s, i, b, &moved));
  }
  return moved > 0 ? update_gradients(s, moved) : CLF_OK;
}

/* For free variables, which lie between their bounds, the conditions require that the machine's
 * value equals y. So the intercept is the mean of their gradients, as in LIBSVM: near the optimum
 * all are the same, and far from it the mean is a better guess. Without free variables it is the
 * middle of the interval that the conditions allow. */
static double multiplier_of(const clf__svm_solver *s, int64_t sum) {
  const double max_up = s->gap[sum].max_up, min_low = s->gap[sum].min_low;
  double total = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < s->p->count; i++) {
    if (clf__svm_in_up_set(s, i) && clf__svm_in_low_set(s, i) && clf__svm_sum_of(s, i) == sum) {
      total += s->p->gradient[i];
      count++;
    }
  }
  return count > 0                               ? total / (double)count
         : isfinite(max_up) && isfinite(min_low) ? max_up / 2 + min_low / 2
         : isfinite(max_up)                      ? max_up
         : isfinite(min_low)                     ? min_low
                                                 : 0;
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
  if (p->type == CLF__SVM_C_SVC) {
    return p->tolerance;
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

/* Solves one working set. If that fails, b and the gradients are as before. */
static clf_status improve(clf__svm_solver *s, double gap, double tolerance) {
  clf__svm_problem *p = s->p;
  const size_t bytes = (size_t)p->count * sizeof *s->before;
  clf__smo smo;
  CLF__CHECK(clf__progress_step(&p->rows->progress, 0, gap, (double)NAN));
  clf__svm_select_working_set(s);
  const double part = starts_without(p) ? 0.01 : 0.1;
  CLF__CHECK(clf__svm_load_working_set(s, fmax(0.5 * tolerance, part * gap), &smo));
  const int64_t steps = clf__smo_solve(s->context, &smo);
  const int64_t moved = apply_changes(s, &smo);
  if (p->rows->cache != NULL) {
    memcpy(s->before, p->gradient, bytes);
  }
  const clf_status status = update_gradients(s, moved);
  if (status < 0) { /* with a cache only */
    exchange(s, &smo);
    memcpy(p->gradient, s->before, bytes);
    return status;
  }
  p->steps += steps;
  clf__svm_spend_work(s, steps);
  return CLF_OK;
}

/* The gradients and the objective, without what rounding has added to them step by step. */
static void refresh(clf__svm_solver *s) {
  memcpy(s->p->gradient, s->p->linear, (size_t)s->p->count * sizeof *s->p->gradient);
  subtract_weights(s);
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
    find_gaps(s); /* of a fit that is stopped the intercept may follow from them */
  }
  if (status == CLF_ERROR_MEMORY) {
    clf__svm_stay(s);
    status = CLF_OK;
  }
  clf__arena_free(&arena);
  return status;
}

/* Every working set that makes progress decreases the objective. If several in a row do not, the
 * remaining gain is smaller than the rounding of b or of the gradients, and further steps would
 * cycle. */
static clf_status iterate(clf__svm_solver *s) {
  enum { MAX_STALLED = 10 };
  clf__svm_problem *p = s->p;
  double smallest = (double)INFINITY;
  clf_status status = CLF_OK;
  for (int stalled = 0; status == CLF_OK; stalled++) {
    set_objective(p);
    const double gap = find_gaps(s), tolerance = gap_to_reach(s);
    stalled = p->objective < smallest ? 0 : stalled;
    smallest = fmin(smallest, p->objective);
    p->converged = !(gap > tolerance);
    p->ended = p->converged || stalled == MAX_STALLED;
    if (p->ended || p->steps >= p->max_steps) {
      break;
    }
    if (s->work_to_spend > 0) {
      status = improve(s, gap, tolerance);
    } else {
      status = go_near(s);
      smallest = (double)INFINITY;
    }
  }
  set_intercept(s);
  return status;
}

static clf_status open_solver(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  const int64_t columns = p->rows->groups.x->columns;
  s->sums = clf__svm_two_sums(p) ? 2 : 1;
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
  return clf__arena_status(&s->arena);
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
    CLF__TRY(start_without(&s));
  } else if (!begun) {
    clf__svm_set_start(&s);
    CLF__TRY(p->start_product == NULL ? subtract_start(&s) : CLF_OK);
  }
  status = iterate(&s);
done:
  clf__arena_free(&s.arena);
  return status;
}
