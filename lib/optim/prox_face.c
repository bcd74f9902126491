/* A face of the quadratic model: the weights that are 0 stay so, and the others keep their signs,
 * so that the penalty is linear and what is left is a system of linear equations. It is solved by
 * conjugate gradients (Hestenes and Stiefel 1952), whose preconditioner is the diagonal, or for a
 * matrix in f64 by Cholesky factorization. Coordinate descent finds the face; where columns depend
 * on each other, it needs many sweeps for its minimum.
 *
 * Weights that would change their sign become 0. If the model is not smaller there, the step ends
 * where the first one becomes 0. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/linalg/factor.h"
#include "optim/prox_model.h"

enum { MAX_STEPS = 100 };
/* Steps still decrease the model after the first one that is below the accuracy asked for. */
static const double finer = 0.1;
/* Relative curvature of a direction that may be rounding errors of f32, as where columns are the
 * same. */
static const double min_curved = 1e-7;

/* What is added to a diagonal of 1 in f64. Along a direction without curvature, in which columns
 * explain each other, the step then is so long that a weight becomes 0. */
static const double ridge = 1e-13, min_pivot = 1e-15;

typedef struct face {
  clf__arena arena;
  clf__prox_model *m;
  int64_t count;                           /* weights that are not 0 */
  int64_t *of;                             /* [count] */
  double *residual, *direction, *step, *h; /* [count] */
  double *product;                         /* [responses] of the direction */
  double *total;                           /* [responses] of the step */
  bool ended;                              /* a weight became 0 */
} face;

/* response [responses] receives that of changes `d` [count]; returns the shift. */
static double respond(const face *f, const double *d, double *response) {
  double shift = 0;
  memset(response, 0, (size_t)f->m->responses * sizeof *response);
  for (int64_t i = 0; i < f->count; i++) {
    clf__prox_model_respond(f->m, f->of[i], d[i], response);
    shift -= f->m->mean[f->of[i]] * d[i];
  }
  return shift;
}

/* Sets the direction to the steepest one, and returns its decrease. */
static double begin(face *f) {
  const clf__prox_model *m = f->m;
  double decrease = 0;
  for (int64_t i = 0; i < f->count; i++) {
    const int64_t a = f->of[i];
    const double w = m->old[a] + m->change[a];
    const double gradient = m->gradient[a] + clf__prox_model_product(m, a, m->response, m->shift);
    f->step[i] = 0;
    f->residual[i] = -(gradient + m->l2[a] * w + copysign(m->l1[a], w));
    f->direction[i] = f->residual[i] / (m->diagonal[a] + m->l2[a]);
    decrease += f->residual[i] * f->direction[i];
  }
  return decrease;
}

/* Makes one step. *decrease, that of the preconditioned residual, becomes its next one; returns
 * twice what the model decreased by. */
static double advance(face *f, double *decrease) {
  const clf__prox_model *m = f->m;
  const double shift = respond(f, f->direction, f->product);
  double curved = 0, straight = 0, next = 0;
  for (int64_t i = 0; i < f->count; i++) {
    const int64_t a = f->of[i];
    f->h[i] = clf__prox_model_product(m, a, f->product, shift) + m->l2[a] * f->direction[i];
    curved += f->h[i] * f->direction[i];
    straight += (m->diagonal[a] + m->l2[a]) * f->direction[i] * f->direction[i];
  }
  if (!(curved > min_curved * straight)) {
    return 0;
  }
  const double length = *decrease / curved, gained = length * *decrease;
  for (int64_t i = 0; i < f->count; i++) {
    const int64_t a = f->of[i];
    f->step[i] += length * f->direction[i];
    f->residual[i] -= length * f->h[i];
    f->h[i] = f->residual[i] / (m->diagonal[a] + m->l2[a]);
    next += f->residual[i] * f->h[i];
  }
  for (int64_t i = 0; i < f->count; i++) {
    f->direction[i] = f->h[i] + next / *decrease * f->direction[i];
  }
  *decrease = next;
  return gained;
}

/* Makes the whole step by factorization, in units in which the diagonal is 1. *gained is about
 * twice what the model decreased by. */
static clf_status solve(face *f, double *gained) {
  const clf__prox_model *m = f->m;
  const int64_t count = f->count;
  clf__arena arena = {.context = f->arena.context};
  clf_status status = CLF_OK;
  double *a = clf__arena_matrix(&arena, count, count, sizeof *a);
  double *unit = clf__arena_array(&arena, count, sizeof *unit);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < count; i++) {
    const int64_t k = f->of[i];
    unit[i] = 1 / sqrt(m->diagonal[k] + m->l2[k]);
    f->step[i] = f->residual[i] * unit[i];
    for (int64_t j = 0; j <= i; j++) {
      a[i * count + j] = m->matrix[k * m->count + f->of[j]] * unit[i] * unit[j];
    }
    a[i * count + i] += m->l2[k] * unit[i] * unit[i] + ridge;
  }
  CLF__TRY(clf__cholesky(arena.context, a, count, count, min_pivot, NULL));
  CLF__TRY(clf__solve_lower(arena.context, a, count, count, f->step, 1, 1));
  CLF__TRY(clf__solve_lower_transposed(arena.context, a, count, count, f->step, 1, 1));
  *gained = 0;
  for (int64_t i = 0; i < count; i++) {
    f->step[i] *= unit[i];
    *gained += f->step[i] * f->residual[i];
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* The step by conjugate gradients. `rest` is the decrease of the steepest direction, *sum receives
 * that of the step. */
static clf_status iterate(face *f, double rest, double accuracy, double decreased, double *sum) {
  for (int step = 0; step < MAX_STEPS && rest > 0; step++) {
    CLF__CHECK(clf__progress_check());
    const double gained = advance(f, &rest);
    *sum += gained;
    if (!(gained > accuracy * finer * (*sum + decreased))) {
      break;
    }
  }
  return CLF_OK;
}

/* Returns the length of the step at which the first weight becomes 0, at most 1. */
static double feasible(const face *f) {
  double length = 1;
  for (int64_t i = 0; i < f->count; i++) {
    const double w = f->m->old[f->of[i]] + f->m->change[f->of[i]];
    const double end = w + f->step[i];
    length = w * end < 0 ? fmin(length, w / (w - end)) : length;
  }
  return length;
}

/* Moves to the end of the step, at which weights of other signs are 0, or back. */
static void move(face *f, double sign) {
  clf__prox_model *m = f->m;
  const double shift = respond(f, f->step, f->total);
  f->ended = false;
  for (int64_t i = 0; i < f->count; i++) {
    const int64_t a = f->of[i];
    const bool ends = sign > 0 && f->step[i] == -(m->old[a] + m->change[a]);
    m->change[a] = ends ? -m->old[a] : m->change[a] + sign * f->step[i];
    f->ended = f->ended || ends;
  }
  for (int64_t i = 0; i < m->responses; i++) {
    m->response[i] += sign * f->total[i];
  }
  m->shift += sign * shift;
}

static void shorten(face *f, double length) {
  for (int64_t i = 0; i < f->count; i++) {
    const double w = f->m->old[f->of[i]] + f->m->change[f->of[i]];
    f->step[i] *= length;
    f->step[i] = w * (w + f->step[i]) <= 0 ? -w : f->step[i];
  }
}

/* Moves along the step, whole or in part. */
static void apply(face *f) {
  const double length = feasible(f), before = clf__prox_model_value(f->m);
  memcpy(f->h, f->step, (size_t)f->count * sizeof *f->h);
  shorten(f, 1);
  move(f, 1);
  if (length < 1 && !(clf__prox_model_value(f->m) < before)) {
    move(f, -1);
    memcpy(f->step, f->h, (size_t)f->count * sizeof *f->h);
    shorten(f, length);
    move(f, 1);
  }
  if (!(clf__prox_model_value(f->m) <= before)) {
    move(f, -1);
  }
}

static clf_status allocate(face *f) {
  const clf__prox_model *m = f->m;
  f->of = clf__arena_array(&f->arena, m->count, sizeof *f->of);
  CLF__CHECK(clf__arena_status(&f->arena));
  for (int64_t a = 0; a < m->count; a++) {
    if (m->old[a] + m->change[a] != 0 && m->diagonal[a] + m->l2[a] > 0) {
      f->of[f->count++] = a;
    }
  }
  double **const arrays[] = {&f->residual, &f->direction, &f->step, &f->h};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
    *arrays[i] = clf__arena_array(&f->arena, f->count, sizeof(double));
  }
  f->product = clf__arena_array(&f->arena, m->responses, sizeof *f->product);
  f->total = clf__arena_array(&f->arena, m->responses, sizeof *f->total);
  return clf__arena_status(&f->arena);
}

clf_status clf__prox_model_face(clf__prox_model *m, double accuracy, double *decreased,
                                bool *ended) {
  face f = {.arena = {.context = m->arena.context}, .m = m};
  clf_status status = CLF_OK;
  CLF__TRY(allocate(&f));
  const double rest = begin(&f);
  double sum = 0;
  const bool solvable = m->fine && isfinite(rest);
  CLF__TRY(solvable ? solve(&f, &sum) : iterate(&f, rest, accuracy, *decreased, &sum));
  apply(&f);
  *decreased += sum;
  *ended = f.ended;
done:
  clf__arena_free(&f.arena);
  return status;
}
