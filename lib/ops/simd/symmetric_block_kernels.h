/* Blocks of a symmetric matrix, f32 or 16-bit integers, times vectors. */
#include "ops/kernelfn/kernel_tiles.h"

#include "ops/simd/quantize.h"

#define K float
#define LOAD_K load_f32
#define NAME(x) x##_f32
#include "ops/simd/symmetric_block.h"

#define K int16_t
#define LOAD_K load_i16
#define NAME(x) x##_i16
#include "ops/simd/symmetric_block.h"

const clf__symmetric_block_kernels FAMILY(symmetric_block_kernels) = {
    .f32 = symmetric_block_f32,
    .i16 = symmetric_block_i16,
    .quantize = quantize,
};
