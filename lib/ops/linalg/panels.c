/* Blocks of DEPTH steps, in each of them panels of the kernel's columns, so that a panel stays in
 * L1 while it meets the rows. */
#include "ops/linalg/panels.h"

#include "base/math.h"
#include "base/memory.h"
#include "ops/kernels.h"
#include "ops/linalg/product.h"

enum { DEPTH = 512 };

static int64_t panels_of(const clf__panels *p) {
  return clf__ceil_div(p->columns, p->kernel->columns);
}

clf_status clf__panels_pack(clf__panels *out, clf_context *context, bool transpose, int64_t depth,
                            int64_t columns, const float *b, int64_t ldb) {
  clf__panels panels = {&clf__kernels_for(context)->products->f32, depth, columns, NULL};
  const int64_t width = panels.kernel->columns, count = panels_of(&panels);
  int64_t size;
  panels.data =
      clf__alloc_array(context, clf__mul_i64(count * width, depth, &size) ? size : -1, sizeof *b);
  if (panels.data == NULL) {
    return CLF_ERROR_MEMORY;
  }
  float *to = panels.data;
  for (int64_t step = 0; step < depth; step += DEPTH) {
    const int64_t steps = clf__min_i64(DEPTH, depth - step);
    for (int64_t column = 0; column < columns; column += width, to += width * steps) {
      const float *from = transpose ? b + column * ldb + step : b + step * ldb + column;
      panels.kernel->pack(to, from, transpose ? 1 : ldb, transpose ? ldb : 1, steps,
                          clf__min_i64(width, columns - column));
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
