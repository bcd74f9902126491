/* Vectors of the width of the CPU target that is being compiled, by the compiler's vector types.
 * Included by the sources of kernels alone. */
#ifndef CLF_OPS_SIMD_VECTOR_H
#define CLF_OPS_SIMD_VECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/math.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* A tile of a product has TILE_ROWS rows by TILE_VECTORS vectors, as many as the registers hold; or
 * DOT_ROWS by DOT_OUTPUTS if vectors extend along the sums. TILE_ROWS divides the columns of a
 * tile, so that a matrix packed for one side of a product can be used on the other side too. */
#if defined(__AVX512F__)
#define VECTOR_BYTES 64
enum { TILE_ROWS = 8, TILE_VECTORS = 3, DOT_ROWS = 4, DOT_OUTPUTS = 5 };
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
enum { TILE_ROWS = 4, TILE_VECTORS = 3, DOT_ROWS = 2, DOT_OUTPUTS = 5 };
#else
#define VECTOR_BYTES 16
enum { TILE_ROWS = 4, TILE_VECTORS = 2, DOT_ROWS = 2, DOT_OUTPUTS = 5 };
#endif

enum { LANES_F32 = VECTOR_BYTES / 4, LANES_F64 = VECTOR_BYTES / 8 };
/* Columns of a tile, and of a packed panel. */
enum { WIDTH_F32 = TILE_VECTORS * LANES_F32, WIDTH_F64 = TILE_VECTORS * LANES_F64 };

typedef float vector_f32 __attribute__((vector_size(VECTOR_BYTES)));
typedef double vector_f64 __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t vector_i32 __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t vector_u32 __attribute__((vector_size(VECTOR_BYTES)));
typedef float half_f32 __attribute__((vector_size(VECTOR_BYTES / 2)));
typedef float quad_f32 __attribute__((vector_size(16)));
typedef int32_t quad_i32 __attribute__((vector_size(16)));
typedef uint8_t vector_u8 __attribute__((vector_size(VECTOR_BYTES / 4)));

#define INLINE static inline __attribute__((always_inline))
/* The name of a family's table in the target that is being compiled (CLF__TARGET). */
#define FAMILY(kernels) CLF__FAMILY(kernels, CLF__TARGET)
#define UNROLL _Pragma("GCC unroll 16")

/* Selects lanes of two vectors of four by their indices. */
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (__typeof__((a) < (a))){__VA_ARGS__})
#endif

INLINE vector_f32 load_f32(const float *from) {
  vector_f32 v;
  memcpy(&v, from, sizeof v);
  return v;
}

INLINE vector_f64 load_f64(const double *from) {
  vector_f64 v;
  memcpy(&v, from, sizeof v);
  return v;
}

/* Written out for AVX-512, where compilers convert half a register at a time. */
INLINE vector_f64 load_wide(const float *from) {
  half_f32 v;
  memcpy(&v, from, sizeof v);
#if defined(__AVX512F__)
  return (vector_f64)_mm512_cvtps_pd((__m256)v);
#else
  return __builtin_convertvector(v, vector_f64);
#endif
}

/* Written out, because compilers convert u8 to i32 lane by lane. */
INLINE vector_i32 load_u8_as_i32(const uint8_t *from) {
#if defined(__AVX512F__)
  return (vector_i32)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
#elif defined(__AVX2__)
  return (vector_i32)_mm256_cvtepu8_epi32(_mm_loadu_si64(from));
#elif defined(__SSE2__)
  const __m128i zero = _mm_setzero_si128();
  const __m128i pairs = _mm_unpacklo_epi8(_mm_loadu_si32(from), zero);
  return (vector_i32)_mm_unpacklo_epi16(pairs, zero);
#else
  vector_u8 bytes;
  memcpy(&bytes, from, sizeof bytes);
  return __builtin_convertvector(bytes, vector_i32);
#endif
}

INLINE vector_f32 load_i16(const int16_t *from) {
  vector_i32 v;
#if defined(__AVX512F__)
  v = (vector_i32)_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)from));
#elif defined(__AVX2__)
  v = (vector_i32)_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
#elif defined(__SSE2__)
  const __m128i pairs = _mm_loadu_si64(from);
  v = (vector_i32)_mm_srai_epi32(_mm_unpacklo_epi16(pairs, pairs), 16);
#else
  for (int i = 0; i < LANES_F32; i++) {
    v[i] = from[i];
  }
#endif
  return __builtin_convertvector(v, vector_f32);
}

INLINE vector_f32 load_u8(const uint8_t *from) {
  return __builtin_convertvector(load_u8_as_i32(from), vector_f32);
}

/* Returns the numbers from[at[0]], from[at[1]] … */
INLINE vector_f32 gather_f32(const float *from, vector_i32 at) {
#if defined(__AVX512F__)
  return (vector_f32)_mm512_i32gather_ps((__m512i)at, from, 4);
#elif defined(__AVX2__)
  return (vector_f32)_mm256_i32gather_ps(from, (__m256i)at, 4);
#else
  vector_f32 v;
  for (int lane = 0; lane < LANES_F32; lane++) {
    v[lane] = from[at[lane]];
  }
  return v;
#endif
}

/* Returns the numbers from[at[0]], from[at[1]] … */
INLINE vector_f64 gather_f64(const double *from, const int32_t *at) {
#if defined(__AVX512F__)
  return (vector_f64)_mm512_i32gather_pd(_mm256_loadu_si256((const __m256i *)(const void *)at),
                                         from, 8);
#elif defined(__AVX2__)
  return (vector_f64)_mm256_i32gather_pd(from, _mm_loadu_si128((const __m128i *)(const void *)at),
                                         8);
#else
  vector_f64 v;
  for (int lane = 0; lane < LANES_F64; lane++) {
    v[lane] = from[at[lane]];
  }
  return v;
#endif
}

INLINE void store_f32(float *to, vector_f32 v) {
  memcpy(to, &v, sizeof v);
}

INLINE void store_f64(double *to, vector_f64 v) {
  memcpy(to, &v, sizeof v);
}

enum { QUADS = VECTOR_BYTES / 16 };

INLINE void split_f32(vector_f32 v, quad_f32 parts[QUADS]) {
#if defined(__AVX512F__)
  parts[0] = (quad_f32)_mm512_castps512_ps128((__m512)v);
  parts[1] = (quad_f32)_mm512_extractf32x4_ps((__m512)v, 1);
  parts[2] = (quad_f32)_mm512_extractf32x4_ps((__m512)v, 2);
  parts[3] = (quad_f32)_mm512_extractf32x4_ps((__m512)v, 3);
#elif defined(__AVX2__)
  parts[0] = (quad_f32)_mm256_castps256_ps128((__m256)v);
  parts[1] = (quad_f32)_mm256_extractf128_ps((__m256)v, 1);
#else
  parts[0] = v;
#endif
}

/* Returns the sum of all lanes. */
INLINE float sum_of_f32(vector_f32 v) {
  quad_f32 parts[QUADS];
  split_f32(v, parts);
  UNROLL for (int half = QUADS / 2; half > 0; half /= 2) {
    UNROLL for (int i = 0; i < half; i++) {
      parts[i] += parts[i + half];
    }
  }
  const quad_f32 pair = parts[0] + SHUFFLE(parts[0], parts[0], 2, 3, 0, 1);
  return pair[0] + pair[1];
}

INLINE quad_f32 larger_quad(quad_f32 a, quad_f32 b) {
  const quad_i32 mask = a > b;
  return (quad_f32)((mask & (quad_i32)a) | (~mask & (quad_i32)b));
}

/* Returns the largest lane. */
INLINE float max_of_f32(vector_f32 v) {
  quad_f32 parts[QUADS];
  split_f32(v, parts);
  UNROLL for (int half = QUADS / 2; half > 0; half /= 2) {
    UNROLL for (int i = 0; i < half; i++) {
      parts[i] = larger_quad(parts[i], parts[i + half]);
    }
  }
  const quad_f32 pair = larger_quad(parts[0], SHUFFLE(parts[0], parts[0], 2, 3, 0, 1));
  return pair[0] > pair[1] ? pair[0] : pair[1];
}

/* Parts of vectors: the first `count` lanes; the others are 0. */
#if defined(__AVX512F__)
INLINE vector_f32 load_part_f32(const float *from, int64_t count) {
  return (vector_f32)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
}

INLINE vector_f64 load_part_f64(const double *from, int64_t count) {
  return (vector_f64)_mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1), from);
}

INLINE vector_i32 load_part_u8_as_i32(const uint8_t *from, int64_t count) {
  __m128i bytes = _mm_maskz_loadu_epi8((__mmask16)((1u << count) - 1), from);
  return (vector_i32)_mm512_cvtepu8_epi32(bytes);
}

INLINE void store_part_f32(float *to, vector_f32 v, int64_t count) {
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)v);
}

INLINE void store_part_f64(double *to, vector_f64 v, int64_t count) {
  _mm512_mask_storeu_pd(to, (__mmask8)((1u << count) - 1), (__m512d)v);
}
#else
INLINE vector_f32 load_part_f32(const float *from, int64_t count) {
  vector_f32 v = {0};
  memcpy(&v, from, (size_t)count * sizeof *from);
  return v;
}

INLINE vector_f64 load_part_f64(const double *from, int64_t count) {
  vector_f64 v = {0};
  memcpy(&v, from, (size_t)count * sizeof *from);
  return v;
}

INLINE vector_i32 load_part_u8_as_i32(const uint8_t *from, int64_t count) {
  uint8_t bytes[LANES_F32] = {0};
  memcpy(bytes, from, (size_t)count);
  return load_u8_as_i32(bytes);
}

INLINE void store_part_f32(float *to, vector_f32 v, int64_t count) {
  memcpy(to, &v, (size_t)count * sizeof *to);
}

INLINE void store_part_f64(double *to, vector_f64 v, int64_t count) {
  memcpy(to, &v, (size_t)count * sizeof *to);
}
#endif

INLINE vector_f32 load_part_u8(const uint8_t *from, int64_t count) {
  return __builtin_convertvector(load_part_u8_as_i32(from, count), vector_f32);
}

/* `lanes` is a constant except at the end of a row. */
INLINE vector_f32 load_lanes(const float *from, int64_t lanes) {
  return lanes == LANES_F32 ? load_f32(from) : load_part_f32(from, lanes);
}

INLINE void store_lanes(float *to, vector_f32 v, int64_t lanes) {
  if (lanes == LANES_F32) {
    store_f32(to, v);
  } else {
    store_part_f32(to, v, lanes);
  }
}

#endif
