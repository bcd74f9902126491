/* What the kernels of convolutions with few channels (conv_direct.c) work on: some rows of outputs of
 * one image, whose pixels lie with the zeros around them. */
#ifndef CLF_OPS_CONV_CONV_FEW_H
#define CLF_OPS_CONV_CONV_FEW_H

#include <stdbool.h>
#include <stdint.h>

enum { CLF__DIRECT_TAPS = 160 }; /* at most */

typedef struct clf__conv_direct {
  int64_t rows, columns, filters; /* of the outputs */
  int64_t line, step; /* floats from an output's first pixel to the next row's, column's */
  int64_t taps;       /* elements of the kernel, channels included */
  int64_t offsets[CLF__DIRECT_TAPS]; /* of what they see, from an output's first pixel */
} clf__conv_direct;

typedef struct clf__conv_direct_kernels {
  /* y = the outputs for the pixels x and w [taps, filters]; dw += their gradient. */
  void (*forward)(const clf__conv_direct *direct, const float *x, const float *w, const float *bias,
                  bool relu, float *y);
  void (*gradient)(const clf__conv_direct *direct, const float *x, const float *dy, float *dw);
} clf__conv_direct_kernels;

#endif
