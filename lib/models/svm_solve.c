/* One problem of two sides, by decomposition: a working set of some hundred variables, chosen among
 * those that violate the optimality conditions most, is solved by sequential minimal optimisation
 * with its part of the kernel matrix in L2; then the errors of all rows take in what changed. So
 * kernel rows are computed for variables that moved, which are little more than the support
 * vectors, and in blocks, by matrix products.
 *
 * The end is LIBSVM's: the largest error of a variable that may rise is within the tolerance of the
 * smallest error of one that may fall (Keerthi et al. 2001). */
#include "models/svm.h"

#include <math.h>
#include <string.h>

enum { SET = 512, SMO_STEPS = 100 * SET };

typedef struct solver {
  clf__svm_problem *p;
  clf_context *context;
  double *lower, *upper; /* [count] */
  bool *chosen;          /* [count] in the working set */
  int64_t *set;          /* [SET] variables */
  int64_t size;          /* of the set */
  int64_t *candidate;    /* [count] scratch of the choice */
  /* The working set's own problem. */
  int64_t *row; /* [SET] */
  float *K;     /* [SET, SET] */
  float *diagonal;
  double *own;    /* [6, SET]: lower, upper, b, error, rise, fall */
  double *factor; /* [SET] changes of b */
  double *step;   /* [columns] a linear kernel's change of w */
  float *w;       /* the same */
} solver;

static bool may_rise(const solver *s, int64_t i) {
  return s->p->b[i] < s->upper[i];
}

static bool may_fall(const solver *s, int64_t i) {
  return s->p->b[i] > s->lower[i];
}

/* The optimality conditions: the largest error of those that may rise, the smallest of those that
 * may fall. */
static void extremes(const solver *s, double *most, double *least) {
  *most = (double)-INFINITY;
  *least = (double)INFINITY;
  for (int64_t i = 0; i < s->p->count; i++) {
    const double error = s->p->error[i];
    if (may_rise(s, i) && error > *most) {
      *most = error;
    }
    if (may_fall(s, i) && error < *least) {
      *least = error;
    }
  }
}

/* Whether variable a violates the conditions more than b: by its error, upwards or downwards; equal
 * ones by their order. */
static bool before(const double *error, double sign, int64_t a, int64_t b) {
  const double left = sign * error[a], right = sign * error[b];
  return left > right || (left == right && a < b);
}

/* Brings the `wanted` first in that order to the front (Hoare's selection). */
static void select_first(const double *error, double sign, int64_t *at, int64_t count,
                         int64_t wanted) {
  int64_t low = 0, high = count - 1;
  while (low < high) {
    const int64_t pivot = at[low + (high - low) / 2];
    int64_t i = low, j = high;
    while (i <= j) {
      while (before(error, sign, at[i], pivot)) {
        i++;
      }
      while (before(error, sign, pivot, at[j])) {
        j--;
      }
      if (i <= j) {
        const int64_t swap = at[i];
        at[i++] = at[j];
        at[j--] = swap;
      }
    }
    if (wanted <= j) {
      high = j;
    } else if (wanted >= i) {
      low = i;
    } else {
      return;
    }
  }
}

static void put(solver *s, int64_t i) {
  s->chosen[i] = true;
  s->set[s->size++] = i;
}

/* Adds up to `wanted` violators that may rise (sign 1) or fall (-1). */
static void put_violators(solver *s, double sign, double limit, int64_t wanted) {
  const double *error = s->p->error;
  int64_t found = 0;
  for (int64_t i = 0; i < s->p->count; i++) {
    if (!s->chosen[i] && sign * error[i] > sign * limit &&
        (sign > 0 ? may_rise(s, i) : may_fall(s, i))) {
      s->candidate[found++] = i;
    }
  }
  wanted = wanted < found ? wanted : found;
  select_first(error, sign, s->candidate, found, wanted);
  for (int64_t i = 0; i < wanted; i++) {
    put(s, s->candidate[i]);
  }
}

/* Keeps those of the old set that lie between their bounds, up to half of it, the latest first. */
static void keep_free(solver *s) {
  int64_t old[SET];
  const int64_t size = s->size;
  memcpy(old, s->set, (size_t)size * sizeof *old);
  for (int64_t i = 0; i < size; i++) {
    s->chosen[old[i]] = false;
  }
  s->size = 0;
  for (int64_t i = size - 1; i >= 0 && s->size < SET / 2; i--) {
    if (may_rise(s, old[i]) && may_fall(s, old[i])) {
      put(s, old[i]);
    }
  }
}

static void choose(solver *s, double most, double least) {
  keep_free(s);
  put_violators(s, 1, least, (SET - s->size) / 2);
  put_violators(s, -1, most, SET - s->size);
  put_violators(s, 1, least, SET - s->size);
}

static clf__smo own_problem(const solver *s, double tolerance) {
  const int64_t padded = (s->size + CLF__SMO_LANES - 1) / CLF__SMO_LANES * CLF__SMO_LANES;
  return (clf__smo){.count = padded,
                    .K = s->K,
                    .diagonal = s->diagonal,
                    .lower = s->own,
                    .upper = s->own + SET,
                    .b = s->own + 2 * SET,
                    .error = s->own + 3 * SET,
                    .rise = s->own + 4 * SET,
                    .fall = s->own + 5 * SET,
                    .tolerance = tolerance,
                    .max_steps = SMO_STEPS};
}

/* The set's part of the kernel matrix, in strips from the diagonal on. */
typedef struct set_matrix {
  const solver *s;
  const clf__kernel_columns *columns;
  int64_t ld;
  atomic_int status;
} set_matrix;

enum { STRIP = 64 };

static void compute_strip(void *argument, int64_t index, int32_t worker) {
  set_matrix *m = argument;
  const solver *s = m->s;
  const int64_t first = index * STRIP, end = first + STRIP < s->size ? first + STRIP : s->size;
  (void)worker;
  clf_status status =
      clf__kernel_block(m->columns, first, s->size - first, s->p->rows->groups.x, s->row + first,
                        end - first, s->K + first * m->ld + first, m->ld);
  if (status < 0) {
    atomic_store(&m->status, status);
  }
  for (int64_t i = first; i < end; i++) {
    for (int64_t j = end; j < s->size; j++) {
      s->K[j * m->ld + i] = s->K[i * m->ld + j];
    }
  }
}

static clf_status compute_matrix(const solver *s, int64_t ld) {
  const clf__svm_rows *rows = s->p->rows;
  clf__kernel_columns *columns = NULL;
  clf_status status =
      clf__kernel_columns_create(&columns, s->context, &rows->function, rows->groups.x, s->row,
                                 s->size, rows->groups.x, rows->center);
  if (status < 0) {
    return status;
  }
  set_matrix m = {.s = s, .columns = columns, .ld = ld};
  memset(s->K, 0, (size_t)(ld * ld) * sizeof *s->K);
  clf__parallel(s->context, (s->size + STRIP - 1) / STRIP, compute_strip, &m);
  clf__kernel_columns_free(columns);
  status = (clf_status)atomic_load(&m.status);
  return status == CLF_ERROR_MEMORY ? clf__fail(status, "svm: no memory for a kernel matrix")
                                    : status;
}

/* K and the variables of the set. */
static clf_status gather(solver *s, const clf__smo *smo) {
  memset(s->diagonal, 0, SET * sizeof *s->diagonal);
  memset(s->own, 0, 6 * SET * sizeof *s->own);
  for (int64_t i = 0; i < s->size; i++) {
    s->row[i] = s->p->row[s->set[i]];
  }
  clf_status status = compute_matrix(s, smo->count);
  for (int64_t i = 0; status == CLF_OK && i < s->size; i++) {
    const int64_t at = s->set[i];
    s->diagonal[i] = s->K[i * smo->count + i];
    s->own[i] = s->lower[at];
    s->own[SET + i] = s->upper[at];
    s->own[2 * SET + i] = s->p->b[at];
    s->own[3 * SET + i] = s->p->error[at];
  }
  return status;
}

/* Takes the changes of the set over; what moved comes to the front of row[] and factor[]. */
static int64_t take_over(solver *s, const clf__smo *smo) {
  int64_t moved = 0;
  for (int64_t i = 0; i < s->size; i++) {
    double *b = &s->p->b[s->set[i]];
    if (smo->b[i] != *b) {
      s->row[moved] = s->p->row[s->set[i]];
      s->factor[moved++] = *b - smo->b[i];
      *b = smo->b[i];
    }
  }
  return moved;
}

/* What a linear kernel needs of the rows that moved: the change of w. */
static void step_weights(solver *s, int64_t moved) {
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

static void add_linear(void *argument, int64_t index, int32_t worker) {
  const solver *s = argument;
  (void)worker;
  for (int64_t i = index * TASK_ROWS; i < s->p->count && i < (index + 1) * TASK_ROWS; i++) {
    s->p->error[i] += (double)clf__dot_row(s->context, s->p->rows->groups.x, s->p->row[i], s->w);
  }
}

static clf_status update(solver *s, int64_t moved) {
  const clf__svm_problem *p = s->p;
  double *error = p->error;
  clf_status status = CLF_OK;
  if (p->rows->cache == NULL) {
    step_weights(s, moved);
    clf__parallel(s->context, (p->count + TASK_ROWS - 1) / TASK_ROWS, add_linear, s);
    return CLF_OK;
  }
  for (int64_t i = 0; status == CLF_OK && i < p->parts; i++) {
    const int64_t *start = p->rows->groups.start + p->part[i];
    status = clf__kernel_cache_add(p->rows->cache, p->part[i], s->row, s->factor, moved, error);
    error += start[1] - start[0];
  }
  return status;
}

static clf_status iterate(solver *s) {
  clf__svm_problem *p = s->p;
  clf_status status = CLF_OK;
  double most, least;
  for (;;) {
    extremes(s, &most, &least);
    p->converged = !(most - least > p->tolerance);
    if (p->converged || p->steps >= p->max_steps) {
      break;
    }
    CLF__TRY(clf__progress_step(&p->rows->progress, 0, most - least, (double)NAN));
    choose(s, most, least);
    const clf__smo smo = own_problem(s, fmax(0.5 * p->tolerance, 0.1 * (most - least)));
    CLF__TRY(gather(s, &smo));
    p->steps += clf__smo_solve(s->context, &smo);
    CLF__TRY(update(s, take_over(s, &smo)));
  }
  p->intercept = isfinite(most) && isfinite(least) ? (most + least) / 2
                 : isfinite(most)                  ? most
                 : isfinite(least)                 ? least
                                                   : 0;
done:
  return status;
}

static void set_objective(clf__svm_problem *p) {
  double sum = 0;
  for (int64_t i = 0; i < p->count; i++) {
    sum += p->b[i] * (p->y[i] + p->error[i]);
  }
  p->objective = -0.5 * sum;
}

/* Where another solution is at hand, drawn in to the bounds: b shrinks by one factor, which keeps
 * its sum, and y - error = K b with it. */
static void start_from(solver *s) {
  clf__svm_problem *p = s->p;
  double factor = 1;
  for (int64_t i = 0; i < p->count; i++) {
    const double bound = p->start_b[i] > 0 ? s->upper[i] : s->lower[i];
    factor = fabs(p->start_b[i]) * factor > fabs(bound) ? bound / p->start_b[i] : factor;
  }
  for (int64_t i = 0; i < p->count; i++) {
    p->b[i] = fmin(fmax(factor * p->start_b[i], s->lower[i]), s->upper[i]);
    p->error[i] = p->y[i] - factor * (p->y[i] - p->start_error[i]);
  }
}

clf_status clf__svm_solve(clf__svm_problem *p) {
  clf_context *context = p->rows->context;
  const clf__grouped_rows *groups = &p->rows->groups;
  p->count = 0;
  p->steps = 0;
  for (int64_t i = 0; i < p->parts; i++) {
    p->count += groups->start[p->part[i] + 1] - groups->start[p->part[i]];
  }
  p->max_steps = p->max_steps > 0 ? p->max_steps : p->count < 100000 ? 10000000 : 100 * p->count;
  solver s = {.p = p, .context = context};
  clf_status status = CLF_ERROR_MEMORY;
  p->row = clf__alloc_array(context, p->count, sizeof *p->row);
  p->y = clf__alloc_array(context, p->count, sizeof *p->y);
  p->b = clf__alloc_zeroed(context, p->count, sizeof *p->b);
  p->error = clf__alloc_array(context, p->count, sizeof *p->error);
  s.lower = clf__alloc_array(context, p->count, sizeof *s.lower);
  s.upper = clf__alloc_array(context, p->count, sizeof *s.upper);
  s.chosen = clf__alloc_zeroed(context, p->count, sizeof *s.chosen);
  s.candidate = clf__alloc_array(context, p->count, sizeof *s.candidate);
  s.set = clf__alloc_array(context, SET, sizeof *s.set);
  s.row = clf__alloc_array(context, SET, sizeof *s.row);
  s.K = clf__alloc_array(context, SET * SET, sizeof *s.K);
  s.diagonal = clf__alloc_array(context, SET, sizeof *s.diagonal);
  s.own = clf__alloc_array(context, 6 * SET, sizeof *s.own);
  s.factor = clf__alloc_array(context, SET, sizeof *s.factor);
  s.step = clf__alloc_array(context, groups->x->columns, sizeof *s.step);
  s.w = clf__alloc_array(context, groups->x->columns, sizeof *s.w);
  if (p->row && p->y && p->b && p->error && s.lower && s.upper && s.chosen && s.candidate &&
      s.set && s.row && s.K && s.diagonal && s.own && s.factor && s.step && s.w) {
    int64_t at = 0;
    for (int64_t i = 0; i < p->parts; i++) {
      for (int64_t j = groups->start[p->part[i]]; j < groups->start[p->part[i] + 1]; j++, at++) {
        const double C = p->absent != NULL && p->absent[at] ? 0 : p->C[groups->order[j]];
        p->row[at] = groups->order[j];
        p->y[at] = p->side[i];
        p->error[at] = p->y[at];
        s.lower[at] = p->y[at] > 0 ? 0 : -C;
        s.upper[at] = p->y[at] > 0 ? C : 0;
      }
    }
    if (p->start_b != NULL) {
      start_from(&s);
    }
    status = iterate(&s);
    set_objective(p);
  }
  clf__free(s.lower);
  clf__free(s.upper);
  clf__free(s.chosen);
  clf__free(s.candidate);
  clf__free(s.set);
  clf__free(s.row);
  clf__free(s.K);
  clf__free(s.diagonal);
  clf__free(s.own);
  clf__free(s.factor);
  clf__free(s.step);
  clf__free(s.w);
  return status;
}

void clf__svm_problem_free(clf__svm_problem *p) {
  clf__free(p->row);
  clf__free(p->y);
  clf__free(p->b);
  clf__free(p->error);
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
  clf__free(p->error);
  p->y = NULL;
  p->error = NULL;
  int64_t *row = clf__resize_array(p->rows->context, p->row, kept, sizeof *row);
  double *b = clf__resize_array(p->rows->context, p->b, kept, sizeof *b);
  p->row = row != NULL ? row : p->row;
  p->b = b != NULL ? b : p->b;
}
