/* Convolutions with few filters over many channels, such as the scores of a network that is
 * evaluated at all positions of an image. As a product of patches, two filters would use two of the
 * 16 lanes of a vector. Here every input pixel is multiplied by all elements of the kernel at once,
 *
 *   Z = X V    X [pixels, channels], V [channels, taps * filters], which is W transposed
 *
 * and y[i, j, d] = b[d] + sum over taps (m, n) of Z[(i + m, j + n), (m, n, d)]. So a kernel of 5 x
 * 5 with 2 filters becomes a product with 50 columns, followed by sums of 25 terms. The floor is
 * arithmetic: pixels * channels * taps * filters multiplications, with the columns rounded up to
 * whole vectors. A network that ends in 5 x 5 x 64 to 2 takes about 70 ms of one processor for 640
 * x 480 pixels at all sizes, compared with 95 ms by patches. Gradients are computed by patches. */
#include "base/math.h"
#include "ops/conv/conv_method.h"
#include "ops/linalg/product.h"

enum { MIN_CHANNELS = 16, MAX_FILTERS = 4, MAX_TAPS = 64, STRIP = 1 << 16 };

static int64_t taps_of(const clf__conv2d *conv) {
  return conv->kernel_height * conv->kernel_width;
}

static bool fits(const clf__conv2d *conv) {
  return conv->filters <= MAX_FILTERS && conv->channels >= MIN_CHANNELS &&
         conv->kernel_height <= MAX_TAPS && conv->kernel_width <= MAX_TAPS && taps_of(conv) > 1 &&
         taps_of(conv) <= MAX_TAPS && conv->stride == 1 && conv->dilation == 1 &&
         conv->out_height == conv->height - conv->kernel_height + 1 &&
         conv->out_width == conv->width - conv->kernel_width + 1 &&
         conv->out_height > taps_of(conv) / 2;
}

static void pack(const clf__kernels *kernels, const clf__conv2d *conv, const float *w,
                 float *packed) {
  const int64_t taps = taps_of(conv), filters = conv->filters;
  (void)kernels;
  for (int64_t tap = 0; tap < taps; tap++) {
    for (int64_t c = 0; c < conv->channels; c++) {
      for (int64_t d = 0; d < filters; d++) {
        packed[(c * taps + tap) * filters + d] = w[(tap * conv->channels + c) * filters + d];
      }
    }
  }
}

/* Returns how many output rows a strip has, so that its Z stays in L2. */
static int64_t strip_rows(const clf__conv2d *conv) {
  const int64_t fit = STRIP / (conv->width * taps_of(conv) * conv->filters);
  const int64_t rows = fit - conv->kernel_height + 1;
  const int64_t min = 2 * conv->kernel_height; /* the rows above are computed twice */
  return clf__max_i64(rows, min);
}

static int64_t strips_of(const clf__conv2d *conv) {
  return (conv->out_height - 1) / strip_rows(conv) + 1;
}

static int64_t scratch_size(const clf__conv2d *conv) {
  const int64_t rows = strip_rows(conv) + conv->kernel_height - 1;
  const int64_t pixels = clf__count(clf__min_i64(rows, conv->height), conv->width);
  return clf__count(pixels, taps_of(conv) * conv->filters);
}

static int64_t tasks(const clf__conv2d *conv, int64_t rows) {
  return rows * strips_of(conv);
}

/* Computes one row of output; `z` begins at its first row. */
static void add_taps(const clf__conv2d *conv, const float *z, const float *bias, bool relu,
                     float *y) {
  const int64_t filters = conv->filters, columns = taps_of(conv) * filters;
  for (int64_t j = 0; j < conv->out_width; j++, y += filters) {
    for (int64_t d = 0; d < filters; d++) {
      const float *from = z + j * columns + d;
      float sum = bias != NULL ? bias[d] : 0;
      for (int64_t m = 0; m < conv->kernel_height; m++, from += conv->width * columns) {
        for (int64_t n = 0; n < conv->kernel_width; n++) {
          sum += from[n * columns + (m * conv->kernel_width + n) * filters];
        }
      }
      y[d] = relu && sum < 0 ? 0 : sum;
    }
  }
}

static void forward(const clf__conv_pass *pass, int64_t task, float *scratch) {
  const clf__conv2d *conv = pass->conv;
  const clf__product_kernel *kernel = &pass->kernels->products->f32;
  const int64_t strips = strips_of(conv), row = task / strips;
  const int64_t first = task % strips * strip_rows(conv), line = conv->width * conv->channels;
  const int64_t left = conv->out_height - first;
  const int64_t count = clf__min_i64(left, strip_rows(conv));
  const int64_t columns = taps_of(conv) * conv->filters;
  kernel->multiply(&(clf__product){.rows = (count + conv->kernel_height - 1) * conv->width,
                                   .columns = columns,
                                   .depth = conv->channels,
                                   .a = pass->x + (row * conv->height + first) * line,
                                   .a_panel = kernel->rows * conv->channels,
                                   .a_row = conv->channels,
                                   .a_step = 1,
                                   .b = pass->w,
                                   .b_panel = kernel->columns,
                                   .b_step = columns,
                                   .alpha = 1,
                                   .c = scratch,
                                   .ldc = columns});
  for (int64_t i = 0; i < count; i++) {
    add_taps(conv, scratch + i * conv->width * columns, pass->bias, pass->relu,
             pass->y + ((row * conv->out_height + first + i) * conv->out_width) * conv->filters);
  }
}

static clf_status backward(const clf__conv_pass *pass) {
  return clf__conv_by_patches.backward(pass);
}

const clf__conv_method clf__conv_by_shifts = {
    .fits = fits,
    .packed_size = clf__conv_weights,
    .pack = pack,
    .scratch_size = scratch_size,
    .tasks = tasks,
    .forward = forward,
    .backward = backward,
};
