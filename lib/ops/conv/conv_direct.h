/* The input of the kernels of direct convolutions (conv_direct.c): some rows of the output of one
 * image, whose pixels have zeros around them. */
#ifndef CLF_OPS_CONV_CONV_FEW_H
#define CLF_OPS_CONV_CONV_FEW_H

#include <stdbool.h>
#include <stdint.h>

enum { CLF__DIRECT_TAPS = 160 }; /* at most */

typedef struct clf__conv_direct {
  int64_t rows, columns, filters; /* of the outputs */
  int64_t line, step; /* floats from the first pixel of an output to that of the next row, and of
                       * the next column */
  int64_t taps;       /* elements of the kernel, including channels */
  int64_t offsets[CLF__DIRECT_TAPS]; /* of the elements' pixels, from an output's first pixel */
} clf__conv_direct;

typedef struct clf__conv_direct_kernels {
  /* y = the outputs for the pixels x and the weights w [taps, filters]; dw += their gradient. */
  void (*forward)(const clf__conv_direct *direct, const float *x, const float *w, const float *bias,
                  bool relu, float *y);
  void (*gradient)(const clf__conv_direct *direct, const float *x, const float *dy, float *dw);
} clf__conv_direct_kernels;

#endif
