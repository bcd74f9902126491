/* The patches of an image under the kernel of a convolution, as matrices for products. */
#ifndef CLF_OPS_CONV_PATCHES_H
#define CLF_OPS_CONV_PATCHES_H

#include <stdbool.h>
#include <stdint.h>

/* Pixel (p, q) of the image lies at (p spread, q spread) of a grid of zeros, over which the kernel
 * moves. `spread` is 1, except for the gradient with respect to the input of a convolution with
 * strides. */
typedef struct clf__patches {
  int64_t height, width, channels;
  int64_t kernel_height, kernel_width, stride, dilation, spread;
  int64_t pad_top, pad_left;
  int64_t out_height, out_width;
  /* How they are stored. */
  bool planar;
  int64_t strip_rows; /* output rows whose patches are stored at a time */
} clf__patches;

/* The patches of a strip under some rows of the kernel. Element (pixel, k) is a[pixel * pixel_step
 * + k * element_step], where k counts (m, n, channel). */
typedef struct clf__patch_matrix {
  const float *a;
  int64_t pixels, depth, pixel_step, element_step;
} clf__patch_matrix;

/* Sets how the patches are stored. */
void clf__patches_plan(clf__patches *patches);
/* Returns how many floats the patches of a strip need; -1 if the number overflows. */
int64_t clf__patches_size(const clf__patches *patches);
int64_t clf__patches_strips(const clf__patches *patches);
/* Returns the number of output rows in a strip. */
int64_t clf__patches_rows(const clf__patches *patches, int64_t strip);

void clf__patches_fill(const clf__patches *patches, int64_t strip, const float *image,
                       float *stored);
/* Returns into how many parts of whole rows the kernel is divided; each part is one matrix. */
int64_t clf__patches_parts(const clf__patches *patches);
clf__patch_matrix clf__patches_matrix(const clf__patches *patches, int64_t strip, int64_t part,
                                      const float *stored);

#endif
