/* Elementary functions on arrays. */
#include "ops/nn/vector_math.h"

#include "ops/simd/math.h"

static void tanh_f32(float *values, int64_t count) {
  int64_t i = 0;
  for (; i + LANES_F32 <= count; i += LANES_F32) {
    store_f32(values + i, tanh_vector(load_f32(values + i)));
  }
  if (i < count) {
    store_part_f32(values + i, tanh_vector(load_part_f32(values + i, count - i)), count - i);
  }
}

/* For x and -x the exponential of the one that is <= 0 is used, so that nothing overflows. */
static void sigmoid_f32(float *values, int64_t count, float *softplus) {
  for (int64_t i = 0; i < count; i += LANES_F32) {
    const int64_t lanes = clf__min_i64(LANES_F32, count - i);
    const vector_f32 x = load_part_f32(values + i, lanes);
    const vector_i32 negative = x < 0.0F;
    const vector_f32 power = exp_vector(choose(negative, x, -x));
    if (softplus != NULL) {
      const vector_f32 positive = choose(x > 0.0F, x, all_f32(0));
      store_part_f32(softplus + i, positive + log_1_plus(power), lanes);
    }
    store_part_f32(values + i, choose(negative, power, all_f32(1)) / (1.0F + power), lanes);
  }
}

/* A mask of the first `count` lanes. */
INLINE vector_i32 first_lanes(int64_t count) {
  vector_i32 lane;
  for (int32_t i = 0; i < LANES_F32; i++) {
    lane[i] = i;
  }
  return lane < (int32_t)clf__min_i64(count, LANES_F32);
}

INLINE float max_of_row(const float *row, int64_t columns) {
  vector_f32 maximum = all_f32(-INFINITY);
  for (int64_t j = 0; j < columns; j += LANES_F32) {
    const vector_f32 v = load_part_f32(row + j, clf__min_i64(LANES_F32, columns - j));
    maximum = choose(first_lanes(columns - j) & (v > maximum), v, maximum);
  }
  return max_of_f32(maximum);
}

/* e^(v - largest). Values equal to the largest give 1, even if they are infinite. */
INLINE vector_f32 exp_below(vector_f32 v, float largest) {
  return exp_vector(choose(v == largest, all_f32(0), v - largest));
}

/* Up to LANES_F32 rows of one vector each. All are loaded before any is stored, because a load
 * waits long for a store to a part of its bytes. */
INLINE void softmax_short(float *values, int64_t rows, int64_t columns, int64_t ld, float *sums,
                          float *largest) {
  const vector_i32 lanes = first_lanes(columns);
  vector_f32 powers[LANES_F32];
  float inverse[LANES_F32];
  for (int64_t i = 0; i < rows; i++) {
    const vector_f32 v = load_part_f32(values + i * ld, columns);
    largest[i] = max_of_f32(choose(lanes, v, all_f32(-INFINITY)));
    powers[i] = choose(lanes, exp_below(v, largest[i]), all_f32(0));
    sums[i] = sum_of_f32(powers[i]);
  }
  store_f32(inverse, 1.0F / load_f32(sums));
  for (int64_t i = 0; i < rows; i++) {
    store_part_f32(values + i * ld, powers[i] * inverse[i], columns);
  }
}

INLINE float softmax_long(float *row, int64_t columns, float *largest) {
  vector_f32 sums = {0};
  *largest = max_of_row(row, columns);
  for (int64_t j = 0; j < columns; j += LANES_F32) {
    const int64_t lanes = clf__min_i64(LANES_F32, columns - j);
    const vector_f32 powers = exp_below(load_part_f32(row + j, lanes), *largest);
    store_part_f32(row + j, powers, lanes);
    sums += choose(first_lanes(lanes), powers, all_f32(0));
  }
  const float sum = sum_of_f32(sums), inverse = 1 / sum;
  for (int64_t j = 0; j < columns; j++) {
    row[j] *= inverse;
  }
  return sum;
}

static void softmax_f32(float *values, int64_t rows, int64_t columns, int64_t ld,
                        double *log_sums) {
  for (int64_t row = 0; row < rows; row += LANES_F32) {
    const int64_t count = clf__min_i64(LANES_F32, rows - row);
    float *from = values + row * ld, sums[LANES_F32] = {0}, largest[LANES_F32];
    if (columns <= LANES_F32) {
      softmax_short(from, count, columns, ld, sums, largest);
    }
    for (int64_t i = 0; columns > LANES_F32 && i < count; i++) {
      sums[i] = softmax_long(from + i * ld, columns, &largest[i]);
    }
    store_f32(sums, log_vector(load_f32(sums)));
    for (int64_t i = 0; log_sums != NULL && i < count; i++) {
      log_sums[row + i] = (double)largest[i] + (double)sums[i];
    }
  }
}

const clf__math_kernels FAMILY(math_kernels) = {
    .softmax = softmax_f32,
    .sigmoid = sigmoid_f32,
};
