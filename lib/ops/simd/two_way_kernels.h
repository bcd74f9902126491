/* Blocks of a symmetric matrix, of f32 and of 16-bit integers, times vectors. */
#include "ops/kernelfn/kernel_tiles.h"

#include "ops/simd/shorten.h"

#define K float
#define LOAD_K load_f32
#define NAME(x) x##_f32
#include "ops/simd/two_way.h"

#define K int16_t
#define LOAD_K load_i16
#define NAME(x) x##_i16
#include "ops/simd/two_way.h"

static const clf__two_way_kernels two_way_kernels = {
    .f32 = two_way_f32,
    .i16 = two_way_i16,
    .shorten = shorten,
};
