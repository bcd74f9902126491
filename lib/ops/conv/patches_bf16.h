/* Products of patches in bf16 (ops/simd/bf16.h). */
#ifndef CLF_OPS_CONV_PATCHES_BF16_H
#define CLF_OPS_CONV_PATCHES_BF16_H

#include <stdbool.h>

#include "ops/conv/patches.h"
#include "ops/kernels.h"

/* One factor of a product: element (row, step) is a[row * row_step + step * step_step], and one of
 * the two is 1. */
typedef struct clf__patch_factor {
  const float *a;
  int64_t rows, depth, row_step, step_step;
} clf__patch_factor;

/* Returns the floats that lines [depth, columns] take, packed for the kernels of any target; -1 if
 * the number overflows, here and below. */
int64_t clf__patches_bf16_lines(int64_t depth, int64_t columns);
void clf__patches_bf16_pack(const clf__kernels *kernels, const float *b, int64_t depth,
                            int64_t columns, float *packed);
/* Returns the floats of scratch that a product of so many steps needs. */
int64_t clf__patches_bf16_scratch(int64_t depth);
/* c [rows, columns] = a b, or c + a b; b is packed. */
void clf__patches_bf16_multiply(const clf__kernels *kernels, const clf__patch_factor *a,
                                const float *b, int64_t columns, bool add, float *c,
                                float *scratch);

#endif
