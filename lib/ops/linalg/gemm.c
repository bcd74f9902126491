/* C = alpha op(A) op(B) + beta C, after Goto and van de Geijn (2008): B is divided into blocks of
 * DEPTH steps by at most COLUMNS columns, which stay in the last-level cache. A block is packed as
 * column panels, each of which stays in L2 while it is multiplied by a group of rows of A. Rows of
 * A are read in place, because the kernel broadcasts their elements; only a transposed A is packed.
 * B is not packed if too few rows of A would reuse it.
 *
 * Threads share the packed block and divide C. No sum is divided between threads, so results do not
 * depend on how many there are. */
#include "ops/linalg/gemm.h"

#include <inttypes.h>
#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/status.h"
#include "ops/kernels.h"
#include "ops/linalg/product.h"

enum {
  DEPTH = CLF__GEMM_SINK_DEPTH, /* steps in a block */
  COLUMNS = 2016,               /* columns in a block of B: a multiple of every kernel's panel */
  PACKED_STEPS = 32,            /* in a task that packs B: a multiple of every kernel's */
  GROUP = 96,                   /* rows of A in a task: a multiple of every kernel's panel */
  CACHED_BYTES = 256 * 1024,    /* so small a matrix stays in L2 and need not be packed */
};

typedef struct gemm {
  clf_context *context;
  const clf__product_kernel *kernel;
  bool transpose_a, transpose_b;
  int64_t m, n, k;
  double alpha, beta;
  const char *a, *b;
  char *c;
  int64_t lda, ldb, ldc;
  const clf__gemm_sink *sink; /* for C, or NULL */
  /* How the product is computed. */
  bool pack_a, pack_b;
  int64_t depth;       /* of a block */
  int64_t elements;    /* of a packed block along its depth */
  char *packed_a;      /* [threads, GROUP * elements] */
  char *packed_b;      /* [panels, elements * kernel->columns] */
  int64_t column_step; /* columns in a task */
  float *blocks;       /* [threads, GROUP * column_step] of C, for the sink */
} gemm;

/* One block of B. */
typedef struct gemm_block {
  const gemm *gemm;
  int64_t first_step, steps;
  int64_t first_column, columns;
  int64_t column_tasks;
  double beta;
} gemm_block;

static const char *element_of(const gemm *g, const char *matrix, int64_t ld, int64_t row,
                              int64_t column) {
  return matrix + (row * ld + column) * g->kernel->element;
}

/* Returns B's element (step, column). */
static const char *b_at(const gemm *g, int64_t step, int64_t column) {
  return g->transpose_b ? element_of(g, g->b, g->ldb, column, step)
                        : element_of(g, g->b, g->ldb, step, column);
}

/* Packs one panel; of a transposed B, whose steps lie side by side. */
static void pack_panel(void *argument, clf__range columns) {
  const gemm_block *block = argument;
  const gemm *g = block->gemm;
  g->kernel->pack(g->packed_b + columns.first * g->elements * g->kernel->element,
                  b_at(g, block->first_step, block->first_column + columns.first), 1, g->ldb,
                  block->steps, columns.end - columns.first);
}

/* Packs some steps of all panels, so that rows of B are read from end to end. */
static void pack_steps(void *argument, clf__range steps) {
  const gemm_block *block = argument;
  const gemm *g = block->gemm;
  const int64_t width = g->kernel->columns;
  for (int64_t column = 0; column < block->columns; column += width) {
    const int64_t at = column * g->elements + steps.first / g->kernel->group * width;
    g->kernel->pack(g->packed_b + at * g->kernel->element,
                    b_at(g, block->first_step + steps.first, block->first_column + column), g->ldb,
                    1, steps.end - steps.first, clf__min_i64(width, block->columns - column));
  }
}

static clf_status pack_block(gemm_block *block) {
  const gemm *g = block->gemm;
  const double work = (double)block->columns * (double)block->steps * CLF__COST_ELEMENT;
  return g->transpose_b ? clf__progress_ranges(g->context, block->columns, g->kernel->columns, work,
                                               pack_panel, block)
                        : clf__progress_ranges(g->context, block->steps, PACKED_STEPS, work,
                                               pack_steps, block);
}

static void set_a(clf__product *product, const gemm_block *block, int64_t first, int64_t rows,
                  int32_t worker) {
  const gemm *g = block->gemm;
  const int64_t height = g->kernel->rows;
  product->a_row = g->transpose_a ? 1 : g->lda;
  product->a_step = g->transpose_a ? g->lda : 1;
  product->a_panel = height * product->a_row;
  product->a = g->transpose_a ? element_of(g, g->a, g->lda, block->first_step, first)
                              : element_of(g, g->a, g->lda, first, block->first_step);
  if (g->pack_a) {
    char *packed = g->packed_a + worker * GROUP * g->elements * g->kernel->element;
    for (int64_t row = 0; row < rows; row += height) {
      g->kernel->pack_rows(packed + row * g->elements * g->kernel->element,
                           (const char *)product->a + row * product->a_row * g->kernel->element,
                           product->a_row, product->a_step, block->steps,
                           clf__min_i64(height, rows - row));
    }
    const bool lines = clf__packs_lines(g->kernel, product->a_step);
    product->a = packed;
    product->a_row = lines ? clf__packed_depth(g->kernel, block->steps) : 1;
    product->a_step = lines ? 1 : height;
    product->a_panel = height * g->elements;
  }
}

/* Passes a block of C on, row by row unless it has whole rows. */
static void write_block(const gemm *g, int64_t row, int64_t column, const clf__product *block) {
  const bool whole = block->columns == g->n;
  const int64_t count = whole ? block->rows * g->n : block->columns;
  for (int64_t i = 0; i < (whole ? 1 : block->rows); i++) {
    g->sink->write(g->sink->argument, (row + i) * g->n + column, count,
                   (const float *)block->c + i * block->ldc);
  }
}

static void multiply_part(void *argument, clf__range range) {
  const gemm_block *block = argument;
  const gemm *g = block->gemm;
  const int64_t row = range.index / block->column_tasks * GROUP;
  const int64_t column = range.index % block->column_tasks * g->column_step;
  const int64_t width = g->kernel->columns, at = block->first_column + column;
  clf__product product = {.rows = clf__min_i64(GROUP, g->m - row),
                          .columns = clf__min_i64(g->column_step, block->columns - column),
                          .depth = clf__packed_depth(g->kernel, block->steps),
                          .alpha = g->alpha,
                          .beta = block->beta};
  set_a(&product, block, row, product.rows, range.worker);
  product.b = g->pack_b ? g->packed_b + column * g->elements * g->kernel->element
                        : b_at(g, block->first_step, at);
  product.b_step = g->pack_b ? width : g->ldb;
  product.b_panel = g->pack_b ? width * g->elements : width;
  if (g->sink != NULL) {
    product.c = g->blocks + range.worker * GROUP * g->column_step;
    product.ldc = product.columns;
  } else {
    product.c = g->c + (row * g->ldc + at) * g->kernel->element;
    product.ldc = g->ldc;
  }
  g->kernel->multiply(&product);
  if (g->sink != NULL) {
    write_block(g, row, at, &product);
  }
}

static double work_of(const gemm *g) {
  const double each = (double)g->kernel->element / (double)sizeof(float) * CLF__COST_PRODUCT;
  return (double)g->m * (double)g->n * (double)g->k * each;
}

static clf_status multiply_blocks(const gemm *g) {
  for (int64_t column = 0; column < g->n; column += COLUMNS) {
    int64_t step = 0;
    do { /* once if k is 0: C = beta C */
      gemm_block block = {.gemm = g,
                          .first_step = step,
                          .steps = clf__min_i64(g->depth, g->k - step),
                          .first_column = column,
                          .columns = clf__min_i64(COLUMNS, g->n - column),
                          .beta = step == 0 ? g->beta : 1};
      if (g->pack_b) {
        CLF__CHECK(pack_block(&block));
      }
      block.column_tasks = clf__ceil_div(block.columns, g->column_step);
      CLF__CHECK(clf__progress_ranges(g->context, clf__ceil_div(g->m, GROUP) * block.column_tasks,
                                      1, work_of(g), multiply_part, &block));
      step += g->depth;
    } while (step < g->k);
  }
  return CLF_OK;
}

/* Returns the columns of a task: all of them, unless there are too few rows for all threads. */
static int64_t columns_of_task(const gemm *g, int64_t threads) {
  const int64_t width = g->kernel->columns, columns = clf__min_i64(COLUMNS, g->n);
  const int64_t wanted = clf__ceil_div(4 * threads, clf__ceil_div(g->m, GROUP));
  return threads == 1 ? clf__round_up(columns, width)
                      : clf__ceil_div(clf__ceil_div(columns, width), wanted) * width;
}

static bool stays_cached(const gemm *g, int64_t ld) {
  return (double)g->k * (double)ld * (double)g->kernel->element <= CACHED_BYTES;
}

static clf_status multiply(gemm *g) {
  const int64_t element = g->kernel->element, width = g->kernel->columns;
  const int64_t threads = clf__in_task() ? 1 : clf__context_threads(g->context);
  clf_status status = CLF_OK;
  clf__arena arena = {.context = g->context};
  if (g->m <= 0 || g->n <= 0) {
    return CLF_OK;
  }
  g->depth = clf__round_up(clf__ceil_div(g->k, clf__ceil_div(g->k, DEPTH) + (g->k == 0)),
                           g->kernel->multiple);
  g->elements = clf__packed_depth(g->kernel, g->depth);
  g->column_step = columns_of_task(g, threads);
  const bool rounds = g->kernel->multiple > 1;       /* by packing both factors */
  const bool lines = !g->transpose_a || g->lda == 1; /* the steps of a row lie side by side */
  g->pack_a = rounds || (!lines && g->n > width && !stays_cached(g, g->lda));
  g->pack_b = rounds || g->transpose_b || (g->m > 4 * g->kernel->rows && !stays_cached(g, g->ldb));
  if (g->pack_a) {
    g->packed_a = clf__arena_matrix(&arena, threads * GROUP, g->elements, (size_t)element);
  }
  if (g->pack_b) {
    g->packed_b = clf__arena_matrix(&arena, clf__round_up(clf__min_i64(COLUMNS, g->n), width),
                                    g->elements, (size_t)element);
  }
  if (g->sink != NULL) {
    g->blocks = clf__arena_matrix(&arena, threads * GROUP, g->column_step, sizeof *g->blocks);
  }
  CLF__TRY(clf__arena_status(&arena));
  status = multiply_blocks(g);
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status require_inner(int64_t columns, int64_t rows) {
  return columns == rows ? CLF_OK
                         : clf__fail(CLF_ERROR_SHAPE,
                                     "a product of matrices: %" PRId64 " columns times %" PRId64
                                     " rows; they must agree",
                                     columns, rows);
}

/* A product whose elements are f32 before the kernel packs them. */
static gemm singles_of(clf_context *context, clf__f32_view a, clf__f32_view b, float *c,
                       int64_t ldc) {
  return (gemm){.context = context,
                .transpose_a = a.transposed,
                .transpose_b = b.transposed,
                .m = a.rows,
                .n = b.columns,
                .k = a.columns,
                .alpha = 1,
                .a = (const char *)a.data,
                .b = (const char *)b.data,
                .c = (char *)c,
                .lda = a.stride,
                .ldb = b.stride,
                .ldc = ldc};
}

clf_status clf__gemm_f32(clf_context *context, float alpha, clf__f32_view a, clf__f32_view b,
                         float beta, float *c, int64_t ldc) {
  CLF__CHECK(require_inner(a.columns, b.rows));
  gemm g = singles_of(context, a, b, c, ldc);
  g.kernel = &clf__kernels_for(context)->products->f32;
  g.alpha = (double)alpha;
  g.beta = (double)beta;
  return multiply(&g);
}

clf_status clf__gemm_bf16(clf_context *context, clf__f32_view a, clf__f32_view b, float *c,
                          int64_t ldc) {
  CLF__CHECK(require_inner(a.columns, b.rows));
  gemm g = singles_of(context, a, b, c, ldc);
  g.kernel = &clf__reduced_kernels_for(context)->bf16->product;
  return multiply(&g);
}

clf_status clf__gemm_to(clf_context *context, bool bf16, clf__f32_view a, clf__f32_view b,
                        const clf__gemm_sink *sink) {
  CLF__CHECK(require_inner(a.columns, b.rows));
  gemm g = singles_of(context, a, b, NULL, b.columns);
  g.kernel = bf16 ? &clf__reduced_kernels_for(context)->bf16->product
                  : &clf__kernels_for(context)->products->f32;
  g.sink = sink;
  return multiply(&g);
}

clf_status clf__gemm_f64(clf_context *context, double alpha, clf__f64_view a, clf__f64_view b,
                         double beta, double *c, int64_t ldc) {
  CLF__CHECK(require_inner(a.columns, b.rows));
  gemm g = {.context = context,
            .kernel = &clf__kernels_for(context)->products->f64,
            .transpose_a = a.transposed,
            .transpose_b = b.transposed,
            .m = a.rows,
            .n = b.columns,
            .k = a.columns,
            .alpha = alpha,
            .beta = beta,
            .a = (const char *)a.data,
            .b = (const char *)b.data,
            .c = (char *)c,
            .lda = a.stride,
            .ldb = b.stride,
            .ldc = ldc};
  return multiply(&g);
}
