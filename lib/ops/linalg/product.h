/* Products of packed matrices: the operands of a CPU target's kernel. */
#ifndef CLF_OPS_LINALG_PRODUCT_H
#define CLF_OPS_LINALG_PRODUCT_H

#include <stdbool.h>
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
  /* Only for kernels of tiles: the sum of so many products, of equal shapes; 0 is 1. The factors of
   * product s begin at a + s * a_segment and b + s * b_segment. */
  int64_t segments, a_segment, b_segment;
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
  bool lines;       /* packed rows of A have their steps side by side, whatever a_step is */
  void (*multiply)(const clf__product *product);
  /* Packs the elements (step, column) of a panel of B, at b + step * b_step + column * b_column,
   * into `out`, with the kernel's number of columns from step to step. One of the strides is 1. */
  void (*pack)(void *out, const void *b, int64_t b_step, int64_t b_column, int64_t depth,
               int64_t columns);
  /* Packs a panel of A: element (row, step) is at a + row * a_row + step * a_step, and one of the
   * strides is 1. Packed, the steps of a row lie side by side if clf__packs_lines(), otherwise the
   * rows of a step. f32 and f64 need it only for the latter. */
  void (*pack_rows)(void *out, const void *a, int64_t a_row, int64_t a_step, int64_t depth,
                    int64_t rows);
} clf__product_kernel;

/* Returns the elements of a packed panel along its steps. */
static inline int64_t clf__packed_depth(const clf__product_kernel *kernel, int64_t steps) {
  return (steps + kernel->multiple - 1) / kernel->multiple * kernel->multiple / kernel->group;
}

/* Returns whether packed rows of A have their steps side by side, so that the strides of a packed
 * panel are 1 from step to step, and clf__packed_depth() from row to row. */
static inline bool clf__packs_lines(const clf__product_kernel *kernel, int64_t a_step) {
  return a_step == 1 || kernel->lines;
}

typedef struct clf__product_kernels {
  clf__product_kernel f32;
  clf__product_kernel f64;
  /* f32 products whose B is u8 and not packed. */
  void (*multiply_u8)(const clf__product *product);
} clf__product_kernels;

/* Both factors are packed, from f32, and thereby rounded to bf16; C is f32, alpha 1, and beta 0 or
 * 1 (ops/simd/bf16.h). Packed factors, and the rows of a packed panel, should begin at multiples of
 * a cache line. */
typedef struct clf__bf16_kernels {
  clf__product_kernel product;
  /* Packs `depth` lines of a matrix, each of `count` numbers, into elements of product.group steps:
   * out [packed depth, width]. */
  void (*pack_lines)(uint32_t *out, int64_t width, const float *from, int64_t stride, int64_t depth,
                     int64_t count);
  /* c [columns] = sum over k of element a[k] times line place[k] of a matrix that is so packed, in
   * the order in which a product adds. */
  void (*combine)(const uint32_t *a, const int32_t *place, int64_t count, const uint32_t *b,
                  int64_t stride, int64_t columns, float *c);
  /* out [pairs, count] = the pairs of lines [2 pairs, count] of bf16. NULL without tiles. */
  void (*pair_lines)(uint32_t *out, const uint32_t *lines, int64_t pairs, int64_t count);
} clf__bf16_kernels;

/* The packed panels of A and B have multiples of so many steps, whatever the target. */
enum { CLF__BF16_MULTIPLE = 32 };

#endif
