/* The gradients of all variables: they follow the changes of b, and begin with the first values of
 * b. With a kernel, rows of its matrix are added; with a linear one, whose machine is its weights,
 * products of the rows with the change of the weights. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/svm/svm_solver.h"
#include "ops/kernels.h"
#include "ops/linalg/row.h"
#include "ops/linalg/vectors.h"

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

enum {
  TASK_ROWS = 512,
  AHEAD = 4,            /* rows are requested before they are read */
  MAX_REQUESTED = 4096, /* columns: the processor foresees what follows in longer rows */
  BLOCK_ROWS = 16,
  BLOCK_DEPTH = 256 /* columns that are widened at a time */
};

/* Requests the row of a variable, since rows of a class may be far from each other. */
static void request_row(const clf__svm_solver *s, int64_t variable) {
  const clf__rows *x = s->p->rows->groups.x;
  if (variable < s->p->count && x->columns <= MAX_REQUESTED) {
    clf__prefetch_row(x, s->p->row[variable]);
  }
}

/* out [count] = the products of some variables' dense rows with the step, in f64. */
static void dot_dense(const clf__svm_solver *s, int64_t first, int64_t count, double *out) {
  const clf__rows *x = s->p->rows->groups.x;
  const clf__kernels *kernels = clf__kernels_for(s->context);
  double wide[BLOCK_ROWS * BLOCK_DEPTH], sums[BLOCK_ROWS];
  memset(out, 0, (size_t)count * sizeof *out);
  for (int64_t column = 0; column < x->columns; column += BLOCK_DEPTH) {
    const int64_t depth = clf__min_i64(BLOCK_DEPTH, x->columns - column);
    const clf__rows part = clf__rows_columns(x, column, depth);
    for (int64_t i = 0; i < count; i++) {
      if (column == 0) {
        request_row(s, first + i + AHEAD);
      }
      clf__rows_read_f64(&part, s->p->row[first + i], wide + i * depth);
    }
    kernels->vectors->dot_rows(wide, count, depth, s->step + column, depth, sums);
    for (int64_t i = 0; i < count; i++) {
      out[i] += sums[i];
    }
  }
}

/* Adds `sign` times the products of a range of variables' rows with the step, in f64. */
static void add_products(const clf__svm_solver *s, clf__range range, double sign) {
  const clf__rows *x = s->p->rows->groups.x;
  const clf__row_kernels *kernels = clf__kernels_for(s->context)->rows;
  double products[BLOCK_ROWS];
  for (int64_t first = range.first; first < range.end; first += BLOCK_ROWS) {
    const int64_t count = clf__min_i64(range.end - first, BLOCK_ROWS);
    if (!clf__rows_sparse(x)) {
      dot_dense(s, first, count, products);
    }
    for (int64_t i = 0; i < count; i++) {
      s->p->gradient[first + i] +=
          sign * (clf__rows_sparse(x) ? clf__dot_sparse(kernels, x, s->p->row[first + i], s->step)
                                      : products[i]);
    }
  }
}

static void add_linear(void *argument, clf__range range) {
  const clf__svm_solver *s = argument;
  const clf__rows *x = s->p->rows->groups.x;
  if (s->p->f64) {
    add_products(s, range, 1);
    return;
  }
  for (int64_t i = range.first; i < range.end; i++) {
    request_row(s, i + AHEAD);
    s->p->gradient[i] += (double)clf__dot_row(s->context, x, s->p->row[i], s->w);
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
clf_status clf__svm_update_gradients(clf__svm_solver *s, int64_t moved) {
  clf__svm_problem *p = s->p;
  const int64_t half = p->count / 2;
  CLF__CHECK(p->rows->cache == NULL ? update_linear(s, moved) : update_kernel(s, moved));
  for (int64_t i = 0; clf__svm_twins(p) && i < half; i++) {
    p->gradient[half + i] = p->gradient[i] + (p->linear[half + i] - p->linear[i]);
  }
  return CLF_OK;
}

static void subtract_products(void *argument, clf__range range) {
  add_products(argument, range, -1);
}

/* The same for a linear kernel, by w, in f64. */
void clf__svm_subtract_weights(clf__svm_solver *s) {
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
clf_status clf__svm_subtract_start(clf__svm_solver *s) {
  const clf__svm_problem *p = s->p;
  if (p->rows->cache == NULL) {
    clf__svm_subtract_weights(s);
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
      CLF__CHECK(clf__svm_update_gradients(s, moved));
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
  return clf__svm_update_gradients(s, s->capacity);
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

clf_status clf__svm_return_to_bounds(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  int64_t moved = 0;
  double sum = 0;
  for (int64_t i = 0; i < p->count; i++) {
    const double b = fmin(fmax(p->b[i], s->lower[i]), s->upper[i]);
    sum += b - p->b[i];
    CLF__CHECK(change_b(s, i, b, &moved));
  }
  for (int64_t i = cheapest(s, sum); sum != 0 && i >= 0; i = cheapest(s, sum)) {
    const double b = fmin(fmax(p->b[i] - sum, s->lower[i]), s->upper[i]);
    sum = b == p->b[i] - sum ? 0 : sum + (b - p->b[i]);
    CLF__CHECK(change_b(s, i, b, &moved));
  }
  return moved > 0 ? clf__svm_update_gradients(s, moved) : CLF_OK;
}

clf_status clf__svm_start_without(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  for (int64_t i = 0; i < p->count; i++) {
    p->b[i] = p->start_b[i];
    p->gradient[i] = p->linear[i] - p->start_product[i];
  }
  return clf__svm_return_to_bounds(s);
}
