/* Packing of quantized weights, and products of a dense layer with them. Many rows are multiplied
 * by panels, which stay in L2 while all rows pass. A few rows, which are bound by reading the
 * weights, take these as they are, and only those whose x is not 0, which are few after relu. */
#include "ops/nn/int8.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "ops/kernels.h"

enum {
  FEW_ROWS = 2,
  CHUNK_ROWS = 64, /* quantized at a time */
  ALIGNMENT = 64,  /* bytes */
  LANES = 16       /* floats of the widest vector */
};

/* The parts of the packed array, in bytes. */
typedef struct layout {
  int64_t vectors, segments, panels, size; /* where each begins, and the end */
} layout;

int64_t clf__int8_padded(int64_t columns) {
  return clf__ceil_div(columns, LANES) * LANES;
}

/* Adds count * each bytes, up to a whole cache line; false if the sum overflows. */
static bool add_part(int64_t *size, int64_t count, int64_t each) {
  int64_t bytes;
  if (count < 0 || *size < 0 || !clf__mul_i64(count, each, &bytes) ||
      bytes > INT64_MAX / 2 - *size) {
    *size = -1;
    return false;
  }
  *size = clf__ceil_div(*size + bytes, ALIGNMENT) * ALIGNMENT;
  return true;
}

const clf__int8_kernels *clf__int8_kernels_for(clf_context *context, int64_t depth) {
  enum { TILED = 32 };
  return (depth < TILED ? clf__kernels_for(context) : clf__reduced_kernels_for(context))->int8;
}

static int64_t units_of(const clf__int8_kernels *kernels, clf__int8_shape shape) {
  return clf__count(shape.segments, clf__ceil_div(shape.depth, kernels->group));
}

static layout layout_of(const clf__int8_kernels *kernels, clf__int8_shape shape) {
  layout l = {0, 0, 0, 0};
  add_part(&l.size, 1, sizeof(clf__int8_packed));
  l.vectors = l.size;
  add_part(&l.size, clf__int8_padded(shape.columns), 2 * sizeof(float));
  l.segments = l.size;
  add_part(&l.size, shape.segments, sizeof(int64_t));
  l.panels = l.size;
  const int64_t width = clf__int8_padded(shape.columns);
  add_part(&l.size, clf__count(units_of(kernels, shape), width), kernels->unit);
  return l;
}

int64_t clf__int8_packed_size(clf_context *context, clf__int8_shape shape) {
  const layout l = layout_of(clf__int8_kernels_for(context, shape.depth), shape);
  return l.size < 0 ? -1 : l.size / (int64_t)sizeof(float);
}

static void pack_panels(const clf__int8_kernels *kernels, clf__int8_shape shape, const int8_t *w,
                        char *to) {
  const int64_t units = clf__ceil_div(shape.depth, kernels->group);
  for (int64_t column = 0; column < shape.columns; column += kernels->columns) {
    const int64_t columns = clf__min_i64(kernels->columns, shape.columns - column);
    const int64_t width = clf__ceil_div(columns, kernels->lanes) * kernels->lanes;
    for (int64_t segment = 0; segment < shape.segments;
         segment++, to += units * width * kernels->unit) {
      kernels->pack(w + segment * shape.depth * shape.columns + column, shape.columns, shape.depth,
                    columns, to);
    }
  }
}

clf__int8_packed *clf__int8_pack(clf_context *context, clf__int8_shape shape,
                                 const clf__int8_source *source, float *memory) {
  const clf__int8_kernels *kernels = clf__int8_kernels_for(context, shape.depth);
  const layout l = layout_of(kernels, shape);
  const int64_t padded = clf__int8_padded(shape.columns);
  char *bytes = (char *)memory;
  memset(bytes, 0, (size_t)l.panels);
  clf__int8_packed *packed = (void *)bytes;
  packed->range = source->range;
  packed->w = source->w;
  packed->scale = (void *)(bytes + l.vectors);
  packed->offset = (void *)(bytes + l.vectors + padded * (int64_t)sizeof(float));
  packed->segments = (void *)(bytes + l.segments);
  packed->panels = bytes + l.panels;
  for (int64_t k = 0; k < shape.segments * shape.depth; k++) {
    for (int64_t j = 0; j < shape.columns; j++) {
      packed->offset[j] -= source->range.zero * source->w[k * shape.columns + j];
    }
  }
  for (int64_t j = 0; j < shape.columns; j++) {
    packed->scale[j] = source->range.scale * source->scale[j];
  }
  pack_panels(kernels, shape, source->w, packed->panels);
  return packed;
}

/* Elements of a quantized row, up to whole units. */
static int64_t row_elements(const clf__int8_kernels *kernels, int64_t inputs) {
  return clf__ceil_div(inputs, kernels->group) * kernels->group;
}

/* The quantized rows of a chunk, then the lists of a single row. */
static layout scratch_of(const clf__int8_kernels *kernels, int64_t inputs) {
  layout l = {0, 0, 0, 0};
  add_part(&l.size, clf__count(CHUNK_ROWS, row_elements(kernels, inputs)), kernels->element);
  l.vectors = l.size;
  add_part(&l.size, inputs + LANES, sizeof(int32_t));
  l.segments = l.size;
  add_part(&l.size, inputs + LANES, 1);
  return l;
}

int64_t clf__dense_int8_scratch_size(clf_context *context, int64_t inputs) {
  const layout l = scratch_of(clf__int8_kernels_for(context, inputs), inputs);
  return l.size < 0 ? -1 : l.size / (int64_t)sizeof(float);
}

bool clf__int8_reads_bytes(const float *packed, float scale) {
  const clf__int8_range *range = &((const clf__int8_packed *)(const void *)packed)->range;
  return range->zero == 0 && range->scale == scale;
}

/* Some rows as the products read them. */
typedef struct quantized_rows {
  int64_t first, count;
  const char *x;
  int64_t step; /* elements from row to row */
} quantized_rows;

static void multiply_chunk(const clf__int8_kernels *kernels, const clf__dense_int8 *pass,
                           const quantized_rows *rows) {
  const clf__int8_packed *packed = (const void *)pass->packed;
  const int64_t segment = 0;
  kernels->multiply(
      &(clf__int8_product){.rows = rows->count,
                           .columns = pass->units,
                           .x = rows->x,
                           .row_step = rows->step,
                           .segments = &segment,
                           .segment_count = 1,
                           .segment_units = clf__ceil_div(pass->inputs, kernels->group),
                           .panels = packed->panels,
                           .finish = {packed->offset, packed->scale, pass->bias, pass->relu},
                           .y = pass->y + rows->first * pass->units,
                           .ldy = pass->units});
}

static void multiply_row(const clf__int8_kernels *kernels, const clf__dense_int8 *pass, int64_t row,
                         const void *x, char *scratch) {
  const clf__int8_packed *packed = (const void *)pass->packed;
  const layout l = scratch_of(kernels, pass->inputs);
  kernels->multiply_row(
      &(clf__int8_row){.inputs = pass->inputs,
                       .columns = pass->units,
                       .x = x,
                       .skip = packed->range.zero == 0,
                       .w = packed->w,
                       .finish = {packed->offset, packed->scale, pass->bias, pass->relu},
                       .y = pass->y + row * pass->units,
                       .index = (void *)(scratch + l.vectors),
                       .value = (void *)(scratch + l.segments)});
}

/* Bytes that the products can read where they are: whole units of bytes. */
static bool in_place(const clf__int8_kernels *kernels, const clf__dense_int8 *pass) {
  return pass->bytes != NULL && kernels->element == 1 && pass->inputs % kernels->group == 0;
}

/* Quantizes a row, with zeros up to whole units; returns false if there is a NaN. */
static bool quantize_row(const clf__int8_kernels *kernels, const clf__dense_int8 *pass, int64_t row,
                         char *to) {
  const clf__int8_packed *packed = (const void *)pass->packed;
  const int64_t rest = row_elements(kernels, pass->inputs) - pass->inputs;
  memset(to + pass->inputs * kernels->element, 0, (size_t)(rest * kernels->element));
  if (pass->bytes != NULL) {
    const uint8_t *from = pass->bytes->data;
    kernels->widen(from + row * pass->bytes->stride, pass->inputs, to);
    return true;
  }
  return kernels->quantize(pass->x + row * pass->inputs, pass->inputs, packed->range, to);
}

static quantized_rows read_chunk(const clf__int8_kernels *kernels, const clf__dense_int8 *pass,
                                 int64_t first, bool *number, char *scratch) {
  const int64_t count = clf__min_i64(CHUNK_ROWS, pass->rows - first);
  const int64_t elements = row_elements(kernels, pass->inputs);
  const bool ready = in_place(kernels, pass);
  for (int64_t i = 0; i < count; i++) {
    number[i] =
        ready || quantize_row(kernels, pass, first + i, scratch + i * elements * kernels->element);
  }
  if (ready) {
    const int64_t step = pass->bytes->stride;
    return (quantized_rows){first, count, (const char *)pass->bytes->data + first * step, step};
  }
  return (quantized_rows){first, count, scratch, elements};
}

void clf__dense_int8_multiply(clf_context *context, const clf__dense_int8 *pass, float *scratch) {
  const clf__int8_kernels *kernels = clf__int8_kernels_for(context, pass->inputs);
  bool number[CHUNK_ROWS];
  for (int64_t first = 0; first < pass->rows; first += CHUNK_ROWS) {
    const quantized_rows rows = read_chunk(kernels, pass, first, number, (char *)scratch);
    if (rows.count > FEW_ROWS) {
      multiply_chunk(kernels, pass, &rows);
    }
    for (int64_t i = 0; i < rows.count; i++) {
      float *y = pass->y + (first + i) * pass->units;
      if (rows.count <= FEW_ROWS) {
        multiply_row(kernels, pass, first + i, rows.x + i * rows.step * kernels->element,
                     (char *)scratch);
      }
      for (int64_t j = 0; !number[i] && j < pass->units; j++) {
        y[j] = NAN;
      }
    }
  }
}
