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

/* Sums of products, and what the shift of one factor took away (gram_units.h). */
static void gram_add_bytes(const void *a, const void *b, int64_t steps, int64_t rows,
                           int64_t columns, double *c, int64_t ldc) {
  gram_add_u8(a, b, steps, rows, columns, c, ldc);
  if (BIAS != 0) {
    add_shift(b, steps, rows, columns, c, ldc);
  }
}

const clf__gram_kernels FAMILY(gram_kernels) = {{WIDTH_F32, 1, 4 * WIDTH_F32, 2048, gram_add_f32},
                                                gram_pack_centered};

const clf__gram_byte_kernels FAMILY(gram_byte_kernels) = {
    {WIDTH_F32, GROUP, 4 * WIDTH_F32, U8_STEPS *GROUP, gram_add_bytes}, gram_pack_u8};
