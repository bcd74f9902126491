/* Patches are rounded some rows at a time, which stay in the first-level cache until they are
 * multiplied. The other factor, weights or gradients of a strip, is rounded once for all rows. The
 * floor is half the f32 kernel's instructions, and rounding: some 6 for 16 pairs, without which the
 * forward pass would take seven eighths of its time. 3 x 3 from 128 channels to 128 of 7 x 7 takes
 * 75 us a row for 134 in f32, both gradients 184 for 285 (one thread of Zen 4); without
 * AVX512_BF16 all three take 8 % longer than in f32. */
#include "ops/conv/patches_bf16.h"

#include "base/math.h"
#include "base/memory.h"
#include "ops/linalg/product.h"

enum { CHUNK_ROWS = 32 };

/* Returns the steps of packed panels; -1 for a number that overflowed. */
static int64_t packed_steps(int64_t depth) {
  return depth < 0 || depth > INT64_MAX - CLF__BF16_MULTIPLE
             ? -1
             : clf__round_up(depth, CLF__BF16_MULTIPLE);
}

int64_t clf__patches_bf16_lines(int64_t depth, int64_t columns) {
  return clf__count(packed_steps(depth), columns);
}

void clf__patches_bf16_pack(const clf__kernels *kernels, const float *b, int64_t depth,
                            int64_t columns, float *packed) {
  kernels->bf16->pack_lines((uint32_t *)(void *)packed, columns, b, columns, depth, columns);
}

int64_t clf__patches_bf16_scratch(int64_t depth) {
  return clf__count(CHUNK_ROWS, packed_steps(depth));
}

/* Packs a chunk: row by row if its steps lie side by side, otherwise step by step. */
static void pack_chunk(const clf__bf16_kernels *kernels, const clf__patch_factor *a, int64_t first,
                       int64_t rows, uint32_t *out) {
  const float *from = a->a + first * a->row_step;
  if (clf__packs_lines(&kernels->product, a->step_step)) {
    kernels->product.pack_rows(out, from, a->row_step, a->step_step, a->depth, rows);
  } else {
    kernels->pack_lines(out, CHUNK_ROWS, from, a->step_step, a->depth, rows);
  }
}

void clf__patches_bf16_multiply(const clf__kernels *kernels, const clf__patch_factor *a,
                                const float *b, int64_t columns, bool add, float *c,
                                float *scratch) {
  const clf__product_kernel *kernel = &kernels->bf16->product;
  const int64_t depth = clf__packed_depth(kernel, a->depth);
  const bool by_rows = clf__packs_lines(kernel, a->step_step);
  for (int64_t row = 0; row < a->rows; row += CHUNK_ROWS) {
    const int64_t rows = clf__min_i64(CHUNK_ROWS, a->rows - row);
    pack_chunk(kernels->bf16, a, row, rows, (uint32_t *)(void *)scratch);
    kernel->multiply(&(clf__product){.rows = rows,
                                     .columns = columns,
                                     .depth = depth,
                                     .a = scratch,
                                     .a_panel = kernel->rows * (by_rows ? depth : 1),
                                     .a_row = by_rows ? depth : 1,
                                     .a_step = by_rows ? 1 : CHUNK_ROWS,
                                     .b = b,
                                     .b_panel = kernel->columns,
                                     .b_step = columns,
                                     .alpha = 1,
                                     .beta = add,
                                     .c = c + row * columns,
                                     .ldc = columns});
  }
}
