/* The table of CPU targets, and which kernels each of them runs: those of simd/kernels.c for the
 * width of its vectors, and those of simd/bytes.c and simd/products.c for the best instructions
 * that it has for them. meson.build compiles each source for the targets that are named here. */
#include "ops/kernels.h"

#define VECTORS(X, target)                                                                         \
  X(rows, row_kernels, target)                                                                     \
  X(linear, linear_kernels, target)                                                                \
  X(symmetric_block, symmetric_block_kernels, target)                                              \
  X(math, math_kernels, target)                                                                    \
  X(smo, smo_kernels, target)                                                                      \
  X(conv, conv_kernels, target)                                                                    \
  X(conv_direct, conv_direct_kernels, target)                                                      \
  X(winograd, winograd_kernels, target)                                                            \
  X(elementwise, elementwise_kernels, target)                                                      \
  X(channels, channel_kernels, target)                                                             \
  X(pool, pool_kernels, target)                                                                    \
  X(recurrent, recurrent_kernels, target)                                                          \
  X(resize, resize_kernels, target)                                                                \
  X(warp, warp_kernels, target)                                                                    \
  X(vectors, vector_kernels, target)

#define BYTES(X, target)                                                                           \
  X(gram, gram_kernels, target)                                                                    \
  X(kernel_functions, kernel_function_kernels, target)

#define INT8(X, target)                                                                            \
  X(gram_bytes, gram_byte_kernels, target)                                                         \
  X(int8, int8_kernels, target)

#define PRODUCTS(X, target) X(products, product_kernels, target)

#define BF16(X, target) X(bf16, bf16_kernels, target)

#define TILES(X, target)                                                                           \
  X(byte_tiles, byte_tiles, target)                                                                \
  X(digits, digit_kernels, target)

#define DECLARE(member, kernels, target)                                                           \
  extern __typeof__(*((clf__kernels *)NULL)->member) CLF__FAMILY(kernels, target);
#define SET(member, kernels, target) .member = &CLF__FAMILY(kernels, target),

/* The kernels of a target, from those that are compiled for `vectors`, `bytes` and `products`,
 * those for products of reduced precision, and those that only tiles have. */
#define KERNELS(vectors, bytes, products, int8, bf16, tiles)                                       \
  {                                                                                                \
    VECTORS(SET, vectors)                                                                          \
    BYTES(SET, bytes) PRODUCTS(SET, products) INT8(SET, int8) BF16(SET, bf16) tiles                \
  }

VECTORS(DECLARE, generic)
BYTES(DECLARE, generic)
INT8(DECLARE, generic)
PRODUCTS(DECLARE, generic)
BF16(DECLARE, generic)
static const clf__kernels generic = KERNELS(generic, generic, generic, generic, generic, );

#ifdef __x86_64__
VECTORS(DECLARE, avx2)
BYTES(DECLARE, avx2)
INT8(DECLARE, avx2)
PRODUCTS(DECLARE, avx2)
BF16(DECLARE, avx2)
static const clf__kernels avx2 = KERNELS(avx2, avx2, avx2, avx2, avx2, );

BYTES(DECLARE, avx2_vnni)
INT8(DECLARE, avx2_vnni)
static const clf__kernels avx2_vnni = KERNELS(avx2, avx2_vnni, avx2, avx2_vnni, avx2, );

VECTORS(DECLARE, avx512)
BYTES(DECLARE, avx512)
INT8(DECLARE, avx512)
PRODUCTS(DECLARE, avx512)
BF16(DECLARE, avx512)
static const clf__kernels avx512 = KERNELS(avx512, avx512, avx512, avx512, avx512, );

BYTES(DECLARE, avx512_vnni)
INT8(DECLARE, avx512_vnni)
static const clf__kernels avx512_vnni = KERNELS(avx512, avx512_vnni, avx512, avx512_vnni, avx512, );

PRODUCTS(DECLARE, avx512_bf16)
BF16(DECLARE, avx512_bf16)
static const clf__kernels avx512_bf16 =
    KERNELS(avx512, avx512_vnni, avx512_bf16, avx512_vnni, avx512_bf16, );

INT8(DECLARE, amx)
BF16(DECLARE, amx)
TILES(DECLARE, amx)
static const clf__kernels amx =
    KERNELS(avx512, avx512_vnni, avx512_bf16, amx, amx, TILES(SET, amx));
#endif

const clf__cpu_target clf__cpu_targets[] = {
#ifdef __x86_64__
    {"amx", "amx", clf__cpu_has_amx, &avx512_bf16, &amx},
    {"avx512_bf16", "avx512", clf__cpu_has_avx512_bf16, &avx512_bf16, NULL},
    {"avx512_vnni", "avx512", clf__cpu_has_avx512_vnni, &avx512_vnni, NULL},
    {"avx512", "avx512", clf__cpu_has_avx512, &avx512, NULL},
    {"avx2_vnni", "avx2", clf__cpu_has_avx2_vnni, &avx2_vnni, NULL},
    {"avx2", "avx2", clf__cpu_has_avx2, &avx2, NULL},
#endif
    {"generic", "generic", clf__cpu_has_baseline, &generic, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const clf__kernels *clf__kernels_for(const clf_context *context) {
  return clf__context_target(context)->kernels;
}

const clf__kernels *clf__reduced_kernels_for(clf_context *context) {
  const clf__cpu_target *target = clf__context_target(context);
  return target->tiled != NULL && clf__context_has_tiles(context) ? target->tiled : target->kernels;
}
