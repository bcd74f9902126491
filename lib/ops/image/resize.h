/* Resized and blurred images: weighted sums along both axes. */
#ifndef CLF_OPS_IMAGE_RESIZE_H
#define CLF_OPS_IMAGE_RESIZE_H

#include <stdint.h>

#include <classify/context.h>
#include <classify/tensor.h>

/* An image [height, width, channels] in memory; the pixels of a row have no gaps. */
typedef struct clf__picture {
  int32_t dtype; /* CLF_U8 or CLF_F32 */
  int64_t height, width, channels;
  int64_t stride; /* elements from row to row */
  const void *pixels;
} clf__picture;

/* Resizes an image to elements of `dtype` (CLF_U8 is rounded, and only made from CLF_U8), with
 * `stride` elements from row to row of `out`. Linear interpolation, with a filter as wide as two
 * pixels of the smaller image (antialiased). A row of either image must have fewer than 2^31
 * elements. Returns CLF_ERROR_MEMORY. */
clf_status clf__resize(clf_context *context, const clf__picture *from, int64_t height,
                       int64_t width, int32_t dtype, void *out, int64_t stride);

/* out [height, width] = x blurred by a Gaussian of `sigma` pixels, cut off at 3 sigma; the edge is
 * repeated outside. Runs on the calling thread. Returns CLF_ERROR_MEMORY. */
clf_status clf__blur(clf_context *context, const float *x, int64_t height, int64_t width,
                     double sigma, float *out);

/* The samples of a row: out[i] = sum_k weights[k * stride + i] row[first[i] + k * step]. */
typedef struct clf__resample {
  const int32_t *first; /* [stride] */
  const float *weights; /* [taps, stride] */
  int64_t stride;       /* a multiple of every vector's lanes; elements beyond `count` are 0 */
  int64_t step;
  int64_t taps;
  int64_t count;
} clf__resample;

typedef struct clf__resize_kernels {
  /* out[i] = sum_k weights[k] from[k * stride + i] for i < count. */
  void (*weigh_f32)(const float *from, int64_t stride, const float *weights, int64_t taps,
                    int64_t count, float *out);
  void (*weigh_u8)(const uint8_t *from, int64_t stride, const float *weights, int64_t taps,
                   int64_t count, float *out);
  void (*resample)(const clf__resample *axis, const float *from, float *out);
  /* Rounds values in 0 … 255. */
  void (*round_u8)(uint8_t *out, const float *x, int64_t count);
} clf__resize_kernels;

#endif
