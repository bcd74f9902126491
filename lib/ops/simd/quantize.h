/* Quantization of floats to 16-bit integers with one scale, which maps the largest magnitude to
 * 32767; the error is at most 1/65534 of it. The compiler vectorizes these loops. */

INLINE float largest_magnitude(const float *x, int64_t count) {
  enum { PARTS = 64 }; /* vectors of bits; as integers they are ordered like the magnitudes */
  int32_t largest[PARTS] = {0}, all = 0;
  int64_t i = 0;
  float value;
  for (; i + PARTS <= count; i += PARTS) {
    int32_t bits[PARTS];
    memcpy(bits, x + i, sizeof bits);
    for (int k = 0; k < PARTS; k++) {
      bits[k] &= INT32_MAX;
      largest[k] = bits[k] > largest[k] ? bits[k] : largest[k];
    }
  }
  for (; i < count; i++) {
    int32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    bits &= INT32_MAX;
    largest[0] = bits > largest[0] ? bits : largest[0];
  }
  for (int k = 0; k < PARTS; k++) {
    all = largest[k] > all ? largest[k] : all;
  }
  memcpy(&value, &all, sizeof value);
  return value;
}

static float quantize(int16_t *restrict out, const float *restrict x, int64_t count) {
  const float largest = largest_magnitude(x, count);
  if (!(largest <= FLT_MAX)) {
    memset(out, 0, (size_t)count * sizeof *out);
    return NAN;
  }
  const float factor = largest >= 1e-30F ? INT16_MAX / largest : 0;
  for (int64_t i = 0; i < count; i++) {
    const float scaled = x[i] * factor;
    out[i] = (int16_t)(int32_t)(scaled + (scaled < 0 ? -0.5F : 0.5F));
  }
  return largest >= 1e-30F ? largest / INT16_MAX : 0;
}
