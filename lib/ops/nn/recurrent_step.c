/* One step of a stream. Stacking or packing the weights does not pay for one row, so the products
 * read them in place, each once: the floor. */
#include "base/bf16.h"
#include "base/context.h"
#include "base/memory.h"
#include "ops/kernels.h"
#include "ops/linalg/product.h"
#include "ops/nn/recurrent_run.h"

#include <string.h>

/* c [columns] = a [depth] B + beta c; B has the first columns of lines of ldb. */
static void multiply(const clf__kernels *kernels, const float *a, int64_t depth, const float *b,
                     int64_t ldb, float *c, int64_t columns, double beta) {
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
                                                  .beta = beta,
                                                  .c = c,
                                                  .ldc = columns});
}

/* Copies the factors of the weights, rounded as those of bf16 products; sums are f32 in any
 * case. */
static void copy_factors(const clf__recurrent *cell, const float *x, const float *h, float *out) {
  memcpy(out, x, (size_t)cell->inputs * sizeof *out);
  memcpy(out + cell->inputs, h, (size_t)cell->units * sizeof *out);
  for (int64_t i = 0; cell->bf16 && i < cell->inputs + cell->units; i++) {
    out[i] = clf__bf16_value(clf__bf16_of(out[i]));
  }
}

clf_status clf__recurrent_step(clf_context *context, const clf__recurrent *cell,
                               const clf__recurrent_weights *weights, const float *x,
                               float *state) {
  const clf__kernels *kernels = clf__kernels_for(context);
  const int64_t units = cell->units, columns = clf__recurrent_biases(cell->cell) * units;
  const int64_t line = clf__recurrent_gates(cell->cell) * units, last = columns - line;
  clf__arena arena = {.context = context};
  float *gates = clf__arena_zeroed(&arena, columns, sizeof *gates), *h = state, *c = state + units;
  float *bias = clf__arena_array(&arena, columns, sizeof *bias);
  float *factors = clf__arena_array(&arena, cell->inputs + units, sizeof *factors);
  const clf_status status = clf__arena_status(&arena);
  if (status < 0) {
    clf__arena_free(&arena);
    return status;
  }
  copy_factors(cell, x, h, factors);
  /* The gates of a GRU are n, r, z and n of the state; its weights are those of r, z and n. */
  multiply(kernels, factors, cell->inputs, weights->input + line - last, line, gates, last, 0);
  multiply(kernels, factors, cell->inputs, weights->input, line, gates + last, line - last, 0);
  multiply(kernels, factors + cell->inputs, units, weights->state, line, gates + last, line, 1);
  clf__recurrent_order_bias(cell, weights->bias, bias);
  kernels->recurrent->forward(&(clf__cell_step){.cell = cell->cell,
                                                .rows = 1,
                                                .units = units,
                                                .bias = bias,
                                                .gates = gates,
                                                .h_before = h,
                                                .c_before = c,
                                                .h = h,
                                                .c = c});
  clf__arena_free(&arena);
  return CLF_OK;
}
