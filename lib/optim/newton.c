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
  double *w; /* [columns + 1] borrowed */
  /* [columns + 1] each, of which the last is the intercept's: */
  double *unit; /* of the gradient; 0 for columns that cannot be learned from */
  double *gradient;
  double *center;                                /* c; 0 without an intercept */
  double *variance, *base;                       /* of the diagonal: without l2, divided by S */
  double *inverse;                               /* of the diagonal */
  double *step, *residual, *direction, *product; /* of conjugate gradients */
  double *z, *trial;                             /* [count] outputs */
  double *change;                                /* [count] X s, then with s_b */
  double *first, *second;                        /* [count] derivatives at the last trial */
  double *of_rows;                               /* [count] of a pass */
  double parts[PARTS];
  int64_t part_first; /* row */
  const double *at;   /* the outputs whose derivatives are computed */
  double total;       /* S, the sum of v */
  double bias_step;   /* s_b */
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

static clf_status add_curvatures(void *argument, int64_t first, int64_t rows, double *total) {
  const solver *s = argument;
  for (int64_t i = first; i < first + rows; i++) {
    *total += s->second[i];
  }
  return CLF_OK;
}

/* Computes the gradient at the last trial, and S. */
static clf_status find_gradient(solver *s) {
  s->total = 0;
  CLF__CHECK(sum_rows(s, add_curvatures, &s->total, 1));
  CLF__CHECK(clf__newton_sum(&s->rows, s->first, s->gradient));
  clf__vector_add(s->gradient, s->problem->l2, s->w, s->columns);
  s->gradient[s->columns] *= s->problem->intercept;
  return CLF_OK;
}

/* Returns the largest component of a gradient plus some centers, in its unit; INFINITY for NaN. */
static double largest(const solver *s, const double *gradient, double centers) {
  double out = 0;
  for (int64_t j = 0; j <= s->columns; j++) {
    const double size = fabs(gradient[j] + centers * s->center[j]);
    if (!(size <= out * s->unit[j]) && s->unit[j] > 0) {
      out = isnan(size) ? (double)INFINITY : size / s->unit[j];
    }
  }
  return out;
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
  CLF__CHECK(clf__newton_squares(&s->rows, s->second, s->total, s->center, s->base));
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
  s->inverse[s->columns] = s->total > 0 ? 1 / s->total : 1;
}

/* product = the residual times the inverse diagonal; returns its product with the residual. */
static double precondition(solver *s) {
  for (int64_t j = 0; j <= s->columns; j++) {
    s->product[j] = s->residual[j] * s->inverse[j];
  }
  return clf__vector_dot(s->product, s->residual, s->columns + 1);
}

/* Sets the residual of no step; returns its square. */
static double begin_step(solver *s) {
  const double bias = s->gradient[s->columns];
  for (int64_t j = 0; j <= s->columns; j++) {
    s->residual[j] = s->center[j] * bias - s->gradient[j];
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

/* F is strongly convex in w: it exceeds its minimum by no more than this, which follows from the
 * gradient with respect to w where the intercept's is 0: its gradient minus the center's share. The
 * intercept's own share is that of Newton's step for it alone. */
static double bound(const solver *s, const double *gradient, double centers) {
  const double bias = gradient[s->columns];
  double square = 0;
  for (int64_t j = 0; j < s->columns; j++) {
    const double own = gradient[j] + centers * s->center[j];
    square += own * own;
  }
  return square / (2 * s->problem->l2) + (s->total > 0 ? bias * bias / (2 * s->total) : 0);
}

/* Sets the product to H times the direction; returns the product of both. */
static clf_status multiply_direction(solver *s, double *curvature) {
  const double *p = s->direction;
  const double shift = p[s->columns] - clf__vector_dot(s->center, p, s->columns);
  CLF__CHECK(clf__newton_curve(&s->rows, s->second, p, shift, s->of_rows, s->product));
  s->product[s->columns] *= s->problem->intercept;
  const double sum = s->product[s->columns];
  for (int64_t j = 0; j < s->columns; j++) {
    s->product[j] += s->problem->l2 * p[j] - sum * s->center[j];
  }
  *curvature = clf__vector_dot(p, s->product, s->columns + 1);
  return CLF_OK;
}

/* Moves by a length along the direction; the product then is the residual times the inverse
 * diagonal. Returns the square of the residual. One loop, as vectors may not fit in the cache. */
static double advance(solver *s, double length) {
  const int64_t size = s->columns + 1;
  double *step = s->step, *residual = s->residual, *product = s->product, sums[8] = {0};
  for (int64_t first = 0; first < size; first += 8) {
    for (int64_t j = first; j < clf__min_i64(first + 8, size); j++) {
      step[j] += length * s->direction[j];
      residual[j] -= length * product[j];
      product[j] = residual[j] * s->inverse[j];
      sums[j - first] += product[j] * residual[j];
    }
  }
  return clf__vector_lanes(sums);
}

/* One step of conjugate gradients; `rho` is the square of the residual. *ended is whether there is
 * no other. */
static clf_status conjugate(solver *s, double *rho, double least, bool *ended) {
  const int64_t size = s->columns + 1;
  double curvature = 0;
  CLF__CHECK(multiply_direction(s, &curvature));
  *ended = !(curvature > 0) || !isfinite(curvature);
  if (*ended) {
    return CLF_OK;
  }
  const double length = *rho / curvature;
  clf__vector_add(s->change, length, s->of_rows, s->count);
  const double next = advance(s, length), factor = next / *rho;
  for (int64_t j = 0; j < size; j++) {
    s->direction[j] = s->product[j] + factor * s->direction[j];
  }
  *rho = next;
  *ended =
      !(next > 0) || !(next > least) ||
      (largest(s, s->residual, s->residual[s->columns]) <= of_tolerance * s->problem->tolerance &&
       bound(s, s->residual, 0) <= of_tolerance * s->problem->closeness * s->value);
  return CLF_OK;
}

/* Solves for the step until a share of the right side is left. */
static clf_status find_step(solver *s, double share) {
  bool ended = false;
  memset(s->step, 0, (size_t)(s->columns + 1) * sizeof *s->step);
  memset(s->change, 0, (size_t)s->count * sizeof *s->change);
  memset(s->of_rows, 0, (size_t)s->count * sizeof *s->of_rows);
  double rho = begin_step(s);
  const double least = share * share * rho;
  memcpy(s->direction, s->product, (size_t)(s->columns + 1) * sizeof *s->direction);
  ended = !(rho > 0) || !isfinite(rho);
  for (s->passes = 0; !ended && s->passes < MAX_PASSES; s->passes++) {
    CLF__CHECK(conjugate(s, &rho, least, &ended));
  }
  CLF__CHECK(clf__newton_multiply(&s->rows, s->step, s->second, s->change));
  s->bias_step = s->step[s->columns] - clf__vector_dot(s->center, s->step, s->columns);
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
static clf_status confirm(solver *s, bool moved, bool *far) {
  *far = false;
  CLF__CHECK(s->added ? refresh(s, far) : CLF_OK);
  return *far || !moved ? find_gradient(s) : CLF_OK;
}

static bool converged(const solver *s, const clf__newton_result *result) {
  const clf__newton_problem *p = s->problem;
  return result->violation <= p->tolerance &&
         (isinf(p->closeness) ||
          bound(s, s->gradient, -s->gradient[s->columns]) <= p->closeness * s->value);
}

static clf_status iterate(solver *s, clf__newton_result *result) {
  const clf__newton_problem *p = s->problem;
  double best = (double)INFINITY, smallest = (double)INFINITY, start = 0;
  bool moved = true, far = false;
  for (int stalled = 0;; stalled++) {
    result->violation = largest(s, s->gradient, 0);
    stalled =
        result->violation < smallest / 2 || s->value < best - noise * fabs(best) ? 0 : stalled;
    result->stalled = !moved || stalled >= PATIENCE;
    const bool ends = result->stalled || converged(s, result);
    CLF__CHECK(ends ? confirm(s, moved, &far) : CLF_OK);
    result->violation = ends ? largest(s, s->gradient, 0) : result->violation;
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

/* Differences of sums have no digits left for a column that is nearly constant. */
static bool has_digits(double variance, double square) {
  return variance > 1e-6 * square || square == 0;
}

/* Sets the centers, and the first diagonal from the columns' deviations: where all outputs are 0,
 * second derivatives are proportional to the weights of the rows. */
static clf_status measure_columns(solver *s) {
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
  return precise ? CLF_OK : set_base(s);
}

/* Sets the units of the gradient. */
static void set_units(solver *s) {
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
static clf_status create(solver *s) {
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
static clf_status solve(solver *s, clf__newton_result *result) {
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
static clf_status solve_kept(solver *s, clf__newton_result *result, const clf__newton_columns *kept,
                             double *w, double *x) {
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
  solver s = {.arena = {.context = problem->context},
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
