/* Convolutions with few channels: outputs, or the gradients of some taps, stay in registers while
 * the pixels are broadcast from where they lie. Included by kernels.c alone. */
#include "ops/conv/conv_few.h"

/* Outputs by two vectors of filters, and taps by the same, that fill the registers. Taps are taken
 * by the one or the other number, whichever leaves fewer places unused. */
#if defined(__AVX512F__)
enum { FEW_OUTPUTS = 14, FEW_TAPS = 13, FEW_TAPS_ELSE = 9 };
#else
enum { FEW_OUTPUTS = 6, FEW_TAPS = 6, FEW_TAPS_ELSE = 5 };
#endif

INLINE void few_tile(const int outputs, const int vectors, const int64_t step, int64_t lanes,
                     const clf__conv_few *few, const float *x, const float *w, const float *bias,
                     bool relu, float *y) {
  vector_f32 sums[FEW_OUTPUTS][2];
  UNROLL for (int i = 0; i < outputs; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      sums[i][j] = bias == NULL ? (vector_f32){0} : load_lanes(bias + j * LANES_F32, lanes);
    }
  }
  for (int64_t tap = 0; tap < few->taps; tap++, w += few->filters) {
    const float *from = x + few->offsets[tap];
    vector_f32 weight[2];
    UNROLL for (int j = 0; j < vectors; j++) {
      weight[j] = load_lanes(w + j * LANES_F32, lanes);
    }
    UNROLL for (int i = 0; i < outputs; i++) {
      UNROLL for (int j = 0; j < vectors; j++) {
        sums[i][j] += from[i * step] * weight[j];
      }
    }
  }
  UNROLL for (int i = 0; i < outputs; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      store_lanes(y + i * few->filters + j * LANES_F32, finished(sums[i][j], (vector_f32){0}, relu),
                  lanes);
    }
  }
}

/* All outputs, `vectors` vectors of filters or, of the last, `lanes` lanes. */
INLINE void few_strip(const int vectors, const int64_t step, int64_t lanes,
                      const clf__conv_few *few, const float *x, const float *w, const float *bias,
                      bool relu, float *y) {
  for (int64_t row = 0; row < few->rows; row++, x += few->line) {
    const float *from = x;
    int64_t left = few->columns;
    for (; left >= FEW_OUTPUTS; left -= FEW_OUTPUTS) {
      few_tile(FEW_OUTPUTS, vectors, step, lanes, few, from, w, bias, relu, y);
      from += FEW_OUTPUTS * step;
      y += FEW_OUTPUTS * few->filters;
    }
    for (; left >= 4; left -= 4) {
      few_tile(4, vectors, step, lanes, few, from, w, bias, relu, y);
      from += 4 * step;
      y += 4 * few->filters;
    }
    for (; left > 0; left--) {
      few_tile(1, vectors, step, lanes, few, from, w, bias, relu, y);
      from += step;
      y += few->filters;
    }
  }
}

INLINE void few_filters(const int64_t step, const clf__conv_few *few, const float *x,
                        const float *w, const float *bias, bool relu, float *y) {
  int64_t at = 0;
  for (; at + 2 * LANES_F32 <= few->filters; at += 2 * LANES_F32) {
    few_strip(2, step, LANES_F32, few, x, w + at, bias == NULL ? NULL : bias + at, relu, y + at);
  }
  if (at + LANES_F32 <= few->filters) {
    few_strip(1, step, LANES_F32, few, x, w + at, bias == NULL ? NULL : bias + at, relu, y + at);
    at += LANES_F32;
  }
  if (at < few->filters) {
    few_strip(1, step, few->filters - at, few, x, w + at, bias == NULL ? NULL : bias + at, relu,
              y + at);
  }
}

static void conv_few(const clf__conv_few *few, const float *x, const float *w, const float *bias,
                     bool relu, float *y) {
  if (few->step == 1) {
    few_filters(1, few, x, w, bias, relu, y);
  } else {
    few_filters(few->step, few, x, w, bias, relu, y);
  }
}

/* dw [taps, filters], from `first` on, += what all outputs give; taps beyond the last are done as
 * if they were the last, and left. */
INLINE void few_taps(const int taps, const int vectors, int64_t lanes, const clf__conv_few *few,
                     int64_t first, const float *x, const float *dy, float *dw) {
  vector_f32 sums[FEW_TAPS][2];
  int64_t offsets[FEW_TAPS];
  UNROLL for (int i = 0; i < taps; i++) {
    offsets[i] = few->offsets[smaller(first + i, few->taps - 1)];
    UNROLL for (int j = 0; j < vectors; j++) {
      sums[i][j] = (vector_f32){0};
    }
  }
  for (int64_t row = 0; row < few->rows; row++, x += few->line) {
    const float *from = x;
    for (int64_t column = 0; column < few->columns; column++, from += few->step) {
      vector_f32 slope[2];
      UNROLL for (int j = 0; j < vectors; j++) {
        slope[j] = load_lanes(dy + j * LANES_F32, lanes);
      }
      UNROLL for (int i = 0; i < taps; i++) {
        UNROLL for (int j = 0; j < vectors; j++) {
          sums[i][j] += from[offsets[i]] * slope[j];
        }
      }
      dy += few->filters;
    }
  }
  dw += first * few->filters;
  UNROLL for (int i = 0; i < taps; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      if (first + i < few->taps) {
        float *to = dw + i * few->filters + j * LANES_F32;
        store_lanes(to, load_lanes(to, lanes) + sums[i][j], lanes);
      }
    }
  }
}

INLINE void few_gradient(const int taps, const clf__conv_few *few, const float *x, const float *dy,
                         float *dw) {
  for (int64_t first = 0; first < few->taps; first += taps) {
    int64_t at = 0;
    for (; at + 2 * LANES_F32 <= few->filters; at += 2 * LANES_F32) {
      few_taps(taps, 2, LANES_F32, few, first, x, dy + at, dw + at);
    }
    if (at + LANES_F32 <= few->filters) {
      few_taps(taps, 1, LANES_F32, few, first, x, dy + at, dw + at);
      at += LANES_F32;
    }
    if (at < few->filters) {
      few_taps(taps, 1, few->filters - at, few, first, x, dy + at, dw + at);
    }
  }
}

static void conv_few_gradient(const clf__conv_few *few, const float *x, const float *dy,
                              float *dw) {
  const int64_t unused = -few->taps + (few->taps + FEW_TAPS - 1) / FEW_TAPS * FEW_TAPS;
  const int64_t unused_else =
      -few->taps + (few->taps + FEW_TAPS_ELSE - 1) / FEW_TAPS_ELSE * FEW_TAPS_ELSE;
  if (unused <= unused_else) {
    few_gradient(FEW_TAPS, few, x, dy, dw);
  } else {
    few_gradient(FEW_TAPS_ELSE, few, x, dy, dw);
  }
}

static const clf__conv_few_kernels conv_few_kernels = {
    .forward = conv_few,
    .gradient = conv_few_gradient,
};
