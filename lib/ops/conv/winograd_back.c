/* Both gradients of Winograd's convolutions (winograd.c), in one of two ways.
 *
 * Weights whose transforms stay in L2: threads have shards of rows, which they process in blocks
 * of tiles. Larger weights: each thread would read all of them and as many sums of their gradients
 * with every block, and every shard would transform its sums. So all threads work on one block:
 * each transforms some tiles, then multiplies at some of the points, whose weights and sums it
 * alone reads, then transforms the gradients of some images back. There is one array of sums,
 * which is transformed once. */
#include <string.h>

#include "base/math.h"
#include "base/status.h"
#include "ops/conv/winograd_block.h"
#include "ops/linalg/product.h"

enum {
  POINTS = CLF__WINOGRAD_POINTS,
  WEIGHTS_PER_TASK = 1024,
  CACHED_WEIGHTS = 4096, /* whose transforms, of 1 MiB, stay in L2 */
  SHARED_TILES = 64,     /* of a block that all threads work on: more would leave L2 */
  TILES_PER_TASK = 8
};

typedef struct backward_job {
  const clf__conv_pass *pass;
  clf__winograd_tiling t;
  int64_t scratch_size;
  clf__conv_shards shards; /* dw of each shard */
  float *transposed;       /* weights [kernel, kernel, filters, channels] */
  float *u;                /* transformed weights [POINTS, filters, channels] */
} backward_job;

/* Fetches a square of pixels into the cache. */
static void fetch_pixels(const float *const *pixels, int64_t side, int64_t channels) {
  enum { LINE = 16 }; /* floats */
  for (int64_t i = 0; i < side * side; i++) {
    for (int64_t c = 0; c < channels; c += LINE) {
      __builtin_prefetch(pixels[i] + c);
    }
  }
}

/* Computes where a tile's gradients and outputs lie, and fetches them, because the transform of a
 * tile takes less time than they take from L3. */
static void locate_output_gradients(const backward_job *job, int64_t tile,
                                    const clf__winograd_block *s,
                                    clf__winograd_output_gradient *gradient) {
  const clf__conv_pass *pass = job->pass;
  const clf__winograd_tiling *t = &job->t;
  const int64_t filters = t->conv->filters, at = tile / t->tiles * clf__conv_output_size(t->conv);
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
                                       const clf__winograd_block *s) {
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
                         const clf__winograd_block *s, float *sums) {
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
                                   .c = sums + point * clf__winograd_u_step(job->t.conv),
                                   .ldc = filters});
}

/* Adds to dx the gradients in the transformed tiles, which replaced the transformed inputs. The
 * first tile of an image clears its dx. */
static void add_input_gradients(const backward_job *job, int64_t first, int64_t count,
                                const clf__winograd_block *s) {
  const clf__conv_pass *pass = job->pass;
  const clf__winograd_tiling *t = &job->t;
  const int64_t channels = t->conv->channels, size = clf__conv_input_size(t->conv);
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
  const clf__winograd_block s = clf__winograd_block_of(t, sums + clf__winograd_packed_size(conv));
  const int64_t shard = rows.index, begin = rows.first * t->tiles, end = rows.end * t->tiles;
  for (int64_t first = begin; first < end; first += t->block) {
    const int64_t count = clf__min_i64(t->block, end - first);
    clf__winograd_transform_inputs(pass, t, first, count, &s);
    transform_output_gradients(job, first, count, &s);
    for (int64_t point = 0; point < POINTS; point++) {
      add_products(job, point, count, first == begin, &s, sums);
      if (pass->dx != NULL) {
        clf__winograd_multiply(pass, count, conv->channels, conv->filters, s.z + point * t->z_step,
                               job->u + point * clf__winograd_u_step(conv),
                               s.v + point * t->v_step);
      }
    }
    pass->kernels->conv->add_pixels(job->shards.dbias + shard * conv->filters,
                                    s.z + CLF__WINOGRAD_ONES * t->z_step, count, conv->filters);
    if (pass->dx != NULL) {
      add_input_gradients(job, first, count, &s);
    }
  }
  const clf__winograd_filters weights = clf__winograd_filters_of(conv);
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
  clf__winograd_filters weights = clf__winograd_filters_of(job->t.conv);
  weights.count = range.end - range.first;
  job->pass->kernels->winograd->transform_filter(&weights, job->transposed + range.first,
                                                 job->u + range.first);
}

/* The weights for dx. */
static clf_status alloc_weights(backward_job *job, clf__arena *arena) {
  const clf__conv2d *conv = job->t.conv;
  job->transposed = clf__arena_array(arena, clf__conv_weights(conv), sizeof *job->transposed);
  job->u = clf__arena_array(arena, clf__winograd_packed_size(conv), sizeof *job->u);
  return clf__arena_status(arena);
}

static void transform_weights(backward_job *job) {
  const clf__conv2d *conv = job->t.conv;
  clf__conv_run(job->pass, conv->kernel_height * conv->kernel_width, 1, transpose_weights, job);
  clf__conv_run(job->pass, conv->channels * conv->filters, WEIGHTS_PER_TASK, transform_filters,
                job);
}

static clf_status backward_by_shards(backward_job *job) {
  const clf__conv_pass *pass = job->pass;
  const clf__conv2d *conv = pass->conv;
  clf_status status = CLF_OK;
  job->scratch_size = clf__winograd_packed_size(conv) + clf__winograd_block_size(&job->t);
  CLF__TRY(clf__conv_shards_create(&job->shards, pass, clf__conv_weights(conv), job->scratch_size));
  CLF__TRY(pass->dx != NULL ? alloc_weights(job, &job->shards.arena) : CLF_OK);
  if (pass->dx != NULL) {
    transform_weights(job);
  }
  clf__conv_shards_run(&job->shards, pass, add_shard, job);
  clf__conv_shards_reduce(&job->shards, pass, pass->dw);
done:
  clf__arena_free(&job->shards.arena);
  return status;
}

/* A block of tiles that all threads work on. */
typedef struct shared_block {
  const backward_job *job;
  int64_t first, count; /* tiles */
  float *v, *z;         /* [POINTS, v_step] and z_step */
  float *edges;         /* [threads, 2 widest] */
  float *sums;          /* [POINTS, u_step] */
  double *dbias;
} shared_block;

/* The block as a worker sees it from one of the tiles on. */
static clf__winograd_block block_from(const shared_block *b, int64_t tile, int32_t worker) {
  const clf__conv2d *conv = b->job->t.conv;
  const int64_t widest = clf__max_i64(conv->channels, conv->filters);
  clf__winograd_block s = {.v = b->v + tile * conv->channels, .z = b->z + tile * conv->filters};
  s.zero = b->edges + worker * 2 * widest;
  s.lost = s.zero + widest;
  memset(s.zero, 0, (size_t)widest * sizeof *s.zero);
  return s;
}

static void transform_tiles(void *argument, clf__range tiles) {
  const shared_block *b = argument;
  const clf__winograd_block s = block_from(b, tiles.first, tiles.worker);
  const int64_t first = b->first + tiles.first, count = tiles.end - tiles.first;
  clf__winograd_transform_inputs(b->job->pass, &b->job->t, first, count, &s);
  transform_output_gradients(b->job, first, count, &s);
}

static void multiply_point(void *argument, clf__range range) {
  const shared_block *b = argument;
  const clf__conv_pass *pass = b->job->pass;
  const clf__winograd_tiling *t = &b->job->t;
  const int64_t point = range.index;
  const clf__winograd_block s = {.v = b->v, .z = b->z};
  add_products(b->job, point, b->count, b->first == 0, &s, b->sums);
  if (pass->dx != NULL) {
    clf__winograd_multiply(
        pass, b->count, t->conv->channels, t->conv->filters, s.z + point * t->z_step,
        b->job->u + point * clf__winograd_u_step(t->conv), s.v + point * t->v_step);
  }
  if (point == CLF__WINOGRAD_ONES) {
    pass->kernels->conv->add_pixels(b->dbias, s.z + point * t->z_step, b->count, t->conv->filters);
  }
}

/* Tiles of an image overlap, so one task has all of them that are in the block. */
static void add_image(void *argument, clf__range range) {
  const shared_block *b = argument;
  const int64_t tiles = b->job->t.tiles, image = b->first / tiles + range.index;
  const int64_t first = clf__max_i64(image * tiles, b->first);
  const int64_t end = clf__min_i64((image + 1) * tiles, b->first + b->count);
  const clf__winograd_block s = block_from(b, first - b->first, range.worker);
  add_input_gradients(b->job, first, end - first, &s);
}

static void write_weights(void *argument, clf__range range) {
  const shared_block *b = argument;
  const clf__conv_pass *pass = b->job->pass;
  clf__winograd_filters weights = clf__winograd_filters_of(pass->conv);
  weights.count = range.end - range.first;
  pass->kernels->winograd->transform_filter_gradient(&weights, b->sums + range.first,
                                                     pass->dw + range.first);
}

static void run_shared(shared_block *b) {
  const clf__conv_pass *pass = b->job->pass;
  const int64_t tiles = b->job->t.tiles, all = pass->rows * tiles;
  for (b->first = 0; b->first < all; b->first += b->count) {
    b->count = clf__min_i64(b->job->t.block, all - b->first);
    clf__conv_run(pass, b->count, TILES_PER_TASK, transform_tiles, b);
    clf__conv_run(pass, POINTS, 1, multiply_point, b);
    if (pass->dx != NULL) {
      const int64_t images = (b->first + b->count - 1) / tiles - b->first / tiles + 1;
      clf__conv_run(pass, images, 1, add_image, b);
    }
  }
  clf__conv_run(pass, pass->conv->channels * pass->conv->filters, WEIGHTS_PER_TASK, write_weights,
                b);
  for (int64_t d = 0; pass->dbias != NULL && d < pass->conv->filters; d++) {
    pass->dbias[d] = (float)b->dbias[d];
  }
}

static clf_status backward_together(backward_job *job) {
  const clf__conv_pass *pass = job->pass;
  const clf__conv2d *conv = pass->conv;
  clf__arena arena = {.context = pass->context};
  clf_status status = CLF_OK;
  shared_block block = {.job = job};
  clf__winograd_set_block(&job->t, clf__min_i64(SHARED_TILES, pass->rows * job->t.tiles));
  block.v = clf__arena_matrix(&arena, POINTS, job->t.v_step, sizeof *block.v);
  block.z = clf__arena_matrix(&arena, POINTS, job->t.z_step, sizeof *block.z);
  block.edges = clf__conv_scratch(&arena, pass, 2 * clf__max_i64(conv->channels, conv->filters));
  block.sums = clf__arena_array(&arena, clf__winograd_packed_size(conv), sizeof *block.sums);
  block.dbias = clf__arena_zeroed(&arena, conv->filters, sizeof *block.dbias);
  CLF__TRY(pass->dx != NULL ? alloc_weights(job, &arena) : clf__arena_status(&arena));
  if (pass->dx != NULL) {
    transform_weights(job);
  }
  run_shared(&block);
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__winograd_backward(const clf__conv_pass *pass) {
  const clf__conv2d *conv = pass->conv;
  backward_job job = {.pass = pass, .t = clf__winograd_tiling_of(conv)};
  return conv->channels * conv->filters > CACHED_WEIGHTS && pass->rows > 0
             ? backward_together(&job)
             : backward_by_shards(&job);
}
