/* Least squares: what is computed from the rows, in f64, a block at a time. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/progress.h"
#include "comm/shards.h"
#include "ops/kernels.h"
#include "ops/linalg/least_squares_parts.h"
#include "ops/linalg/qr.h"
#include "ops/linalg/vectors.h"

enum { BLOCK_ROWS = 512, STEP = 16, PARTS = 16 };

static double row_weight(const clf__least_squares *p, int64_t row) {
  return p->scale * (p->weights == NULL ? 1 : (double)p->weights[row]);
}

static double target(const clf__least_squares *p, int64_t row, int64_t output) {
  const double value = p->targets != NULL         ? p->targets[row * p->outputs + output]
                       : p->labels[row] == output ? 1
                                                  : -1;
  return value - p->target_mean[output];
}

/* One pass over the rows. Part p reads blocks p + PARTS n of STEP rows, and sums them by itself,
 * whichever thread runs it. */
typedef struct residuals {
  clf_context *context;
  const clf__least_squares *problem;
  const clf__kernels *kernels;
  int64_t outputs, first;
  bool with_targets;
  const double *z; /* [outputs, columns] */
  double *rows;    /* [threads, STEP, columns] */
  double *sums;    /* [PARTS, outputs, columns + 1]: gradient and energy */
} residuals;

/* values [rows], the fitted values, become v (t - fitted). Returns the sum of their squares over
 * v. */
static double compute_residuals(const residuals *r, int64_t first, int64_t rows, int64_t output,
                                double *values) {
  double energy = 0;
  for (int64_t i = 0; i < rows; i++) {
    const double weight = row_weight(r->problem, first + i);
    const double residual =
        (r->with_targets ? target(r->problem, first + i, output) : 0) - values[i];
    energy += weight * residual * residual;
    values[i] = weight * residual;
  }
  return energy;
}

static void add_part(void *argument, clf__range range) {
  const residuals *r = argument;
  const int64_t columns = r->problem->rows.x->columns;
  const int64_t first = r->first + range.first, rows = range.end - range.first;
  double *block = r->rows + range.worker * STEP * columns;
  double *sums = r->sums + range.index * r->outputs * (columns + 1);
  double values[STEP];
  clf__centered_read(&r->problem->rows, r->context, first, rows, block, columns);
  for (int64_t k = 0; k < r->outputs; k++, sums += columns + 1) {
    r->kernels->vectors->dot_rows(block, rows, columns, r->z + k * columns, columns, values);
    sums[columns] += compute_residuals(r, first, rows, k, values);
    r->kernels->vectors->add_rows(block, rows, columns, values, columns, sums);
  }
}

/* Adds the sums of the parts in order. */
static void add_parts(const residuals *r, double *gradient, double *energy) {
  const int64_t columns = r->problem->rows.x->columns;
  const double *sums = r->sums;
  for (int64_t part = 0; part < PARTS; part++) {
    for (int64_t k = 0; k < r->outputs; k++, sums += columns + 1) {
      for (int64_t j = 0; j < columns; j++) {
        gradient[j * r->outputs + k] += sums[j];
      }
      energy[k] += sums[columns];
    }
  }
}

static void add_penalty(const clf__least_squares *p, const double *z, int64_t outputs,
                        double *gradient, double *energy) {
  for (int64_t j = 0; p->penalty != NULL && j < p->rows.x->columns; j++) {
    for (int64_t k = 0; k < outputs; k++) {
      const double value = z[j * outputs + k];
      gradient[j * outputs + k] -= p->penalty[j] * value;
      energy[k] += p->penalty[j] * value * value;
    }
  }
}

clf__least_squares clf__ls_range(const clf__least_squares *problem, clf__rows *x, int64_t first,
                                 int64_t rows) {
  clf__least_squares range = *problem;
  *x = clf__rows_range(problem->rows.x, first, rows);
  range.rows.x = x;
  range.rows.labels = problem->rows.labels != NULL ? problem->rows.labels + first : NULL;
  range.weights = problem->weights != NULL ? problem->weights + first : NULL;
  range.labels = problem->labels != NULL ? problem->labels + first : NULL;
  range.targets = problem->targets != NULL ? problem->targets + first * problem->outputs : NULL;
  return range;
}

typedef struct residual_sums {
  clf_context *context;
  const clf__least_squares *problem;
  const double *z; /* [outputs, columns] */
  int64_t outputs;
  bool with_targets;
} residual_sums;

/* out: gradient [columns, outputs], then energy [outputs]. */
static clf_status add_residuals(void *argument, int64_t first, int64_t count, double *out) {
  const residual_sums *call = argument;
  clf__rows x;
  const clf__least_squares problem = clf__ls_range(call->problem, &x, first, count);
  const int64_t columns = x.columns, outputs = call->outputs;
  const int64_t threads = clf__context_threads(call->context);
  const clf__progress progress = clf__progress_begin(call->context, "refine", count);
  clf__arena arena = {.context = call->context};
  double *block = clf__arena_matrix(&arena, threads * STEP, columns, sizeof *block);
  double *sums = clf__arena_zeroed(&arena, clf__count(PARTS * outputs, columns + 1), sizeof *sums);
  residuals pass = {.context = call->context,
                    .problem = &problem,
                    .kernels = clf__kernels_for(call->context),
                    .outputs = outputs,
                    .with_targets = call->with_targets,
                    .z = call->z,
                    .rows = block,
                    .sums = sums};
  clf_status status = clf__arena_status(&arena);
  for (; pass.first < count && status == CLF_OK; pass.first += PARTS * STEP) {
    CLF__TRY(pass.first > 0 ? clf__progress_step(&progress, pass.first, NAN, NAN) : CLF_OK);
    const int64_t some = clf__min_i64(PARTS * STEP, count - pass.first);
    const double products = (double)some * (double)columns * (double)outputs;
    status = clf__progress_ranges(call->context, some, STEP, 4 * products * CLF__COST_COPY,
                                  add_part, &pass);
  }
  if (status == CLF_OK) {
    add_parts(&pass, out, out + columns * outputs);
  }
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__ls_residuals(double *gradient, double *energy, clf_context *context,
                             const clf__least_squares *problem, const double *z, int64_t outputs,
                             bool with_targets) {
  const clf__rows *x = problem->rows.x;
  const int64_t size = clf__count(x->columns, outputs);
  clf__arena arena = {.context = context};
  double *by_output = clf__arena_array(&arena, size, sizeof *by_output);
  double *sums = clf__arena_zeroed(&arena, clf__count(x->columns + 1, outputs), sizeof *sums);
  residual_sums call = {context, problem, by_output, outputs, with_targets};
  const clf__shard_sum sum = {.name = "residuals",
                              .of = x->shards,
                              .rows = x->rows,
                              .add = add_residuals,
                              .argument = &call};
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  for (int64_t i = 0; i < size; i++) {
    by_output[i % outputs * x->columns + i / outputs] = z[i];
  }
  CLF__TRY(clf__shards_sum(&sum, sums, size + outputs));
  memcpy(gradient, sums, (size_t)size * sizeof *gradient);
  memcpy(energy, sums + size, (size_t)outputs * sizeof *energy);
  add_penalty(problem, z, outputs, gradient, energy);
done:
  clf__arena_free(&arena);
  return status;
}

/* Computes row i times sqrt(v_i), followed by its targets. */
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
  const int64_t width = columns + problem->outputs, block = clf__min_i64(BLOCK_ROWS, rows);
  const clf__progress progress = clf__progress_begin(context, "qr", rows);
  double *a = clf__alloc_matrix(context, block, width, sizeof *a);
  clf_status status = a != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t j = 0; problem->penalty != NULL && j < columns; j++) {
    r[j * width + j] = sqrt(problem->penalty[j]);
  }
  for (int64_t first = 0; first < rows && status == CLF_OK; first += block) {
    const int64_t here = clf__min_i64(block, rows - first);
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
