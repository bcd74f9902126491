/* Linear machines of the hinge loss by dual coordinate descent (Hsieh, Chang, Lin, Keerthi and
 * Sundararajan 2008). One alpha at a time is set to its best value while w = sum y_i alpha_i x_i is
 * kept, in a new random order in each pass; those that stay at a bound are left out of the next
 * passes (shrinking). A row costs its entries once to find its gradient, and once more if alpha
 * changes, at some 1 ns each.
 *
 * The sum of y alpha is to be 0. The augmented Lagrangian has the multiplier b, the intercept, and
 * the square of the sum, which is one more feature of all rows: each pass moves b by what the sum
 * demands. */
#include <math.h>

#include "base/math.h"
#include "base/random.h"
#include "models/svm/svm_start.h"

enum { PASSES = 250, MAX_PASSES = 1000 }; /* as expected, and at most */

/* The last violations are those of few variables, which a working set changes faster. */
static const double ROUGH = 20; /* tolerances */

typedef struct descent {
  clf__arena arena;
  clf__svm_start *p;
  double *w;       /* [columns] */
  double sum;      /* of y alpha */
  double b;        /* the multiplier of the sum */
  double weight;   /* of its square */
  double *squares; /* [count] of the rows, and the weight */
  int64_t *active; /* [count] variables; the first `left` are not shrunk */
  int64_t left;
  double highest, lowest; /* projected gradients of the last pass */
} descent;

static double multiply(const clf__rows *x, int64_t row, const double *w) {
  double sums[2] = {0, 0};
  const int64_t end = x->row_start[row + 1];
  int64_t e = x->row_start[row];
  for (; e + 2 <= end; e += 2) {
    sums[0] += (double)x->value[e] * w[x->column[e]];
    sums[1] += (double)x->value[e + 1] * w[x->column[e + 1]];
  }
  return sums[0] + sums[1] + (e < end ? (double)x->value[e] * w[x->column[e]] : 0);
}

static void add(const clf__rows *x, int64_t row, double factor, double *w) {
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    w[x->column[e]] += factor * (double)x->value[e];
  }
}

/* Sets alpha_i to its best value. Returns false if it is to be left out: at a bound, by more than
 * any variable violated its conditions in the last pass. */
static bool improve(descent *d, int64_t i, const double limits[2]) {
  clf__svm_start *p = d->p;
  const double alpha = p->alpha[i], y = p->y[i];
  const double gradient = y * (multiply(p->x, p->row[i], d->w) + d->b + d->weight * d->sum) - 1;
  if ((alpha == 0 && gradient > limits[0]) || (alpha == p->C[i] && gradient < limits[1])) {
    return false;
  }
  const double projected = alpha == 0         ? fmin(gradient, 0)
                           : alpha == p->C[i] ? fmax(gradient, 0)
                                              : gradient;
  d->highest = fmax(d->highest, projected);
  d->lowest = fmin(d->lowest, projected);
  if (projected != 0) {
    p->alpha[i] = fmin(fmax(alpha - gradient / d->squares[i], 0), p->C[i]);
    const double change = y * (p->alpha[i] - alpha);
    add(p->x, p->row[i], change, d->w);
    d->sum += change;
  }
  return true;
}

/* One pass over the variables that are left. */
static clf_status pass(descent *d, clf__random *random) {
  enum { ASKED = 1 << 20 }; /* entries */
  const int64_t *start = d->p->x->row_start;
  int64_t entries = ASKED;
  const double limits[2] = {d->highest > 0 ? d->highest : (double)INFINITY,
                            d->lowest < 0 ? d->lowest : -(double)INFINITY};
  clf__random_shuffle(random, d->active, d->left);
  d->highest = d->lowest = 0;
  for (int64_t k = 0; k < d->left; k++) {
    const int64_t i = d->active[k];
    entries += start[d->p->row[i] + 1] - start[d->p->row[i]] + 1;
    if (entries > ASKED) {
      CLF__CHECK(clf__progress_step(d->p->progress, 0, (double)NAN, (double)NAN));
      entries = 0;
    }
    if (!improve(d, i, limits)) {
      d->active[k--] = d->active[--d->left];
      d->active[d->left] = i;
    }
  }
  d->p->steps++;
  return CLF_OK;
}

static void restore_all(descent *d) {
  d->left = d->p->count;
  d->highest = (double)INFINITY;
  d->lowest = -(double)INFINITY;
}

static double pass_work(const clf__rows *x, int64_t count) {
  const double entries = (double)clf__rows_entries(x) / (double)clf__max_i64(x->rows, 1) + 1;
  return 2 * (double)count * entries * CLF__COST_ELEMENT;
}

static clf_status run(descent *d) {
  clf__svm_start *p = d->p;
  clf__random random = clf__random_seed(0, 0);
  const int64_t max_passes = clf__min_i64(p->max_steps, MAX_PASSES);
  const double one = pass_work(p->x, p->count) / (double)p->count;
  double work = p->work;
  const double rough = ROUGH * p->tolerance;
  restore_all(d);
  while (p->steps < max_passes && work > 0) {
    const bool all = d->left == p->count;
    work -= one * (double)d->left;
    CLF__CHECK(pass(d, &random));
    const double moved = d->weight * d->sum;
    const bool small = d->highest - d->lowest <= rough;
    if (small && all && fabs(moved) <= rough) {
      break;
    }
    d->b += moved;
    if (small) {
      restore_all(d);
    }
  }
  return CLF_OK;
}

double clf__svm_descent_work(const clf__rows *x, int64_t count) {
  return clf__rows_sparse(x) ? PASSES * pass_work(x, count) : (double)INFINITY;
}

clf_status clf__svm_descend(clf__svm_start *p) {
  descent d = {.arena = {.context = p->context}, .p = p};
  clf_status status = CLF_OK;
  double largest = 0;
  d.w = clf__arena_zeroed(&d.arena, p->x->columns, sizeof *d.w);
  d.squares = clf__arena_array(&d.arena, p->count, sizeof *d.squares);
  d.active = clf__arena_array(&d.arena, p->count, sizeof *d.active);
  CLF__TRY(clf__arena_status(&d.arena));
  for (int64_t i = 0; i < p->count; i++) {
    double sum = 0;
    for (int64_t e = p->x->row_start[p->row[i]]; e < p->x->row_start[p->row[i] + 1]; e++) {
      sum += (double)p->x->value[e] * (double)p->x->value[e];
    }
    d.squares[i] = sum;
    d.weight += sum / (double)p->count;
    largest = fmax(largest, p->C[i]);
    d.active[i] = i;
    p->alpha[i] = 0;
  }
  for (int64_t i = 0; i < p->count; i++) {
    d.squares[i] += d.weight;
  }
  status = d.weight > 0 && clf__svm_resolves(largest * d.weight, p->count) ? run(&d) : CLF_OK;
done:
  clf__arena_free(&d.arena);
  return status;
}
