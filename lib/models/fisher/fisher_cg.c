/* The kernel Fisher system of many rows, solved by preconditioned conjugate gradients for all
 * responses at once. With a = W^1/2 z and r = W^1/2 1, the intercept is eliminated by a projection,
 *
 *   P (W^1/2 K W^1/2 + alpha I) P z = W^1/2 y,   P = I - r r^T / r^T r,
 *
 * since r^T z = 0 and the responses are orthogonal to 1. The final residual gives the images of the
 * rows without another product by K.
 *
 * Products are in floats, so the residual of the iteration drifts from the true one. When it is
 * small enough, the true residual is computed; if that is not small enough, the iteration restarts
 * from it. */
#include "models/fisher/fisher_cg.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"

enum { MAX_RANK = 2048, ROWS_PER_RANK = 16, MIN_RANK = 16 };

typedef struct solver {
  clf__arena arena;
  clf__fisher_system *system;
  clf__kernel_product *matrix;
  clf__precondition precondition;
  double *z, *r, *p, *q, *h; /* [n, responses]: solution, residual, direction, S p, M^-1 r */
  double *rho;               /* [responses] r^T h */
  double *along;             /* [responses] the part of S p along r, which P removes */
  double *factor;            /* [responses] */
  bool broken;               /* S is not positive definite */
} solver;

static clf_status allocate(solver *v) {
  clf__fisher_system *s = v->system;
  const int64_t size = clf__count(s->n, s->responses);
  v->z = clf__arena_zeroed(&s->arena, size, sizeof(double));
  v->arena.context = s->context;
  v->r = clf__arena_array(&v->arena, size, sizeof(double));
  v->p = clf__arena_zeroed(&v->arena, size, sizeof(double));
  v->q = clf__arena_array(&v->arena, size, sizeof(double));
  v->h = clf__arena_array(&v->arena, size, sizeof(double));
  v->rho = clf__arena_zeroed(&v->arena, s->responses, sizeof(double));
  v->along = clf__arena_zeroed(&v->arena, s->responses, sizeof(double));
  v->factor = clf__arena_zeroed(&v->arena, s->responses, sizeof(double));
  CLF__CHECK(clf__arena_status(&v->arena));
  return clf__arena_status(&s->arena);
}

/* dots [responses] = the products of the vectors a and b for each response. */
static void dot(const clf__fisher_system *s, const double *a, const double *b, double *dots) {
  const int64_t width = s->responses;
  memset(dots, 0, (size_t)width * sizeof *dots);
  for (int64_t i = 0; i < s->n; i++, a += width, b += width) {
    for (int64_t c = 0; c < width; c++) {
      dots[c] += a[c] * b[c];
    }
  }
}

/* x = P x; removed [responses] receives the components along r that were removed. */
static void project(const clf__fisher_system *s, double *x, double *removed) {
  const int64_t width = s->responses;
  memset(removed, 0, (size_t)width * sizeof *removed);
  for (int64_t i = 0; i < s->n; i++) {
    for (int64_t c = 0; c < width; c++) {
      removed[c] += s->root[i] * x[i * width + c];
    }
  }
  for (int64_t c = 0; c < width; c++) {
    removed[c] /= s->weight;
  }
  for (int64_t i = 0; i < s->n; i++) {
    for (int64_t c = 0; c < width; c++) {
      x[i * width + c] -= removed[c] * s->root[i];
    }
  }
}

/* q = P S x. */
static clf_status multiply(solver *v, const double *x, bool exact) {
  clf__fisher_system *s = v->system;
  clf_status status = clf__kernel_product_times(v->matrix, x, exact, &s->progress, s->step, v->q);
  for (int64_t i = 0; status == CLF_OK && i < s->n * s->responses; i++) {
    v->q[i] += s->params->alpha * x[i];
  }
  project(s, v->q, v->along);
  return status;
}

/* Computes the next directions, conjugate to the earlier ones. */
static clf_status next_direction(solver *v) {
  clf__fisher_system *s = v->system;
  const int64_t width = s->responses;
  CLF__CHECK(clf__precondition_apply(&v->precondition, s, v->r, v->h));
  project(s, v->h, v->along);
  dot(s, v->r, v->h, v->factor);
  for (int64_t c = 0; c < width; c++) {
    const double rho = v->factor[c];
    v->factor[c] = v->rho[c] > 0 ? rho / v->rho[c] : 0;
    v->rho[c] = rho;
  }
  for (int64_t i = 0; i < s->n; i++) {
    for (int64_t c = 0; c < width; c++) {
      v->p[i * width + c] = v->h[i * width + c] + v->factor[c] * v->p[i * width + c];
    }
  }
  return CLF_OK;
}

/* Returns the largest residual relative to the length of its response. */
static double largest_residual(const solver *v) {
  const clf__fisher_system *s = v->system;
  double largest = 0;
  dot(s, v->r, v->r, v->factor);
  for (int64_t c = 0; c < s->responses; c++) {
    largest = fmax(largest, v->factor[c]);
  }
  return sqrt(largest / s->weight);
}

/* Moves along the directions to the minimum. */
static void advance(solver *v) {
  clf__fisher_system *s = v->system;
  const int64_t width = s->responses;
  dot(s, v->p, v->q, v->factor);
  for (int64_t c = 0; c < width; c++) {
    bool going = v->factor[c] > 0 && v->rho[c] > 0;
    v->broken = v->broken || (!going && v->rho[c] > 0);
    v->factor[c] = going ? v->rho[c] / v->factor[c] : 0;
  }
  for (int64_t i = 0; i < s->n; i++) {
    for (int64_t c = 0; c < width; c++) {
      v->z[i * width + c] += v->factor[c] * v->p[i * width + c];
      v->r[i * width + c] -= v->factor[c] * v->q[i * width + c];
    }
  }
}

/* r = W^1/2 y - P S z; the directions are forgotten. */
static clf_status restart(solver *v) {
  clf__fisher_system *s = v->system;
  clf_status status = multiply(v, v->z, true);
  for (int64_t i = 0; status == CLF_OK && i < s->n * s->responses; i++) {
    int64_t row = i / s->responses;
    v->r[i] = s->root[row] * clf__fisher_response(s, row, i % s->responses) - v->q[i];
  }
  memset(v->rho, 0, (size_t)s->responses * sizeof *v->rho);
  return status;
}

/* Appends an entry to the history, which doubles when it is full. */
static clf_status note_residual(clf__fisher_system *s, double residual) {
  enum { FIRST_CAPACITY = 64 };
  const int64_t count = s->iterations;
  if (count == 0 || (count >= FIRST_CAPACITY && (count & (count - 1)) == 0)) {
    double *history =
        clf__resize_array(s->context, s->history,
                          count < FIRST_CAPACITY ? FIRST_CAPACITY : 2 * count, sizeof *history);
    if (history == NULL) {
      return CLF_ERROR_MEMORY;
    }
    s->history = history;
  }
  s->history[s->iterations++] = residual;
  return CLF_OK;
}

/* Iterates until the residual of the iteration is small enough, or the limit is reached. */
static clf_status descend(solver *v) {
  clf__fisher_system *s = v->system;
  double residual = INFINITY;
  while (s->iterations < s->params->max_iterations && residual > s->params->residual &&
         !v->broken) {
    CLF__CHECK(next_direction(v));
    CLF__CHECK(multiply(v, v->p, false));
    advance(v);
    residual = largest_residual(v);
    CLF__CHECK(note_residual(s, residual));
    s->step = s->iterations;
    CLF__CHECK(clf__progress_step(&s->progress, s->step, residual, (double)NAN));
  }
  return CLF_OK;
}

/* The last entry of the history is the true residual. */
static clf_status iterate(solver *v) {
  clf__fisher_system *s = v->system;
  double before, residual = INFINITY;
  for (int64_t i = 0; i < s->n * s->responses; i++) {
    int64_t row = i / s->responses;
    v->r[i] = s->root[row] * clf__fisher_response(s, row, i % s->responses);
  }
  do {
    before = residual;
    CLF__CHECK(descend(v));
    CLF__CHECK(restart(v));
    residual = s->history[s->iterations - 1] = largest_residual(v);
  } while (residual > s->params->residual && residual < before / 2 && !v->broken &&
           s->iterations < s->params->max_iterations);
  /* The last bits are not worth another restart. */
  return residual <= 2 * s->params->residual ? CLF_OK : CLF_NOT_CONVERGED;
}

/* a = W^1/2 z, and the images. */
static clf_status finish(solver *v) {
  clf__fisher_system *s = v->system;
  s->images = clf__arena_zeroed(&s->arena, clf__count(s->training->x->rows, s->responses),
                                sizeof *s->images);
  CLF__CHECK(clf__arena_status(&s->arena));
  for (int64_t i = 0; i < s->n; i++) {
    for (int64_t c = 0; c < s->responses; c++) {
      const int64_t at = i * s->responses + c;
      double left = (v->r[at] + s->params->alpha * v->z[at]) / s->root[i];
      s->images[s->rows[i] * s->responses + c] =
          (float)(clf__fisher_response(s, i, c) + v->along[c] - left);
      v->z[at] *= s->root[i];
    }
  }
  s->support = s->rows;
  s->m = s->n;
  s->a = v->z;
  return CLF_OK;
}

static size_t cache_bytes(const clf__fisher_system *s) {
  size_t bytes;
  return clf__mul_size((size_t)s->params->cache_mb, 1 << 20, &bytes) ? bytes : SIZE_MAX;
}

/* Returns the rank of the preconditioner, whose features use at most a quarter of the cache. */
static int64_t rank_of(const clf__fisher_system *s) {
  const size_t fit = cache_bytes(s) / 4 / sizeof(float) / (size_t)s->n;
  int64_t rank = s->n / ROWS_PER_RANK;
  rank = clf__min_i64(rank, MAX_RANK);
  rank = (size_t)rank > fit ? (int64_t)fit : rank;
  return clf__max_i64(rank, MIN_RANK);
}

clf_status clf__fisher_solve_cg(clf__fisher_system *s) {
  solver v = {.system = s};
  clf_status status = CLF_OK, outcome;
  CLF__TRY(allocate(&v));
  CLF__TRY(clf__precondition_create(&v.precondition, s, rank_of(s)));
  CLF__TRY(clf__kernel_product_create(&v.matrix, s->context, &s->function,
                                      &(clf__row_pick){s->training->x, s->rows, 0, s->n}, s->center,
                                      s->root, s->responses, cache_bytes(s)));
  CLF__TRY(iterate(&v));
  outcome = status;
  CLF__TRY(finish(&v));
  status = outcome;
done:
  clf__precondition_free(&v.precondition);
  clf__kernel_product_free(v.matrix);
  clf__arena_free(&v.arena);
  return status;
}
