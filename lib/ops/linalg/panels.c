/* The depth is divided into blocks of DEPTH steps. Each block has panels of the kernel's columns,
 * so that a panel stays in L1 while it is multiplied by the rows. */
#include "ops/linalg/panels.h"

#include "base/math.h"
#include "base/memory.h"
#include "ops/kernels.h"
#include "ops/linalg/product.h"

enum { DEPTH = 512 };

static int64_t panels_of(const clf__panels *p) {
  return clf__ceil_div(p->columns, p->kernel->columns);
}

clf_status clf__panels_pack(clf__panels *out, clf_context *context, clf__f32_view b) {
  clf__panels panels = {&clf__kernels_for(context)->products->f32, b.rows, b.columns, NULL};
  const int64_t width = panels.kernel->columns, count = panels_of(&panels);
  panels.data = clf__alloc_matrix(context, count * width, b.rows, sizeof(float));
  if (panels.data == NULL) {
    return CLF_ERROR_MEMORY;
  }
  float *to = panels.data;
  const int64_t next_step = b.transposed ? 1 : b.stride, next_column = b.transposed ? b.stride : 1;
  for (int64_t step = 0; step < b.rows; step += DEPTH) {
    const int64_t steps = clf__min_i64(DEPTH, b.rows - step);
    for (int64_t column = 0; column < b.columns; column += width, to += width * steps) {
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

void clf__panels_multiply(const clf__panels *panels, int64_t rows, const float *a, int64_t lda,
                          float *c, int64_t ldc) {
  const int64_t width = panels->kernel->columns, line = panels_of(panels) * width;
  for (int64_t step = 0; step < panels->depth; step += DEPTH) {
    const int64_t steps = clf__min_i64(DEPTH, panels->depth - step);
    const clf__product product = {.rows = rows,
                                  .columns = panels->columns,
                                  .depth = steps,
                                  .a = a + step,
                                  .a_panel = panels->kernel->rows * lda,
                                  .a_row = lda,
                                  .a_step = 1,
                                  .b = panels->data + step * line,
                                  .b_panel = width * steps,
                                  .b_step = width,
                                  .alpha = 1,
                                  .beta = step == 0 ? 0 : 1,
                                  .c = c,
                                  .ldc = ldc};
    panels->kernel->multiply(&product);
  }
}
