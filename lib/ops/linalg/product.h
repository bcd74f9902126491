/* Products of packed matrices: what the kernel of a CPU target works on. */
#ifndef CLF_OPS_LINALG_PRODUCT_H
#define CLF_OPS_LINALG_PRODUCT_H

#include <stdint.h>

/* C = alpha A B + beta C. Row panel i of A (`rows` of the kernel's each) begins at a + i * a_panel,
 * its element (row, step) at row * a_row + step * a_step; column panel j of B begins at b + j *
 * b_panel, the row of it that belongs to a step at step * b_step. All in elements. So packed and
 * unpacked, transposed and plain matrices are told apart by strides alone. */
typedef struct clf__product {
  int64_t rows, columns, depth;
  const void *a;
  int64_t a_panel, a_row, a_step;
  const void *b;
  int64_t b_panel, b_step;
  double alpha, beta; /* C is not read when beta is 0 */
  void *c;
  int64_t ldc;
} clf__product;

enum { CLF__TILE_COLUMNS = 48 }; /* a multiple of every panel's columns */

typedef struct clf__product_kernel {
  int64_t element; /* bytes */
  int64_t rows;    /* in a panel of A */
  int64_t columns; /* in a panel of B, whose missing ones are packed as 0 */
  void (*multiply)(const clf__product *product);
  /* Elements (step, column) of a panel of B, at b + step * b_step + column * b_column, to `out`
   * with `columns` (the kernel's) from step to step. One of the strides is 1. */
  void (*pack)(void *out, const void *b, int64_t b_step, int64_t b_column, int64_t depth,
               int64_t columns);
  /* A panel of A: elements (row, step) at a + step * a_step + row. */
  void (*pack_rows)(void *out, const void *a, int64_t a_step, int64_t depth, int64_t rows);
} clf__product_kernel;

typedef struct clf__product_kernels {
  clf__product_kernel f32;
  clf__product_kernel f64;
  /* f32 products whose B is u8, unpacked. */
  void (*multiply_u8)(const clf__product *product);
} clf__product_kernels;

#endif
