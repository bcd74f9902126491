/* Products of bf16, of quantized numbers and of bytes by tiles, for the one CPU target that has
 * them. */
#include "ops/kernels.h"

#include <math.h>

#include "ops/simd/vector.h"

#include "ops/simd/tiles.h"

#include "ops/simd/bf16_tiles.h"

#include "ops/simd/units.h"

#include "ops/simd/gram_tiles.h"

#include "ops/simd/int8.h"

#include "ops/simd/kernel_byte_tiles.h"

#include "ops/simd/digit_tiles.h"
