/* All kernels of one level of CPU: compiled once for each, with the compiler's flags for it and
 * CLF__KERNELS the name of its table. */
#include "ops/kernels.h"
#include "ops/kernel_matrix.h"

#include <float.h>
#include <math.h>

#include "ops/simd/vector.h"

#define REAL float
#define VECTOR vector_f32
#define LANES LANES_F32
#define B_REAL float
#define LOAD load_f32
#define LOAD_PART load_part_f32
#define LOAD_B load_f32
#define LOAD_B_PART load_part_f32
#define STORE store_f32
#define STORE_PART store_part_f32
#define NAME(x) x##_f32
#include "ops/simd/product.h"

#define REAL double
#define VECTOR vector_f64
#define LANES LANES_F64
#define B_REAL double
#define LOAD load_f64
#define LOAD_PART load_part_f64
#define LOAD_B load_f64
#define LOAD_B_PART load_part_f64
#define STORE store_f64
#define STORE_PART store_part_f64
#define NAME(x) x##_f64
#include "ops/simd/product.h"

#define REAL float
#define VECTOR vector_f32
#define LANES LANES_F32
#define B_REAL uint8_t
#define LOAD load_f32
#define LOAD_PART load_part_f32
#define LOAD_B load_u8
#define LOAD_B_PART load_part_u8
#define STORE store_f32
#define STORE_PART store_part_f32
#define NAME(x) x##_u8
#include "ops/simd/product.h"

#define REAL float
#define LANES LANES_F32
#define NAME(x) x##_f32
#include "ops/simd/pack.h"

#define REAL double
#define LANES LANES_F64
#define NAME(x) x##_f64
#include "ops/simd/pack.h"

#include "ops/simd/gram_units.h"

#define UNIT float
#define SUM vector_f32
#define LOAD load_f32
#define BROADCAST broadcast_f32
#define ADD add_f32
#define STEPS F32_STEPS
#define NAME(x) x##_f32
#include "ops/simd/gram.h"

#define UNIT int32_t
#define SUM vector_i32
#define LOAD load_i32
#define BROADCAST broadcast_i32
#define ADD add_i32
#define STEPS U8_STEPS
#define NAME(x) x##_u8
#include "ops/simd/gram.h"

#include "ops/simd/sums.h"

#define X float
#define LOAD_X load_f32
#define LOAD_X_PART load_part_f32
#define NAME(x) x##_f32
#include "ops/simd/linear.h"

#define X uint8_t
#define LOAD_X load_u8
#define LOAD_X_PART load_part_u8
#define NAME(x) x##_u8
#include "ops/simd/linear.h"

#include "ops/simd/sparse.h"

#include "ops/simd/shorten.h"

#define K float
#define LOAD_K load_f32
#define NAME(x) x##_f32
#include "ops/simd/two_way.h"

#define K int16_t
#define LOAD_K load_i16
#define NAME(x) x##_i16
#include "ops/simd/two_way.h"

#include "ops/simd/math.h"

#include "ops/simd/smo.h"

#include "ops/simd/cells.h"
#include "ops/simd/conv.h"
#include "ops/simd/few.h"
#include "ops/simd/network.h"
#include "ops/simd/winograd.h"

#include "ops/simd/channels.h"

#include "ops/simd/pool.h"
#include "ops/simd/resize.h"
#include "ops/simd/warp.h"

#include "ops/simd/symmetric.h"

#include "ops/simd/kernel_map.h"

#include "ops/simd/kernel_sparse.h"

#include "ops/simd/kernel_pack.h"

INLINE vector_f32 value_f32(const bool distance, vector_f32 sum, float x_norm, vector_f32 z_norm) {
  return distance ? distance_of(sum, x_norm, z_norm) : sum;
}

/* Modulo 2^32, which both values are below. */
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

const clf__kernels CLF__KERNELS = {
    .f32 = {sizeof(float), TILE_ROWS, WIDTH_F32, multiply_f32, pack_f32, pack_rows_f32},
    .f64 = {sizeof(double), TILE_ROWS, WIDTH_F64, multiply_f64, pack_f64, pack_rows_f64},
    .multiply_u8 = multiply_u8,
    .gram_f32 = {WIDTH_F32, 1, 0, gram_add_f32},
    .gram_u8 = {WIDTH_F32, GROUP, BIAS, gram_add_u8},
    .gram_pack_u8 = gram_pack_u8,
    .gram_pack_centered = gram_pack_centered,
    .count_u8 = count_u8,
    .add_f32 = add_scaled_f32,
    .add_u8 = add_scaled_u8,
    .add_vectors = add_vectors,
    .step_f32 = step_f32,
    .step_u8 = step_u8,
    .widen_u8 = widen_u8,
    .linear_f32 = linear_f32,
    .linear_u8 = linear_u8,
    .linear_sparse = linear_sparse,
    .gradient_sparse = gradient_sparse,
    .tile_f32 = {TILE_ROWS, WIDTH_F32, 1, TILE_DEPTH, pack_tile_rows_f32, pack_tile_columns_f32,
                 kernel_multiply_f32},
    .tile_u8 = {TILE_ROWS, WIDTH_F32, GROUP, CLF__EXACT_COLUMNS, pack_tile_rows_u8,
                pack_tile_columns_u8, kernel_multiply_u8},
    .kernel_map = kernel_map_f32,
    .kernel_sparse = kernel_sparse,
    .kernel_dot = kernel_dot,
    .kernel_norm = kernel_norm,
    .two_way_f32 = two_way_f32,
    .two_way_i16 = two_way_i16,
    .shorten = shorten,
    .exp = exp_f32,
    .log = log_f32,
    .tanh = tanh_f32,
    .softmax = softmax_f32,
    .sigmoid = sigmoid_f32,
    .smo = smo_solve,
    .conv_finish = conv_finish,
    .conv_add_pixels = conv_add_pixels,
    .conv_mask = conv_mask,
    .conv_few = conv_few,
    .conv_few_gradient = conv_few_gradient,
    .winograd_values = winograd_values,
    .winograd_add_pixels = winograd_add_pixels,
    .winograd_outputs = winograd_outputs,
    .winograd_slopes = winograd_slopes,
    .winograd_weights = winograd_weights,
    .winograd_gradients = winograd_gradients,
    .bias_activate = bias_activate,
    .slope = slope_f32,
    .drop = drop,
    .column_sums = column_sums,
    .channel_sums = channel_sums,
    .channel_products = channel_products,
    .channel_map = channel_map,
    .channel_slope = channel_slope,
    .pool_max = pool_max,
    .pool_mean = pool_mean,
    .pool_max_slope = pool_max_slope,
    .pool_mean_slope = pool_mean_slope,
    .update = update_weights,
    .square_sum = square_sum,
    .cell_forward = cell_forward,
    .cell_backward = cell_backward,
    .warp_row = warp_row,
    .weigh_f32 = weigh_f32,
    .weigh_u8 = weigh_u8,
    .resample = resample,
    .round_u8 = round_u8,
    .symmetric_f64 = symmetric_f64,
    .dot_rows_f64 = dot_rows_f64,
    .add_rows_f64 = add_rows_f64,
    .secular_f64 = secular_f64,
};
