/* Kernel functions of rows as the kernels of a CPU target compute them: tiles of dense rows, and
 * sparse rows, for kernel_parts.h; a block of a symmetric matrix for kernel_product.c. */
#ifndef CLF_OPS_KERNELFN_KERNEL_TILES_H
#define CLF_OPS_KERNELFN_KERNEL_TILES_H

#include "ops/linalg/linear.h"
#include "tensor/rows.h"

/* Some rows of x: rows[first …], or first … itself where `rows` is NULL. */
typedef struct clf__row_pick {
  const clf__rows *x;
  const int64_t *rows;
  int64_t first, count;
} clf__row_pick;

static inline int64_t clf__row_picked(const clf__row_pick *pick, int64_t i) {
  return pick->rows == NULL ? pick->first + i : pick->rows[pick->first + i];
}

/* Rows as they are packed: scale (x - center). The scale is a power of 2, which changes no digit.
 */
typedef struct clf__row_map {
  const float *center; /* [columns], NULL for 0 */
  float scale;
} clf__row_map;

/* A kernel function of products, or for rbf of squared distances, as they come out of the tiles. */
typedef struct clf__kernel_map {
  int32_t kind, degree; /* CLF__KERNEL_… */
  float factor, coef0;
} clf__kernel_map;

/* out [rows, columns] = the kernel function of packed rows and of packed columns `first` on. A row
 * is `steps` units of 4 bytes, stored as a multiple of CLF__TILE_STEPS. */
typedef struct clf__kernel_tiles {
  clf__kernel_map map;
  int64_t steps;
  const int32_t *a;      /* tiles of the kernel's rows: room for [steps, rows] each */
  const int32_t *places; /* of the tiles' steps, clf__tile_places() each */
  const void *a_norms;
  int64_t rows;
  const int32_t *b; /* panels of the kernel's columns: [steps, columns] each */
  const void *b_norms;
  int64_t first, columns;
  float *out;
  int64_t ld;
} clf__kernel_tiles;

/* 255^2 times as many columns is the last that fits 31 bits. */
enum { CLF__TILE_STEPS = 4, CLF__EXACT_COLUMNS = 33025 };

/* Norms are 4 bytes each: squared ones in f32; for u8 rows integers that only `multiply` reads. */
typedef struct clf__tile_kernel {
  int64_t rows, columns;
  int64_t group; /* elements of a row in a unit */
  int64_t depth; /* steps of a stretch, at whose end sums are put aside and begin anew */
  /* One tile, or one panel; missing rows come out as 0. `map` is for f32. Of a tile
   * the steps in which all rows are 0 are left out: `places` says where in a stretch of a panel
   * those begin that are there, and -1 after each stretch. */
  void (*pack_rows)(int32_t *out, int32_t *places, void *norms, const clf__row_pick *from,
                    const clf__row_map *map, bool distances);
  void (*pack_columns)(int32_t *out, void *norms, const clf__row_pick *from,
                       const clf__row_map *map, bool distances);
  void (*multiply)(const clf__kernel_tiles *tiles);
} clf__tile_kernel;

/* Room for the places of a tile: its steps, and the ends of its stretches. */
static inline int64_t clf__tile_places(int64_t steps, int64_t depth) {
  return steps + steps / depth + 1;
}

typedef struct clf__kernel_function_kernels {
  clf__tile_kernel f32;
  clf__tile_kernel u8; /* exact integers, up to CLF__EXACT_COLUMNS columns */
  /* out = the function of sums of products; norms are squared. */
  void (*map)(const clf__kernel_map *map, const float *sums, float x_norm, const float *z_norms,
              float *out, int64_t count);
  /* out [z->rows, CLF__SPARSE_LANES] = x.z for sparse z and as many rows x as there are lanes,
   * which lie [columns, CLF__SPARSE_LANES]. */
  void (*sparse)(const clf__rows *z, const float *x, float *out);
  /* x_i.z_j for sparse z, with the bits that `sparse` gives. */
  float (*dot)(float scale, const clf__rows *x, int64_t i, const clf__rows *z, int64_t j);
  float (*norm)(float scale, const clf__rows *x, int64_t i);
} clf__kernel_function_kernels;

/* A block k [rows, columns] of a symmetric matrix times vectors on both of its sides: row_sums
 * [sides, rows] += scale k right, column_sums [sides, columns] += scale k^T left, `ld` from a side
 * to the next in all four. */
typedef struct clf__symmetric_block {
  const void *k; /* without gaps */
  float scale;
  int64_t rows, columns; /* columns: a multiple of CLF__SPARSE_LANES */
  int64_t sides, ld;
  const float *left, *right; /* [sides, rows] and [sides, columns] */
  float *row_sums, *column_sums;
} clf__symmetric_block;

typedef struct clf__symmetric_block_kernels {
  void (*f32)(const clf__symmetric_block *block);
  void (*i16)(const clf__symmetric_block *block);
  /* x as 16-bit integers: returns the scale that gives it back, or NaN when x is not finite. */
  float (*quantize)(int16_t *out, const float *x, int64_t count);
} clf__symmetric_block_kernels;

#endif
