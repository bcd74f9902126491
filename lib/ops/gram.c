/* The Gram engine: sums first, then products of columns, then both put together.
 *
 * About any shift c, with s = sum w x, W = sum w and the rest r = s - W c,
 *   sum w (x - m)(x - m)^T = sum w (x - c)(x - c)^T - r r^T / W.
 * f32 rows are shifted by their rounded mean before they are multiplied: products of what is left
 * keep their digits however far from 0 the data lie. u8 rows are multiplied as they are, exactly,
 * and shifted afterwards by their mean rounded to an integer,
 *   sum (x - c)(x - c)^T = sum x x^T - c s^T - s c^T + N c c^T,
 * which is exact as well. Sparse rows are not shifted (that would fill them), except where they are
 * so full that dense work is the faster. Small tables are multiplied in f64 (gram_small.c). */
#include "ops/gram.h"

#include <math.h>

#include "ops/gram_parts.h"

enum { SQUARE = 64, DENSE_SHARE = 8 /* one entry in so many makes rows dense */ };

typedef struct finish {
  double *scatter;
  int64_t columns, squares;
  double scale, bias, weight;
  const double *sums;
  const double *shift; /* still to be taken from the products */
  const double *rest;
} finish;

static double finished(const finish *f, int64_t i, int64_t j) {
  const double sums = f->sums[j];
  double value = f->scatter[i * f->columns + j] + f->bias * sums;
  value -= f->shift[i] * sums;
  value -= f->shift[j] * f->sums[i];
  value += f->weight * (f->shift[i] * f->shift[j]);
  value -= f->rest[i] * f->rest[j] / f->weight;
  return (i == j && value < 0 ? 0 : value) * f->scale * f->scale;
}

/* A square of the upper triangle and its mirror image. */
static void finish_square(void *argument, int64_t index, int32_t worker) {
  const finish *f = argument;
  int64_t block_i, block_j;
  (void)worker;
  clf__gram_pair(index, f->squares, &block_i, &block_j);
  const int64_t end_i = clf__smaller((block_i + 1) * SQUARE, f->columns);
  const int64_t end_j = clf__smaller((block_j + 1) * SQUARE, f->columns);
  for (int64_t i = block_i * SQUARE; i < end_i; i++) {
    for (int64_t j = block_i == block_j ? i : block_j * SQUARE; j < end_j; j++) {
      const double value = finished(f, i, j);
      f->scatter[i * f->columns + j] = value;
      f->scatter[j * f->columns + i] = value;
    }
  }
}

/* sums, shift, rest [columns] each, and the center as f32. */
typedef struct columns_of {
  double *sums, *shift, *rest;
  float *center;
} columns_of;

static clf_status create_columns(columns_of *out, clf_context *context, int64_t columns) {
  out->sums = clf__alloc_zeroed(context, columns, sizeof(double));
  out->shift = clf__alloc_zeroed(context, columns, sizeof(double));
  out->rest = clf__alloc_zeroed(context, columns, sizeof(double));
  out->center = clf__alloc_zeroed(context, columns, sizeof(float));
  return out->sums == NULL || out->shift == NULL || out->rest == NULL || out->center == NULL
             ? CLF_ERROR_MEMORY
             : CLF_OK;
}

static void free_columns(columns_of *columns) {
  clf__free(columns->sums);
  clf__free(columns->shift);
  clf__free(columns->rest);
  clf__free(columns->center);
}

static bool worth_filling(const clf__rows *x) {
  return clf__rows_entries(x) / (x->columns + 1) > x->rows / DENSE_SHARE;
}

static void choose_shift(columns_of *each, const clf__gram_input *input, double weight) {
  const bool exact = clf__gram_exact(input);
  const bool shifted = !clf__rows_sparse(input->x) || worth_filling(input->x);
  for (int64_t j = 0; j < input->x->columns && input->centered; j++) {
    const double mean = each->sums[j] / weight;
    each->shift[j] = exact ? rint(mean) : 0;
    each->center[j] = exact || !shifted ? 0 : (float)mean;
    each->rest[j] = each->sums[j] - weight * (each->shift[j] + (double)each->center[j]);
  }
}

static clf_status fill_scatter(clf__gram *gram, clf_context *context, const clf__gram_input *input,
                               columns_of *each) {
  const clf__rows *x = input->x;
  finish f = {.scatter = gram->scatter,
              .columns = x->columns,
              .squares = clf__parts_of(x->columns, SQUARE),
              .scale = (double)x->scale,
              .weight = gram->weight > 0 ? gram->weight : 1,
              .sums = each->sums,
              .shift = each->shift,
              .rest = each->rest};
  choose_shift(each, input, f.weight);
  clf_status status = CLF_OK;
  if (clf__rows_sparse(x) && !worth_filling(x)) {
    status = clf__gram_add_sparse(gram->scatter, context, input);
  } else if (clf__gram_small(input)) {
    status = clf__gram_add_small(gram->scatter, context, input, each->center);
  } else {
    status = clf__gram_add_dense(gram->scatter, &f.bias, context, input, each->center);
  }
  if (status < 0) {
    return status;
  }
  clf__parallel(context, f.squares * (f.squares + 1) / 2, finish_square, &f);
  return CLF_OK;
}

/* From sums of raw rows to the scaled mean, and to cross about it. */
static void finish_sums(clf__gram *gram, const clf__gram_input *input, const clf__gram_sums *sums) {
  const int64_t columns = input->x->columns;
  const double scale = (double)input->x->scale;
  for (int64_t j = 0; j < columns && input->centered; j++) {
    gram->mean[j] = scale * (sums->x[j] / gram->weight);
  }
  for (int64_t o = 0; o < input->outputs; o++) {
    for (int64_t j = 0; j < columns; j++) {
      gram->cross[o * columns + j] =
          scale * sums->cross[o * columns + j] - sums->target[o] * gram->mean[j];
    }
  }
}

static double *new_matrix(clf_context *context, int64_t rows, int64_t columns) {
  int64_t count;
  return clf__alloc_zeroed(context, clf__mul_i64(rows, columns, &count) ? count : -1,
                           sizeof(double));
}

static clf_status create_outputs(clf__gram *gram, clf_context *context,
                                 const clf__gram_input *input) {
  const int64_t columns = input->x->columns;
  gram->scatter = new_matrix(context, columns, columns);
  if (gram->scatter == NULL) {
    return clf__fail_within(CLF_ERROR_MEMORY,
                            "a matrix of %lld by %lld columns: ", (long long)columns,
                            (long long)columns);
  }
  gram->mean = new_matrix(context, 1, columns);
  gram->cross = new_matrix(context, input->outputs, columns);
  gram->class_weight = new_matrix(context, 1, input->outputs);
  return gram->mean == NULL || gram->cross == NULL || gram->class_weight == NULL ? CLF_ERROR_MEMORY
                                                                                 : CLF_OK;
}

static double total_weight(const clf__gram_input *input) {
  double total = 0;
  for (int64_t row = 0; row < input->x->rows; row++) {
    total += clf__gram_weight(input, row);
  }
  return total;
}

clf_status clf__gram_create(clf__gram *out, clf_context *context, const clf__gram_input *input) {
  clf_status status;
  clf__gram gram = {.weight = total_weight(input)};
  columns_of each = {0};
  if (input->centered && !(gram.weight > 0)) {
    return clf__fail(CLF_ERROR_DATA, "the rows' weights sum to 0; some must be above 0");
  }
  CLF__TRY(create_outputs(&gram, context, input));
  CLF__TRY(create_columns(&each, context, input->x->columns));
  clf__gram_sums sums = {each.sums, gram.class_weight, gram.cross};
  CLF__TRY(clf__gram_add_sums(&sums, context, input));
  finish_sums(&gram, input, &sums);
  CLF__TRY(fill_scatter(&gram, context, input, &each));
  *out = gram;
  gram = (clf__gram){0};
done:
  free_columns(&each);
  clf__gram_free(&gram);
  return status;
}

void clf__gram_free(clf__gram *gram) {
  clf__free(gram->mean);
  clf__free(gram->scatter);
  clf__free(gram->cross);
  clf__free(gram->class_weight);
  *gram = (clf__gram){0};
}
