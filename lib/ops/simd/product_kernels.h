/* Products of f32, of f64, of f32 by u8, and of bf16, and the packing of their factors. */
#include "ops/linalg/product.h"

#define ADD_PRODUCT(sum, a, b) ((sum) + (a) * (b))

#define REAL float
#define VECTOR vector_f32
#define LANES LANES_F32
#define A_REAL float
#define B_REAL float
#define B_VECTOR vector_f32
#define ADD ADD_PRODUCT
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
#define A_REAL double
#define B_REAL double
#define B_VECTOR vector_f64
#define ADD ADD_PRODUCT
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
#define A_REAL float
#define B_REAL uint8_t
#define B_VECTOR vector_f32
#define ADD ADD_PRODUCT
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

#include "ops/simd/bf16.h"

const clf__product_kernels FAMILY(product_kernels) = {
    .f32 = {sizeof(float), TILE_ROWS, WIDTH_F32, 1, 1, false, multiply_f32, pack_f32,
            pack_rows_f32},
    .f64 = {sizeof(double), TILE_ROWS, WIDTH_F64, 1, 1, false, multiply_f64, pack_f64,
            pack_rows_f64},
    .multiply_u8 = multiply_u8,
};

const clf__bf16_kernels FAMILY(bf16_kernels) = {
    .product = {sizeof(float), TILE_ROWS, WIDTH_F32, 2, BF16_GROUP, false, multiply_bf16, pack_bf16,
                pack_rows_bf16},
    .pack_lines = pack_lines_bf16,
    .combine = combine_bf16,
};
