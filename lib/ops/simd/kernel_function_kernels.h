/* Kernel functions of dense f32 and u8 rows and of sparse ones. */
#include "ops/kernelfn/kernel_matrix.h"
#include "ops/kernelfn/kernel_tiles.h"

#include "ops/simd/kernel_map.h"

#include "ops/simd/kernel_sparse.h"

#include "ops/simd/kernel_pack.h"

INLINE void kernel_map_kind(const int kind, const clf__kernel_map *map, const float *sums,
                            float x_norm, const float *z_norms, float *out, int64_t count) {
  for (int64_t j = 0; j < count; j += LANES_F32) {
    const int64_t lanes = clf__min_i64(LANES_F32, count - j);
    vector_f32 v = load_part_f32(sums + j, lanes);
    if (kind == CLF__KERNEL_RBF) {
      v = distance_of(v, x_norm, load_part_f32(z_norms + j, lanes));
    }
    store_part_f32(out + j, kernel_of(kind, map, v), lanes);
  }
}

static void kernel_map_f32(const clf__kernel_map *map, const float *sums, float x_norm,
                           const float *z_norms, float *out, int64_t count) {
  switch (map->kind) {
  case CLF__KERNEL_POLYNOMIAL:
    kernel_map_kind(CLF__KERNEL_POLYNOMIAL, map, sums, x_norm, z_norms, out, count);
    break;
  case CLF__KERNEL_RBF:
    kernel_map_kind(CLF__KERNEL_RBF, map, sums, x_norm, z_norms, out, count);
    break;
  case CLF__KERNEL_SIGMOID:
    kernel_map_kind(CLF__KERNEL_SIGMOID, map, sums, x_norm, z_norms, out, count);
    break;
  default:
    kernel_map_kind(CLF__KERNEL_LINEAR, map, sums, x_norm, z_norms, out, count);
    break;
  }
}

INLINE vector_f32 value_f32(const bool distance, vector_f32 sum, float x_norm, vector_f32 z_norm) {
  return distance ? distance_of(sum, x_norm, z_norm) : sum;
}

/* Computed modulo 2^32; both values are below it. */
INLINE vector_f32 value_u8(const bool distance, vector_i32 sum, int32_t row, vector_i32 column) {
  const vector_u32 s = (vector_u32)sum, value = distance ? (vector_u32)column - 2 * s : s;
  return __builtin_convertvector((vector_i32)(value + (uint32_t)row), vector_f32);
}

#define UNIT float
#define SUM vector_f32
#define LOAD load_f32
#define BROADCAST broadcast_f32
#define ADD add_f32
#define DEPTH TILE_DEPTH
#define VALUE value_f32
#define NAME(x) x##_f32
#include "ops/simd/kernel_tile.h"

#define UNIT int32_t
#define SUM vector_i32
#define LOAD load_i32
#define BROADCAST broadcast_row_i32
#define ADD add_column_i32
#define DEPTH CLF__EXACT_COLUMNS
#define VALUE value_u8
#define NAME(x) x##_u8
#include "ops/simd/kernel_tile.h"

const clf__kernel_function_kernels FAMILY(kernel_function_kernels) = {
    .f32 = {TILE_ROWS, WIDTH_F32, 1, TILE_DEPTH, pack_tile_rows_f32, pack_tile_columns_f32,
            kernel_multiply_f32},
    .u8 = {TILE_ROWS, WIDTH_F32, GROUP, CLF__EXACT_COLUMNS, pack_tile_rows_u8, pack_tile_columns_u8,
           kernel_multiply_u8},
    .map = kernel_map_f32,
    .sparse = kernel_sparse,
    .dot = kernel_dot,
    .norm = kernel_norm,
};
