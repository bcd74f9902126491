/* All kernels of one level of CPU: compiled once for each, with the compiler's flags for it and
 * CLF__KERNELS the name of its table. */
#include "ops/kernels.h"

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

#include "ops/simd/math.h"

#include "ops/simd/smo.h"

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
    .step_f32 = step_f32,
    .step_u8 = step_u8,
    .widen_u8 = widen_u8,
    .linear_f32 = linear_f32,
    .linear_u8 = linear_u8,
    .linear_sparse = linear_sparse,
    .gradient_sparse = gradient_sparse,
    .exp = exp_f32,
    .log = log_f32,
    .softmax = softmax_f32,
    .sigmoid = sigmoid_f32,
    .smo = smo_solve,
};
