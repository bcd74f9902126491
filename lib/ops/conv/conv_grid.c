/* Divides a convolution into bands, and rounds their pixels. */
#include "ops/conv/conv_grid.h"

#include <string.h>

#include "base/math.h"
#include "base/memory.h"

enum {
  CHANNELS = CLF__GRID_CHANNELS,
  PAIR = CLF__GRID_PAIR,
  LINE = 16,              /* floats of a cache line */
  BAND_FLOATS = 32 * 1024 /* of a grid, at most, unless a row of outputs needs more */
};

int64_t clf__grid_lines(const clf__conv_grid *g, int64_t rows) {
  return rows + g->kernel_height - 1;
}

int64_t clf__grid_elements(const clf__conv_grid *g, int64_t rows) {
  const int64_t pixels = clf__count(clf__grid_lines(g, rows), g->line);
  return clf__count(pixels < 0 ? -1 : pixels + g->shared, g->pixel);
}

/* Zeros on the right of a line are those on the left of the next one, as far as there are both.
 * Bands have an even number of rows, so that a window of a pool is within one. */
static void plan(clf__conv_grid *g, int64_t kernel_width) {
  const int64_t whole = kernel_width * g->channels;
  const bool expanded =
      PAIR * clf__round_up(whole, CHANNELS) <= kernel_width * clf__round_up(g->channels, CHANNELS);
  g->runs = expanded ? 1 : kernel_width;
  g->run = expanded ? whole : g->channels;
  g->pixel = clf__round_up(g->run, CHANNELS) / PAIR;
  const int64_t line = g->out_width + g->runs - 1, right = line - g->pad_left - g->width;
  g->shared = clf__max_i64(0, clf__min_i64(clf__min_i64(g->pad_left, right), g->runs - 1));
  g->line = line - g->shared;
  g->rows = g->out_height;
  while (g->rows > 2 && (clf__grid_elements(g, g->rows) > BAND_FLOATS ||
                         g->rows * g->line * g->filters > PAIR * BAND_FLOATS)) {
    g->rows = clf__round_up((g->rows + 1) / 2, 2);
  }
  g->bands = clf__ceil_div(g->out_height, g->rows);
}

clf__conv_grid clf__conv_grid_of(const clf__conv2d *c) {
  clf__conv_grid g = {.height = c->height,
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

bool clf__conv_grid_fits(const clf__conv2d *c) {
  const clf__conv_grid g = clf__conv_grid_of(c);
  const int64_t least = clf__grid_elements(&g, g.rows);
  const int64_t outputs = clf__count(clf__count(g.rows, g.line), g.filters);
  return least >= 0 && least <= BAND_FLOATS * 8 && outputs >= 0 && outputs <= BAND_FLOATS * 8;
}

int64_t clf__grid_rows(const clf__conv_grid *g, int64_t band) {
  return clf__min_i64(g->rows, g->out_height - band * g->rows);
}

int64_t clf__grid_outputs(const clf__conv_grid *g, int64_t rows) {
  return (rows - 1) * g->line + g->out_width;
}

int64_t clf__grid_output(const clf__conv_grid *g, int64_t task) {
  return (task / g->bands * g->out_height + task % g->bands * g->rows) * g->out_width * g->filters;
}

/* Rounds one pixel of the grid, of which the image has only a part, or none. */
static void fill_edge(const clf__bf16_kernels *kernels, const clf__conv_grid *g, const float *row,
                      int64_t first, float *values, uint32_t *to) {
  if (first + g->run <= 0 || first >= g->width * g->channels) {
    memset(to, 0, (size_t)g->pixel * sizeof *to);
    return;
  }
  for (int64_t i = 0; i < g->run; i++) {
    const int64_t at = first + i;
    values[i] = at >= 0 && at < g->width * g->channels ? row[at] : 0;
  }
  kernels->product.pack_rows(to, values, g->run, 1, g->run, 1);
}

/* Rounds a line of the grid; `row` is NULL above and below the image, `values` [run] scratch. */
static void fill_line(const clf__bf16_kernels *kernels, const clf__conv_grid *g, const float *row,
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

void clf__grid_fill(const clf__bf16_kernels *kernels, const clf__conv_grid *g, int64_t task,
                    const float *x, float *values, uint32_t *to) {
  const float *image = x + task / g->bands * g->height * g->width * g->channels;
  const int64_t band = task % g->bands, lines = clf__grid_lines(g, clf__grid_rows(g, band));
  for (int64_t line = 0; line < lines; line++, to += g->line * g->pixel) {
    const int64_t row = band * g->rows + line - g->pad_top;
    const bool inside = row >= 0 && row < g->height;
    fill_line(kernels, g, inside ? image + row * g->width * g->channels : NULL, values, to);
  }
  memset(to, 0, (size_t)(g->shared * g->pixel) * sizeof *to);
}

int64_t clf__grid_part(int64_t *size, int64_t floats) {
  const int64_t at = *size;
  *size += clf__round_up(floats, LINE);
  return at;
}
