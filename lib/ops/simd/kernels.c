/* All kernels of one CPU target. The file is compiled once for each, with the compiler's flags for
 * it and with CLF__KERNELS as the name of its table. A header implements each family and fills its
 * table; later headers use definitions of earlier ones. */
#include "ops/kernels.h"

#include <float.h>
#include <math.h>

#include "ops/simd/vector.h"

#include "ops/simd/product_kernels.h"

#include "ops/simd/gram_kernels.h"
#include "ops/simd/sums.h"

#include "ops/simd/linear_kernels.h"
#include "ops/simd/symmetric_block_kernels.h"

#include "ops/simd/math.h"
#include "ops/simd/smo.h"

#include "ops/simd/cells.h"
#include "ops/simd/conv.h"
#include "ops/simd/conv_direct.h"
#include "ops/simd/elementwise.h"
#include "ops/simd/int8.h"
#include "ops/simd/winograd.h"

#include "ops/simd/channels.h"
#include "ops/simd/pool.h"
#include "ops/simd/resize.h"
#include "ops/simd/warp.h"

#include "ops/simd/symmetric.h"

#include "ops/simd/kernel_function_kernels.h"

const clf__kernels CLF__KERNELS = {
    .products = &product_kernels,
    .gram = &gram_kernels,
    .rows = &row_kernels,
    .linear = &linear_kernels,
    .kernel_functions = &kernel_function_kernels,
    .symmetric_block = &symmetric_block_kernels,
    .math = &math_kernels,
    .smo = &smo_kernels,
    .conv = &conv_kernels,
    .conv_direct = &conv_direct_kernels,
    .winograd = &winograd_kernels,
    .elementwise = &elementwise_kernels,
    .int8 = &int8_kernels,
    .channels = &channel_kernels,
    .pool = &pool_kernels,
    .recurrent = &recurrent_kernels,
    .resize = &resize_kernels,
    .warp = &warp_kernels,
    .vectors = &vector_kernels,
};
