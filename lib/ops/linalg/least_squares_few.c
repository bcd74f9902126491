/* Least squares: tests whether dropped columns are combinations of only a few independent ones. The
 * factor shows which ones these would be (copies, sums, pixels that are set in a single row). An
 * orthogonal factorization of these columns alone, in f64, confirms it if the residuals of the
 * dropped columns are rounding errors. Columns without variance need no such test. */
#include <math.h>

#include "base/context.h"
#include "base/math.h"
#include "base/progress.h"
#include "ops/linalg/least_squares_parts.h"
#include "ops/linalg/qr.h"

enum { BLOCK_ROWS = 512, MIN_COLUMNS = 16 /* with more columns, all rows cost no more */ };

/* Share of a column's length from which on another column counts as a part of it. Too large a share
 * is detected. */
static const double min_share = 1e-4;

static double value_at(const clf__rows *x, int64_t row, int64_t column) {
  const int64_t at = row * x->stride + column;
  if (x->dtype == CLF_U8) {
    return (double)((const uint8_t *)x->data)[at] * (double)x->scale;
  }
  if (x->dtype == CLF_F64) {
    return ((const double *)x->data)[at] - (x->center != NULL ? x->center[column] : 0);
  }
  return (double)((const float *)x->data)[at];
}

/* Reads the weighted row's elements in these columns. */
static void read_few(const clf__least_squares *p, int64_t row, const int64_t *columns,
                     int64_t count, double *out) {
  const clf__centered *c = &p->rows;
  const double root = sqrt(p->scale * (p->weights == NULL ? 1 : (double)p->weights[row]));
  const double *center =
      c->class_means != NULL ? c->class_means + c->labels[row] * c->x->columns : c->mean;
  for (int64_t k = 0; k < count; k++) {
    const int64_t j = columns[k];
    const double value = value_at(c->x, row, j) - (center != NULL ? center[j] : 0);
    out[k] = root * (c->factor != NULL ? value * c->factor[j] : value);
  }
}

/* Returns the lengths that R leaves of its columns after the first `parts`. */
static bool is_rounding(const double *r, int64_t parts, int64_t count, const int64_t *columns,
                        const double *units) {
  bool all = true;
  for (int64_t k = parts; k < count; k++) {
    double square = 0;
    for (int64_t i = parts; i <= k; i++) {
      square += r[i * count + k] * r[i * count + k];
    }
    all = all && sqrt(square) <= units[columns[k]];
  }
  return all;
}

/* Adds to R [count, count], which was zeroed, these columns and their penalty. */
static clf_status set_triangle(double *r, clf_context *context, const clf__least_squares *problem,
                               const int64_t *columns, int64_t count) {
  const int64_t rows = problem->rows.x->rows;
  const int64_t block = clf__min_i64(rows, BLOCK_ROWS);
  const clf__progress progress = clf__progress_begin(context, "refine", rows);
  double *a = clf__alloc_matrix(context, block, count, sizeof *a);
  clf_status status = a != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t k = 0; problem->penalty != NULL && k < count; k++) {
    r[k * count + k] = sqrt(problem->penalty[columns[k]]);
  }
  for (int64_t first = 0; first < rows && status == CLF_OK; first += block) {
    const int64_t here = clf__min_i64(rows - first, block);
    CLF__TRY(first > 0 ? clf__progress_step(&progress, first, NAN, NAN) : CLF_OK);
    for (int64_t i = 0; i < here; i++) {
      read_few(problem, first + i, columns, count, a + i * count);
    }
    status = clf__qr_add_rows(context, r, count, count, count, a, here, count);
  }
done:
  clf__free(a);
  return status;
}

/* Lists the columns that are a part of one in J, *parts of them, and then those of J. Returns the
 * number of all. */
static int64_t choose_few(const clf__ls_factor *f, const double *lengths, int64_t *columns,
                          int64_t *parts) {
  const int64_t others = f->columns - f->rank;
  int64_t count = 0;
  for (int64_t a = 0; a < f->rank; a++) {
    bool is_part = false;
    for (int64_t j = 0; j < others; j++) {
      const double length = lengths[f->order[f->rank + j]];
      const double part = fabs(f->rest[a * others + j]) * lengths[f->order[a]];
      is_part = is_part || (length > 0 && part > min_share * length);
    }
    if (is_part) {
      columns[count++] = f->order[a];
    }
  }
  *parts = count;
  for (int64_t j = f->rank; j < f->columns; j++) {
    if (lengths[f->order[j]] > 0) {
      columns[count++] = f->order[j];
    }
  }
  return count;
}

clf_status clf__ls_explained_by_few(bool *explained, clf_context *context,
                                    const clf__least_squares *problem, const clf__ls_factor *factor,
                                    const double *lengths, const double *units) {
  int64_t parts = 0, count = 0;
  clf__arena arena = {.context = context};
  int64_t *columns = clf__arena_array(&arena, factor->columns, sizeof *columns);
  clf_status status = CLF_OK;
  *explained = false;
  CLF__TRY(clf__arena_status(&arena));
  count = choose_few(factor, lengths, columns, &parts);
  if (count == parts) {
    *explained = true;
  } else if (!clf__rows_sparse(problem->rows.x) && count * MIN_COLUMNS <= factor->columns) {
    double *r = clf__arena_zeroed(&arena, clf__count(count, count), sizeof *r);
    CLF__TRY(clf__arena_status(&arena));
    CLF__TRY(set_triangle(r, context, problem, columns, count));
    *explained = is_rounding(r, parts, count, columns, units);
  }
done:
  clf__arena_free(&arena);
  return status;
}
