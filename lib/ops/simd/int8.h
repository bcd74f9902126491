/* Products of quantized numbers (ops/nn/int8.h), in units of GROUP elements as in units.h. */
#include "ops/nn/int8.h"

#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
typedef uint8_t quantized;
#else
typedef int16_t quantized;
#endif
typedef quantized vector_quantized __attribute__((vector_size(LANES_F32 * sizeof(quantized))));

/* Returns the nearest integers, the even one of two. */
INLINE vector_i32 round_to_i32(vector_f32 v) {
#if defined(__AVX512F__)
  return (vector_i32)_mm512_cvtps_epi32((__m512)v);
#elif defined(__AVX2__)
  return (vector_i32)_mm256_cvtps_epi32((__m256)v);
#elif defined(__SSE2__)
  return (vector_i32)_mm_cvtps_epi32((__m128)v);
#else
  vector_i32 out;
  for (int lane = 0; lane < LANES_F32; lane++) {
    out[lane] = (int32_t)lrintf(v[lane]);
  }
  return out;
#endif
}

/* Keeps the compiler from contracting a product and the sum that follows, so that all targets round
 * alike. */
INLINE vector_f32 rounded(vector_f32 product) {
#if defined(__x86_64__)
  __asm__("" : "+v"(product));
#elif defined(__aarch64__)
  __asm__("" : "+w"(product));
#endif
  return product;
}

INLINE vector_f32 select_f32(vector_i32 mask, vector_f32 yes, vector_f32 no) {
  return (vector_f32)((mask & (vector_i32)yes) | (~mask & (vector_i32)no));
}

/* Returns the lanes that are NaN, added to those of `found`. */
INLINE vector_i32 quantize_vector(vector_f32 v, float inverse, int32_t zero, vector_i32 found,
                                  quantized *out, int64_t lanes) {
  const vector_f32 low = (float)-zero - (vector_f32){0},
                   high = (float)(255 - zero) - (vector_f32){0};
  const vector_f32 scaled = v * inverse;
  const vector_f32 above = select_f32(scaled > low, scaled, low);
  const vector_i32 q = round_to_i32(select_f32(above < high, above, high)) + zero;
  const vector_quantized narrow = __builtin_convertvector(q, vector_quantized);
  memcpy(out, &narrow, (size_t)lanes * sizeof *out);
  return found | (v != v);
}

/* Dividing by a scale is multiplying by its reciprocal, which is rounded once. */
static bool int8_quantize(const float *x, int64_t count, clf__int8_range range, void *out) {
  quantized *to = out;
  const float inverse = 1 / range.scale;
  vector_i32 found = {0};
  int64_t i = 0;
  if (x == NULL) {
    for (; i < count; i++) {
      to[i] = (quantized)range.zero;
    }
    return true;
  }
  for (; i + LANES_F32 <= count; i += LANES_F32) {
    found = quantize_vector(load_f32(x + i), inverse, range.zero, found, to + i, LANES_F32);
  }
  if (i < count) {
    found = quantize_vector(load_part_f32(x + i, count - i), inverse, range.zero, found, to + i,
                            count - i);
  }
  for (int lane = 1; lane < LANES_F32; lane++) {
    found[0] |= found[lane];
  }
  return found[0] == 0;
}

static void int8_widen(const uint8_t *restrict bytes, int64_t count, void *out) {
  quantized *restrict to = out;
  for (int64_t i = 0; i < count; i++) {
    to[i] = bytes[i];
  }
}

INLINE void finish_int8(const clf__int8_finish *finish, int64_t column, vector_i32 sums, float *y,
                        int64_t lanes) {
  const vector_f32 real =
      __builtin_convertvector(sums + load_i32(finish->offset + column), vector_f32);
  vector_f32 v = rounded(real * load_f32(finish->scale + column)) + load_f32(finish->bias + column);
  if (finish->relu) {
    v = (vector_f32)((v > 0) & (vector_i32)v);
  }
  store_lanes(y, v, lanes);
}

#if defined(__AMX_INT8__)
#include "ops/simd/int8_tiles.h"
#else
#include "ops/simd/int8_vectors.h"
#endif

/* Lists the elements that count, up to a multiple of four; returns their number. */
static int64_t list_elements(const clf__int8_row *row) {
  const quantized *x = row->x;
  int64_t count = 0;
  for (int64_t i = 0; i < row->inputs; i++) {
    row->index[count] = (int32_t)i;
    row->value[count] = (uint8_t)x[i];
    count += !row->skip || x[i] != 0;
  }
  for (; count % 4 != 0; count++) {
    row->index[count] = 0;
    row->value[count] = 0;
  }
  return count;
}

#if defined(__AVX512VNNI__)
enum { ROW_COLUMNS = 64 }; /* bytes of a vector */

/* Loads 64 bytes, or fewer with zeros behind them. */
INLINE __m512i load_bytes(const int8_t *from, int64_t count) {
  return count >= ROW_COLUMNS ? _mm512_loadu_si512(from)
                              : _mm512_maskz_loadu_epi8(((__mmask64)1 << count) - 1, from);
}

/* Adds four products to each of 64 columns. Interleaving is within quarters of the vectors: quarter
 * L of sums[v] has columns 16 L + 4 v … 16 L + 4 v + 3. */
INLINE void add_four_rows(const clf__int8_row *row, const int32_t *index, __m512i x, int64_t column,
                          int64_t count, __m512i sums[4]) {
  __m512i w[4];
  UNROLL for (int k = 0; k < 4; k++) {
    w[k] = load_bytes(row->w + index[k] * row->columns + column, count);
  }
  const __m512i low01 = _mm512_unpacklo_epi8(w[0], w[1]), high01 = _mm512_unpackhi_epi8(w[0], w[1]);
  const __m512i low23 = _mm512_unpacklo_epi8(w[2], w[3]), high23 = _mm512_unpackhi_epi8(w[2], w[3]);
  sums[0] = _mm512_dpbusd_epi32(sums[0], x, _mm512_unpacklo_epi16(low01, low23));
  sums[1] = _mm512_dpbusd_epi32(sums[1], x, _mm512_unpackhi_epi16(low01, low23));
  sums[2] = _mm512_dpbusd_epi32(sums[2], x, _mm512_unpacklo_epi16(high01, high23));
  sums[3] = _mm512_dpbusd_epi32(sums[3], x, _mm512_unpackhi_epi16(high01, high23));
}

INLINE void finish_columns(const clf__int8_row *row, int64_t column, const __m512i sums[4]) {
  const __m512i a = _mm512_shuffle_i32x4(sums[0], sums[1], 0x44);
  const __m512i b = _mm512_shuffle_i32x4(sums[2], sums[3], 0x44);
  const __m512i c = _mm512_shuffle_i32x4(sums[0], sums[1], 0xee);
  const __m512i d = _mm512_shuffle_i32x4(sums[2], sums[3], 0xee);
  const __m512i ordered[4] = {_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd),
                              _mm512_shuffle_i32x4(c, d, 0x88), _mm512_shuffle_i32x4(c, d, 0xdd)};
  for (int v = 0; v < 4 && column < row->columns; v++, column += LANES_F32) {
    finish_int8(&row->finish, column, (vector_i32)ordered[v], row->y + column,
                clf__min_i64(LANES_F32, row->columns - column));
  }
}

/* `parts` times 64 columns; the last part has `count` of them. */
INLINE void row_columns(const int parts, const clf__int8_row *row, int64_t listed, int64_t column,
                        int64_t count) {
  __m512i sums[4][4];
  UNROLL for (int i = 0; i < 16; i++) {
    sums[i / 4][i % 4] = _mm512_setzero_si512();
  }
  for (int64_t e = 0; e < listed; e += 4) {
    int32_t bytes;
    memcpy(&bytes, row->value + e, sizeof bytes);
    const __m512i x = _mm512_set1_epi32(bytes);
    UNROLL for (int i = 0; i < parts; i++) {
      add_four_rows(row, row->index + e, x, column + i * ROW_COLUMNS,
                    i + 1 < parts ? ROW_COLUMNS : count, sums[i]);
    }
  }
  UNROLL for (int i = 0; i < parts; i++) {
    finish_columns(row, column + i * ROW_COLUMNS, sums[i]);
  }
}

static void int8_multiply_row(const clf__int8_row *row) {
  const int64_t listed = list_elements(row);
  int64_t column = 0;
  for (; column + 4 * ROW_COLUMNS <= row->columns; column += 4 * ROW_COLUMNS) {
    row_columns(4, row, listed, column, ROW_COLUMNS);
  }
  for (; column < row->columns; column += ROW_COLUMNS) {
    row_columns(1, row, listed, column, clf__min_i64(ROW_COLUMNS, row->columns - column));
  }
}
#else
enum { ROW_COLUMNS = 64 };

/* A product of an activation and a weight has 16 bits. */
INLINE void add_four_rows(const clf__int8_row *row, int64_t entry, int64_t column, int64_t count,
                          int32_t *restrict sums) {
  const int8_t *restrict w[4];
  int16_t x[4];
  for (int k = 0; k < 4; k++) {
    w[k] = row->w + row->index[entry + k] * row->columns + column;
    x[k] = row->value[entry + k];
  }
  for (int64_t j = 0; j < count; j++) {
    sums[j] += (int16_t)(x[0] * w[0][j]) + (int16_t)(x[1] * w[1][j]) + (int16_t)(x[2] * w[2][j]) +
               (int16_t)(x[3] * w[3][j]);
  }
}

static void int8_multiply_row(const clf__int8_row *row) {
  const int64_t listed = list_elements(row);
  for (int64_t column = 0; column < row->columns; column += ROW_COLUMNS) {
    const int64_t count = clf__min_i64(ROW_COLUMNS, row->columns - column);
    int32_t sums[ROW_COLUMNS] = {0};
    for (int64_t e = 0; e < listed; e += 4) {
      if (count == ROW_COLUMNS) {
        add_four_rows(row, e, column, ROW_COLUMNS, sums);
      } else {
        add_four_rows(row, e, column, count, sums);
      }
    }
    for (int64_t j = 0; j < count; j += LANES_F32) {
      finish_int8(&row->finish, column + j, load_i32(sums + j), row->y + column + j,
                  clf__min_i64(LANES_F32, count - j));
    }
  }
}
#endif

const clf__int8_kernels FAMILY(int8_kernels) = {
    .element = sizeof(quantized),
    .group = INT8_GROUP,
    .unit = INT8_UNIT,
    .columns = INT8_COLUMNS,
    .lanes = LANES_F32,
    .quantize = int8_quantize,
    .widen = int8_widen,
    .pack = int8_pack,
    .multiply = int8_multiply,
    .multiply_row = int8_multiply_row,
};
