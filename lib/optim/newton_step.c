/* The step of truncated Newton by conjugate gradients, preconditioned by the diagonal of H; the
 * formulas are those of newton.c. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/status.h"
#include "optim/newton_solver.h"
#include "optim/vector.h"

enum {
  MAX_PASSES = 500, /* of an iteration */
  MANY_PASSES = 8   /* after which the diagonal is computed again, in one */
};

static const double of_tolerance = 0.7;
/* Of a column's variance: rows beyond the margin have no curvature, and get some by a step. */
static const double floor_of_base = 0.1;

double clf__newton_largest(const clf__newton_solver *s, const double *gradient, double centers) {
  double out = 0;
  for (int64_t j = 0; j <= s->columns; j++) {
    const double size = fabs(gradient[j] + centers * s->center[j]);
    if (!(size <= out * s->unit[j]) && s->unit[j] > 0) {
      out = isnan(size) ? (double)INFINITY : size / s->unit[j];
    }
  }
  return out;
}

/* The diagonal keeps its shape for as long as it serves, since computing it takes a pass. */
clf_status clf__newton_set_base(clf__newton_solver *s) {
  CLF__CHECK(clf__newton_squares(&s->rows, s->second, s->total, s->center, s->base));
  for (int64_t j = 0; j < s->columns; j++) {
    s->base[j] /= s->total;
  }
  return CLF_OK;
}

static void set_inverse(clf__newton_solver *s) {
  for (int64_t j = 0; j < s->columns; j++) {
    const double base = fmax(s->base[j], floor_of_base * s->variance[j]);
    const double diagonal = s->total * base + s->problem->l2;
    s->inverse[j] = diagonal > 0 && isfinite(diagonal) ? 1 / diagonal : 1;
  }
  s->inverse[s->columns] = s->total > 0 ? 1 / s->total : 1;
}

/* product = the residual times the inverse diagonal; returns its product with the residual. */
static double precondition(clf__newton_solver *s) {
  for (int64_t j = 0; j <= s->columns; j++) {
    s->product[j] = s->residual[j] * s->inverse[j];
  }
  return clf__vector_dot(s->product, s->residual, s->columns + 1);
}

double clf__newton_begin_step(clf__newton_solver *s) {
  const double bias = s->gradient[s->columns];
  for (int64_t j = 0; j <= s->columns; j++) {
    s->residual[j] = s->center[j] * bias - s->gradient[j];
  }
  return precondition(s);
}

double clf__newton_promise(clf__newton_solver *s) {
  set_inverse(s);
  return clf__newton_begin_step(s) / 2;
}

/* F is not negative: a promise of more shows that the diagonal is not what it was, as with the
 * squared hinge loss where no row within the margin had an entry of a column. */
clf_status clf__newton_set_diagonal(clf__newton_solver *s) {
  const bool serves = s->passes < MANY_PASSES && clf__newton_promise(s) <= s->value;
  CLF__CHECK(!serves && s->total > 0 ? clf__newton_set_base(s) : CLF_OK);
  set_inverse(s);
  return CLF_OK;
}

double clf__newton_bound(const clf__newton_solver *s, const double *gradient, double centers) {
  const double bias = gradient[s->columns];
  double square = 0;
  for (int64_t j = 0; j < s->columns; j++) {
    const double own = gradient[j] + centers * s->center[j];
    square += own * own;
  }
  return square / (2 * s->problem->l2) + (s->total > 0 ? bias * bias / (2 * s->total) : 0);
}

/* Sets the product to H times the direction; returns the product of both. */
static clf_status multiply_direction(clf__newton_solver *s, double *curvature) {
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
static double advance(clf__newton_solver *s, double length) {
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
static clf_status conjugate(clf__newton_solver *s, double *rho, double least, bool *ended) {
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
      (clf__newton_largest(s, s->residual, s->residual[s->columns]) <=
           of_tolerance * s->problem->tolerance &&
       clf__newton_bound(s, s->residual, 0) <= of_tolerance * s->problem->closeness * s->value);
  return CLF_OK;
}

clf_status clf__newton_find_step(clf__newton_solver *s, double share) {
  bool ended = false;
  memset(s->step, 0, (size_t)(s->columns + 1) * sizeof *s->step);
  memset(s->change, 0, (size_t)s->count * sizeof *s->change);
  memset(s->of_rows, 0, (size_t)s->count * sizeof *s->of_rows);
  double rho = clf__newton_begin_step(s);
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
