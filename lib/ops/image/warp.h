/* Images resampled at other positions: an affine map plus a field of displacements. */
#ifndef CLF_OPS_IMAGE_WARP_H
#define CLF_OPS_IMAGE_WARP_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

/* A smooth field on an image: cubic B-splines on a lattice of nodes. Pixel i lies at phase + i /
 * spacing on the lattice; rounded down, this is the node before the first of the two nodes around
 * it. */
typedef struct clf__lattice {
  double spacing;        /* pixels from node to node; 0 for no field */
  double phase[2];       /* vertical, horizontal; below 1 */
  int64_t nodes[2];      /* vertical, horizontal: at least clf__lattice_nodes() of the sides */
  const float *shift[2]; /* [nodes[0], nodes[1]] each: vertical, horizontal, in pixels */
} clf__lattice;

/* Returns how many nodes a side of so many pixels needs, whatever the phase. */
int64_t clf__lattice_nodes(double spacing, int64_t pixels);

/* How an image [height, width, channels] is changed. Pairs are (vertical, horizontal), in
 * pixels. */
typedef struct clf__warp {
  int64_t height, width, channels;
  float origin[2]; /* position in the image of the result's first pixel, */
  float down[2];   /* what a step down the result adds to it, */
  float right[2];  /* and what a step to the right adds */
  clf__lattice lattice;
  bool edge; /* pixels beyond the image repeat the nearest pixel; otherwise they are 0 */
} clf__warp;

enum { CLF__WARP_LANES = 16 }; /* a multiple of the lanes of every vector */

/* A row of a result. Positions are those in the frame around the image, which has one pixel above
 * and to the left, and two below and to the right. It has fewer than 2^31 elements. */
typedef struct clf__warp_row {
  const float *frame; /* [height + 3, width + 3, channels] */
  int64_t height, width, channels;
  float begin[2], right[2];
  /* Displacements are sums of four rows times weights; NULL for none. */
  const float *shift[2]; /* [4, stride]; stride is a multiple of CLF__WARP_LANES */
  int64_t stride;
  float weights[4];
} clf__warp_row;

/* Returns how many floats of scratch memory a warp needs, -1 if the image is too large. */
int64_t clf__warp_scratch(const clf__warp *warp);

/* Resamples the image in place, on the calling thread. */
void clf__warp_image(clf_context *context, const clf__warp *warp, float *scratch, float *image);

/* Resamples one row of a result. */
typedef struct clf__warp_kernels {
  void (*row)(const clf__warp_row *row, float *out);
} clf__warp_kernels;

#endif
