/* Dense rows are widened block by block, f64 rows as they are; the products of a block are f64.
 * Sparse rows are read entry by entry, with the weights of a column one after another. */
#include "ops/linalg/linear_pass.h"

#include "base/math.h"
#include "base/progress.h"
#include "ops/linalg/centered.h"
#include "ops/linalg/gemm.h"

enum {
  BLOCK_ROWS = 512,
  BLOCK_VALUES = 1 << 22,
  ASKED = 4096 /* sparse rows between two checks for cancellation */
};

/* Rows that are widened at a time. */
static int64_t block_rows(const clf__rows *x) {
  return clf__clamp_i64(BLOCK_VALUES / clf__max_i64(x->columns, 1), 1, BLOCK_ROWS);
}

void clf__linear_pass_create(clf__linear_pass *out, clf__arena *arena, const clf__rows *x,
                             int64_t outputs) {
  const bool sparse = clf__rows_sparse(x);
  const int64_t block = clf__min_i64(x->rows, block_rows(x)), size = clf__count(2, outputs);
  *out = (clf__linear_pass){.context = arena->context, .x = x, .outputs = outputs};
  out->z = clf__arena_matrix(arena, sparse ? 1 : block, outputs, sizeof *out->z);
  out->wide = sparse ? clf__arena_matrix(arena, x->columns, size, sizeof *out->wide)
                     : clf__arena_matrix(arena, block, x->columns, sizeof *out->wide);
}

static void set_bias(const clf__linear_pass *pass, const double *b, int64_t rows) {
  for (int64_t i = 0; i < rows * pass->outputs; i++) {
    pass->z[i] = b[i % pass->outputs];
  }
}

static clf_status run_dense(const clf__linear_pass *pass, const double *w, const double *b,
                            clf__residual_rule rule, void *argument, double *gradient) {
  const int64_t columns = pass->x->columns, outputs = pass->outputs, block = block_rows(pass->x);
  const clf__centered rows = {.x = pass->x};
  for (int64_t first = 0; first < pass->x->rows; first += block) {
    const int64_t count = clf__min_i64(pass->x->rows - first, block);
    const clf__f64_view x = clf__f64_matrix(pass->wide, count, columns, columns);
    CLF__CHECK(clf__progress_check());
    clf__centered_read(&rows, pass->context, first, count, pass->wide, columns);
    if (w != NULL) {
      set_bias(pass, b, count);
      CLF__CHECK(clf__gemm_f64(pass->context, 1, x,
                               clf__f64_transposed(w, columns, outputs, columns), 1, pass->z,
                               outputs));
    }
    rule(argument, first, count, pass->z);
    CLF__CHECK(clf__gemm_f64(pass->context, 1,
                             clf__f64_transposed(pass->z, outputs, count, outputs), x, 1, gradient,
                             columns));
  }
  return CLF_OK;
}

/* z += the row times W^T, which is in the first half of `wide`. */
static void multiply_entries(const clf__linear_pass *pass, int64_t row) {
  const clf__rows *x = pass->x;
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    const double *w = pass->wide + 2 * (int64_t)x->column[e] * pass->outputs;
    for (int64_t k = 0; k < pass->outputs; k++) {
      pass->z[k] += (double)x->value[e] * w[k];
    }
  }
}

/* The second half of `wide` += the row times the residuals z. */
static void add_entries(const clf__linear_pass *pass, int64_t row) {
  const clf__rows *x = pass->x;
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    double *sums = pass->wide + (2 * (int64_t)x->column[e] + 1) * pass->outputs;
    for (int64_t k = 0; k < pass->outputs; k++) {
      sums[k] += (double)x->value[e] * pass->z[k];
    }
  }
}

static clf_status run_sparse(const clf__linear_pass *pass, const double *w, const double *b,
                             clf__residual_rule rule, void *argument, double *gradient) {
  const int64_t columns = pass->x->columns, outputs = pass->outputs;
  for (int64_t j = 0; j < columns; j++) {
    for (int64_t k = 0; k < outputs; k++) {
      pass->wide[2 * j * outputs + k] = w != NULL ? w[k * columns + j] : 0;
      pass->wide[(2 * j + 1) * outputs + k] = 0;
    }
  }
  for (int64_t i = 0; i < pass->x->rows; i++) {
    CLF__CHECK(i % ASKED == 0 ? clf__progress_check() : CLF_OK);
    if (w != NULL) {
      set_bias(pass, b, 1);
      multiply_entries(pass, i);
    }
    rule(argument, i, 1, pass->z);
    add_entries(pass, i);
  }
  for (int64_t i = 0; i < outputs * columns; i++) {
    gradient[i] += pass->wide[(2 * (i % columns) + 1) * outputs + i / columns];
  }
  return CLF_OK;
}

clf_status clf__linear_pass_run(const clf__linear_pass *pass, const double *w, const double *b,
                                clf__residual_rule rule, void *argument, double *gradient) {
  return clf__rows_sparse(pass->x) ? run_sparse(pass, w, b, rule, argument, gradient)
                                   : run_dense(pass, w, b, rule, argument, gradient);
}
