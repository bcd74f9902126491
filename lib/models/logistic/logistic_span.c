/* Logistic regression of tables with many features for their rows, where a factorization of the
 * Hessian's blocks does not pay.
 *
 * The solution is a combination of the rows, W = A^T (X - 1 c^T), with the center c = 0 without an
 * intercept. So is every gradient of W: with the residuals r and the penalty l it belongs to the
 * coefficients r / N + l A. L-BFGS runs on coefficients, in the inner product of the weights that
 * they stand for. For coefficients A and B it is A^T Z, where Z = (X - 1 c^T)(X - 1 c^T)^T B, the
 * image of B, are the outputs of B's weights. Each vector carries its image, and images add like
 * coefficients, so that
 *   - an evaluation needs no pass over the rows: a line is searched for almost nothing,
 *   - the image of an accepted gradient is the only product of an iteration.
 *
 * That product reads the rows once. For a block of columns, the weights are computed from all rows,
 * and then their outputs, while the block is in the cache: 2 rows columns outputs multiply-adds,
 * bound by reading the rows if the outputs are few. L-BFGS on the weights themselves reads them
 * twice for each step that it tries. If the rows are few, their Gram matrix replaces most passes
 * (logistic_span_gram.c).
 *
 * An image is as exact as f32 products relative to its own size. If images cancel when they are
 * added, as those of rows or columns that are much larger than the rest, the sum is wrong. So the
 * image of a solution is computed again in f64, and the caller compares the objective with what it
 * was before. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "models/logistic/logistic.h"
#include "ops/linalg/row.h"
#include "optim/vector.h"

enum {
  BLOCK_BYTES = 512 * 1024, /* of the rows of a block of columns: half of a small L2 cache */
  MIN_COLUMNS = 48,         /* a tile of products */
  MAX_COLUMNS = 960,
  BLOCK_ROWS = 64,   /* rows requested at a time */
  SAMPLE_ROWS = 256, /* at least, for the scale of the columns */
  MAX_PARTS = 16,
  FLUSH_ROWS = 2048,         /* rows that are summed in f32 */
  FINAL_VALUES = 512 * 1024, /* in f64 at a time */
  MIN_COLUMNS_PER_ROW = 2    /* with fewer, the weights are as few as the coefficients */
};
#define MEAN_CURVATURE 0.25

/* What a task needs for its columns. */
typedef struct clf__span_part {
  clf__linear_gradient sums; /* [outputs, block] */
  double *exact;             /* [outputs, block] */
  float *w;                  /* [outputs, block] */
  float *bias;               /* [outputs] */
  float *z;                  /* [rows, outputs] */
  double *image;             /* [rows, outputs] */
  double square;             /* sum of the squares of the centered values */
  double largest;            /* component of the gradient */
  clf_status status;
} span_part;

bool clf__logistic_is_wide(const clf__logistic_objective *o) {
  return !clf__rows_sparse(o->x) && !o->f64 && o->x->shards == NULL &&
         clf__logistic_blocks(o) == 0 && o->x->rows <= o->columns / MIN_COLUMNS_PER_ROW;
}

/* The columns of a part, block by block. */
static clf__rows block_of(const clf__logistic_span *s, clf__range columns, int64_t first) {
  return clf__rows_columns(s->objective->x, first, clf__min_i64(s->block, columns.end - first));
}

/* out [outputs, columns] = u^T X for a block of columns, with u [rows, outputs]. Meanwhile the next
 * block is requested: its rows are short and far from each other, so the processor does not foresee
 * them. */
static void sum_rows(clf__linear_gradient *sums, const clf__rows *x, const clf__rows *next,
                     const float *u, double *out) {
  const int64_t outputs = sums->outputs;
  sums->columns = x->columns;
  memset(out, 0, (size_t)(outputs * x->columns) * sizeof *out);
  for (int64_t row = 0; row < x->rows; row += BLOCK_ROWS) {
    const clf__rows some = clf__rows_range(x, row, clf__min_i64(BLOCK_ROWS, x->rows - row));
    for (int64_t i = 0; i < some.rows && next->columns > 0; i++) {
      clf__prefetch_row(next, row + i);
    }
    clf__linear_gradient_block(sums, &some, u + row * outputs, outputs);
    if ((row + some.rows) % FLUSH_ROWS == 0 || row + some.rows == x->rows) {
      clf__linear_gradient_flush(sums, out);
    }
  }
}

/* The block after one, without columns if that is the last of a part. */
static clf__rows block_after(const clf__logistic_span *s, clf__range columns, int64_t first) {
  return block_of(s, columns, clf__min_i64(first + s->block, columns.end));
}

/* square [columns] = the mean of (x - mean)^2 over each `step`-th row that counts. */
static void average_squares(const clf__logistic_objective *o, const clf__rows *x, int64_t step,
                            const double *mean, float *buffer, double *square) {
  double total = 0;
  int64_t counted = 0;
  memset(square, 0, (size_t)x->columns * sizeof *square);
  for (int64_t i = 0; i < x->rows; i++) {
    const double weight = (double)clf__logistic_weight(o, i);
    if (weight > 0 && counted++ % step == 0) {
      const float *values = clf__rows_values(x, i, buffer);
      total += weight;
      for (int64_t j = 0; j < x->columns; j++) {
        const double z = (double)values[j] - mean[j];
        square[j] += weight * z * z;
      }
    }
  }
  for (int64_t j = 0; j < x->columns; j++) {
    square[j] /= total;
  }
}

/* Computes the means of the columns, where s->u has each row's share of the weight, and squares for
 * a sample of the rows. */
static void moments_task(void *argument, clf__range columns) {
  clf__logistic_span *s = argument;
  const clf__logistic_objective *o = s->objective;
  span_part *part = &s->parts[columns.index];
  clf__linear_gradient sums = part->sums;
  int64_t counted = 0;
  for (int64_t i = 0; i < o->x->rows; i++) {
    counted += clf__logistic_weight(o, i) > 0;
  }
  sums.outputs = 1;
  for (int64_t first = columns.first; first < columns.end; first += s->block) {
    const clf__rows x = block_of(s, columns, first), next = block_after(s, columns, first);
    double *mean = s->center + first, *square = s->squares + first;
    if (o->intercept) {
      sum_rows(&sums, &x, &next, s->u, mean);
    } else {
      memset(mean, 0, (size_t)x.columns * sizeof *mean);
    }
    average_squares(o, &x, clf__max_i64(counted / SAMPLE_ROWS, 1), mean, part->w, square);
    for (int64_t j = 0; j < x.columns; j++) {
      part->square += square[j];
      square[j] += mean[j] * mean[j];
    }
  }
}

static clf_status run_parts(clf__logistic_span *s, double work, clf__range_task task) {
  const clf__rows *x = s->objective->x;
  return clf__progress_parts(s->objective->context, x->columns, s->part_count,
                             (double)x->rows * (double)x->columns * work, task, s);
}

/* Sets what depends on the rows: center, unit and the inner product, in which the mean curvature of
 * the objective is about 1. The center decides how many digits single precision has for the rows,
 * and how many iterations there are. So it is the mean of the rows that count, by weight. */
static clf_status measure(clf__logistic_span *s) {
  const clf__logistic_objective *o = s->objective;
  const double rows = (double)o->x->rows;
  double square = 0, unit = 0, weight = 0;
  for (int64_t i = 0; i < o->x->rows; i++) {
    weight += (double)clf__logistic_weight(o, i);
  }
  for (int64_t i = 0; i < o->x->rows; i++) {
    s->u[i] = (float)((double)clf__logistic_weight(o, i) / weight);
  }
  CLF__CHECK(run_parts(s, 2 * CLF__COST_COPY, moments_task));
  for (int64_t p = 0; p < s->part_count; p++) {
    square += s->parts[p].square;
  }
  for (int64_t j = 0; j < o->columns; j++) {
    unit = fmax(unit, fmin(sqrt(s->squares[j]), 1));
  }
  const double directions = fmin(rows, (double)o->columns);
  const double curvature = MEAN_CURVATURE * square / directions + o->penalty;
  s->unit = unit > 0 ? unit : 1;
  s->length = square > 0 ? square : 1;
  s->of_weights = curvature > 0 && isfinite(curvature) ? curvature : 1;
  s->of_bias = MEAN_CURVATURE;
  return CLF_OK;
}

clf_status clf__logistic_span_create(clf__logistic_span *s, clf__logistic_objective *o,
                                     double tolerance) {
  const clf__rows *x = o->x;
  const int64_t row_bytes = x->rows * (x->dtype == CLF_U8 ? 1 : (int64_t)sizeof(float));
  s->arena.context = o->context;
  s->objective = o;
  s->tolerance = tolerance;
  s->count = clf__count(x->rows, o->outputs);
  s->block = clf__clamp_i64(BLOCK_BYTES / clf__max_i64(row_bytes, 1) / MIN_COLUMNS * MIN_COLUMNS,
                            MIN_COLUMNS, MAX_COLUMNS);
  s->part_count = clf__clamp_i64(x->columns / s->block, 1, MAX_PARTS);
  s->center = clf__arena_array(&s->arena, x->columns, sizeof *s->center);
  s->squares = clf__arena_array(&s->arena, x->columns, sizeof *s->squares);
  s->u = clf__arena_array(&s->arena, s->count, sizeof *s->u);
  s->sums = clf__arena_array(&s->arena, o->outputs, sizeof *s->sums);
  s->bias_gradient = clf__arena_array(&s->arena, o->outputs, sizeof *s->bias_gradient);
  s->parts = clf__arena_zeroed(&s->arena, s->part_count, sizeof *s->parts);
  CLF__CHECK(clf__arena_status(&s->arena));
  const clf__rows first = clf__rows_columns(x, 0, clf__min_i64(s->block, x->columns));
  const int64_t weights = clf__count(o->outputs, s->block);
  for (int64_t p = 0; p < s->part_count; p++) {
    span_part *part = &s->parts[p];
    CLF__CHECK(clf__linear_gradient_create(&part->sums, o->context, &first, o->outputs));
    part->exact = clf__arena_array(&s->arena, weights, sizeof *part->exact);
    part->w = clf__arena_array(&s->arena, weights, sizeof *part->w);
    part->bias = clf__arena_array(&s->arena, o->outputs, sizeof *part->bias);
    part->z = clf__arena_array(&s->arena, s->count, sizeof *part->z);
    part->image = clf__arena_array(&s->arena, s->count, sizeof *part->image);
  }
  CLF__CHECK(clf__arena_status(&s->arena));
  CLF__CHECK(measure(s));
  s->gram_after = clf__span_gram_after(s);
  return CLF_OK;
}

void clf__logistic_span_free(clf__logistic_span *s) {
  for (int64_t p = 0; s->parts != NULL && p < s->part_count; p++) {
    clf__linear_gradient_free(&s->parts[p].sums);
  }
  clf__arena_free(&s->of_gram);
  clf__arena_free(&s->arena);
}

int64_t clf__logistic_span_size(const clf__logistic_span *s) {
  return clf__count(2, clf__count(s->count, 1)) + s->objective->outputs;
}

double clf__logistic_span_dot(const clf__logistic_span *s, const double *a, const double *b) {
  const double *of_a = a + 2 * s->count, *of_b = b + 2 * s->count;
  return s->of_weights * clf__vector_dot(a, b + s->count, s->count) +
         s->of_bias * clf__vector_dot(of_a, of_b, s->objective->outputs);
}

double clf__span_length(const clf__logistic_span *s, const double *gradient) {
  const double square = clf__vector_dot(gradient, gradient + s->count, s->count);
  return s->of_weights * sqrt(fmax(square, 0));
}

/* part->exact [outputs, block] = (X - 1 c^T)^T u for a block of columns. */
static void combine_rows(const clf__logistic_span *s, span_part *part, const clf__rows *x,
                         const clf__rows *next, const double *center) {
  const int64_t outputs = s->objective->outputs;
  sum_rows(&part->sums, x, next, s->u, part->exact);
  for (int64_t k = 0; k < outputs; k++) {
    for (int64_t j = 0; j < x->columns; j++) {
      part->exact[k * x->columns + j] -= center[j] * s->sums[k];
    }
  }
}

/* Rounds the weights of a block to f32, in units of the rows' length, and finds the gradient's
 * largest component. */
static void round_weights(const clf__logistic_span *s, span_part *part, const clf__rows *x,
                          const double *center) {
  const clf__logistic_objective *o = s->objective;
  for (int64_t k = 0; k < o->outputs; k++) {
    const double *exact = part->exact + k * x->columns;
    double bias = 0;
    for (int64_t j = 0; j < x->columns; j++) {
      const double component = fabs(exact[j] / (double)x->rows + center[j] * s->bias_gradient[k]);
      part->largest = component <= part->largest ? part->largest : component; /* keeps NaN */
      const float w = (float)(exact[j] / s->length);
      part->w[k * x->columns + j] = w;
      bias -= (double)w * center[j];
    }
    part->bias[k] = (float)bias;
  }
}

static void image_task(void *argument, clf__range columns) {
  clf__logistic_span *s = argument;
  const clf__logistic_objective *o = s->objective;
  span_part *part = &s->parts[columns.index];
  part->largest = 0;
  memset(part->image, 0, (size_t)s->count * sizeof *part->image);
  for (int64_t first = columns.first; first < columns.end; first += s->block) {
    const clf__rows x = block_of(s, columns, first), next = block_after(s, columns, first);
    clf__linear_map map;
    combine_rows(s, part, &x, &next, s->center + first);
    round_weights(s, part, &x, s->center + first);
    part->status = clf__progress_check();
    part->status = part->status < 0
                       ? part->status
                       : clf__linear_prepare(&map, o->context, &x, part->w, part->bias, o->outputs);
    if (part->status < 0) {
      return;
    }
    clf__linear_block(&map, &x, part->z, o->outputs);
    clf__linear_release(&map);
    for (int64_t i = 0; i < s->count; i++) {
      part->image[i] += (double)part->z[i];
    }
  }
}

/* The outputs of rows that do not count are 0, however large the rows are. */
static void leave_out(const clf__logistic_objective *o, double *image) {
  for (int64_t i = 0; i < o->x->rows && o->weights != NULL; i++) {
    for (int64_t k = 0; k < o->outputs && !(o->weights[i] > 0); k++) {
      image[i * o->outputs + k] = 0;
    }
  }
}

/* Rounds a gradient's coefficients for its image. */
static void set_factors(clf__logistic_span *s, const double *gradient) {
  const clf__logistic_objective *o = s->objective;
  const double scale = s->of_weights * (double)o->x->rows;
  memset(s->sums, 0, (size_t)o->outputs * sizeof *s->sums);
  for (int64_t i = 0; i < s->count; i++) {
    s->u[i] = (float)(gradient[i] * scale);
    s->sums[i % o->outputs] += (double)s->u[i];
  }
  for (int64_t k = 0; k < o->outputs; k++) {
    s->bias_gradient[k] = gradient[2 * s->count + k] * s->of_bias;
  }
}

/* Computes the image and the largest component, in units, by a pass over the rows. */
static clf_status image_by_pass(clf__logistic_span *s, double *gradient, double *out) {
  const clf__logistic_objective *o = s->objective;
  const double scale = s->of_weights * (double)o->x->rows;
  double *image = gradient + s->count, largest = 0;
  CLF__CHECK(run_parts(s, 2 * (double)o->outputs * CLF__COST_COPY, image_task));
  memset(image, 0, (size_t)s->count * sizeof *image);
  for (int64_t p = 0; p < s->part_count; p++) {
    const span_part *part = &s->parts[p];
    CLF__CHECK(part->status);
    largest = part->largest <= largest ? largest : part->largest;
    clf__vector_add(image, s->length / scale, part->image, s->count);
  }
  leave_out(o, image);
  s->passes++;
  *out = largest / s->unit;
  return CLF_OK;
}

/* Without the memory for it, there are passes as before. */
static clf_status create_gram(clf__logistic_span *s) {
  clf__failure before;
  clf__failure_keep(&before, CLF_OK);
  const clf_status status = clf__span_gram_create(s);
  if (status != CLF_ERROR_MEMORY) {
    return status;
  }
  clf__failure_raise(&before);
  clf__logistic_span_drop_gram(s);
  return CLF_OK;
}

/* Completes a gradient by its image. */
clf_status clf__logistic_span_complete(clf__logistic_span *s, double *gradient) {
  double largest = 0;
  set_factors(s, gradient);
  if (s->gram == NULL && s->passes == s->gram_after) {
    CLF__CHECK(create_gram(s));
  }
  if (s->gram != NULL) {
    CLF__CHECK(clf__span_gram_image(s, gradient, &largest));
  }
  if (!(largest > 0) ||
      !(largest > s->tolerance || clf__span_length(s, gradient) > s->max_length)) {
    CLF__CHECK(image_by_pass(s, gradient, &largest));
    clf__span_gram_measure(s, gradient, largest);
  }
  for (int64_t k = 0; k < s->objective->outputs; k++) {
    const double component = fabs(s->bias_gradient[k]);
    largest = component <= largest ? largest : component;
  }
  s->largest = largest;
  return CLF_OK;
}

void clf__logistic_span_drop_gram(clf__logistic_span *s) {
  clf__arena_free(&s->of_gram);
  s->gram = NULL;
  s->gram_after = INT64_MAX;
}

clf_status clf__logistic_span_weights(const clf__logistic_span *s, double *at, double *variables) {
  const clf__logistic_objective *o = s->objective;
  const int64_t columns = o->columns, outputs = o->outputs, rows = o->x->rows;
  const int64_t width = clf__clamp_i64(FINAL_VALUES / rows, MIN_COLUMNS, MAX_COLUMNS);
  double *b = variables + outputs * columns, *image = at + s->count;
  clf__arena arena = {.context = o->context};
  double *block = clf__arena_matrix(&arena, rows, width, sizeof *block);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  memset(image, 0, (size_t)s->count * sizeof *image);
  for (int64_t first = 0; first < columns; first += width) {
    const clf__rows x = clf__rows_columns(o->x, first, clf__min_i64(width, columns - first));
    const clf__centered centered = {.x = &x, .mean = s->center + first};
    const clf__f64_view z = clf__f64_matrix(block, rows, x.columns, x.columns);
    clf__centered_read(&centered, o->context, 0, rows, block, x.columns);
    CLF__TRY(clf__gemm_f64(o->context, 1, clf__f64_transposed(at, outputs, rows, outputs), z, 0,
                           variables + first, columns));
    CLF__TRY(clf__gemm_f64(o->context, 1, z,
                           clf__f64_transposed(variables + first, x.columns, outputs, columns), 1,
                           image, outputs));
  }
  leave_out(o, image);
  for (int64_t k = 0; k < outputs; k++) {
    const double shift = clf__vector_dot(s->center, variables + k * columns, columns);
    b[k] = at[2 * s->count + k] - shift;
  }
done:
  clf__arena_free(&arena);
  return status;
}
