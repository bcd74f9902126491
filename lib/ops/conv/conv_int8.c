/* Quantized convolutions. Some rows of an image are quantized into lines with the quantized 0
 * around them. There the pixels that a row of the kernel sees lie one behind another, so that the
 * products read them where they are: one segment is a row of the kernel or, if it is dilated, an
 * element. The floor is the one of ops/nn/int8.h; segments that end within a unit multiply its rest
 * by 0. */
#include "ops/conv/conv_int8.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "ops/kernels.h"

enum {
  BAND_ELEMENTS = 1 << 18, /* quantized at a time, approximately */
  MAX_SPAN = 64            /* pixels from one end of a kernel to the other */
};

/* How the rows of the output are divided, and the lines that they see. */
typedef struct banding {
  const clf__int8_kernels *kernels;
  const clf__conv2d *conv;
  int64_t line;        /* elements of a line */
  int64_t rows, lines; /* of a band */
} banding;

static int64_t lines_of(const clf__conv2d *c, int64_t rows) {
  return (rows - 1) * c->stride + (c->kernel_height - 1) * c->dilation + 1;
}

static int64_t line_of(const clf__conv2d *c) {
  const int64_t pixels = (c->out_width - 1) * c->stride + (c->kernel_width - 1) * c->dilation + 1;
  return clf__count(pixels, c->channels);
}

static clf__int8_shape shape_of(const clf__conv2d *c) {
  const bool lines = c->dilation == 1;
  return (clf__int8_shape){.segments = c->kernel_height * (lines ? 1 : c->kernel_width),
                           .depth = c->channels * (lines ? c->kernel_width : 1),
                           .columns = c->filters};
}

static banding banding_of(clf_context *context, const clf__conv2d *c) {
  banding b = {
      .kernels = clf__int8_kernels_for(context, shape_of(c).depth), .conv = c, .line = line_of(c)};
  b.rows = clf__clamp_i64(BAND_ELEMENTS / (b.line * c->stride), 1, c->out_height);
  b.lines = lines_of(c, b.rows);
  return b;
}

bool clf__conv_int8_fits(const clf__conv2d *c) {
  const int64_t depth = clf__count(c->kernel_height * c->kernel_width, c->channels);
  return depth <= CLF__INT8_MAX_DEPTH && (c->kernel_height - 1) * c->dilation < MAX_SPAN &&
         (c->kernel_width - 1) * c->dilation < MAX_SPAN && c->out_height > 0 && c->out_width > 0 &&
         line_of(c) < INT32_MAX;
}

int64_t clf__conv_int8_packed_size(clf_context *context, const clf__conv2d *conv) {
  return clf__int8_packed_size(context, shape_of(conv));
}

/* The last unit of the last segment may end behind the lines. */
int64_t clf__conv_int8_scratch_size(clf_context *context, const clf__conv2d *conv) {
  const banding b = banding_of(context, conv);
  const int64_t elements = clf__count(b.lines, b.line);
  return elements < 0 ? -1
                      : clf__ceil_div((elements + b.kernels->group) * b.kernels->element,
                                      (int64_t)sizeof(float));
}

void clf__conv_int8_pack(clf_context *context, const clf__conv2d *conv,
                         const clf__int8_source *source, float *memory) {
  const clf__int8_shape shape = shape_of(conv);
  const int64_t line = line_of(conv), across = shape.segments / conv->kernel_height;
  clf__int8_packed *packed = clf__int8_pack(context, shape, source, memory);
  for (int64_t s = 0; s < shape.segments; s++) {
    packed->segments[s] = conv->dilation * (s / across * line + s % across * conv->channels);
  }
}

/* Quantizes a row of pixels, or zeros if `from` is NULL, with zeros at both sides. */
static bool quantize_line(const banding *b, clf__int8_range range, const float *from, char *to) {
  const clf__conv2d *c = b->conv;
  const int64_t before = clf__min_i64(c->pad_left * c->channels, b->line);
  const int64_t inside = clf__min_i64(c->width * c->channels, b->line - before);
  const int64_t element = b->kernels->element;
  if (from == NULL) {
    return b->kernels->quantize(NULL, b->line, range, to);
  }
  b->kernels->quantize(NULL, before, range, to);
  const bool number = b->kernels->quantize(from, inside, range, to + before * element);
  b->kernels->quantize(NULL, b->line - before - inside, range, to + (before + inside) * element);
  return number;
}

/* Quantizes what `rows` rows of the output from `first` on see; returns false if there is a NaN. */
static bool quantize_band(const banding *b, clf__int8_range range, const float *image,
                          int64_t first, int64_t rows, char *to) {
  const clf__conv2d *c = b->conv;
  const int64_t lines = lines_of(c, rows);
  bool number = true;
  for (int64_t line = 0; line < lines; line++, to += b->line * b->kernels->element) {
    const int64_t row = first * c->stride + line - c->pad_top;
    const bool inside = row >= 0 && row < c->height;
    number &= quantize_line(b, range, inside ? image + row * c->width * c->channels : NULL, to);
  }
  b->kernels->quantize(NULL, b->kernels->group, range, to);
  return number;
}

static void multiply_band(const banding *b, const clf__conv_pass *pass, int64_t rows,
                          const char *lines, float *y) {
  const clf__conv2d *c = b->conv;
  const clf__int8_packed *packed = (const void *)pass->w;
  const clf__int8_shape shape = shape_of(c);
  for (int64_t i = 0; i < rows; i++) {
    b->kernels->multiply(
        &(clf__int8_product){.rows = c->out_width,
                             .columns = c->filters,
                             .x = lines + i * c->stride * b->line * b->kernels->element,
                             .row_step = c->stride * c->channels,
                             .segments = packed->segments,
                             .segment_count = shape.segments,
                             .segment_units = clf__ceil_div(shape.depth, b->kernels->group),
                             .panels = packed->panels,
                             .finish = {packed->offset, packed->scale, pass->bias, pass->relu},
                             .y = y + i * c->out_width * c->filters,
                             .ldy = c->filters});
  }
}

void clf__conv_int8_infer(const clf__conv_pass *pass, float *scratch) {
  const clf__conv2d *c = pass->conv;
  const banding b = banding_of(pass->context, c);
  const clf__int8_packed *packed = (const void *)pass->w;
  const int64_t size = c->out_height * c->out_width * c->filters;
  for (int64_t row = 0; row < pass->rows; row++) {
    const float *image = pass->x + row * c->height * c->width * c->channels;
    float *y = pass->y + row * size;
    bool number = true;
    for (int64_t first = 0; first < c->out_height; first += b.rows) {
      const int64_t rows = clf__min_i64(b.rows, c->out_height - first);
      number &= quantize_band(&b, packed->range, image, first, rows, (char *)scratch);
      multiply_band(&b, pass, rows, (const char *)scratch, y + first * c->out_width * c->filters);
    }
    for (int64_t i = 0; !number && i < size; i++) {
      y[i] = NAN;
    }
  }
}
