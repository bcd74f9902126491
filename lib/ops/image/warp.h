/* Images resampled at other places: an affine map and, added to it, a field of displacements. */
#ifndef CLF_OPS_IMAGE_WARP_H
#define CLF_OPS_IMAGE_WARP_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

/* A smooth field on an image: cubic B-splines on a lattice of nodes, of which pixel i lies at
 * phase + i / spacing, between the nodes 1 and 2 after it rounded down. */
typedef struct clf__lattice {
  double spacing;        /* pixels from node to node; 0 for no field */
  double phase[2];       /* down, right; below 1 */
  int64_t nodes[2];      /* down, right: clf__lattice_nodes() of the sides or more */
  const float *shift[2]; /* [nodes[0], nodes[1]] each: down, right, in pixels */
} clf__lattice;

/* Nodes that a side of so many pixels needs, whatever the phase. */
int64_t clf__lattice_nodes(double spacing, int64_t pixels);

/* What becomes of an image [height, width, channels]. Pairs are down, right, in pixels. */
typedef struct clf__warp {
  int64_t height, width, channels;
  float origin[2]; /* where in the image the result's first pixel comes from, */
  float down[2];   /* and what a step down the result adds, */
  float right[2];  /* and one to the right */
  clf__lattice lattice;
  bool edge; /* beyond the image is what its nearest pixel is; else 0 */
} clf__warp;

enum { CLF__WARP_LANES = 16 }; /* a multiple of every vector's */

/* A row of a result. Places are those in the image's frame: a pixel above and left of it, two below
 * and right. Its elements are below 2^31. */
typedef struct clf__warp_row {
  const float *frame; /* [height + 3, width + 3, channels] */
  int64_t height, width, channels;
  float begin[2], right[2];
  /* Displacements are sums of four rows times weights; NULL for none. */
  const float *shift[2]; /* [4, stride]; stride is a multiple of CLF__WARP_LANES */
  int64_t stride;
  float weights[4];
} clf__warp_row;

/* Floats of scratch memory that a warp needs, -1 when it is too large an image. */
int64_t clf__warp_scratch(const clf__warp *warp);

/* Resamples the image in place, on the calling thread. */
void clf__warp_image(clf_context *context, const clf__warp *warp, float *scratch, float *image);

/* Resamples one row of a result. */
typedef struct clf__warp_kernels {
  void (*row)(const clf__warp_row *row, float *out);
} clf__warp_kernels;

#endif
