/* The matrix of d columns takes rows d^2 multiply-adds of a matrix product, or for sparse rows half
 * the squares of their entries, and d^3 / 6 to factorize. Dense rows are copied to f64 about their
 * mean, so that features far from 0 keep their digits. Sums over the rows are those of a number of
 * chunks, added in order. */
#include "models/svm/svm_normal.h"

#include <float.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "ops/kernels.h"
#include "ops/linalg/factor.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/product.h"
#include "ops/linalg/vectors.h"

enum {
  MAX_COLUMNS = 4096, /* of a matrix: 128 MiB */
  MAX_CHUNKS = 16,    /* of rows */
  LANES = 8,          /* dense rows begin at multiples of so many numbers */
  FEW = 192,          /* columns: products of blocks of rows that stay in L1 and L2 */
  BLOCK_ROWS = 128,   /* dense rows of few columns that are scaled at a time */
  WIDE_ROWS = 2048,   /* the same of more columns */
  STRIPE = 192,       /* lines of a matrix that are multiplied at a time, up to their diagonal */
  GRAIN = 256
};

static const double SLICE = 1e7;       /* ns, between two questions to the host */
static const double SQUARES = 8 << 20; /* numbers, of the matrices of all chunks, or of one */

static bool is_wide(const clf__svm_normal *n) {
  return n->x != NULL && n->columns > FEW;
}

static int64_t row_of(const clf__svm_normal *n, int64_t i) {
  return n->row != NULL ? n->row[i] : i;
}

/* Of sparse rows. */
static double multiply_row(const clf__svm_normal *n, int64_t i, const double *u) {
  const clf__rows *x = n->rows;
  const int64_t row = row_of(n, i);
  double sum = n->intercept ? u[x->columns] : 0;
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    sum += (double)x->value[e] * u[x->column[e]];
  }
  return sum;
}

static void add_row(const clf__svm_normal *n, int64_t i, double factor, double *sums) {
  const clf__rows *x = n->rows;
  const int64_t row = row_of(n, i);
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    sums[x->column[e]] += factor * (double)x->value[e];
  }
  if (n->intercept) {
    sums[x->columns] += factor;
  }
}

/* The lower triangle of a matrix += factor times the outer product of a sparse row, whose columns
 * ascend. */
static void add_square(const clf__svm_normal *n, int64_t i, double factor, double *matrix) {
  const clf__rows *x = n->rows;
  const int64_t row = row_of(n, i), first = x->row_start[row], end = x->row_start[row + 1];
  for (int64_t e = first; e < end; e++) {
    double *line = matrix + x->column[e] * n->width;
    const double value = factor * (double)x->value[e];
    for (int64_t f = first; f <= e; f++) {
      line[x->column[f]] += value * (double)x->value[f];
    }
  }
  double *line = matrix + x->columns * n->width;
  for (int64_t f = first; f < end && n->intercept; f++) {
    line[x->column[f]] += factor * (double)x->value[f];
  }
  if (n->intercept) {
    line[x->columns] += factor;
  }
}

/* How many sums of `size` numbers there are. */
static int64_t chunks_of(double work, double size) {
  return (int64_t)fmax(1, fmin(fmin(work, SQUARES / size), MAX_CHUNKS));
}

double clf__svm_normal_pass_work(const clf__rows *x, int64_t count) {
  const double entries = (double)clf__rows_entries(x) / (double)clf__max_i64(x->rows, 1) + 1;
  return (double)count * entries * CLF__COST_ELEMENT;
}

double clf__svm_normal_factor_work(const clf__rows *x, int64_t count) {
  const double d = (double)x->columns + 1, rows = (double)count;
  if (x->columns > MAX_COLUMNS) {
    return (double)INFINITY;
  }
  const double entries = (double)clf__rows_entries(x) / (double)clf__max_i64(x->rows, 1) + 1;
  const double beside = d > FEW ? STRIPE : 2 * LANES; /* the diagonal */
  const double squares = clf__rows_sparse(x)
                             ? entries * entries / 2 * CLF__COST_ELEMENT
                             : d * CLF__COST_COPY + d * (d + beside) * CLF__COST_PRODUCT;
  return rows * squares +
         d * d * (d / 6 + fmin(MAX_CHUNKS, fmax(SQUARES / (d * d), 1))) * CLF__COST_COPY;
}

static double pass_work(const clf__svm_normal *n) {
  return clf__svm_normal_pass_work(n->rows, n->count);
}

/* The slice of a chunk that runs now. */
static clf__range slice_of(const clf__svm_normal *n, clf__range chunk) {
  const clf__range own =
      clf__range_of_part(chunk.end - chunk.first, n->slices, n->slice, chunk.worker);
  return (clf__range){chunk.index, chunk.first + own.first, chunk.first + own.end, chunk.worker};
}

/* Runs a task for the slices of all chunks, those of a chunk in order, and asks the host between
 * them. */
static clf_status run_slices(clf__svm_normal *n, double work, clf__range_task task) {
  n->slices = clf__clamp_i64((int64_t)(work / SLICE), 1, clf__max_i64(n->count, 1));
  for (n->slice = 0; n->slice < n->slices; n->slice++) {
    CLF__CHECK(n->slice > 0 ? clf__progress_step(n->progress, 0, (double)NAN, (double)NAN)
                            : CLF_OK);
    clf__parallel_parts(n->context, n->count, n->chunks, work / (double)n->slices, task, n);
  }
  return CLF_OK;
}

/* The same for some dense rows and the values of a pass. */
static void add_values(const clf__svm_normal *n, int64_t first, int64_t rows, double *sums) {
  n->kernels->vectors->add_rows(n->x + first * n->width, rows, n->width, n->values + first,
                                n->width, sums);
}

static void sum_rows(void *argument, clf__range chunk) {
  const clf__svm_normal *n = argument;
  const clf__range range = slice_of(n, chunk);
  double *sums = n->sums + range.index * n->width;
  for (int64_t i = range.first; i < range.end && n->x != NULL; i += BLOCK_ROWS) {
    add_values(n, i, clf__min_i64(BLOCK_ROWS, range.end - i), sums);
  }
  for (int64_t i = range.first; i < range.end && n->x == NULL; i++) {
    if (n->values[i] != 0) {
      add_row(n, i, n->values[i], sums);
    }
  }
}

/* The first chunk's sums become those of all. */
static void add_chunks(const clf__svm_normal *n, double *sums, int64_t size) {
  for (int64_t c = 1; c < n->chunks; c++) {
    for (int64_t j = 0; j < size; j++) {
      sums[j] += sums[c * size + j];
    }
  }
}

static void read_sums(const clf__svm_normal *n, double *out) {
  add_chunks(n, n->sums, n->width);
  memcpy(out, n->sums, (size_t)n->columns * sizeof *out);
}

clf_status clf__svm_normal_sum(clf__svm_normal *n, const double *values, double *out) {
  n->values = values;
  memset(n->sums, 0, (size_t)(n->chunks * n->width) * sizeof *n->sums);
  CLF__CHECK(run_slices(n, pass_work(n), sum_rows));
  read_sums(n, out);
  return CLF_OK;
}

static void multiply_rows(void *argument, clf__range chunk) {
  const clf__svm_normal *n = argument;
  const clf__range range = slice_of(n, chunk);
  if (n->x != NULL) {
    n->kernels->vectors->dot_rows(n->x + range.first * n->width, range.end - range.first, n->width,
                                  n->u, n->width, n->out + range.first);
    return;
  }
  for (int64_t i = range.first; i < range.end; i++) {
    n->out[i] = multiply_row(n, i, n->u);
  }
}

clf_status clf__svm_normal_multiply(clf__svm_normal *n, const double *u, double *out) {
  memcpy(n->u, u, (size_t)n->columns * sizeof *u);
  n->out = out;
  return run_slices(n, pass_work(n), multiply_rows);
}

static double square_row(const clf__svm_normal *n, int64_t i) {
  const clf__rows *x = n->rows;
  if (n->x != NULL) {
    return clf__dot(n->x + i * n->width, n->x + i * n->width, x->columns);
  }
  const int64_t row = row_of(n, i);
  double sum = 0;
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    sum += (double)x->value[e] * (double)x->value[e];
  }
  return sum;
}

static void square_rows(void *argument, clf__range chunk) {
  const clf__svm_normal *n = argument;
  const clf__range range = slice_of(n, chunk);
  for (int64_t i = range.first; i < range.end; i++) {
    n->out[i] = square_row(n, i);
  }
}

clf_status clf__svm_normal_squares(clf__svm_normal *n, double *out) {
  n->out = out;
  return run_slices(n, pass_work(n), square_rows);
}

/* Dense rows times their v. */
static void scale_rows(const clf__svm_normal *n, int64_t first, int64_t rows, double *out) {
  const double *x = n->x + first * n->width;
  for (int64_t k = 0; k < rows; k++) {
    for (int64_t j = 0; j < n->width; j++) {
      out[k * n->width + j] = n->v[first + k] * x[k * n->width + j];
    }
  }
}

/* Adds v x x^T of some dense rows to the lower triangle of a matrix, and more of its upper one. */
static void add_block(const clf__svm_normal *n, int64_t first, int64_t rows, double *scaled,
                      double *matrix) {
  const clf__product_kernel *kernel = &n->kernels->products->f64;
  const double *x = n->x + first * n->width;
  scale_rows(n, first, rows, scaled);
  for (int64_t j = 0; j < n->columns; j += kernel->rows) {
    const int64_t height = clf__min_i64(kernel->rows, n->columns - j);
    kernel->multiply(
        &(clf__product){.rows = height,
                        .columns = clf__min_i64(n->width, clf__round_up(j + height, LANES)),
                        .depth = rows,
                        .a = x + j,
                        .a_panel = kernel->rows,
                        .a_row = 1,
                        .a_step = n->width,
                        .b = scaled,
                        .b_panel = kernel->columns,
                        .b_step = n->width,
                        .alpha = 1,
                        .beta = 1,
                        .c = matrix + j * n->width,
                        .ldc = n->width});
  }
}

static void sum_squares(void *argument, clf__range chunk) {
  const clf__svm_normal *n = argument;
  const clf__range range = slice_of(n, chunk);
  double *squares = n->squares + range.index * n->columns * n->width;
  for (int64_t i = range.first; i < range.end && n->x != NULL; i += BLOCK_ROWS) {
    const int64_t rows = clf__min_i64(BLOCK_ROWS, range.end - i);
    add_block(n, i, rows, n->block + range.index * BLOCK_ROWS * n->width, squares);
    if (n->values != NULL) {
      add_values(n, i, rows, n->sums + range.index * n->width);
    }
  }
  for (int64_t i = range.first; i < range.end && n->x == NULL; i++) {
    if (n->v[i] > 0) {
      add_square(n, i, n->v[i], squares);
    }
  }
}

/* Dense rows of more columns times their v. */
typedef struct scaling {
  const clf__svm_normal *n;
  int64_t first;
} scaling;

static void scale_range(void *argument, clf__range range) {
  const scaling *s = argument;
  scale_rows(s->n, s->first + range.first, range.end - range.first,
             s->n->block + range.first * s->n->width);
}

static clf_status multiply_blocks(const clf__svm_normal *n) {
  const int64_t d = n->columns, ld = n->width;
  memset(n->matrix, 0, (size_t)(d * ld) * sizeof *n->matrix);
  for (int64_t first = 0; first < n->count; first += WIDE_ROWS) {
    const int64_t rows = clf__min_i64(WIDE_ROWS, n->count - first);
    scaling s = {n, first};
    CLF__CHECK(first > 0 ? clf__progress_step(n->progress, 0, (double)NAN, (double)NAN) : CLF_OK);
    clf__parallel_ranges(n->context, rows, GRAIN, (double)(rows * d) * CLF__COST_ELEMENT,
                         scale_range, &s);
    for (int64_t j = 0; j < d; j += STRIPE) {
      const int64_t height = clf__min_i64(STRIPE, d - j);
      CLF__CHECK(clf__gemm_f64(n->context, 1, clf__f64_transposed(n->block + j, height, rows, ld),
                               clf__f64_matrix(n->x + first * ld, rows, j + height, ld), 1,
                               n->matrix + j * ld, ld));
    }
  }
  return CLF_OK;
}

/* The diagonal is raised by what rounding may have subtracted from it. */
clf_status clf__svm_normal_factor(clf__svm_normal *n, const double *v, const double *values,
                                  double *out) {
  const int64_t d = n->columns, ld = n->width;
  n->v = v;
  n->values = values;
  if (!is_wide(n)) {
    memset(n->squares, 0, (size_t)(n->chunks * d * ld) * sizeof *n->squares);
    memset(n->sums, 0, (size_t)(n->chunks * ld) * sizeof *n->sums);
    CLF__CHECK(run_slices(n, clf__svm_normal_factor_work(n->rows, n->count), sum_squares));
    add_chunks(n, n->squares, d * ld);
    memcpy(n->matrix, n->squares, (size_t)(d * ld) * sizeof *n->matrix);
  } else {
    CLF__CHECK(multiply_blocks(n));
  }
  if (values != NULL && n->x != NULL && !is_wide(n)) {
    read_sums(n, out);
  } else if (values != NULL) {
    CLF__CHECK(clf__svm_normal_sum(n, values, out));
  }
  for (int64_t j = 0; j < d; j++) {
    double *at = &n->matrix[j * ld + j];
    *at += (n->intercept && j == d - 1 ? DBL_MIN : 1) + 4 * DBL_EPSILON * *at;
  }
  return clf__cholesky(n->context, n->matrix, d, ld, 0, NULL);
}

void clf__svm_normal_solve(const clf__svm_normal *n, double *u) {
  const int64_t d = n->columns;
  clf__solve_lower(n->context, n->matrix, d, n->width, u, 1, 1);
  clf__solve_lower_transposed(n->context, n->matrix, d, n->width, u, 1, 1);
}

double clf__svm_normal_split(const clf__svm_normal *n, const double *u, double *w) {
  memcpy(w, u, (size_t)n->rows->columns * sizeof *w);
  return n->intercept ? u[n->rows->columns] - clf__dot(n->mean, w, n->rows->columns) : 0;
}

/* Asks the host before row i of a loop over dense rows, if that is due. */
static clf_status ask(const clf__svm_normal *n, int64_t i) {
  const int64_t rows = clf__max_i64((int64_t)SLICE / n->columns, 1);
  return i > 0 && i % rows == 0 ? clf__progress_step(n->progress, 0, (double)NAN, (double)NAN)
                                : CLF_OK;
}

/* An intercept makes up for any mean that is subtracted. */
static clf_status center_rows(clf__svm_normal *n, const double *weights) {
  const int64_t d = n->rows->columns;
  double sum = 0;
  for (int64_t i = 0; i < n->count; i++) {
    CLF__CHECK(ask(n, i));
    sum += weights[i];
    for (int64_t j = 0; j < d; j++) {
      n->mean[j] += weights[i] * n->x[i * n->width + j];
    }
  }
  for (int64_t j = 0; j < d; j++) {
    n->mean[j] /= sum;
  }
  for (int64_t i = 0; i < n->count; i++) {
    CLF__CHECK(ask(n, i));
    for (int64_t j = 0; j < d; j++) {
      n->x[i * n->width + j] -= n->mean[j];
    }
    n->x[i * n->width + d] = 1;
  }
  return CLF_OK;
}

clf_status clf__svm_normal_create(clf__svm_normal *n, const double *weights) {
  const clf__rows *x = n->rows;
  const int64_t d = n->columns = x->columns + n->intercept;
  const bool dense = !clf__rows_sparse(x);
  const int64_t ld = n->width = dense && d > LANES ? clf__round_up(d, LANES) : d;
  n->arena = (clf__arena){.context = n->context};
  n->kernels = clf__kernels_for(n->context);
  n->mean = clf__arena_zeroed(&n->arena, d, sizeof *n->mean);
  n->u = clf__arena_zeroed(&n->arena, ld, sizeof *n->u);
  n->x = dense ? clf__arena_zeroed(&n->arena, clf__count(n->count, ld), sizeof *n->x) : NULL;
  n->chunks = chunks_of(pass_work(n) / (double)d, is_wide(n) ? 1 : (double)d * (double)ld);
  n->block = clf__arena_matrix(&n->arena,
                               is_wide(n) ? clf__min_i64(WIDE_ROWS, n->count)
                               : dense    ? n->chunks * BLOCK_ROWS
                                          : 0,
                               ld, sizeof *n->block);
  n->squares = clf__arena_matrix(&n->arena, is_wide(n) ? 0 : clf__count(n->chunks, d), ld,
                                 sizeof *n->squares);
  n->sums = clf__arena_matrix(&n->arena, n->chunks, ld, sizeof *n->sums);
  n->matrix = clf__arena_matrix(&n->arena, d, ld, sizeof *n->matrix);
  CLF__CHECK(clf__arena_status(&n->arena));
  for (int64_t i = 0; i < n->count && dense; i++) {
    CLF__CHECK(ask(n, i));
    clf__rows_read_f64(x, row_of(n, i), n->x + i * ld);
  }
  return dense && n->intercept ? center_rows(n, weights) : CLF_OK;
}

void clf__svm_normal_free(clf__svm_normal *n) {
  clf__arena_free(&n->arena);
}
