/* Convolutions by Winograd's short products (Winograd, 1980; Lavin and Gray, 2016). Tiles of 8 x 8
 * pixels are transformed to the values of their polynomials at 8 x 8 points (../simd/winograd.h).
 * There a kernel of 5 x 5 computes 4 x 4 outputs by 64 products for each channel instead of 400,
 * and a kernel of 3 x 3 computes 6 x 6 outputs by 64 products instead of 324. With U = G W G^T, V =
 * B^T X B, and sums over channels or tiles as matrix products at each of the 64 points:
 *
 *   forward    Y = A^T (V U) A
 *   backward   Z = A dY A^T,  dW = G^T (V^T Z) G,  dX += B (Z U^T) B^T
 *
 * The backward formulas are the transposes of the forward one, so both gradients share Z.
 *
 * One AVX-512 core computes the products at two thirds of its peak and spends three tenths of the
 * time on transforms. Measured in products of the definition, it reaches 2.2 times its peak from 32
 * channels to 64.
 *
 * The relative errors in f32 are 2.4e-6 for Y, 3.1e-6 for dX and 2.7e-6 for dW (root mean squares,
 * 32 channels to 64 by 5 x 5), about 7 times those of plain sums; tests/unit/ops/conv/test_conv2d.c
 * tests them. */
#include <string.h>

#include "base/math.h"
#include "base/status.h"
#include "ops/conv/conv_method.h"
#include "ops/conv/winograd_tiles.h"
#include "ops/linalg/product.h"

enum { POINTS = CLF__WINOGRAD_POINTS, WEIGHTS_PER_TASK = 1024 };

/* Returns whether Winograd's method is faster. It is not for few channels, since the sums between
 * the transforms are short, nor for small images, which leave much of the tiles unused. */
static bool fits(const clf__conv2d *conv) {
  enum { MIN_CHANNELS = 5, MAX_CHANNELS = 1 << 13, SAVED = 2 };
  const int64_t kernel = conv->kernel_height;
  if ((kernel != 3 && kernel != 5) || conv->kernel_width != kernel || conv->stride != 1 ||
      conv->dilation != 1 || conv->channels < MIN_CHANNELS || conv->filters < MIN_CHANNELS ||
      conv->channels > MAX_CHANNELS || conv->filters > MAX_CHANNELS) {
    return false;
  }
  const double products =
      (double)conv->out_height * (double)conv->out_width * (double)(kernel * kernel);
  return products >= SAVED * POINTS * (double)clf__winograd_tiling_of(conv, false).tiles;
}

/* Returns the step from point to point of the transformed weights. */
static int64_t u_step(const clf__conv2d *conv) {
  return conv->channels * conv->filters + CLF__WINOGRAD_APART;
}

static int64_t packed_size(const clf__conv2d *conv) {
  return POINTS * u_step(conv);
}

static clf__winograd_filters weights_of(const clf__conv2d *conv) {
  const int64_t count = conv->channels * conv->filters;
  return (clf__winograd_filters){conv->kernel_height, count, count, u_step(conv)};
}

static void pack(const clf__kernels *kernels, const clf__conv2d *conv, const float *w,
                 float *packed) {
  const clf__winograd_filters all = weights_of(conv);
  kernels->winograd->transform_filter(&all, w, packed);
}

/* Scratch memory: transformed inputs and outputs, zeros to read and memory to write to for pixels
 * outside of the image. */
typedef struct block_scratch {
  float *v;    /* [POINTS, v_step] */
  float *z;    /* [POINTS, z_step] */
  float *zero; /* [the larger of channels and filters] */
  float *lost; /* the same */
} block_scratch;

static int64_t widest_of(const clf__conv2d *conv) {
  return clf__max_i64(conv->channels, conv->filters);
}

static int64_t block_size(const clf__winograd_tiling *t) {
  return POINTS * (t->v_step + t->z_step) + 2 * widest_of(t->conv);
}

static int64_t scratch_size(const clf__conv2d *conv) {
  const clf__winograd_tiling t = clf__winograd_tiling_of(conv, false);
  return block_size(&t);
}

static block_scratch scratch_of(const clf__winograd_tiling *t, float *scratch) {
  const int64_t widest = widest_of(t->conv);
  block_scratch s = {.v = scratch, .z = scratch + POINTS * t->v_step};
  s.zero = s.z + POINTS * t->z_step;
  s.lost = s.zero + widest;
  memset(s.zero, 0, (size_t)widest * sizeof *s.zero);
  return s;
}

static int64_t input_size(const clf__conv2d *c) {
  return c->height * c->width * c->channels;
}

static int64_t output_size(const clf__conv2d *c) {
  return c->out_height * c->out_width * c->filters;
}

/* Fetches a square of pixels into the cache. */
static void fetch_pixels(const float *const *pixels, int64_t side, int64_t channels) {
  enum { LINE = 16 }; /* floats */
  for (int64_t i = 0; i < side * side; i++) {
    for (int64_t c = 0; c < channels; c += LINE) {
      __builtin_prefetch(pixels[i] + c);
    }
  }
}

/* Tiles are counted across all images. */
static void transform_inputs(const clf__conv_pass *pass, const clf__winograd_tiling *t,
                             int64_t first, int64_t count, const block_scratch *s) {
  const int64_t channels = t->conv->channels;
  const float *pixels[POINTS];
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = (first + i) / t->tiles;
    const clf__pixel_grid g = clf__winograd_inputs_of(t, (first + i) % t->tiles);
    clf__grid_pixels(&g, pass->x + row * input_size(t->conv), s->zero, pixels);
    pass->kernels->winograd->transform_input(
        pixels, &(clf__winograd_tile){s->v + i * channels, t->v_step, channels});
  }
}

static void transform_outputs(const clf__conv_pass *pass, const clf__winograd_tiling *t,
                              int64_t first, int64_t count, const block_scratch *s) {
  const int64_t filters = t->conv->filters;
  clf__winograd_output out = {.outputs = t->outputs, .bias = pass->bias, .relu = pass->relu};
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = (first + i) / t->tiles;
    const clf__pixel_grid g = clf__winograd_outputs_of(t, (first + i) % t->tiles);
    clf__grid_pixels_to_write(&g, pass->y + row * output_size(t->conv), s->lost, out.y);
    pass->kernels->winograd->transform_output(
        &(clf__winograd_tile){s->z + i * filters, t->z_step, filters}, &out);
  }
}

/* c [rows, columns] = a [rows, depth] b [depth, columns] at one point. */
static void multiply(const clf__conv_pass *pass, int64_t rows, int64_t columns, int64_t depth,
                     const float *a, const float *b, float *c) {
  const clf__product_kernel *kernel = &pass->kernels->products->f32;
  kernel->multiply(&(clf__product){.rows = rows,
                                   .columns = columns,
                                   .depth = depth,
                                   .a = a,
                                   .a_panel = kernel->rows * depth,
                                   .a_row = depth,
                                   .a_step = 1,
                                   .b = b,
                                   .b_panel = kernel->columns,
                                   .b_step = columns,
                                   .alpha = 1,
                                   .c = c,
                                   .ldc = columns});
}

static int64_t tasks(const clf__conv2d *conv, int64_t rows) {
  const clf__winograd_tiling t = clf__winograd_tiling_of(conv, false);
  return clf__ceil_div(rows * t.tiles, t.block);
}

static void forward(const clf__conv_pass *pass, int64_t task, float *scratch) {
  const clf__conv2d *conv = pass->conv;
  const clf__winograd_tiling t = clf__winograd_tiling_of(conv, false);
  const block_scratch s = scratch_of(&t, scratch);
  const int64_t first = task * t.block, count = clf__min_i64(t.block, pass->rows * t.tiles - first);
  transform_inputs(pass, &t, first, count, &s);
  for (int64_t point = 0; point < POINTS; point++) {
    multiply(pass, count, conv->filters, conv->channels, s.v + point * t.v_step,
             pass->w + point * u_step(conv), s.z + point * t.z_step);
  }
  transform_outputs(pass, &t, first, count, &s);
}

typedef struct backward_job {
  const clf__conv_pass *pass;
  clf__winograd_tiling t;
  int64_t scratch_size;
  clf__conv_shards shards; /* dw of each shard */
  float *transposed;       /* weights [kernel, kernel, filters, channels] */
  float *u;                /* transformed weights [POINTS, filters, channels] */
} backward_job;

/* Computes where a tile's gradients and outputs lie, and fetches them, because the transform of a
 * tile takes less time than they take from L3. */
static void locate_output_gradients(const backward_job *job, int64_t tile, const block_scratch *s,
                                    clf__winograd_output_gradient *gradient) {
  const clf__conv_pass *pass = job->pass;
  const clf__winograd_tiling *t = &job->t;
  const int64_t filters = t->conv->filters, at = tile / t->tiles * output_size(t->conv);
  const clf__pixel_grid g = clf__winograd_outputs_of(t, tile % t->tiles);
  gradient->outputs = t->outputs;
  gradient->relu = pass->out != NULL;
  clf__grid_pixels(&g, pass->dy + at, s->zero, gradient->dy);
  fetch_pixels(gradient->dy, t->outputs, filters);
  if (gradient->relu) {
    clf__grid_pixels(&g, pass->out + at, s->zero, gradient->y);
    fetch_pixels(gradient->y, t->outputs, filters);
  }
}

static void transform_output_gradients(const backward_job *job, int64_t first, int64_t count,
                                       const block_scratch *s) {
  const int64_t filters = job->t.conv->filters;
  clf__winograd_output_gradient gradients[2]; /* of a tile and the next one */
  locate_output_gradients(job, first, s, &gradients[0]);
  for (int64_t i = 0; i < count; i++) {
    if (i + 1 < count) {
      locate_output_gradients(job, first + i + 1, s, &gradients[(i + 1) % 2]);
    }
    job->pass->kernels->winograd->transform_output_gradient(
        &gradients[i % 2], &(clf__winograd_tile){s->z + i * filters, job->t.z_step, filters});
  }
}

/* sums += V^T Z at one point. */
static void add_products(const backward_job *job, int64_t point, int64_t count, bool first,
                         const block_scratch *s, float *sums) {
  const int64_t channels = job->t.conv->channels, filters = job->t.conv->filters;
  const clf__product_kernel *kernel = &job->pass->kernels->products->f32;
  kernel->multiply(&(clf__product){.rows = channels,
                                   .columns = filters,
                                   .depth = count,
                                   .a = s->v + point * job->t.v_step,
                                   .a_panel = kernel->rows,
                                   .a_row = 1,
                                   .a_step = channels,
                                   .b = s->z + point * job->t.z_step,
                                   .b_panel = kernel->columns,
                                   .b_step = filters,
                                   .alpha = 1,
                                   .beta = !first,
                                   .c = sums + point * u_step(job->t.conv),
                                   .ldc = filters});
}

/* Adds to dx the gradients in the transformed tiles, which replaced the transformed inputs. The
 * first tile of an image clears its dx. */
static void add_input_gradients(const backward_job *job, int64_t first, int64_t count,
                                const block_scratch *s) {
  const clf__conv_pass *pass = job->pass;
  const clf__winograd_tiling *t = &job->t;
  const int64_t channels = t->conv->channels, size = input_size(t->conv);
  float *pixels[POINTS];
  for (int64_t i = 0; i < count; i++) {
    float *dx = pass->dx + (first + i) / t->tiles * size;
    const int64_t tile = (first + i) % t->tiles;
    const clf__pixel_grid g = clf__winograd_inputs_of(t, tile);
    if (tile == 0) {
      memset(dx, 0, (size_t)size * sizeof *dx);
    }
    clf__grid_pixels_to_write(&g, dx, s->lost, pixels);
    pass->kernels->winograd->transform_input_gradient(
        &(clf__winograd_tile){s->v + i * channels, t->v_step, channels}, pixels);
  }
}

static void add_shard(void *argument, clf__range rows) {
  const backward_job *job = argument;
  const clf__conv_pass *pass = job->pass;
  const clf__conv2d *conv = pass->conv;
  const clf__winograd_tiling *t = &job->t;
  float *sums = job->shards.scratch + rows.worker * job->scratch_size; /* [POINTS, u_step] */
  const block_scratch s = scratch_of(t, sums + packed_size(conv));
  const int64_t shard = rows.index, begin = rows.first * t->tiles, end = rows.end * t->tiles;
  for (int64_t first = begin; first < end; first += t->block) {
    const int64_t count = clf__min_i64(t->block, end - first);
    transform_inputs(pass, t, first, count, &s);
    transform_output_gradients(job, first, count, &s);
    for (int64_t point = 0; point < POINTS; point++) {
      add_products(job, point, count, first == begin, &s, sums);
      if (pass->dx != NULL) {
        multiply(pass, count, conv->channels, conv->filters, s.z + point * t->z_step,
                 job->u + point * u_step(conv), s.v + point * t->v_step);
      }
    }
    pass->kernels->conv->add_pixels(job->shards.dbias + shard * conv->filters,
                                    s.z + CLF__WINOGRAD_ONES * t->z_step, count, conv->filters);
    if (pass->dx != NULL) {
      add_input_gradients(job, first, count, &s);
    }
  }
  const clf__winograd_filters weights = weights_of(conv);
  pass->kernels->winograd->transform_filter_gradient(&weights, sums, job->shards.sums[shard]);
}

static void transpose_weights(void *argument, clf__range range) {
  const backward_job *job = argument;
  const int64_t channels = job->t.conv->channels, filters = job->t.conv->filters;
  const float *from = job->pass->w + range.index * channels * filters;
  float *to = job->transposed + range.index * channels * filters;
  for (int64_t d = 0; d < filters; d++) {
    for (int64_t c = 0; c < channels; c++) {
      to[d * channels + c] = from[c * filters + d];
    }
  }
}

static void transform_filters(void *argument, clf__range range) {
  const backward_job *job = argument;
  clf__winograd_filters weights = weights_of(job->t.conv);
  weights.count = range.end - range.first;
  job->pass->kernels->winograd->transform_filter(&weights, job->transposed + range.first,
                                                 job->u + range.first);
}

static clf_status backward(const clf__conv_pass *pass) {
  const clf__conv2d *conv = pass->conv;
  backward_job job = {.pass = pass, .t = clf__winograd_tiling_of(conv, true)};
  const int64_t weights = clf__conv_weights(conv);
  job.scratch_size = packed_size(conv) + block_size(&job.t);
  clf__arena *arena = &job.shards.arena;
  clf_status status = CLF_OK;
  CLF__TRY(clf__conv_shards_create(&job.shards, pass, weights, job.scratch_size));
  if (pass->dx != NULL) {
    job.transposed = clf__arena_array(arena, weights, sizeof *job.transposed);
    job.u = clf__arena_array(arena, packed_size(conv), sizeof *job.u);
    CLF__TRY(clf__arena_status(arena));
    clf__conv_run(pass, conv->kernel_height * conv->kernel_width, 1, transpose_weights, &job);
    clf__conv_run(pass, conv->channels * conv->filters, WEIGHTS_PER_TASK, transform_filters, &job);
  }
  clf__conv_shards_run(&job.shards, pass, add_shard, &job);
  clf__conv_shards_reduce(&job.shards, pass, pass->dw);
done:
  clf__arena_free(arena);
  return status;
}

const clf__conv_method clf__conv_by_winograd = {
    .fits = fits,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .tasks = tasks,
    .forward = forward,
    .backward = backward,
};
