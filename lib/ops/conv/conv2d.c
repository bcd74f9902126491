/* Chooses how a convolution is computed, and runs what its passes have in common.
 *
 * With padding, a wide or dilated kernel may have elements that lie outside of the image at every
 * position. Only the elements that see the image at some position are used, so that time and memory
 * depend on the size of the image, not on that of the kernel or the dilation. */
#include "ops/conv/conv2d.h"

#include <string.h>

#include "base/math.h"
#include "ops/conv/conv_method.h"
#include "ops/linalg/product.h"
#include "ops/linalg/row.h"

/* Returns the first method that fits. Tiles multiply bf16 so fast that no other method has fewer
 * cycles. */
static const clf__conv_method *const methods[] = {&clf__conv_by_winograd, &clf__conv_by_direct_sums,
                                                  &clf__conv_by_shifts, &clf__conv_by_patches};

enum { SHARD_ROWS = 4, REDUCE = 4096 /* sums in one task that adds shards */ };

static const clf__conv_method *method_of(const clf__kernels *kernels, const clf__conv2d *conv) {
  const clf__conv_method *const *method = methods;
  if (conv->bf16 && kernels->bf16->pair_lines != NULL && clf__conv_by_tiles.fits(conv)) {
    return &clf__conv_by_tiles;
  }
  while (!(*method)->fits(conv)) {
    method++;
  }
  return *method;
}

static const clf__kernels *kernels_of(clf_context *context, const clf__conv2d *conv) {
  return conv->bf16 ? clf__reduced_kernels_for(context) : clf__kernels_for(context);
}

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

void clf__conv_flip_weights(const clf__conv2d *conv, const float *w, float *out) {
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

float *clf__conv_scratch(clf__arena *arena, const clf__conv_pass *pass, int64_t each) {
  return clf__arena_matrix(arena, threads_of(pass), each, sizeof(float));
}

/* The part of a kernel that sees the image, as a convolution of its own. */
typedef struct seen_part {
  clf__conv2d conv;
  int64_t top, left; /* where the part begins in the whole kernel */
  bool whole;
} seen_part;

/* Finds the elements from *first on that see the image along one axis of the kernel, and returns
 * how many there are. A kernel that sees nothing keeps one element, which reads zeros. */
static int64_t seen_on_axis(const clf__conv2d *conv, int64_t kernel, int64_t pad, int64_t size,
                            int64_t places, int64_t *first) {
  const int64_t hidden = pad - (places - 1) * conv->stride; /* from the last position */
  const int64_t begin = hidden > 0 ? (hidden - 1) / conv->dilation + 1 : 0;
  const int64_t end = clf__min_i64((pad + size - 1) / conv->dilation + 1, kernel);
  *first = clf__min_i64(begin, kernel - 1);
  return end > *first ? end - *first : 1;
}

static seen_part seen_of(const clf__conv2d *conv) {
  seen_part seen = {.conv = *conv};
  seen.conv.kernel_height = seen_on_axis(conv, conv->kernel_height, conv->pad_top, conv->height,
                                         conv->out_height, &seen.top);
  seen.conv.kernel_width = seen_on_axis(conv, conv->kernel_width, conv->pad_left, conv->width,
                                        conv->out_width, &seen.left);
  seen.conv.pad_top -= seen.top * conv->dilation;
  seen.conv.pad_left -= seen.left * conv->dilation;
  seen.whole = seen.conv.kernel_height == conv->kernel_height &&
               seen.conv.kernel_width == conv->kernel_width;
  return seen;
}

/* Returns the number of weights in one row of the part, and the offset of its row m in the whole
 * kernel. */
static int64_t seen_line(const seen_part *seen) {
  return seen->conv.kernel_width * seen->conv.channels * seen->conv.filters;
}

static int64_t seen_offset(const clf__conv2d *conv, const seen_part *seen, int64_t m) {
  return ((seen->top + m) * conv->kernel_width + seen->left) * conv->channels * conv->filters;
}

/* Copies the part's weights, one after another. */
static void gather_seen(const clf__conv2d *conv, const seen_part *seen, const float *whole,
                        float *to) {
  const int64_t line = seen_line(seen);
  for (int64_t m = 0; m < seen->conv.kernel_height; m++) {
    memcpy(to + m * line, whole + seen_offset(conv, seen, m), (size_t)line * sizeof *to);
  }
}

/* Does the opposite: copies them back, with zeros for elements that see nothing. */
static void scatter_seen(const clf__conv2d *conv, const seen_part *seen, const float *part,
                         float *whole) {
  const int64_t line = seen_line(seen);
  memset(whole, 0, (size_t)clf__conv_weights(conv) * sizeof *whole);
  for (int64_t m = 0; m < seen->conv.kernel_height; m++) {
    memcpy(whole + seen_offset(conv, seen, m), part + m * line, (size_t)line * sizeof *whole);
  }
}

/* Packs the weights; the part's weights, from which they are packed, lie behind them. */
int64_t clf__conv2d_packed_size(clf_context *context, const clf__conv2d *conv) {
  const seen_part seen = seen_of(conv);
  const int64_t size = method_of(kernels_of(context, conv), &seen.conv)->packed_size(&seen.conv);
  const int64_t part = seen.whole ? 0 : clf__conv_weights(&seen.conv);
  return size >= 0 && part >= 0 && size <= INT64_MAX - part ? size + part : -1;
}

int64_t clf__conv2d_scratch_size(clf_context *context, const clf__conv2d *conv) {
  const seen_part seen = seen_of(conv);
  return method_of(kernels_of(context, conv), &seen.conv)->scratch_size(&seen.conv);
}

void clf__conv2d_pack(clf_context *context, const clf__conv2d *conv, const float *w,
                      float *packed) {
  const seen_part seen = seen_of(conv);
  const clf__kernels *kernels = kernels_of(context, conv);
  const clf__conv_method *method = method_of(kernels, &seen.conv);
  if (!seen.whole) {
    float *part = packed + method->packed_size(&seen.conv);
    gather_seen(conv, &seen, w, part);
    w = part;
  }
  method->pack(kernels, &seen.conv, w, packed);
}

/* The pass with the part of its kernel that sees the image. */
static clf__conv_pass pass_of(const clf__conv_pass *whole, const seen_part *seen) {
  clf__conv_pass pass = *whole;
  pass.kernels = kernels_of(whole->context, whole->conv);
  pass.conv = &seen->conv;
  return pass;
}

void clf__conv2d_infer(const clf__conv_pass *whole, float *scratch) {
  const seen_part seen = seen_of(whole->conv);
  const clf__conv_pass pass = pass_of(whole, &seen);
  const clf__conv_method *method = method_of(pass.kernels, &seen.conv);
  const int64_t tasks = method->tasks(&seen.conv, pass.rows);
  for (int64_t task = 0; task < tasks; task++) {
    method->forward(&pass, task, scratch);
  }
}

typedef struct forward_job {
  const clf__conv_method *method;
  clf__conv_pass pass;
  float *scratch;
  int64_t scratch_size;
} forward_job;

static void forward_task(void *argument, clf__range range) {
  const forward_job *job = argument;
  job->method->forward(&job->pass, range.index, job->scratch + range.worker * job->scratch_size);
}

static clf_status forward_seen(const clf__conv_pass *pass) {
  forward_job job = {method_of(pass->kernels, pass->conv), *pass, NULL, 0};
  clf_status status = CLF_OK;
  clf__arena arena = {.context = pass->context};
  float *packed = clf__arena_array(&arena, job.method->packed_size(pass->conv), sizeof *packed);
  job.scratch_size = job.method->scratch_size(pass->conv);
  job.scratch = clf__conv_scratch(&arena, pass, job.scratch_size);
  CLF__TRY(clf__arena_status(&arena));
  job.method->pack(pass->kernels, pass->conv, pass->w, packed);
  job.pass.w = packed;
  clf__conv_run(pass, job.method->tasks(pass->conv, pass->rows), 1, forward_task, &job);
done:
  clf__arena_free(&arena);
  return status;
}

/* Returns the part's weights, in the arena. */
static float *copy_seen(clf__arena *arena, const clf__conv2d *conv, const seen_part *seen,
                        const float *w) {
  float *part = clf__arena_array(arena, clf__conv_weights(&seen->conv), sizeof *part);
  if (part != NULL) {
    gather_seen(conv, seen, w, part);
  }
  return part;
}

clf_status clf__conv2d_forward(const clf__conv_pass *whole) {
  const seen_part seen = seen_of(whole->conv);
  clf__conv_pass pass = pass_of(whole, &seen);
  clf__arena arena = {.context = whole->context};
  clf_status status = CLF_OK;
  if (!seen.whole) {
    pass.w = copy_seen(&arena, whole->conv, &seen, whole->w);
  }
  CLF__TRY(clf__arena_status(&arena));
  status = forward_seen(&pass);
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__conv2d_backward(const clf__conv_pass *whole) {
  const seen_part seen = seen_of(whole->conv);
  clf__conv_pass pass = pass_of(whole, &seen);
  clf__arena arena = {.context = whole->context};
  clf_status status = CLF_OK;
  if (!seen.whole) {
    pass.w = copy_seen(&arena, whole->conv, &seen, whole->w);
    pass.dw = clf__arena_array(&arena, clf__conv_weights(&seen.conv), sizeof *pass.dw);
  }
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(method_of(pass.kernels, &seen.conv)->backward(&pass));
  if (!seen.whole) {
    scatter_seen(whole->conv, &seen, pass.dw, whole->dw);
  }
done:
  clf__arena_free(&arena);
  return status;
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
