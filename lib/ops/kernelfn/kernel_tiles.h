/* The kernels of a CPU target that compute kernel functions of rows: tiles of dense rows and sparse
 * rows for kernel_parts.h, and blocks of a symmetric matrix for kernel_product.c. */
#ifndef CLF_OPS_KERNELFN_KERNEL_TILES_H
#define CLF_OPS_KERNELFN_KERNEL_TILES_H

#include "ops/kernelfn/kernel_matrix.h"
#include "ops/linalg/linear.h"
#include "tensor/rows.h"

static inline int64_t clf__row_picked(const clf__row_pick *pick, int64_t i) {
  return pick->rows == NULL ? pick->first + i : pick->rows[pick->first + i];
}

/* How rows are packed: scale (x - center). The scale is a power of 2, which changes no digit. */
typedef struct clf__row_map {
  const float *center; /* [columns], NULL for 0 */
  float scale;
} clf__row_map;

/* A kernel function of products, or for rbf of squared distances, as the tiles compute them. */
typedef struct clf__kernel_map {
  int32_t kind, degree; /* CLF__KERNEL_… */
  float factor, coef0;
} clf__kernel_map;

/* out [rows, columns] = the kernel function of packed rows and the packed columns from `first` on.
 * A row has `steps` units of 4 bytes; the stored number is a multiple of CLF__TILE_STEPS. */
typedef struct clf__kernel_tiles {
  clf__kernel_map map;
  int64_t steps;
  const int32_t *a;      /* tiles of the kernel's rows: [steps, rows] allocated for each */
  const int32_t *places; /* places of the steps, clf__tile_places() for each tile */
  const void *a_norms;
  int64_t rows;
  const int32_t *b; /* panels of the kernel's columns: [steps, columns] each */
  const void *b_norms;
  int64_t first, columns;
  float *out;
  int64_t ld;
} clf__kernel_tiles;

/* With more columns, sums of 255^2 exceed 31 bits. */
enum { CLF__TILE_STEPS = 4, CLF__EXACT_COLUMNS = 33025 };

/* Norms have 4 bytes each: squared norms in f32 or, for u8 rows, integers that only `multiply`
 * reads. */
typedef struct clf__tile_kernel {
  int64_t rows, columns;
  int64_t group; /* elements of a row in one unit */
  int64_t depth; /* steps after which sums are set aside and restarted */
  /* Packs one tile, or one panel; missing rows are 0. `map` is for f32. A tile omits the steps in
   * which all rows are 0: `places` lists where the remaining steps begin within a stretch of a
   * panel, with -1 after each stretch. */
  void (*pack_rows)(int32_t *out, int32_t *places, void *norms, const clf__row_pick *from,
                    const clf__row_map *map, bool distances);
  void (*pack_columns)(int32_t *out, void *norms, const clf__row_pick *from,
                       const clf__row_map *map, bool distances);
  void (*multiply)(const clf__kernel_tiles *tiles);
} clf__tile_kernel;

/* From so many rows on, u8 rows have the `byte_tiles` of clf__kernels, whose columns are packed as
 * those of the context's other tile. */
enum { CLF__MANY_ROWS = 12 };

/* Returns the capacity of a tile's `places`: its steps, and the ends of its stretches. */
static inline int64_t clf__tile_places(int64_t steps, int64_t depth) {
  return steps + steps / depth + 1;
}

typedef struct clf__kernel_function_kernels {
  clf__tile_kernel f32;
  clf__tile_kernel u8; /* exact integers, up to CLF__EXACT_COLUMNS columns */
  /* out = the kernel function of sums of products; the norms are squared. */
  void (*map)(const clf__kernel_map *map, const float *sums, float x_norm, const float *z_norms,
              float *out, int64_t count);
  /* out [z->rows, CLF__SPARSE_LANES] = x.z for sparse z and as many rows x as there are lanes,
   * stored as [columns, CLF__SPARSE_LANES]. */
  void (*sparse)(const clf__rows *z, const float *x, float *out);
  /* Returns x_i.z_j for sparse z, with the same bits as `sparse`. */
  float (*dot)(float scale, const clf__rows *x, int64_t i, const clf__rows *z, int64_t j);
  float (*norm)(float scale, const clf__rows *x, int64_t i);
} clf__kernel_function_kernels;

/* A block k [rows, columns] of a symmetric matrix times vectors on both of its sides: row_sums
 * [sides, rows] += scale k right, and column_sums [sides, columns] += scale k^T left. `ld` is the
 * step from side to side in all four. */
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
  /* Quantizes x to 16-bit integers; returns the scale that restores it, or NaN if x is not
   * finite. */
  float (*quantize)(int16_t *out, const float *x, int64_t count);
} clf__symmetric_block_kernels;

#endif
