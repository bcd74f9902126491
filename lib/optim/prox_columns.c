/* The columns of the rows, for proximal Newton: means and deviations, and the entries of sparse
 * rows by column. */
#include <float.h>
#include <math.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/status.h"
#include "optim/prox_model.h"

enum { ASKED = 4096 /* rows or columns between two checks for cancellation */ };

static double weight_of(const clf__prox_problem *p, int64_t i) {
  return p->weights != NULL ? (double)p->weights[i] : 1;
}

/* Adds a dense row to the sums of the means, or to those of the squares about them. */
static void add_row(clf__prox_columns *c, const clf__prox_problem *p, bool squares,
                    const double *row, double weight) {
  for (int64_t j = 0; j < p->x->columns && !squares; j++) {
    c->mean[j] += weight * row[j];
  }
  for (int64_t j = 0; j < p->x->columns && squares; j++) {
    const double rest = row[j] - c->mean[j];
    c->deviation[j] += weight * rest * rest;
  }
}

static clf_status add_rows(clf__prox_columns *c, const clf__prox_problem *p, bool squares,
                           double *row) {
  for (int64_t i = 0; i < p->x->rows; i++) {
    CLF__CHECK(i % ASKED == 0 ? clf__progress_check() : CLF_OK);
    clf__rows_read_f64(p->x, i, row);
    add_row(c, p, squares, row, weight_of(p, i));
  }
  return CLF_OK;
}

static clf_status measure_dense(clf__prox_columns *c, const clf__prox_problem *p, double total) {
  double *row = clf__alloc_array(p->context, p->x->columns, sizeof *row);
  clf_status status = CLF_OK;
  CLF__TRY(row == NULL ? CLF_ERROR_MEMORY : CLF_OK);
  CLF__TRY(add_rows(c, p, false, row));
  for (int64_t j = 0; j < p->x->columns; j++) {
    c->mean[j] = p->intercept ? c->mean[j] / total : 0;
  }
  CLF__TRY(add_rows(c, p, true, row));
  for (int64_t j = 0; j < p->x->columns; j++) {
    c->deviation[j] = sqrt(c->deviation[j] / total);
  }
done:
  clf__free(row);
  return status;
}

static void place_row(clf__prox_columns *c, const clf__rows *x, int64_t i) {
  for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
    c->entry[c->start[x->column[e]]++] = (clf__prox_entry){(int32_t)i, x->value[e]};
  }
}

/* While entries are placed, start[j] is where the next one of column j goes; afterwards it is where
 * column j + 1 starts. */
static clf_status transpose(clf__prox_columns *c, const clf__prox_problem *p) {
  const clf__rows *x = p->x;
  c->start = clf__arena_zeroed(&c->arena, x->columns + 1, sizeof *c->start);
  c->entry = clf__arena_array(&c->arena, clf__rows_entries(x), sizeof *c->entry);
  CLF__CHECK(clf__arena_status(&c->arena));
  for (int64_t e = x->row_start[0]; e < x->row_start[x->rows]; e++) {
    c->start[x->column[e] + 1]++;
  }
  for (int64_t j = 0; j < x->columns; j++) {
    c->start[j + 1] += c->start[j];
  }
  for (int64_t i = 0; i < x->rows; i++) {
    CLF__CHECK(i % ASKED == 0 ? clf__progress_check() : CLF_OK);
    place_row(c, x, i);
  }
  for (int64_t j = x->columns; j > 0; j--) {
    c->start[j] = c->start[j - 1];
  }
  c->start[0] = 0;
  return CLF_OK;
}

/* Elements without an entry are 0. */
static void measure_column(clf__prox_columns *c, const clf__prox_problem *p, int64_t j,
                           double total) {
  double sum = 0, filled = 0, squares = 0;
  for (int64_t e = c->start[j]; e < c->start[j + 1]; e++) {
    const double weight = weight_of(p, c->entry[e].row);
    sum += weight * (double)c->entry[e].value;
    filled += weight;
  }
  const double mean = p->intercept ? sum / total : 0;
  for (int64_t e = c->start[j]; e < c->start[j + 1]; e++) {
    const double rest = (double)c->entry[e].value - mean;
    squares += weight_of(p, c->entry[e].row) * rest * rest;
  }
  c->mean[j] = mean;
  c->deviation[j] = sqrt((squares + fmax(total - filled, 0) * mean * mean) / total);
}

static clf_status measure_sparse(clf__prox_columns *c, const clf__prox_problem *p, double total) {
  CLF__CHECK(transpose(c, p));
  for (int64_t j = 0; j < p->x->columns; j++) {
    CLF__CHECK(j % ASKED == 0 ? clf__progress_check() : CLF_OK);
    measure_column(c, p, j, total);
  }
  return CLF_OK;
}

/* A column that is not 0 in few rows has a small deviation, so these have a large leverage. */
static clf_status set_leverage(clf__prox_columns *c, const clf__prox_problem *p) {
  const clf__rows *x = p->x;
  const int64_t columns = x->columns;
  double *row = clf__alloc_zeroed(p->context, 2 * columns, sizeof *row);
  clf_status status = CLF_OK;
  CLF__TRY(row == NULL ? CLF_ERROR_MEMORY : CLF_OK);
  double *inverse = row + columns;
  for (int64_t j = 0; j < columns; j++) {
    inverse[j] = c->deviation[j] > 0 ? 1 / c->deviation[j] : 0;
  }
  for (int64_t i = 0; i < x->rows; i++) {
    double sum = 0;
    CLF__TRY(i % ASKED == 0 ? clf__progress_check() : CLF_OK);
    if (clf__rows_sparse(x)) {
      for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
        const double value = (double)x->value[e] * inverse[x->column[e]];
        sum += value * value;
      }
    } else {
      clf__rows_read_f64(x, i, row);
      for (int64_t j = 0; j < columns; j++) {
        const double value = (row[j] - c->mean[j]) * inverse[j];
        sum += value * value;
      }
    }
    c->leverage[i] = (float)fmin(1 + sum / (double)columns, (double)FLT_MAX);
  }
done:
  clf__free(row);
  return status;
}

clf_status clf__prox_columns_create(clf__prox_columns *out, const clf__prox_problem *p) {
  double total = 0;
  *out = (clf__prox_columns){.arena = {.context = p->context}};
  out->mean = clf__arena_zeroed(&out->arena, p->x->columns, sizeof *out->mean);
  out->deviation = clf__arena_zeroed(&out->arena, p->x->columns, sizeof *out->deviation);
  out->leverage = clf__arena_array(&out->arena, p->x->rows, sizeof *out->leverage);
  CLF__CHECK(clf__arena_status(&out->arena));
  for (int64_t i = 0; i < p->x->rows; i++) {
    total += weight_of(p, i);
  }
  CLF__CHECK(clf__rows_sparse(p->x) ? measure_sparse(out, p, total) : measure_dense(out, p, total));
  return set_leverage(out, p);
}

void clf__prox_columns_free(clf__prox_columns *columns) {
  clf__arena_free(&columns->arena);
}
