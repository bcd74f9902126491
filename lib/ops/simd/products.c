/* Products of f32, f64 and bf16. This file is compiled once for each CPU target that has
 * instructions of its own for them. */
#include "ops/kernels.h"

#include "ops/simd/vector.h"

#include "ops/simd/product_kernels.h"
