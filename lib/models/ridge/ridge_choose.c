/* Chooses alpha by leave-one-out errors, for all candidates by one eigendecomposition (Golub, Heath
 * and Wahba 1979).
 *
 * Let X be the rows, centered and times sqrt(w_i), and T the targets, likewise. The fit leaves the
 * residuals R T, where R is symmetric, and the error of row i by a fit to the other rows is
 *   (R T)_i / R_ii.
 * X^T X = V L V^T and Z = X V, block by block, give
 *   R = I - Z (L + alpha)^-1 Z^T - u u^T,   u_i = sqrt(w_i / sum w),
 * without the last term if there is no intercept. Where there are not more rows than coefficients,
 * the residuals vanish with alpha, and both numbers of the quotient would be the rounding of 1.
 * There X X^T + c u u^T = U L U^T gives them without a difference from 1:
 *   R / alpha = U (L + alpha)^-1 U^T - u u^T / (c + alpha).
 * X^T u = 0, so any c only gives u an eigenvalue of its own. The mean of the others serves: a
 * larger one would hide them in its rounding, and 0 leave a difference of 1 / alpha.
 * Squared errors count w_i times. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/text.h"
#include "models/ridge/ridge.h"
#include "ops/linalg/centered.h"
#include "ops/linalg/eigen.h"
#include "ops/linalg/gemm.h"
#include "ops/ops.h"

enum { BLOCK_ROWS = 256, BLOCK_VALUES = 1 << 22, MAX_SIZE = 16384 };

typedef struct choosing {
  clf__arena arena;
  clf_context *context;
  const clf__training *training;
  const float *weights;
  const clf__list *candidates;
  bool intercept;
  bool by_rows; /* X X^T + c u u^T */
  int64_t rows, columns, outputs, size;
  double total;     /* weight of the rows */
  double constant;  /* c; 0 without an intercept */
  double *mean;     /* [columns] */
  double *targets;  /* [rows, outputs] T */
  double *matrix;   /* [size, size] what is decomposed, and destroyed by that */
  double *vectors;  /* [size, size] in the rows */
  double *values;   /* [size] */
  double *products; /* [size, outputs] Z^T T or U^T T */
  double *solution; /* [size, candidates, outputs] (L + alpha)^-1 Z^T T */
  double *inverse;  /* [size, candidates] 1 / (l_j + alpha) */
  double *errors;   /* [candidates, outputs] */
} choosing;

static double weight_of(const choosing *c, int64_t row) {
  return c->weights != NULL ? (double)c->weights[row] : 1;
}

static int64_t block_rows(const choosing *c) {
  return clf__clamp_i64(BLOCK_VALUES / clf__max_i64(c->columns, 1), 1, BLOCK_ROWS);
}

/* Reads rows of X. */
static void read_rows(const choosing *c, int64_t first, int64_t count, double *out) {
  const clf__centered rows = {.x = c->training->x, .mean = c->mean};
  clf__centered_read(&rows, c->context, first, count, out, c->columns);
  for (int64_t i = 0; i < count; i++) {
    const double root = sqrt(weight_of(c, first + i));
    for (int64_t j = 0; j < c->columns; j++) {
      out[i * c->columns + j] *= root;
    }
  }
}

static void set_targets(choosing *c) {
  const clf__training *t = c->training;
  for (int64_t k = 0; k < c->outputs; k++) {
    double sum = 0;
    for (int64_t i = 0; i < c->rows; i++) {
      double *value = &c->targets[i * c->outputs + k];
      *value = t->targets != NULL ? t->targets[i * c->outputs + k] : t->labels[i] == k ? 1 : -1;
      sum += weight_of(c, i) * *value;
    }
    for (int64_t i = 0; i < c->rows; i++) {
      double *value = &c->targets[i * c->outputs + k];
      *value = sqrt(weight_of(c, i)) * (*value - (c->intercept ? sum / c->total : 0));
    }
  }
}

/* Means of the columns. */
static clf_status set_means(choosing *c) {
  double *row = clf__arena_array(&c->arena, c->columns, sizeof *row);
  CLF__CHECK(clf__arena_status(&c->arena));
  for (int64_t i = 0; i < c->rows && c->intercept; i++) {
    CLF__CHECK(i % BLOCK_ROWS == 0 ? clf__progress_check() : CLF_OK);
    if (clf__rows_sparse(c->training->x)) {
      clf__sum_row(c->context, c->training->x, i, weight_of(c, i) / c->total, c->mean);
      continue;
    }
    clf__rows_read_f64(c->training->x, i, row);
    for (int64_t j = 0; j < c->columns; j++) {
      c->mean[j] += weight_of(c, i) / c->total * row[j];
    }
  }
  return CLF_OK;
}

/* Row `row` of X X^T for sparse rows: (x_i - m) . (x_j - m), from the entries of x_j. */
static clf_status multiply_sparse(choosing *c, int64_t row, double *centered) {
  const clf__rows *x = c->training->x;
  double of_mean = 0;
  clf__rows_read_f64(x, row, centered);
  for (int64_t j = 0; j < c->columns; j++) {
    centered[j] -= c->mean[j];
    of_mean += centered[j] * c->mean[j];
  }
  for (int64_t i = 0; i < c->rows; i++) {
    double sum = -of_mean;
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      sum += (double)x->value[e] * centered[x->column[e]];
    }
    c->matrix[row * c->rows + i] = sum * sqrt(weight_of(c, i) * weight_of(c, row));
  }
  return clf__progress_check();
}

/* X X^T by blocks of rows. */
static clf_status multiply_rows(choosing *c) {
  const int64_t block = block_rows(c);
  double *left = clf__arena_matrix(&c->arena, block, c->columns, sizeof *left);
  double *right = clf__arena_matrix(&c->arena, block, c->columns, sizeof *right);
  CLF__CHECK(clf__arena_status(&c->arena));
  for (int64_t i = 0; i < c->rows && clf__rows_sparse(c->training->x); i++) {
    CLF__CHECK(multiply_sparse(c, i, left));
  }
  for (int64_t i = 0; i < c->rows && !clf__rows_sparse(c->training->x); i += block) {
    const int64_t rows = clf__min_i64(block, c->rows - i);
    read_rows(c, i, rows, left);
    for (int64_t j = i; j < c->rows; j += block) {
      const int64_t others = clf__min_i64(block, c->rows - j);
      CLF__CHECK(clf__progress_check());
      read_rows(c, j, others, right);
      CLF__CHECK(clf__gemm_f64(c->context, 1, clf__f64_matrix(left, rows, c->columns, c->columns),
                               clf__f64_transposed(right, c->columns, others, c->columns), 0,
                               c->matrix + i * c->rows + j, c->rows));
    }
  }
  return CLF_OK;
}

/* matrix += c u u^T, with the mean of the eigenvalues as c. */
static void add_constant(choosing *c) {
  for (int64_t i = 0; i < c->rows; i++) {
    c->constant += c->matrix[i * c->rows + i] / (double)c->rows;
  }
  for (int64_t i = 0; i < c->rows; i++) {
    for (int64_t j = 0; j < c->rows; j++) {
      c->matrix[i * c->rows + j] +=
          c->constant * sqrt(weight_of(c, i)) * sqrt(weight_of(c, j)) / c->total;
    }
  }
}

/* X^T X. */
static clf_status multiply_columns(choosing *c) {
  const clf__gram_input input = {
      .x = c->training->x, .weights = c->weights, .centered = c->intercept, .f64 = true};
  clf__gram gram = {0};
  const clf_status status = clf__gram_create(&gram, c->context, &input);
  if (status == CLF_OK) {
    memcpy(c->matrix, gram.scatter, (size_t)(c->size * c->size) * sizeof *c->matrix);
    memcpy(c->mean, gram.mean, (size_t)c->columns * sizeof *c->mean);
  }
  clf__gram_free(&gram);
  return status;
}

static clf_status decompose(choosing *c) {
  CLF__CHECK(c->by_rows ? set_means(c) : CLF_OK);
  CLF__CHECK(c->by_rows ? multiply_rows(c) : multiply_columns(c));
  if (c->by_rows && c->intercept) {
    add_constant(c);
  }
  CLF__CHECK(clf__eigen_symmetric(c->context, c->matrix, c->size, c->size, c->values, c->vectors));
  double largest = 0;
  for (int64_t j = 0; j < c->size; j++) {
    largest = fmax(largest, c->values[j]);
  }
  /* Rows that depend on others have rounded zeros. Of columns that do, Z has nothing, so theirs may
   * stay as they are. */
  const double rounding = c->by_rows ? sqrt((double)c->size) * DBL_EPSILON * largest : 0;
  for (int64_t j = 0; j < c->size; j++) {
    c->values[j] = c->values[j] > rounding ? c->values[j] : 0;
  }
  return CLF_OK;
}

/* Computes rows of Z or U [count, size]; `scratch` is [count, columns]. */
static clf_status make_rows(const choosing *c, int64_t first, int64_t count, double *scratch,
                            double *z) {
  if (!c->by_rows) {
    read_rows(c, first, count, scratch);
    return clf__gemm_f64(c->context, 1, clf__f64_matrix(scratch, count, c->columns, c->columns),
                         clf__f64_transposed(c->vectors, c->columns, c->size, c->columns), 0, z,
                         c->size);
  }
  for (int64_t i = 0; i < count; i++) {
    for (int64_t j = 0; j < c->size; j++) {
      z[i * c->size + j] = c->vectors[j * c->size + first + i];
    }
  }
  return CLF_OK;
}

/* Uses rows of Z or U from `first` on. */
typedef clf_status (*rows_use)(choosing *c, int64_t first, int64_t count, const double *z);

static clf_status for_rows(choosing *c, rows_use use) {
  const int64_t block = block_rows(c);
  clf__arena arena = {.context = c->context};
  clf_status status = CLF_OK;
  double *scratch = clf__arena_matrix(&arena, block, c->by_rows ? 0 : c->columns, sizeof *scratch);
  double *z = clf__arena_matrix(&arena, block, c->size, sizeof *z);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t first = 0; first < c->rows; first += block) {
    const int64_t count = clf__min_i64(block, c->rows - first);
    CLF__TRY(clf__progress_check());
    CLF__TRY(make_rows(c, first, count, scratch, z));
    CLF__TRY(use(c, first, count, z));
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* products += Z^T T. */
static clf_status add_products(choosing *c, int64_t first, int64_t count, const double *z) {
  return clf__gemm_f64(
      c->context, 1, clf__f64_transposed(z, c->size, count, c->size),
      clf__f64_matrix(c->targets + first * c->outputs, count, c->outputs, c->outputs), 1,
      c->products, c->outputs);
}

static void solve_all(choosing *c) {
  const int64_t candidates = c->candidates->count;
  for (int64_t j = 0; j < c->size; j++) {
    for (int64_t a = 0; a < candidates; a++) {
      const double inverse = 1 / (c->values[j] + c->candidates->values[a]);
      c->inverse[j * candidates + a] = inverse;
      for (int64_t k = 0; k < c->outputs; k++) {
        c->solution[(j * candidates + a) * c->outputs + k] =
            inverse * c->products[j * c->outputs + k];
      }
    }
  }
}

/* Adds the squared errors of a row, from its row of Z or U times `solution` [candidates, outputs]
 * and the squares of that row times `inverse` [candidates]. */
static void add_row(choosing *c, int64_t row, const double *products, const double *squares) {
  const double of_mean = c->intercept ? weight_of(c, row) / c->total : 0;
  for (int64_t a = 0; a < c->candidates->count; a++) {
    const double left = c->by_rows ? squares[a] - of_mean / (c->constant + c->candidates->values[a])
                                   : 1 - squares[a] - of_mean;
    for (int64_t k = 0; k < c->outputs; k++) {
      const int64_t at = a * c->outputs + k;
      const double target = c->targets[row * c->outputs + k];
      const double error = (c->by_rows ? products[at] : target - products[at]) / left;
      c->errors[at] += left > 0 ? error * error : (double)INFINITY;
    }
  }
}

static clf_status add_errors(choosing *c, int64_t first, int64_t count, const double *z) {
  const int64_t candidates = c->candidates->count, all = candidates * c->outputs;
  clf__arena arena = {.context = c->context};
  clf_status status = CLF_OK;
  double *squares = clf__arena_matrix(&arena, count, c->size, sizeof *squares);
  double *predictions = clf__arena_matrix(&arena, count, all, sizeof *predictions);
  double *leverages = clf__arena_matrix(&arena, count, candidates, sizeof *leverages);
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < count * c->size; i++) {
    squares[i] = z[i] * z[i];
  }
  CLF__TRY(clf__gemm_f64(c->context, 1, clf__f64_matrix(z, count, c->size, c->size),
                         clf__f64_matrix(c->solution, c->size, all, all), 0, predictions, all));
  CLF__TRY(clf__gemm_f64(c->context, 1, clf__f64_matrix(squares, count, c->size, c->size),
                         clf__f64_matrix(c->inverse, c->size, candidates, candidates), 0, leverages,
                         candidates));
  for (int64_t i = 0; i < count; i++) {
    if (weight_of(c, first + i) > 0) {
      add_row(c, first + i, predictions + i * all, leverages + i * candidates);
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Returns the first candidate with the smallest error of outputs first … end - 1. */
static int64_t best(const choosing *c, int64_t first, int64_t end) {
  double smallest = (double)INFINITY;
  int64_t found = 0;
  for (int64_t a = 0; a < c->candidates->count; a++) {
    double sum = 0;
    for (int64_t k = first; k < end; k++) {
      sum += c->errors[a * c->outputs + k];
    }
    if (sum < smallest) {
      smallest = sum;
      found = a;
    }
  }
  return found;
}

static clf_status create(choosing *c, const clf__training *training) {
  const int64_t coefficients = training->x->columns + (c->intercept ? 1 : 0);
  c->by_rows = training->x->rows <= coefficients;
  const int64_t size = c->by_rows ? training->x->rows : training->x->columns;
  if (size > MAX_SIZE) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "ridge: choose needs a decomposition of %lld rows or features, at most "
                     "%d; choose alpha by cross-validation",
                     (long long)size, (int)MAX_SIZE);
  }
  c->rows = training->x->rows;
  c->columns = training->x->columns;
  c->outputs = training->outputs;
  c->size = size;
  int64_t counted = 0;
  for (int64_t i = 0; i < c->rows; i++) {
    c->total += weight_of(c, i);
    counted += weight_of(c, i) > 0;
  }
  if (counted < 2) {
    return clf__fail(CLF_ERROR_DATA, "ridge: leave-one-out needs two rows with a weight");
  }
  c->mean = clf__arena_zeroed(&c->arena, c->columns, sizeof *c->mean);
  c->targets = clf__arena_matrix(&c->arena, c->rows, c->outputs, sizeof *c->targets);
  c->matrix = clf__arena_matrix(&c->arena, size, size, sizeof *c->matrix);
  c->vectors = clf__arena_matrix(&c->arena, size, size, sizeof *c->vectors);
  c->values = clf__arena_array(&c->arena, size, sizeof *c->values);
  c->products = clf__arena_zeroed(&c->arena, clf__count(size, c->outputs), sizeof *c->products);
  const int64_t solutions = clf__count(size, c->candidates->count);
  c->solution = clf__arena_matrix(&c->arena, solutions, c->outputs, sizeof *c->solution);
  c->inverse = clf__arena_array(&c->arena, solutions, sizeof *c->inverse);
  c->errors =
      clf__arena_zeroed(&c->arena, clf__count(c->candidates->count, c->outputs), sizeof *c->errors);
  return clf__arena_status(&c->arena);
}

clf_status clf__ridge_choose(double *alpha, double *error, const clf_model *model,
                             const clf__training *training, const float *weights) {
  const clf__ridge_params *p = model->params;
  choosing c = {.arena = {.context = model->context},
                .context = model->context,
                .training = training,
                .weights = weights,
                .candidates = &p->alphas,
                .intercept = p->fit_intercept};
  clf_status status = CLF_OK;
  for (int64_t a = 0; a < p->alphas.count; a++) {
    if (!(p->alphas.values[a] > 0)) {
      return clf__fail(CLF_ERROR_ARGUMENT,
                       "ridge: a candidate of alphas is 0; leave-one-out errors need penalties "
                       "above 0");
    }
  }
  CLF__TRY(create(&c, training));
  set_targets(&c);
  CLF__TRY(decompose(&c));
  CLF__TRY(for_rows(&c, add_products));
  solve_all(&c);
  CLF__TRY(for_rows(&c, add_errors));
  for (int64_t k = 0; k < c.outputs; k++) {
    const bool each = p->choose == CLF__RIDGE_CHOOSE_EACH;
    const int64_t found = each ? best(&c, k, k + 1) : best(&c, 0, c.outputs);
    alpha[k] = p->alphas.values[found];
    error[k] = c.errors[found * c.outputs + k] / c.total;
  }
done:
  clf__arena_free(&c.arena);
  return status;
}
