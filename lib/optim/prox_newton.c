/* Proximal Newton (Lee, Sun and Saunders 2014) on working sets, as glmnet (Friedman, Hastie and
 * Tibshirani 2010), LIBLINEAR's newGLMNET (Yuan, Ho and Lin 2012) and celer (Massias, Gramfort
 * and Salmon 2018) have it.
 *
 * Each iteration computes the gradient of all weights, and for each output a quadratic model of
 * f on the columns whose weight is not 0 and those that violate the optimality conditions most,
 * at most as many as there are weights already, and some (prox_set.c), made of a sample of the
 * rows, which becomes larger if steps become no shorter (prox_sample.c). Coordinate descent and
 * conjugate gradients minimize model and penalty (prox_model.c, prox_face.c), and F is decreased
 * along the line to that point. It ends by the duality gap (prox_gap.c).
 *
 * If F decreases less than the models predict, the next ones have a larger curvature. Outputs that
 * do not depend on each other have steps of their own. How others depend on each other is left out
 * by the models, so sequences of points are extrapolated. */
#include "optim/prox_newton.h"

#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/status.h"
#include "optim/extrapolation.h"
#include "optim/prox_model.h"

enum {
  SHARE = 8,       /* rows of the first samples for each column of a set */
  EARLY = 8,       /* iterations that need half of them, of dense rows: most time is their matrix */
  WARM_SHARE = 32, /* at a starting point that is better than 0 */
  MAX_TRIALS = 30,
  PATIENCE_F32 = 3, /* iterations without progress: gradients have digits when values have none */
  PATIENCE_F64 = 25,
  ENTRIES_AGAIN = 10 /* how often a model reads them */
};

/* Shares of a model's decrease that may be left: `share_left` times the ratio of the last two
 * decreases, within bounds, since a model that is not good is not worth its minimum. If steps
 * become no shorter (the ratio is above `slow`), the share is halved, and samples are doubled. */
static const double share_left = 0.2, rough = 0.1, fine = 0.01, finest = 1e-4;
static const double slow = 0.5, max_share = 1e9;
static const float max_stiffness = 64;
static const double armijo = 1e-3;
/* Relative decreases of F that rounding hides. */
static const double noise_f32 = 1e-8, noise_f64 = 1e-14;
static const double precise_gap = 1e-9; /* relative, of a fit that rounding in f64 ends */

/* Outputs with a step of their own: each one if f is a sum over outputs, or all of them. */
typedef struct output_part {
  int64_t first, end; /* outputs */
  double value;       /* of F */
  double trial;       /* F at the end of the step */
  double change;      /* what F changes at most by a whole step, were f linear */
  double length;      /* of the step */
  double accuracy;    /* of the models' minima */
  float stiffness;    /* factor of the models' curvature */
  bool found;         /* the step decreases F */
  bool done;          /* its gap is small enough */
} output_part;

typedef struct solver {
  clf__arena arena;
  const clf__prox_problem *problem;
  clf__prox_columns columns;
  int64_t size; /* variables */
  double *x;    /* [size] borrowed */
  int64_t parts;
  output_part *part; /* [parts] */
  double *values;    /* [parts] scratch */
  double *gradient, *trial, *trial_gradient, *direction;
  double *gaps;   /* [parts] */
  bool elsewhere; /* the last evaluation was not that of x */
  double *sorted; /* [outputs] scratch */
  double *share;  /* [outputs] rows of a sample for each column of the set */
  int64_t iteration;
  double *points; /* [CLF__PERIOD_POINTS, size] of the last iterations */
  double *scale;  /* [size] squared deviations of the columns, 1 for the intercepts */
  int64_t kept;   /* points */
  double noise;
} solver;

static double penalty(const solver *s, const output_part *part, const double *x) {
  const int64_t columns = s->problem->x->columns;
  double sum = 0, squares = 0;
  for (int64_t i = part->first * columns; i < part->end * columns; i++) {
    sum += fabs(x[i]);
    squares += x[i] * x[i];
  }
  return s->problem->l1 * sum + s->problem->l2 / 2 * squares;
}

/* Returns the largest gap of a part, as a share of its F. */
static double largest_gap(const solver *s) {
  double largest = 0;
  for (int64_t i = 0; i < s->parts; i++) {
    const double gap = s->gaps[i], value = s->part[i].value;
    s->part[i].done = gap <= s->problem->tolerance * value;
    largest = isnan(gap) ? (double)INFINITY : fmax(largest, gap > 0 ? gap / value : 0);
  }
  return largest;
}

/* Computes the gaps, in f64 without estimates where these are small enough. */
static clf_status measure(solver *s, double *gap) {
  const clf__prox_problem *p = s->problem;
  if (s->elsewhere) {
    CLF__CHECK(p->evaluate(p->argument, s->x, s->values, s->trial_gradient));
    s->elsewhere = false;
  }
  CLF__CHECK(clf__prox_gap(p, &s->columns, s->x, s->gradient, false, s->trial_gradient, s->gaps));
  *gap = largest_gap(s);
  if (p->f64 && p->intercept && *gap <= p->tolerance) {
    CLF__CHECK(clf__prox_gap(p, &s->columns, s->x, s->gradient, true, s->trial_gradient, s->gaps));
    *gap = largest_gap(s);
  }
  return CLF_OK;
}

/* Sets the direction of one output. */
static clf_status find_direction(const solver *s, int64_t output) {
  const clf__prox_problem *p = s->problem;
  const output_part *part = &s->part[s->parts > 1 ? output : 0];
  const int64_t columns = p->x->columns;
  clf__prox_target target = {.output = output,
                             .weight = s->x + output * columns,
                             .gradient = s->gradient + output * columns,
                             .stiffness = part->stiffness,
                             .seed = (uint64_t)s->iteration};
  clf__prox_model model = {.count = 0};
  clf__arena arena = {.context = p->context};
  clf_status status = CLF_OK;
  int64_t *set = clf__arena_array(&arena, columns, sizeof *set);
  CLF__TRY(clf__arena_status(&arena));
  target.bias_gradient = p->intercept ? s->gradient[p->outputs * columns + output] : 0;
  target.set = set;
  CLF__TRY(clf__prox_choose_set(set, &target.count, &target, p, &s->columns));
  const bool early = s->iteration < EARLY && s->share[output] == SHARE && !clf__rows_sparse(p->x);
  target.rows = (early ? 0.5 : 1) * s->share[output] * (double)(target.count + CLF__PROX_ADDED);
  CLF__TRY(clf__prox_model_create(&model, p, &s->columns, &target));
  if (model.incomplete) {
    s->share[output] = fmin(4 * s->share[output], max_share);
  }
  CLF__TRY(clf__prox_model_minimize(&model, part->accuracy));
  s->direction[p->outputs * columns + output] =
      clf__prox_model_direction(&model, &target, s->direction + output * columns);
done:
  clf__prox_model_free(&model);
  clf__arena_free(&arena);
  return status;
}

static clf_status direction_job(void *argument, clf__range range) {
  const solver *s = argument;
  for (int64_t k = range.first; k < range.end; k++) {
    CLF__CHECK(s->part[s->parts > 1 ? k : 0].done ? CLF_OK : find_direction(s, k));
  }
  return CLF_OK;
}

static clf_status find_directions(solver *s) {
  const clf__prox_problem *p = s->problem;
  memset(s->direction, 0, (size_t)s->size * sizeof *s->direction);
  const double entries = (double)clf__rows_entries(p->x) * (double)p->outputs;
  return clf__jobs_ranges(p->context, p->outputs, 1, ENTRIES_AGAIN * entries * CLF__COST_ELEMENT,
                          direction_job, s);
}

/* The parts' `trial` receives F. */
static clf_status evaluate(const solver *s, const double *at, double *gradient) {
  CLF__CHECK(s->problem->evaluate(s->problem->argument, at, s->values, gradient));
  for (int64_t i = 0; i < s->parts; i++) {
    s->part[i].trial = s->values[i] + penalty(s, &s->part[i], at);
  }
  return CLF_OK;
}

static double total(const solver *s) {
  double sum = 0;
  for (int64_t i = 0; i < s->parts; i++) {
    sum += s->part[i].value;
  }
  return sum;
}

static void set_trial(const solver *s, const output_part *part) {
  const int64_t columns = s->problem->x->columns, biases = s->problem->outputs * columns;
  for (int64_t i = part->first * columns; i < part->end * columns; i++) {
    s->trial[i] = s->x[i] + part->length * s->direction[i];
  }
  for (int64_t i = biases + part->first; i < biases + part->end; i++) {
    s->trial[i] = s->x[i] + part->length * s->direction[i];
  }
}

static double linear_change(const solver *s, const output_part *part) {
  const int64_t columns = s->problem->x->columns, biases = s->problem->outputs * columns;
  double sum = 0;
  for (int64_t i = part->first * columns; i < part->end * columns; i++) {
    sum += s->gradient[i] * s->direction[i];
  }
  for (int64_t i = biases + part->first; i < biases + part->end; i++) {
    sum += s->gradient[i] * s->direction[i];
  }
  return sum + penalty(s, part, s->trial) - penalty(s, part, s->x);
}

static void accept(solver *s) {
  double *gradient = s->gradient;
  memcpy(s->x, s->trial, (size_t)s->size * sizeof *s->x);
  s->gradient = s->trial_gradient;
  s->trial_gradient = gradient;
  for (int64_t i = 0; i < s->parts; i++) {
    s->part[i].value = s->part[i].trial;
  }
  if (s->problem->shifts) {
    s->part->value -= penalty(s, s->part, s->x);
    clf__prox_shift(s->problem, s->x, s->sorted);
    s->part->value += penalty(s, s->part, s->x);
  }
}

/* Chooses the effort for the next models from the ratio of the last two predicted changes. */
static void set_effort(const solver *s, output_part *part, double last) {
  const double ratio = last < 0 ? part->change / last : 0;
  if (!(ratio > slow)) {
    part->accuracy = last < 0 ? fmin(fmax(share_left * ratio, fine), rough) : rough;
    return;
  }
  part->accuracy = fmax(part->accuracy / 2, finest);
  for (int64_t k = part->first; k < part->end; k++) {
    s->share[k] = fmin(2 * s->share[k], max_share);
  }
}

/* Begins with whole steps. */
static void begin_steps(solver *s) {
  for (int64_t i = 0; i < s->parts; i++) {
    output_part *part = &s->part[i];
    const double last = part->change;
    part->length = 1;
    part->found = false;
    set_trial(s, part);
    part->change = linear_change(s, part);
    set_effort(s, part, last);
  }
}

/* Halves the steps that do not decrease F; those of the last trial are 0. Returns how many. */
static int64_t halve_steps(solver *s, int trial) {
  int64_t count = 0;
  for (int64_t i = 0; i < s->parts; i++) {
    output_part *part = &s->part[i];
    const double noise = s->noise * fabs(part->value), change = part->length * part->change;
    const double limit = -change <= noise ? noise : armijo * change;
    part->found = part->trial <= part->value + limit;
    if (!part->found && part->length > 0) {
      part->length = trial < MAX_TRIALS ? part->length / 2 : 0;
      set_trial(s, part);
      count++;
    }
  }
  return count;
}

static void set_stiffness(const solver *s, output_part *part) {
  const double predicted = -part->change, found = part->value - part->trial;
  if (predicted > s->noise * fabs(part->value) && found < predicted / 4) {
    part->stiffness = fminf(2 * part->stiffness, max_stiffness);
  } else {
    part->stiffness = fmaxf(part->stiffness / 1.5F, 1);
  }
}

/* Moves along the direction; *moved is false if no step decreases F. */
static clf_status search_line(solver *s, bool *moved) {
  *moved = false;
  for (int trial = 1; trial <= MAX_TRIALS + 1; trial++) {
    CLF__CHECK(evaluate(s, s->trial, s->trial_gradient));
    s->elsewhere = false;
    if (halve_steps(s, trial) == 0) {
      break;
    }
  }
  for (int64_t i = 0; i < s->parts; i++) {
    *moved = *moved || s->part[i].length > 0;
    set_stiffness(s, &s->part[i]);
  }
  if (*moved) {
    accept(s);
  }
  return CLF_OK;
}

/* After each period of iterations, moves to the extrapolated point if F is smaller there. The
 * models leave out how outputs depend on each other, so that iterations may converge only
 * linearly. */
static clf_status extrapolate(solver *s) {
  double z[CLF__PERIOD];
  memcpy(s->points + s->kept * s->size, s->x, (size_t)s->size * sizeof *s->x);
  s->kept++;
  if (s->kept < CLF__PERIOD_POINTS) {
    return CLF_OK;
  }
  s->kept = 0;
  if (!clf__extrapolation(z, s->points, s->size, s->size, s->scale)) {
    return CLF_OK;
  }
  clf__extrapolate(s->trial, z, s->points, s->size, s->size);
  for (int64_t i = 0; i < s->size; i++) {
    s->trial[i] = s->x[i] == 0 ? 0 : s->trial[i];
  }
  CLF__CHECK(evaluate(s, s->trial, s->trial_gradient));
  s->elsewhere = !(s->part->trial < s->part->value);
  if (!s->elsewhere) {
    accept(s);
  }
  return CLF_OK;
}

static clf_status iterate(solver *s, clf__prox_result *result) {
  const clf__prox_problem *p = s->problem;
  double best = (double)INFINITY, smallest = (double)INFINITY;
  bool moved = true;
  for (int stalled = 0;; stalled++) {
    const double value = total(s);
    result->value = value;
    CLF__CHECK(measure(s, &result->gap));
    CLF__CHECK(p->observe(p->argument, result->iterations, value));
    const bool closer = result->gap < smallest / 2; /* perhaps by several iterations */
    stalled = closer || value < best - s->noise * fabs(best) ? 0 : stalled;
    best = fmin(best, value);
    smallest = closer ? result->gap : smallest;
    result->stalled = !moved || stalled >= (p->f64 ? PATIENCE_F64 : PATIENCE_F32);
    result->converged =
        result->gap <= p->tolerance || (p->f64 && result->stalled && result->gap <= precise_gap);
    if (result->converged || result->stalled || result->iterations >= p->max_iterations) {
      return CLF_OK;
    }
    s->iteration = result->iterations;
    CLF__CHECK(find_directions(s));
    begin_steps(s);
    CLF__CHECK(search_line(s, &moved));
    CLF__CHECK(p->outputs > 1 && s->parts == 1 ? extrapolate(s) : CLF_OK);
    result->iterations += moved;
  }
}

static clf_status allocate(solver *s, const clf__prox_problem *p) {
  double **const variables[] = {&s->gradient, &s->trial, &s->trial_gradient, &s->direction,
                                &s->scale};
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    *variables[i] = clf__arena_array(&s->arena, s->size, sizeof(double));
  }
  s->part = clf__arena_zeroed(&s->arena, s->parts, sizeof *s->part);
  s->values = clf__arena_array(&s->arena, s->parts, sizeof *s->values);
  s->gaps = clf__arena_array(&s->arena, s->parts, sizeof *s->gaps);
  s->sorted = clf__arena_array(&s->arena, p->outputs, sizeof *s->sorted);
  s->share = clf__arena_array(&s->arena, p->outputs, sizeof *s->share);
  s->points = clf__arena_matrix(&s->arena, p->outputs > s->parts ? CLF__PERIOD_POINTS : 0, s->size,
                                sizeof *s->points);
  return clf__arena_status(&s->arena);
}

/* The weights of columns that are constant become part of the intercept, as others that begin the
 * fit may have them. */
static void drop_constants(solver *s) {
  const clf__prox_problem *p = s->problem;
  const int64_t columns = p->x->columns;
  for (int64_t i = 0; i < p->outputs * columns; i++) {
    if (!(s->columns.deviation[i % columns] > 0) && s->x[i] != 0) {
      s->x[p->outputs * columns + i / columns] += s->x[i] * s->columns.mean[i % columns];
      s->x[i] = 0;
    }
  }
}

static clf_status create(solver *s, const clf__prox_problem *p) {
  s->noise = p->f64 ? noise_f64 : noise_f32;
  s->size = clf__count(p->outputs, p->x->columns + 1);
  s->parts = p->separate ? p->outputs : 1;
  CLF__CHECK(allocate(s, p));
  CLF__CHECK(clf__prox_columns_create(&s->columns, p));
  drop_constants(s);
  bool warm = false;
  for (int64_t i = 0; i < p->outputs * p->x->columns; i++) {
    warm = warm || s->x[i] != 0;
  }
  for (int64_t i = 0; i < s->parts; i++) {
    s->part[i] = (output_part){.first = i,
                               .end = p->separate ? i + 1 : p->outputs,
                               .accuracy = warm ? fine : rough,
                               .stiffness = 1};
  }
  for (int64_t k = 0; k < p->outputs; k++) {
    s->share[k] = warm ? WARM_SHARE : SHARE;
  }
  for (int64_t i = 0; i < s->size; i++) {
    const double deviation =
        i < p->outputs * p->x->columns ? s->columns.deviation[i % p->x->columns] : 1;
    s->scale[i] = deviation * deviation;
  }
  return CLF_OK;
}

clf_status clf__prox_newton(clf__prox_result *result, const clf__prox_problem *problem, double *x) {
  solver s = {.arena = {.context = problem->context}, .problem = problem, .x = x};
  clf_status status = CLF_OK;
  CLF__TRY(create(&s, problem));
  CLF__TRY(evaluate(&s, x, s.gradient));
  for (int64_t i = 0; i < s.parts; i++) {
    s.part[i].value = s.part[i].trial;
  }
  if (!isfinite(total(&s))) {
    status = clf__fail(CLF_ERROR_NUMERIC, "the loss is not finite at the start");
    goto done;
  }
  status = iterate(&s, result);
done:
  clf__prox_columns_free(&s.columns);
  clf__arena_free(&s.arena);
  return status;
}
