/* Convolutions of few channels, such as the first layer on an image. Their sums are too short for
 * matrix products of patches, so the kernels (../simd/conv_direct.h) read the pixels directly, with
 * zeros around them. The output is computed in bands of rows whose pixels stay in cache.
 *
 * The gradient with respect to the weights accumulates in registers over a strip of dy. The strip
 * stays in the first-level cache, where the gradient of relu is applied to it. The gradient with
 * respect to the input, which a first layer does not need, is computed from patches.
 *
 * The floor of the forward pass is arithmetic: one AVX-512 core reaches 84 % of its peak for 5 x 5
 * from 1 channel to 32. The gradient reaches 42 %, because it is bound by reading dy and y. */
#include <string.h>

#include "base/math.h"
#include "base/status.h"
#include "ops/conv/conv_direct.h"
#include "ops/conv/conv_method.h"

enum {
  LINE_BELOW = 32,        /* kernel rows of fewer elements, for which patches are slow */
  BAND_FLOATS = 1 << 15,  /* of pixels */
  STRIP_FLOATS = 1 << 12, /* of dy */
};

/* How the rows of an image's output are divided, and the layout of the pixels. */
typedef struct banding {
  const clf__conv2d *conv;
  int64_t width;        /* pixels in a row, with the zeros around it */
  int64_t rows, bands;  /* output rows in a band, and bands in all */
  int64_t strip;        /* rows in a strip */
  int64_t pixel_floats; /* floats of pixels in a band */
} banding;

/* Returns how many rows of pixels `rows` rows of the output see. */
static int64_t lines_of(const clf__conv2d *c, int64_t rows) {
  return (rows - 1) * c->stride + (c->kernel_height - 1) * c->dilation + 1;
}

static banding banding_of(const clf__conv2d *c) {
  banding b = {.conv = c};
  b.width = (c->out_width - 1) * c->stride + (c->kernel_width - 1) * c->dilation + 1;
  const int64_t line = b.width * c->channels;
  b.rows = clf__clamp_i64(BAND_FLOATS / (line * c->stride), 1, c->out_height);
  b.bands = clf__ceil_div(c->out_height, b.rows);
  b.strip = clf__clamp_i64(STRIP_FLOATS / (c->out_width * c->filters), 1, b.rows);
  b.pixel_floats = lines_of(c, b.rows) * line;
  return b;
}

static bool fits(const clf__conv2d *c) {
  const int64_t weights = clf__conv_weights(c);
  return weights > 0 && weights / c->filters <= CLF__DIRECT_TAPS &&
         c->kernel_width * c->channels < LINE_BELOW && c->out_height > 0 && c->out_width > 0;
}

/* The scratch holds the pixels of a band, and a strip of dy. */
static int64_t scratch_size(const clf__conv2d *conv) {
  const banding b = banding_of(conv);
  return b.pixel_floats + b.strip * conv->out_width * conv->filters;
}

static int64_t tasks(const clf__conv2d *conv, int64_t rows) {
  return rows * banding_of(conv).bands;
}

static clf__conv_direct direct_of(const banding *b, int64_t rows) {
  const clf__conv2d *c = b->conv;
  clf__conv_direct direct = {.rows = rows,
                             .columns = c->out_width,
                             .filters = c->filters,
                             .line = c->stride * b->width * c->channels,
                             .step = c->stride * c->channels,
                             .taps = c->kernel_height * c->kernel_width * c->channels};
  for (int64_t tap = 0; tap < direct.taps; tap++) {
    const int64_t channel = tap % c->channels, n = tap / c->channels % c->kernel_width;
    const int64_t m = tap / c->channels / c->kernel_width;
    direct.offsets[tap] = (m * b->width + n) * c->dilation * c->channels + channel;
  }
  return direct;
}

/* Copies one row of pixels between zeros, or writes a row of zeros if `from` is NULL. */
static void copy_line(const banding *b, const float *from, float *to) {
  const clf__conv2d *c = b->conv;
  const int64_t skipped = c->pad_left < 0 ? -c->pad_left : 0;
  const int64_t before = clf__min_i64(c->pad_left + skipped, b->width);
  const int64_t pixels = clf__min_i64(c->width - skipped, b->width - before);
  const int64_t inside = from == NULL || pixels < 0 ? 0 : pixels;
  memset(to, 0, (size_t)(before * c->channels) * sizeof *to);
  if (inside > 0) {
    memcpy(to + before * c->channels, from + skipped * c->channels,
           (size_t)(inside * c->channels) * sizeof *to);
  }
  memset(to + (before + inside) * c->channels, 0,
         (size_t)((b->width - before - inside) * c->channels) * sizeof *to);
}

/* Copies the pixels that `rows` rows of the output from `first` on see. */
static void copy_pixels(const banding *b, const float *image, int64_t first, int64_t rows,
                        float *to) {
  const clf__conv2d *c = b->conv;
  const int64_t lines = lines_of(c, rows);
  for (int64_t line = 0; line < lines; line++, to += b->width * c->channels) {
    const int64_t row = first * c->stride + line - c->pad_top;
    const bool inside = row >= 0 && row < c->height;
    copy_line(b, inside ? image + row * c->width * c->channels : NULL, to);
  }
}

static const float *image_of(const clf__conv_pass *pass, int64_t row) {
  const clf__conv2d *c = pass->conv;
  return pass->x + row * c->height * c->width * c->channels;
}

static void forward(const clf__conv_pass *pass, int64_t task, float *scratch) {
  const clf__conv2d *c = pass->conv;
  const banding b = banding_of(c);
  const int64_t row = task / b.bands, first = task % b.bands * b.rows;
  const int64_t rows = clf__min_i64(b.rows, c->out_height - first);
  const clf__conv_direct direct = direct_of(&b, rows);
  copy_pixels(&b, image_of(pass, row), first, rows, scratch);
  pass->kernels->conv_direct->forward(&direct, scratch, pass->w, pass->bias, pass->relu,
                                      pass->y + (row * c->out_height + first) * c->out_width *
                                                    c->filters);
}

typedef struct backward_job {
  const clf__conv_pass *pass;
  banding b;
  int64_t scratch_size;
  clf__conv_shards shards;
} backward_job;

/* Adds to dw and dbias the gradient of a strip of rows, whose pixels begin at `pixels`. */
static void add_strip(const backward_job *job, clf__conv_direct *direct, const float *pixels,
                      int64_t at, float *masked_dy, int64_t shard) {
  const clf__conv_pass *pass = job->pass;
  const int64_t count = direct->rows * direct->columns;
  const float *dy = pass->dy + at * direct->filters;
  if (pass->out != NULL) {
    pass->kernels->conv->mask(dy, pass->out + at * direct->filters, count * direct->filters,
                              masked_dy);
    dy = masked_dy;
  }
  pass->kernels->conv_direct->gradient(direct, pixels, dy, job->shards.sums[shard]);
  pass->kernels->conv->add_pixels(job->shards.dbias + shard * direct->filters, dy, count,
                                  direct->filters);
}

static void add_band(const backward_job *job, int64_t row, int64_t first, float *scratch,
                     int64_t shard) {
  const clf__conv2d *c = job->pass->conv;
  const banding *b = &job->b;
  const int64_t rows = clf__min_i64(b->rows, c->out_height - first);
  clf__conv_direct direct = direct_of(b, rows);
  copy_pixels(b, image_of(job->pass, row), first, rows, scratch);
  for (int64_t done = 0; done < rows; done += direct.rows) {
    direct.rows = clf__min_i64(b->strip, rows - done);
    add_strip(job, &direct, scratch + done * direct.line,
              (row * c->out_height + first + done) * c->out_width, scratch + b->pixel_floats,
              shard);
  }
}

static void add_shard(void *argument, clf__range rows) {
  const backward_job *job = argument;
  float *scratch = job->shards.scratch + rows.worker * job->scratch_size;
  memset(job->shards.sums[rows.index], 0, (size_t)job->shards.size * sizeof(float));
  for (int64_t row = rows.first; row < rows.end; row++) {
    for (int64_t band = 0; band < job->b.bands; band++) {
      add_band(job, row, band * job->b.rows, scratch, rows.index);
    }
  }
}

static clf_status backward(const clf__conv_pass *pass) {
  if (pass->dx != NULL) {
    return clf__conv_by_patches.backward(pass);
  }
  backward_job job = {
      .pass = pass, .b = banding_of(pass->conv), .scratch_size = scratch_size(pass->conv)};
  clf_status status = CLF_OK;
  CLF__TRY(
      clf__conv_shards_create(&job.shards, pass, clf__conv_weights(pass->conv), job.scratch_size));
  clf__conv_shards_run(&job.shards, pass, add_shard, &job);
  clf__conv_shards_reduce(&job.shards, pass, pass->dw);
done:
  clf__arena_free(&job.shards.arena);
  return status;
}

const clf__conv_method clf__conv_by_direct_sums = {
    .fits = fits,
    .packed_size = clf__conv_weights,
    .pack = clf__conv_pack_as_is,
    .scratch_size = scratch_size,
    .tasks = tasks,
    .forward = forward,
    .backward = backward,
};
