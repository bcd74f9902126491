/* Linear machines of the hinge loss, or its square, by dual coordinate descent (Hsieh, Chang, Lin,
 * Keerthi and Sundararajan 2008). One alpha at a time is set to its best value while
 * w = sum y_i alpha_i x_i is
 * kept; those that stay at a bound are left out of the next passes (shrinking). A row costs its
 * entries once to find its gradient, and once more if alpha changes, at some 1 ns each for rows
 * that are read in order, and three times that for rows in random order, which wait for memory. So
 * each pass takes blocks of rows in a new random order, and the rows of a block as they are stored.
 *
 * The sum of y alpha is to be 0. The augmented Lagrangian has the multiplier b, the intercept, and
 * the square of the sum, which is one more feature of all rows: each pass moves b by what the sum
 * demands. The weight of the square is small: as large as the squares of the rows, it ties all
 * variables together, and takes three times as many passes on texts. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/random.h"
#include "models/svm/svm_start.h"
#include "ops/kernels.h"
#include "ops/linalg/row.h"

enum {
  PASSES = 250,         /* as expected where C is large */
  WIDE_PASSES = 100,    /* of more columns than rows, which hardly depend on each other */
  MAX_PASSES = 1000,    /* at most */
  CHECK = 8,            /* passes between two sums of the duality gap */
  STEP = 4,             /* by which the violations decrease */
  FEW_PASSES = 16,      /* for a step */
  BLOCK_ENTRIES = 1024, /* of consecutive rows, at most: 8 KiB of values and columns */
  MIN_BLOCKS = 256
};

static const double LARGE = 20;    /* C times the mean square of the rows */
static const double WEIGHT = 0.03; /* of the square of the sum, in mean squares of the rows */
/* The last violations may be those of few variables, which a working set changes faster than more
 * passes. But where C is large the objective demands smaller ones. */
static const double FIRST_LIMIT = 20; /* of the violations, in tolerances */

typedef struct descent {
  clf__arena arena;
  clf__svm_start *p;
  const clf__row_kernels *kernels;
  double *w;       /* [columns] */
  double sum;      /* of y alpha */
  double b;        /* the multiplier of the sum */
  double weight;   /* of its square */
  double *squares; /* [count] of the rows, and the weight */
  int64_t *order;  /* [count] variables in about the order of their rows */
  int64_t *active; /* [left] those that are not shrunk, in that order */
  int64_t left;
  int64_t block;          /* rows */
  int64_t *blocks;        /* [count / block + 1] */
  double highest, lowest; /* projected gradients of the last pass */
} descent;

static double upper_of(const clf__svm_start *p, int64_t i) {
  return p->squared ? (double)INFINITY : p->C[i];
}

/* The second derivative of alpha^2 / (4 C). */
static double ridge_of(const clf__svm_start *p, int64_t i) {
  return p->squared ? 1 / (2 * p->C[i]) : 0;
}

static double multiply(const descent *d, int64_t i) {
  return clf__dot_sparse(d->kernels, d->p->x, d->p->row[i], d->w);
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
  const double alpha = p->alpha[i], y = p->y[i], upper = upper_of(p, i);
  const double gradient = y * (multiply(d, i) + d->b + d->weight * d->sum) - 1 +
                          (p->squared ? alpha * ridge_of(p, i) : 0);
  if ((alpha == 0 && gradient > limits[0]) || (alpha == upper && gradient < limits[1])) {
    return false;
  }
  const double projected = alpha == 0       ? fmin(gradient, 0)
                           : alpha == upper ? fmax(gradient, 0)
                                            : gradient;
  d->highest = fmax(d->highest, projected);
  d->lowest = fmin(d->lowest, projected);
  if (projected != 0) {
    p->alpha[i] = fmin(fmax(alpha - gradient / d->squares[i], 0), upper);
    const double change = y * (p->alpha[i] - alpha);
    add(p->x, p->row[i], change, d->w);
    d->sum += change;
  }
  return true;
}

/* Leaves out the variables whose places are negative. */
static void close_gaps(descent *d) {
  int64_t kept = 0;
  for (int64_t k = 0; k < d->left; k++) {
    if (d->active[k] >= 0) {
      d->active[kept++] = d->active[k];
    }
  }
  d->left = kept;
}

/* Loads the row that is visited a block after the variable at `k`, of block `c`. Rows in random
 * order would wait for memory. */
static void prefetch(const descent *d, int64_t c, int64_t k) {
  const int64_t next = d->blocks[c + 1] + k - d->blocks[c];
  if (next < d->left) {
    clf__prefetch_row(d->p->x, d->p->row[d->active[next]]);
  }
}

/* One pass over the variables that are left. */
static clf_status pass(descent *d, clf__random *random) {
  enum { ASKED = 1 << 20 }; /* entries */
  const int64_t *start = d->p->x->row_start, blocks = clf__ceil_div(d->left, d->block);
  int64_t entries = ASKED;
  const double limits[2] = {d->highest > 0 ? d->highest : (double)INFINITY,
                            d->lowest < 0 ? d->lowest : -(double)INFINITY};
  for (int64_t c = 0; c < blocks; c++) {
    d->blocks[c] = c * d->block;
  }
  clf__random_shuffle(random, d->blocks, blocks);
  d->highest = d->lowest = 0;
  for (int64_t c = 0; c < blocks; c++) {
    const int64_t end = clf__min_i64(d->blocks[c] + d->block, d->left);
    for (int64_t k = d->blocks[c]; k < end; k++) {
      const int64_t i = d->active[k];
      if (c + 1 < blocks) {
        prefetch(d, c, k);
      }
      entries += start[d->p->row[i] + 1] - start[d->p->row[i]] + 1;
      d->active[k] = improve(d, i, limits) ? i : -1;
    }
    if (entries > ASKED) {
      CLF__CHECK(clf__progress_step(d->p->progress, 0, (double)NAN, (double)NAN));
      entries = 0;
    }
  }
  close_gaps(d);
  d->p->steps++;
  return CLF_OK;
}

static void restore_all(descent *d) {
  d->left = d->p->count;
  memcpy(d->active, d->order, (size_t)d->left * sizeof *d->active);
  d->highest = (double)INFINITY;
  d->lowest = -(double)INFINITY;
}

/* Returns whether the objective exceeds its minimum, which the dual bounds, by no more than is
 * demanded. */
static bool objective_is_near(const descent *d) {
  const clf__svm_start *p = d->p;
  double gap = -d->b * d->sum, objective = clf__dot(d->w, d->w, p->x->columns) / 2;
  for (int64_t k = 0; k < p->count; k++) {
    const int64_t i = d->order[k];
    const double miss = 1 - p->y[i] * (multiply(d, i) + d->b);
    gap += clf__svm_row_gap(p->C[i], p->alpha[i], miss, p->squared);
    objective += clf__svm_row_gap(p->C[i], 0, miss, p->squared);
  }
  return gap <= p->excess * (objective - gap);
}

static double pass_work(const clf__rows *x, int64_t count) {
  const double entries = (double)clf__rows_entries(x) / (double)clf__max_i64(x->rows, 1) + 1;
  return 2 * (double)count * entries * CLF__COST_ELEMENT;
}

/* Goes on while the objective exceeds its minimum, and while few passes make a step. With features
 * of few values the objective is near long before the last violations are small. */
static clf_status run(descent *d) {
  clf__svm_start *p = d->p;
  clf__random random = clf__random_seed(0, 0);
  const int64_t max_passes = clf__min_i64(p->max_steps, MAX_PASSES);
  const double one = pass_work(p->x, p->count) / (double)p->count;
  const double between = CHECK * one * (double)p->count;
  double work = p->work, limit = FIRST_LIMIT * p->tolerance;
  double unchecked = 0; /* work since the last sum */
  bool near = false;
  int64_t passes = 0; /* with this limit */
  restore_all(d);
  while (p->steps < max_passes && work > 0 && !(near && passes >= FEW_PASSES)) {
    const bool all = d->left == p->count;
    const double spent = one * (double)d->left;
    CLF__CHECK(pass(d, &random));
    work -= spent;
    unchecked += spent;
    passes++;
    const double moved = d->weight * d->sum;
    const bool small = d->highest - d->lowest <= limit;
    d->b += moved;
    if (!near && unchecked > between) {
      near = objective_is_near(d);
      passes = near ? 0 : passes;
      unchecked = 0;
    }
    if (small && all && fabs(moved) <= limit) {
      near = near || objective_is_near(d);
      if (near && limit <= p->tolerance) {
        break;
      }
      limit = near ? fmax(limit / STEP, p->tolerance) : limit / STEP;
      passes = 0;
    }
    if (small) {
      restore_all(d);
    }
  }
  return CLF_OK;
}

/* Passes of wide rows hardly depend on the tolerance; others, in which a variable moves many, make
 * about as many for each three digits. */
double clf__svm_descent_work(const clf__rows *x, int64_t count, double curvature,
                             double tolerance) {
  const bool wide = x->columns > count;
  const double digits = wide ? 1 : fmax(1, -log10(tolerance) / 3);
  const double most = wide ? WIDE_PASSES : PASSES;
  const double passes = digits * fmin(FEW_PASSES + PASSES * curvature / LARGE, most);
  return clf__rows_sparse(x) ? passes * pass_work(x, count) : (double)INFINITY;
}

/* Orders the variables by parts of the rows that have one variable on average. `next` [count + 1]
 * is scratch. */
static void set_order(descent *d, int64_t *next) {
  const clf__svm_start *p = d->p;
  const double parts = (double)p->count / (double)p->x->rows;
  memset(next, 0, (size_t)(p->count + 1) * sizeof *next);
  for (int64_t i = 0; i < p->count; i++) {
    next[(int64_t)((double)p->row[i] * parts) + 1]++;
  }
  for (int64_t c = 1; c < p->count; c++) {
    next[c] += next[c - 1];
  }
  for (int64_t i = 0; i < p->count; i++) {
    d->order[next[(int64_t)((double)p->row[i] * parts)]++] = i;
  }
}

static clf_status create(descent *d) {
  clf__svm_start *p = d->p;
  const int64_t entries = clf__rows_entries(p->x) / p->x->rows + 1;
  d->block = clf__clamp_i64(BLOCK_ENTRIES / entries, 1, p->count / MIN_BLOCKS + 1);
  d->kernels = clf__kernels_for(p->context)->rows;
  d->w = clf__arena_zeroed(&d->arena, p->x->columns, sizeof *d->w);
  d->squares = clf__arena_array(&d->arena, p->count, sizeof *d->squares);
  d->order = clf__arena_array(&d->arena, p->count, sizeof *d->order);
  d->active = clf__arena_array(&d->arena, p->count + 1, sizeof *d->active);
  d->blocks = clf__arena_array(&d->arena, p->count / d->block + 1, sizeof *d->blocks);
  CLF__CHECK(clf__arena_status(&d->arena));
  set_order(d, d->active);
  return CLF_OK;
}

clf_status clf__svm_descend(clf__svm_start *p) {
  descent d = {.arena = {.context = p->context}, .p = p};
  clf_status status = CLF_OK;
  double largest = 0;
  CLF__TRY(create(&d));
  for (int64_t i = 0; i < p->count; i++) {
    double sum = 0;
    for (int64_t e = p->x->row_start[p->row[i]]; e < p->x->row_start[p->row[i] + 1]; e++) {
      sum += (double)p->x->value[e] * (double)p->x->value[e];
    }
    d.squares[i] = sum;
    d.weight += WEIGHT * sum / (double)p->count;
    largest = fmax(largest, p->C[i]);
    p->alpha[i] = 0;
  }
  const bool able = d.weight > 0 && clf__svm_resolves(largest * d.weight / WEIGHT, p->count);
  d.weight = p->through_origin ? 0 : d.weight;
  for (int64_t i = 0; i < p->count; i++) {
    d.squares[i] += d.weight + ridge_of(p, i);
  }
  status = able ? run(&d) : CLF_OK;
  if (p->machine != NULL) {
    memcpy(p->machine, d.w, (size_t)p->x->columns * sizeof *d.w);
    p->machine[p->x->columns] = d.b;
  }
done:
  clf__arena_free(&d.arena);
  return status;
}
