/* Working sets: which variables they contain, and their part of the kernel matrix. */
#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "models/svm/svm_solver.h"

#define MIN_CURVATURE 1e-12

/* Returns whether variable a violates the conditions more than b. It compares gradients times
 * `sign`; equal ones are ordered by index. */
static bool before(const double *gradient, double sign, int64_t a, int64_t b) {
  const double left = sign * gradient[a], right = sign * gradient[b];
  return left > right || (left == right && a < b);
}

/* Hoare's selection. */
void clf__svm_select_first(const double *gradient, double sign, int64_t *at, int64_t count,
                           int64_t wanted) {
  int64_t low = 0, high = count - 1;
  while (low < high) {
    const int64_t pivot = at[low + (high - low) / 2];
    int64_t i = low, j = high;
    while (i <= j) {
      while (before(gradient, sign, at[i], pivot)) {
        i++;
      }
      while (before(gradient, sign, pivot, at[j])) {
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

static void add(clf__svm_solver *s, int64_t i) {
  s->in_set[i] = true;
  s->set[s->size++] = i;
}

/* Adds up to `wanted` violators of a sum from the up set (sign 1) or the low set (-1). */
static void add_violators(clf__svm_solver *s, int64_t sum, double sign, int64_t wanted) {
  const double *gradient = s->p->gradient;
  const double limit = sign > 0 ? s->gap[sum].min_low : s->gap[sum].max_up;
  int64_t found = 0;
  if (wanted == 0) {
    return;
  }
  for (int64_t i = 0; i < s->p->count; i++) {
    if (!s->in_set[i] && sign * gradient[i] > sign * limit &&
        (sign > 0 ? clf__svm_in_up_set(s, i) : clf__svm_in_low_set(s, i)) &&
        clf__svm_sum_of(s, i) == sum) {
      s->candidate[found++] = i;
    }
  }
  wanted = clf__min_i64(wanted, found);
  clf__svm_select_first(gradient, sign, s->candidate, found, wanted);
  for (int64_t i = 0; i < wanted; i++) {
    add(s, s->candidate[i]);
  }
}

/* Keeps variables of the old set that lie between their bounds, up to half of it, the latest
 * first. */
static void keep_free(clf__svm_solver *s) {
  int64_t *old = s->row, size = 0;
  for (int64_t i = 0; i < s->size; i++) {
    if (s->set[i] >= 0) {
      old[size++] = s->set[i];
    }
  }
  for (int64_t i = 0; i < size; i++) {
    s->in_set[old[i]] = false;
  }
  s->size = 0;
  for (int64_t i = size - 1; i >= 0 && s->size < s->capacity / 2; i--) {
    if (clf__svm_in_up_set(s, old[i]) && clf__svm_in_low_set(s, old[i])) {
      add(s, old[i]);
    }
  }
}

/* Moves the variables of the second sum behind a multiple of CLF__SMO_LANES. */
static void separate_sums(clf__svm_solver *s) {
  int64_t *all = s->row, next = 0;
  memcpy(all, s->set, (size_t)s->size * sizeof *all);
  for (int64_t sum = 0; sum < 2; sum++) {
    for (int64_t i = 0; i < s->size; i++) {
      if (clf__svm_sum_of(s, all[i]) == sum) {
        s->set[next++] = all[i];
      }
    }
    for (; sum == 0 && next % CLF__SMO_LANES != 0; next++) {
      s->set[next] = -1;
    }
    s->split = sum == 0 ? next : s->split;
  }
  s->size = next;
}

void clf__svm_select_working_set(clf__svm_solver *s) {
  const int64_t capacity = s->sums == 2 ? s->capacity - CLF__SMO_LANES : s->capacity;
  keep_free(s);
  for (int64_t sum = 0; sum < s->sums; sum++) {
    const int64_t limit = s->size + (capacity - s->size) / (s->sums - sum);
    add_violators(s, sum, 1, (limit - s->size) / 2);
    add_violators(s, sum, -1, limit - s->size);
    add_violators(s, sum, 1, limit - s->size);
  }
  if (s->sums == 2) {
    separate_sums(s);
  }
}

/* Curvatures are raised to a minimum; if only nu bounds the problem, its scale is that of K. */
static double min_curvature(const clf__svm_solver *s) {
  return MIN_CURVATURE * (clf__svm_type_has_nu(s->p->type) ? fmin(1, s->largest) : 1);
}

clf__smo clf__svm_set_problem(const clf__svm_solver *s, double tolerance) {
  const int64_t steps = clf__min_i64(100 * s->size, clf__svm_steps_of_set(s)),
                left = s->p->max_steps - s->p->steps;
  const int64_t padded = clf__round_up(s->size, CLF__SMO_LANES);
  return (clf__smo){.count = padded,
                    .split = s->sums == 2 ? s->split : padded,
                    .K = s->K,
                    .diagonal = s->diagonal,
                    .lower = s->own,
                    .upper = s->own + s->capacity,
                    .b = s->own + 2 * s->capacity,
                    .gradient = s->own + 3 * s->capacity,
                    .up_set = s->own + 4 * s->capacity,
                    .low_set = s->own + 5 * s->capacity,
                    .tolerance = tolerance,
                    .min_curvature = min_curvature(s),
                    .max_steps = clf__min_i64(steps, left)};
}

/* The working set's part of the kernel matrix, in strips from the diagonal on. */
typedef struct set_matrix {
  const clf__svm_solver *s;
  const clf__kernel_columns *columns;
  int64_t ld;
} set_matrix;

enum { STRIP = 64 };

static clf_status compute_strip(void *argument, clf__range rows) {
  const set_matrix *m = argument;
  const clf__svm_solver *s = m->s;
  const int64_t first = rows.first;
  CLF__CHECK(clf__kernel_block(m->columns, first, s->size - first, s->p->rows->groups.x,
                               s->row + first, rows.end - first, s->K + first * m->ld + first,
                               m->ld));
  for (int64_t j = rows.end; j < s->size; j++) {
    for (int64_t i = first; i < rows.end; i++) {
      s->K[j * m->ld + i] = s->K[i * m->ld + j];
    }
  }
  return CLF_OK;
}

static clf_status compute_matrix(const clf__svm_solver *s, int64_t ld) {
  const clf__svm_rows *rows = s->p->rows;
  clf__kernel_columns *columns = NULL;
  CLF__CHECK(clf__kernel_columns_create(&columns, s->context, &rows->function, rows->groups.x,
                                        s->row, s->size, rows->groups.x, rows->center));
  set_matrix m = {.s = s, .columns = columns, .ld = ld};
  for (int64_t i = 0; i < ld; i++) { /* the lanes beyond the set */
    const int64_t first = i < s->size ? s->size : 0;
    memset(s->K + i * ld + first, 0, (size_t)(ld - first) * sizeof *s->K);
  }
  const clf_status status =
      clf__jobs_ranges(s->context, s->size, STRIP,
                       clf__kernel_work(columns, s->size, 0, s->size) / 2, compute_strip, &m);
  clf__kernel_columns_free(columns);
  return status;
}

/* A gap has the row of the variable before it, and cannot change. */
static void set_rows(clf__svm_solver *s) {
  for (int64_t i = 0; i < s->size; i++) {
    s->row[i] = s->set[i] >= 0 ? s->p->row[s->set[i]] : s->row[i - 1];
  }
}

/* Loads K and the variables of the set. */
clf_status clf__svm_load_working_set(clf__svm_solver *s, double tolerance, clf__smo *out) {
  const int64_t padded = clf__round_up(s->size, CLF__SMO_LANES);
  memset(s->diagonal, 0, (size_t)s->capacity * sizeof *s->diagonal);
  memset(s->own, 0, (size_t)(6 * s->capacity) * sizeof *s->own);
  set_rows(s);
  clf_status status = compute_matrix(s, padded);
  for (int64_t i = 0; status == CLF_OK && i < s->size; i++) {
    const int64_t at = s->set[i];
    s->diagonal[i] = s->K[i * padded + i];
    s->largest = fmax(s->largest, fabs((double)s->diagonal[i]));
    if (at >= 0) {
      s->own[i] = s->lower[at];
      s->own[s->capacity + i] = s->upper[at];
      s->own[2 * s->capacity + i] = s->p->b[at];
      s->own[3 * s->capacity + i] = s->p->gradient[at];
    }
  }
  *out = clf__svm_set_problem(s, tolerance);
  return status;
}
