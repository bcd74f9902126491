/* Convolutions as matrix products of patches (patches.h), strip by strip of an image, so that the
 * patches never leave L2:
 *
 *   forward           Y = P W         P [pixels, kernel * channels]
 *   backward weights  dW = P^T dY     the same P, read by other strides
 *   backward data     dX = Q V        the forward pass of another convolution (conv_method.c)
 *
 * Any stride, dilation, padding and size, in f32 or in bf16. The floor is arithmetic: rows *
 * out_height * out_width * filters * kernel * channels products each. */
#include <string.h>

#include "base/math.h"
#include "ops/conv/conv_method.h"
#include "ops/conv/patches.h"
#include "ops/conv/patches_bf16.h"
#include "ops/linalg/product.h"
#include "ops/nn/elementwise.h"

static clf__patches patches_of(const clf__conv2d *conv) {
  clf__patches patches = {.height = conv->height,
                          .width = conv->width,
                          .channels = conv->channels,
                          .kernel_height = conv->kernel_height,
                          .kernel_width = conv->kernel_width,
                          .stride = conv->stride,
                          .dilation = conv->dilation,
                          .spread = clf__max_i64(conv->spread, 1),
                          .pad_top = conv->pad_top,
                          .pad_left = conv->pad_left,
                          .out_height = conv->out_height,
                          .out_width = conv->out_width};
  clf__patches_plan(&patches);
  return patches;
}

/* Returns the sum of sizes, or -1 if one is -1 or the sum overflows. */
static int64_t sum_of(int64_t a, int64_t b) {
  return a < 0 || b < 0 || a > INT64_MAX - b ? -1 : a + b;
}

/* Returns the steps of the product with one part of the patches. */
static int64_t part_depth(const clf__patches *p) {
  return clf__count(clf__count(p->kernel_height / clf__patches_parts(p), p->kernel_width),
                    p->channels);
}

/* Returns the floats of one part of the weights, as a strip is multiplied by them. */
static int64_t part_size(const clf__patches *p, bool bf16, int64_t filters) {
  const int64_t depth = part_depth(p);
  return bf16 ? clf__patches_bf16_lines(depth, filters) : clf__count(depth, filters);
}

/* Returns the floats that a strip needs: its patches, and what they are rounded in. */
static int64_t strip_size(const clf__patches *p, bool bf16) {
  return sum_of(clf__patches_size(p), bf16 ? clf__patches_bf16_scratch(part_depth(p)) : 0);
}

/* c [rows, columns] = the product of a factor with one that is packed, or c + that product. */
static void multiply_factor(const clf__kernels *kernels, bool bf16, const clf__patch_factor *a,
                            const float *b, int64_t columns, bool add, float *c, float *scratch) {
  const clf__product_kernel *kernel = &kernels->products->f32;
  if (bf16) {
    clf__patches_bf16_multiply(kernels, a, b, columns, add, c, scratch);
    return;
  }
  kernel->multiply(&(clf__product){.rows = a->rows,
                                   .columns = columns,
                                   .depth = a->depth,
                                   .a = a->a,
                                   .a_panel = kernel->rows * a->row_step,
                                   .a_row = a->row_step,
                                   .a_step = a->step_step,
                                   .b = b,
                                   .b_panel = kernel->columns,
                                   .b_step = columns,
                                   .alpha = 1,
                                   .beta = add,
                                   .c = c,
                                   .ldc = columns});
}

/* Computes y [pixels, filters] of one strip of one image; `stored` has space for the strip. */
static void multiply_strip(const clf__kernels *kernels, const clf__patches *p, bool bf16,
                           int64_t task, const float *x, const float *w, int64_t filters,
                           float *stored, float *y) {
  const int64_t strips = clf__patches_strips(p), strip = task % strips, row = task / strips;
  const int64_t part_weights = part_size(p, bf16, filters);
  clf__patches_fill(p, strip, x + row * p->height * p->width * p->channels, stored);
  for (int64_t part = 0; part < clf__patches_parts(p); part++) {
    const clf__patch_matrix m = clf__patches_matrix(p, strip, part, stored);
    const clf__patch_factor a = {m.a, m.pixels, m.depth, m.pixel_step, m.element_step};
    multiply_factor(kernels, bf16, &a, w + part * part_weights, filters, part > 0, y,
                    stored + clf__patches_size(p));
  }
}

/* Packs the weights [kernel_height, kernel_width, channels, filters], part by part. */
static void pack_weights(const clf__kernels *kernels, const clf__patches *p, bool bf16,
                         int64_t filters, const float *w, float *packed) {
  const int64_t depth = part_depth(p), size = part_size(p, bf16, filters);
  for (int64_t part = 0; part < clf__patches_parts(p); part++) {
    const float *from = w + part * depth * filters;
    if (bf16) {
      clf__patches_bf16_pack(kernels, from, depth, filters, packed + part * size);
    } else {
      memcpy(packed + part * size, from, (size_t)size * sizeof *packed);
    }
  }
}

/* Returns the offset of a task's output. */
static int64_t output_of(const clf__patches *p, int64_t task, int64_t filters) {
  const int64_t strips = clf__patches_strips(p), strip = task % strips, row = task / strips;
  return (row * p->out_height + strip * p->strip_rows) * p->out_width * filters;
}

static bool fits(const clf__conv2d *conv) {
  (void)conv;
  return true;
}

static int64_t packed_size(const clf__conv2d *conv) {
  const clf__patches patches = patches_of(conv);
  return clf__count(clf__patches_parts(&patches), part_size(&patches, conv->bf16, conv->filters));
}

static void pack(const clf__kernels *kernels, const clf__conv2d *conv, const float *w,
                 float *packed) {
  const clf__patches patches = patches_of(conv);
  pack_weights(kernels, &patches, conv->bf16, conv->filters, w, packed);
}

static int64_t scratch_size(const clf__conv2d *conv) {
  const clf__patches patches = patches_of(conv);
  return strip_size(&patches, conv->bf16);
}

static int64_t tasks(const clf__conv2d *conv, int64_t rows) {
  const clf__patches patches = patches_of(conv);
  return rows * clf__patches_strips(&patches);
}

static void forward(const clf__conv_pass *pass, int64_t task, float *scratch) {
  const clf__patches patches = patches_of(pass->conv);
  const int64_t filters = pass->conv->filters;
  const int64_t strip = task % clf__patches_strips(&patches);
  float *y = pass->y + output_of(&patches, task, filters);
  multiply_strip(pass->kernels, &patches, pass->conv->bf16, task, pass->x, pass->w, filters,
                 scratch, y);
  if (pass->bias != NULL || pass->relu) {
    pass->kernels->conv->finish(y, clf__patches_rows(&patches, strip) * patches.out_width, filters,
                                pass->bias, pass->relu);
  }
}

typedef struct backward_job {
  const clf__conv_pass *pass;
  clf__patches patches;
  int64_t pixels; /* of a strip, at most */
  int64_t stored_size;
  clf__conv_shards shards;
} backward_job;

/* dw [kernel * channels, filters] += the products of one strip, whose patches are `stored`, with
 * space for both factors in bf16 behind them. */
static void add_strip(const backward_job *job, float *stored, int64_t strip, const float *dy,
                      bool first, float *dw) {
  const clf__patches *p = &job->patches;
  const clf__kernels *kernels = job->pass->kernels;
  const bool bf16 = job->pass->conv->bf16;
  const int64_t filters = job->pass->conv->filters;
  const int64_t pixels = clf__patches_rows(p, strip) * p->out_width;
  float *lines = stored + clf__patches_size(p);
  float *scratch = lines + (bf16 ? clf__patches_bf16_lines(job->pixels, filters) : 0);
  if (bf16) {
    clf__patches_bf16_pack(kernels, dy, pixels, filters, lines);
  }
  for (int64_t part = 0; part < clf__patches_parts(p); part++) {
    const clf__patch_matrix m = clf__patches_matrix(p, strip, part, stored);
    const clf__patch_factor a = {m.a, m.depth, m.pixels, m.element_step, m.pixel_step};
    multiply_factor(kernels, bf16, &a, bf16 ? lines : dy, filters, !first,
                    dw + part * m.depth * filters, scratch);
  }
}

static void add_shard(void *argument, clf__range rows) {
  const backward_job *job = argument;
  const clf__conv_pass *pass = job->pass;
  const clf__patches *p = &job->patches;
  const int64_t filters = pass->conv->filters, strips = clf__patches_strips(p);
  const int64_t shard = rows.index, first = rows.first * strips;
  float *stored = job->shards.scratch + rows.worker * job->stored_size;
  for (int64_t task = first; task < rows.end * strips; task++) {
    const int64_t strip = task % strips, row = task / strips;
    const float *dy = pass->dy + output_of(p, task, filters);
    clf__patches_fill(p, strip, pass->x + row * p->height * p->width * p->channels, stored);
    add_strip(job, stored, strip, dy, task == first, job->shards.sums[shard]);
    pass->kernels->conv->add_pixels(job->shards.dbias + shard * filters, dy,
                                    clf__patches_rows(p, strip) * p->out_width, filters);
  }
}

static clf_status backward(const clf__conv_pass *pass) {
  const clf__conv2d *conv = pass->conv;
  backward_job job = {.pass = pass, .patches = patches_of(conv)};
  clf__conv_input_gradient input;
  job.pixels = clf__count(job.patches.strip_rows, conv->out_width);
  job.stored_size = clf__patches_size(&job.patches);
  if (conv->bf16) {
    const int64_t factors = sum_of(clf__patches_bf16_lines(job.pixels, conv->filters),
                                   clf__patches_bf16_scratch(job.pixels));
    job.stored_size = sum_of(job.stored_size, factors);
  }
  clf_status status = CLF_OK;
  CLF__TRY(clf__conv_shards_create(&job.shards, pass, clf__conv_weights(conv), job.stored_size));
  if (pass->dx != NULL) {
    clf__conv_input_gradient_alloc(&input, &job.shards.arena, &clf__conv_by_patches, pass);
    CLF__TRY(clf__arena_status(&job.shards.arena));
  }
  if (pass->out != NULL) {
    clf__activation_gradient(pass->context, CLF__RELU, pass->out, pass->dy,
                             pass->rows * conv->out_height * conv->out_width, conv->filters);
  }
  clf__conv_shards_run(&job.shards, pass, add_shard, &job);
  clf__conv_shards_reduce(&job.shards, pass, pass->dw);
  if (pass->dx != NULL) {
    clf__conv_input_gradient_run(&input);
  }
done:
  clf__arena_free(&job.shards.arena);
  return status;
}

const clf__conv_method clf__conv_by_patches = {
    .fits = fits,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .tasks = tasks,
    .forward = forward,
    .backward = backward,
};
