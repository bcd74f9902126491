/* Convolutions as matrix products of patches (patches.h), strip by strip of an image, so that the
 * patches never leave L2:
 *
 *   forward           Y = P W         P [pixels, kernel * channels]
 *   backward weights  dW = P^T dY     the same P, read by other strides
 *   backward data     dX = Q V        Q patches of dY, V = W turned by 180 degrees and transposed
 *
 * The floor is arithmetic: rows * out_height * out_width * filters * kernel * channels products
 * each. Measured on one AVX-512 core: 65 to 74 % of it for 5 x 5 kernels from 32 channels to 64, 31
 * to 35 % from 1 to 32. The gradient by an input of one channel is slow: 1 %, for its products have
 * one column.
 *
 * Gradients by W are summed in a fixed number of shards of images, and those in order, so
 * that results do not depend on how many threads there are. */
#include "ops/conv2d.h"

#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/pool.h"
#include "ops/kernels.h"
#include "ops/patches.h"

enum { SHARDS = 16, REDUCE = 4096 /* weights in a task that adds shards */ };
/* Work below this many products is not worth waking threads (some 20 us). */
static const int64_t serial_work = 1 << 20;

typedef struct conv_run {
  clf_context *context;
  const clf__kernels *kernels;
  clf__patches patches;
  int64_t filters; /* columns of the products */
  int64_t rows;
  const float *x; /* what patches are taken of */
  const float *w, *bias;
  bool relu;
  float *y;
  float *stored; /* [threads, size of patches] */
  /* For the gradient by the weights. */
  const float *dy;
  int64_t shards;
  float *dw;     /* [shards, weights] */
  double *dbias; /* [shards, filters] */
  float *dw_out, *dbias_out;
} conv_run;

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static int64_t weights_of(const clf__conv2d *conv) {
  return conv->kernel_height * conv->kernel_width * conv->channels * conv->filters;
}

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

/* Those of dy: the kernel, turned around, meets each dy where the input's pixel took part. */
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

static conv_run run_of(clf_context *context, clf__patches patches, int64_t filters, int64_t rows) {
  return (conv_run){.context = context,
                    .kernels = clf__kernels_of(clf__context_cpu(context)),
                    .patches = patches,
                    .filters = filters,
                    .rows = rows};
}

static bool alloc_stored(conv_run *run) {
  const int64_t threads = clf__in_task() ? 1 : clf__context_threads(run->context);
  int64_t count;
  if (!clf__mul_i64(threads, clf__patches_size(&run->patches), &count)) {
    count = -1;
  }
  run->stored = clf__alloc_array(run->context, count, sizeof *run->stored);
  return run->stored != NULL;
}

static float *filled(const conv_run *run, const float *image, int64_t strip, int32_t worker) {
  float *stored = run->stored + worker * clf__patches_size(&run->patches);
  clf__patches_fill(&run->patches, strip, image, stored);
  return stored;
}

static void run_tasks(const conv_run *run, int64_t count, clf__task task, void *argument) {
  const clf__patches *p = &run->patches;
  const double work = (double)run->rows * (double)p->out_height * (double)p->out_width *
                      (double)p->kernel_height * (double)p->kernel_width * (double)p->channels *
                      (double)run->filters;
  if (work >= (double)serial_work) {
    clf__parallel(run->context, count, task, argument);
    return;
  }
  for (int64_t index = 0; index < count; index++) {
    task(argument, index, 0);
  }
}

/* y [pixels, filters] of one strip of one image. */
static void multiply_strip(void *argument, int64_t index, int32_t worker) {
  const conv_run *run = argument;
  const clf__patches *p = &run->patches;
  const clf__product_kernel *kernel = &run->kernels->f32;
  const int64_t strips = clf__patches_strips(p), strip = index % strips, row = index / strips;
  const float *image = run->x + row * p->height * p->width * p->channels;
  const float *stored = filled(run, image, strip, worker);
  float *y = run->y + (row * p->out_height + strip * p->strip_rows) * p->out_width * run->filters;
  for (int64_t part = 0; part < clf__patches_parts(p); part++) {
    const clf__patch_matrix a = clf__patches_matrix(p, strip, part, stored);
    kernel->multiply(&(clf__product){.rows = a.pixels,
                                     .columns = run->filters,
                                     .depth = a.depth,
                                     .a = a.a,
                                     .a_panel = kernel->rows * a.pixel_step,
                                     .a_row = a.pixel_step,
                                     .a_step = a.element_step,
                                     .b = run->w + part * a.depth * run->filters,
                                     .b_panel = kernel->columns,
                                     .b_step = run->filters,
                                     .alpha = 1,
                                     .beta = part > 0,
                                     .c = y,
                                     .ldc = run->filters});
  }
  if (run->bias != NULL || run->relu) {
    const int64_t pixels = clf__patches_rows(p, strip) * p->out_width;
    run->kernels->conv_finish(y, pixels, run->filters, run->bias, run->relu);
  }
}

clf_status clf__conv2d_forward(clf_context *context, const clf__conv2d *conv, int64_t rows,
                               const float *x, const float *w, const float *bias, bool relu,
                               float *y) {
  conv_run run = run_of(context, patches_of(conv), conv->filters, rows);
  if (!alloc_stored(&run)) {
    return CLF_ERROR_MEMORY;
  }
  run.x = x;
  run.w = w;
  run.bias = bias;
  run.relu = relu;
  run.y = y;
  run_tasks(&run, rows * clf__patches_strips(&run.patches), multiply_strip, &run);
  clf__free(run.stored);
  return CLF_OK;
}

/* out [kernel_height, kernel_width, filters, channels] */
static void turn_weights(const clf__conv2d *conv, const float *w, float *out) {
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

clf_status clf__conv2d_backward_data(clf_context *context, const clf__conv2d *conv, int64_t rows,
                                     const float *dy, const float *w, float *dx) {
  conv_run run = run_of(context, patches_back(conv), conv->channels, rows);
  float *turned = clf__alloc_array(context, weights_of(conv), sizeof *turned);
  clf_status status = CLF_ERROR_MEMORY;
  if (turned == NULL || !alloc_stored(&run)) {
    goto done;
  }
  turn_weights(conv, w, turned);
  run.x = dy;
  run.w = turned;
  run.y = dx;
  run_tasks(&run, rows * clf__patches_strips(&run.patches), multiply_strip, &run);
  status = CLF_OK;

done:
  clf__free(turned);
  clf__free(run.stored);
  return status;
}

/* dw [kernel * channels, filters] += the products of one strip. */
static void add_strip(const conv_run *run, const float *stored, int64_t strip, const float *dy,
                      bool first, float *dw) {
  const clf__patches *p = &run->patches;
  const clf__product_kernel *kernel = &run->kernels->f32;
  for (int64_t part = 0; part < clf__patches_parts(p); part++) {
    const clf__patch_matrix a = clf__patches_matrix(p, strip, part, stored);
    kernel->multiply(&(clf__product){.rows = a.depth,
                                     .columns = run->filters,
                                     .depth = a.pixels,
                                     .a = a.a,
                                     .a_panel = kernel->rows * a.element_step,
                                     .a_row = a.element_step,
                                     .a_step = a.pixel_step,
                                     .b = dy,
                                     .b_panel = kernel->columns,
                                     .b_step = run->filters,
                                     .alpha = 1,
                                     .beta = !first,
                                     .c = dw + part * a.depth * run->filters,
                                     .ldc = run->filters});
  }
}

static int64_t weights_of_run(const conv_run *run) {
  const clf__patches *p = &run->patches;
  return p->kernel_height * p->kernel_width * p->channels * run->filters;
}

static void add_shard(void *argument, int64_t shard, int32_t worker) {
  const conv_run *run = argument;
  const clf__patches *p = &run->patches;
  const int64_t first = shard * run->rows / run->shards;
  const int64_t end = (shard + 1) * run->rows / run->shards;
  float *dw = run->dw + shard * weights_of_run(run);
  double *dbias = run->dbias + shard * run->filters;
  for (int64_t row = first; row < end; row++) {
    for (int64_t strip = 0; strip < clf__patches_strips(p); strip++) {
      const float *stored =
          filled(run, run->x + row * p->height * p->width * p->channels, strip, worker);
      const float *dy =
          run->dy + (row * p->out_height + strip * p->strip_rows) * p->out_width * run->filters;
      add_strip(run, stored, strip, dy, row == first && strip == 0, dw);
      run->kernels->conv_add_pixels(dbias, dy, clf__patches_rows(p, strip) * p->out_width,
                                    run->filters);
    }
  }
}

static void reduce_weights(void *argument, int64_t index, int32_t worker) {
  const conv_run *run = argument;
  const int64_t weights = weights_of_run(run), first = index * REDUCE;
  const int64_t count = smaller(REDUCE, weights - first);
  float *out = run->dw_out + first;
  (void)worker;
  memset(out, 0, (size_t)count * sizeof *out);
  for (int64_t shard = 0; shard < run->shards; shard++) {
    run->kernels->step_f32(out, 1, run->dw + shard * weights + first, count);
  }
}

static void reduce_bias(const conv_run *run) {
  for (int64_t d = 0; d < run->filters; d++) {
    double sum = 0;
    for (int64_t shard = 0; shard < run->shards; shard++) {
      sum += run->dbias[shard * run->filters + d];
    }
    run->dbias_out[d] = (float)sum;
  }
}

clf_status clf__conv2d_backward_weights(clf_context *context, const clf__conv2d *conv, int64_t rows,
                                        const float *x, const float *dy, float *dw, float *dbias) {
  conv_run run = run_of(context, patches_of(conv), conv->filters, rows);
  const int64_t weights = weights_of(conv);
  clf_status status = CLF_ERROR_MEMORY;
  run.x = x;
  run.dy = dy;
  run.shards = smaller(rows, SHARDS);
  run.dw_out = dw;
  run.dbias_out = dbias;
  run.dw = clf__alloc_array(context, run.shards * weights, sizeof *run.dw);
  run.dbias = clf__alloc_zeroed(context, run.shards * conv->filters, sizeof *run.dbias);
  if (run.dw == NULL || run.dbias == NULL || !alloc_stored(&run)) {
    goto done;
  }
  run_tasks(&run, run.shards, add_shard, &run);
  run_tasks(&run, (weights + REDUCE - 1) / REDUCE, reduce_weights, &run);
  if (dbias != NULL) {
    reduce_bias(&run);
  }
  status = CLF_OK;

done:
  clf__free(run.dw);
  clf__free(run.dbias);
  clf__free(run.stored);
  return status;
}
