/* The transforms of Winograd's convolutions. Polynomials are evaluated at 0, 1, -1, 2, -2, 1/2,
 * -1/2 and infinity, where the product of two polynomials is the product of their values. For the
 * points +-p, even and odd powers are summed separately and then added and subtracted. Along one
 * side, with p_j the points and f_j = prod (p_j - p_l):
 *
 *   B^T   row j: the coefficients of prod over l other than j of (x - p_l)
 *   A^T   element (i, j): p_j^i; at infinity 1 for the last i
 *   G     element (j, i): p_j^i / f_j; at infinity 1 for the last i
 *
 * All transforms process as many channels as a vector has lanes. Included by kernels.c alone. */
#include "ops/conv/winograd.h"

enum { TILE = CLF__WINOGRAD_TILE, PAIRS = 3 };

static const float winograd_point[PAIRS] = {1, 2, 0.5F};
/* (x^2 - q^2) (x^2 - r^2), where q and r are the other two points: the constant and the linear
 * coefficient in x^2. */
static const float winograd_constant[PAIRS] = {1, 0.25F, 4};
static const float winograd_linear[PAIRS] = {-4.25F, -1.25F, -5};
/* 1 / f_j, which is the same at p and -p; at 0 it is -1. */
static const float winograd_share[PAIRS] = {-2.0F / 9, 1.0F / 90, 32.0F / 45};

INLINE float power_of(float x, int n) {
  float y = 1;
  UNROLL for (int i = 0; i < n; i++) {
    y *= x;
  }
  return y;
}

/* y = B^T x */
INLINE void apply_Bt(const vector_f32 x[TILE], vector_f32 y[TILE]) {
  y[0] = x[6] - x[0] + 5.25F * (x[2] - x[4]);
  y[7] = x[7] - x[1] + 5.25F * (x[3] - x[5]);
  UNROLL for (int i = 0; i < PAIRS; i++) {
    const vector_f32 even = x[6] + winograd_linear[i] * x[4] + winograd_constant[i] * x[2];
    const vector_f32 odd = x[5] + winograd_linear[i] * x[3] + winograd_constant[i] * x[1];
    y[2 * i + 1] = even + winograd_point[i] * odd;
    y[2 * i + 2] = even - winograd_point[i] * odd;
  }
}

/* x = B y */
INLINE void apply_B(const vector_f32 y[TILE], vector_f32 x[TILE]) {
  const vector_f32 low = 5.25F * y[0], high = 5.25F * y[7];
  x[0] = -y[0];
  x[2] = low;
  x[4] = -low;
  x[6] = y[0];
  x[1] = -y[7];
  x[3] = high;
  x[5] = -high;
  x[7] = y[7];
  UNROLL for (int i = 0; i < PAIRS; i++) {
    const vector_f32 even = y[2 * i + 1] + y[2 * i + 2];
    const vector_f32 odd = winograd_point[i] * (y[2 * i + 1] - y[2 * i + 2]);
    x[2] += winograd_constant[i] * even;
    x[4] += winograd_linear[i] * even;
    x[6] += even;
    x[1] += winograd_constant[i] * odd;
    x[3] += winograd_linear[i] * odd;
    x[5] += odd;
  }
}

/* out [count] = A^T y, or with `weights` G^T y */
INLINE void apply_At(const int count, const bool weights, const vector_f32 y[TILE],
                     vector_f32 *out) {
  UNROLL for (int n = 0; n < count; n++) {
    out[n] = n == 0 ? (weights ? -y[0] : y[0]) : (vector_f32){0};
    if (n == count - 1) {
      out[n] += y[7];
    }
  }
  UNROLL for (int i = 0; i < PAIRS; i++) {
    const vector_f32 even = y[2 * i + 1] + y[2 * i + 2], odd = y[2 * i + 1] - y[2 * i + 2];
    UNROLL for (int n = 0; n < count; n++) {
      const float factor = power_of(winograd_point[i], n) * (weights ? winograd_share[i] : 1);
      out[n] += factor * (n % 2 == 0 ? even : odd);
    }
  }
}

/* y = A x, or with `weights` G x, x [count] */
INLINE void apply_A(const int count, const bool weights, const vector_f32 *x, vector_f32 y[TILE]) {
  y[0] = weights ? -x[0] : x[0];
  y[7] = x[count - 1];
  UNROLL for (int i = 0; i < PAIRS; i++) {
    const float one = weights ? winograd_share[i] : 1;
    vector_f32 even = one * x[0], odd = (one * winograd_point[i]) * x[1];
    UNROLL for (int n = 2; n < count; n++) {
      const float factor = power_of(winograd_point[i], n) * one;
      if (n % 2 == 0) {
        even += factor * x[n];
      } else {
        odd += factor * x[n];
      }
    }
    y[2 * i + 1] = even + odd;
    y[2 * i + 2] = even - odd;
  }
}

INLINE void transform_input_lanes(const float *const *pixels, int64_t at, int64_t lanes,
                                  float *tile, int64_t step) {
  vector_f32 half[TILE][TILE], x[TILE], y[TILE];
  for (int j = 0; j < TILE; j++) {
    UNROLL for (int i = 0; i < TILE; i++) {
      x[i] = load_lanes(pixels[i * TILE + j] + at, lanes);
    }
    apply_Bt(x, y);
    UNROLL for (int i = 0; i < TILE; i++) {
      half[i][j] = y[i];
    }
  }
  for (int i = 0; i < TILE; i++) {
    apply_Bt(half[i], y);
    UNROLL for (int j = 0; j < TILE; j++) {
      store_lanes(tile + (i * TILE + j) * step + at, y[j], lanes);
    }
  }
}

static void winograd_transform_input(const float *const *pixels, const clf__winograd_tile *tile) {
  int64_t at = 0;
  for (; at + LANES_F32 <= tile->count; at += LANES_F32) {
    transform_input_lanes(pixels, at, LANES_F32, tile->at, tile->step);
  }
  if (at < tile->count) {
    transform_input_lanes(pixels, at, tile->count - at, tile->at, tile->step);
  }
}

INLINE void transform_input_gradient_lanes(const float *tile, int64_t step, int64_t at,
                                           int64_t lanes, float *const *pixels) {
  vector_f32 half[TILE][TILE], x[TILE], y[TILE];
  for (int j = 0; j < TILE; j++) {
    UNROLL for (int i = 0; i < TILE; i++) {
      y[i] = load_lanes(tile + (i * TILE + j) * step + at, lanes);
    }
    apply_B(y, x);
    UNROLL for (int i = 0; i < TILE; i++) {
      half[i][j] = x[i];
    }
  }
  for (int i = 0; i < TILE; i++) {
    apply_B(half[i], x);
    UNROLL for (int j = 0; j < TILE; j++) {
      float *to = pixels[i * TILE + j] + at;
      store_lanes(to, load_lanes(to, lanes) + x[j], lanes);
    }
  }
}

static void winograd_transform_input_gradient(const clf__winograd_tile *tile,
                                              float *const *pixels) {
  int64_t at = 0;
  for (; at + LANES_F32 <= tile->count; at += LANES_F32) {
    transform_input_gradient_lanes(tile->at, tile->step, at, LANES_F32, pixels);
  }
  if (at < tile->count) {
    transform_input_gradient_lanes(tile->at, tile->step, at, tile->count - at, pixels);
  }
}

INLINE void transform_output_lanes(const int outputs, const float *tile, int64_t step, int64_t at,
                                   int64_t lanes, const clf__winograd_output *out) {
  vector_f32 half[TILE][TILE], y[TILE], column[TILE];
  const vector_f32 bias = out->bias == NULL ? (vector_f32){0} : load_lanes(out->bias + at, lanes);
  for (int j = 0; j < TILE; j++) {
    UNROLL for (int i = 0; i < TILE; i++) {
      y[i] = load_lanes(tile + (i * TILE + j) * step + at, lanes);
    }
    apply_At(outputs, false, y, column);
    UNROLL for (int i = 0; i < outputs; i++) {
      half[i][j] = column[i];
    }
  }
  for (int i = 0; i < outputs; i++) {
    apply_At(outputs, false, half[i], column);
    UNROLL for (int j = 0; j < outputs; j++) {
      store_lanes(out->y[i * outputs + j] + at, finished(column[j], bias, out->relu), lanes);
    }
  }
}

INLINE void transform_output_of(const int outputs, const clf__winograd_tile *tile,
                                const clf__winograd_output *out) {
  int64_t at = 0;
  for (; at + LANES_F32 <= tile->count; at += LANES_F32) {
    transform_output_lanes(outputs, tile->at, tile->step, at, LANES_F32, out);
  }
  if (at < tile->count) {
    transform_output_lanes(outputs, tile->at, tile->step, at, tile->count - at, out);
  }
}

static void winograd_transform_output(const clf__winograd_tile *tile,
                                      const clf__winograd_output *out) {
  if (out->outputs == 4) {
    transform_output_of(4, tile, out);
  } else {
    transform_output_of(6, tile, out);
  }
}

INLINE void transform_output_gradient_lanes(const int outputs,
                                            const clf__winograd_output_gradient *gradient,
                                            int64_t at, int64_t lanes, float *tile, int64_t step) {
  vector_f32 half[TILE][TILE], x[TILE], y[TILE];
  for (int j = 0; j < outputs; j++) {
    UNROLL for (int i = 0; i < outputs; i++) {
      x[i] = load_lanes(gradient->dy[i * outputs + j] + at, lanes);
      if (gradient->relu) {
        const vector_i32 kept = load_lanes(gradient->y[i * outputs + j] + at, lanes) > 0;
        x[i] = (vector_f32)(kept & (vector_i32)x[i]);
      }
    }
    apply_A(outputs, false, x, y);
    UNROLL for (int i = 0; i < TILE; i++) {
      half[i][j] = y[i];
    }
  }
  for (int i = 0; i < TILE; i++) {
    apply_A(outputs, false, half[i], y);
    UNROLL for (int j = 0; j < TILE; j++) {
      store_lanes(tile + (i * TILE + j) * step + at, y[j], lanes);
    }
  }
}

INLINE void transform_output_gradient_of(const int outputs,
                                         const clf__winograd_output_gradient *gradient,
                                         const clf__winograd_tile *tile) {
  int64_t at = 0;
  for (; at + LANES_F32 <= tile->count; at += LANES_F32) {
    transform_output_gradient_lanes(outputs, gradient, at, LANES_F32, tile->at, tile->step);
  }
  if (at < tile->count) {
    transform_output_gradient_lanes(outputs, gradient, at, tile->count - at, tile->at, tile->step);
  }
}

static void winograd_transform_output_gradient(const clf__winograd_output_gradient *gradient,
                                               const clf__winograd_tile *tile) {
  if (gradient->outputs == 4) {
    transform_output_gradient_of(4, gradient, tile);
  } else {
    transform_output_gradient_of(6, gradient, tile);
  }
}

/* u [TILE, TILE, u_stride] from w [kernel, kernel, stride], for some lanes of both strides. */
INLINE void transform_filter_lanes(const int kernel, const float *w, int64_t stride, int64_t lanes,
                                   float *u, int64_t u_stride) {
  vector_f32 half[TILE][TILE], x[TILE], y[TILE];
  for (int j = 0; j < kernel; j++) {
    UNROLL for (int i = 0; i < kernel; i++) {
      x[i] = load_lanes(w + (i * kernel + j) * stride, lanes);
    }
    apply_A(kernel, true, x, y);
    UNROLL for (int i = 0; i < TILE; i++) {
      half[i][j] = y[i];
    }
  }
  for (int i = 0; i < TILE; i++) {
    apply_A(kernel, true, half[i], y);
    UNROLL for (int j = 0; j < TILE; j++) {
      store_lanes(u + (i * TILE + j) * u_stride, y[j], lanes);
    }
  }
}

INLINE void transform_filter_of(const int kernel, const clf__winograd_filters *weights,
                                const float *w, float *u) {
  const int64_t stride = weights->w_step, u_stride = weights->u_step;
  int64_t at = 0;
  for (; at + LANES_F32 <= weights->count; at += LANES_F32) {
    transform_filter_lanes(kernel, w + at, stride, LANES_F32, u + at, u_stride);
  }
  if (at < weights->count) {
    transform_filter_lanes(kernel, w + at, stride, weights->count - at, u + at, u_stride);
  }
}

static void winograd_transform_filter(const clf__winograd_filters *weights, const float *w,
                                      float *u) {
  if (weights->kernel == 5) {
    transform_filter_of(5, weights, w, u);
  } else {
    transform_filter_of(3, weights, w, u);
  }
}

/* dw [kernel, kernel, stride] from p [TILE, TILE, p_stride]. */
INLINE void transform_filter_gradient_lanes(const int kernel, const float *p, int64_t p_stride,
                                            int64_t lanes, float *dw, int64_t stride) {
  vector_f32 half[TILE][TILE], y[TILE], column[TILE];
  for (int j = 0; j < TILE; j++) {
    UNROLL for (int i = 0; i < TILE; i++) {
      y[i] = load_lanes(p + (i * TILE + j) * p_stride, lanes);
    }
    apply_At(kernel, true, y, column);
    UNROLL for (int i = 0; i < kernel; i++) {
      half[i][j] = column[i];
    }
  }
  for (int i = 0; i < kernel; i++) {
    apply_At(kernel, true, half[i], column);
    UNROLL for (int j = 0; j < kernel; j++) {
      store_lanes(dw + (i * kernel + j) * stride, column[j], lanes);
    }
  }
}

INLINE void transform_filter_gradient_of(const int kernel, const clf__winograd_filters *weights,
                                         const float *p, float *dw) {
  const int64_t stride = weights->w_step, p_stride = weights->u_step;
  int64_t at = 0;
  for (; at + LANES_F32 <= weights->count; at += LANES_F32) {
    transform_filter_gradient_lanes(kernel, p + at, p_stride, LANES_F32, dw + at, stride);
  }
  if (at < weights->count) {
    transform_filter_gradient_lanes(kernel, p + at, p_stride, weights->count - at, dw + at, stride);
  }
}

static void winograd_transform_filter_gradient(const clf__winograd_filters *weights, const float *p,
                                               float *dw) {
  if (weights->kernel == 5) {
    transform_filter_gradient_of(5, weights, p, dw);
  } else {
    transform_filter_gradient_of(3, weights, p, dw);
  }
}

const clf__winograd_kernels FAMILY(winograd_kernels) = {
    .transform_input = winograd_transform_input,
    .transform_input_gradient = winograd_transform_input_gradient,
    .transform_output = winograd_transform_output,
    .transform_output_gradient = winograd_transform_output_gradient,
    .transform_filter = winograd_transform_filter,
    .transform_filter_gradient = winograd_transform_filter_gradient,
};
