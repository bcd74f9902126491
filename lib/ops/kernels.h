/* The kernels that are compiled once for each CPU target, by families. A family is a struct of
 * functions, declared in the header of its op. Their sources are simd/kernels.c, simd/bytes.c,
 * simd/products.c and simd/tiles.c, written with the compiler's vector types. A target that adds
 * instructions to another one has only those sources compiled that use them (the tables of
 * kernels.c). Instructions that C cannot express (integer dot products, masked loads) are wrapped
 * in simd/vector.h and simd/units.h. */
#ifndef CLF_OPS_KERNELS_H
#define CLF_OPS_KERNELS_H

#include "base/context.h"

typedef struct clf__kernels {
  const struct clf__product_kernels *products;                 /* ops/linalg/product.h */
  const struct clf__bf16_kernels *bf16;                        /* ops/linalg/product.h */
  const struct clf__gram_kernels *gram;                        /* ops/linalg/gram_parts.h */
  const struct clf__gram_byte_kernels *gram_bytes;             /* ops/linalg/gram_parts.h */
  const struct clf__row_kernels *rows;                         /* ops/linalg/row.h */
  const struct clf__linear_kernels *linear;                    /* ops/linalg/linear.h */
  const struct clf__kernel_function_kernels *kernel_functions; /* ops/kernelfn/kernel_tiles.h */
  const struct clf__symmetric_block_kernels *symmetric_block;  /* ops/kernelfn/kernel_tiles.h */
  const struct clf__math_kernels *math;                        /* ops/nn/vector_math.h */
  const struct clf__smo_kernels *smo;                          /* ops/kernelfn/smo.h */
  const struct clf__conv_kernels *conv;                        /* ops/conv/conv_method.h */
  const struct clf__conv_direct_kernels *conv_direct;          /* ops/conv/conv_direct.h */
  const struct clf__winograd_kernels *winograd;                /* ops/conv/winograd.h */
  const struct clf__elementwise_kernels *elementwise;          /* ops/nn/elementwise.h */
  const struct clf__int8_kernels *int8;                        /* ops/nn/int8.h */
  const struct clf__channel_kernels *channels;                 /* ops/nn/channels.h */
  const struct clf__pool_kernels *pool;                        /* ops/nn/pool.h */
  const struct clf__recurrent_kernels *recurrent;              /* ops/nn/recurrent.h */
  const struct clf__resize_kernels *resize;                    /* ops/image/resize.h */
  const struct clf__warp_kernels *warp;                        /* ops/image/warp.h */
  const struct clf__vector_kernels *vectors;                   /* ops/linalg/vectors.h */
  /* NULL without tiles */
  const struct clf__tile_kernel *byte_tiles; /* ops/kernelfn/kernel_tiles.h */
  const struct clf__digit_kernels *digits;   /* ops/linalg/linear_digits.h */
} clf__kernels;

/* The name of the table of a family for a target. */
#define CLF__FAMILY(kernels, target) CLF__FAMILY_OF(kernels, target)
#define CLF__FAMILY_OF(kernels, target) clf__##kernels##_##target

/* Returns the kernels of the context's CPU target. */
const clf__kernels *clf__kernels_for(const clf_context *context);
/* Returns those for products of bf16, of quantized numbers and of the columns of bytes. They differ
 * where the target has tiles and the operating system lets this process use them, which the first
 * call of a context asks. */
const clf__kernels *clf__reduced_kernels_for(clf_context *context);

#endif
