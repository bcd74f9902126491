/* Least squares: the factor and its solves.
 *
 * If the columns J are combinations of K, X_J = X_K B, then all fitted values are X_K (z_K + B
 * z_J). With P = (I + B B^T)^-1 and any u that fits, the solution of minimum norm is z_K = P u, z_J
 * = B^T z_K. The transposed operator projects a right side onto the space of the rows: u = P (c_K +
 * B c_J). */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "ops/linalg/factor.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/least_squares_parts.h"
#include "ops/linalg/qr.h"

/* Above this limit, P by the smaller matrix would lose the digits of the difference. */
static const double max_rest = 1e3;

void clf__ls_factor_free(clf__ls_factor *factor) {
  clf__arena_free(&factor->arena);
  *factor = (clf__ls_factor){0};
}

/* Computes the triangle T of I above B^T, with T^T T = I + B B^T, or of I above B, with T^T T = I +
 * B^T B, stored as the lower T^T. It does not form the products, in which columns of very different
 * lengths would hide the identity. */
static clf_status set_project(clf__ls_factor *f, clf_context *context, bool outer) {
  const int64_t rank = f->rank, others = f->columns - f->rank;
  const int64_t size = outer ? rank : others, below = outer ? others : rank;
  clf_status status = CLF_OK;
  double *a = clf__alloc_matrix(context, rank, others, sizeof *a);
  f->project = clf__arena_zeroed(&f->arena, clf__count(size, size), sizeof *f->project);
  f->outer = outer;
  CLF__TRY(a != NULL ? clf__arena_status(&f->arena) : CLF_ERROR_MEMORY);
  for (int64_t i = 0; i < rank; i++) {
    for (int64_t j = 0; j < others; j++) {
      a[outer ? j * rank + i : i * others + j] = f->rest[i * others + j];
    }
  }
  for (int64_t i = 0; i < size; i++) {
    f->project[i * size + i] = 1;
  }
  CLF__TRY(clf__qr_add_rows(context, f->project, size, size, size, a, below, size));
  for (int64_t i = 0; i < size; i++) {
    for (int64_t j = 0; j < i; j++) {
      f->project[i * size + j] = f->project[j * size + i];
    }
  }
done:
  clf__free(a);
  return status;
}

static clf_status set_rest(clf__ls_factor *f, clf_context *context) {
  const int64_t others = f->columns - f->rank;
  return clf__solve_lower_transposed(context, f->l, f->rank, f->columns, f->rest, others, others);
}

/* Finds K and J from the columns that were dropped. */
static void set_order(clf__ls_factor *f, const bool *dropped) {
  f->rank = 0;
  for (int64_t j = 0; j < f->columns; j++) {
    if (!dropped[j]) {
      f->order[f->rank++] = j;
    }
  }
  int64_t at = f->rank;
  for (int64_t j = 0; j < f->columns; j++) {
    if (dropped[j]) {
      f->order[at++] = j;
    }
  }
}

/* Moves L's rows of J to rest, and removes the rows and columns of J from L. */
static void compress(clf__ls_factor *f) {
  const int64_t n = f->columns, others = n - f->rank;
  for (int64_t a = 0; a < f->rank; a++) {
    const int64_t column = f->order[a];
    for (int64_t j = 0; f->rest != NULL && j < others; j++) {
      const int64_t row = f->order[f->rank + j];
      f->rest[a * others + j] = column < row ? f->l[row * n + column] : 0;
    }
  }
  for (int64_t a = 0; a < f->rank; a++) {
    for (int64_t b = 0; b <= a; b++) {
      f->l[a * n + b] = f->l[f->order[a] * n + f->order[b]];
    }
  }
}

static clf_status allocate(clf__ls_factor *f, bool leave_out) {
  const int64_t others = f->columns - f->rank;
  if (others == 0 || leave_out) {
    return CLF_OK;
  }
  f->rest = clf__arena_matrix(&f->arena, f->rank, others, sizeof *f->rest);
  return clf__arena_status(&f->arena);
}

/* Without pivoting, independent columns may nearly explain each other, which makes B large. */
static bool small_enough(const clf__ls_factor *f) {
  double most = 0;
  for (int64_t i = 0; i < f->rank * (f->columns - f->rank); i++) {
    most = fmax(most, fabs(f->rest[i]));
  }
  return most <= max_rest;
}

clf_status clf__ls_factor_cholesky(clf__ls_factor *out, clf_context *context, double *matrix,
                                   int64_t columns, double tolerance, bool leave_out) {
  clf__ls_factor f = {.arena = {.context = context}, .columns = columns, .l = matrix};
  clf_status status = CLF_OK;
  bool *dropped = clf__alloc_array(context, columns, sizeof *dropped);
  f.order = clf__arena_array(&f.arena, columns, sizeof *f.order);
  CLF__TRY(dropped != NULL ? clf__arena_status(&f.arena) : CLF_ERROR_MEMORY);
  CLF__TRY(clf__cholesky(context, matrix, columns, columns, tolerance, dropped));
  set_order(&f, dropped);
  CLF__TRY(allocate(&f, leave_out));
  if (f.rank < columns) {
    compress(&f);
  }
  if (f.rest != NULL) {
    CLF__TRY(set_rest(&f, context));
    const bool outer = f.rank <= f.columns - f.rank;
    status = small_enough(&f) ? set_project(&f, context, outer) : CLF_OK;
  }
done:
  clf__free(dropped);
  if (status < 0) {
    clf__ls_factor_free(&f);
  }
  *out = f;
  return status;
}

/* Computes L and rest from the pivoted R, whose columns were divided by `units`. */
static void split_triangle(clf__ls_factor *f, const double *r, int64_t width, const double *units) {
  const int64_t rank = f->rank, others = f->columns - rank;
  for (int64_t a = 0; a < rank; a++) {
    for (int64_t b = 0; b <= a; b++) {
      f->l[a * f->columns + b] = r[b * width + a] * units[f->order[a]];
    }
    for (int64_t j = 0; f->rest != NULL && j < others; j++) {
      f->rest[a * others + j] = r[a * width + rank + j] * units[f->order[rank + j]];
    }
  }
}

clf_status clf__ls_factor_triangle(clf__ls_factor *out, clf_context *context, double *matrix,
                                   int64_t columns, int64_t width, double *r, const double *units) {
  const int64_t n = columns;
  clf__ls_factor f = {.arena = {.context = context}, .columns = n, .l = matrix};
  clf_status status = CLF_OK;
  f.order = clf__arena_array(&f.arena, n, sizeof *f.order);
  CLF__TRY(clf__arena_status(&f.arena));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      r[i * width + j] = j >= i && units[j] > 0 ? r[i * width + j] / units[j] : 0;
    }
  }
  CLF__TRY(clf__qr_pivoted(context, r, n, width, width, f.order, &f.rank));
  CLF__TRY(allocate(&f, false));
  split_triangle(&f, r, width, units);
  if (f.rest != NULL) {
    CLF__TRY(set_rest(&f, context));
    status = set_project(&f, context, true);
  }
done:
  if (status < 0) {
    clf__ls_factor_free(&f);
  }
  *out = f;
  return status;
}

static clf_status solve_project(const clf__ls_factor *f, clf_context *context, int64_t size,
                                double *y, int64_t outputs) {
  clf_status status = clf__solve_lower(context, f->project, size, size, y, outputs, outputs);
  return status < 0
             ? status
             : clf__solve_lower_transposed(context, f->project, size, size, y, outputs, outputs);
}

/* y = P y, where P = I - B (I + B^T B)^-1 B^T if that is the smaller matrix. */
static clf_status project(const clf__ls_factor *f, clf_context *context, double *y,
                          int64_t outputs) {
  const int64_t rank = f->rank, others = f->columns - f->rank;
  if (f->project == NULL || f->outer) {
    return f->project == NULL ? CLF_OK : solve_project(f, context, rank, y, outputs);
  }
  double *u = clf__alloc_matrix(context, others, outputs, sizeof *u);
  clf_status status = u != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status < 0) {
    goto done;
  }
  CLF__TRY(clf__gemm_f64(context, 1, clf__f64_transposed(f->rest, others, rank, others),
                         clf__f64_matrix(y, rank, outputs, outputs), 0, u, outputs));
  CLF__TRY(solve_project(f, context, others, u, outputs));
  status = clf__gemm_f64(context, -1, clf__f64_matrix(f->rest, rank, others, others),
                         clf__f64_matrix(u, others, outputs, outputs), 1, y, outputs);
done:
  clf__free(u);
  return status;
}

clf_status clf__ls_forward(const clf__ls_factor *f, clf_context *context, const double *right,
                           int64_t outputs, double *y) {
  const int64_t others = f->columns - f->rank;
  for (int64_t a = 0; a < f->rank; a++) {
    memcpy(y + a * outputs, right + f->order[a] * outputs, (size_t)outputs * sizeof *y);
    for (int64_t j = 0; f->rest != NULL && j < others; j++) {
      const double factor = f->rest[a * others + j];
      const double *from = right + f->order[f->rank + j] * outputs;
      for (int64_t k = 0; k < outputs; k++) {
        y[a * outputs + k] += factor * from[k];
      }
    }
  }
  clf_status status = project(f, context, y, outputs);
  return status < 0 ? status
                    : clf__solve_lower(context, f->l, f->rank, f->columns, y, outputs, outputs);
}

clf_status clf__ls_backward(const clf__ls_factor *f, clf_context *context, double *y,
                            int64_t outputs, double *solution) {
  const int64_t others = f->columns - f->rank;
  CLF__CHECK(clf__solve_lower_transposed(context, f->l, f->rank, f->columns, y, outputs, outputs));
  clf_status status = project(f, context, y, outputs);
  memset(solution, 0, (size_t)(f->columns * outputs) * sizeof *solution);
  for (int64_t a = 0; a < f->rank && status == CLF_OK; a++) {
    memcpy(solution + f->order[a] * outputs, y + a * outputs, (size_t)outputs * sizeof *y);
    for (int64_t j = 0; f->rest != NULL && j < others; j++) {
      const double factor = f->rest[a * others + j];
      double *to = solution + f->order[f->rank + j] * outputs;
      for (int64_t k = 0; k < outputs; k++) {
        to[k] += factor * y[a * outputs + k];
      }
    }
  }
  return status;
}
