/* The depth is divided into blocks of DEPTH steps. Each block has panels of the kernel's columns,
 * so that a panel stays in L1 while it is multiplied by the rows. */
#include "ops/linalg/panels.h"

#include "base/math.h"
#include "base/memory.h"
#include "ops/kernels.h"
#include "ops/linalg/product.h"

enum {
  DEPTH = 512,
  ROUNDED = 1 << 15, /* elements that are rounded at a time: 128 rows of bf16 */
  ROWS = 32          /* whose multiples fill tiles */
};

static int64_t panels_of(const clf__panels *p) {
  return clf__ceil_div(p->columns, p->kernel->columns);
}

clf_status clf__panels_pack(clf__panels *out, clf_context *context, clf__f32_view b, bool bf16) {
  clf__panels panels = {bf16 ? &clf__reduced_kernels_for(context)->bf16->product
                             : &clf__kernels_for(context)->products->f32,
                        b.rows, b.columns, NULL};
  const int64_t width = panels.kernel->columns, count = panels_of(&panels);
  const int64_t elements = clf__packed_depth(panels.kernel, b.rows);
  panels.data = clf__alloc_matrix(context, count * width, elements, sizeof(float));
  if (panels.data == NULL) {
    return CLF_ERROR_MEMORY;
  }
  float *to = panels.data;
  const int64_t next_step = b.transposed ? 1 : b.stride, next_column = b.transposed ? b.stride : 1;
  for (int64_t step = 0; step < b.rows; step += DEPTH) {
    const int64_t steps = clf__min_i64(DEPTH, b.rows - step);
    const int64_t panel = width * clf__packed_depth(panels.kernel, steps);
    for (int64_t column = 0; column < b.columns; column += width, to += panel) {
      panels.kernel->pack(to, b.data + step * next_step + column * next_column, next_step,
                          next_column, steps, clf__min_i64(width, b.columns - column));
    }
  }
  *out = panels;
  return CLF_OK;
}

void clf__panels_free(clf__panels *panels) {
  clf__free(panels->data);
  panels->data = NULL;
}

/* C = A B + beta C for one block of steps. */
static void multiply_block(const clf__panels *panels, int64_t step, int64_t rows, const void *a,
                           int64_t lda, float *c, int64_t ldc, double beta) {
  const clf__product_kernel *kernel = panels->kernel;
  const int64_t depth = clf__packed_depth(kernel, clf__min_i64(DEPTH, panels->depth - step));
  const int64_t width = kernel->columns, line = panels_of(panels) * width;
  kernel->multiply(&(clf__product){.rows = rows,
                                   .columns = panels->columns,
                                   .depth = depth,
                                   .a = a,
                                   .a_panel = kernel->rows * lda,
                                   .a_row = lda,
                                   .a_step = 1,
                                   .b = panels->data + clf__packed_depth(kernel, step) * line,
                                   .b_panel = width * depth,
                                   .b_step = width,
                                   .alpha = 1,
                                   .beta = beta,
                                   .c = c,
                                   .ldc = ldc});
}

static bool rounds(const clf__panels *panels) {
  return panels->kernel->multiple > 1;
}

int64_t clf__panels_scratch(const clf__panels *panels) {
  return rounds(panels) ? ROUNDED : 0;
}

/* Rounds some rows at a time, for which all panels are read: few rows would leave tiles empty. */
static void round_and_multiply(const clf__panels *panels, int64_t step, int64_t rows,
                               const float *a, int64_t lda, float *c, int64_t ldc, double beta,
                               float *rounded) {
  const int64_t steps = clf__min_i64(DEPTH, panels->depth - step);
  const int64_t line = clf__packed_depth(panels->kernel, steps), fit = ROUNDED / line;
  const int64_t most = fit - fit % ROWS;
  for (int64_t row = 0; row < rows; row += most) {
    const int64_t part = clf__min_i64(most, rows - row);
    panels->kernel->pack_rows(rounded, a + row * lda, lda, 1, steps, part);
    multiply_block(panels, step, part, rounded, line, c + row * ldc, ldc, beta);
  }
}

static void multiply(const clf__panels *panels, int64_t rows, const float *a, int64_t lda, float *c,
                     int64_t ldc, double beta, float *scratch) {
  for (int64_t step = 0; step < panels->depth; step += DEPTH) {
    if (rounds(panels)) {
      round_and_multiply(panels, step, rows, a + step, lda, c, ldc, step == 0 ? beta : 1, scratch);
    } else {
      multiply_block(panels, step, rows, a + step, lda, c, ldc, step == 0 ? beta : 1);
    }
  }
}

void clf__panels_multiply(const clf__panels *panels, int64_t rows, const float *a, int64_t lda,
                          float *c, int64_t ldc, float *scratch) {
  multiply(panels, rows, a, lda, c, ldc, 0, scratch);
}

void clf__panels_add(const clf__panels *panels, int64_t rows, const float *a, int64_t lda, float *c,
                     int64_t ldc, float *scratch) {
  multiply(panels, rows, a, lda, c, ldc, 1, scratch);
}

int64_t clf__outer_scratch(const clf__product_kernel *kernel, int64_t depth, int64_t rows,
                           int64_t columns) {
  return clf__packed_depth(kernel, depth) *
         (clf__round_up(rows, kernel->rows) + clf__round_up(columns, kernel->columns));
}

void clf__outer_add(const clf__product_kernel *kernel, clf__f32_view a, clf__f32_view b, float *c,
                    int64_t ldc, float *scratch) {
  const int64_t height = kernel->rows, width = kernel->columns;
  const int64_t depth = clf__packed_depth(kernel, a.rows);
  /* bf16 packs a single column as a line */
  const bool line = kernel->multiple > 1 && clf__packs_lines(kernel, a.stride);
  float *const lines = scratch + depth * clf__round_up(a.columns, height);
  for (int64_t i = 0; i < a.columns; i += height) {
    kernel->pack_rows(scratch + i * depth, a.data + i, 1, a.stride, a.rows,
                      clf__min_i64(height, a.columns - i));
  }
  for (int64_t j = 0; j < b.columns; j += width) {
    kernel->pack(lines + j * depth, b.data + j, b.stride, 1, b.rows,
                 clf__min_i64(width, b.columns - j));
  }
  kernel->multiply(&(clf__product){.rows = a.columns,
                                   .columns = b.columns,
                                   .depth = depth,
                                   .a = scratch,
                                   .a_panel = height * depth,
                                   .a_row = line ? depth : 1,
                                   .a_step = line ? 1 : height,
                                   .b = lines,
                                   .b_panel = width * depth,
                                   .b_step = width,
                                   .alpha = 1,
                                   .beta = 1,
                                   .c = c,
                                   .ldc = ldc});
}
