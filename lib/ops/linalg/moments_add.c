/* Moments of rows. A pass over blocks of rows in f64 adds the sums of columns; products of columns
 * come from the parts of the Gram engine: of bytes in integers, of others in f64. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/progress.h"
#include "ops/kernels.h"
#include "ops/linalg/gram_parts.h"
#include "ops/linalg/moments_parts.h"
#include "ops/linalg/vectors.h"

enum { BLOCK_ROWS = 64 };

static const double min_range = 1e-140; /* whose square keeps its digits as a double */

/* Whether z are the bytes themselves. A reference that floats have moved is in units of x. */
static bool are_bytes(const clf__moments *m, const clf__rows *x) {
  bool are = !clf__rows_sparse(x) && x->dtype == CLF_U8 && m->unit == (double)x->scale;
  for (int64_t j = 0; are && j < m->columns; j++) {
    are = m->reference[j] == 0;
  }
  return are;
}

/* Whether sums of these rows are integers. */
bool clf__moments_whole(const clf__moments *m, const clf__moment_rows *rows) {
  bool whole = are_bytes(m, rows->x);
  for (int64_t i = 0; whole && rows->weights != NULL && i < rows->x->rows; i++) {
    whole = rows->weights[i] == rintf(rows->weights[i]);
  }
  return whole;
}

clf_status clf__z_view_create(clf__z_view *view, const clf__moments *m, const clf__rows *x) {
  *view = (clf__z_view){.x = *x};
  view->rows = (clf__centered){.x = &view->x, .mean = m->reference};
  if (are_bytes(m, x)) {
    view->x.scale = 1;
  } else if (m->unit != 1) {
    view->factor = clf__alloc_array(m->context, m->columns, sizeof *view->factor);
    for (int64_t j = 0; view->factor != NULL && j < m->columns; j++) {
      view->factor[j] = 1 / m->unit;
    }
    view->rows.factor = view->factor;
    return view->factor != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
  return CLF_OK;
}

void clf__moments_add_extremes(clf__moments *m, const double *z) {
  for (int64_t j = 0; j < m->columns; j++) {
    const double x = m->reference[j] + m->unit * z[j];
    m->minimum[j] = x < m->minimum[j] ? x : m->minimum[j];
    m->maximum[j] = x > m->maximum[j] ? x : m->maximum[j];
  }
}

/* What a row adds to the weights and targets. `targets` [outputs] are about their reference. */
void clf__moments_add_weight(clf__moments *m, int64_t group, double weight, const double *targets,
                             double sign) {
  m->rows[group] += weight > 0 ? sign : 0;
  m->weight[group] += sign * weight;
  for (int64_t k = 0; targets != NULL && k < m->outputs; k++) {
    m->target[k] += sign * weight * targets[k];
  }
}

/* Adds z to the sums of columns. */
void clf__moments_add_row(clf__moments *m, const clf__vector_kernels *kernels, const double *z,
                          int64_t group, double weight, const double *targets) {
  const int64_t n = m->columns;
  kernels->add_rows(z, 1, n, &weight, n, m->sum);
  if (m->classes) {
    kernels->add_rows(z, 1, n, &weight, n, m->cross + group * n);
  }
  for (int64_t k = 0; targets != NULL && k < m->outputs; k++) {
    const double product = weight * targets[k];
    kernels->add_rows(z, 1, n, &product, n, m->cross + k * n);
  }
}

static void add_squares(clf__moments *m, const double *z, double weight) {
  for (int64_t j = 0; j < m->columns; j++) {
    m->products[j] += weight * (z[j] * z[j]);
  }
}

/* targets [outputs] of a row, about their reference; NULL without targets. */
const double *clf__moments_read_targets(const clf__moments *m, const clf__moment_rows *rows,
                                        int64_t row, double *targets) {
  for (int64_t k = 0; rows->targets != NULL && k < m->outputs; k++) {
    targets[k] = rows->targets[row * m->outputs + k] - m->target_reference[k];
  }
  return rows->targets != NULL ? targets : NULL;
}

/* Adds everything except the products of pairs of columns. */
static clf_status add_columns(clf__moments *m, const clf__moment_rows *rows,
                              const clf__z_view *view) {
  const clf__vector_kernels *kernels = clf__kernels_for(m->context)->vectors;
  const int64_t n = m->columns, count = rows->x->rows;
  const clf__progress progress = clf__progress_begin(m->context, "sums", count);
  clf__arena arena = {.context = m->context};
  double *z = clf__arena_matrix(&arena, clf__min_i64(BLOCK_ROWS, count), n, sizeof *z);
  double *t = clf__arena_array(&arena, m->outputs, sizeof *t);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t first = 0; first < count; first += BLOCK_ROWS) {
    const int64_t here = clf__min_i64(BLOCK_ROWS, count - first);
    CLF__TRY(first > 0 ? clf__progress_step(&progress, first, NAN, NAN) : CLF_OK);
    clf__centered_read(&view->rows, m->context, first, here, z, n);
    for (int64_t i = 0; i < here; i++) {
      const double weight = clf__moment_weight(rows, first + i);
      const double *targets = clf__moments_read_targets(m, rows, first + i, t);
      const int64_t group = clf__moments_group(m, rows, first + i);
      if (weight > 0) {
        clf__moments_add_weight(m, group, weight, targets, 1);
        clf__moments_add_row(m, kernels, z + i * n, group, weight, targets);
        clf__moments_add_extremes(m, z + i * n);
      }
      if (weight > 0 && !m->full) {
        add_squares(m, z + i * n, weight);
      }
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* The same for sparse rows whose z are their entries: the work is that of the entries. */
static clf_status add_entries(clf__moments *m, const clf__moment_rows *rows) {
  const clf__rows *x = rows->x;
  const int64_t n = m->columns;
  double counted = 0;
  clf__arena arena = {.context = m->context};
  double *entries = clf__arena_zeroed(&arena, n, sizeof *entries);
  double *t = clf__arena_array(&arena, m->outputs, sizeof *t);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < x->rows; i++) {
    const double weight = clf__moment_weight(rows, i);
    const double *targets = clf__moments_read_targets(m, rows, i, t);
    CLF__TRY(i % BLOCK_ROWS == 0 ? clf__progress_check() : CLF_OK);
    if (!(weight > 0)) {
      continue;
    }
    counted++;
    clf__moments_add_weight(m, clf__moments_group(m, rows, i), weight, targets, 1);
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      const int64_t j = x->column[e];
      const double value = (double)x->value[e], product = weight * value;
      m->sum[j] += product;
      if (m->classes) {
        m->cross[rows->labels[i] * n + j] += product;
      }
      for (int64_t k = 0; targets != NULL && k < m->outputs; k++) {
        m->cross[k * n + j] += product * targets[k];
      }
      *clf__moments_square(m, j) += m->full ? 0 : product * value;
      m->minimum[j] = fmin(m->minimum[j], value);
      m->maximum[j] = fmax(m->maximum[j], value);
      entries[j]++;
    }
  }
  for (int64_t j = 0; j < n && counted > 0; j++) {
    m->minimum[j] = entries[j] < counted ? fmin(m->minimum[j], 0) : m->minimum[j];
    m->maximum[j] = entries[j] < counted ? fmax(m->maximum[j], 0) : m->maximum[j];
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Adds the products of pairs of columns. */
static clf_status add_products(clf__moments *m, const clf__moment_rows *rows,
                               const clf__z_view *view, bool entries) {
  const clf__gram_input input = {.x = &view->x, .weights = rows->weights};
  if (entries) {
    return clf__gram_add_sparse(m->products, m->context, &input);
  }
  if (!are_bytes(m, rows->x) || !clf__gram_exact(&input)) {
    return clf__gram_add_f64(m->products, m->context, &view->rows, rows->weights, 1);
  }
  return clf__gram_add_dense(m->products, m->context, &input, m->reference);
}

clf_status clf__moments_check(clf__moments *m) {
  for (int64_t j = 0; j < m->columns; j++) {
    const double square = *clf__moments_square(m, j);
    const double range = (m->maximum[j] - m->minimum[j]) / m->unit;
    const bool vanishes = range > 0 && range < min_range;
    m->peak[j] = fmax(m->peak[j], square);
    if (!isfinite(square) || !isfinite(m->sum[j]) || vanishes) {
      return clf__fail(CLF_ERROR_NUMERIC,
                       "the sum of squares of column %lld is beyond the range of doubles: scale it "
                       "%s (transform: standardize)",
                       (long long)j, vanishes ? "up" : "down");
    }
  }
  return CLF_OK;
}

/* Chooses unit and references by the first rows. */
static clf_status choose_origin(clf__moments *m, const clf__moment_rows *rows) {
  const clf__rows *x = rows->x;
  const int64_t n = m->columns;
  double weight = 0;
  double *row = clf__alloc_array(m->context, n, sizeof *row);
  if (row == NULL) {
    return CLF_ERROR_MEMORY;
  }
  m->unit = !clf__rows_sparse(x) && x->dtype == CLF_U8 ? (double)x->scale : 1;
  for (int64_t i = 0; i < x->rows; i++) {
    const double share = clf__moment_weight(rows, i);
    weight += share;
    for (int64_t k = 0; share > 0 && !m->classes && k < m->outputs && !m->fixed; k++) {
      const double target = rows->targets[i * m->outputs + k];
      m->target_reference[k] += share / weight * (target - m->target_reference[k]);
    }
    if (share > 0 && !m->fixed && clf__moments_float(x)) {
      clf__rows_read_f64(x, i, row);
      for (int64_t j = 0; j < n; j++) {
        m->reference[j] += share / weight * (row[j] - m->reference[j]);
      }
    }
  }
  for (int64_t k = 0; !m->classes && k < m->outputs; k++) {
    m->target_reference[k] = rint(m->target_reference[k]);
  }
  clf__free(row);
  return CLF_OK;
}

clf_status clf__moments_add(clf__moments *m, const clf__moment_rows *rows) {
  clf__z_view view = {.factor = NULL};
  clf_status status = CLF_OK;
  CLF__TRY(m->unit == 0 ? choose_origin(m, rows) : CLF_OK);
  bool entries = clf__rows_sparse(rows->x) && m->unit == 1;
  for (int64_t j = 0; j < m->columns && entries; j++) {
    entries = m->reference[j] == 0;
  }
  m->integers = m->integers && clf__moments_whole(m, rows);
  CLF__TRY(clf__z_view_create(&view, m, rows->x));
  CLF__TRY(entries ? add_entries(m, rows) : add_columns(m, rows, &view));
  CLF__TRY(m->full ? add_products(m, rows, &view, entries) : CLF_OK);
  CLF__TRY(clf__moments_check(m));
  CLF__TRY(clf__moments_float(rows->x) ? clf__moments_follow_drift(m) : CLF_OK);
done:
  clf__free(view.factor);
  return status;
}

clf_status clf__moments_subtract(clf__moments *m, const clf__moment_rows *rows) {
  clf__moments *part = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(
      clf__moments_create(&part, m->context, m->columns, m->outputs, m->classes, m->full, true));
  clf__moments_copy_origin(part, m);
  CLF__TRY(clf__moments_add(part, rows));
  m->integers = part->integers;
  clf__moments_combine(m, part, NULL, -1);
done:
  clf__moments_free(part);
  return status;
}
