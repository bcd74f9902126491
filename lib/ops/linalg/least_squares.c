/* Least squares: chooses the method by what the factor and the rows show. */
#include "ops/linalg/least_squares.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/random.h"
#include "comm/shards.h"
#include "ops/linalg/gram_parts.h"
#include "ops/linalg/least_squares_parts.h"
#include "ops/linalg/mirror.h"
#include "tensor/rows_precision.h"

enum { PROBES = 4, MAX_PASSES = 30, QR_ROWS = 512 };

/* Rounding error of a sum of f64 products. A pivot below a small multiple of it does not show that
 * a column is independent. */
static const double fine_rounding = 1e-15, pivot_margin = 4;
/* S's rounding errors change the solution (by `growth`, relative to it) and the fitted values (by
 * `effect`). A solution is accepted up to the coarse or fine limits of both. Refinement can correct
 * it up to max_growth; a larger change means that a pivot was a rounding error. The coefficients
 * that express dropped columns by the others are not refined. */
static const double coarse_growth = 1e-3, fine_growth = 1e-8;
static const double max_growth = 0.01, max_growth_of_rest = 1e-3;
static const double coarse_effect = 1e-4, fine_effect = 1e-8;
static const double goal = 1e-10; /* relative change of the fitted values that remains */

typedef struct solver {
  clf__arena arena;
  clf_context *context;
  const clf__least_squares *problem;
  int64_t columns, outputs;
  bool coarse;
  double *lengths;                 /* [columns] lengths of the columns */
  double *units;                   /* [columns] rounding error of the column in f64 rows */
  double *noise;                   /* [columns] */
  double *y, *gradient, *solution; /* [columns, outputs] */
  double *energy, *fit;            /* [outputs] */
  double *probe, *probe_solution;  /* [columns, PROBES] */
  clf__ls_factor factor;
  double growth, lift; /* effect of random rounding errors of S: see measure_rounding() */
} solver;

static clf_status allocate(solver *s) {
  const int64_t n = s->columns, size = clf__count(n, s->outputs);
  s->arena.context = s->context;
  s->lengths = clf__arena_array(&s->arena, n, sizeof(double));
  s->units = clf__arena_array(&s->arena, n, sizeof(double));
  s->noise = clf__arena_array(&s->arena, n, sizeof(double));
  s->y = clf__arena_array(&s->arena, size, sizeof(double));
  s->gradient = clf__arena_array(&s->arena, size, sizeof(double));
  s->energy = clf__arena_array(&s->arena, s->outputs + 1, sizeof(double));
  s->fit = clf__arena_array(&s->arena, s->outputs, sizeof(double));
  s->probe = clf__arena_matrix(&s->arena, n, PROBES, sizeof(double));
  s->probe_solution = clf__arena_matrix(&s->arena, n, PROBES, sizeof(double));
  return clf__arena_status(&s->arena);
}

static void release(solver *s) {
  clf__ls_factor_free(&s->factor);
  clf__arena_free(&s->arena);
}

/* Returns the size of the numbers from which column j's center was subtracted; their rounding error
 * remains. */
static double offset_size(const clf__centered *c, int64_t classes, int64_t j) {
  const double stored = c->x->center != NULL ? fabs(c->x->center[j]) : 0;
  double mean = c->mean != NULL && c->class_means == NULL ? fabs(c->mean[j]) : 0;
  for (int64_t k = 0; c->class_means != NULL && k < classes; k++) {
    mean = fmax(mean, fabs(c->class_means[k * c->x->columns + j]));
  }
  return (stored + mean) * (c->factor != NULL ? c->factor[j] : 1);
}

static clf_status add_weights(void *argument, int64_t first, int64_t rows, double *sums) {
  const float *weights = ((const clf__least_squares *)argument)->weights;
  for (int64_t i = first; i < first + rows; i++) {
    *sums += weights != NULL ? (double)weights[i] : 1;
  }
  return CLF_OK;
}

static clf_status sum_weights(double *total, const clf__least_squares *p) {
  clf__least_squares problem = *p;
  const clf__shard_sum sum = {.name = "weights",
                              .of = p->rows.x->shards,
                              .rows = p->rows.x->rows,
                              .integers = p->weights == NULL,
                              .add = add_weights,
                              .argument = &problem};
  *total = 0;
  return clf__shards_sum(&sum, total, 1);
}

/* A column whose sum of squares is not above 0 is the same in all rows, or its squares overflow a
 * double. */
static clf_status check_squares(const solver *s) {
  const clf__least_squares *p = s->problem;
  int64_t column;
  if (p->uncertainty != NULL) {
    return CLF_OK;
  }
  const clf_status status =
      clf__rows_vanishing(&column, s->context, p->rows.x, p->weights, p->matrix, s->columns + 1);
  return status < 0 || column < 0
             ? status
             : clf__fail(CLF_ERROR_NUMERIC,
                         "least squares: the sum of squares of column %lld is below the range of "
                         "doubles: scale it up (transform: standardize)",
                         (long long)column);
}

/* A column that is no longer than its own rounding error is the same in all rows; it becomes 0. */
static clf_status measure_columns(solver *s) {
  const clf__least_squares *p = s->problem;
  const int64_t n = s->columns;
  double total;
  CLF__CHECK(sum_weights(&total, p));
  const double root = sqrt(p->scale * total);
  const double steps =
      (double)n + (double)clf__shards_rows(p->rows.x->shards, p->rows.x->rows) / QR_ROWS;
  for (int64_t j = 0; j < n; j++) {
    const double square = fmax(p->matrix[j * n + j], 0);
    const double offset = root * offset_size(&p->rows, s->outputs, j);
    s->lengths[j] = sqrt(square);
    s->units[j] = 4 * DBL_EPSILON * (steps * s->lengths[j] + offset);
    s->noise[j] = p->noise[j];
    s->units[j] = fmax(s->units[j], p->uncertainty != NULL ? pivot_margin * s->noise[j] : 0);
    if (!isfinite(s->units[j]) || isnan(p->matrix[j * n + j])) {
      return clf__fail(CLF_ERROR_NUMERIC,
                       "least squares: the sum of squares of column %lld overflows", (long long)j);
    }
    if (s->lengths[j] <= s->units[j]) {
      s->lengths[j] = s->noise[j] = 0;
      for (int64_t i = 0; i < n; i++) {
        p->matrix[i * n + j] = p->matrix[j * n + i] = 0;
      }
    }
  }
  return CLF_OK;
}

static double norm_of(const double *values, int64_t rows, int64_t outputs, int64_t k,
                      const double *factor) {
  double sum = 0;
  for (int64_t i = 0; i < rows; i++) {
    const double value = (factor != NULL ? factor[i] : 1) * values[i * outputs + k];
    sum += value * value;
  }
  return sqrt(sum);
}

static clf_status factor_matrix(solver *s) {
  const clf__least_squares *p = s->problem;
  double share = (double)s->columns * DBL_EPSILON;
  for (int64_t j = 0; j < s->columns; j++) {
    const double ratio = s->lengths[j] > 0 ? s->noise[j] / s->lengths[j] : 0;
    share = fmax(share, pivot_margin * ratio * ratio);
  }
  clf__ls_factor_free(&s->factor);
  return clf__ls_factor_cholesky(&s->factor, s->context, p->matrix, s->columns,
                                 fmax(share, p->tolerance), p->tolerance > share);
}

/* Random errors noise_i noise_j z_i of S, with z_i = +-1, change the solution Z by M^-1 (noise z)
 * |noise Z|. `growth` is the factor by which |noise Z| changes, and `lift` times |noise Z| is the
 * change of the fitted values. */
static clf_status measure_rounding(solver *s) {
  clf__random random = clf__random_seed(1, 0);
  for (int64_t j = 0; j < s->columns; j++) {
    for (int64_t i = 0; i < PROBES; i++) {
      const double sign = clf__random_next(&random) >> 63 ? 1 : -1;
      s->probe_solution[j * PROBES + i] = sign * s->noise[j];
    }
  }
  clf_status status = clf__ls_forward(&s->factor, s->context, s->probe_solution, PROBES, s->probe);
  s->growth = s->lift = 0;
  for (int64_t i = 0; i < PROBES; i++) {
    s->lift = fmax(s->lift, norm_of(s->probe, s->factor.rank, PROBES, i, NULL));
  }
  if (status == CLF_OK) {
    status = clf__ls_backward(&s->factor, s->context, s->probe, PROBES, s->probe_solution);
  }
  for (int64_t i = 0; i < PROBES; i++) {
    s->growth = fmax(s->growth, norm_of(s->probe_solution, s->columns, PROBES, i, s->noise));
  }
  return status;
}

/* Sums the residuals of the dropped columns, scaled to length 1, with random signs: one pass over
 * the rows shows whether they are rounding errors. Rounding errors of the factor itself are
 * corrected as often as that helps. */
static clf_status confirm_rank(solver *s, bool *confirmed) {
  clf__random random = clf__random_seed(2, 0);
  const clf__ls_factor *f = &s->factor;
  const int64_t others = s->columns - f->rank;
  clf__ls_factor counting = *f; /* solves for the independent columns only */
  counting.rest = counting.project = NULL;
  double *sum = s->probe, *gradient = s->probe_solution;
  double *y = s->probe + s->columns, *step = s->probe_solution + s->columns;
  double limit = 0, before = INFINITY;
  clf_status status = CLF_OK;
  memset(sum, 0, (size_t)s->columns * sizeof *sum);
  for (int64_t j = 0; j < others; j++) {
    const int64_t column = f->order[f->rank + j];
    const double length = s->lengths[column];
    if (length > 0) {
      sum[column] = (clf__random_next(&random) >> 63 ? 1 : -1) / length;
      limit += s->units[column] / length * (s->units[column] / length);
    }
    for (int64_t a = 0; a < f->rank; a++) {
      sum[f->order[a]] -= f->rest[a * others + j] * sum[column];
    }
  }
  for (int pass = 0; pass < MAX_PASSES && status == CLF_OK; pass++) {
    status = clf__ls_residuals(gradient, s->energy, s->context, s->problem, sum, 1, false);
    *confirmed = s->energy[0] <= limit;
    if (*confirmed || !(s->energy[0] < before / 4)) {
      break;
    }
    before = s->energy[0];
    CLF__TRY(clf__ls_forward(&counting, s->context, gradient, 1, y));
    CLF__TRY(clf__ls_backward(&counting, s->context, y, 1, step));
    for (int64_t j = 0; j < s->columns; j++) {
      sum[j] += step[j];
    }
  }
done:
  return status;
}

/* Solves for a right side; with `fit` it also stores the length of the fitted values. */
static clf_status solve_for(solver *s, const double *right, double *solution, double *fit) {
  clf_status status = clf__ls_forward(&s->factor, s->context, right, s->outputs, s->y);
  for (int64_t k = 0; k < s->outputs; k++) {
    fit[k] = norm_of(s->y, s->factor.rank, s->outputs, k, NULL);
  }
  return status < 0 ? status : clf__ls_backward(&s->factor, s->context, s->y, s->outputs, solution);
}

/* Returns the relative change of the fitted values by the rounding errors of S. */
static double effect_of_rounding(const solver *s) {
  double effect = 0;
  for (int64_t k = 0; k < s->outputs; k++) {
    const double moved = s->lift * norm_of(s->solution, s->columns, s->outputs, k, s->noise);
    effect = fmax(effect, s->fit[k] > 0 ? moved / s->fit[k] : 0);
  }
  return effect;
}

static bool rounding_is_harmless(const solver *s) {
  const double effect = effect_of_rounding(s);
  return effect <= (s->coarse ? coarse_effect : fine_effect) &&
         s->growth <= (s->coarse ? coarse_growth : fine_growth);
}

/* Computes the right side minus S Z from the rows. With targets it is the gradient of the sum of
 * squares, whose residuals are small if the fit is good. */
static clf_status compute_gradient(solver *s) {
  const clf__least_squares *p = s->problem;
  const bool with_targets = p->target_mean != NULL;
  clf_status status = clf__ls_residuals(s->gradient, s->energy, s->context, p, s->solution,
                                        s->outputs, with_targets);
  for (int64_t i = 0; !with_targets && i < s->columns * s->outputs; i++) {
    s->gradient[i] += p->right_side[i];
  }
  return status;
}

static clf_status refine(solver *s, bool *reached) {
  double before = INFINITY;
  clf_status status = CLF_OK;
  clf__arena arena = {.context = s->context};
  double *step = clf__arena_matrix(&arena, s->columns, s->outputs, sizeof *step);
  double *length = clf__arena_array(&arena, s->outputs, sizeof *length);
  CLF__TRY(clf__arena_status(&arena));
  for (int pass = 0; pass < MAX_PASSES && !*reached; pass++) {
    double change = 0;
    CLF__TRY(compute_gradient(s));
    CLF__TRY(solve_for(s, s->gradient, step, length));
    for (int64_t k = 0; k < s->outputs; k++) {
      const double fit = fmax(s->fit[k], 1e-8 * sqrt(s->energy[k]));
      change = fmax(change, length[k] > 0 ? length[k] / fit : 0);
    }
    if (!(change < 0.5 * before)) {
      break;
    }
    for (int64_t i = 0; i < s->columns * s->outputs; i++) {
      s->solution[i] += step[i];
    }
    *reached = change <= goal || (pass > 0 && change * (change / before) <= goal);
    before = change;
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Cholesky, with refinement if needed. Sums of bytes are exact, so a pivot of rounding error means
 * that the columns of bytes do not differ. */
static clf_status solve_by_scatter(solver *s, bool *reached) {
  bool trusted = false;
  clf_status status = CLF_OK;
  CLF__TRY(factor_matrix(s));
  CLF__TRY(measure_rounding(s));
  trusted = s->growth <= (s->factor.rest != NULL ? max_growth_of_rest : max_growth);
  if (trusted && s->factor.rest != NULL) {
    trusted = s->factor.project != NULL;
    if (trusted && !s->problem->exact) {
      trusted = false;
      CLF__TRY(s->problem->rows.x->shards != NULL
                   ? CLF_OK
                   : clf__ls_explained_by_few(&trusted, s->context, s->problem, &s->factor,
                                              s->lengths, s->units));
      CLF__TRY(trusted ? CLF_OK : confirm_rank(s, &trusted));
    }
  }
  if (trusted) {
    CLF__TRY(solve_for(s, s->problem->right_side, s->solution, s->fit));
    *reached = rounding_is_harmless(s);
    status = *reached ? CLF_OK : refine(s, reached);
  }
done:
  return status;
}

/* Without the rows. */
static clf_status solve_by_sums(solver *s) {
  const clf__least_squares *p = s->problem;
  const int64_t n = s->columns;
  clf_status status = CLF_OK;
  double *copy = clf__alloc_matrix(s->context, n, n, sizeof *copy);
  CLF__TRY(copy != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  memcpy(copy, p->matrix, (size_t)(n * n) * sizeof *copy);
  CLF__TRY(factor_matrix(s));
  CLF__TRY(measure_rounding(s));
  const bool split = s->factor.rest != NULL;
  if (s->growth <= (split ? max_growth_of_rest : max_growth) &&
      !(split && s->factor.project == NULL)) {
    CLF__TRY(solve_for(s, p->right_side, s->solution, s->fit));
    *p->uncertainty = fmax(effect_of_rounding(s), s->growth);
  } else {
    *p->uncertainty = 1;
    status = clf__ls_solve_in_eigenvectors(s->solution, s->context, copy, n, s->noise,
                                           p->right_side, s->outputs);
  }
done:
  clf__free(copy);
  return status;
}

static clf_status add_products(void *argument, int64_t first, int64_t rows, double *matrix) {
  const solver *s = argument;
  clf__rows x;
  const clf__least_squares range = clf__ls_range(s->problem, &x, first, rows);
  return clf__gram_add_f64(matrix, s->context, &range.rows, range.weights, range.scale);
}

/* Computes S in f64. */
static clf_status sum_products(solver *s) {
  const clf__least_squares *p = s->problem;
  const int64_t n = s->columns;
  const clf__shard_sum sum = {.name = "products in f64",
                              .of = p->rows.x->shards,
                              .rows = p->rows.x->rows,
                              .add = add_products,
                              .argument = s};
  clf__zero_f64(s->context, p->matrix, n * n);
  clf_status status = clf__shards_sum(&sum, p->matrix, n * n);
  clf__mirror_upper(s->context, p->matrix, n);
  for (int64_t i = 0; i < n; i++) {
    p->matrix[i * n + i] += p->penalty != NULL ? p->penalty[i] : 0;
    for (int64_t j = 0; s->lengths[i] == 0 && j < n; j++) {
      p->matrix[i * n + j] = p->matrix[j * n + i] = 0;
    }
    s->noise[i] = sqrt(fine_rounding) * s->lengths[i];
  }
  s->coarse = false;
  return status;
}

static clf_status solve_by_triangle(solver *s) {
  const int64_t n = s->columns, width = n + s->outputs;
  if (s->problem->rows.x->shards != NULL && s->problem->rows.x->shards->ranks > 1) {
    return clf__comm_refuse(s->context, "least squares on columns that nearly explain each other");
  }
  double *r = clf__alloc_zeroed(s->context, clf__count(n, width), sizeof *r);
  clf_status status = r != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status < 0) {
    goto done;
  }
  CLF__TRY(clf__ls_triangle(r, s->context, s->problem));
  clf__ls_factor_free(&s->factor);
  CLF__TRY(
      clf__ls_factor_triangle(&s->factor, s->context, s->problem->matrix, n, width, r, s->units));
  if (s->problem->target_mean == NULL) {
    status = solve_for(s, s->problem->right_side, s->solution, s->fit);
    goto done;
  }
  for (int64_t a = 0; a < s->factor.rank; a++) {
    memcpy(s->y + a * s->outputs, r + a * width + n, (size_t)s->outputs * sizeof *r);
  }
  status = clf__ls_backward(&s->factor, s->context, s->y, s->outputs, s->solution);
done:
  clf__free(r);
  return status;
}

/* Logs how many columns are combinations of others. Columns that are the same in all rows carry no
 * information and are not counted. */
static void report_rank(const solver *s) {
  int64_t explained = s->columns - s->factor.rank;
  for (int64_t j = 0; j < s->columns; j++) {
    explained -= s->lengths[j] == 0;
  }
  if (explained > 0) {
    clf__log(s->context, CLF_LOG_INFO,
             "least squares: %lld of %lld features are explained by the others as far as %s; %s",
             (long long)explained, (long long)s->columns,
             s->factor.rest == NULL            ? "tolerance asks"
             : s->problem->uncertainty != NULL ? "their sums tell"
                                               : "f64 tells",
             s->factor.rest != NULL ? "of all solutions the one of minimum norm is taken"
                                    : "they are left out, with weights of 0");
  }
}

clf_status clf__least_squares_solve(double *solution, int64_t *rank, clf_context *context,
                                    const clf__least_squares *problem) {
  solver s = {.context = context,
              .problem = problem,
              .columns = problem->rows.x->columns,
              .outputs = problem->outputs,
              .coarse = problem->coarse,
              .solution = solution};
  bool reached = false;
  clf_status status = CLF_OK;
  CLF__TRY(allocate(&s));
  CLF__TRY(check_squares(&s));
  CLF__TRY(measure_columns(&s));
  reached = problem->uncertainty != NULL;
  CLF__TRY(reached ? solve_by_sums(&s) : solve_by_scatter(&s, &reached));
  if (!reached && s.coarse) {
    CLF__TRY(sum_products(&s));
    CLF__TRY(solve_by_scatter(&s, &reached));
  }
  if (!reached) {
    CLF__TRY(solve_by_triangle(&s));
  }
  report_rank(&s);
  if (rank != NULL) {
    *rank = s.factor.rank;
  }
done:
  release(&s);
  return status;
}
