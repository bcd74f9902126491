/* Direct convolutions of few channels: outputs, or the gradients of some taps, stay in registers,
 * while the pixels are read in place and broadcast. Included by kernels.c alone. */
#include "ops/conv/conv_direct.h"

/* Numbers of outputs, and of taps, that fill the registers together with two vectors of filters.
 * The number of taps is the one of the two that leaves fewer registers unused. */
#if defined(__AVX512F__)
enum { DIRECT_OUTPUTS = 14, DIRECT_TAPS = 13, DIRECT_TAPS_ELSE = 9 };
#else
enum { DIRECT_OUTPUTS = 6, DIRECT_TAPS = 6, DIRECT_TAPS_ELSE = 5 };
#endif

/* Pixels, weights and bias of some filters, and where their outputs go. */
typedef struct direct_operands {
  const clf__conv_direct *direct;
  const float *x, *w, *bias;
  bool relu;
  float *y;
} direct_operands;

INLINE void direct_tile(const int outputs, const int vectors, const int64_t step, int64_t lanes,
                        direct_operands o) {
  const clf__conv_direct *direct = o.direct;
  vector_f32 sums[DIRECT_OUTPUTS][2];
  UNROLL for (int i = 0; i < outputs; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      sums[i][j] = o.bias == NULL ? (vector_f32){0} : load_lanes(o.bias + j * LANES_F32, lanes);
    }
  }
  for (int64_t tap = 0; tap < direct->taps; tap++, o.w += direct->filters) {
    const float *from = o.x + direct->offsets[tap];
    vector_f32 weight[2];
    UNROLL for (int j = 0; j < vectors; j++) {
      weight[j] = load_lanes(o.w + j * LANES_F32, lanes);
    }
    UNROLL for (int i = 0; i < outputs; i++) {
      UNROLL for (int j = 0; j < vectors; j++) {
        sums[i][j] += from[i * step] * weight[j];
      }
    }
  }
  UNROLL for (int i = 0; i < outputs; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      store_lanes(o.y + i * direct->filters + j * LANES_F32,
                  finished(sums[i][j], (vector_f32){0}, o.relu), lanes);
    }
  }
}

/* Computes all outputs for `vectors` vectors of filters; the last vector has `lanes` lanes. */
INLINE void direct_strip(const int vectors, const int64_t step, int64_t lanes, direct_operands o) {
  const float *line = o.x;
  for (int64_t row = 0; row < o.direct->rows; row++, line += o.direct->line) {
    int64_t left = o.direct->columns;
    o.x = line;
    for (; left >= DIRECT_OUTPUTS; left -= DIRECT_OUTPUTS) {
      direct_tile(DIRECT_OUTPUTS, vectors, step, lanes, o);
      o.x += DIRECT_OUTPUTS * step;
      o.y += DIRECT_OUTPUTS * o.direct->filters;
    }
    for (; left >= 4; left -= 4) {
      direct_tile(4, vectors, step, lanes, o);
      o.x += 4 * step;
      o.y += 4 * o.direct->filters;
    }
    for (; left > 0; left--) {
      direct_tile(1, vectors, step, lanes, o);
      o.x += step;
      o.y += o.direct->filters;
    }
  }
}

/* From filter `first` on. */
INLINE direct_operands direct_from(direct_operands o, int64_t first) {
  o.w += first;
  o.bias = o.bias == NULL ? NULL : o.bias + first;
  o.y += first;
  return o;
}

INLINE void direct_filters(const int64_t step, direct_operands o) {
  const int64_t filters = o.direct->filters;
  int64_t at = 0;
  for (; at + 2 * LANES_F32 <= filters; at += 2 * LANES_F32) {
    direct_strip(2, step, LANES_F32, direct_from(o, at));
  }
  if (at + LANES_F32 <= filters) {
    direct_strip(1, step, LANES_F32, direct_from(o, at));
    at += LANES_F32;
  }
  if (at < filters) {
    direct_strip(1, step, filters - at, direct_from(o, at));
  }
}

static void conv_direct(const clf__conv_direct *direct, const float *x, const float *w,
                        const float *bias, bool relu, float *y) {
  const direct_operands o = {direct, x, w, bias, relu, y};
  if (direct->step == 1) {
    direct_filters(1, o);
  } else {
    direct_filters(direct->step, o);
  }
}

/* dw [taps, filters] from `first` on += the gradient from all outputs. Taps beyond the last are
 * computed like the last one and not stored. */
INLINE void direct_taps(const int taps, const int vectors, int64_t lanes,
                        const clf__conv_direct *direct, int64_t first, const float *x,
                        const float *dy, float *dw) {
  vector_f32 sums[DIRECT_TAPS][2];
  int64_t offsets[DIRECT_TAPS];
  UNROLL for (int i = 0; i < taps; i++) {
    offsets[i] = direct->offsets[clf__min_i64(first + i, direct->taps - 1)];
    UNROLL for (int j = 0; j < vectors; j++) {
      sums[i][j] = (vector_f32){0};
    }
  }
  for (int64_t row = 0; row < direct->rows; row++, x += direct->line) {
    const float *from = x;
    for (int64_t column = 0; column < direct->columns; column++, from += direct->step) {
      vector_f32 gradients[2];
      UNROLL for (int j = 0; j < vectors; j++) {
        gradients[j] = load_lanes(dy + j * LANES_F32, lanes);
      }
      UNROLL for (int i = 0; i < taps; i++) {
        UNROLL for (int j = 0; j < vectors; j++) {
          sums[i][j] += from[offsets[i]] * gradients[j];
        }
      }
      dy += direct->filters;
    }
  }
  dw += first * direct->filters;
  UNROLL for (int i = 0; i < taps; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      if (first + i < direct->taps) {
        float *to = dw + i * direct->filters + j * LANES_F32;
        store_lanes(to, load_lanes(to, lanes) + sums[i][j], lanes);
      }
    }
  }
}

INLINE void direct_gradient(const int taps, const clf__conv_direct *direct, const float *x,
                            const float *dy, float *dw) {
  for (int64_t first = 0; first < direct->taps; first += taps) {
    int64_t at = 0;
    for (; at + 2 * LANES_F32 <= direct->filters; at += 2 * LANES_F32) {
      direct_taps(taps, 2, LANES_F32, direct, first, x, dy + at, dw + at);
    }
    if (at + LANES_F32 <= direct->filters) {
      direct_taps(taps, 1, LANES_F32, direct, first, x, dy + at, dw + at);
      at += LANES_F32;
    }
    if (at < direct->filters) {
      direct_taps(taps, 1, direct->filters - at, direct, first, x, dy + at, dw + at);
    }
  }
}

static void conv_direct_gradient(const clf__conv_direct *direct, const float *x, const float *dy,
                                 float *dw) {
  const int64_t unused = -direct->taps + clf__round_up(direct->taps, DIRECT_TAPS);
  const int64_t unused_else = -direct->taps + clf__round_up(direct->taps, DIRECT_TAPS_ELSE);
  if (unused <= unused_else) {
    direct_gradient(DIRECT_TAPS, direct, x, dy, dw);
  } else {
    direct_gradient(DIRECT_TAPS_ELSE, direct, x, dy, dw);
  }
}

const clf__conv_direct_kernels FAMILY(conv_direct_kernels) = {
    .forward = conv_direct,
    .gradient = conv_direct_gradient,
};
