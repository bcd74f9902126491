/* What the methods of computing convolutions share: their tasks, the forward pass, the gradient
 * with respect to the input, and sums in shards. */
#include "ops/conv/conv_method.h"

#include <string.h>

#include "base/math.h"
#include "ops/linalg/product.h"
#include "ops/linalg/row.h"

enum { SHARD_ROWS = 4, REDUCE = 4096 /* sums in one task that adds shards */ };

int64_t clf__conv_weights(const clf__conv2d *conv) {
  const int64_t taps = clf__count(conv->kernel_height, conv->kernel_width);
  return clf__count(clf__count(taps, conv->channels), conv->filters);
}

static double work_of(const clf__conv_pass *pass) {
  const clf__conv2d *c = pass->conv;
  return (double)pass->rows * (double)c->out_height * (double)c->out_width *
         (double)clf__conv_weights(c) * CLF__COST_PRODUCT;
}

/* Returns how many threads clf__conv_run may use. */
static int64_t threads_of(const clf__conv_pass *pass) {
  return clf__workers(pass->context, work_of(pass));
}

void clf__conv_run(const clf__conv_pass *pass, int64_t total, int64_t grain, clf__range_task task,
                   void *argument) {
  clf__parallel_ranges(pass->context, total, grain, work_of(pass), task, argument);
}

void clf__conv_pack_as_is(const clf__kernels *kernels, const clf__conv2d *conv, const float *w,
                          float *packed) {
  (void)kernels;
  memcpy(packed, w, (size_t)clf__conv_weights(conv) * sizeof *packed);
}

float *clf__conv_scratch(clf__arena *arena, const clf__conv_pass *pass, int64_t each) {
  return clf__arena_matrix(arena, threads_of(pass), each, sizeof(float));
}

void clf__conv_forward_alloc(clf__conv_forward *forward, clf__arena *arena,
                             const clf__conv_method *method, const clf__conv_pass *pass) {
  *forward = (clf__conv_forward){.method = method, .pass = *pass};
  forward->packed = clf__arena_array(arena, method->packed_size(pass->conv), sizeof(float));
  forward->scratch_size = method->scratch_size(pass->conv);
  forward->scratch = clf__conv_scratch(arena, pass, forward->scratch_size);
}

static void forward_task(void *argument, clf__range range) {
  const clf__conv_forward *forward = argument;
  forward->method->forward(&forward->pass, range.index,
                           forward->scratch + range.worker * forward->scratch_size);
}

void clf__conv_forward_run(clf__conv_forward *forward) {
  const clf__conv_method *method = forward->method;
  clf__conv_pass *pass = &forward->pass;
  method->pack(pass->kernels, pass->conv, pass->w, forward->packed);
  pass->w = forward->packed;
  clf__conv_run(pass, method->tasks(pass->conv, pass->rows), 1, forward_task, forward);
}

clf__conv2d clf__conv_back(const clf__conv2d *c) {
  return (clf__conv2d){.height = c->out_height,
                       .width = c->out_width,
                       .channels = c->filters,
                       .filters = c->channels,
                       .kernel_height = c->kernel_height,
                       .kernel_width = c->kernel_width,
                       .stride = 1,
                       .dilation = c->dilation,
                       .spread = c->stride,
                       .pad_top = (c->kernel_height - 1) * c->dilation - c->pad_top,
                       .pad_left = (c->kernel_width - 1) * c->dilation - c->pad_left,
                       .out_height = c->height,
                       .out_width = c->width,
                       .bf16 = c->bf16};
}

void clf__conv_input_gradient_alloc(clf__conv_input_gradient *gradient, clf__arena *arena,
                                    const clf__conv_method *method, const clf__conv_pass *pass) {
  const clf__conv_pass back = {.context = pass->context,
                               .kernels = pass->kernels,
                               .conv = &gradient->conv,
                               .rows = pass->rows,
                               .x = pass->dy,
                               .y = pass->dx};
  gradient->of = pass;
  gradient->conv = clf__conv_back(pass->conv);
  gradient->flipped = clf__arena_array(arena, clf__conv_weights(pass->conv), sizeof(float));
  clf__conv_forward_alloc(&gradient->forward, arena, method, &back);
}

/* Writes one element of the flipped kernel, [filters, channels]. */
static void flip_place(void *argument, clf__range range) {
  const clf__conv_input_gradient *gradient = argument;
  const clf__conv2d *conv = gradient->of->conv;
  const int64_t places = conv->kernel_height * conv->kernel_width;
  const int64_t channels = conv->channels, filters = conv->filters;
  const float *from = gradient->of->w + (places - 1 - range.index) * channels * filters;
  float *to = gradient->flipped + range.index * channels * filters;
  for (int64_t d = 0; d < filters; d++) {
    for (int64_t c = 0; c < channels; c++) {
      *to++ = from[c * filters + d];
    }
  }
}

void clf__conv_input_gradient_run(clf__conv_input_gradient *gradient) {
  const clf__conv2d *conv = gradient->of->conv;
  clf__conv_run(gradient->of, conv->kernel_height * conv->kernel_width, 1, flip_place, gradient);
  gradient->forward.pass.w = gradient->flipped;
  clf__conv_forward_run(&gradient->forward);
}

clf_status clf__conv_shards_create(clf__conv_shards *shards, const clf__conv_pass *pass,
                                   int64_t size, int64_t scratch_size) {
  *shards = (clf__conv_shards){.arena = {.context = pass->context}, .size = size};
  shards->count = clf__min_i64(clf__ceil_div(pass->rows, SHARD_ROWS), CLF__CONV_SHARDS);
  for (int64_t shard = 0; shard < shards->count; shard++) {
    shards->sums[shard] = clf__arena_array(&shards->arena, size, sizeof(float));
  }
  shards->dbias = clf__arena_zeroed(&shards->arena, clf__count(shards->count, pass->conv->filters),
                                    sizeof(double));
  shards->scratch = clf__conv_scratch(&shards->arena, pass, scratch_size);
  return clf__arena_status(&shards->arena);
}

void clf__conv_shards_run(const clf__conv_shards *shards, const clf__conv_pass *pass,
                          clf__range_task task, void *argument) {
  clf__parallel_parts(pass->context, pass->rows, shards->count, work_of(pass), task, argument);
}

typedef struct reduction {
  const clf__conv_shards *shards;
  const clf__kernels *kernels;
  float *out;
} reduction;

static void reduce_part(void *argument, clf__range range) {
  const reduction *job = argument;
  const clf__conv_shards *shards = job->shards;
  const int64_t first = range.first, count = range.end - first;
  float *out = job->out + first;
  memset(out, 0, (size_t)count * sizeof *out);
  for (int64_t shard = 0; shard < shards->count; shard++) {
    job->kernels->rows->step_f32(out, 1, shards->sums[shard] + first, count);
  }
}

void clf__conv_shards_reduce(const clf__conv_shards *shards, const clf__conv_pass *pass,
                             float *out) {
  reduction job = {shards, pass->kernels, out};
  const int64_t filters = pass->conv->filters;
  clf__conv_run(pass, shards->size, REDUCE, reduce_part, &job);
  for (int64_t d = 0; pass->dbias != NULL && d < filters; d++) {
    double sum = 0;
    for (int64_t shard = 0; shard < shards->count; shard++) {
      sum += shards->dbias[shard * filters + d];
    }
    pass->dbias[d] = (float)sum;
  }
}
