/* Rounding to bf16 (base/bf16.h) and, for the instructions that multiply pairs of bf16, packing of
 * two steps into an element, the first one in its lower half. */
#include "ops/linalg/product.h"

/* Returns the bits of the rounded number as f32; loops over it are vectorized. */
INLINE uint32_t rounded_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t exponent = bits & 0x7f800000;
  uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
  rounded = exponent == 0x7f800000 ? bits | ((bits & 0x007fffff) != 0 ? 0x400000 : 0) : rounded;
  rounded = exponent == 0 ? bits & 0x80000000 : rounded;
  return rounded & 0xffff0000;
}

INLINE vector_i32 load_pairs(const uint32_t *from) {
  vector_i32 v;
  memcpy(&v, from, sizeof v);
  return v;
}

#if defined(__AVX512BF16__)
INLINE vector_i32 load_part_pairs(const uint32_t *from, int64_t count) {
  return (vector_i32)_mm512_maskz_loadu_epi32((__mmask16)((1u << count) - 1), from);
}

INLINE void store_part_pairs(uint32_t *to, vector_i32 pairs, int64_t count) {
  _mm512_mask_storeu_epi32(to, (__mmask16)((1u << count) - 1), (__m512i)pairs);
}

/* Rounds 32 numbers of a line to 16 pairs. */
INLINE vector_i32 pairs_of_line(vector_f32 low, vector_f32 high) {
  return (vector_i32)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
}

/* Rounds two lines of 16 numbers to their pairs. */
INLINE vector_i32 pairs_of_lines(vector_f32 first, vector_f32 second) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return (vector_i32)_mm512_permutexvar_epi16(order, (__m512i)pairs_of_line(first, second));
}

/* Loads up to 16 numbers, with zeros behind them. */
INLINE vector_f32 load_up_to(const float *from, int64_t count) {
  return count >= LANES_F32 ? load_f32(from)
         : count <= 0       ? (vector_f32){0}
                            : load_part_f32(from, count);
}

/* Writes the pairs of two lines, the second of which may be missing. */
INLINE void pack_pair(uint32_t *out, const float *first, const float *second, int64_t count) {
  int64_t i = 0;
  for (; i + LANES_F32 <= count; i += LANES_F32) {
    const vector_f32 other = second != NULL ? load_f32(second + i) : (vector_f32){0};
    const vector_i32 pairs = pairs_of_lines(load_f32(first + i), other);
    memcpy(out + i, &pairs, sizeof pairs);
  }
  if (i < count) {
    const int64_t left = count - i;
    const vector_f32 other = second != NULL ? load_part_f32(second + i, left) : (vector_f32){0};
    store_part_pairs(out + i, pairs_of_lines(load_part_f32(first + i, left), other), left);
  }
}
#endif
