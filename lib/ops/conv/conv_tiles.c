/* Convolutions in bf16 where the CPU multiplies tiles (ops/simd/tiles.h), without strides and
 * dilation. The pixels of an image are rounded once into a grid with the zeros around it, each
 * pixel to a multiple of 32 channels. There the pixels that a row of the kernel sees lie one behind
 * another: they are a row of A for the output at the first of them, and the rows for the outputs of
 * a line, of a whole grid even, are a pixel apart. So all three products read the grid in place:
 *
 *   forward           Y = sum over m of G_m W_m        G_m the grid from line m on
 *   backward data     the same of dY with W flipped along both axes and transposed
 *   backward weights  dW_mn^T = dY^T G_mn              G_mn from pixel (m, n) on
 *
 * Outputs at the seams between lines, kernel_width - 1 each, are left out at the end, or have a
 * gradient of 0. For dW the steps are pixels, whose pairs are in two copies of the grid: from even
 * and from odd pixels on. If a row of the kernel sees few numbers, a pixel of the grid has all of
 * them, and the kernel is one pixel wide.
 *
 * The floor is arithmetic, 512 multiply-adds a cycle: 5 x 5 from 32 channels to 64 of 14 x 14 are
 * 20 thousand cycles an image and direction. */
#include <string.h>

#include "base/math.h"
#include "ops/conv/conv_method.h"
#include "ops/linalg/product.h"
#include "ops/nn/elementwise.h"

enum {
  CHANNELS = 32,             /* a pixel of the grid has a multiple of so many */
  PAIR = 2,                  /* steps in an element */
  LINE = 16,                 /* floats of a cache line */
  BAND_FLOATS = 32 * 1024,   /* of a grid, at most, unless a row of outputs needs more */
  GROUP_FLOATS = 128 * 1024, /* of the factors of dW for a group of bands, which stay in L2 */
  MAX_GROUP = 8
};

/* A convolution as the grid has it. */
typedef struct grid {
  int64_t height, width, channels, filters; /* of the image, and of the products */
  int64_t pad_top, pad_left, out_height, out_width;
  int64_t kernel_height, runs; /* the width of the kernel in pixels of the grid */
  int64_t run;                 /* numbers of the image in such a pixel */
  int64_t pixel;               /* elements, of two numbers, of a pixel */
  int64_t line;                /* pixels */
  int64_t rows, bands;         /* of outputs in a band; bands of an image */
} grid;

static int64_t band_lines(const grid *g, int64_t rows) {
  return rows + g->kernel_height - 1;
}

static int64_t grid_floats(const grid *g, int64_t rows) {
  return clf__count(clf__count(band_lines(g, rows), g->line), g->pixel);
}

static void plan(grid *g, int64_t kernel_width) {
  const int64_t whole = kernel_width * g->channels;
  const bool expanded =
      PAIR * clf__round_up(whole, CHANNELS) <= kernel_width * clf__round_up(g->channels, CHANNELS);
  g->runs = expanded ? 1 : kernel_width;
  g->run = expanded ? whole : g->channels;
  g->pixel = clf__round_up(g->run, CHANNELS) / PAIR;
  g->line = g->out_width + g->runs - 1;
  g->rows = g->out_height;
  while (g->rows > 1 && (grid_floats(g, g->rows) > BAND_FLOATS ||
                         g->rows * g->line * g->filters > PAIR * BAND_FLOATS)) {
    g->rows = (g->rows + 1) / 2;
  }
  g->bands = clf__ceil_div(g->out_height, g->rows);
}

static grid grid_of(const clf__conv2d *c) {
  grid g = {.height = c->height,
            .width = c->width,
            .channels = c->channels,
            .filters = c->filters,
            .pad_top = c->pad_top,
            .pad_left = c->pad_left,
            .out_height = c->out_height,
            .out_width = c->out_width,
            .kernel_height = c->kernel_height};
  plan(&g, c->kernel_width);
  return g;
}

/* That of dy, for the gradient with respect to x. */
static grid grid_back(const clf__conv2d *c) {
  grid g = {.height = c->out_height,
            .width = c->out_width,
            .channels = c->filters,
            .filters = c->channels,
            .pad_top = c->kernel_height - 1 - c->pad_top,
            .pad_left = c->kernel_width - 1 - c->pad_left,
            .out_height = c->height,
            .out_width = c->width,
            .kernel_height = c->kernel_height};
  plan(&g, c->kernel_width);
  return g;
}

/* Larger ones would need a scratch of more than a few MiB, or overflow. */
static bool grid_fits(const grid *g) {
  const int64_t least = grid_floats(g, 1), outputs = clf__count(g->line, g->filters);
  return least >= 0 && least <= BAND_FLOATS * 8 && outputs >= 0 && outputs <= BAND_FLOATS * 8;
}

static bool fits(const clf__conv2d *c) {
  enum { MAX_SIDE = 1 << 20 };
  if (c->stride != 1 || c->dilation != 1 || c->out_height < 1 || c->out_width < 1 ||
      c->channels < 1 || c->filters < 1 || c->channels > MAX_SIDE || c->filters > MAX_SIDE ||
      c->kernel_height > MAX_SIDE || c->kernel_width > MAX_SIDE || c->out_width > MAX_SIDE ||
      c->out_height > MAX_SIDE || c->width > MAX_SIDE || c->height > MAX_SIDE) {
    return false;
  }
  const grid g = grid_of(c), back = grid_back(c);
  return grid_fits(&g) && grid_fits(&back);
}

/* Returns the output rows of a band. */
static int64_t rows_of(const grid *g, int64_t band) {
  return clf__min_i64(g->rows, g->out_height - band * g->rows);
}

/* Returns the outputs of so many rows, those at the seams included. */
static int64_t outputs_of(const grid *g, int64_t rows) {
  return (rows - 1) * g->line + g->out_width;
}

/* Returns the place of a band's outputs. */
static int64_t output_of(const grid *g, int64_t task) {
  return (task / g->bands * g->out_height + task % g->bands * g->rows) * g->out_width * g->filters;
}

/* Rounds one pixel of the grid, of which the image has only a part. */
static void fill_edge(const clf__bf16_kernels *kernels, const grid *g, const float *row,
                      int64_t first, float *values, uint32_t *to) {
  for (int64_t i = 0; i < g->run; i++) {
    const int64_t at = first + i;
    values[i] = row != NULL && at >= 0 && at < g->width * g->channels ? row[at] : 0;
  }
  kernels->product.pack_rows(to, values, g->run, 1, g->run, 1);
}

/* Rounds a line of the grid; `row` is NULL above and below the image, `values` [run] scratch. */
static void fill_line(const clf__bf16_kernels *kernels, const grid *g, const float *row,
                      float *values, uint32_t *to) {
  const int64_t reach = g->run / g->channels; /* pixels of the image in one of the grid */
  const int64_t begin = clf__clamp_i64(g->pad_left, 0, g->line);
  const int64_t end = clf__clamp_i64(g->width - reach + 1 + g->pad_left, begin, g->line);
  if (row == NULL) {
    memset(to, 0, (size_t)(g->line * g->pixel) * sizeof *to);
    return;
  }
  for (int64_t p = 0; p < g->line; p++) {
    if (p == begin && end > begin) {
      p = end;
    }
    if (p < g->line) {
      fill_edge(kernels, g, row, (p - g->pad_left) * g->channels, values, to + p * g->pixel);
    }
  }
  if (end > begin) {
    kernels->product.pack_rows(to + begin * g->pixel, row + (begin - g->pad_left) * g->channels,
                               g->channels, 1, g->run, end - begin);
  }
}

/* Rounds what a band sees. */
static void fill_band(const clf__bf16_kernels *kernels, const grid *g, int64_t task, const float *x,
                      float *values, uint32_t *to) {
  const float *image = x + task / g->bands * g->height * g->width * g->channels;
  const int64_t band = task % g->bands, lines = band_lines(g, rows_of(g, band));
  for (int64_t line = 0; line < lines; line++, to += g->line * g->pixel) {
    const int64_t row = band * g->rows + line - g->pad_top;
    const bool inside = row >= 0 && row < g->height;
    fill_line(kernels, g, inside ? image + row * g->width * g->channels : NULL, values, to);
  }
}

/* Returns the elements of a panel of W. */
static int64_t panel_of(const clf__bf16_kernels *kernels, const grid *g) {
  return g->kernel_height * g->runs * g->pixel * kernels->product.columns;
}

/* The panels of any target that has tiles are 32 columns wide. */
static int64_t weights_floats(const grid *g) {
  return clf__count(clf__count(g->kernel_height * g->runs, g->pixel),
                    clf__round_up(g->filters, CHANNELS));
}

/* Packs W [kernel_height, runs, run, filters]. */
static void pack_weights(const clf__bf16_kernels *kernels, const grid *g, const float *w,
                         uint32_t *to) {
  const int64_t width = kernels->product.columns, taps = g->kernel_height * g->runs;
  for (int64_t column = 0; column < g->filters; column += width) {
    for (int64_t tap = 0; tap < taps; tap++, to += g->pixel * width) {
      kernels->product.pack(to, w + tap * g->run * g->filters + column, g->filters, 1, g->run,
                            clf__min_i64(width, g->filters - column));
    }
  }
}

/* The parts of a thread's scratch, in floats, for one direction. */
typedef struct convolving {
  int64_t grid, sums, values, size;
} convolving;

static int64_t part(int64_t *size, int64_t floats) {
  const int64_t at = *size;
  *size += clf__round_up(floats, LINE);
  return at;
}

static convolving convolving_of(const grid *g) {
  convolving c = {0};
  c.grid = part(&c.size, grid_floats(g, g->rows));
  c.sums = part(&c.size, outputs_of(g, g->rows) * g->filters);
  c.values = part(&c.size, g->run);
  return c;
}

/* Computes the outputs y of a band, without a bias. */
static void convolve(const clf__bf16_kernels *kernels, const grid *g, int64_t task, const float *x,
                     const uint32_t *w, float *scratch, float *y) {
  const convolving parts = convolving_of(g);
  const int64_t rows = rows_of(g, task % g->bands), step = g->line * g->filters;
  uint32_t *pixels = (uint32_t *)(void *)(scratch + parts.grid);
  float *sums = g->runs == 1 ? y : scratch + parts.sums;
  fill_band(kernels, g, task, x, scratch + parts.values, pixels);
  kernels->product.multiply(
      &(clf__product){.rows = outputs_of(g, rows),
                      .columns = g->filters,
                      .depth = g->runs * g->pixel,
                      .a = pixels,
                      .a_panel = kernels->product.rows * g->pixel,
                      .a_row = g->pixel,
                      .a_step = 1,
                      .b = w,
                      .b_panel = panel_of(kernels, g),
                      .b_step = kernels->product.columns,
                      .segments = g->kernel_height,
                      .a_segment = g->line * g->pixel,
                      .b_segment = g->runs * g->pixel * kernels->product.columns,
                      .alpha = 1,
                      .beta = 0,
                      .c = sums,
                      .ldc = g->filters});
  for (int64_t i = 0; sums != y && i < rows; i++) {
    memcpy(y + i * g->out_width * g->filters, sums + i * step,
           (size_t)(g->out_width * g->filters) * sizeof *y);
  }
}

static int64_t packed_size(const clf__conv2d *conv) {
  const grid g = grid_of(conv);
  return weights_floats(&g);
}

static void pack(const clf__kernels *kernels, const clf__conv2d *conv, const float *w,
                 float *packed) {
  const grid g = grid_of(conv);
  pack_weights(kernels->bf16, &g, w, (uint32_t *)(void *)packed);
}

static int64_t scratch_size(const clf__conv2d *conv) {
  const grid g = grid_of(conv);
  return convolving_of(&g).size;
}

static int64_t tasks(const clf__conv2d *conv, int64_t rows) {
  const grid g = grid_of(conv);
  return rows * g.bands;
}

static void forward(const clf__conv_pass *pass, int64_t task, float *scratch) {
  const grid g = grid_of(pass->conv);
  float *y = pass->y + output_of(&g, task);
  convolve(pass->kernels->bf16, &g, task, pass->x, (const uint32_t *)(const void *)pass->w, scratch,
           y);
  if (pass->bias != NULL || pass->relu) {
    pass->kernels->conv->finish(y, rows_of(&g, task % g.bands) * g.out_width, g.filters, pass->bias,
                                pass->relu);
  }
}

/* The factors of dW: elements of the pairs of a band from even and from odd pixels on, and of its
 * gradients, line by line of the filters; and the scratch in which they are made. */
typedef struct outer {
  int64_t steps;        /* pixels of a band, a multiple of 32 */
  int64_t pairs, lines; /* elements of a band: pairs of one kind, and gradients */
  int64_t group;        /* bands that are multiplied at a time */
  int64_t even, odd, gradients, pixels, dy, values, size;
} outer;

static outer outer_of(const grid *g) {
  outer o = {.steps = clf__round_up(outputs_of(g, g->rows), CLF__BF16_MULTIPLE)};
  const int64_t reach = (g->kernel_height - 1) * g->line + g->runs; /* and one pixel more */
  o.pairs = (o.steps + reach) / PAIR * g->pixel * PAIR;
  o.lines = clf__round_up(g->filters, CHANNELS) * o.steps / PAIR;
  o.group = clf__clamp_i64(GROUP_FLOATS / (2 * o.pairs + o.lines), 1, MAX_GROUP);
  o.even = part(&o.size, o.group * o.pairs);
  o.odd = part(&o.size, o.group * o.pairs);
  o.gradients = part(&o.size, o.group * o.lines);
  o.pixels = part(&o.size, (o.steps + reach + 1) * g->pixel);
  o.dy = part(&o.size, o.steps * g->filters);
  o.values = part(&o.size, g->run);
  return o;
}

typedef struct backward_job {
  const clf__conv_pass *pass;
  grid grid, back; /* of x, and of dy */
  outer outer;
  clf__conv_shards shards;
  float *flipped, *sums; /* weights for dx; dW^T [filters, taps, channels of a pixel] */
  uint32_t *packed;
  float *back_scratch; /* [threads, back_size] */
  int64_t back_size;
} backward_job;

/* Fills the factors of band `index` of a group. */
static void fill_factors(const backward_job *job, int64_t task, int64_t index, float *scratch) {
  const clf__bf16_kernels *kernels = job->pass->kernels->bf16;
  const grid *g = &job->grid;
  const outer *o = &job->outer;
  const int64_t rows = rows_of(g, task % g->bands), filters = g->filters;
  const int64_t used = band_lines(g, rows) * g->line, numbers = PAIR * g->pixel;
  const int64_t pairs = o->pairs / numbers;
  uint32_t *pixels = (uint32_t *)(void *)(scratch + o->pixels);
  uint32_t *even = (uint32_t *)(void *)(scratch + o->even) + index * o->pairs;
  uint32_t *odd = (uint32_t *)(void *)(scratch + o->odd) + index * o->pairs;
  const float *from = job->pass->dy + output_of(g, task);
  float *dy = scratch + o->dy;
  fill_band(kernels, g, task, job->pass->x, scratch + o->values, pixels);
  memset(pixels + used * g->pixel, 0,
         (size_t)((PAIR * pairs + 1 - used) * g->pixel) * sizeof *pixels);
  kernels->pair_lines(even, pixels, pairs, numbers);
  kernels->pair_lines(odd, pixels + g->pixel, pairs, numbers);
  memset(dy, 0, (size_t)(o->steps * filters) * sizeof *dy);
  for (int64_t i = 0; i < rows; i++) {
    memcpy(dy + i * g->line * filters, from + i * g->out_width * filters,
           (size_t)(g->out_width * filters) * sizeof *dy);
  }
  kernels->product.pack_rows((uint32_t *)(void *)(scratch + o->gradients) + index * o->lines, dy, 1,
                             filters, o->steps, filters);
}

/* Multiplies the factors of `count` bands, for each element of the kernel by itself. */
static void add_group(const backward_job *job, int64_t count, const float *scratch, bool first,
                      float *sums) {
  const clf__bf16_kernels *kernels = job->pass->kernels->bf16;
  const grid *g = &job->grid;
  const outer *o = &job->outer;
  const int64_t numbers = PAIR * g->pixel, line = g->kernel_height * g->runs * numbers;
  for (int64_t tap = 0; tap < g->kernel_height * g->runs; tap++) {
    const int64_t at = tap / g->runs * g->line + tap % g->runs;
    const float *pairs = scratch + (at % PAIR == 0 ? o->even : o->odd);
    kernels->product.multiply(&(clf__product){.rows = g->filters,
                                              .columns = numbers,
                                              .depth = o->steps / PAIR,
                                              .a = scratch + o->gradients,
                                              .a_panel = kernels->product.rows * o->steps / PAIR,
                                              .a_row = o->steps / PAIR,
                                              .a_step = 1,
                                              .b = pairs + at / PAIR * numbers,
                                              .b_panel = kernels->product.columns,
                                              .b_step = numbers,
                                              .segments = count,
                                              .a_segment = o->lines,
                                              .b_segment = o->pairs,
                                              .alpha = 1,
                                              .beta = !first,
                                              .c = sums + tap * numbers,
                                              .ldc = line});
  }
}

static void add_shard(void *argument, clf__range rows) {
  const backward_job *job = argument;
  const clf__conv_pass *pass = job->pass;
  const grid *g = &job->grid;
  const int64_t first = rows.first * g->bands, end = rows.end * g->bands;
  const int64_t pixels = g->out_height * g->out_width;
  float *scratch = job->shards.scratch + rows.worker * job->outer.size;
  for (int64_t task = first, count; task < end; task += count) {
    count = clf__min_i64(job->outer.group, end - task);
    for (int64_t i = 0; i < count; i++) {
      fill_factors(job, task + i, i, scratch);
    }
    add_group(job, count, scratch, task == first, job->shards.sums[rows.index]);
  }
  pass->kernels->conv->add_pixels(job->shards.dbias + rows.index * g->filters,
                                  pass->dy + rows.first * pixels * g->filters,
                                  (rows.end - rows.first) * pixels, g->filters);
}

static void backward_data(void *argument, clf__range range) {
  const backward_job *job = argument;
  convolve(job->pass->kernels->bf16, &job->back, range.index, job->pass->dy, job->packed,
           job->back_scratch + range.worker * job->back_size,
           job->pass->dx + output_of(&job->back, range.index));
}

/* dW [taps, run, filters] of its transpose. */
static void write_weights(const grid *g, const float *sums, float *dw) {
  const int64_t taps = g->kernel_height * g->runs, numbers = PAIR * g->pixel;
  for (int64_t tap = 0; tap < taps; tap++) {
    for (int64_t k = 0; k < g->run; k++, dw += g->filters) {
      for (int64_t d = 0; d < g->filters; d++) {
        dw[d] = sums[(d * taps + tap) * numbers + k];
      }
    }
  }
}

static clf_status alloc_back(backward_job *job) {
  clf__arena *arena = &job->shards.arena;
  job->flipped = clf__arena_array(arena, clf__conv_weights(job->pass->conv), sizeof(float));
  job->packed = clf__arena_array(arena, weights_floats(&job->back), sizeof *job->packed);
  job->back_scratch = clf__conv_scratch(arena, job->pass, job->back_size);
  return clf__arena_status(arena);
}

static clf_status backward(const clf__conv_pass *pass) {
  const clf__conv2d *conv = pass->conv;
  backward_job job = {.pass = pass, .grid = grid_of(conv), .back = grid_back(conv)};
  const grid *g = &job.grid;
  const int64_t size = g->filters * g->kernel_height * g->runs * PAIR * g->pixel;
  clf_status status = CLF_OK;
  job.outer = outer_of(g);
  job.back_size = convolving_of(&job.back).size;
  CLF__TRY(clf__conv_shards_create(&job.shards, pass, size, job.outer.size));
  job.sums = clf__arena_array(&job.shards.arena, size, sizeof *job.sums);
  CLF__TRY(pass->dx != NULL ? alloc_back(&job) : clf__arena_status(&job.shards.arena));
  if (pass->out != NULL) {
    clf__activation_gradient(pass->context, CLF__RELU, pass->out, pass->dy,
                             pass->rows * conv->out_height * conv->out_width, conv->filters);
  }
  clf__conv_shards_run(&job.shards, pass, add_shard, &job);
  clf__conv_shards_reduce(&job.shards, pass, job.sums);
  write_weights(g, job.sums, pass->dw);
  if (pass->dx != NULL) {
    clf__conv_flip_weights(conv, pass->w, job.flipped);
    pack_weights(pass->kernels->bf16, &job.back, job.flipped, job.packed);
    clf__conv_run(pass, pass->rows * job.back.bands, 1, backward_data, &job);
  }
done:
  clf__arena_free(&job.shards.arena);
  return status;
}

const clf__conv_method clf__conv_by_tiles = {
    .fits = fits,
    .packed_size = packed_size,
    .pack = pack,
    .scratch_size = scratch_size,
    .tasks = tasks,
    .forward = forward,
    .backward = backward,
};
