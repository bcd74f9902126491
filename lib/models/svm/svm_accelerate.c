/* Steps along conjugate directions. Working sets are a descent by blocks. Where thousands of
 * variables lie between their bounds, what they have in common converges slowly, since each set can
 * move its variables only as far as the others allow. As in the method of conjugate gradients,
 * whose preconditioner the working set is, the objective is therefore minimized over the span of
 * the last changes of b. Of a change d, K d is what the gradients have changed by, so this takes no
 * kernel values, except of variables that it would move beyond their bounds. The newest two changes
 * would suffice if no bound interfered (locally optimal conjugate gradients, Knyazev 2001). */
#include <float.h>
#include <string.h>

#include "base/math.h"
#include "models/svm/svm_solver.h"

enum {
  DIRECTIONS = CLF__SVM_DIRECTIONS,
  MAX_OUTSIDE = 128, /* variables whose rows a step may take: a quarter of a working set's */
  MAX_WAIT = 32      /* working sets between steps, where steps gain nothing */
};

clf_status clf__svm_open_history(clf__svm_solver *s) {
  clf__svm_history *h = &s->history;
  const int64_t count = s->p->count;
  h->wait = 1;
  if (!s->may_shrink || s->sums == 2 || count <= s->capacity) {
    return clf__arena_status(&s->arena);
  }
  h->b = clf__arena_array(&s->arena, count, sizeof *h->b);
  h->gradient = clf__arena_array(&s->arena, count, sizeof *h->gradient);
  h->before = clf__arena_array(&s->arena, count, sizeof *h->before);
  for (int k = 0; k < DIRECTIONS; k++) {
    h->direction[k] = clf__arena_array(&s->arena, count, sizeof(double));
    h->product[k] = clf__arena_array(&s->arena, count, sizeof(double));
  }
  return clf__arena_status(&s->arena);
}

void clf__svm_begin_history(clf__svm_solver *s) {
  const size_t bytes = (size_t)s->p->count * sizeof(double);
  if (s->history.b != NULL) {
    memcpy(s->history.b, s->p->b, bytes);
    memcpy(s->history.gradient, s->p->gradient, bytes);
  }
}

/* Sets the newest direction to the change of b since the last step. */
static void set_newest(clf__svm_solver *s) {
  clf__svm_history *h = &s->history;
  double *direction = h->direction[0], *product = h->product[0];
  for (int64_t i = 0; i < s->p->count; i++) {
    direction[i] = s->p->b[i] - h->b[i];
    product[i] = h->gradient[i] - s->p->gradient[i];
  }
}

static void replace_oldest(clf__svm_history *h) {
  double *direction = h->direction[DIRECTIONS - 1], *product = h->product[DIRECTIONS - 1];
  memmove(h->direction + 1, h->direction, (DIRECTIONS - 1) * sizeof *h->direction);
  memmove(h->product + 1, h->product, (DIRECTIONS - 1) * sizeof *h->product);
  h->direction[0] = direction;
  h->product[0] = product;
  h->directions = h->directions < DIRECTIONS ? h->directions + 1 : DIRECTIONS;
}

/* Computes the matrix d_i K d_j and the vector d_i gradient. */
static void multiply(const clf__svm_solver *s, double matrix[DIRECTIONS][DIRECTIONS],
                     double vector[DIRECTIONS]) {
  const clf__svm_history *h = &s->history;
  const double *gradient = s->p->gradient;
  for (int i = 0; i < h->directions; i++) {
    const double *d = h->direction[i];
    double sum = 0, sums[DIRECTIONS] = {0};
    for (int64_t k = 0; k < s->p->count; k++) {
      sum += d[k] * gradient[k];
      for (int j = 0; j <= i; j++) {
        sums[j] += d[k] * h->product[j][k];
      }
    }
    vector[i] = sum;
    memcpy(matrix[i], sums, sizeof sums);
  }
}

/* Solves matrix factor = vector by Cholesky, in the place of both. Directions that depend on newer
 * ones, or along which the objective is not convex, get the factor 0. */
static void solve(double matrix[DIRECTIONS][DIRECTIONS], double factor[DIRECTIONS]) {
  static const double min_part = 1e-8;
  for (int i = 0; i < DIRECTIONS; i++) {
    double curvature = matrix[i][i];
    for (int j = 0; j < i; j++) {
      double sum = matrix[i][j];
      for (int k = 0; k < j; k++) {
        sum -= matrix[i][k] * matrix[j][k];
      }
      matrix[i][j] = matrix[j][j] > 0 ? sum / matrix[j][j] : 0;
      curvature -= matrix[i][j] * matrix[i][j];
      factor[i] -= matrix[i][j] * factor[j];
    }
    matrix[i][i] = curvature > min_part * matrix[i][i] ? sqrt(curvature) : 0;
    factor[i] = matrix[i][i] > 0 ? factor[i] / matrix[i][i] : 0;
  }
  for (int i = DIRECTIONS - 1; i >= 0; i--) {
    for (int k = i + 1; k < DIRECTIONS; k++) {
      factor[i] -= matrix[k][i] * factor[k];
    }
    factor[i] = matrix[i][i] > 0 ? factor[i] / matrix[i][i] : 0;
  }
}

/* Moves b and the gradients; returns how many b are then beyond their bounds. */
static int64_t move(clf__svm_solver *s, const double factor[DIRECTIONS]) {
  const clf__svm_history *h = &s->history;
  double *b = s->p->b, *gradient = s->p->gradient;
  int64_t outside = 0;
  for (int64_t i = 0; i < s->p->count; i++) {
    for (int k = 0; k < h->directions; k++) {
      b[i] += factor[k] * h->direction[k][i];
      gradient[i] -= factor[k] * h->product[k][i];
    }
    outside += !(b[i] >= s->lower[i] && b[i] <= s->upper[i]);
  }
  return outside;
}

/* Goes from h->before and s->before as far towards the present b as the objective decreases, and
 * returns by how much it does. */
static double search_line(clf__svm_solver *s) {
  double *b = s->p->b, *gradient = s->p->gradient;
  double derivative = 0, curvature = 0;
  for (int64_t i = 0; i < s->p->count; i++) {
    const double change = b[i] - s->history.before[i];
    derivative += change * s->before[i];
    curvature += change * (s->before[i] - gradient[i]);
  }
  const double length = derivative < curvature ? derivative / curvature : 1;
  if (!(derivative > 0 && curvature > 0)) {
    return 0;
  }
  for (int64_t i = 0; length < 1 && i < s->p->count; i++) {
    const double from = s->history.before[i];
    b[i] = fmin(fmax(from + length * (b[i] - from), s->lower[i]), s->upper[i]);
    gradient[i] = s->before[i] + length * (gradient[i] - s->before[i]);
  }
  return length * (derivative - length * curvature / 2);
}

/* Makes the step, if it decreases the objective. */
static clf_status step(clf__svm_solver *s, const double factor[DIRECTIONS], double *gain) {
  clf__svm_problem *p = s->p;
  const size_t bytes = (size_t)p->count * sizeof *p->b;
  clf_status status = CLF_OK;
  memcpy(s->history.before, p->b, bytes);
  memcpy(s->before, p->gradient, bytes);
  *gain = 0;
  if (move(s, factor) <= MAX_OUTSIDE) {
    status = clf__svm_return_to_bounds(s);
    *gain = status == CLF_OK ? search_line(s) : 0;
  }
  if (!(*gain > 0)) {
    memcpy(p->b, s->history.before, bytes);
    memcpy(p->gradient, s->before, bytes);
  }
  p->objective -= *gain;
  return status;
}

clf_status clf__svm_accelerate(clf__svm_solver *s) {
  clf__svm_history *h = &s->history;
  double matrix[DIRECTIONS][DIRECTIONS] = {{0}}, factor[DIRECTIONS] = {0}, gain;
  if (h->b == NULL || ++h->sets < h->wait) {
    return CLF_OK;
  }
  h->sets = 0;
  replace_oldest(h);
  set_newest(s);
  multiply(s, matrix, factor);
  solve(matrix, factor);
  const clf_status status = step(s, factor, &gain);
  if (gain > 0) {
    set_newest(s);
  }
  clf__svm_begin_history(s);
  h->wait = gain > 0 ? 1 : clf__min_i64(2 * h->wait, MAX_WAIT);
  return status;
}
