/* Working sets: which variables they contain, and their part of the kernel matrix. */
#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "models/svm/svm_solver.h"

/* Returns whether variable a violates the conditions more than b. It compares gradients times
 * `sign`; equal ones are ordered by index. */
static bool before(const double *gradient, double sign, int64_t a, int64_t b) {
  const double left = sign * gradient[a], right = sign * gradient[b];
  return left > right || (left == right && a < b);
}

/* Moves the first `wanted` in that order to the front (Hoare's selection). */
static void select_first(const double *gradient, double sign, int64_t *at, int64_t count,
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

/* Adds up to `wanted` violators from the up set (sign 1) or the low set (-1). */
static void add_violators(clf__svm_solver *s, double sign, double limit, int64_t wanted) {
  const double *gradient = s->p->gradient;
  int64_t found = 0;
  for (int64_t i = 0; i < s->p->count; i++) {
    if (!s->in_set[i] && sign * gradient[i] > sign * limit &&
        (sign > 0 ? clf__svm_in_up_set(s, i) : clf__svm_in_low_set(s, i))) {
      s->candidate[found++] = i;
    }
  }
  wanted = clf__min_i64(wanted, found);
  select_first(gradient, sign, s->candidate, found, wanted);
  for (int64_t i = 0; i < wanted; i++) {
    add(s, s->candidate[i]);
  }
}

/* Keeps variables of the old set that lie between their bounds, up to half of it, the latest
 * first. */
static void keep_free(clf__svm_solver *s) {
  int64_t *old = s->row;
  const int64_t size = s->size;
  memcpy(old, s->set, (size_t)size * sizeof *old);
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

void clf__svm_select_working_set(clf__svm_solver *s, double max_up, double min_low) {
  keep_free(s);
  add_violators(s, 1, min_low, (s->capacity - s->size) / 2);
  add_violators(s, -1, max_up, s->capacity - s->size);
  add_violators(s, 1, min_low, s->capacity - s->size);
}

static clf__smo own_problem(const clf__svm_solver *s, double tolerance) {
  const int64_t steps = 100 * s->size, left = s->p->max_steps - s->p->steps;
  const int64_t padded = clf__round_up(s->size, CLF__SMO_LANES);
  return (clf__smo){.count = padded,
                    .K = s->K,
                    .diagonal = s->diagonal,
                    .lower = s->own,
                    .upper = s->own + s->capacity,
                    .b = s->own + 2 * s->capacity,
                    .gradient = s->own + 3 * s->capacity,
                    .up_set = s->own + 4 * s->capacity,
                    .low_set = s->own + 5 * s->capacity,
                    .tolerance = tolerance,
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
  for (int64_t i = first; i < rows.end; i++) {
    for (int64_t j = rows.end; j < s->size; j++) {
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
  memset(s->K, 0, (size_t)(ld * ld) * sizeof *s->K);
  const clf_status status =
      clf__jobs_ranges(s->context, s->size, STRIP,
                       clf__kernel_work(columns, s->size, 0, s->size) / 2, compute_strip, &m);
  clf__kernel_columns_free(columns);
  return status;
}

/* Loads K and the variables of the set. */
clf_status clf__svm_load_working_set(clf__svm_solver *s, double tolerance, clf__smo *out) {
  const clf__smo smo = own_problem(s, tolerance);
  memset(s->diagonal, 0, (size_t)s->capacity * sizeof *s->diagonal);
  memset(s->own, 0, (size_t)(6 * s->capacity) * sizeof *s->own);
  for (int64_t i = 0; i < s->size; i++) {
    s->row[i] = s->p->row[s->set[i]];
  }
  clf_status status = compute_matrix(s, smo.count);
  for (int64_t i = 0; status == CLF_OK && i < s->size; i++) {
    const int64_t at = s->set[i];
    s->diagonal[i] = s->K[i * smo.count + i];
    s->own[i] = s->lower[at];
    s->own[s->capacity + i] = s->upper[at];
    s->own[2 * s->capacity + i] = s->p->b[at];
    s->own[3 * s->capacity + i] = s->p->gradient[at];
  }
  *out = smo;
  return status;
}
