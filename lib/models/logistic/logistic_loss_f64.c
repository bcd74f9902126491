/* The objective of logistic regression and its gradient in f64, for precision=f64: the formulas are
 * those of logistic_loss.c.
 *
 * Nothing is rounded to f32 but the residuals that the preconditioner estimates curvatures from
 * (ops/linalg/linear_pass.h). An evaluation takes some three times as long as in f32. */
#include <math.h>
#include <string.h>

#include "models/logistic/logistic.h"

/* What an evaluation sums over the rows. */
typedef struct evaluation {
  const clf__logistic_objective *objective;
  const double *at; /* the variables */
  float *of_rows;   /* NULL, or what is summed are curvatures, and their sums [rows] */
  int64_t first;    /* index of the first row that is summed now */
  clf__logistic_sums sums;
} evaluation;

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
static double sigmoid_residual(const clf__logistic_objective *o, int32_t own, double weight,
                               double *losses, double *z) {
  double loss = 0;
  for (int64_t k = 0; k < o->outputs; k++) {
    const double sign = own == (o->outputs == 1 ? 1 : k) ? -1 : 1, value = sign * z[k];
    const double small = exp(-fabs(value));
    const double of_output = fmax(value, 0) + log1p(small);
    loss += of_output;
    losses[k] += weight * of_output / o->weight_sum;
    z[k] = sign * (value > 0 ? 1 : small) / (1 + small);
  }
  return loss;
}

/* Replaces residuals by curvatures in f32, and z by these. */
static void take_curvatures(const evaluation *e, int64_t row, float *residual, double *z) {
  e->of_rows[row] = clf__logistic_row_curvatures(e->objective, row, residual);
  for (int64_t k = 0; k < e->objective->outputs; k++) {
    z[k] = (double)residual[k];
  }
}

/* The residuals times weights. */
static void weigh_residuals(void *argument, int64_t first, int64_t rows, double *z) {
  const evaluation *e = argument;
  const clf__logistic_objective *o = e->objective;
  const clf__logistic_sums *sums = &e->sums;
  for (int64_t i = 0; i < rows; i++, z += o->outputs) {
    const int64_t row = e->first + first + i;
    const double weight = clf__logistic_own_weight(o, row);
    const int32_t own = o->labels[row];
    for (int64_t k = 0; k < o->outputs && o->z != NULL; k++) {
      o->z[row * o->outputs + k] = z[k];
    }
    *sums->loss += weight * (o->link == CLF__LOGISTIC_SOFTMAX
                                 ? softmax_residual(o, own, z)
                                 : sigmoid_residual(o, own, weight, sums->losses, z));
    float *residual = o->residual + (o->keeps_residual ? row * o->outputs : 0);
    for (int64_t k = 0; k < o->outputs; k++) {
      z[k] *= weight;
      residual[k] = (float)(z[k] / o->weight_sum * (double)o->rows);
    }
    if (e->of_rows != NULL) {
      take_curvatures(e, row, residual, z);
    }
    for (int64_t k = 0; k < o->outputs; k++) {
      sums->bias[k] += z[k];
    }
  }
}

static clf_status add_rows(void *argument, int64_t first, int64_t rows, double *sums) {
  evaluation *e = argument;
  const clf__logistic_objective *o = e->objective;
  const clf__rows x = clf__rows_range(o->x, first, rows);
  clf__linear_pass pass = o->pass;
  pass.x = &x;
  e->first = first;
  e->sums = clf__logistic_sums_of(o, sums);
  return clf__linear_pass_run(&pass, e->at, e->at + o->outputs * o->columns, weigh_residuals, e,
                              e->sums.gradient);
}

clf_status clf__logistic_evaluate_f64(clf__logistic_objective *o, const double *at, double *value,
                                      double *gradient) {
  const int64_t weights = o->outputs * o->columns;
  double square = 0;
  evaluation e = {.objective = o, .at = at};
  clf__logistic_sums sums;
  CLF__CHECK(clf__logistic_sum(&sums, o, add_rows, &e));
  memcpy(o->losses, sums.losses, (size_t)o->outputs * sizeof *o->losses);
  for (int64_t i = 0; i < weights; i++) {
    gradient[i] = sums.gradient[i] / o->weight_sum + o->penalty * at[i];
    square += at[i] * at[i];
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    gradient[weights + k] = o->intercept ? sums.bias[k] / o->weight_sum : 0;
  }
  *value = *sums.loss / o->weight_sum + (o->penalty > 0 ? o->penalty / 2 * square : 0);
  return CLF_OK;
}

clf_status clf__logistic_curvatures_f64(const clf__logistic_objective *o, float *of_rows,
                                        clf__logistic_sums *sums) {
  evaluation e = {.objective = o, .at = o->at, .of_rows = of_rows};
  return clf__logistic_sum(sums, o, add_rows, &e);
}
