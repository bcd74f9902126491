/* Weighted sums of rows, and of the elements of a row. Included by kernels.c alone. */
#include "ops/image/resize.h"

INLINE vector_f32 load_either(const bool bytes, const void *from, int64_t at) {
  return bytes ? load_u8((const uint8_t *)from + at) : load_f32((const float *)from + at);
}

INLINE vector_f32 load_part_either(const bool bytes, const void *from, int64_t at, int64_t count) {
  return bytes ? load_part_u8((const uint8_t *)from + at, count)
               : load_part_f32((const float *)from + at, count);
}

/* out[i] = sum_k weights[k] from[k * stride + i]. Four vectors at a time share the weights. */
INLINE void weigh(const bool bytes, const void *from, int64_t stride, const float *weights,
                  int64_t taps, int64_t count, float *out) {
  enum { VECTORS = 4, BLOCK = VECTORS * LANES_F32 };
  int64_t i = 0;
  for (; i + BLOCK <= count; i += BLOCK) {
    vector_f32 sums[VECTORS] = {{0}};
    for (int64_t k = 0; k < taps; k++) {
      UNROLL for (int v = 0; v < VECTORS; v++) {
        sums[v] += weights[k] * load_either(bytes, from, k * stride + i + v * LANES_F32);
      }
    }
    UNROLL for (int v = 0; v < VECTORS; v++) {
      store_f32(out + i + v * LANES_F32, sums[v]);
    }
  }
  for (; i < count; i += LANES_F32) {
    const int64_t part = clf__min_i64(LANES_F32, count - i);
    vector_f32 sum = {0};
    for (int64_t k = 0; k < taps; k++) {
      sum += weights[k] * load_part_either(bytes, from, k * stride + i, part);
    }
    store_part_f32(out + i, sum, part);
  }
}

static void weigh_f32(const float *from, int64_t stride, const float *weights, int64_t taps,
                      int64_t count, float *out) {
  weigh(false, from, stride, weights, taps, count, out);
}

static void weigh_u8(const uint8_t *from, int64_t stride, const float *weights, int64_t taps,
                     int64_t count, float *out) {
  weigh(true, from, stride, weights, taps, count, out);
}

static void resample(const clf__resample *axis, const float *from, float *out) {
  for (int64_t i = 0; i < axis->count; i += LANES_F32) {
    vector_i32 at;
    memcpy(&at, axis->first + i, sizeof at);
    vector_f32 sum = {0};
    for (int64_t k = 0; k < axis->taps; k++) {
      sum += load_f32(axis->weights + k * axis->stride + i) * gather_f32(from + k * axis->step, at);
    }
    store_part_f32(out + i, sum, clf__min_i64(LANES_F32, axis->count - i));
  }
}

/* Values from 0 to 255. */
static void round_u8(uint8_t *out, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = (uint8_t)(int32_t)(x[i] + 0.5F);
  }
}

const clf__resize_kernels FAMILY(resize_kernels) = {
    .weigh_f32 = weigh_f32,
    .weigh_u8 = weigh_u8,
    .resample = resample,
    .round_u8 = round_u8,
};
