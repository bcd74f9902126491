/* Products of the kernel matrix of some rows with a few vectors, again and again. */
#ifndef CLF_OPS_KERNELFN_KERNEL_PRODUCT_H
#define CLF_OPS_KERNELFN_KERNEL_PRODUCT_H

#include "base/context.h"
#include "ops/kernelfn/kernel_matrix.h"

typedef struct clf__kernel_product clf__kernel_product;

/* For rows[0 … n-1] of x, which stay the caller's, as `function` and `center` do; root [n] of their
 * weights. At most `cache_bytes` keep kernel values, less where the memory limit leaves no
 * room: as floats if `cache_bytes` is enough for all, else in 16 bits. Beside them there are nine
 * times the vectors as floats, and 1.5 MB a thread. *out is to be freed after failures too. */
clf_status clf__kernel_product_create(clf__kernel_product **out, clf_context *context,
                                      const clf__kernel_function *function, const clf__rows *x,
                                      const int64_t *rows, int64_t n, const float *center,
                                      const double *root, int64_t sides, size_t cache_bytes);
void clf__kernel_product_free(clf__kernel_product *m); /* NULL is fine */

/* y [n, sides] = W^1/2 K W^1/2 p, in floats. Kernel values that are kept may be off by a 65534th of
 * the largest near them; `exact` computes those anew. Steps `progress` at `step` meanwhile;
 * CLF_ERROR_CANCELLED, CLF_ERROR_MEMORY or CLF_ERROR_NUMERIC. */
clf_status clf__kernel_product_times(clf__kernel_product *m, const double *p, bool exact,
                                     const clf__progress *progress, int64_t step, double *y);

#endif
