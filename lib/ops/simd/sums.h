/* Sums over rows; loops that the compiler vectorises by itself. */

static void count_u8(uint32_t *restrict sums, const uint8_t *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    sums[i] += x[i];
  }
}

static void add_scaled_u8(double *restrict sums, double factor, const uint8_t *restrict x,
                          int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    sums[i] += factor * x[i];
  }
}

static void add_scaled_f32(double *restrict sums, double factor, const float *restrict x,
                           int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    sums[i] += factor * (double)x[i];
  }
}

static void widen_u8(float *restrict out, const uint8_t *restrict x, int64_t count) {
  int64_t i = 0;
  for (; i + LANES_F32 <= count; i += LANES_F32) {
    store_f32(out + i, load_u8(x + i));
  }
  for (; i < count; i++) {
    out[i] = x[i];
  }
}

static void step_u8(float *restrict w, float factor, const uint8_t *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    w[i] += factor * (float)x[i];
  }
}

static void step_f32(float *restrict w, float factor, const float *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    w[i] += factor * x[i];
  }
}
