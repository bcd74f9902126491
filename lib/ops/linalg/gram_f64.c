/* Sums of products of columns in f64, one block of rows at a time. They are used for tables of some
 * hundred rows, where they take negligible time, and if products in f32 could not distinguish
 * columns. Only the upper triangle is needed, so each stripe of columns is multiplied by the
 * columns up to its own end. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/pool.h"
#include "base/progress.h"
#include "comm/shards.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/gram_parts.h"

enum { BLOCK_ROWS = 512, STRIPE = 256 };
static const int64_t max_values = 1 << 20;
static const int64_t max_products = 1 << 24; /* a millisecond */

static bool is_small(int64_t rows, int64_t columns) {
  int64_t values, products;
  return clf__mul_i64(rows, columns, &values) && values <= max_values &&
         clf__mul_i64(values, columns, &products) && products <= max_products;
}

bool clf__gram_small(const clf__gram_input *input) {
  return !clf__gram_exact(input) &&
         is_small(clf__shards_rows(input->x->shards, input->x->rows), input->x->columns);
}

/* The products of a small table run on one thread: all threads would read a block that the caller
 * writes, and writing it again after they did takes 10 to 25 ns a line of the cache, which can be
 * more than their products save. */
static clf_status add_block(double *scatter, clf_context *context, int64_t columns, int64_t rows,
                            const double *weighted, const double *z) {
  clf_status status = CLF_OK;
  for (int64_t first = 0; first < columns && status == CLF_OK; first += STRIPE) {
    const int64_t width = clf__min_i64(STRIPE, columns - first);
    status = clf__gemm_f64(context, 1, clf__f64_transposed(weighted, first + width, rows, columns),
                           clf__f64_matrix(z + first, rows, width, columns), 1, scatter + first,
                           columns);
  }
  return status;
}

clf_status clf__gram_add_f64(double *scatter, clf_context *context, const clf__centered *rows,
                             const float *weights, double scale) {
  const int64_t columns = rows->x->columns, count = rows->x->rows;
  const int64_t block = clf__min_i64(BLOCK_ROWS, count);
  const clf__progress progress = clf__progress_begin(context, "gram", count);
  clf_status status = CLF_OK;
  const bool plain = weights == NULL && scale == 1;
  double *z = clf__alloc_matrix(context, plain ? block : 2 * block, columns, sizeof *z);
  if (z == NULL) {
    return CLF_ERROR_MEMORY;
  }
  double *weighted = plain ? z : z + block * columns;
  const bool before = clf__in_task();
  if (is_small(count, columns)) {
    clf__alone_begin();
  }
  for (int64_t first = 0; first < count && status == CLF_OK; first += block) {
    const int64_t here = clf__min_i64(block, count - first);
    clf__centered_read(rows, context, first, here, z, columns);
    for (int64_t i = 0; i < here && !plain; i++) {
      const double weight = scale * (weights == NULL ? 1 : (double)weights[first + i]);
      for (int64_t j = 0; j < columns; j++) {
        weighted[i * columns + j] = weight * z[i * columns + j];
      }
    }
    status = first > 0 ? clf__progress_step(&progress, first, NAN, NAN) : CLF_OK;
    if (status == CLF_OK) {
      status = add_block(scatter, context, columns, here, weighted, z);
    }
  }
  clf__alone_end(before);
  clf__free(z);
  return status;
}
