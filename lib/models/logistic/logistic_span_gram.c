/* Images by the rows' Gram matrix (logistic_span.c).
 *
 * The image of coefficients is K B with K = (X - 1 c^T)(X - 1 c^T)^T, [rows, rows]. Once K is
 * there, an image takes rows^2 outputs multiply-adds instead of 2 rows columns outputs, and reads
 * rows^2 numbers instead of rows columns. K itself takes rows^2 columns / 2 at the rate of large
 * products, and a copy of the rows: the time of 4 + rows / (50 + 6 outputs) passes, since passes
 * are bound by memory if the outputs are few. L-BFGS needs 15 to 100 images. So K is computed once
 * its time has been spent on passes, if that is at most MAX_COST of them.
 *
 * The gradient of the weights is not computed with it, only its length. By the largest component's
 * share of the length in the last pass, it is large or not; what may be the last step has a pass
 * again. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "models/logistic/logistic.h"
#include "ops/linalg/gram_parts.h"
#include "ops/linalg/linear.h"
#include "optim/vector.h"

#define SMALL_BYTES (256. * 1024 * 1024) /* that K may take if the rows take less */

enum {
  MAX_COST = 24, /* in passes */
  COLUMNS_PER_ROW = 6,
  BLOCK_COLUMNS = 2048, /* multiplied at a time */
  TILE = 16,            /* rows transposed at a time */
  TILE_COLUMNS = 64,
  PASSES_APART = 16 /* images after which the share is measured again */
};

/* Whether K takes so little memory, in f64 and f32, that nobody minds. */
static bool is_small(const clf__rows *x) {
  const double square = (double)x->rows * (double)x->rows, size = x->dtype == CLF_U8 ? 1 : 4;
  return 12 * square <= fmax(SMALL_BYTES, size * (double)x->rows * (double)x->columns);
}

int64_t clf__span_gram_after(const clf__logistic_span *s) {
  const clf__rows *x = s->objective->x;
  const double cost = 4 + (double)x->rows / (double)(50 + 6 * s->objective->outputs);
  const bool pays = cost <= MAX_COST && x->rows <= x->columns / COLUMNS_PER_ROW;
  return pays && is_small(x) ? (int64_t)cost : INT64_MAX;
}

/* A block of columns as rows of f32. */
typedef struct transposition {
  const clf__logistic_span *span;
  clf__rows x;          /* the block */
  const double *center; /* of the block */
  float *out;           /* [columns of the block, rows] */
} transposition;

/* out [columns, rows] of some rows, by some columns of the block: rows that count are centered, and
 * divided by the root of their mean square; others are 0. */
static void transpose_tile(const transposition *t, int64_t row, int64_t rows, int64_t column) {
  const clf__logistic_objective *o = t->span->objective;
  const int64_t columns = clf__min_i64(TILE_COLUMNS, t->x.columns - column);
  const clf__rows x = clf__rows_columns(&t->x, column, columns);
  const double *center = t->center + column;
  const float scale = (float)(1 / sqrt(t->span->length));
  float values[TILE][TILE_COLUMNS], buffer[TILE_COLUMNS];
  for (int64_t i = 0; i < rows; i++) {
    const float *from = clf__rows_values(&x, row + i, buffer);
    const bool counts = clf__logistic_weight(o, row + i) > 0;
    for (int64_t j = 0; j < columns && counts; j++) {
      values[i][j] = (float)((double)from[j] - center[j]) * scale;
    }
    if (!counts) {
      memset(values[i], 0, sizeof values[i]);
    }
  }
  for (int64_t j = 0; j < columns; j++) {
    for (int64_t i = 0; i < rows; i++) {
      t->out[(column + j) * t->x.rows + row + i] = values[i][j];
    }
  }
}

static void transpose_rows(void *argument, clf__range range) {
  const transposition *t = argument;
  for (int64_t first = range.first; first < range.end; first += TILE) {
    for (int64_t column = 0; column < t->x.columns; column += TILE_COLUMNS) {
      transpose_tile(t, first, clf__min_i64(TILE, range.end - first), column);
    }
  }
}

/* scatter [rows, rows], upper triangle, += the products of all blocks. */
static clf_status add_products(const clf__logistic_span *s, clf__arena *arena, double *scatter) {
  const clf__logistic_objective *o = s->objective;
  const int64_t rows = o->x->rows, width = clf__min_i64(BLOCK_COLUMNS, o->columns);
  float *block = clf__arena_matrix(arena, width, rows, sizeof *block);
  double *zeros = clf__arena_zeroed(arena, rows, sizeof *zeros);
  CLF__CHECK(clf__arena_status(arena));
  for (int64_t first = 0; first < o->columns; first += width) {
    const int64_t columns = clf__min_i64(width, o->columns - first);
    transposition t = {s, clf__rows_columns(o->x, first, columns), s->center + first, block};
    clf__parallel_ranges(o->context, rows, TILE, (double)rows * (double)columns * CLF__COST_ELEMENT,
                         transpose_rows, &t);
    const clf__rows x = clf__rows_of_f32(block, columns, rows, rows);
    const clf__gram_input input = {.x = &x};
    CLF__CHECK(clf__gram_add_dense(scatter, o->context, &input, zeros));
  }
  return CLF_OK;
}

clf_status clf__span_gram_create(clf__logistic_span *s) {
  const clf__logistic_objective *o = s->objective;
  const int64_t rows = o->x->rows;
  clf__arena arena = {.context = o->context};
  double *scatter = clf__arena_zeroed(&arena, clf__count(rows, rows), sizeof *scatter);
  s->of_gram.context = o->context;
  float *gram = clf__arena_matrix(&s->of_gram, rows, rows, sizeof *gram);
  s->factor = clf__arena_array(&s->of_gram, s->count, sizeof *s->factor);
  s->product = clf__arena_array(&s->of_gram, s->count, sizeof *s->product);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  CLF__TRY(clf__arena_status(&s->of_gram));
  CLF__TRY(add_products(s, &arena, scatter));
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = i; j < rows; j++) {
      gram[i * rows + j] = gram[j * rows + i] = (float)scatter[i * rows + j];
    }
  }
  s->gram = gram;
done:
  clf__arena_free(&arena);
  return status;
}

void clf__span_gram_measure(clf__logistic_span *s, const double *gradient, double largest) {
  const double length = clf__span_length(s, gradient) / s->unit;
  s->share = length > 0 ? largest / length : 1;
  s->images = 0;
}

clf_status clf__span_gram_image(clf__logistic_span *s, double *gradient, double *largest) {
  const clf__logistic_objective *o = s->objective;
  const int64_t rows = o->x->rows, outputs = o->outputs;
  const clf__rows k = clf__rows_of_f32(s->gram, rows, rows, rows);
  const double scale = s->length / (s->of_weights * (double)rows);
  for (int64_t i = 0; i < s->count; i++) {
    s->factor[i % outputs * rows + i / outputs] = s->u[i];
  }
  CLF__CHECK(clf__linear(o->context, &k, s->factor, NULL, outputs, s->product, outputs));
  for (int64_t i = 0; i < s->count; i++) {
    gradient[s->count + i] = scale * (double)s->product[i];
  }
  s->images++;
  *largest = s->images < PASSES_APART ? s->share * clf__span_length(s, gradient) / s->unit : 0;
  return CLF_OK;
}
