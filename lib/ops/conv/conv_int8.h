/* Convolutions of quantized images by quantized weights, for inference (ops/nn/int8.h). */
#ifndef CLF_OPS_CONV_CONV_INT8_H
#define CLF_OPS_CONV_CONV_INT8_H

#include "ops/conv/conv2d.h"
#include "ops/nn/int8.h"

/* Returns whether there is such a product: the sums stay within 32 bits, and the zeros around an
 * image are not many more than its pixels. */
bool clf__conv_int8_fits(const clf__conv2d *conv);
/* As those of conv2d.h. The bias of the pass has clf__int8_padded(filters) elements. A NaN in an
 * image makes all its outputs NaN. */
int64_t clf__conv_int8_packed_size(clf_context *context, const clf__conv2d *conv);
int64_t clf__conv_int8_scratch_size(clf_context *context, const clf__conv2d *conv);
void clf__conv_int8_pack(clf_context *context, const clf__conv2d *conv,
                         const clf__int8_source *source, float *packed);
void clf__conv_int8_infer(const clf__conv_pass *pass, float *scratch);

#endif
