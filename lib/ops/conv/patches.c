/* With many channels, patches along one row of the kernel are stored: lines [out_width,
 * kernel_width * channels], one for each row of the grid that the strip sees, ordered by (row mod
 * stride, row / stride). The patches of kernel row m for the whole strip are then one matrix, which
 * begins m * dilation / stride lines later. So each pixel is stored 5 times for a kernel of 5 x 5,
 * not 25 times.
 *
 * With few channels such lines would make sums of only a few products. Then whole patches are
 * stored in planar order, [kernel_height, kernel_width, channels, pixels], which copies runs of
 * pixels. The same is done if stride or dilation are so large that most lines of a strip lie
 * between the kernel's rows. */
#include "ops/conv/patches.h"

#include <string.h>

#include "base/math.h"
#include "base/memory.h"

enum {
  PLANAR_BELOW = 32,        /* elements of a patch along one kernel row; fewer are stored planar */
  STRIP_FLOATS = 48 * 1024, /* stay in L2 together with weights and output */
  MAX_UNUSED = 4            /* limit on all lines of a strip, in units of its patches */
};

static int64_t line_of(const clf__patches *p) {
  return p->out_width * p->kernel_width * p->channels;
}

/* Returns the number of lines for each remainder of row / stride. */
static int64_t lines_of(const clf__patches *p, int64_t rows) {
  return rows + (p->kernel_height - 1) * p->dilation / p->stride;
}

/* Returns INT64_MAX if the number overflows. */
static int64_t size_of(const clf__patches *p, int64_t rows) {
  const int64_t lines = p->planar ? p->kernel_height * rows : p->stride * lines_of(p, rows);
  int64_t size;
  return clf__mul_i64(lines, p->out_width, &size) && clf__mul_i64(size, p->kernel_width, &size) &&
                 clf__mul_i64(size, p->channels, &size)
             ? size
             : INT64_MAX;
}

static void plan(clf__patches *p, bool planar) {
  p->planar = planar;
  p->strip_rows = p->out_height;
  while (p->strip_rows > 1 && size_of(p, p->strip_rows) > STRIP_FLOATS) {
    p->strip_rows = (p->strip_rows + 1) / 2;
  }
}

void clf__patches_plan(clf__patches *p) {
  plan(p, p->kernel_width * p->channels < PLANAR_BELOW);
  const int64_t lines = size_of(p, p->strip_rows);
  if (!p->planar && lines > STRIP_FLOATS) {
    plan(p, true);
    if (size_of(p, p->strip_rows) > lines / MAX_UNUSED) {
      plan(p, false);
    }
  }
}

int64_t clf__patches_size(const clf__patches *p) {
  const int64_t size = size_of(p, p->strip_rows);
  return size < INT64_MAX ? size : -1;
}

int64_t clf__patches_strips(const clf__patches *p) {
  return p->strip_rows == 0 ? 0 : clf__ceil_div(p->out_height, p->strip_rows);
}

int64_t clf__patches_rows(const clf__patches *p, int64_t strip) {
  return clf__min_i64(p->strip_rows, p->out_height - strip * p->strip_rows);
}

/* Returns the pixel at `place` of the padded grid along one axis, or -1 for a zero. */
static int64_t pixel_at(int64_t place, int64_t pad, int64_t spread, int64_t count) {
  const int64_t at = place - pad;
  return at >= 0 && at % spread == 0 && at / spread < count ? at / spread : -1;
}

static void copy_pixel(float *to, const float *row, int64_t pixel, int64_t channels) {
  if (pixel < 0) {
    memset(to, 0, (size_t)channels * sizeof *to);
  } else {
    memcpy(to, row + pixel * channels, (size_t)channels * sizeof *to);
  }
}

/* Fills to [out_width, kernel_width, channels]. */
static void fill_line(const clf__patches *p, const float *row, float *to) {
  const int64_t patch = p->kernel_width * p->channels;
  const bool runs = p->dilation == 1 && p->spread == 1;
  for (int64_t j = 0; j < p->out_width; j++, to += patch) {
    const int64_t first = j * p->stride - p->pad_left;
    if (runs && first >= 0 && first + p->kernel_width <= p->width) {
      memcpy(to, row + first * p->channels, (size_t)patch * sizeof *to);
      continue;
    }
    for (int64_t n = 0; n < p->kernel_width; n++) {
      const int64_t place = j * p->stride + n * p->dilation;
      copy_pixel(to + n * p->channels, row, pixel_at(place, p->pad_left, p->spread, p->width),
                 p->channels);
    }
  }
}

static bool remainder_used(const clf__patches *p, int64_t remainder) {
  for (int64_t m = 0; m < p->kernel_height; m++) {
    if (m * p->dilation % p->stride == remainder) {
      return true;
    }
  }
  return false;
}

static void fill_lines(const clf__patches *p, int64_t strip, const float *image, float *stored) {
  const int64_t lines = lines_of(p, clf__patches_rows(p, strip)), size = line_of(p);
  for (int64_t remainder = 0; remainder < p->stride; remainder++) {
    for (int64_t line = 0; line < lines && remainder_used(p, remainder); line++) {
      const int64_t place = (strip * p->strip_rows + line) * p->stride + remainder;
      const int64_t row = pixel_at(place, p->pad_top, p->spread, p->height);
      float *to = stored + (remainder * lines + line) * size;
      if (row < 0) {
        memset(to, 0, (size_t)size * sizeof *to);
      } else {
        fill_line(p, image + row * p->width * p->channels, to);
      }
    }
  }
}

/* Copies a run of one channel to [out_width], from pixel `first` on, with zeros outside of the
 * image. */
static void copy_run(const clf__patches *p, const float *row, int64_t first, float *to) {
  const int64_t before = first < 0 ? clf__min_i64(-first, p->out_width) : 0;
  const int64_t end = clf__min_i64(p->out_width, p->width - first);
  const int64_t inside = end > before ? end - before : 0;
  memset(to, 0, (size_t)before * sizeof *to);
  if (inside > 0) {
    memcpy(to + before, row + first + before, (size_t)inside * sizeof *to);
  }
  memset(to + before + inside, 0, (size_t)(p->out_width - before - inside) * sizeof *to);
}

/* Fills to [out_width] with what element (n, channel) of a kernel row sees of an image row. */
static void fill_run(const clf__patches *p, const float *row, int64_t n, int64_t channel,
                     float *to) {
  if (row == NULL) {
    memset(to, 0, (size_t)p->out_width * sizeof *to);
  } else if (p->channels == 1 && p->stride == 1 && p->spread == 1) {
    copy_run(p, row, n * p->dilation - p->pad_left, to);
  } else {
    for (int64_t j = 0; j < p->out_width; j++) {
      const int64_t place = j * p->stride + n * p->dilation;
      const int64_t pixel = pixel_at(place, p->pad_left, p->spread, p->width);
      to[j] = pixel < 0 ? 0 : row[pixel * p->channels + channel];
    }
  }
}

static void fill_planes(const clf__patches *p, int64_t strip, const float *image, float *to) {
  const int64_t rows = clf__patches_rows(p, strip), patch = p->kernel_width * p->channels;
  for (int64_t m = 0; m < p->kernel_height; m++) {
    for (int64_t k = 0; k < patch; k++) {
      for (int64_t i = 0; i < rows; i++, to += p->out_width) {
        const int64_t place = (strip * p->strip_rows + i) * p->stride + m * p->dilation;
        const int64_t row = pixel_at(place, p->pad_top, p->spread, p->height);
        fill_run(p, row < 0 ? NULL : image + row * p->width * p->channels, k / p->channels,
                 k % p->channels, to);
      }
    }
  }
}

void clf__patches_fill(const clf__patches *p, int64_t strip, const float *image, float *stored) {
  if (p->planar) {
    fill_planes(p, strip, image, stored);
  } else {
    fill_lines(p, strip, image, stored);
  }
}

int64_t clf__patches_parts(const clf__patches *p) {
  return p->planar ? 1 : p->kernel_height;
}

clf__patch_matrix clf__patches_matrix(const clf__patches *p, int64_t strip, int64_t part,
                                      const float *stored) {
  const int64_t rows = clf__patches_rows(p, strip), pixels = rows * p->out_width;
  const int64_t patch = p->kernel_width * p->channels, place = part * p->dilation;
  if (p->planar) {
    return (clf__patch_matrix){stored, pixels, p->kernel_height * patch, 1, pixels};
  }
  const int64_t line = place % p->stride * lines_of(p, rows) + place / p->stride;
  return (clf__patch_matrix){stored + line * line_of(p), pixels, patch, patch, 1};
}
