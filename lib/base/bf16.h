/* bfloat16: the upper half of a binary32, with 8 bits of precision and the exponents of f32.
 * Rounding is to nearest, ties to even. Numbers below the smallest normal one become a zero of
 * their sign, as the instructions of AVX512_BF16 have it; NaN stays NaN, and what rounds beyond the
 * largest number becomes infinity. */
#ifndef CLF_BASE_BF16_H
#define CLF_BASE_BF16_H

#include <stdint.h>
#include <string.h>

static inline uint16_t clf__bf16_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t exponent = bits & 0x7f800000;
  if (exponent == 0) {
    return (uint16_t)(bits >> 16 & 0x8000);
  }
  if (exponent == 0x7f800000) { /* the quiet bit keeps NaN from becoming infinity */
    return (uint16_t)(bits >> 16 | ((bits & 0x007fffff) != 0 ? 0x40 : 0));
  }
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float clf__bf16_value(uint16_t bf16) {
  const uint32_t bits = (uint32_t)bf16 << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#endif
