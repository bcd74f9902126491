/* Repeated products of the kernel matrix of some rows with a few vectors. */
#ifndef CLF_OPS_KERNELFN_KERNEL_PRODUCT_H
#define CLF_OPS_KERNELFN_KERNEL_PRODUCT_H

#include "base/context.h"
#include "base/progress.h"
#include "ops/kernelfn/kernel_matrix.h"

typedef struct clf__kernel_product clf__kernel_product;

/* Prepares products for some rows. The rows, `function` and `center` stay the caller's;
 * root [n] are the square roots of the row weights. Kernel values are stored in at most
 * `cache_bytes`, or less if the memory limit requires it: as floats if `cache_bytes` is enough for
 * all of them, otherwise in 16 bits. In addition the object needs nine times the memory of the
 * vectors as floats, and 1.5 MB for each thread. *out must be freed after a failure, too. */
clf_status clf__kernel_product_create(clf__kernel_product **out, clf_context *context,
                                      const clf__kernel_function *function,
                                      const clf__row_pick *rows, const float *center,
                                      const double *root, int64_t sides, size_t cache_bytes);
void clf__kernel_product_free(clf__kernel_product *m); /* NULL is fine */

/* y [n, sides] = W^1/2 K W^1/2 p, in floats. Stored kernel values may be wrong by 1/65534 of the
 * largest value in their block; with `exact` they are computed again. Reports `step` to `progress`
 * meanwhile. Returns CLF_ERROR_CANCELLED, CLF_ERROR_MEMORY or CLF_ERROR_NUMERIC. */
clf_status clf__kernel_product_times(clf__kernel_product *m, const double *p, bool exact,
                                     const clf__progress *progress, int64_t step, double *y);

#endif
