/* One problem of two sides, solved by decomposition. A working set of some hundred variables,
 * selected among those that violate the optimality conditions most, is solved by sequential minimal
 * optimization with its part of the kernel matrix in L2. Then the gradients of all rows are
 * updated. So kernel rows are computed only for variables that changed, which are few more than the
 * support vectors, and they are computed in blocks, by matrix products.
 *
 * The stopping rule is LIBSVM's: the largest gradient in the up set exceeds the smallest in the low
 * set by no more than the tolerance (Keerthi et al. 2001). */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/svm/svm_solver.h"

/* The optimality conditions: the largest gradient in the up set, and the smallest in the low
 * set. */
static void extremes(const clf__svm_solver *s, double *max_up, double *min_low) {
  *max_up = (double)-INFINITY;
  *min_low = (double)INFINITY;
  for (int64_t i = 0; i < s->p->count; i++) {
    const double gradient = s->p->gradient[i];
    if (clf__svm_in_up_set(s, i) && gradient > *max_up) {
      *max_up = gradient;
    }
    if (clf__svm_in_low_set(s, i) && gradient < *min_low) {
      *min_low = gradient;
    }
  }
}

/* Exchanges the b of the set with those that it had or will have. */
static void exchange(clf__svm_solver *s, const clf__smo *smo) {
  for (int64_t i = 0; i < s->size; i++) {
    const double b = s->p->b[s->set[i]];
    s->p->b[s->set[i]] = smo->b[i];
    smo->b[i] = b;
  }
}

/* Applies the changes of the set; the changed variables come to the front of row[] and factor[]. */
static int64_t apply_changes(clf__svm_solver *s, const clf__smo *smo) {
  int64_t moved = 0;
  exchange(s, smo);
  for (int64_t i = 0; i < s->size; i++) {
    const double b = s->p->b[s->set[i]];
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

static void update_linear(clf__svm_solver *s, int64_t moved) {
  step_weights(s, moved);
  const clf__rows *x = s->p->rows->groups.x;
  const double entries = (double)clf__rows_entries(x) / (double)x->rows + 1;
  clf__parallel_ranges(s->context, s->p->count, TASK_ROWS,
                       (double)s->p->count * entries * CLF__COST_COPY, add_linear, s);
}

/* Processes some rows at a time, so that the host is asked often enough if there are many
 * columns. */
static clf_status update_kernel(clf__svm_solver *s, int64_t moved) {
  enum { PART = 64 };
  const clf__svm_problem *p = s->p;
  for (int64_t first = 0; first < moved; first += PART) {
    const int64_t count = clf__min_i64(moved - first, PART);
    double *gradient = p->gradient;
    for (int64_t i = 0; i < p->parts; i++) {
      const int64_t *start = p->rows->groups.start + p->part[i];
      CLF__CHECK(clf__kernel_cache_add(p->rows->cache, p->part[i], s->row + first,
                                       s->factor + first, count, gradient));
      gradient += start[1] - start[0];
    }
    CLF__CHECK(clf__progress_step(&p->rows->progress, 0, (double)NAN, (double)NAN));
  }
  return CLF_OK;
}

/* For free variables, which lie between their bounds, the conditions require that the machine's
 * value equals y. So the intercept is the mean of their gradients, as in LIBSVM: near the optimum
 * all are the same, and far from it the mean is a better guess. Without free variables it is the
 * middle of the interval that the conditions allow. */
static double intercept_of(const clf__svm_solver *s, double max_up, double min_low) {
  double sum = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < s->p->count; i++) {
    if (clf__svm_in_up_set(s, i) && clf__svm_in_low_set(s, i)) {
      sum += s->p->gradient[i];
      count++;
    }
  }
  return count > 0                               ? sum / (double)count
         : isfinite(max_up) && isfinite(min_low) ? max_up / 2 + min_low / 2
         : isfinite(max_up)                      ? max_up
         : isfinite(min_low)                     ? min_low
                                                 : 0;
}

/* Computes the objective of the dual, 1/2 b^T K b - y^T b. */
static void set_objective(clf__svm_problem *p) {
  double sum = 0;
  for (int64_t i = 0; i < p->count; i++) {
    sum += p->b[i] * (p->y[i] + p->gradient[i]);
  }
  p->objective = -0.5 * sum;
}

/* Solves one working set. If that fails, b and the gradients are as before. */
static clf_status improve(clf__svm_solver *s, double max_up, double min_low) {
  clf__svm_problem *p = s->p;
  const size_t bytes = (size_t)p->count * sizeof *s->before;
  clf__smo smo;
  CLF__CHECK(clf__progress_step(&p->rows->progress, 0, max_up - min_low, (double)NAN));
  clf__svm_select_working_set(s, max_up, min_low);
  CLF__CHECK(
      clf__svm_load_working_set(s, fmax(0.5 * p->tolerance, 0.1 * (max_up - min_low)), &smo));
  const int64_t steps = clf__smo_solve(s->context, &smo);
  const int64_t moved = apply_changes(s, &smo);
  if (p->rows->cache == NULL) {
    update_linear(s, moved);
  } else {
    memcpy(s->before, p->gradient, bytes);
    const clf_status status = update_kernel(s, moved);
    if (status < 0) {
      exchange(s, &smo);
      memcpy(p->gradient, s->before, bytes);
      return status;
    }
  }
  p->steps += steps;
  return CLF_OK;
}

/* Every working set that makes progress decreases the objective. If several in a row do not, the
 * remaining gain is smaller than the rounding of b or of the gradients, and further steps would
 * cycle. */
static clf_status iterate(clf__svm_solver *s) {
  enum { MAX_STALLED = 10 };
  clf__svm_problem *p = s->p;
  double max_up, min_low, smallest = (double)INFINITY;
  clf_status status = CLF_OK;
  for (int stalled = 0; status == CLF_OK; stalled++) {
    set_objective(p);
    extremes(s, &max_up, &min_low);
    stalled = p->objective < smallest ? 0 : stalled;
    smallest = fmin(smallest, p->objective);
    p->converged = !(max_up - min_low > p->tolerance);
    p->ended = p->converged || stalled == MAX_STALLED;
    if (p->ended || p->steps >= p->max_steps) {
      break;
    }
    status = improve(s, max_up, min_low);
  }
  p->intercept = intercept_of(s, max_up, min_low);
  return status;
}

/* Starts from another solution, moved within the bounds: one factor shrinks all b, which keeps
 * their sum, and y - gradient = K b with them. */
static void start_from(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  double factor = 1;
  for (int64_t i = 0; i < p->count; i++) {
    const double bound = p->start_b[i] > 0 ? s->upper[i] : s->lower[i];
    factor = fabs(p->start_b[i]) * factor > fabs(bound) ? bound / p->start_b[i] : factor;
  }
  for (int64_t i = 0; i < p->count; i++) {
    p->b[i] = fmin(fmax(factor * p->start_b[i], s->lower[i]), s->upper[i]);
    p->gradient[i] = p->y[i] - factor * (p->y[i] - p->start_gradient[i]);
  }
}

int64_t clf__svm_count(const clf__svm_problem *p) {
  const int64_t *start = p->rows->groups.start;
  int64_t count = 0;
  for (int64_t i = 0; i < p->parts; i++) {
    count += start[p->part[i] + 1] - start[p->part[i]];
  }
  return count;
}

/* Allocates the results, which outlive the solver. */
static clf_status alloc_results(clf__svm_problem *p) {
  clf_context *context = p->rows->context;
  p->count = clf__svm_count(p);
  p->row = clf__alloc_array(context, p->count, sizeof *p->row);
  p->y = clf__alloc_array(context, p->count, sizeof *p->y);
  p->b = clf__alloc_zeroed(context, p->count, sizeof *p->b);
  p->gradient = clf__alloc_array(context, p->count, sizeof *p->gradient);
  return p->row && p->y && p->b && p->gradient ? CLF_OK : CLF_ERROR_MEMORY;
}

static clf_status open_solver(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  const int64_t columns = p->rows->groups.x->columns;
  const int64_t padded = clf__round_up(p->count, CLF__SMO_LANES);
  s->capacity = clf__min_i64(padded, CLF__SVM_SET);
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

static void set_variables(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  const clf__grouped_rows *groups = &p->rows->groups;
  int64_t at = 0;
  for (int64_t i = 0; i < p->parts; i++) {
    for (int64_t j = groups->start[p->part[i]]; j < groups->start[p->part[i] + 1]; j++, at++) {
      const double C = p->absent != NULL && p->absent[at] ? 0 : p->C[groups->order[j]];
      p->row[at] = groups->order[j];
      p->y[at] = p->side[i];
      s->lower[at] = p->side[i] > 0 ? 0 : -C;
      s->upper[at] = p->side[i] > 0 ? C : 0;
    }
  }
}

/* Sets all b to 0, or to those of the starting solution. */
static void set_start(clf__svm_solver *s) {
  for (int64_t i = 0; i < s->p->count; i++) {
    s->p->gradient[i] = s->p->y[i];
  }
  if (s->p->start_b != NULL) {
    start_from(s);
  }
}

clf_status clf__svm_solve(clf__svm_problem *p) {
  clf__svm_solver s = {.p = p, .context = p->rows->context, .arena = {.context = p->rows->context}};
  const bool begun = p->b != NULL;
  clf_status status = CLF_OK;
  if (!begun) {
    CLF__TRY(alloc_results(p));
  }
  CLF__TRY(open_solver(&s));
  set_variables(&s);
  if (!begun) {
    set_start(&s);
  }
  status = iterate(&s);
done:
  clf__arena_free(&s.arena);
  return status;
}

void clf__svm_problem_free(clf__svm_problem *p) {
  clf__free(p->row);
  clf__free(p->y);
  clf__free(p->b);
  clf__free(p->gradient);
}

void clf__svm_keep_vectors(clf__svm_problem *p) {
  int64_t kept = 0;
  for (int64_t i = 0; i < p->count; i++) {
    if (p->b[i] != 0) {
      p->row[kept] = p->row[i];
      p->b[kept++] = p->b[i];
    }
  }
  p->count = kept;
  clf__free(p->y);
  clf__free(p->gradient);
  p->y = NULL;
  p->gradient = NULL;
  int64_t *row = clf__resize_array(p->rows->context, p->row, kept, sizeof *row);
  double *b = clf__resize_array(p->rows->context, p->b, kept, sizeof *b);
  p->row = row != NULL ? row : p->row;
  p->b = b != NULL ? b : p->b;
}
