/* The Gram engine: it computes sums, then products of columns, and combines both.
 *
 * About any shift c, with s = sum w x, W = sum w and the rest r = s - W c,
 *   sum w (x - m)(x - m)^T = sum w (x - c)(x - c)^T - r r^T / W.
 * f32 rows are shifted by their rounded mean before they are multiplied, so that products keep
 * their digits however far from 0 the data lie. u8 rows are multiplied exactly, and shifted
 * afterwards by their mean rounded to an integer,
 *   sum (x - c)(x - c)^T = sum x x^T - c s^T - s c^T + N c c^T,
 * which is exact as well. Sparse rows are not shifted, which would make them dense, unless they
 * have so many entries that dense products are faster. Small tables are multiplied in f64
 * (gram_f64.c).
 *
 * The scatter within the classes is the total scatter minus that of the class means. If the classes
 * lie so far apart that the difference would be mostly rounding error, rows are centered at the
 * means of their own classes and multiplied in f64 instead. */
#include "ops/linalg/gram.h"

#include <math.h>
#include <string.h>

#include "comm/shards.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/gram_parts.h"
#include "ops/linalg/mirror.h"
#include "ops/linalg/moments.h"

enum { SQUARE = 64, DENSE_SHARE = 8 /* one entry in so many: treated as dense */ };

/* How products are computed: exactly in integers, in f32 or in f64 from shifted rows, or from the
 * entries alone. */
typedef enum products { EXACT, COARSE, FINE, ENTRIES } products;

/* Rounding error of an element of the scatter, relative to the sizes of its columns: for f32 sums
 * of up to 256 products, and for f64. */
static const double coarse_rounding = 4e-7, fine_rounding = 1e-15;
/* A variance within the classes has correct digits if it is so many times its rounding error. */
static const double min_digits = 1e3;

typedef struct finish {
  double *scatter;
  int64_t columns, squares;
  double scale, weight;
  const double *sums;
  const double *shift; /* still to be subtracted from the products */
  const double *rest;
} finish;

static double finished(const finish *f, int64_t i, int64_t j) {
  const double sums = f->sums[j];
  double value = f->scatter[i * f->columns + j];
  value -= f->shift[i] * sums;
  value -= f->shift[j] * f->sums[i];
  value += f->weight * (f->shift[i] * f->shift[j]);
  value -= f->rest[i] * f->rest[j] / f->weight;
  return (i == j && value < 0 ? 0 : value) * f->scale * f->scale;
}

/* A square of the upper triangle, and its mirror image. */
static void finish_square(void *argument, int64_t index, int32_t worker) {
  const finish *f = argument;
  int64_t block_i, block_j;
  (void)worker;
  clf__gram_pair(index, f->squares, &block_i, &block_j);
  const int64_t end_i = clf__min_i64((block_i + 1) * SQUARE, f->columns);
  const int64_t end_j = clf__min_i64((block_j + 1) * SQUARE, f->columns);
  for (int64_t i = block_i * SQUARE; i < end_i; i++) {
    for (int64_t j = block_i == block_j ? i : block_j * SQUARE; j < end_j; j++) {
      const double value = finished(f, i, j);
      f->scatter[i * f->columns + j] = value;
      f->scatter[j * f->columns + i] = value;
    }
  }
}

static void finish_scatter(clf_context *context, finish *f) {
  clf__parallel(context, f->squares * (f->squares + 1) / 2,
                (double)f->columns * (double)f->columns / 2 * CLF__COST_ELEMENT, finish_square, f);
}

/* [columns] each. */
typedef struct columns_of {
  clf__arena arena;
  double *sums, *shift, *rest, *center;
} columns_of;

static clf_status create_columns(columns_of *out, clf_context *context, int64_t columns) {
  out->arena.context = context;
  out->sums = clf__arena_zeroed(&out->arena, columns, sizeof(double));
  out->shift = clf__arena_zeroed(&out->arena, columns, sizeof(double));
  out->rest = clf__arena_zeroed(&out->arena, columns, sizeof(double));
  out->center = clf__arena_zeroed(&out->arena, columns, sizeof(double));
  return clf__arena_status(&out->arena);
}

static bool worth_filling(const clf__rows *x) {
  return clf__rows_entries(x) / (x->columns + 1) > x->rows / DENSE_SHARE;
}

/* Sparse rows of several ranks are never filled: a rank does not know the entries of the others. */
static products choose_products(const clf__gram_input *input) {
  if (clf__rows_sparse(input->x) && (input->x->shards != NULL || !worth_filling(input->x))) {
    return ENTRIES;
  }
  return clf__gram_exact(input) ? EXACT : input->f64 || clf__gram_small(input) ? FINE : COARSE;
}

static void choose_shift(columns_of *each, const clf__gram_input *input, products how,
                         double weight) {
  for (int64_t j = 0; j < input->x->columns && input->centered; j++) {
    const double mean = each->sums[j] / weight;
    each->shift[j] = how == EXACT ? rint(mean) : 0;
    each->center[j] = how == COARSE ? (double)(float)mean : how == FINE ? mean : 0;
    each->rest[j] = each->sums[j] - weight * (each->shift[j] + each->center[j]);
  }
}

/* A part of the rows, as an input of its own. */
static clf__gram_input range_of(const clf__gram_input *input, clf__rows *x, int64_t first,
                                int64_t rows) {
  clf__gram_input range = *input;
  *x = clf__rows_range(input->x, first, rows);
  range.x = x;
  range.weights = input->weights != NULL ? input->weights + first : NULL;
  range.labels = input->labels != NULL ? input->labels + first : NULL;
  range.targets = input->targets != NULL ? input->targets + first * input->outputs : NULL;
  return range;
}

typedef struct product_sums {
  clf_context *context;
  const clf__gram_input *input;
  products how;
  const double *center;      /* [columns] */
  const double *class_means; /* [classes, columns] instead, with FINE; or NULL */
} product_sums;

static clf_status add_products(void *argument, int64_t first, int64_t rows, double *scatter) {
  const product_sums *call = argument;
  clf__rows x;
  const clf__gram_input input = range_of(call->input, &x, first, rows);
  clf__rows stored = x;
  stored.scale = call->class_means != NULL ? x.scale : 1;
  const clf__centered centered = {.x = &stored,
                                  .mean = call->class_means != NULL ? NULL : call->center,
                                  .class_means = call->class_means,
                                  .labels = input.labels};
  return call->how == ENTRIES ? clf__gram_add_sparse(scatter, call->context, &input)
         : call->how == FINE
             ? clf__gram_add_f64(scatter, call->context, &centered, input.weights, 1)
             : clf__gram_add_dense(scatter, call->context, &input, call->center);
}

/* Adds the products of all rows to scatter [columns, columns]. */
static clf_status sum_products(double *scatter, product_sums *call) {
  const clf__rows *x = call->input->x;
  const clf__shard_sum sum = {.name = "products of columns",
                              .of = x->shards,
                              .rows = x->rows,
                              .integers = call->how == EXACT,
                              .add = add_products,
                              .argument = call};
  return clf__shards_sum(&sum, scatter, x->columns * x->columns);
}

/* Sparse rows are multiplied without a shift, which costs as many digits as the mean has. */
static void set_noise(clf__gram *gram, int64_t columns, products how) {
  for (int64_t j = 0; j < columns; j++) {
    double size = gram->scatter[j * columns + j];
    size += how == ENTRIES ? gram->weight * gram->mean[j] * gram->mean[j] : 0;
    gram->noise[j] = sqrt((how == COARSE ? coarse_rounding : fine_rounding) * size);
  }
}

static clf_status fill_scatter(clf__gram *gram, clf_context *context, const clf__gram_input *input,
                               columns_of *each) {
  const clf__rows *x = input->x;
  finish f = {.scatter = gram->scatter,
              .columns = x->columns,
              .squares = clf__ceil_div(x->columns, SQUARE),
              .scale = (double)x->scale,
              .weight = gram->weight > 0 ? gram->weight : 1,
              .sums = each->sums,
              .shift = each->shift,
              .rest = each->rest};
  const products how = choose_products(input);
  choose_shift(each, input, how, f.weight);
  product_sums call = {context, input, how, each->center, NULL};
  clf_status status = sum_products(gram->scatter, &call);
  if (status == CLF_OK) {
    finish_scatter(context, &f);
    set_noise(gram, x->columns, how);
    gram->coarse = how == COARSE;
    gram->exact = how == EXACT;
  }
  return status;
}

/* Computes the class means [classes, columns], and what they add to the total scatter for weights
 * of 1. */
static void class_means(const clf__gram *gram, int64_t columns, int64_t classes, double *means,
                        double *roots) {
  for (int64_t k = 0; k < classes; k++) {
    const double weight = gram->class_weight[k];
    for (int64_t j = 0; j < columns; j++) {
      const double offset = weight > 0 ? gram->cross[k * columns + j] / weight : 0;
      means[k * columns + j] = gram->mean[j] + offset;
      roots[k * columns + j] = sqrt(weight) * offset;
    }
  }
}

static bool has_digits(const clf__gram *gram, int64_t columns) {
  bool all = true;
  for (int64_t j = 0; j < columns; j++) {
    const double noise = gram->noise[j] * gram->noise[j];
    all = all && (noise == 0 || gram->scatter[j * columns + j] > min_digits * noise);
  }
  return all;
}

static clf_status fill_about_classes(clf__gram *gram, clf_context *context,
                                     const clf__gram_input *input, const double *means) {
  const int64_t columns = input->x->columns;
  product_sums call = {context, input, FINE, NULL, means};
  clf__zero_f64(context, gram->scatter, columns * columns);
  clf_status status = sum_products(gram->scatter, &call);
  clf__mirror_upper(context, gram->scatter, columns);
  set_noise(gram, columns, FINE);
  gram->coarse = gram->exact = false;
  return status;
}

/* Computes the class means [classes, columns] and subtracts the scatter of the classes. */
static clf_status subtract_between(clf__gram *gram, clf_context *context, int64_t columns,
                                   int64_t classes, double **class_mean) {
  double *means = clf__alloc_matrix(context, 2 * classes, columns, sizeof *means);
  if (means == NULL) {
    return CLF_ERROR_MEMORY;
  }
  double *roots = means + classes * columns;
  class_means(gram, columns, classes, means, roots);
  *class_mean = means;
  return clf__gemm_f64(context, -1, clf__f64_transposed(roots, columns, classes, columns),
                       clf__f64_matrix(roots, classes, columns, columns), 1, gram->scatter,
                       columns);
}

static clf_status fill_within(clf__gram *gram, clf_context *context, const clf__gram_input *input) {
  const int64_t columns = input->x->columns;
  double *means = NULL;
  clf_status status = subtract_between(gram, context, columns, input->outputs, &means);
  if (status == CLF_OK && !has_digits(gram, columns)) {
    status = fill_about_classes(gram, context, input, means);
  }
  clf__free(means);
  return status;
}

/* Turns sums of raw rows into the scaled mean, and into cross about the mean. */
static void finish_sums(clf__gram *gram, int64_t columns, int64_t outputs, bool centered,
                        double scale, const clf__gram_sums *sums) {
  for (int64_t j = 0; j < columns && centered; j++) {
    gram->mean[j] = scale * (sums->x[j] / gram->weight);
  }
  for (int64_t o = 0; o < outputs; o++) {
    for (int64_t j = 0; j < columns; j++) {
      gram->cross[o * columns + j] =
          scale * sums->cross[o * columns + j] - sums->target[o] * gram->mean[j];
    }
  }
}

static clf_status create_outputs(clf__gram *gram, clf_context *context, int64_t columns,
                                 int64_t outputs, int64_t rows_of_scatter) {
  const int64_t count = clf__count(rows_of_scatter, columns);
  gram->scatter = clf__alloc_array(context, count, sizeof *gram->scatter);
  if (gram->scatter == NULL) {
    return clf__fail_within(CLF_ERROR_MEMORY, "a matrix of %lld by %lld columns",
                            (long long)rows_of_scatter, (long long)columns);
  }
  clf__zero_f64(context, gram->scatter, count);
  gram->arena.context = context;
  gram->mean = clf__arena_zeroed(&gram->arena, columns, sizeof *gram->mean);
  gram->noise = clf__arena_zeroed(&gram->arena, columns, sizeof *gram->noise);
  gram->cross = clf__arena_zeroed(&gram->arena, clf__count(outputs, columns), sizeof *gram->cross);
  gram->class_weight = clf__arena_zeroed(&gram->arena, outputs, sizeof *gram->class_weight);
  return clf__arena_status(&gram->arena);
}

static clf_status add_weights(void *argument, int64_t first, int64_t rows, double *sums) {
  for (int64_t row = first; row < first + rows; row++) {
    *sums += clf__gram_weight(argument, row);
  }
  return CLF_OK;
}

typedef struct row_sums {
  clf_context *context;
  const clf__gram_input *input;
} row_sums;

/* sums: of x [columns], then target [outputs], then cross [outputs, columns]. */
static clf_status add_row_sums(void *argument, int64_t first, int64_t rows, double *sums) {
  const row_sums *call = argument;
  clf__rows x;
  const clf__gram_input input = range_of(call->input, &x, first, rows);
  clf__gram_sums parts = {sums, sums + x.columns, sums + x.columns + input.outputs};
  return clf__gram_add_sums(&parts, call->context, &input);
}

/* Fills the total weight, and the sums of rows. */
static clf_status sum_rows(clf__gram *gram, clf__gram_sums *sums, clf_context *context,
                           clf__gram_input *input) {
  const clf__rows *x = input->x;
  const int64_t n = x->columns, outputs = input->outputs;
  row_sums call = {context, input};
  clf__shard_sum sum = {.name = "weights",
                        .of = x->shards,
                        .rows = x->rows,
                        .integers = input->weights == NULL,
                        .add = add_weights,
                        .argument = input};
  CLF__CHECK(clf__shards_sum(&sum, &gram->weight, 1));
  if (input->centered && !(gram->weight > 0)) {
    return clf__fail(CLF_ERROR_DATA, "the rows' weights sum to 0; some must be above 0");
  }
  const int64_t count = clf__count(outputs + 1, n + 1);
  double *all = clf__alloc_zeroed(context, count, sizeof *all);
  if (all == NULL) {
    return CLF_ERROR_MEMORY;
  }
  sum.name = "sums of rows";
  sum.integers = clf__gram_exact(input) && (input->labels != NULL || input->targets == NULL);
  sum.add = add_row_sums;
  sum.argument = &call;
  const clf_status status = clf__shards_sum(&sum, all, n + outputs + outputs * n);
  if (status == CLF_OK) {
    memcpy(sums->x, all, (size_t)n * sizeof *all);
    memcpy(sums->target, all + n, (size_t)outputs * sizeof *all);
    memcpy(sums->cross, all + n + outputs, (size_t)(outputs * n) * sizeof *all);
  }
  clf__free(all);
  return status;
}

clf_status clf__gram_create(clf__gram *out, clf_context *context, const clf__gram_input *input) {
  clf_status status;
  clf__gram gram = {0};
  clf__gram_input own = *input;
  columns_of each = {0};
  CLF__TRY(create_outputs(&gram, context, input->x->columns, input->outputs,
                          input->diagonal ? 1 : input->x->columns));
  CLF__TRY(create_columns(&each, context, input->x->columns));
  clf__gram_sums sums = {each.sums, gram.class_weight, gram.cross};
  CLF__TRY(sum_rows(&gram, &sums, context, &own));
  finish_sums(&gram, input->x->columns, input->outputs, input->centered, (double)input->x->scale,
              &sums);
  if (input->diagonal) {
    CLF__TRY(clf__gram_fill_diagonal(&gram, context, input, fine_rounding));
  } else {
    CLF__TRY(fill_scatter(&gram, context, input, &each));
    CLF__TRY(input->within ? fill_within(&gram, context, input) : CLF_OK);
  }
  *out = gram;
  gram = (clf__gram){0};
done:
  clf__arena_free(&each.arena);
  clf__gram_free(&gram);
  return status;
}

/* Sums about a reference are shifted to the mean as those of bytes are, by a whole number first. */
static clf_status center_products(clf__gram *gram, clf_context *context, const clf__moments *m,
                                  bool centered) {
  const int64_t n = m->columns;
  finish f = {.scatter = gram->scatter,
              .columns = n,
              .squares = clf__ceil_div(n, SQUARE),
              .scale = m->unit,
              .weight = gram->weight > 0 ? gram->weight : 1,
              .sums = m->sum};
  double *shift = clf__alloc_matrix(context, 2, n, sizeof *shift);
  if (shift == NULL) {
    return CLF_ERROR_MEMORY;
  }
  double *rest = shift + n;
  for (int64_t j = 0; j < n; j++) {
    shift[j] = centered ? rint(m->sum[j] / f.weight) : 0;
    rest[j] = centered ? m->sum[j] - f.weight * shift[j] : 0;
  }
  f.shift = shift;
  f.rest = rest;
  memcpy(gram->scatter, m->products, (size_t)(n * n) * sizeof *gram->scatter);
  finish_scatter(context, &f);
  for (int64_t j = 0; j < n; j++) {
    const double peak = m->integers ? 0 : m->peak[j] * (m->unit * m->unit);
    gram->noise[j] = sqrt(fine_rounding * fmax(gram->scatter[j * (n + 1)], peak));
  }
  gram->exact = m->integers;
  clf__free(shift);
  return CLF_OK;
}

clf_status clf__moments_gram(clf__gram *out, clf_context *context, const clf__moments *m,
                             bool centered, bool within, bool *separated) {
  clf__gram gram = {.weight = clf__moments_weight(m)};
  double *means = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(create_outputs(&gram, context, m->columns, m->outputs, m->columns));
  memcpy(gram.cross, m->cross, (size_t)(m->outputs * m->columns) * sizeof *gram.cross);
  memcpy(gram.class_weight, m->classes ? m->weight : m->target,
         (size_t)m->outputs * sizeof *gram.class_weight);
  const clf__gram_sums sums = {m->sum, gram.class_weight, gram.cross};
  finish_sums(&gram, m->columns, m->outputs, centered, m->unit, &sums);
  CLF__TRY(center_products(&gram, context, m, centered));
  CLF__TRY(within ? subtract_between(&gram, context, m->columns, m->outputs, &means) : CLF_OK);
  if (separated != NULL) {
    *separated = !has_digits(&gram, m->columns);
  }
  for (int64_t j = 0; j < m->columns && centered; j++) {
    gram.mean[j] += m->reference[j];
  }
  *out = gram;
  gram = (clf__gram){0};
done:
  clf__free(means);
  clf__gram_free(&gram);
  return status;
}

void clf__gram_free(clf__gram *gram) {
  clf__free(gram->scatter);
  clf__arena_free(&gram->arena);
  *gram = (clf__gram){0};
}
