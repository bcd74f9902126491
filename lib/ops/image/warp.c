/* Bilinear resampling of images, with displacements from a lattice of cubic B-splines. The lattice
 * is evaluated along the rows once, by 4 products for each lattice row and pixel. A pixel of the
 * result then costs 8 products for its position, and 4 loads and 6 products for its value. The
 * floor is the loads, which every CPU does one lane at a time: about 3 cycles for a pixel of one
 * channel by AVX-512's gathers. Measured are 1.6 ns a pixel, 2.2 ns with AVX2, and 4.3 ns without
 * gathers. */
#include "ops/image/warp.h"

#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "ops/kernels.h"

int64_t clf__lattice_nodes(double spacing, int64_t pixels) {
  return (int64_t)((double)(pixels - 1) / spacing) + 5;
}

static int64_t stride_of(int64_t width) {
  return clf__round_up(width, CLF__WARP_LANES);
}

int64_t clf__warp_scratch(const clf__warp *warp) {
  const int64_t max = INT32_MAX;
  int64_t size;
  if (warp->height > max - 3 || warp->width > max - CLF__WARP_LANES ||
      !clf__mul_i64(warp->height + 3, warp->width + 3, &size) ||
      !clf__mul_i64(size, warp->channels, &size) || size > max) {
    return -1;
  }
  return size +
         (warp->lattice.spacing > 0 ? 2 * warp->lattice.nodes[0] * stride_of(warp->width) : 0);
}

/* Fills a row of the frame; `from` is the image's row, or NULL for zeros. */
static void fill_frame_row(const clf__warp *warp, const float *from, float *to) {
  const int64_t channels = warp->channels, row = warp->width * channels;
  memset(to, 0, (size_t)(row + 3 * channels) * sizeof *to);
  if (from == NULL) {
    return;
  }
  memcpy(to + channels, from, (size_t)row * sizeof *to);
  for (int64_t c = 0; warp->edge && c < channels; c++) {
    to[c] = from[c];
    to[channels + row + c] = to[2 * channels + row + c] = from[row - channels + c];
  }
}

static void fill_frame(const clf__warp *warp, const float *image, float *frame) {
  const int64_t row = warp->width * warp->channels, height = warp->height;
  for (int64_t i = -1; i < height + 2; i++) {
    const int64_t inside = clf__clamp_i64(i, 0, height - 1);
    fill_frame_row(warp, inside == i || warp->edge ? image + inside * row : NULL, frame);
    frame += row + 3 * warp->channels;
  }
}

/* Finds the first of the four nodes that affect a position on the lattice, and their weights. */
static int64_t spline(double place, float weights[4]) {
  const int64_t first = (int64_t)place;
  const float t = (float)(place - (double)first), left = 1 - t;
  weights[0] = left * left * left / 6;
  weights[1] = (t * t * (3 * t - 6) + 4) / 6;
  weights[2] = (left * left * (3 * left - 6) + 4) / 6;
  weights[3] = t * t * t / 6;
  return first;
}

/* out [nodes[0], stride]: the lattice's rows, evaluated at every pixel of a row. */
static void expand(const clf__warp *warp, int axis, float *out) {
  const clf__lattice *lattice = &warp->lattice;
  const int64_t rows = lattice->nodes[0], columns = lattice->nodes[1];
  const int64_t stride = stride_of(warp->width);
  for (int64_t i = 0; i < rows; i++) {
    memset(out + i * stride + warp->width, 0, (size_t)(stride - warp->width) * sizeof *out);
  }
  for (int64_t j = 0; j < warp->width; j++) {
    float w[4];
    const int64_t first = spline(lattice->phase[1] + (double)j / lattice->spacing, w);
    const float *from = lattice->shift[axis] + first;
    for (int64_t i = 0; i < rows; i++, from += columns) {
      out[i * stride + j] = w[0] * from[0] + w[1] * from[1] + w[2] * from[2] + w[3] * from[3];
    }
  }
}

void clf__warp_image(clf_context *context, const clf__warp *warp, float *scratch, float *image) {
  const clf__kernels *kernels = clf__kernels_for(context);
  const bool displaced = warp->lattice.spacing > 0;
  const int64_t stride = stride_of(warp->width);
  float *shift[2] = {scratch, scratch + warp->lattice.nodes[0] * stride};
  float *frame = displaced ? shift[1] + warp->lattice.nodes[0] * stride : scratch;
  clf__warp_row row = {.frame = frame,
                       .height = warp->height,
                       .width = warp->width,
                       .channels = warp->channels,
                       .right = {warp->right[0], warp->right[1]},
                       .stride = stride};
  fill_frame(warp, image, frame);
  for (int axis = 0; displaced && axis < 2; axis++) {
    expand(warp, axis, shift[axis]);
  }
  for (int64_t i = 0; i < warp->height; i++) {
    if (displaced) {
      const double place = warp->lattice.phase[0] + (double)i / warp->lattice.spacing;
      const int64_t first = spline(place, row.weights);
      row.shift[0] = shift[0] + first * stride;
      row.shift[1] = shift[1] + first * stride;
    }
    for (int axis = 0; axis < 2; axis++) {
      row.begin[axis] = warp->origin[axis] + 1 + (float)i * warp->down[axis];
    }
    kernels->warp->row(&row, image + i * warp->width * warp->channels);
  }
}
