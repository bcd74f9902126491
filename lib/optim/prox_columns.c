/* The columns of the rows, for proximal Newton: their means and deviations, and their entries by
 * column or the rows in units of the deviations.
 *
 * A model by entries reads and changes them in some SWEEPS sweeps, at 1 ns each; one with a matrix
 * computes columns^2 / 2 products of a row, at 0.04 ns each. */
#include <math.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/status.h"
#include "optim/prox_model.h"

enum {
  SWEEPS = 10,
  PRODUCTS = 50, /* in the time of reading and changing an entry */
  ASKED = 4096   /* rows between two checks for cancellation */
};

/* Receives the entry in column j of row i. */
typedef void (*entry_use)(clf__prox_columns *columns, const clf__prox_problem *p, int64_t i,
                          int64_t j, double value);

/* Passes all entries that are not 0 in the order of the rows. `row` is [columns]. */
static clf_status for_entries(clf__prox_columns *columns, const clf__prox_problem *p, double *row,
                              entry_use use) {
  const clf__rows *x = p->x;
  for (int64_t i = 0; i < x->rows; i++) {
    CLF__CHECK(i % ASKED == 0 ? clf__progress_check() : CLF_OK);
    if (clf__rows_sparse(x)) {
      for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
        use(columns, p, i, x->column[e], (double)x->value[e]);
      }
      continue;
    }
    clf__rows_read_f64(x, i, row);
    for (int64_t j = 0; j < x->columns; j++) {
      if (row[j] != 0) {
        use(columns, p, i, j, row[j]);
      }
    }
  }
  return CLF_OK;
}

static double weight_of(const clf__prox_problem *p, int64_t i) {
  return p->weights != NULL ? (double)p->weights[i] : 1;
}

/* `filled` is the weight of a column's entries. */
static void add_mean(clf__prox_columns *columns, const clf__prox_problem *p, int64_t i, int64_t j,
                     double value) {
  columns->mean[j] += weight_of(p, i) * value;
  columns->filled[j] += weight_of(p, i);
}

static void add_square(clf__prox_columns *columns, const clf__prox_problem *p, int64_t i, int64_t j,
                       double value) {
  const double rest = value - columns->mean[j];
  columns->deviation[j] += weight_of(p, i) * rest * rest;
}

static clf_status measure(clf__prox_columns *out, const clf__prox_problem *p, double *row) {
  for (int64_t i = 0; i < p->x->rows; i++) {
    out->total += weight_of(p, i);
  }
  CLF__CHECK(for_entries(out, p, row, add_mean));
  for (int64_t j = 0; j < p->x->columns; j++) {
    out->mean[j] = p->intercept ? out->mean[j] / out->total : 0;
  }
  CLF__CHECK(for_entries(out, p, row, add_square));
  for (int64_t j = 0; j < p->x->columns; j++) {
    const double zeros = (out->total - out->filled[j]) * out->mean[j] * out->mean[j];
    out->deviation[j] = sqrt(fmax(out->deviation[j] + zeros, 0) / out->total);
  }
  return CLF_OK;
}

static void count_entry(clf__prox_columns *columns, const clf__prox_problem *p, int64_t i,
                        int64_t j, double value) {
  (void)p;
  (void)i;
  (void)value;
  columns->start[j + 1]++;
}

/* start[j] is where the next entry of column j goes; afterwards it is where column j + 1 starts. */
static void place_entry(clf__prox_columns *columns, const clf__prox_problem *p, int64_t i,
                        int64_t j, double value) {
  (void)p;
  const int64_t at = columns->start[j]++;
  columns->row[at] = (int32_t)i;
  columns->value[at] = (float)value;
}

static clf_status transpose(clf__prox_columns *out, const clf__prox_problem *p, double *row) {
  const int64_t columns = p->x->columns;
  out->start = clf__arena_zeroed(&out->arena, columns + 1, sizeof *out->start);
  CLF__CHECK(clf__arena_status(&out->arena));
  CLF__CHECK(for_entries(out, p, row, count_entry));
  for (int64_t j = 0; j < columns; j++) {
    out->start[j + 1] += out->start[j];
  }
  out->row = clf__arena_array(&out->arena, out->start[columns], sizeof *out->row);
  out->value = clf__arena_array(&out->arena, out->start[columns], sizeof *out->value);
  CLF__CHECK(clf__arena_status(&out->arena));
  CLF__CHECK(for_entries(out, p, row, place_entry));
  for (int64_t j = columns; j > 0; j--) {
    out->start[j] = out->start[j - 1];
  }
  out->start[0] = 0;
  return CLF_OK;
}

static clf_status scale_rows(clf__prox_columns *out, const clf__prox_problem *p, double *row) {
  const int64_t columns = p->x->columns;
  out->scaled = clf__arena_matrix(&out->arena, p->x->rows, columns, sizeof *out->scaled);
  CLF__CHECK(clf__arena_status(&out->arena));
  for (int64_t i = 0; i < p->x->rows; i++) {
    CLF__CHECK(i % ASKED == 0 ? clf__progress_check() : CLF_OK);
    clf__rows_read_f64(p->x, i, row);
    for (int64_t j = 0; j < columns; j++) {
      const double deviation = out->deviation[j];
      out->scaled[i * columns + j] =
          deviation > 0 ? (float)((row[j] - out->mean[j]) / deviation) : 0;
    }
  }
  return CLF_OK;
}

/* `entries` are those that are not 0. */
static bool matrix_pays(const clf__rows *x, double entries) {
  const double columns = (double)x->columns;
  return !clf__rows_sparse(x) &&
         (double)x->rows * columns * columns / 2 <= 2.0 * PRODUCTS * SWEEPS * entries &&
         x->columns <= x->rows;
}

clf_status clf__prox_columns_create(clf__prox_columns *out, const clf__prox_problem *p) {
  const clf__rows *x = p->x;
  double entries = 0;
  *out = (clf__prox_columns){.arena = {.context = p->context}};
  out->mean = clf__arena_zeroed(&out->arena, x->columns, sizeof *out->mean);
  out->deviation = clf__arena_zeroed(&out->arena, x->columns, sizeof *out->deviation);
  out->filled = clf__arena_zeroed(&out->arena, x->columns, sizeof *out->filled);
  double *row = clf__arena_array(&out->arena, x->columns, sizeof *row);
  CLF__CHECK(clf__arena_status(&out->arena));
  CLF__CHECK(measure(out, p, row));
  for (int64_t j = 0; j < x->columns; j++) {
    entries += out->filled[j];
  }
  return matrix_pays(x, entries / out->total * (double)x->rows) ? scale_rows(out, p, row)
                                                                : transpose(out, p, row);
}

void clf__prox_columns_free(clf__prox_columns *columns) {
  clf__arena_free(&columns->arena);
}
