/* Products of bytes and what shares their form: sums of products of columns, kernel functions of
 * rows, and quantized layers. This file is compiled once for each CPU target that has instructions
 * of its own for them. */
#include "ops/kernels.h"

#include <math.h>

#include "ops/simd/vector.h"

#include "ops/simd/gram_kernels.h"

#include "ops/simd/math.h"

#include "ops/simd/kernel_function_kernels.h"

#include "ops/simd/int8.h"
