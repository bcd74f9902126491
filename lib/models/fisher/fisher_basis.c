/* With R^T from an orthogonal factorization of C^T, whose columns are taken in the order of their
 * remaining lengths, the columns of C are combinations of the first `rank` columns of R^T, and the
 * factors are parts of orthonormal rows. So the directions have the digits that they have if they
 * are found one by one: a column of R^T that is short is not a difference of long ones. */
#include "models/fisher/fisher_basis.h"

#include <float.h>
#include <math.h>

#include "base/math.h"
#include "base/progress.h"
#include "ops/linalg/factor.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/qr.h"

enum { BLOCK_CLASSES = 1024 };

/* What is scratch of a factorization. */
typedef struct factorization {
  clf__arena arena;
  double *r;      /* [D, D] R of the columns of C^T over their units, and later R11^T */
  double *block;  /* [BLOCK_CLASSES, D] of C^T */
  double *unit;   /* [D] the rounding errors of a column's length */
  int64_t *order; /* [D] of the columns */
} factorization;

static clf_status open_factorization(factorization *f, const clf__fisher_basis *b) {
  const int64_t d = b->columns;
  f->r = clf__arena_zeroed(&f->arena, clf__count(d, d), sizeof *f->r);
  f->block = clf__arena_matrix(&f->arena, BLOCK_CLASSES, d, sizeof *f->block);
  f->unit = clf__arena_array(&f->arena, d, sizeof *f->unit);
  f->order = clf__arena_array(&f->arena, d, sizeof *f->order);
  CLF__CHECK(clf__arena_status(&f->arena));
  for (int64_t j = 0; j < d; j++) {
    const double *row = b->right + j * b->classes;
    const double length = sqrt(clf__dot(row, row, b->classes));
    f->unit[j] = length > 0 ? (double)d * DBL_EPSILON * length : 1;
  }
  return CLF_OK;
}

static clf_status factorize(factorization *f, clf__fisher_basis *b) {
  const int64_t d = b->columns, classes = b->classes;
  const clf__progress progress = clf__progress_begin(b->context, "qr", classes);
  for (int64_t first = 0; first < classes; first += BLOCK_CLASSES) {
    const int64_t count = clf__min_i64(BLOCK_CLASSES, classes - first);
    for (int64_t i = 0; i < count; i++) {
      for (int64_t j = 0; j < d; j++) {
        f->block[i * d + j] = b->right[j * classes + first + i] / f->unit[j];
      }
    }
    CLF__CHECK(clf__qr_add_rows(b->context, f->r, d, d, d, f->block, count, d));
    CLF__CHECK(clf__progress_step(&progress, first + count, (double)NAN, (double)NAN));
  }
  return clf__qr_pivoted(b->context, f->r, d, d, d, f->order, &b->rank);
}

/* The first rows of R^T are those of R11^T, of which the factors are the solution. */
static clf_status set_columns(factorization *f, clf__fisher_basis *b) {
  const int64_t d = b->columns, classes = b->classes, rank = b->rank;
  b->independent = clf__arena_zeroed(&b->arena, clf__count(d, rank), sizeof(double));
  b->factors = clf__arena_matrix(&b->arena, rank, classes, sizeof(double));
  double *lower = clf__arena_zeroed(&f->arena, clf__count(rank, rank), sizeof *lower);
  CLF__CHECK(clf__arena_status(&b->arena));
  CLF__CHECK(clf__arena_status(&f->arena));
  for (int64_t j = 0; j < d; j++) {
    const int64_t column = f->order[j];
    for (int64_t i = 0; i < rank && i <= j; i++) {
      b->independent[column * rank + i] = f->r[i * d + j] * f->unit[column];
      if (j < rank) {
        lower[j * rank + i] = f->r[i * d + j];
      }
    }
    for (int64_t k = 0; j < rank && k < classes; k++) {
      b->factors[j * classes + k] = b->right[column * classes + k] / f->unit[column];
    }
  }
  return clf__solve_lower(b->context, lower, rank, rank, b->factors, classes, classes);
}

clf_status clf__fisher_basis_create(clf__fisher_basis *b) {
  factorization f = {.arena = {.context = b->context}};
  clf_status status = CLF_OK;
  b->arena = (clf__arena){.context = b->context};
  b->rank = 0;
  CLF__TRY(open_factorization(&f, b));
  CLF__TRY(factorize(&f, b));
  status = b->rank > 0 ? set_columns(&f, b) : CLF_OK;
done:
  clf__arena_free(&f.arena);
  return status;
}

clf_status clf__fisher_basis_combine(const clf__fisher_basis *b, const double *solution,
                                     double *out) {
  const int64_t d = b->columns, classes = b->classes;
  return clf__gemm_f64(b->context, 1, clf__f64_matrix(solution, d, b->rank, b->rank),
                       clf__f64_matrix(b->factors, b->rank, classes, classes), 0, out, classes);
}

void clf__fisher_basis_free(clf__fisher_basis *b) {
  clf__arena_free(&b->arena);
}
