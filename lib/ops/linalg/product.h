/* Products of packed matrices: the operands of a CPU target's kernel. */
#ifndef CLF_OPS_LINALG_PRODUCT_H
#define CLF_OPS_LINALG_PRODUCT_H

#include <stdint.h>

/* C = alpha A B + beta C. All strides are in elements. Row panel i of A (with the kernel's number
 * of rows) begins at a + i * a_panel, and its element (row, step) is at row * a_row + step *
 * a_step. Column panel j of B begins at b + j * b_panel, and its row of a step is at step * b_step.
 * So packed, unpacked, transposed and plain matrices differ only in their strides. */
typedef struct clf__product {
  int64_t rows, columns, depth;
  const void *a;
  int64_t a_panel, a_row, a_step;
  const void *b;
  int64_t b_panel, b_step;
  double alpha, beta; /* C is not read if beta is 0 */
  void *c;
  int64_t ldc;
} clf__product;

enum { CLF__TILE_COLUMNS = 48 }; /* a multiple of every panel's columns */

typedef struct clf__product_kernel {
  int64_t element;  /* bytes */
  int64_t rows;     /* rows in a panel of A */
  int64_t columns;  /* columns in a panel of B; missing ones are packed as 0 */
  int64_t multiple; /* packed panels have a multiple of so many steps; missing ones are 0 */
  int64_t group;    /* steps in an element of a packed panel */
  void (*multiply)(const clf__product *product);
  /* Packs the elements (step, column) of a panel of B, at b + step * b_step + column * b_column,
   * into `out`, with the kernel's number of columns from step to step. One of the strides is 1. */
  void (*pack)(void *out, const void *b, int64_t b_step, int64_t b_column, int64_t depth,
               int64_t columns);
  /* Packs a panel of A: element (row, step) is at a + row * a_row + step * a_step, and one of the
   * strides is 1. Packed, the steps of a row lie side by side if a_step is 1, otherwise the rows of
   * a step. f32 and f64 need it only for the latter. */
  void (*pack_rows)(void *out, const void *a, int64_t a_row, int64_t a_step, int64_t depth,
                    int64_t rows);
} clf__product_kernel;

/* Returns the elements of a packed panel along its steps. */
static inline int64_t clf__packed_depth(const clf__product_kernel *kernel, int64_t steps) {
  return (steps + kernel->multiple - 1) / kernel->multiple * kernel->multiple / kernel->group;
}

typedef struct clf__product_kernels {
  clf__product_kernel f32;
  clf__product_kernel f64;
  /* Both factors are packed, from f32, and thereby rounded to bf16; C is f32 (ops/simd/bf16.h). */
  clf__product_kernel bf16;
  /* Packs `depth` lines of a matrix, each of `count` numbers, into elements of bf16.group steps:
   * out [packed depth, width]. */
  void (*pack_lines_bf16)(uint32_t *out, int64_t width, const float *from, int64_t stride,
                          int64_t depth, int64_t count);
  /* c [columns] = sum over k of element a[k] times line place[k] of a matrix that is so packed. */
  void (*combine_bf16)(const uint32_t *a, const int32_t *place, int64_t count, const uint32_t *b,
                       int64_t stride, int64_t columns, float *c);
  /* f32 products whose B is u8 and not packed. */
  void (*multiply_u8)(const clf__product *product);
} clf__product_kernels;

#endif
