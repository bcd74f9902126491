/* Products of a kernel matrix with a few vectors. Its lower triangle is divided into square blocks.
 * Each block is used twice while it is in the cache: K_IJ v_J is added to y_I, and K_IJ^T v_I to
 * y_J. Blocks on the diagonal hold their lower triangle with half of the diagonal, so that they
 * need no special treatment.
 *
 * A product reads each stored block once. Blocks are stored as floats if all of them fit, which
 * takes 2 n^2 bytes, and otherwise as 16-bit integers with a scale for each block, which takes n^2
 * bytes. Blocks that do not fit either way are computed for each product, and give the same bits.
 *
 * Rows of blocks are assigned to a fixed number of groups, each with its own sums, so that the
 * result does not depend on the number of threads. */
#include "ops/kernelfn/kernel_product.h"

#include <math.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/progress.h"
#include "ops/kernelfn/kernel_parts.h"
#include "ops/kernelfn/kernel_tiles.h"

enum { BLOCK = 512, BLOCK_SIZE = BLOCK * BLOCK, GROUPS = 8 };

struct clf__kernel_product {
  clf_context *context;
  clf__arena arena;
  const clf__kernels *kernels;
  clf__kernel_columns *columns;
  const clf__rows *x;
  const int64_t *rows; /* [n] */
  const double *root;  /* [n] */
  int64_t n, sides;
  int64_t edge;             /* blocks along a side of K */
  int64_t padded;           /* their rows */
  int64_t kept;             /* blocks that are stored */
  bool quantized;           /* blocks are 16-bit integers */
  bool filled;              /* blocks have been computed */
  void *blocks;             /* [kept, BLOCK, BLOCK] */
  float *scales;            /* [kept] */
  float *spare;             /* [threads, BLOCK, BLOCK] */
  int16_t *spare_quantized; /* the same, if blocks are quantized */
  float *v;                 /* [sides, padded] */
  float *sums;              /* [GROUPS, sides, padded] */
};

/* Decides how blocks are stored, and how many. Half of the available memory is left to others. */
static void plan_cache(clf__kernel_product *m, size_t bytes) {
  const size_t all = (size_t)m->edge * (size_t)(m->edge + 1) / 2;
  const size_t available = clf__context_available(m->context) / 2;
  m->quantized = bytes / (BLOCK_SIZE * sizeof(float)) < all;
  bytes = clf__min_size(bytes, available);
  bytes /= BLOCK_SIZE * (m->quantized ? sizeof(int16_t) : sizeof(float));
  m->kept = (int64_t)(bytes < all ? bytes : all);
}

static clf_status allocate(clf__kernel_product *m) {
  const size_t element = m->quantized ? sizeof(int16_t) : sizeof(float);
  const int64_t threads = clf__context_threads(m->context);
  const int64_t width = clf__count(m->padded, m->sides);
  m->spare = clf__arena_matrix(&m->arena, threads, BLOCK_SIZE, sizeof *m->spare);
  m->v = clf__arena_zeroed(&m->arena, width, sizeof *m->v);
  m->sums = clf__arena_matrix(&m->arena, GROUPS, width, sizeof *m->sums);
  m->blocks = clf__arena_matrix(&m->arena, m->kept, BLOCK_SIZE, element);
  m->scales = clf__arena_array(&m->arena, m->kept, sizeof *m->scales);
  m->spare_quantized = clf__arena_matrix(&m->arena, m->quantized ? threads : 0, BLOCK_SIZE,
                                         sizeof *m->spare_quantized);
  return clf__arena_status(&m->arena);
}

clf_status clf__kernel_product_create(clf__kernel_product **out, clf_context *context,
                                      const clf__kernel_function *function,
                                      const clf__row_pick *rows, const float *center,
                                      const double *root, int64_t sides, size_t cache_bytes) {
  const int64_t n = rows->count;
  clf__kernel_product *m = *out = clf__alloc_zeroed(context, 1, sizeof *m);
  if (m == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *m = (clf__kernel_product){.context = context,
                             .arena = {.context = context},
                             .kernels = clf__kernels_for(context),
                             .x = rows->x,
                             .rows = rows->rows,
                             .root = root,
                             .n = n,
                             .sides = sides,
                             .edge = clf__ceil_div(n, BLOCK)};
  m->padded = m->edge * BLOCK;
  plan_cache(m, cache_bytes);
  clf_status status = allocate(m);
  return status < 0 ? status
                    : clf__kernel_columns_create(&m->columns, context, function, rows->x,
                                                 rows->rows, n, rows->x, center);
}

void clf__kernel_product_free(clf__kernel_product *m) {
  if (m != NULL) {
    clf__kernel_columns_free(m->columns);
    clf__arena_free(&m->arena);
    clf__free(m);
  }
}

typedef struct product_call {
  clf__kernel_product *matrix;
  const clf__progress *progress;
  int64_t step;
  bool exact;
} product_call;

/* Computes block (I, J) as floats. */
static clf_status make_block(const clf__kernel_product *m, int64_t i, int64_t j, float *block) {
  const int64_t rows = clf__min_i64(m->n - i * BLOCK, BLOCK);
  clf_status status = clf__kernel_block(m->columns, j * BLOCK, j == i ? rows : BLOCK, m->x,
                                        m->rows + i * BLOCK, rows, block, BLOCK);
  for (int64_t row = 0; row < rows && j == i; row++) {
    float *line = block + row * BLOCK;
    line[row] /= 2;
    memset(line + row + 1, 0, (size_t)(BLOCK - row - 1) * sizeof *line);
  }
  return status;
}

/* Points `product` to block (I, J) as floats. */
static clf_status get_floats(const clf__kernel_product *m, int64_t i, int64_t j,
                             clf__symmetric_block *product, int32_t worker) {
  const int64_t at = i * (i + 1) / 2 + j;
  const bool kept = at < m->kept && !m->quantized;
  float *block = kept ? (float *)m->blocks + at * BLOCK_SIZE : m->spare + worker * BLOCK_SIZE;
  product->k = block;
  product->scale = 1;
  return kept && m->filled ? CLF_OK : make_block(m, i, j, block);
}

/* Points `product` to block (I, J) as 16-bit integers. Blocks that are not stored are rounded as
 * well, so that results do not depend on how many are stored. */
static clf_status get_quantized(const clf__kernel_product *m, int64_t i, int64_t j,
                                clf__symmetric_block *product, int32_t worker) {
  const int64_t at = i * (i + 1) / 2 + j;
  const bool kept = at < m->kept;
  int16_t *block =
      kept ? (int16_t *)m->blocks + at * BLOCK_SIZE : m->spare_quantized + worker * BLOCK_SIZE;
  product->k = block;
  if (kept && m->filled) {
    product->scale = m->scales[at];
    return CLF_OK;
  }
  float *floats = m->spare + worker * BLOCK_SIZE;
  const clf_status status = make_block(m, i, j, floats);
  if (status == CLF_OK) {
    product->scale = m->kernels->symmetric_block->quantize(block, floats, product->rows * BLOCK);
    if (kept) {
      m->scales[at] = product->scale;
    }
  }
  return status;
}

/* Multiplies block (I, J) as `product` describes. */
static clf_status multiply_block(const product_call *call, int64_t i, int64_t j,
                                 clf__symmetric_block *product, int32_t worker) {
  const clf__kernel_product *m = call->matrix;
  const bool quantized = m->quantized && !call->exact;
  const clf_status status =
      quantized ? get_quantized(m, i, j, product, worker) : get_floats(m, i, j, product, worker);
  if (status == CLF_OK) {
    (quantized ? m->kernels->symmetric_block->i16 : m->kernels->symmetric_block->f32)(product);
  }
  return status;
}

static clf_status multiply_row(const product_call *call, int64_t group, int64_t i, int32_t worker) {
  const clf__kernel_product *m = call->matrix;
  float *sums = m->sums + group * m->sides * m->padded;
  clf_status status = CLF_OK;
  for (int64_t j = 0; j <= i && status == CLF_OK; j++) {
    clf__symmetric_block product = {.rows = clf__min_i64(m->n - i * BLOCK, BLOCK),
                                    .columns = BLOCK,
                                    .sides = m->sides,
                                    .ld = m->padded,
                                    .left = m->v + i * BLOCK,
                                    .right = m->v + j * BLOCK,
                                    .row_sums = sums + i * BLOCK,
                                    .column_sums = sums + j * BLOCK};
    status = multiply_block(call, i, j, &product, worker);
    if (status == CLF_OK) {
      status = clf__progress_step(call->progress, call->step, (double)NAN, (double)NAN);
    }
  }
  return status;
}

static clf_status multiply_group(void *argument, clf__range range) {
  const product_call *call = argument;
  const clf__kernel_product *m = call->matrix;
  const int64_t group = range.index, width = m->sides * m->padded;
  clf_status status = CLF_OK;
  memset(m->sums + group * width, 0, (size_t)width * sizeof *m->sums);
  for (int64_t i = group; i < m->edge && status == CLF_OK; i += GROUPS) {
    status = multiply_row(call, group, i, range.worker);
  }
  return status;
}

static void set_vectors(const clf__kernel_product *m, const double *p) {
  for (int64_t i = 0; i < m->n; i++) {
    for (int64_t c = 0; c < m->sides; c++) {
      m->v[c * m->padded + i] = (float)(m->root[i] * p[i * m->sides + c]);
    }
  }
}

/* y = W^1/2 (sum of the groups' sums). */
static void add_groups(const clf__kernel_product *m, double *y) {
  for (int64_t i = 0; i < m->n; i++) {
    for (int64_t c = 0; c < m->sides; c++) {
      double sum = 0;
      for (int64_t g = 0; g < GROUPS; g++) {
        sum += (double)m->sums[(g * m->sides + c) * m->padded + i];
      }
      y[i * m->sides + c] = m->root[i] * sum;
    }
  }
}

clf_status clf__kernel_product_times(clf__kernel_product *m, const double *p, bool exact,
                                     const clf__progress *progress, int64_t step, double *y) {
  product_call call = {.matrix = m, .progress = progress, .step = step, .exact = exact};
  atomic_int_least64_t done;
  atomic_init(&done, step);
  set_vectors(m, p);
  const double values = (double)m->n * (double)m->n;
  const double work = m->filled ? 0 : clf__kernel_work(m->columns, m->n, 0, m->n);
  const clf_status status =
      clf__jobs_run(progress, &done, GROUPS, 1, work + values * (double)m->sides * CLF__COST_COPY,
                    multiply_group, &call);
  if (status == CLF_OK) {
    m->filled = m->filled || !(m->quantized && exact);
    add_groups(m, y);
  }
  return status;
}
