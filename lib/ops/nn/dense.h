/* y = x W on the calling thread; W [inputs, units] is packed once for any number of calls. */
#ifndef CLF_OPS_NN_DENSE_H
#define CLF_OPS_NN_DENSE_H

#include <stdint.h>

#include <classify/context.h>

typedef struct clf__dense {
  int64_t inputs, units;
} clf__dense;

/* Returns how many floats the packed W takes, or -1 if the number overflows. */
int64_t clf__dense_packed_size(clf__dense dense);
void clf__dense_pack(clf__dense dense, const float *w, float *packed);
/* Returns how many floats of scratch a call needs. */
int64_t clf__dense_scratch_size(clf__dense dense);
/* y [rows, units] = x [rows, inputs] W. The result of a row does not depend on the other rows. */
void clf__dense_multiply(clf_context *context, clf__dense dense, int64_t rows, const float *x,
                         const float *packed, float *y, float *scratch);

/* The same in bf16 (ops/simd/bf16.h): W is packed in half the bytes where the CPU has the
 * instructions, x is rounded. Sizes are in floats. */
int64_t clf__dense_bf16_packed_size(clf_context *context, clf__dense dense);
void clf__dense_bf16_pack(clf_context *context, clf__dense dense, const float *w, float *packed);
int64_t clf__dense_bf16_scratch_size(clf_context *context, clf__dense dense);
void clf__dense_bf16_multiply(clf_context *context, clf__dense dense, int64_t rows, const float *x,
                              const float *packed, float *y, float *scratch);

#endif
