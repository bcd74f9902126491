/* The objective of logistic regression and its gradient in f64, for precision=f64: the formulas are
 * those of logistic_loss.c.
 *
 * Dense rows are widened block by block, f64 rows as they are; the products of a block are f64.
 * Sparse rows are read entry by entry, with the weights of a column one after another. Nothing is
 * rounded to f32 but the residuals that the preconditioner estimates curvatures from. An evaluation
 * takes some three times as long as in f32. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/logistic/logistic.h"
#include "ops/linalg/centered.h"
#include "ops/linalg/gemm.h"

enum { BLOCK_ROWS = 512, ASKED = 4096 /* sparse rows between two checks for cancellation */ };

clf_status clf__logistic_f64_create(clf__logistic_objective *o) {
  const bool sparse = clf__rows_sparse(o->x);
  const int64_t block = clf__min_i64(o->x->rows, BLOCK_ROWS), size = clf__count(2, o->outputs);
  o->z = clf__arena_matrix(&o->arena, sparse ? 1 : block, o->outputs, sizeof *o->z);
  o->wide = sparse ? clf__arena_matrix(&o->arena, o->columns, size, sizeof *o->wide)
                   : clf__arena_matrix(&o->arena, block, o->columns, sizeof *o->wide);
  return clf__arena_status(&o->arena);
}

static double weight_of(const clf__logistic_objective *o, int64_t row) {
  return o->own_weights != NULL ? (double)o->own_weights[row] : 1;
}

/* Replaces z [outputs] of a row by p - t; returns the loss. If the row's own output is the largest,
 * its loss is small, and is computed without cancellation. */
static double softmax_residual(const clf__logistic_objective *o, int32_t own, double *z) {
  double largest = -INFINITY, others = 0, loss = 0;
  const double z_own = z[own];
  for (int64_t k = 0; k < o->outputs; k++) {
    largest = fmax(largest, z[k]);
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    z[k] = exp(z[k] - largest);
    others += k != own ? z[k] : 0;
  }
  const double sum = others + z[own];
  loss = z_own == largest ? log1p(others) : log(sum) - (z_own - largest);
  for (int64_t k = 0; k < o->outputs; k++) {
    z[k] = (k != own ? z[k] : -others) / sum;
  }
  return loss;
}

/* With the sign of z reversed for t = 1, the sigmoid is the probability of the wrong class. */
static double sigmoid_residual(const clf__logistic_objective *o, int32_t own, double *z) {
  double loss = 0;
  for (int64_t k = 0; k < o->outputs; k++) {
    const double sign = own == (o->outputs == 1 ? 1 : k) ? -1 : 1, value = sign * z[k];
    const double small = exp(-fabs(value));
    loss += fmax(value, 0) + log1p(small);
    z[k] = sign * (value > 0 ? 1 : small) / (1 + small);
  }
  return loss;
}

/* Replaces the outputs z of rows from `first` on by residuals times weights; returns the loss. */
static double weigh_residuals(clf__logistic_objective *o, int64_t first, int64_t rows, double *z,
                              double *bias) {
  double loss = 0;
  for (int64_t i = 0; i < rows; i++, z += o->outputs) {
    const double weight = weight_of(o, first + i);
    const int32_t own = o->labels[first + i];
    loss += weight * (o->link == CLF__LOGISTIC_SOFTMAX ? softmax_residual(o, own, z)
                                                       : sigmoid_residual(o, own, z));
    for (int64_t k = 0; k < o->outputs; k++) {
      z[k] *= weight;
      bias[k] += z[k];
      o->residual[(first + i) * o->outputs + k] =
          (float)(z[k] / o->weight_sum * (double)o->x->rows);
    }
  }
  return loss;
}

static void set_bias(const clf__logistic_objective *o, const double *b, int64_t rows) {
  for (int64_t i = 0; i < rows * o->outputs; i++) {
    o->z[i] = b[i % o->outputs];
  }
}

static clf_status evaluate_dense(clf__logistic_objective *o, const double *at, double *loss,
                                 double *gradient) {
  const int64_t columns = o->columns, outputs = o->outputs, weights = outputs * columns;
  const clf__centered rows = {.x = o->x};
  for (int64_t first = 0; first < o->x->rows; first += BLOCK_ROWS) {
    const int64_t count = clf__min_i64(o->x->rows - first, BLOCK_ROWS);
    const clf__f64_view x = clf__f64_matrix(o->wide, count, columns, columns);
    CLF__CHECK(clf__progress_check());
    clf__centered_read(&rows, o->context, first, count, o->wide, columns);
    set_bias(o, at + weights, count);
    CLF__CHECK(clf__gemm_f64(o->context, 1, x, clf__f64_transposed(at, columns, outputs, columns),
                             1, o->z, outputs));
    *loss += weigh_residuals(o, first, count, o->z, gradient + weights);
    CLF__CHECK(clf__gemm_f64(o->context, 1, clf__f64_transposed(o->z, outputs, count, outputs), x,
                             1, gradient, columns));
  }
  return CLF_OK;
}

/* W^T and the gradient's transpose share `wide` [columns, 2, outputs]. */
static clf_status evaluate_sparse(clf__logistic_objective *o, const double *at, double *loss,
                                  double *gradient) {
  const int64_t columns = o->columns, outputs = o->outputs, weights = outputs * columns;
  const clf__rows *x = o->x;
  for (int64_t j = 0; j < columns; j++) {
    for (int64_t k = 0; k < outputs; k++) {
      o->wide[2 * j * outputs + k] = at[k * columns + j];
      o->wide[(2 * j + 1) * outputs + k] = 0;
    }
  }
  for (int64_t i = 0; i < x->rows; i++) {
    CLF__CHECK(i % ASKED == 0 ? clf__progress_check() : CLF_OK);
    set_bias(o, at + weights, 1);
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      const double *w = o->wide + 2 * x->column[e] * outputs;
      for (int64_t k = 0; k < outputs; k++) {
        o->z[k] += (double)x->value[e] * w[k];
      }
    }
    *loss += weigh_residuals(o, i, 1, o->z, gradient + weights);
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      double *sums = o->wide + (2 * x->column[e] + 1) * outputs;
      for (int64_t k = 0; k < outputs; k++) {
        sums[k] += (double)x->value[e] * o->z[k];
      }
    }
  }
  for (int64_t i = 0; i < weights; i++) {
    gradient[i] = o->wide[(2 * (i % columns) + 1) * outputs + i / columns];
  }
  return CLF_OK;
}

clf_status clf__logistic_evaluate_f64(clf__logistic_objective *o, const double *at, double *value,
                                      double *gradient) {
  const int64_t weights = o->outputs * o->columns;
  double loss = 0, square = 0;
  memset(gradient, 0, (size_t)(weights + o->outputs) * sizeof *gradient);
  CLF__CHECK(clf__rows_sparse(o->x) ? evaluate_sparse(o, at, &loss, gradient)
                                    : evaluate_dense(o, at, &loss, gradient));
  for (int64_t i = 0; i < weights; i++) {
    gradient[i] = gradient[i] / o->weight_sum + o->penalty * at[i];
    square += at[i] * at[i];
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    gradient[weights + k] = o->intercept ? gradient[weights + k] / o->weight_sum : 0;
  }
  *value = loss / o->weight_sum + (o->penalty > 0 ? o->penalty / 2 * square : 0);
  return CLF_OK;
}
