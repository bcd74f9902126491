/* Where a linear machine starts, or goes on, if that is faster than the decomposition: near the
 * solution. The decomposition then has to confirm it, or to make the last steps.
 *
 * The decomposition updates the gradients of all rows for each working set, and has to move most
 * of the support vectors, so its time is quadratic in the rows of overlapping classes; and where C
 * is large, it needs more steps than there are rows. The interior point method is linear in the
 * rows, whatever C, and quadratic in the columns or in the entries of a row; coordinate descent,
 * for sparse rows of many columns, is linear in both, and takes the more passes the larger C is.
 * The faster of these two is used at once if the decomposition is expected to take longer, and
 * otherwise as soon as that has taken as long. */
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "models/svm/svm_solver.h"
#include "models/svm/svm_start.h"

static const double MAX_PRODUCT = 1e-9, PRODUCT = 1e-3;

/* The time of a step of a working set, in ns: with few_vectors that of a full set, as the other way
 * ends whatever C is. */
static double step_work(const clf__svm_solver *s) {
  return s->few_vectors ? 450 : 150;
}

/* The time of a working set of which so many steps are made. */
static double set_work(const clf__svm_solver *s, double steps) {
  static const double of_row = 100;
  const clf__svm_problem *p = s->p;
  const clf__rows *x = p->rows->groups.x;
  const bool sparse = clf__rows_sparse(x);
  const double entries = (double)clf__rows_entries(x) / (double)x->rows + 1;
  const double set = fmin((double)s->capacity, (double)p->count);
  return (double)p->count * (entries * (sparse ? CLF__COST_ELEMENT : CLF__COST_COPY) + of_row) +
         set * set * entries * (sparse ? CLF__COST_COPY : CLF__COST_PRODUCT) + steps * step_work(s);
}

/* Returns how many variables can become support vectors: those at their bounds, since the alpha of
 * both sides have the same sum, and one for each column that are between them. */
static double expected_vectors(const clf__svm_solver *s) {
  const clf__svm_problem *p = s->p;
  double sum[2] = {0, 0}, count[2] = {0, 0};
  for (int64_t i = 0; i < p->count; i++) {
    const double bound = s->upper[i] - s->lower[i];
    sum[p->y[i] < 0] += bound;
    count[p->y[i] < 0] += bound > 0;
  }
  const int smaller = sum[1] < sum[0];
  const double other = sum[!smaller] > 0 ? sum[smaller] / sum[!smaller] * count[!smaller] : 0;
  return count[smaller] + other + (double)p->rows->groups.x->columns + 1;
}

/* Returns the work of a decomposition with so many support vectors, which come into some sets
 * each. The first sets of more variables than one holds only find out which these are. */
static double expected_work(const clf__svm_solver *s, double vectors) {
  static const double sets_of_vector = 12, steps_of_variable = 4, first_sets = 4;
  const double set = (double)CLF__SVM_SET, count = (double)s->p->count;
  return fmax(count > set ? first_sets : 1, sets_of_vector * vectors / set) *
         set_work(s, steps_of_variable * fmin(set, count));
}

/* The mean of C |x|^2, which decides how many passes of coordinate descent there are; 0 for dense
 * rows. */
static double mean_curvature(const clf__svm_solver *s) {
  const clf__svm_problem *p = s->p;
  const clf__rows *x = p->rows->groups.x;
  double sum = 0;
  for (int64_t i = 0; clf__rows_sparse(x) && i < p->count; i++) {
    double square = 0;
    for (int64_t e = x->row_start[p->row[i]]; e < x->row_start[p->row[i] + 1]; e++) {
      square += (double)x->value[e] * (double)x->value[e];
    }
    sum += (s->upper[i] - s->lower[i]) * square;
  }
  return sum / (double)p->count;
}

void clf__svm_stay(clf__svm_solver *s) {
  s->work_to_spend = s->interior_work = s->descent_work = (double)INFINITY;
  s->few_vectors = false;
}

/* Where classes overlap, half of the variables become support vectors. If one side has few rows,
 * they are fewer, and the decomposition of dense rows is worth a try that costs a part of the other
 * way. */
void clf__svm_expect_work(clf__svm_solver *s) {
  static const double of_expected = 2.5;
  const clf__svm_problem *p = s->p;
  const bool able = p->rows->cache == NULL && p->type == CLF__SVM_C_SVC;
  clf__svm_stay(s);
  if (able) {
    s->interior_work = clf__svm_interior_work(p->rows->groups.x, p->count);
    s->descent_work =
        clf__svm_descent_work(p->rows->groups.x, p->count, mean_curvature(s), p->tolerance);
    const double other = fmin(s->interior_work, s->descent_work);
    const bool slow = p->start_b == NULL && other < expected_work(s, (double)p->count / 2);
    s->few_vectors = slow && !clf__rows_sparse(p->rows->groups.x) &&
                     of_expected * expected_work(s, expected_vectors(s)) <= other;
    s->work_to_spend = slow && !s->few_vectors ? 0 : other;
  }
}

/* Where C is large, one set could make more steps than there is work to spend; others follow. */
int64_t clf__svm_steps_of_set(const clf__svm_solver *s) {
  static const double share = 0.25;
  const double steps = fmax((double)s->size, share * s->work_to_spend / step_work(s));
  return s->few_vectors && steps < (double)INT64_MAX ? (int64_t)steps : INT64_MAX;
}

/* If half of the steps do not suffice, the other way may take longer than they did. */
void clf__svm_spend_work(clf__svm_solver *s, int64_t steps) {
  static const double times = 16;
  const clf__svm_problem *p = s->p;
  const double other = fmin(s->interior_work, s->descent_work);
  s->work_to_spend -= set_work(s, (double)steps);
  s->work_spent += set_work(s, (double)steps);
  if (p->steps >= p->max_steps / 2 && other < times * s->work_spent) {
    s->work_to_spend = fmin(s->work_to_spend, 0);
  }
}

/* Changes b such that their sum is 0: those between their bounds if they suffice. */
static void balance(clf__svm_solver *s) {
  clf__svm_problem *p = s->p;
  double sum = 0;
  for (int64_t i = 0; i < p->count; i++) {
    sum += p->b[i];
  }
  for (int64_t k = 0; k < 2 * p->count && sum != 0; k++) {
    const int64_t i = k % p->count;
    const double b = p->b[i], to = fmin(fmax(b - sum, s->lower[i]), s->upper[i]);
    if (k >= p->count || (b > s->lower[i] && b < s->upper[i])) {
      sum = to == b - sum ? 0 : sum + (to - b);
      p->b[i] = to;
    }
  }
}

/* The largest product with which alpha can be rounded to their bounds. */
static double product_to_reach(const clf__svm_solver *s, const clf__svm_start *start) {
  double largest = 0;
  for (int64_t i = 0; i < start->count; i++) {
    largest = fmax(largest, start->C[i]);
  }
  return fmin(MAX_PRODUCT, PRODUCT * s->p->tolerance * s->p->tolerance) * largest;
}

/* Coordinate descent may take as long as the interior point method would, which is next if the end
 * takes as long again. */
static clf_status find_near(clf__svm_solver *s, clf__svm_start *start) {
  const double interior = s->interior_work;
  if (s->descent_work < interior) {
    start->work = interior;
    s->descent_work = (double)INFINITY;
    s->work_to_spend = interior; /* INFINITY if there are too many columns for it */
    return clf__svm_descend(start);
  }
  clf__svm_stay(s);
  return clf__svm_interior(start);
}

/* The variables that may differ from 0. */
static clf_status list_variables(const clf__svm_solver *s, clf__arena *arena,
                                 clf__svm_start *start) {
  const clf__svm_problem *p = s->p;
  int64_t *row = clf__arena_array(arena, p->count, sizeof *row);
  double *y = clf__arena_array(arena, p->count, sizeof *y);
  double *C = clf__arena_array(arena, p->count, sizeof *C);
  start->alpha = clf__arena_array(arena, p->count, sizeof *start->alpha);
  CLF__CHECK(clf__arena_status(arena));
  for (int64_t i = 0; i < p->count; i++) {
    if (s->upper[i] > s->lower[i]) {
      row[start->count] = p->row[i];
      y[start->count] = p->y[i];
      C[start->count++] = s->upper[i] - s->lower[i];
    }
  }
  start->row = row;
  start->y = y;
  start->C = C;
  return CLF_OK;
}

static void set_variables(clf__svm_solver *s, const clf__svm_start *start) {
  const clf__svm_problem *p = s->p;
  int64_t next = 0;
  for (int64_t i = 0; i < p->count; i++) {
    const double b = s->upper[i] > s->lower[i] ? p->y[i] * start->alpha[next++] : 0;
    p->b[i] = fmin(fmax(b, s->lower[i]), s->upper[i]);
  }
  balance(s);
}

clf_status clf__svm_start_near(clf__svm_solver *s) {
  static const double of_tolerance = 0.5, of_excess = 0.4; /* working sets may raise it again */
  clf__svm_problem *p = s->p;
  clf__arena arena = {.context = s->context};
  clf_status status = CLF_OK;
  clf__svm_start start = {.context = s->context,
                          .progress = &p->rows->progress,
                          .x = p->rows->groups.x,
                          .tolerance = of_tolerance * p->tolerance,
                          .excess = of_excess * clf__svm_max_excess(p),
                          .max_steps = p->max_steps - p->steps};
  CLF__TRY(list_variables(s, &arena, &start));
  start.product = product_to_reach(s, &start);
  status = find_near(s, &start);
  if (start.steps > 0) { /* however it ended */
    set_variables(s, &start);
    p->steps += start.steps;
  }
done:
  clf__arena_free(&arena);
  return status;
}
