/* Least squares: what is computed from the rows, in f64, a block at a time. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "ops/gemm.h"
#include "ops/least_squares_parts.h"
#include "ops/qr.h"

enum { BLOCK_ROWS = 512 };

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static double row_weight(const clf__least_squares *p, int64_t row) {
  return p->scale * (p->weights == NULL ? 1 : (double)p->weights[row]);
}

static double target(const clf__least_squares *p, int64_t row, int64_t output) {
  const double value = p->targets != NULL         ? p->targets[row * p->outputs + output]
                       : p->labels[row] == output ? 1
                                                  : -1;
  return value - p->target_mean[output];
}

/* fitted [rows, outputs] becomes v (t - fitted), and its squares over v are added to energy. */
static void take_residuals(const clf__least_squares *p, int64_t first, int64_t rows,
                           int64_t outputs, bool with_targets, double *fitted, double *energy) {
  for (int64_t i = 0; i < rows; i++) {
    const double weight = row_weight(p, first + i);
    for (int64_t k = 0; k < outputs; k++) {
      double *value = &fitted[i * outputs + k];
      const double residual = (with_targets ? target(p, first + i, k) : 0) - *value;
      energy[k] += weight * residual * residual;
      *value = weight * residual;
    }
  }
}

static void take_penalty(const clf__least_squares *p, const double *z, int64_t outputs,
                         double *gradient, double *energy) {
  for (int64_t j = 0; p->penalty != NULL && j < p->rows.x->columns; j++) {
    for (int64_t k = 0; k < outputs; k++) {
      const double value = z[j * outputs + k];
      gradient[j * outputs + k] -= p->penalty[j] * value;
      energy[k] += p->penalty[j] * value * value;
    }
  }
}

clf_status clf__ls_residuals(double *gradient, double *energy, clf_context *context,
                             const clf__least_squares *problem, const double *z, int64_t outputs,
                             bool with_targets) {
  const int64_t columns = problem->rows.x->columns, rows = problem->rows.x->rows;
  const int64_t block = smaller(BLOCK_ROWS, rows);
  const clf__progress progress = clf__progress_begin(context, "refine", rows);
  double *a = clf__alloc_array(context, block * columns, sizeof *a);
  double *fitted = clf__alloc_array(context, block * outputs, sizeof *fitted);
  clf_status status = a != NULL && fitted != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  memset(gradient, 0, (size_t)(columns * outputs) * sizeof *gradient);
  memset(energy, 0, (size_t)outputs * sizeof *energy);
  for (int64_t first = 0; first < rows && status == CLF_OK; first += block) {
    const int64_t here = smaller(block, rows - first);
    CLF__TRY(first > 0 ? clf__progress_step(&progress, first, NAN, NAN) : CLF_OK);
    clf__centered_read(&problem->rows, context, first, here, a, columns);
    CLF__TRY(clf__gemm_f64(context, false, false, here, outputs, columns, 1, a, columns, z, outputs,
                           0, fitted, outputs));
    take_residuals(problem, first, here, outputs, with_targets, fitted, energy);
    CLF__TRY(clf__gemm_f64(context, true, false, columns, outputs, here, 1, a, columns, fitted,
                           outputs, 1, gradient, outputs));
  }
  take_penalty(problem, z, outputs, gradient, energy);
done:
  clf__free(a);
  clf__free(fitted);
  return status;
}

/* Row i times sqrt(v_i), its targets after it. */
static void weigh_row(const clf__least_squares *p, int64_t row, double *out) {
  const int64_t columns = p->rows.x->columns;
  const double root = sqrt(row_weight(p, row));
  for (int64_t j = 0; root != 1 && j < columns; j++) {
    out[j] *= root;
  }
  for (int64_t k = 0; k < p->outputs; k++) {
    out[columns + k] = p->target_mean != NULL ? root * target(p, row, k) : 0;
  }
}

clf_status clf__ls_triangle(double *r, clf_context *context, const clf__least_squares *problem) {
  const int64_t columns = problem->rows.x->columns, rows = problem->rows.x->rows;
  const int64_t width = columns + problem->outputs, block = smaller(BLOCK_ROWS, rows);
  const clf__progress progress = clf__progress_begin(context, "qr", rows);
  double *a = clf__alloc_array(context, block * width, sizeof *a);
  clf_status status = a != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t j = 0; problem->penalty != NULL && j < columns; j++) {
    r[j * width + j] = sqrt(problem->penalty[j]);
  }
  for (int64_t first = 0; first < rows && status == CLF_OK; first += block) {
    const int64_t here = smaller(block, rows - first);
    CLF__TRY(first > 0 ? clf__progress_step(&progress, first, NAN, NAN) : CLF_OK);
    clf__centered_read(&problem->rows, context, first, here, a, width);
    for (int64_t i = 0; i < here; i++) {
      weigh_row(problem, first + i, a + i * width);
    }
    status = clf__qr_add_rows(context, r, columns, width, width, a, here, width);
  }
done:
  clf__free(a);
  return status;
}
