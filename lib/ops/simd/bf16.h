/* Products of factors that packing rounds to bf16 (base/bf16.h). Steps go in pairs: a sum adds the
 * product of the second step of a pair, rounds, and adds that of the first. So does the instruction
 * of AVX512_BF16, for which an element of a packed factor is a pair, the first step in its lower
 * half. Products of two bf16 are exact in f32. Other targets therefore get the same numbers from
 * the f32 kernel, with factors that are rounded f32 in the order in which they are added; only sums
 * below the smallest normal f32 may differ, which the instruction takes for 0.
 *
 * The floor is arithmetic: as many instructions as half the f32 kernel's, and packing, which is
 * some 6 instructions for 16 pairs. */
#include "ops/simd/pairs.h"

#if defined(__AVX512BF16__)
enum { BF16_GROUP = 2 }; /* steps in an element of a packed factor */

INLINE vector_f32 add_bf16(vector_f32 sum, uint32_t a, vector_i32 b) {
  return (vector_f32)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int)a),
                                      (__m512bh)b);
}

#define REAL float
#define VECTOR vector_f32
#define LANES LANES_F32
#define A_REAL uint32_t
#define B_REAL uint32_t
#define B_VECTOR vector_i32
#define LOAD load_f32
#define LOAD_PART load_part_f32
#define LOAD_B load_pairs
#define LOAD_B_PART load_part_pairs
#define STORE store_f32
#define STORE_PART store_part_f32
#define ADD add_bf16
#define NAME(x) x##_bf16
#include "ops/simd/product.h"

static void pack_line_bf16(void *out, const float *x, int64_t depth) {
  uint16_t *to = out;
  int64_t i = 0;
  for (; i + 32 <= depth; i += 32) {
    const __m512bh pairs =
        _mm512_cvtne2ps_pbh((__m512)load_f32(x + i + 16), (__m512)load_f32(x + i));
    memcpy(to + i, &pairs, sizeof pairs);
  }
  for (; i < depth; i++) {
    to[i] = (uint16_t)(rounded_bits(x[i]) >> 16);
  }
  if (depth % 2 != 0) {
    to[depth] = 0;
  }
}
#else
enum { BF16_GROUP = 1 };
#define multiply_bf16 multiply_f32

INLINE vector_f32 add_bf16(vector_f32 sum, uint32_t a, vector_i32 b) {
  float factor;
  memcpy(&factor, &a, sizeof factor);
  return sum + factor * (vector_f32)b;
}

INLINE vector_i32 load_part_pairs(const uint32_t *from, int64_t count) {
  vector_i32 v = {0};
  memcpy(&v, from, (size_t)count * sizeof *from);
  return v;
}

INLINE void round_pair(uint32_t *out, int64_t width, const float *first, const float *second,
                       int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    out[i] = second != NULL ? rounded_bits(second[i]) : 0;
    out[width + i] = rounded_bits(first[i]);
  }
}

static void pack_line_bf16(void *out, const float *x, int64_t depth) {
  uint32_t *to = out;
  const int64_t pairs = depth / 2;
  for (int64_t i = 0; i < pairs; i++) {
    to[2 * i] = rounded_bits(x[2 * i + 1]);
    to[2 * i + 1] = rounded_bits(x[2 * i]);
  }
  if (depth % 2 != 0) {
    to[depth - 1] = 0;
    to[depth] = rounded_bits(x[depth - 1]);
  }
}
#endif

enum { BF16_LINES = 2 / BF16_GROUP }; /* elements of a packed factor for a pair of steps */

/* Packs lines of one step each, of at most `width` numbers. */
static void pack_lines_bf16(uint32_t *out, int64_t width, const float *from, int64_t stride,
                            int64_t depth, int64_t count) {
  for (int64_t step = 0; step < depth; step += 2, out += BF16_LINES * width) {
    const float *first = from + step * stride, *second = step + 1 < depth ? first + stride : NULL;
#if defined(__AVX512BF16__)
    pack_pair(out, first, second, count);
#else
    round_pair(out, width, first, second, count);
#endif
  }
}

/* A panel of A: element (row, step) is at a + row * a_row + step * a_step. With a_step 1 the panel
 * has the steps of a row side by side, otherwise the rows of a step. */
static void pack_rows_bf16(void *out, const void *a, int64_t a_row, int64_t a_step, int64_t depth,
                           int64_t rows) {
  const int64_t line = clf__round_up(depth, 2) / BF16_GROUP;
  for (int64_t row = 0; a_step == 1 && row < rows; row++) {
    pack_line_bf16((uint32_t *)out + row * line, (const float *)a + row * a_row, depth);
  }
  if (a_step != 1 && rows == TILE_ROWS) {
    pack_lines_bf16(out, TILE_ROWS, a, a_step, depth, TILE_ROWS);
  } else if (a_step != 1) {
    pack_lines_bf16(out, TILE_ROWS, a, a_step, depth, rows);
  }
}

/* Element (step, column) at b[column * stride + step]: lines are rounded and then transposed. */
static void pack_columns_bf16(uint32_t *out, const float *b, int64_t stride, int64_t depth,
                              int64_t columns) {
  enum { ELEMENTS = 16, STEPS = ELEMENTS * BF16_GROUP };
  uint32_t lines[WIDTH_F32 * ELEMENTS];
  for (int64_t step = 0; step < depth; step += STEPS, out += ELEMENTS * WIDTH_F32) {
    const int64_t steps = clf__min_i64(STEPS, depth - step);
    for (int64_t column = 0; column < columns; column++) {
      pack_line_bf16(lines + column * ELEMENTS, b + column * stride + step, steps);
    }
    pack_transposed_f32((float *)(void *)out, (const float *)(const void *)lines, ELEMENTS,
                        clf__round_up(steps, 2) / BF16_GROUP, columns);
  }
}

/* Adds up to four lines to the sums, so that these are read and written a quarter as often. */
INLINE void combine_lines(const int lines, const uint32_t *a, const int32_t *place,
                          const uint32_t *b, int64_t stride, int64_t columns, float *c) {
  int64_t j = 0;
  for (; j + LANES_F32 <= columns; j += LANES_F32) {
    vector_f32 sum = load_f32(c + j);
    UNROLL for (int i = 0; i < lines; i++) {
      sum = add_bf16(sum, a[i], load_pairs(b + place[i] * stride + j));
    }
    store_f32(c + j, sum);
  }
  if (j < columns) {
    vector_f32 sum = load_part_f32(c + j, columns - j);
    UNROLL for (int i = 0; i < lines; i++) {
      sum = add_bf16(sum, a[i], load_part_pairs(b + place[i] * stride + j, columns - j));
    }
    store_part_f32(c + j, sum, columns - j);
  }
}

/* Lines are read from their begin to their end, because they come from L3. */
static void combine_bf16(const uint32_t *a, const int32_t *place, int64_t count, const uint32_t *b,
                         int64_t stride, int64_t columns, float *c) {
  enum { LINES = 4 };
  int64_t k = 0;
  memset(c, 0, (size_t)columns * sizeof *c);
  for (; k + LINES <= count; k += LINES) {
    combine_lines(LINES, a + k, place + k, b, stride, columns, c);
  }
  for (; k < count; k++) {
    combine_lines(1, a + k, place + k, b, stride, columns, c);
  }
}

static void pack_bf16(void *out, const void *b, int64_t b_step, int64_t b_column, int64_t depth,
                      int64_t columns) {
  const int64_t padding = (LANES_F32 - columns % LANES_F32) % LANES_F32;
  uint32_t *to = out;
  if (b_column != 1) {
    pack_columns_bf16(to, b, b_column, depth, columns);
  } else if (columns == WIDTH_F32) {
    pack_lines_bf16(to, WIDTH_F32, b, b_step, depth, WIDTH_F32);
  } else {
    pack_lines_bf16(to, WIDTH_F32, b, b_step, depth, columns);
  }
  const int64_t lines = clf__round_up(depth, 2) / BF16_GROUP;
  for (int64_t line = 0; padding > 0 && line < lines; line++) {
    memset(to + line * WIDTH_F32 + columns, 0, (size_t)padding * sizeof *to);
  }
}
