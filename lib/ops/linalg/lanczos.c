/* The largest few eigenvalues of a large symmetric matrix by block Lanczos iteration (Golub and
 * Underwood, "The block Lanczos method for computing eigenvalues", Mathematical Software III,
 * 1977): in the space that powers of A span from some random vectors, the largest eigenvalues
 * converge first. The basis is kept orthonormal by projecting twice, so that the Ritz pairs have
 * residuals of the size of rounding errors.
 *
 * A small residual proves that a value is an eigenvalue, but not that none is missing: a block of
 * vectors finds only so many equal eigenvalues. So at the end s I - A + V^T X V must have a
 * Cholesky factor, where s is just above the smallest value found and V has the eigenvectors of the
 * values X. Then no other eigenvalue is above s. If that fails, or if convergence is too slow for
 * the basis to stay small, the function reports it, and the direct method is used. */
#include "ops/linalg/lanczos.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/status.h"
#include "ops/kernels.h"
#include "ops/linalg/eigen.h"
#include "ops/linalg/factor.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/vectors.h"

enum { WIDTH = 24 /* vectors in a block */ };

typedef struct lanczos {
  clf__arena arena;
  clf_context *context;
  const clf__kernels *kernels;
  clf__progress progress;
  int64_t n, count, capacity;
  const double *a;
  int64_t known;     /* vectors of the basis whose images are known */
  int64_t size;      /* of the basis: one block more */
  int64_t width;     /* of the last block whose images are known */
  double *basis;     /* [capacity + WIDTH, n] */
  double *projected; /* [capacity, capacity]: A in the basis, upper triangle */
  double *image;     /* [n, max(WIDTH, count)] */
  double *shares;    /* [capacity, WIDTH]: components of new vectors in the basis */
  double *small;     /* [capacity, capacity] of a Ritz problem */
  double *ritz;      /* [count, capacity] */
  double *values, *vectors;
  double rest[WIDTH * WIDTH]; /* Gram matrix of the part of its images outside of the basis */
  double worst;               /* residual relative to the largest value */
} lanczos;

/* Subtracts from new vectors [count, n] their components in the basis. */
static clf_status project(lanczos *s, double *vectors, int64_t count) {
  clf_status status =
      clf__gemm_f64(s->context, 1, clf__f64_matrix(s->basis, s->size, s->n, s->n),
                    clf__f64_transposed(vectors, s->n, count, s->n), 0, s->shares, WIDTH);
  return status < 0
             ? status
             : clf__gemm_f64(s->context, -1, clf__f64_transposed(s->shares, count, s->size, WIDTH),
                             clf__f64_matrix(s->basis, s->size, s->n, s->n), 1, vectors, s->n);
}

/* Orthonormalizes vectors by the modified Gram-Schmidt method. Vectors whose length falls to
 * `limit` or below are removed. Returns how many are left. */
static int64_t orthonormalize(const lanczos *s, double *vectors, int64_t count, double limit) {
  const int64_t n = s->n;
  int64_t kept = 0;
  for (int64_t i = 0; i < count; i++) {
    double *v = vectors + i * n, share, squares;
    for (int64_t j = 0; j < kept; j++) {
      s->kernels->vectors->dot_rows(vectors + j * n, 1, n, v, n, &share);
      share = -share;
      s->kernels->vectors->add_rows(vectors + j * n, 1, n, &share, n, v);
    }
    s->kernels->vectors->dot_rows(v, 1, n, v, n, &squares);
    if (sqrt(squares) > limit) {
      for (int64_t j = 0; j < n; j++) {
        vectors[kept * n + j] = v[j] / sqrt(squares);
      }
      kept++;
    }
  }
  return kept;
}

/* Adds a block to the basis: the part of `count` vectors that lies outside of it. */
static clf_status add_block(lanczos *s, int64_t count) {
  double *vectors = s->basis + s->size * s->n;
  count = orthonormalize(s, vectors, count, 0x1p-500);
  for (int again = 0; again < 2 && count > 0; again++) {
    CLF__CHECK(s->size > 0 ? project(s, vectors, count) : CLF_OK);
    count = orthonormalize(s, vectors, count, 0.5); /* a vector that shrinks further consists of
                                                     * rounding errors */
  }
  s->size += count;
  return CLF_OK;
}

/* Computes the images of the last block: their components in the basis, and the remaining part as
 * the next block. */
static clf_status expand(lanczos *s) {
  const int64_t n = s->n, width = s->size - s->known;
  const double *last = s->basis + s->known * n;
  double *next = s->basis + s->size * n;
  clf_status status = clf__gemm_f64(s->context, 1, clf__f64_matrix(s->a, n, n, n),
                                    clf__f64_transposed(last, n, width, n), 0, s->image, WIDTH);
  CLF__TRY(status);
  for (int64_t j = 0; j < width; j++) {
    for (int64_t i = 0; i < n; i++) {
      next[j * n + i] = s->image[i * WIDTH + j];
    }
  }
  CLF__TRY(project(s, next, width));
  for (int64_t i = 0; i < s->size; i++) {
    memcpy(s->projected + i * s->capacity + s->known, s->shares + i * WIDTH,
           (size_t)width * sizeof *s->shares);
  }
  CLF__TRY(clf__gemm_f64(s->context, 1, clf__f64_matrix(next, width, n, n),
                         clf__f64_transposed(next, n, width, n), 0, s->rest, WIDTH));
  s->width = width;
  s->known = s->size;
  CLF__TRY(add_block(s, width));
done:
  return status;
}

/* Computes the largest eigenvalues of A within the basis and their vectors. The residual of a
 * vector is the image of its component in the last block, as far as that lies outside of the
 * basis. */
static clf_status find_ritz(lanczos *s) {
  const int64_t size = s->known, width = s->width;
  for (int64_t i = 0; i < size; i++) {
    memcpy(s->small + i * size + i, s->projected + i * s->capacity + i,
           (size_t)(size - i) * sizeof *s->small);
  }
  clf_status status =
      clf__eigen_symmetric(s->context, s->small, size, s->count, s->values, s->ritz);
  s->worst = 0;
  for (int64_t k = 0; k < s->count && status == CLF_OK; k++) {
    const double *share = s->ritz + (k + 1) * size - width;
    double squares = 0;
    for (int64_t i = 0; i < width * width; i++) {
      squares += share[i / width] * s->rest[i / width * WIDTH + i % width] * share[i % width];
    }
    s->worst = fmax(s->worst, sqrt(fmax(squares, 0)) / s->values[0]);
  }
  return status;
}

/* Computes the eigenvectors, and in s->worst their largest residual. */
static clf_status make_vectors(lanczos *s) {
  const int64_t n = s->n, count = s->count;
  clf_status status =
      clf__gemm_f64(s->context, 1, clf__f64_matrix(s->ritz, count, s->known, s->known),
                    clf__f64_matrix(s->basis, s->known, n, n), 0, s->vectors, n);
  CLF__TRY(status);
  CLF__TRY(clf__gemm_f64(s->context, 1, clf__f64_matrix(s->a, n, n, n),
                         clf__f64_transposed(s->vectors, n, count, n), 0, s->image, count));
  s->worst = 0;
  for (int64_t k = 0; k < count; k++) {
    double squares = 0;
    for (int64_t i = 0; i < n; i++) {
      const double rest = s->image[i * count + k] - s->values[k] * s->vectors[k * n + i];
      squares += rest * rest;
    }
    s->worst = fmax(s->worst, sqrt(squares) / s->values[0]);
  }
done:
  return status;
}

/* Convergence is geometric: returns whether the rate so far promises to reach `limit` while the
 * basis still fits. */
static bool promises(const lanczos *s, double limit) {
  return s->known < s->capacity / 6 ||
         log(s->worst) * (double)s->capacity <= log(limit) * (double)s->known;
}

/* Iterates until the residuals reach `limit`; *converged receives whether they did. */
static clf_status iterate(lanczos *s, double limit, bool *converged) {
  int64_t check = 2 * s->count;
  *converged = false;
  while (s->size > s->known && s->size <= s->capacity) {
    CLF__CHECK(clf__progress_step(&s->progress, s->known, (double)NAN, (double)NAN));
    CLF__CHECK(expand(s));
    const bool last = s->size == s->known || s->size > s->capacity;
    if (s->known >= s->count && (s->known >= check || last)) {
      check = s->known + s->known / 3;
      CLF__CHECK(find_ritz(s));
      if (s->values[s->count - 1] > 0 && s->worst <= limit) {
        CLF__CHECK(make_vectors(s));
        *converged = s->worst <= 4 * limit;
        break;
      }
      if (!(s->values[0] > 0) || !promises(s, limit)) {
        break;
      }
    }
  }
  return CLF_OK;
}

/* Returns whether all eigenvalues that exceed the smallest found one by more than `margin` were
 * found. */
static clf_status check_complete(const lanczos *s, double margin, bool *complete) {
  const int64_t n = s->n, count = s->count;
  clf__arena arena = {.context = s->context};
  double *matrix = clf__arena_matrix(&arena, n, n, sizeof *matrix);
  double *weighted = clf__arena_matrix(&arena, count, n, sizeof *weighted);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < n * n; i++) {
    matrix[i] = -s->a[i];
  }
  for (int64_t i = 0; i < n; i++) {
    matrix[i * (n + 1)] += s->values[count - 1] + margin;
  }
  for (int64_t i = 0; i < count * n; i++) {
    weighted[i] = s->values[i / n] * s->vectors[i];
  }
  CLF__TRY(clf__gemm_f64(s->context, 1, clf__f64_transposed(weighted, n, count, n),
                         clf__f64_matrix(s->vectors, count, n, n), 1, matrix, n));
  status = clf__cholesky(s->context, matrix, n, n, 0, NULL);
  *complete = status == CLF_OK;
  status = status == CLF_ERROR_NUMERIC ? CLF_OK : status;
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status begin(lanczos *s) {
  const int64_t n = s->n, capacity = s->capacity;
  clf__random random = clf__random_seed(1, 1);
  s->arena.context = s->context;
  s->basis = clf__arena_matrix(&s->arena, capacity + WIDTH, n, sizeof *s->basis);
  s->projected = clf__arena_matrix(&s->arena, capacity, capacity, sizeof *s->projected);
  s->image = clf__arena_matrix(&s->arena, n, WIDTH + s->count, sizeof *s->image);
  s->shares = clf__arena_matrix(&s->arena, capacity, WIDTH, sizeof *s->shares);
  s->small = clf__arena_matrix(&s->arena, capacity, capacity, sizeof *s->small);
  s->ritz = clf__arena_matrix(&s->arena, s->count, capacity, sizeof *s->ritz);
  CLF__CHECK(clf__arena_status(&s->arena));
  for (int64_t i = 0; i < WIDTH * n; i++) {
    s->basis[i] = clf__random_uniform(&random) - 0.5;
  }
  return add_block(s, WIDTH);
}

clf_status clf__lanczos_largest(clf_context *context, const double *a, int64_t n, int64_t count,
                                double *values, double *vectors, bool *found) {
  const double limit = 4 * sqrt((double)n) * DBL_EPSILON;
  lanczos s = {.context = context,
               .kernels = clf__kernels_for(context),
               .n = n,
               .count = count,
               .capacity = 10 * count + 8 * WIDTH,
               .a = a,
               .values = values,
               .vectors = vectors};
  clf_status status;
  s.progress = clf__progress_begin(context, "lanczos", s.capacity + WIDTH);
  CLF__TRY(begin(&s));
  CLF__TRY(iterate(&s, limit, found));
  if (*found) {
    CLF__TRY(check_complete(&s, 8 * limit * values[0], found));
  }
done:
  clf__arena_free(&s.arena);
  return status;
}
