/* What the methods of computing convolutions share. The shapes alone decide which method is used
 * and how it divides its work into tasks, so that results do not depend on the number of
 * threads. */
#ifndef CLF_OPS_CONV_CONV_METHOD_H
#define CLF_OPS_CONV_CONV_METHOD_H

#include "base/context.h"
#include "base/memory.h"
#include "base/pool.h"
#include "ops/conv/conv2d.h"
#include "ops/kernels.h"

/* In a forward pass, pass->w is packed by the method. */
typedef struct clf__conv_method {
  bool (*fits)(const clf__conv2d *conv);
  int64_t (*packed_size)(const clf__conv2d *conv);
  void (*pack)(const clf__kernels *kernels, const clf__conv2d *conv, const float *w, float *packed);
  int64_t (*scratch_size)(const clf__conv2d *conv); /* for one thread */
  /* The tasks of a forward pass may run in any order. */
  int64_t (*tasks)(const clf__conv2d *conv, int64_t rows);
  void (*forward)(const clf__conv_pass *pass, int64_t task, float *scratch);
  clf_status (*backward)(const clf__conv_pass *pass);
} clf__conv_method;

extern const clf__conv_method clf__conv_by_patches;
extern const clf__conv_method clf__conv_by_direct_sums;
extern const clf__conv_method clf__conv_by_winograd;
extern const clf__conv_method clf__conv_by_shifts;
extern const clf__conv_method clf__conv_by_tiles; /* of bf16, for kernels with tiles */

/* Returns the number of weights of a convolution, or -1 if it overflows. */
int64_t clf__conv_weights(const clf__conv2d *conv);
/* Copies the weights, for methods that use them as they are. */
void clf__conv_pack_as_is(const clf__kernels *kernels, const clf__conv2d *conv, const float *w,
                          float *packed);
/* Runs clf__parallel_ranges() with the work of the pass. */
void clf__conv_run(const clf__conv_pass *pass, int64_t total, int64_t grain, clf__range_task task,
                   void *argument);
/* Allocates [threads, each] in the arena, which refuses an `each` of -1. */
float *clf__conv_scratch(clf__arena *arena, const clf__conv_pass *pass, int64_t each);

/* A forward pass by a method: the first function allocates in the arena, and the second one, which
 * never fails, packs pass->w and runs the tasks. */
typedef struct clf__conv_forward {
  const clf__conv_method *method;
  clf__conv_pass pass;
  float *packed, *scratch;
  int64_t scratch_size;
} clf__conv_forward;

void clf__conv_forward_alloc(clf__conv_forward *forward, clf__arena *arena,
                             const clf__conv_method *method, const clf__conv_pass *pass);
void clf__conv_forward_run(clf__conv_forward *forward);

/* Returns the convolution of dy that computes dx, by W flipped along both axes and transposed: the
 * flipped kernel meets each dy to which the input's pixel contributed. */
clf__conv2d clf__conv_back(const clf__conv2d *conv);

/* The gradient with respect to the input by that convolution. It must stay where it is between the
 * two calls. */
typedef struct clf__conv_input_gradient {
  const clf__conv_pass *of;
  clf__conv2d conv;
  float *flipped; /* [kernel_height, kernel_width, filters, channels] */
  clf__conv_forward forward;
} clf__conv_input_gradient;

void clf__conv_input_gradient_alloc(clf__conv_input_gradient *gradient, clf__arena *arena,
                                    const clf__conv_method *method, const clf__conv_pass *pass);
void clf__conv_input_gradient_run(clf__conv_input_gradient *gradient);

/* The gradients with respect to W and b are summed in shards of rows, and the shards are added in
 * order. More shards would serve more threads, but take longer to add. */
enum { CLF__CONV_SHARDS = 8 };
typedef struct clf__conv_shards {
  clf__arena arena; /* holds the arrays; must be freed in any case */
  int64_t count;
  int64_t size;                  /* floats in a shard's sums */
  float *sums[CLF__CONV_SHARDS]; /* [size] each */
  double *dbias;                 /* [count, filters] */
  float *scratch;                /* [threads, scratch_size] */
} clf__conv_shards;

clf_status clf__conv_shards_create(clf__conv_shards *shards, const clf__conv_pass *pass,
                                   int64_t size, int64_t scratch_size);
/* Runs a task on the rows of each shard. */
void clf__conv_shards_run(const clf__conv_shards *shards, const clf__conv_pass *pass,
                          clf__range_task task, void *argument);
/* out [size] = the sum over all shards; likewise pass->dbias, if it is not NULL. */
void clf__conv_shards_reduce(const clf__conv_shards *shards, const clf__conv_pass *pass,
                             float *out);

/* The kernels that several methods use. */
typedef struct clf__conv_kernels {
  /* y [pixels, filters] += bias (NULL for 0); with `relu`, y is then replaced by max(y, 0). */
  void (*finish)(float *y, int64_t pixels, int64_t filters, const float *bias, bool relu);
  /* sums [filters] += the sum of y [pixels, filters] over the pixels. */
  void (*add_pixels)(double *sums, const float *y, int64_t pixels, int64_t filters);
  /* out = dy where y > 0, otherwise 0. */
  void (*mask)(const float *dy, const float *y, int64_t count, float *out);
  /* Finishes two lines of [2 pixels, filters], `step` apart, and writes the maxima of their windows
   * of 2 x 2: y [pixels, filters], and which of the four pixels is the first that has it, unless
   * `winners` is NULL. */
  void (*finish_pooled)(const float *lines, int64_t step, int64_t pixels, int64_t filters,
                        const float *bias, bool relu, float *y, uint8_t *winners);
  /* The gradient of that with respect to the lines before relu; y is NULL without relu. */
  void (*unpool)(const float *dy, const float *y, const uint8_t *winners, int64_t pixels,
                 int64_t filters, float *lines, int64_t step);
} clf__conv_kernels;

#endif
