/* One step of a stream. Stacking or packing the weights does not pay for one row, so the products
 * read them in place, each once: the floor. */
#include "base/context.h"
#include "base/memory.h"
#include "ops/kernels.h"
#include "ops/linalg/product.h"
#include "ops/nn/recurrent.h"

#include <string.h>

/* c [columns] += a [depth] B; B has the first columns of lines of ldb. */
static void add_product(const clf__kernels *kernels, const float *a, int64_t depth, const float *b,
                        int64_t ldb, float *c, int64_t columns) {
  kernels->products->f32.multiply(&(clf__product){.rows = 1,
                                                  .columns = columns,
                                                  .depth = depth,
                                                  .a = a,
                                                  .a_row = depth,
                                                  .a_step = 1,
                                                  .b = b,
                                                  .b_panel = kernels->products->f32.columns,
                                                  .b_step = ldb,
                                                  .alpha = 1,
                                                  .beta = 1,
                                                  .c = c,
                                                  .ldc = columns});
}

clf_status clf__recurrent_step(clf_context *context, const clf__recurrent *cell,
                               const clf__recurrent_weights *weights, const float *x,
                               float *state) {
  const clf__kernels *kernels = clf__kernels_for(context);
  const int64_t units = cell->units, columns = clf__recurrent_biases(cell->cell) * units;
  const int64_t line = clf__recurrent_gates(cell->cell) * units;
  const int64_t shared = cell->cell == CLF__CELL_GRU ? 2 * units : line;
  float *gates = clf__alloc_array(context, columns, sizeof *gates), *h = state;
  float *c = state + units;
  if (gates == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memcpy(gates, weights->bias, (size_t)columns * sizeof *gates);
  add_product(kernels, x, cell->inputs, weights->input, line, gates, line);
  add_product(kernels, h, units, weights->state, line, gates, shared);
  if (shared < line) {
    add_product(kernels, h, units, weights->state + shared, line, gates + line, units);
  }
  kernels->recurrent->forward(&(clf__cell_step){.cell = cell->cell,
                                                .rows = 1,
                                                .units = units,
                                                .gates = gates,
                                                .h_before = h,
                                                .c_before = c,
                                                .h = h,
                                                .c = c});
  clf__free(gates);
  return CLF_OK;
}
