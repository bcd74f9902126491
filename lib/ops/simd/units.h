/* Integer products of units of GROUP numbers: four bytes for the instruction that multiplies
 * unsigned by signed bytes and adds four products, or two 16-bit numbers for the older instruction
 * that adds two products. */

INLINE vector_i32 load_i32(const int32_t *from) {
  vector_i32 v;
  memcpy(&v, from, sizeof v);
  return v;
}

#if defined(__AVX512VNNI__)
enum { GROUP = 4, BIAS = 128 };

INLINE vector_i32 broadcast_i32(const int32_t *from) {
  return (vector_i32)_mm512_xor_si512(_mm512_set1_epi32(*from), _mm512_set1_epi8(-128));
}

INLINE vector_i32 add_i32(vector_i32 sum, vector_i32 a, vector_i32 b) {
  return (vector_i32)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)b, (__m512i)a);
}
#elif defined(__AVXVNNI__)
enum { GROUP = 4, BIAS = 128 };

INLINE vector_i32 broadcast_i32(const int32_t *from) {
  return (vector_i32)_mm256_xor_si256(_mm256_set1_epi32(*from), _mm256_set1_epi8(-128));
}

INLINE vector_i32 add_i32(vector_i32 sum, vector_i32 a, vector_i32 b) {
  return (vector_i32)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)b, (__m256i)a);
}
#else
enum { GROUP = 2, BIAS = 0 };

INLINE vector_i32 broadcast_i32(const int32_t *from) {
  return *from - (vector_i32){0};
}

INLINE vector_i32 add_i32(vector_i32 sum, vector_i32 a, vector_i32 b) {
#if defined(__AVX512BW__)
  return sum + (vector_i32)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return sum + (vector_i32)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
  return sum + (vector_i32)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
  const vector_i32 low_a = (vector_i32)((vector_u32)a << 16) >> 16;
  const vector_i32 low_b = (vector_i32)((vector_u32)b << 16) >> 16;
  return sum + low_a * low_b + (a >> 16) * (b >> 16);
#endif
}
#endif

/* Packs up to GROUP rows by up to LANES_F32 columns. */
INLINE void pack_unit(int32_t *out, const uint8_t *x, int64_t stride, const int64_t rows,
                      const bool whole, int64_t lanes) {
  vector_i32 units = {0};
  UNROLL for (int row = 0; row < rows; row++, x += stride) {
    units |= (whole ? load_u8_as_i32(x) : load_part_u8_as_i32(x, lanes)) << (row * 32 / GROUP);
  }
  memcpy(out, &units, sizeof units);
}
