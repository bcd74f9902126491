/* Elementwise kernels of networks, as loops that the compiler vectorizes. The floor is reading and
 * writing a weight and its moments once: 28 bytes for each weight and step of Adam. */
#include "ops/nn/elementwise.h"

INLINE void add_bias(const float *restrict bias, float *restrict y, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i++, y += columns) {
    for (int64_t j = 0; j < columns; j++) {
      y[j] += bias[j];
    }
  }
}

static void bias_relu(const float *restrict bias, float *restrict y, int64_t rows, int64_t columns,
                      float below) {
  for (int64_t i = 0; i < rows; i++, y += columns) {
    for (int64_t j = 0; j < columns; j++) {
      const float v = y[j] + bias[j];
      y[j] = v > 0 ? v : v * below;
    }
  }
}

static void relu(float *restrict y, int64_t count, float below) {
  for (int64_t i = 0; i < count; i++) {
    y[i] = y[i] > 0 ? y[i] : y[i] * below;
  }
}

static void bias_activate(int32_t function, const float *bias, float *y, int64_t rows,
                          int64_t columns) {
  const float below = function == CLF__LEAKY_RELU ? 0.01F : 0;
  const bool rectified = function == CLF__RELU || function == CLF__LEAKY_RELU;
  if (rectified && bias != NULL) {
    bias_relu(bias, y, rows, columns, below);
    return;
  }
  if (bias != NULL) {
    add_bias(bias, y, rows, columns);
  }
  if (rectified) {
    relu(y, rows * columns, below);
  } else if (function == CLF__SIGMOID) {
    sigmoid_f32(y, rows * columns, NULL);
  } else if (function == CLF__TANH) {
    tanh_f32(y, rows * columns);
  }
}

static void softmax_gradient(const float *restrict y, float *restrict dy, int64_t rows,
                             int64_t columns) {
  for (int64_t i = 0; i < rows; i++, y += columns, dy += columns) {
    float sum = 0;
    for (int64_t j = 0; j < columns; j++) {
      sum += dy[j] * y[j];
    }
    for (int64_t j = 0; j < columns; j++) {
      dy[j] = y[j] * (dy[j] - sum);
    }
  }
}

static void rectified_gradient(const float *restrict y, float *restrict dy, int64_t count,
                               float below) {
  for (int64_t i = 0; i < count; i++) {
    dy[i] = y[i] > 0 ? dy[i] : dy[i] * below;
  }
}

static void activation_gradient(int32_t function, const float *restrict y, float *restrict dy,
                                int64_t rows, int64_t columns) {
  const int64_t count = rows * columns;
  if (function == CLF__SOFTMAX) {
    softmax_gradient(y, dy, rows, columns);
  } else if (function == CLF__RELU || function == CLF__LEAKY_RELU) {
    rectified_gradient(y, dy, count, function == CLF__RELU ? 0 : 0.01F);
  } else if (function == CLF__SIGMOID) {
    for (int64_t i = 0; i < count; i++) {
      dy[i] *= y[i] * (1 - y[i]);
    }
  } else if (function == CLF__TANH) {
    for (int64_t i = 0; i < count; i++) {
      dy[i] *= 1 - y[i] * y[i];
    }
  }
}

static void column_sums(const float *restrict x, int64_t rows, int64_t columns,
                        float *restrict sums) {
  memset(sums, 0, (size_t)columns * sizeof *sums);
  for (int64_t i = 0; i < rows; i++, x += columns) {
    for (int64_t j = 0; j < columns; j++) {
      sums[j] += x[j];
    }
  }
}

/* Momentum as in PyTorch: v = m v + g; w -= rate v, or with Nesterov's method w -= rate (g + m v).
 *
 * Means are updated by a share of the difference, v += share (g - v), and decay is subtracted as a
 * separate product. The reason is that a float represents a share of 1e-7 with 24 bits, but 1 minus
 * that share with one bit. */
static void update_sgd(const clf__update *u) {
  float *restrict w = u->weight, *restrict v = u->first;
  const float *restrict g = u->gradient;
  const float scale = u->scale, rate = u->rate, decay = u->decay, share = u->first_share;
  const int64_t count = u->count;
  if (v == NULL) {
    for (int64_t i = 0; i < count; i++) {
      w[i] -= rate * (scale * g[i] + decay * w[i]);
    }
    return;
  }
  const float now = u->nesterov ? 1 : 0, then = u->nesterov ? 1 - share : 1;
  for (int64_t i = 0; i < count; i++) {
    const float gradient = scale * g[i] + decay * w[i];
    v[i] += gradient - share * v[i];
    w[i] -= rate * (now * gradient + then * v[i]);
  }
}

static void update_adam(const clf__update *u) {
  float *restrict w = u->weight, *restrict m = u->first, *restrict v = u->second;
  const float *restrict g = u->gradient;
  const float scale = u->scale, decay = u->decay, rate = u->rate, shrink = u->shrink;
  const float first_share = u->first_share, second_share = u->second_share;
  const float root_scale = u->root_scale, epsilon = u->epsilon;
  const int64_t count = u->count;
  for (int64_t i = 0; i < count; i++) {
    const float gradient = scale * g[i] + decay * w[i];
    m[i] += first_share * (gradient - m[i]);
    v[i] += second_share * (gradient * gradient - v[i]);
    w[i] -= shrink * w[i] + rate * m[i] / (root_scale * sqrtf(v[i]) + epsilon);
  }
}

/* rmsprop uses a mean of squares, adagrad their sum. */
static void update_scaled(const clf__update *u) {
  float *restrict w = u->weight, *restrict v = u->second;
  const float *restrict g = u->gradient;
  const float scale = u->scale, decay = u->decay, rate = u->rate, epsilon = u->epsilon;
  const float gain = u->rule == CLF__UPDATE_ADAGRAD ? 1 : u->second_share;
  const float loss = u->rule == CLF__UPDATE_ADAGRAD ? 0 : u->second_share;
  const int64_t count = u->count;
  for (int64_t i = 0; i < count; i++) {
    const float gradient = scale * g[i] + decay * w[i];
    v[i] += gain * gradient * gradient - loss * v[i];
    w[i] -= rate * gradient / (sqrtf(v[i]) + epsilon);
  }
}

static void move_average(float *restrict average, const float *restrict w, int64_t count,
                         float share) {
  for (int64_t i = 0; i < count; i++) {
    average[i] += share * (w[i] - average[i]);
  }
}

static void update_weights(const clf__update *u) {
  if (u->rule == CLF__UPDATE_SGD) {
    update_sgd(u);
  } else if (u->rule == CLF__UPDATE_ADAM) {
    update_adam(u);
  } else {
    update_scaled(u);
  }
  if (u->average != NULL) {
    move_average(u->average, u->weight, u->count, u->average_share);
  }
}

static float square_sum(const float *x, int64_t count) {
  vector_f32 sums = {0};
  int64_t i = 0;
  for (; i + LANES_F32 <= count; i += LANES_F32) {
    const vector_f32 v = load_f32(x + i);
    sums += v * v;
  }
  const vector_f32 v = load_part_f32(x + i, count - i);
  return sum_of_f32(sums + v * v);
}

/* An element is dropped if a hash of its index is below the limit. The hash is MurmurHash3's
 * finalizer (Appleby, 2011); one half of the seed is added before it and one half within. It has no
 * state, so all lanes are hashed at once. Returns a factor, since AVX2 code would otherwise branch.
 */
INLINE float drop_factor(uint32_t limit, float factor, uint64_t seed, int64_t i) {
  const uint32_t first = (uint32_t)seed, second = (uint32_t)(seed >> 32);
  uint32_t hash = (uint32_t)i ^ first;
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bu + second;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
  hash ^= hash >> 16;
  return hash < limit ? 0 : factor;
}

/* y may be x, in a loop that reads no other array: a compiler vectorizes either. */
static void drop(uint32_t limit, float factor, uint64_t seed, const float *restrict x,
                 float *restrict y, int64_t count) {
  if (x == y) {
    for (int64_t i = 0; i < count; i++) {
      y[i] *= drop_factor(limit, factor, seed, i);
    }
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    y[i] = x[i] * drop_factor(limit, factor, seed, i);
  }
}

const clf__elementwise_kernels FAMILY(elementwise_kernels) = {
    .bias_activate = bias_activate,
    .activation_gradient = activation_gradient,
    .drop = drop,
    .column_sums = column_sums,
    .update = update_weights,
    .square_sum = square_sum,
};
