/* Sums of products of columns, of f32 and of u8. */
#include "ops/linalg/gram_parts.h"

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

const clf__gram_kernels FAMILY(gram_kernels) = {
    .f32 = {WIDTH_F32, 1, 0, gram_add_f32},
    .u8 = {WIDTH_F32, GROUP, BIAS, gram_add_u8},
    .pack_u8 = gram_pack_u8,
    .pack_centered = gram_pack_centered,
};
