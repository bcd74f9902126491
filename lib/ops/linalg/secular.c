/* Eigenvalues of diag(d) + rho z z^T are the roots of the secular equation
 *
 *   f(x) = 1/rho + sum_j z_j^2 / (d_j - x) = 0,
 *
 * There is one root between each d_j and the next, and one above the last. Near a root, f is
 * approximated by a constant and the two neighboring poles, so that values and derivatives of the
 * sums to the left and to the right agree (Li, "Solving secular equations stably and efficiently",
 * LAPACK Working Note 89, 1993); a step that would leave the interval around the root is replaced
 * by a bisection, which limits the number of steps. A root is stored as its distance from the
 * nearer pole, which has full relative accuracy.
 *
 * Eigenvectors are z_j / (d_j - x), where z is adjusted so that the computed roots are exact for
 * it. They are then orthogonal, however close the roots lie (Gu and Eisenstat, "A
 * divide-and-conquer algorithm for the symmetric tridiagonal eigenproblem", SIAM Journal on Matrix
 * Analysis 16, 1995).
 */
#include "ops/linalg/secular.h"

#include <float.h>
#include <math.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/kernels.h"
#include "ops/linalg/vectors.h"

enum {
  MODEL_STEPS = 20,
  MAX_STEPS = 150,   /* the last ones are bisections: 8 to the magnitude of the root, 53 to its last
                      * bit */
  TASK_ROOTS = 32,   /* columns in a task */
  BLOCK_ROOTS = 512, /* between two checks for cancellation */
};

typedef struct solver {
  const clf__kernels *kernels;
  clf__secular problem;
  double *values, *vectors, *adjusted;
  int64_t wanted;
  const int64_t *places;
  int64_t first;   /* the roots of the block */
  double *scratch; /* [threads, n] */
} solver;

/* A root while it is being searched: its distance from `origin` is `at`, between `low` and
 * `high`. */
typedef struct root {
  double origin, at, low, high;
  int64_t left; /* the pole to its left; for the last root, the pole before that */
} root;

/* f and its derivatives: the sums over the poles up to `left`, and over those after it. */
typedef struct sums {
  double value, left, right, error;
} sums;

static sums evaluate(const solver *s, const root *r, double at) {
  const clf__secular *p = &s->problem;
  const int64_t split = p->n > 1 ? r->left + 1 : 0;
  double below, above;
  sums out;
  s->kernels->vectors->secular(p->d, p->z, split, r->origin, at, &below, &out.left);
  s->kernels->vectors->secular(p->d + split, p->z + split, p->n - split, r->origin, at, &above,
                               &out.right);
  out.value = 1 / p->rho + below + above;
  out.error = DBL_EPSILON *
              (1 / p->rho + 8 * (fabs(below) + fabs(above)) + fabs(at) * (out.left + out.right));
  return out;
}

/* Returns the middle of the remaining interval, by magnitude while that is unknown. */
static double bisect(const root *r) {
  const double low = fmin(fabs(r->low), fabs(r->high)), high = fmax(fabs(r->low), fabs(r->high));
  const double sign = r->low < 0 ? -1 : 1;
  return sign * (low == 0         ? high * 0x1p-16
                 : low < high / 4 ? sqrt(low) * sqrt(high)
                                  : low + (high - low) / 2);
}

static bool inside(const root *r, double at) {
  return at > r->low && at < r->high;
}

/* Returns the root of the model with the pole `left` and the next one. */
static double model_root(const solver *s, const root *r, const sums *f) {
  const double *d = s->problem.d + r->left;
  const double near = (d[0] - r->origin) - r->at, far = (d[1] - r->origin) - r->at;
  const double c = f->value - near * f->left - far * f->right;
  const double a = (near + far) * f->value - near * far * (f->left + f->right);
  const double b = near * far * f->value;
  const double q = a + copysign(sqrt(fmax(a * a - 4 * b * c, 0)), a);
  const double one = r->at + 2 * b / q, other = r->at + q / (2 * c);
  return inside(r, one) ? one : inside(r, other) ? other : bisect(r);
}

/* Returns the starting point: in the half of the interval that contains the root. */
static root begin(const solver *s, int64_t i) {
  const clf__secular *p = &s->problem;
  root r = {.origin = p->d[i], .left = i + 1 < p->n ? i : i - 1};
  if (i + 1 == p->n) {
    double squares = 0;
    for (int64_t j = 0; j < p->n; j++) {
      squares += p->z[j] * p->z[j];
    }
    r.high = p->rho * squares * (1 + 4 * DBL_EPSILON);
    r.at = p->n > 1 ? r.high / 2 : p->rho * squares;
    return r;
  }
  r.high = (p->d[i + 1] - p->d[i]) / 2;
  r.at = r.high;
  if (evaluate(s, &r, r.at).value < 0) {
    r.origin = p->d[i + 1];
    r.low = r.at = -r.high;
    r.high = 0;
  }
  return r;
}

/* Computes the root and, in `distances` [n], d - root. */
static double find_root(const solver *s, int64_t i, double *distances) {
  const clf__secular *p = &s->problem;
  root r = begin(s, i);
  bool found = false;
  for (int step = 0; step < MAX_STEPS && !found; step++) {
    const sums f = evaluate(s, &r, r.at);
    *(f.value < 0 ? &r.low : &r.high) = r.at;
    found = fabs(f.value) <= f.error;
    const double next = found                            ? r.at - f.value / (f.left + f.right)
                        : step < MODEL_STEPS && p->n > 1 ? model_root(s, &r, &f)
                                                         : bisect(&r);
    found = found || !inside(&r, next); /* the interval has no further number */
    r.at = inside(&r, next) ? next : r.at;
  }
  for (int64_t j = 0; j < p->n; j++) {
    distances[j] = (p->d[j] - r.origin) - r.at;
  }
  return r.origin + r.at;
}

static void roots_task(void *argument, clf__range roots) {
  const solver *s = argument;
  for (int64_t i = s->first + roots.first; i < s->first + roots.end; i++) {
    s->values[i] = find_root(s, i, s->vectors + i * s->problem.n);
  }
}

/* adjusted_j^2 = prod_i (d_j - x_i) / prod_{i != j} (d_j - d_i), for some j. */
static void adjust_task(void *argument, clf__range range) {
  const solver *s = argument;
  const int64_t n = s->problem.n, first = range.first, end = range.end;
  const double *d = s->problem.d;
  double *to = s->adjusted;
  for (int64_t j = first; j < end; j++) {
    to[j] = -s->vectors[j * n + j];
  }
  for (int64_t i = 0; i < n; i++) {
    const double *distances = s->vectors + i * n;
    const int64_t own = clf__clamp_i64(i, first, end);
    for (int64_t j = first; j < own; j++) {
      to[j] *= distances[j] / (d[j] - d[i]);
    }
    for (int64_t j = i < first ? first : own + 1; j < end; j++) {
      to[j] *= distances[j] / (d[j] - d[i]);
    }
  }
  for (int64_t j = first; j < end; j++) {
    to[j] = copysign(sqrt(fabs(to[j])), s->problem.z[j]);
  }
}

static void vectors_task(void *argument, clf__range roots) {
  const solver *s = argument;
  const int64_t n = s->problem.n;
  double *ratios = s->scratch + roots.worker * n;
  for (int64_t i = s->first + roots.first; i < s->first + roots.end; i++) {
    double *row = s->vectors + i * n, squares;
    for (int64_t j = 0; j < n; j++) {
      ratios[j] = s->adjusted[j] / row[j];
    }
    s->kernels->vectors->dot_rows(ratios, 1, 0, ratios, n, &squares);
    const double factor = 1 / sqrt(squares);
    for (int64_t j = 0; j < n; j++) {
      row[s->places[j]] = factor * ratios[j];
    }
  }
}

/* Rows first … n - 1 are computed block by block. */
static clf_status run_blocks(clf_context *context, solver *s, int64_t first, clf__range_task task) {
  const clf__progress progress = clf__progress_begin(context, "eigenvalues", s->problem.n);
  clf_status status = CLF_OK;
  for (s->first = first; s->first < s->problem.n && status == CLF_OK; s->first += BLOCK_ROOTS) {
    if (s->first > first) {
      status = clf__progress_step(&progress, s->first, (double)NAN, (double)NAN);
    }
    const int64_t roots = clf__min_i64(s->problem.n - s->first, BLOCK_ROOTS);
    clf__parallel_ranges(context, roots, TASK_ROOTS,
                         (double)roots * (double)s->problem.n * CLF__COST_ELEMENT, task, s);
  }
  return status;
}

clf_status clf__secular_solve(clf_context *context, const clf__secular *problem, double *values,
                              double *vectors, int64_t wanted, const int64_t *places) {
  const int64_t n = problem->n, threads = clf__context_threads(context);
  solver s = {.kernels = clf__kernels_for(context),
              .problem = *problem,
              .values = values,
              .vectors = vectors,
              .places = places};
  clf_status status = CLF_ERROR_MEMORY;
  s.adjusted = clf__alloc_matrix(context, threads + 1, n, sizeof *s.adjusted);
  if (s.adjusted == NULL) {
    return status;
  }
  s.scratch = s.adjusted + n;
  CLF__TRY(run_blocks(context, &s, 0, roots_task));
  clf__parallel_ranges(context, n, BLOCK_ROOTS, (double)n * (double)n * CLF__COST_ELEMENT,
                       adjust_task, &s);
  CLF__TRY(run_blocks(context, &s, n - wanted, vectors_task));
done:
  clf__free(s.adjusted);
  return status;
}
