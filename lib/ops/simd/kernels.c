/* All kernels but the products of products.c and bytes.c, compiled once for each width of vectors.
 * A header implements each family and fills its table; later headers use definitions of earlier
 * ones. */
#include "ops/kernels.h"

#include <float.h>
#include <math.h>

#include "ops/simd/vector.h"

#include "ops/simd/sums.h"

#include "ops/simd/linear_kernels.h"
#include "ops/simd/symmetric_block_kernels.h"

#include "ops/simd/math_kernels.h"
#include "ops/simd/smo.h"

#include "ops/simd/cells.h"
#include "ops/simd/conv.h"
#include "ops/simd/conv_direct.h"
#include "ops/simd/elementwise.h"
#include "ops/simd/winograd.h"

#include "ops/simd/channels.h"
#include "ops/simd/pool.h"
#include "ops/simd/resize.h"
#include "ops/simd/warp.h"

#include "ops/simd/symmetric.h"
