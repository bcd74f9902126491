/* Truncated Newton (Dembo and Steihaug 1983) for sparse rows, as LIBLINEAR (Lin, Weng and Keerthi
 * 2008; Galli and Lin 2021) has it for its primal problems.
 *
 * Each iteration solves H s = -g roughly by conjugate gradients, which take one pass over the rows
 * each, preconditioned by the diagonal of H, and minimizes F along s. With the first and second
 * derivatives r and v of f with respect to the outputs,
 *   g_w = X^T r + l2 w,  g_b = sum r.
 * The variables of a step are s and s_c = s_b + c . s, where c are the means of the columns: those
 * of the rows X - 1 c^T, which are nearly orthogonal to the intercept. For a direction p, p_c,
 *   q = V (X p - c . p + p_c),  H (p, p_c) = (X^T q - c sum q + l2 p, sum q),
 * and the right side is -(g_w - c g_b, g_b).
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
#include "optim/newton_columns.h"
#include "optim/newton_solver.h"
#include "optim/vector.h"

enum {
  MAX_TRIALS = 60,
  PATIENCE = 5 /* iterations without progress */
};

static const double max_share = 0.3; /* of the right side is left by conjugate gradients */
static const double enough = 0.1;    /* of the derivative along a line is left */
static const double noise = 1e-13;   /* relative decreases of F that rounding hides */
static const double drift = 1e-9;    /* relative change of an output that was added up */

/* Sums over the rows of all ranks. */
static clf_status sum_rows(clf__newton_solver *s, clf__shard_sums add, double *sums,
                           int64_t count) {
  const clf__rows *x = s->problem->x;
  const clf__shard_sum sum = {
      .name = "rows", .of = x->shards, .rows = x->rows, .add = add, .argument = s};
  return clf__shards_sum(&sum, sums, count);
}

static void part_task(void *argument, clf__range range) {
  clf__newton_solver *s = argument;
  const clf__range rows = {range.index, s->part_first + range.first, s->part_first + range.end,
                           range.worker};
  s->parts[range.index] =
      s->problem->differentiate(s->problem->argument, rows, s->at, s->first, s->second);
}

static clf_status add_losses(void *argument, int64_t first, int64_t rows, double *sums) {
  clf__newton_solver *s = argument;
  s->part_first = first;
  clf__parallel_parts(s->problem->context, rows, CLF__NEWTON_PARTS,
                      8 * (double)rows * CLF__COST_FUNCTION, part_task, s);
  for (int64_t c = 0; c < CLF__NEWTON_PARTS; c++) {
    *sums += s->parts[c];
  }
  return CLF_OK;
}

/* Computes f and its derivatives at the outputs. */
static clf_status differentiate(clf__newton_solver *s, const double *z) {
  s->at = z;
  s->loss = 0;
  return sum_rows(s, add_losses, &s->loss, 1);
}

static clf_status add_curvatures(void *argument, int64_t first, int64_t rows, double *total) {
  const clf__newton_solver *s = argument;
  for (int64_t i = first; i < first + rows; i++) {
    *total += s->second[i];
  }
  return CLF_OK;
}

/* Computes the gradient at the last trial, and S. */
static clf_status find_gradient(clf__newton_solver *s) {
  s->total = 0;
  CLF__CHECK(sum_rows(s, add_curvatures, &s->total, 1));
  CLF__CHECK(clf__newton_sum(&s->rows, s->first, s->gradient));
  clf__vector_add(s->gradient, s->problem->l2, s->w, s->columns);
  s->gradient[s->columns] *= s->problem->intercept;
  return CLF_OK;
}

/* Replaces the outputs, and counts those that had drifted. */
static clf_status replace_outputs(void *argument, int64_t first, int64_t rows, double *drifted) {
  const clf__newton_solver *s = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double z = s->trial[i] + s->w[s->columns];
    *drifted += !(fabs(z - s->z[i]) <= drift * (1 + fabs(z)));
    s->z[i] = z;
  }
  return CLF_OK;
}

/* The outputs as they are multiplied, and the loss there; *far is whether one had drifted. */
static clf_status refresh(clf__newton_solver *s, bool *far) {
  double drifted = 0;
  s->added = false;
  CLF__CHECK(clf__newton_multiply(&s->rows, s->w, NULL, s->trial));
  CLF__CHECK(sum_rows(s, replace_outputs, &drifted, 1));
  *far = drifted > 0;
  CLF__CHECK(differentiate(s, s->z));
  s->value = s->loss + s->problem->l2 / 2 * clf__vector_dot(s->w, s->w, s->columns);
  return CLF_OK;
}

/* The derivatives of F along the step, at some length. */
typedef struct line {
  double penalty[2]; /* of l2/2 |w + t s|^2: at 0, and the second one */
  double value, first, second;
} line;

static clf_status add_line(void *argument, int64_t first, int64_t rows, double *sums) {
  const clf__newton_solver *s = argument;
  sums[0] += clf__vector_dot(s->first + first, s->change + first, rows);
  for (int64_t i = first; i < first + rows; i++) {
    sums[1] += s->second[i] * s->change[i] * s->change[i];
  }
  return CLF_OK;
}

static clf_status try_length(clf__newton_solver *s, double length, line *out) {
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
static clf_status search_line(double *out, clf__newton_solver *s, double derivative, line *at) {
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
static clf_status improve(clf__newton_solver *s, double share, double *decrease, bool *moved) {
  CLF__CHECK(clf__newton_find_step(s, share));
  const double derivative =
      clf__vector_dot(s->gradient, s->step, s->columns) + s->gradient[s->columns] * s->bias_step;
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
static clf_status confirm(clf__newton_solver *s, bool moved, bool *far) {
  *far = false;
  CLF__CHECK(s->added ? refresh(s, far) : CLF_OK);
  return *far || !moved ? find_gradient(s) : CLF_OK;
}

static bool converged(const clf__newton_solver *s, const clf__newton_result *result) {
  const clf__newton_problem *p = s->problem;
  return result->violation <= p->tolerance &&
         (isinf(p->closeness) ||
          clf__newton_bound(s, s->gradient, -s->gradient[s->columns]) <= p->closeness * s->value);
}

static clf_status iterate(clf__newton_solver *s, clf__newton_result *result) {
  const clf__newton_problem *p = s->problem;
  double best = (double)INFINITY, smallest = (double)INFINITY, start = 0;
  bool moved = true, far = false;
  for (int stalled = 0;; stalled++) {
    result->violation = clf__newton_largest(s, s->gradient, 0);
    stalled =
        result->violation < smallest / 2 || s->value < best - noise * fabs(best) ? 0 : stalled;
    result->stalled = !moved || stalled >= PATIENCE;
    const bool ends = result->stalled || converged(s, result);
    CLF__CHECK(ends ? confirm(s, moved, &far) : CLF_OK);
    result->violation = ends ? clf__newton_largest(s, s->gradient, 0) : result->violation;
    CLF__CHECK(result->stalled && s->total > 0 ? clf__newton_set_base(s) : CLF_OK);
    result->decrease =
        result->stalled ? fmax(result->decrease, clf__newton_promise(s)) : result->decrease;
    result->value = s->value;
    result->loss = s->loss;
    result->converged = converged(s, result);
    CLF__CHECK(p->observe(p->argument, result->iterations, s->value, result->violation));
    if ((ends && (!far || result->converged)) || result->iterations >= p->max_iterations) {
      return CLF_OK;
    }
    best = fmin(best, s->value);
    smallest = fmin(smallest, result->violation);
    CLF__CHECK(clf__newton_set_diagonal(s));
    const double square = clf__newton_begin_step(s);
    start = result->iterations == 0 ? square : start;
    CLF__CHECK(improve(s, fmin(max_share, sqrt(sqrt(square / start))), &result->decrease, &moved));
    CLF__CHECK(find_gradient(s));
    result->iterations += moved;
  }
}

/* Differences of sums have no digits left for a column that is nearly constant. */
static bool has_digits(double variance, double square) {
  return variance > 1e-6 * square || square == 0;
}

/* Sets the centers, and the first diagonal from the columns' deviations: where all outputs are 0,
 * second derivatives are proportional to the weights of the rows. */
static clf_status measure_columns(clf__newton_solver *s) {
  bool precise = true;
  CLF__CHECK(differentiate(s, s->z));
  s->value = s->loss;
  CLF__CHECK(sum_rows(s, add_curvatures, &s->total, 1));
  CLF__CHECK(clf__newton_moments(&s->rows, s->second, s->center, s->base));
  for (int64_t j = 0; j < s->columns; j++) {
    const double square = s->base[j] / s->total;
    s->center[j] = s->problem->intercept && s->total > 0 ? s->center[j] / s->total : 0;
    s->base[j] = square - s->center[j] * s->center[j];
    precise = precise && has_digits(s->base[j], square);
  }
  return precise ? CLF_OK : clf__newton_set_base(s);
}

/* Sets the units of the gradient. */
static void set_units(clf__newton_solver *s) {
  double scale = 0;
  for (int64_t j = 0; j < s->columns; j++) {
    s->unit[j] = sqrt(s->base[j]);
    s->variance[j] = s->base[j];
    scale = fmax(scale, fmin(sqrt(s->base[j] + s->center[j] * s->center[j]), 1));
  }
  for (int64_t j = 0; j < s->columns && !s->problem->deviations; j++) {
    s->unit[j] = scale > 0 ? scale : 1;
  }
  s->unit[s->columns] = 1;
}

/* Vectors are parts of one block: those of 4 MB or more have huge pages, with which a pass takes
 * half the time, as it misses the address cache less often. */
static clf_status create(clf__newton_solver *s) {
  double **const of_columns[] = {&s->unit,    &s->center, &s->variance, &s->gradient,  &s->base,
                                 &s->inverse, &s->step,   &s->residual, &s->direction, &s->product};
  double **const of_rows[] = {&s->z, &s->trial, &s->change, &s->first, &s->second, &s->of_rows};
  enum { OF_COLUMNS = sizeof of_columns / sizeof *of_columns };
  enum { OF_ROWS = sizeof of_rows / sizeof *of_rows };
  const int64_t width = clf__newton_stride(s->columns + 1), length = clf__newton_stride(s->count);
  const int64_t sums = clf__newton_rows_size(s->problem->x);
  double *next =
      clf__arena_array(&s->arena, OF_COLUMNS * width + OF_ROWS * length + sums, sizeof *next);
  CLF__CHECK(clf__arena_status(&s->arena));
  for (size_t k = 0; k < OF_COLUMNS; k++, next += width) {
    *of_columns[k] = next;
  }
  for (size_t k = 0; k < OF_ROWS; k++, next += length) {
    *of_rows[k] = next;
  }
  memset(s->z, 0, (size_t)s->count * sizeof *s->z);
  s->center[s->columns] = 0;
  s->rows = clf__newton_rows_of(s->problem->context, s->problem->x, next);
  CLF__CHECK(measure_columns(s));
  set_units(s);
  return CLF_OK;
}

/* Minimizes in the memory of a solver. */
static clf_status solve(clf__newton_solver *s, clf__newton_result *result) {
  bool zero = true, far = false;
  CLF__CHECK(create(s));
  for (int64_t j = 0; j <= s->columns; j++) {
    zero = zero && s->w[j] == 0;
  }
  CLF__CHECK(zero ? CLF_OK : refresh(s, &far));
  CLF__CHECK(find_gradient(s));
  if (!isfinite(s->value)) {
    return clf__fail(CLF_ERROR_NUMERIC, "the loss is not finite at the start");
  }
  return iterate(s, result);
}

/* A weight whose column has no entry adds to the penalty only. */
static void forget_columns(double *x, int64_t columns, double l2) {
  for (int64_t j = 0; j < columns && l2 > 0; j++) {
    x[j] = 0;
  }
}

/* Minimizes with the columns that are kept, whose variables w [kept columns + 1] are scratch. */
static clf_status solve_kept(clf__newton_solver *s, clf__newton_result *result,
                             const clf__newton_columns *kept, double *w, double *x) {
  const int64_t columns = s->problem->x->columns;
  clf__newton_problem problem = *s->problem;
  problem.x = &kept->x;
  for (int64_t j = 0; j < kept->x.columns; j++) {
    w[j] = x[kept->kept[j]];
  }
  w[kept->x.columns] = x[columns];
  s->problem = &problem;
  s->columns = kept->x.columns;
  s->w = w;
  const clf_status status = solve(s, result);
  forget_columns(x, columns, problem.l2);
  for (int64_t j = 0; j < kept->x.columns; j++) {
    x[kept->kept[j]] = w[j];
  }
  x[columns] = w[kept->x.columns];
  return status;
}

clf_status clf__newton(clf__newton_result *result, const clf__newton_problem *problem, double *x) {
  clf__newton_solver s = {.arena = {.context = problem->context},
                          .problem = problem,
                          .count = problem->x->rows,
                          .columns = problem->x->columns,
                          .w = x};
  clf__newton_columns kept;
  clf_status status = clf__newton_columns_keep(&kept, &s.arena, problem->x);
  if (status == CLF_OK && kept.kept != NULL) {
    double *w = clf__arena_array(&s.arena, kept.x.columns + 1, sizeof *w);
    status = clf__arena_status(&s.arena);
    status = status == CLF_OK ? solve_kept(&s, result, &kept, w, x) : status;
  } else if (status == CLF_OK) {
    status = solve(&s, result);
  }
  clf__arena_free(&s.arena);
  return status;
}
