/* Convolutions as matrix products of patches (patches.h), strip by strip of an image, so that the
 * patches never leave L2:
 *
 *   forward           Y = P W         P [pixels, kernel * channels]
 *   backward weights  dW = P^T dY     the same P, read by other strides
 *   backward data     dX = Q V        Q patches of dY, V = W flipped along both axes and transposed
 *
 * Any stride, dilation, padding and size. The floor is arithmetic: rows * out_height * out_width *
 * filters * kernel * channels products each. */
#include "ops/conv/conv_method.h"
#include "ops/conv/patches.h"
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
                          .spread = 1,
                          .pad_top = conv->pad_top,
                          .pad_left = conv->pad_left,
                          .out_height = conv->out_height,
                          .out_width = conv->out_width};
  clf__patches_plan(&patches);
  return patches;
}

/* Describes the patches of dy: the flipped kernel meets each dy to which the input's pixel
 * contributed. */
static clf__patches patches_back(const clf__conv2d *conv) {
  clf__patches patches = {.height = conv->out_height,
                          .width = conv->out_width,
                          .channels = conv->filters,
                          .kernel_height = conv->kernel_height,
                          .kernel_width = conv->kernel_width,
                          .stride = 1,
                          .dilation = conv->dilation,
                          .spread = conv->stride,
                          .pad_top = (conv->kernel_height - 1) * conv->dilation - conv->pad_top,
                          .pad_left = (conv->kernel_width - 1) * conv->dilation - conv->pad_left,
                          .out_height = conv->height,
                          .out_width = conv->width};
  clf__patches_plan(&patches);
  return patches;
}

/* Computes y [pixels, filters] of one strip of one image. */
static void multiply_strip(const clf__kernels *kernels, const clf__patches *p, int64_t task,
                           const float *x, const float *w, int64_t filters, float *stored,
                           float *y) {
  const clf__product_kernel *kernel = &kernels->products->f32;
  const int64_t strips = clf__patches_strips(p), strip = task % strips, row = task / strips;
  clf__patches_fill(p, strip, x + row * p->height * p->width * p->channels, stored);
  for (int64_t part = 0; part < clf__patches_parts(p); part++) {
    const clf__patch_matrix a = clf__patches_matrix(p, strip, part, stored);
    kernel->multiply(&(clf__product){.rows = a.pixels,
                                     .columns = filters,
                                     .depth = a.depth,
                                     .a = a.a,
                                     .a_panel = kernel->rows * a.pixel_step,
                                     .a_row = a.pixel_step,
                                     .a_step = a.element_step,
                                     .b = w + part * a.depth * filters,
                                     .b_panel = kernel->columns,
                                     .b_step = filters,
                                     .alpha = 1,
                                     .beta = part > 0,
                                     .c = y,
                                     .ldc = filters});
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

static int64_t scratch_size(const clf__conv2d *conv) {
  const clf__patches patches = patches_of(conv);
  return clf__patches_size(&patches);
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
  multiply_strip(pass->kernels, &patches, task, pass->x, pass->w, filters, scratch, y);
  if (pass->bias != NULL || pass->relu) {
    pass->kernels->conv->finish(y, clf__patches_rows(&patches, strip) * patches.out_width, filters,
                                pass->bias, pass->relu);
  }
}

/* out [kernel_height, kernel_width, filters, channels] */
static void flip_weights(const clf__conv2d *conv, const float *w, float *out) {
  const int64_t places = conv->kernel_height * conv->kernel_width;
  const int64_t channels = conv->channels, filters = conv->filters;
  for (int64_t place = 0; place < places; place++) {
    const float *from = w + (places - 1 - place) * channels * filters;
    for (int64_t d = 0; d < filters; d++) {
      for (int64_t c = 0; c < channels; c++) {
        *out++ = from[c * filters + d];
      }
    }
  }
}

typedef struct backward_job {
  const clf__conv_pass *pass;
  clf__patches patches, back; /* patches of x, and of dy */
  int64_t stored_size, back_size;
  clf__conv_shards shards;
  float *flipped;
  float *back_stored; /* [threads, back_size] */
} backward_job;

static void backward_data(void *argument, clf__range range) {
  const backward_job *job = argument;
  const clf__conv_pass *pass = job->pass;
  const int64_t channels = pass->conv->channels;
  multiply_strip(pass->kernels, &job->back, range.index, pass->dy, job->flipped, channels,
                 job->back_stored + range.worker * job->back_size,
                 pass->dx + output_of(&job->back, range.index, channels));
}

/* dw [kernel * channels, filters] += the products of one strip. */
static void add_strip(const backward_job *job, const float *stored, int64_t strip, const float *dy,
                      bool first, float *dw) {
  const clf__patches *p = &job->patches;
  const clf__product_kernel *kernel = &job->pass->kernels->products->f32;
  const int64_t filters = job->pass->conv->filters;
  for (int64_t part = 0; part < clf__patches_parts(p); part++) {
    const clf__patch_matrix a = clf__patches_matrix(p, strip, part, stored);
    kernel->multiply(&(clf__product){.rows = a.depth,
                                     .columns = filters,
                                     .depth = a.pixels,
                                     .a = a.a,
                                     .a_panel = kernel->rows * a.element_step,
                                     .a_row = a.element_step,
                                     .a_step = a.pixel_step,
                                     .b = dy,
                                     .b_panel = kernel->columns,
                                     .b_step = filters,
                                     .alpha = 1,
                                     .beta = !first,
                                     .c = dw + part * a.depth * filters,
                                     .ldc = filters});
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

static clf_status alloc_back(backward_job *job) {
  const clf__conv_pass *pass = job->pass;
  clf__arena *arena = &job->shards.arena;
  job->flipped = clf__arena_array(arena, clf__conv_weights(pass->conv), sizeof *job->flipped);
  job->back_stored = clf__conv_scratch(arena, pass, job->back_size);
  return clf__arena_status(arena);
}

static clf_status backward(const clf__conv_pass *pass) {
  const clf__conv2d *conv = pass->conv;
  backward_job job = {.pass = pass, .patches = patches_of(conv), .back = patches_back(conv)};
  job.stored_size = clf__patches_size(&job.patches);
  job.back_size = clf__patches_size(&job.back);
  clf_status status = CLF_OK;
  CLF__TRY(clf__conv_shards_create(&job.shards, pass, clf__conv_weights(conv), job.stored_size));
  CLF__TRY(pass->dx != NULL ? alloc_back(&job) : CLF_OK);
  if (pass->out != NULL) {
    clf__activation_gradient(pass->context, CLF__RELU, pass->out, pass->dy,
                             pass->rows * conv->out_height * conv->out_width, conv->filters);
  }
  clf__conv_shards_run(&job.shards, pass, add_shard, &job);
  clf__conv_shards_reduce(&job.shards, pass, pass->dw);
  if (pass->dx != NULL) {
    flip_weights(conv, pass->w, job.flipped);
    clf__conv_run(pass, pass->rows * clf__patches_strips(&job.back), 1, backward_data, &job);
  }

done:
  clf__arena_free(&job.shards.arena);
  return status;
}

const clf__conv_method clf__conv_by_patches = {
    .fits = fits,
    .packed_size = clf__conv_weights,
    .pack = clf__conv_pack_as_is,
    .scratch_size = scratch_size,
    .tasks = tasks,
    .forward = forward,
    .backward = backward,
};
