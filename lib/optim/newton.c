/* Truncated Newton (Dembo and Steihaug 1983) for sparse rows, as LIBLINEAR (Lin, Weng and Keerthi
 * 2008; Galli and Lin 2021) has it for its primal problems.
 *
 * Each iteration solves H s = -g roughly by conjugate gradients, which take one pass over the rows
 * each, preconditioned by the diagonal of H, and minimizes F along s. With the first and second
 * derivatives r and v of f with respect to the outputs, S = sum v and m = X^T v / S,
 *   g_w = X^T r + l2 w,  g_b = sum r,
 * and with the intercept at its best value for any change of w,
 *   H p = X^T V (X p - m . p) + l2 p,  right side -(g_w - m g_b),  s_b = -g_b / S - m . s.
 * The passes of conjugate gradients add up X s, so that the line search, whose function of one
 * variable costs a term for each row, takes no further pass. The steps are accurate to a share that
 * decreases with the gradient, whose size is that of the step it promises, whatever the scale of a
 * column, and no more accurate than the tolerance demands. L-BFGS takes two to
 * ten times as many passes for the same objective, the more the larger C is. */
#include "optim/newton.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/status.h"
#include "optim/newton_rows.h"
#include "optim/vector.h"

enum {
  PARTS = 16,       /* of the rows, for derivatives */
  MAX_PASSES = 500, /* of an iteration */
  MANY_PASSES = 8,  /* after which the diagonal is computed again, in one */
  MAX_TRIALS = 60,
  PATIENCE = 5 /* iterations without progress */
};

static const double max_share = 0.3; /* of the right side is left by conjugate gradients */
static const double of_tolerance = 0.7;
/* Of a column's variance: rows beyond the margin have no curvature, and get some by a step. */
static const double floor_of_base = 0.1;
static const double enough = 0.1;  /* of the derivative along a line is left */
static const double noise = 1e-13; /* relative decreases of F that rounding hides */
static const double drift = 1e-9;  /* relative change of an output that was added up */

typedef struct solver {
  clf__arena arena;
  const clf__newton_problem *problem;
  clf__newton_rows rows;
  int64_t count, columns;
  double *w;    /* [columns + 1] borrowed */
  double *unit; /* [columns] of the gradient; 0 for columns that cannot be learned from */
  double *gradient, *mean, *variance;
  double *base, *inverse; /* [columns] of the diagonal: without l2, divided by S; inverse */
  double *step, *residual, *direction, *product; /* [columns] */
  double *z, *trial;                             /* [count] outputs */
  double *change;                                /* [count] X s, then with s_b */
  double *first, *second;                        /* [count] derivatives at the last trial */
  double *of_rows;                               /* [count] of a pass */
  double parts[PARTS];
  int64_t part_first; /* row */
  const double *at;   /* the outputs whose derivatives are computed */
  double total;       /* S */
  double bias_gradient, bias_step;
  double value, loss; /* F and f */
  int64_t passes;     /* of the last iteration */
  bool added;         /* z is a sum of changes */
} solver;

/* Sums over the rows of all ranks. */
static clf_status sum_rows(solver *s, clf__shard_sums add, double *sums, int64_t count) {
  const clf__rows *x = s->problem->x;
  const clf__shard_sum sum = {
      .name = "rows", .of = x->shards, .rows = x->rows, .add = add, .argument = s};
  return clf__shards_sum(&sum, sums, count);
}

static void part_task(void *argument, clf__range range) {
  solver *s = argument;
  const clf__range rows = {range.index, s->part_first + range.first, s->part_first + range.end,
                           range.worker};
  s->parts[range.index] =
      s->problem->differentiate(s->problem->argument, rows, s->at, s->first, s->second);
}

static clf_status add_losses(void *argument, int64_t first, int64_t rows, double *sums) {
  solver *s = argument;
  s->part_first = first;
  clf__parallel_parts(s->problem->context, rows, PARTS, 8 * (double)rows * CLF__COST_FUNCTION,
                      part_task, s);
  for (int64_t c = 0; c < PARTS; c++) {
    *sums += s->parts[c];
  }
  return CLF_OK;
}

/* Computes f and its derivatives at the outputs. */
static clf_status differentiate(solver *s, const double *z) {
  s->at = z;
  s->loss = 0;
  return sum_rows(s, add_losses, &s->loss, 1);
}

static clf_status add_derivatives(void *argument, int64_t first, int64_t rows, double *sums) {
  const solver *s = argument;
  for (int64_t i = first; i < first + rows && s->problem->intercept; i++) {
    sums[0] += s->first[i];
  }
  for (int64_t i = first; i < first + rows; i++) {
    sums[1] += s->second[i];
  }
  return CLF_OK;
}

/* Computes the gradient at the last trial, and means weighted by curvature. */
static clf_status find_gradient(solver *s) {
  const bool intercept = s->problem->intercept;
  double sums[2] = {0, 0};
  CLF__CHECK(sum_rows(s, add_derivatives, sums, 2));
  s->bias_gradient = sums[0];
  s->total = sums[1];
  CLF__CHECK(clf__newton_sum(&s->rows, s->first, s->second, s->gradient, s->mean));
  clf__vector_add(s->gradient, s->problem->l2, s->w, s->columns);
  for (int64_t j = 0; j < s->columns; j++) {
    s->mean[j] = intercept && s->total > 0 ? s->mean[j] / s->total : 0;
  }
  return CLF_OK;
}

/* Returns the largest component of a gradient in its unit; INFINITY for NaN. */
static double largest(const solver *s, const double *gradient) {
  double out = 0;
  for (int64_t j = 0; j < s->columns; j++) {
    const double own = s->unit[j] > 0 ? fabs(gradient[j]) / s->unit[j] : 0;
    out = isnan(own) ? (double)INFINITY : fmax(out, own);
  }
  return out;
}

static double measure(const solver *s) {
  const double bias = fabs(s->bias_gradient);
  return fmax(largest(s, s->gradient), isnan(bias) ? (double)INFINITY : bias);
}

/* Replaces the outputs, and counts those that had drifted. */
static clf_status replace_outputs(void *argument, int64_t first, int64_t rows, double *drifted) {
  const solver *s = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double z = s->trial[i] + s->w[s->columns];
    *drifted += !(fabs(z - s->z[i]) <= drift * (1 + fabs(z)));
    s->z[i] = z;
  }
  return CLF_OK;
}

/* The outputs as they are multiplied, and the loss there; *far is whether one had drifted. */
static clf_status refresh(solver *s, bool *far) {
  double drifted = 0;
  s->added = false;
  CLF__CHECK(clf__newton_multiply(&s->rows, s->w, NULL, s->trial));
  CLF__CHECK(sum_rows(s, replace_outputs, &drifted, 1));
  *far = drifted > 0;
  CLF__CHECK(differentiate(s, s->z));
  s->value = s->loss + s->problem->l2 / 2 * clf__vector_dot(s->w, s->w, s->columns);
  return CLF_OK;
}

/* The diagonal keeps its shape for as long as it serves, since computing it takes a pass. */
static clf_status set_base(solver *s) {
  CLF__CHECK(clf__newton_squares(&s->rows, s->second, s->total, s->mean, s->base));
  for (int64_t j = 0; j < s->columns; j++) {
    s->base[j] /= s->total;
  }
  return CLF_OK;
}

static void set_inverse(solver *s) {
  for (int64_t j = 0; j < s->columns; j++) {
    const double base = fmax(s->base[j], floor_of_base * s->variance[j]);
    const double diagonal = s->total * base + s->problem->l2;
    s->inverse[j] = diagonal > 0 && isfinite(diagonal) ? 1 / diagonal : 1;
  }
}

/* product = the residual times the inverse diagonal; returns its product with the residual. */
static double precondition(solver *s) {
  for (int64_t j = 0; j < s->columns; j++) {
    s->product[j] = s->residual[j] * s->inverse[j];
  }
  return clf__vector_dot(s->product, s->residual, s->columns);
}

/* Sets the residual of no step; returns its square. */
static double begin_step(solver *s) {
  for (int64_t j = 0; j < s->columns; j++) {
    s->residual[j] = s->mean[j] * s->bias_gradient - s->gradient[j];
  }
  return precondition(s);
}

/* The decrease of F that the diagonal promises. */
static double promise(solver *s) {
  set_inverse(s);
  return begin_step(s) / 2;
}

/* F is not negative: a promise of more shows that the diagonal is not what it was, as with the
 * squared hinge loss where no row within the margin had an entry of a column. */
static clf_status set_diagonal(solver *s) {
  const bool serves = s->passes < MANY_PASSES && promise(s) <= s->value;
  CLF__CHECK(!serves && s->total > 0 ? set_base(s) : CLF_OK);
  set_inverse(s);
  return CLF_OK;
}

/* F is strongly convex in w: it exceeds its minimum by no more than this. */
static double bound(const solver *s, const double *gradient) {
  return clf__vector_dot(gradient, gradient, s->columns) / (2 * s->problem->l2);
}

/* One step of conjugate gradients; `rho` is the square of the residual. *ended is whether there is
 * no other. */
static clf_status conjugate(solver *s, double *rho, double least, bool *ended) {
  const double shift = clf__vector_dot(s->mean, s->direction, s->columns);
  CLF__CHECK(clf__newton_curve(&s->rows, s->second, s->direction, shift, s->of_rows, s->product));
  clf__vector_add(s->product, s->problem->l2, s->direction, s->columns);
  const double curvature = clf__vector_dot(s->direction, s->product, s->columns);
  *ended = !(curvature > 0) || !isfinite(curvature);
  if (*ended) {
    return CLF_OK;
  }
  const double length = *rho / curvature;
  clf__vector_add(s->step, length, s->direction, s->columns);
  clf__vector_add(s->residual, -length, s->product, s->columns);
  clf__vector_add(s->change, length, s->of_rows, s->count);
  const double next = precondition(s), factor = next / *rho;
  for (int64_t j = 0; j < s->columns; j++) {
    s->direction[j] = s->product[j] + factor * s->direction[j];
  }
  *rho = next;
  *ended = !(next > 0) || !(next > least) ||
           (largest(s, s->residual) <= of_tolerance * s->problem->tolerance &&
            bound(s, s->residual) <= of_tolerance * s->problem->closeness * s->value);
  return CLF_OK;
}

/* Solves for the step until a share of the right side is left. */
static clf_status find_step(solver *s, double share) {
  bool ended = false;
  memset(s->step, 0, (size_t)s->columns * sizeof *s->step);
  memset(s->change, 0, (size_t)s->count * sizeof *s->change);
  memset(s->of_rows, 0, (size_t)s->count * sizeof *s->of_rows);
  double rho = begin_step(s);
  const double least = share * share * rho;
  memcpy(s->direction, s->product, (size_t)s->columns * sizeof *s->direction);
  ended = !(rho > 0) || !isfinite(rho);
  for (s->passes = 0; !ended && s->passes < MAX_PASSES; s->passes++) {
    CLF__CHECK(conjugate(s, &rho, least, &ended));
  }
  CLF__CHECK(clf__newton_multiply(&s->rows, s->step, s->second, s->change));
  s->bias_step = s->total > 0
                     ? -s->bias_gradient / s->total - clf__vector_dot(s->mean, s->step, s->columns)
                     : 0;
  for (int64_t i = 0; i < s->count; i++) {
    s->change[i] += s->bias_step;
  }
  return CLF_OK;
}

/* The derivatives of F along the step, at some length. */
typedef struct line {
  double penalty[2]; /* of l2/2 |w + t s|^2: at 0, and the second one */
  double value, first, second;
} line;

static clf_status add_line(void *argument, int64_t first, int64_t rows, double *sums) {
  const solver *s = argument;
  sums[0] += clf__vector_dot(s->first + first, s->change + first, rows);
  for (int64_t i = first; i < first + rows; i++) {
    sums[1] += s->second[i] * s->change[i] * s->change[i];
  }
  return CLF_OK;
}

static clf_status try_length(solver *s, double length, line *out) {
  const bool whole = s->problem->x->shards == NULL; /* one sum, which may begin with the penalty */
  double sums[2] = {0, whole ? out->penalty[1] : 0};
  for (int64_t i = 0; i < s->count; i++) {
    s->trial[i] = s->z[i] + length * s->change[i];
  }
  CLF__CHECK(differentiate(s, s->trial));
  CLF__CHECK(sum_rows(s, add_line, sums, 2));
  const double square = clf__vector_dot(s->w, s->w, s->columns) * s->problem->l2;
  out->value = s->loss + square / 2 + length * (out->penalty[0] + length / 2 * out->penalty[1]);
  out->first = out->penalty[0] + length * out->penalty[1] + sums[0];
  out->second = sums[1] + (whole ? 0 : out->penalty[1]);
  return CLF_OK;
}

/* Finds the length after which `enough` of the derivative is left, by Newton's method between
 * bounds where its signs differ; 0 if there is none where F is not larger. The outputs there, and
 * their derivatives, are those of the last trial. */
static clf_status search_line(double *out, solver *s, double derivative, line *at) {
  double low = 0, high = (double)INFINITY, length = 1;
  *out = 0;
  for (int trial = 0; trial < MAX_TRIALS; trial++) {
    CLF__CHECK(try_length(s, length, at));
    const bool finite = isfinite(at->value) && isfinite(at->first);
    const bool lower = at->value <= s->value + noise * fabs(s->value);
    if (finite && fabs(at->first) <= enough * fabs(derivative) && (lower || at->first <= 0)) {
      *out = lower ? length : 0;
      return CLF_OK;
    }
    *(!finite || at->first > 0 ? &high : &low) = length;
    const double next = length - at->first / at->second;
    const double middle = isinf(high) ? 4 * length : low + (high - low) * (finite ? 0.5 : 0.1);
    length = finite && next > low && next < high ? next : middle;
  }
  return CLF_OK;
}

/* Moves along the step; *moved is whether one decreases F. */
static clf_status improve(solver *s, double share, double *decrease, bool *moved) {
  CLF__CHECK(find_step(s, share));
  const double derivative =
      clf__vector_dot(s->gradient, s->step, s->columns) + s->bias_gradient * s->bias_step;
  line at = {.penalty = {s->problem->l2 * clf__vector_dot(s->w, s->step, s->columns),
                         s->problem->l2 * clf__vector_dot(s->step, s->step, s->columns)}};
  double length = 0;
  CLF__CHECK(derivative < 0 && isfinite(derivative) ? search_line(&length, s, derivative, &at)
                                                    : CLF_OK);
  *decrease = fabs(derivative) / 2;
  *moved = length > 0;
  s->added = true; /* where it does not move, the derivatives are those of a trial */
  if (*moved) {
    double *z = s->z;
    s->z = s->trial;
    s->trial = z;
    clf__vector_add(s->w, length, s->step, s->columns);
    s->w[s->columns] += length * s->bias_step;
    s->value = at.value;
  }
  return CLF_OK;
}

/* Where a sum of outputs has drifted, what would end the iteration is looked at again, and where
 * the last trials were not better. */
static clf_status confirm(solver *s, bool moved, bool *far) {
  *far = false;
  CLF__CHECK(s->added ? refresh(s, far) : CLF_OK);
  return *far || !moved ? find_gradient(s) : CLF_OK;
}

/* The intercept's share is that of Newton's step for it alone. */
static bool converged(const solver *s, const clf__newton_result *result) {
  const clf__newton_problem *p = s->problem;
  const double bias = s->total > 0 ? s->bias_gradient * s->bias_gradient / (2 * s->total) : 0;
  return result->violation <= p->tolerance &&
         (isinf(p->closeness) || bound(s, s->gradient) + bias <= p->closeness * s->value);
}

static clf_status iterate(solver *s, clf__newton_result *result) {
  const clf__newton_problem *p = s->problem;
  double best = (double)INFINITY, smallest = (double)INFINITY, start = 0;
  bool moved = true, far = false;
  for (int stalled = 0;; stalled++) {
    result->violation = measure(s);
    stalled =
        result->violation < smallest / 2 || s->value < best - noise * fabs(best) ? 0 : stalled;
    result->stalled = !moved || stalled >= PATIENCE;
    const bool ends = result->stalled || converged(s, result);
    CLF__CHECK(ends ? confirm(s, moved, &far) : CLF_OK);
    result->violation = ends ? measure(s) : result->violation;
    CLF__CHECK(result->stalled && s->total > 0 ? set_base(s) : CLF_OK);
    result->decrease = result->stalled ? fmax(result->decrease, promise(s)) : result->decrease;
    result->value = s->value;
    result->loss = s->loss;
    result->converged = converged(s, result);
    CLF__CHECK(p->observe(p->argument, result->iterations, s->value, result->violation));
    if ((ends && (!far || result->converged)) || result->iterations >= p->max_iterations) {
      return CLF_OK;
    }
    best = fmin(best, s->value);
    smallest = fmin(smallest, result->violation);
    CLF__CHECK(set_diagonal(s));
    const double square = begin_step(s);
    start = result->iterations == 0 ? square : start;
    CLF__CHECK(improve(s, fmin(max_share, sqrt(sqrt(square / start))), &result->decrease, &moved));
    CLF__CHECK(find_gradient(s));
    result->iterations += moved;
  }
}

/* Sets the units and the first diagonal from the columns' deviations: where all outputs are 0,
 * second derivatives are proportional to the weights of the rows. */
static clf_status measure_columns(solver *s) {
  double scale = 0;
  CLF__CHECK(differentiate(s, s->z));
  s->value = s->loss;
  CLF__CHECK(find_gradient(s));
  CLF__CHECK(set_base(s));
  for (int64_t j = 0; j < s->columns; j++) {
    s->unit[j] = sqrt(s->base[j]);
    s->variance[j] = s->base[j];
    scale = fmax(scale, fmin(sqrt(s->base[j] + s->mean[j] * s->mean[j]), 1));
  }
  for (int64_t j = 0; j < s->columns && !s->problem->deviations; j++) {
    s->unit[j] = scale > 0 ? scale : 1;
  }
  return CLF_OK;
}

static clf_status create(solver *s) {
  clf__arena *arena = &s->arena;
  double **const of_columns[] = {&s->unit,      &s->variance, &s->gradient, &s->mean,
                                 &s->base,      &s->inverse,  &s->step,     &s->residual,
                                 &s->direction, &s->product};
  double **const of_rows[] = {&s->z, &s->trial, &s->change, &s->first, &s->second, &s->of_rows};
  for (size_t k = 0; k < sizeof of_columns / sizeof *of_columns; k++) {
    *of_columns[k] = clf__arena_array(arena, s->columns, sizeof(double));
  }
  for (size_t k = 0; k < sizeof of_rows / sizeof *of_rows; k++) {
    *of_rows[k] = clf__arena_zeroed(arena, s->count, sizeof(double));
  }
  clf__newton_rows_create(&s->rows, arena, s->problem->x);
  CLF__CHECK(clf__arena_status(arena));
  return measure_columns(s);
}

clf_status clf__newton(clf__newton_result *result, const clf__newton_problem *problem, double *x) {
  solver s = {.arena = {.context = problem->context},
              .problem = problem,
              .count = problem->x->rows,
              .columns = problem->x->columns,
              .w = x};
  clf_status status = CLF_OK;
  bool zero = true, far = false;
  CLF__TRY(create(&s));
  for (int64_t j = 0; j <= s.columns; j++) {
    zero = zero && x[j] == 0;
  }
  CLF__TRY(zero ? CLF_OK : refresh(&s, &far));
  CLF__TRY(zero ? CLF_OK : find_gradient(&s));
  if (!isfinite(s.value)) {
    status = clf__fail(CLF_ERROR_NUMERIC, "the loss is not finite at the start");
    goto done;
  }
  status = iterate(&s, result);
done:
  clf__arena_free(&s.arena);
  return status;
}
