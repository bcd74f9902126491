/* Blocks of tiles of Winograd's convolutions: what the forward pass (winograd.c) and the gradients
 * (winograd_back.c) share. */
#ifndef CLF_OPS_CONV_WINOGRAD_BLOCK_H
#define CLF_OPS_CONV_WINOGRAD_BLOCK_H

#include "ops/conv/conv_method.h"
#include "ops/conv/winograd_tiles.h"

/* Scratch memory: transformed inputs and outputs, zeros to read and memory to write to for pixels
 * outside of the image. */
typedef struct clf__winograd_block {
  float *v;    /* [POINTS, v_step] */
  float *z;    /* [POINTS, z_step] */
  float *zero; /* [the larger of channels and filters] */
  float *lost; /* the same */
} clf__winograd_block;

/* Returns the floats of a scratch, and divides it. */
int64_t clf__winograd_block_size(const clf__winograd_tiling *t);
clf__winograd_block clf__winograd_block_of(const clf__winograd_tiling *t, float *scratch);

/* Return the step from point to point of the transformed weights, the floats of all of them, and
 * their description. */
int64_t clf__winograd_u_step(const clf__conv2d *conv);
int64_t clf__winograd_packed_size(const clf__conv2d *conv);
clf__winograd_filters clf__winograd_filters_of(const clf__conv2d *conv);

/* Return the floats of an image, and of its output. */
int64_t clf__conv_input_size(const clf__conv2d *conv);
int64_t clf__conv_output_size(const clf__conv2d *conv);

/* Transforms the inputs of `count` tiles, which are counted across all images. */
void clf__winograd_transform_inputs(const clf__conv_pass *pass, const clf__winograd_tiling *t,
                                    int64_t first, int64_t count, const clf__winograd_block *s);
/* c [rows, columns] = a [rows, depth] b [depth, columns] at one point. */
void clf__winograd_multiply(const clf__conv_pass *pass, int64_t rows, int64_t columns,
                            int64_t depth, const float *a, const float *b, float *c);
/* The backward pass of clf__conv_by_winograd. */
clf_status clf__winograd_backward(const clf__conv_pass *pass);

#endif
