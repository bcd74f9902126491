/* The grid of a convolution by tiles of bf16 (conv_tiles.c): the pixels of an image, rounded, with
 * the zeros around them. It is made in bands of output rows. */
#ifndef CLF_OPS_CONV_CONV_GRID_H
#define CLF_OPS_CONV_CONV_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/conv/conv2d.h"
#include "ops/linalg/product.h"

enum {
  CLF__GRID_CHANNELS = 32, /* a pixel of the grid has a multiple of so many */
  CLF__GRID_PAIR = 2       /* steps in an element */
};

/* A convolution as the grid has it. */
typedef struct clf__conv_grid {
  int64_t height, width, channels, filters; /* of the image, and of the products */
  int64_t pad_top, pad_left, out_height, out_width;
  int64_t kernel_height, runs; /* the width of the kernel in pixels of the grid */
  int64_t run;                 /* numbers of the image in such a pixel */
  int64_t pixel;               /* elements, of two numbers, of a pixel */
  int64_t line;                /* pixels from one line to the next */
  int64_t shared;              /* of zeros between two lines; so many follow the last one */
  int64_t rows, bands;         /* of outputs in a band; bands of an image */
} clf__conv_grid;

/* Needs a stride and a dilation of 1. */
clf__conv_grid clf__conv_grid_of(const clf__conv2d *conv);
/* Returns whether the sizes do not overflow and a thread's scratch is a few MiB at most. */
bool clf__conv_grid_fits(const clf__conv2d *conv);

/* Returns the lines of the grid that so many rows of outputs see, and the elements of these. */
int64_t clf__grid_lines(const clf__conv_grid *grid, int64_t rows);
int64_t clf__grid_elements(const clf__conv_grid *grid, int64_t rows);
/* A task is a band of an image. Return the rows of outputs of a band, the outputs of so many rows,
 * those at the seams between lines included, and where the outputs of a task begin. */
int64_t clf__grid_rows(const clf__conv_grid *grid, int64_t band);
int64_t clf__grid_outputs(const clf__conv_grid *grid, int64_t rows);
int64_t clf__grid_output(const clf__conv_grid *grid, int64_t task);
/* Rounds what a task sees of the images x; `values` [run] is scratch. */
void clf__grid_fill(const clf__bf16_kernels *kernels, const clf__conv_grid *grid, int64_t task,
                    const float *x, float *values, uint32_t *to);

/* Returns the place of an array of so many floats behind others in a scratch, whose size grows. */
int64_t clf__grid_part(int64_t *size, int64_t floats);

/* The backward pass of clf__conv_by_tiles (conv_tiles_back.c). */
clf_status clf__conv_tiles_backward(const clf__conv_pass *pass);

#endif
