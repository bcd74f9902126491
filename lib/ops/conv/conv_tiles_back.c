/* The gradients of convolutions in bf16 by tiles (conv_tiles.c). The steps of dW are pixels, whose
 * pairs are in two copies of the grid: from even and from odd pixels on. The gradient of relu is
 * applied to a band of dy when it is copied, and that of the bias is summed there, so that dy is
 * read once from memory. */
#include <string.h>

#include "base/math.h"
#include "base/status.h"
#include "ops/conv/conv_grid.h"
#include "ops/conv/conv_method.h"
#include "ops/linalg/product.h"

enum {
  GROUP_FLOATS = 128 * 1024, /* of the factors of dW for a group of bands, which stay in L2 */
  MAX_GROUP = 8
};

/* The factors of dW: elements of the pairs of a band from even and from odd pixels on, and of its
 * gradients, line by line of the filters; and the scratch in which they are made. */
typedef struct outer {
  int64_t steps;        /* pixels of a band, a multiple of 32 */
  int64_t pairs, lines; /* elements of a band: pairs of one kind, and gradients */
  int64_t group;        /* bands that are multiplied at a time */
  int64_t even, odd, gradients, pixels, dy, values, size;
} outer;

static outer outer_of(const clf__conv_grid *g) {
  outer o = {.steps = clf__round_up(clf__grid_outputs(g, g->rows), CLF__BF16_MULTIPLE)};
  const int64_t reach = (g->kernel_height - 1) * g->line + g->runs; /* and one pixel more */
  o.pairs = (o.steps + reach) / CLF__GRID_PAIR * g->pixel * CLF__GRID_PAIR;
  o.lines = clf__round_up(g->filters, CLF__GRID_CHANNELS) * o.steps / CLF__GRID_PAIR;
  o.group = clf__clamp_i64(GROUP_FLOATS / (2 * o.pairs + o.lines), 1, MAX_GROUP);
  o.even = clf__grid_part(&o.size, o.group * o.pairs);
  o.odd = clf__grid_part(&o.size, o.group * o.pairs);
  o.gradients = clf__grid_part(&o.size, o.group * o.lines);
  o.pixels = clf__grid_part(&o.size, (o.steps + reach + 1) * g->pixel);
  o.dy = clf__grid_part(&o.size, o.steps * g->filters);
  o.values = clf__grid_part(&o.size, g->run);
  return o;
}

typedef struct backward_job {
  const clf__conv_pass *pass;
  clf__conv_grid grid; /* of x */
  outer outer;
  clf__conv_shards shards;
  float *sums;  /* dW^T [filters, taps, channels of a pixel] */
  float *whole; /* dy before relu and pooling, for dx; NULL if it is not needed, or dy is that */
} backward_job;

/* Writes the gradients of the line that begins at an offset, before relu; with pooling, those of
 * the next line too. */
static void read_gradients(const clf__conv_pass *pass, const clf__conv_grid *g, int64_t offset,
                           float *to) {
  const clf__conv_kernels *kernels = pass->kernels->conv;
  const int64_t line = g->out_width * g->filters;
  const int64_t at = pass->pooled ? offset / 4 : offset;
  const float *dy = pass->dy + at, *out = pass->out != NULL ? pass->out + at : NULL;
  if (pass->pooled) {
    kernels->unpool(dy, out, pass->winners + at, g->out_width / 2, g->filters, to,
                    g->line * g->filters);
  } else if (out != NULL) {
    kernels->mask(dy, out, line, to);
  } else {
    memcpy(to, dy, (size_t)line * sizeof *to);
  }
}

/* Copies the gradients of a band, with zeros at the seams and up to a whole number of steps. */
static void copy_gradients(const backward_job *job, int64_t task, double *dbias, float *dy) {
  const clf__conv_pass *pass = job->pass;
  const clf__conv_grid *g = &job->grid;
  const int64_t rows = clf__grid_rows(g, task % g->bands), line = g->out_width * g->filters;
  const int64_t step = g->line * g->filters, end = job->outer.steps * g->filters;
  float *whole = job->whole != NULL ? job->whole + clf__grid_output(g, task) : NULL;
  for (int64_t i = 0; i < rows; i++) {
    float *to = dy + i * step;
    const int64_t next = i + 1 < rows ? step : end - i * step;
    if (!pass->pooled || i % 2 == 0) {
      read_gradients(pass, g, clf__grid_output(g, task) + i * line, to);
    }
    if (whole != NULL) {
      memcpy(whole + i * line, to, (size_t)line * sizeof *to);
    }
    memset(to + line, 0, (size_t)(next - line) * sizeof *to);
  }
  pass->kernels->conv->add_pixels(dbias, dy, clf__grid_outputs(g, rows), g->filters);
}

/* Fills the factors of band `index` of a group. */
static void fill_factors(const backward_job *job, int64_t task, int64_t index, double *dbias,
                         float *scratch) {
  const clf__bf16_kernels *kernels = job->pass->kernels->bf16;
  const clf__conv_grid *g = &job->grid;
  const outer *o = &job->outer;
  const int64_t used = clf__grid_lines(g, clf__grid_rows(g, task % g->bands)) * g->line;
  const int64_t numbers = CLF__GRID_PAIR * g->pixel, pairs = o->pairs / numbers;
  uint32_t *pixels = (uint32_t *)(void *)(scratch + o->pixels);
  uint32_t *even = (uint32_t *)(void *)(scratch + o->even) + index * o->pairs;
  uint32_t *odd = (uint32_t *)(void *)(scratch + o->odd) + index * o->pairs;
  clf__grid_fill(kernels, g, task, job->pass->x, scratch + o->values, pixels);
  memset(pixels + used * g->pixel, 0,
         (size_t)((CLF__GRID_PAIR * pairs + 1 - used) * g->pixel) * sizeof *pixels);
  kernels->pair_lines(even, pixels, pairs, numbers);
  kernels->pair_lines(odd, pixels + g->pixel, pairs, numbers);
  copy_gradients(job, task, dbias, scratch + o->dy);
  kernels->product.pack_rows((uint32_t *)(void *)(scratch + o->gradients) + index * o->lines,
                             scratch + o->dy, 1, g->filters, o->steps, g->filters);
}

/* Multiplies the factors of `count` bands, for each element of the kernel by itself. */
static void add_group(const backward_job *job, int64_t count, const float *scratch, bool first,
                      float *sums) {
  const clf__bf16_kernels *kernels = job->pass->kernels->bf16;
  const clf__conv_grid *g = &job->grid;
  const outer *o = &job->outer;
  const int64_t numbers = CLF__GRID_PAIR * g->pixel, line = g->kernel_height * g->runs * numbers;
  for (int64_t tap = 0; tap < g->kernel_height * g->runs; tap++) {
    const int64_t at = tap / g->runs * g->line + tap % g->runs;
    const float *pairs = scratch + (at % CLF__GRID_PAIR == 0 ? o->even : o->odd);
    kernels->product.multiply(
        &(clf__product){.rows = g->filters,
                        .columns = numbers,
                        .depth = o->steps / CLF__GRID_PAIR,
                        .a = scratch + o->gradients,
                        .a_panel = kernels->product.rows * o->steps / CLF__GRID_PAIR,
                        .a_row = o->steps / CLF__GRID_PAIR,
                        .a_step = 1,
                        .b = pairs + at / CLF__GRID_PAIR * numbers,
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
  const clf__conv_grid *g = &job->grid;
  const int64_t first = rows.first * g->bands, end = rows.end * g->bands;
  double *dbias = job->shards.dbias + rows.index * g->filters;
  float *scratch = job->shards.scratch + rows.worker * job->outer.size;
  for (int64_t task = first, count; task < end; task += count) {
    count = clf__min_i64(job->outer.group, end - task);
    for (int64_t i = 0; i < count; i++) {
      fill_factors(job, task + i, i, dbias, scratch);
    }
    add_group(job, count, scratch, task == first, job->shards.sums[rows.index]);
  }
}

/* dW [taps, run, filters] of its transpose. */
static void write_weights(const clf__conv_grid *g, const float *sums, float *dw) {
  const int64_t taps = g->kernel_height * g->runs, numbers = CLF__GRID_PAIR * g->pixel;
  for (int64_t tap = 0; tap < taps; tap++) {
    for (int64_t k = 0; k < g->run; k++, dw += g->filters) {
      for (int64_t d = 0; d < g->filters; d++) {
        dw[d] = sums[(d * taps + tap) * numbers + k];
      }
    }
  }
}

clf_status clf__conv_tiles_backward(const clf__conv_pass *pass) {
  backward_job job = {.pass = pass, .grid = clf__conv_grid_of(pass->conv)};
  clf__conv_input_gradient input;
  clf__conv_pass whole = *pass;
  const clf__conv_grid *g = &job.grid;
  const int64_t size = g->filters * g->kernel_height * g->runs * CLF__GRID_PAIR * g->pixel;
  clf__arena *arena = &job.shards.arena;
  clf_status status = CLF_OK;
  job.outer = outer_of(g);
  CLF__TRY(clf__conv_shards_create(&job.shards, pass, size, job.outer.size));
  job.sums = clf__arena_array(arena, size, sizeof *job.sums);
  if (pass->dx != NULL) {
    if (pass->pooled) {
      whole.dy = clf__arena_matrix(arena, pass->rows, g->out_height * g->out_width * g->filters,
                                   sizeof *whole.dy);
    }
    job.whole = pass->pooled || pass->out != NULL ? whole.dy : NULL;
    clf__conv_input_gradient_alloc(&input, arena, &clf__conv_by_tiles, &whole);
  }
  CLF__TRY(clf__arena_status(arena));
  clf__conv_shards_run(&job.shards, pass, add_shard, &job);
  clf__conv_shards_reduce(&job.shards, pass, job.sums);
  write_weights(g, job.sums, pass->dw);
  if (pass->dx != NULL) {
    clf__conv_input_gradient_run(&input);
  }
done:
  clf__arena_free(arena);
  return status;
}
