/* Products of bf16 by tiles (tiles.h). Elements of packed factors are pairs, as for AVX512_BF16. A
 * sum goes in groups of 32 steps: the products of the even ones of a group are added one by one,
 * beginning with 0, likewise those of the odd ones, and then the two sums, which are added to the
 * whole. Packed panels therefore have multiples of 32 steps. Numbers below the smallest normal f32
 * are taken for 0.
 *
 * The floor is arithmetic, 512 multiply-adds a cycle, unless there are so few rows that packing
 * counts: 4 instructions for 16 pairs, and 8 where they are transposed as well. */
#include "ops/simd/pairs.h"

enum { TILE_PAIRS = 16, TILE_STEPS = 2 * TILE_PAIRS };

/* Fetches rows of a whole block of C, some for each group of steps: its rows are so far apart that
 * a processor does not foresee them, and often in L3. */
INLINE const float *fetch_rows(const float *next, const float *end, int64_t stride) {
  enum { ROWS = 4 };
  if (next < end) {
    UNROLL for (int i = 0; i < ROWS; i++, next += stride) {
      __builtin_prefetch(next, 1);
      __builtin_prefetch(next + TILE_SIDE, 1);
    }
  }
  return next;
}

/* c = the sums of a block, added to c if beta is not 0. The second tile of rows or columns is used
 * if the block is `high` or `wide`; `next` is the C of the block that follows. */
INLINE void bf16_block(const bool high, const bool wide, const clf__product *p, const uint32_t *a,
                       const uint32_t *b, float *c, const float *next) {
  const int64_t a_bytes = 4 * p->a_row, b_bytes = 4 * p->b_step, c_bytes = 4 * p->ldc;
  const int64_t low = TILE_SIDE * p->a_row;
  float *const low_c = c + TILE_SIDE * p->ldc;
  TILE_ZERO(0);
  TILE_ZERO(1);
  TILE_ZERO(2);
  TILE_ZERO(3);
  if (p->beta != 0) {
    TILE_LOAD(0, c, c_bytes);
    if (wide) {
      TILE_LOAD(1, c + TILE_SIDE, c_bytes);
    }
    if (high) {
      TILE_LOAD(2, low_c, c_bytes);
    }
    if (high && wide) {
      TILE_LOAD(3, low_c + TILE_SIDE, c_bytes);
    }
  }
  const float *const end = next + (high && wide ? BLOCK_SIDE * p->ldc : 0);
  for (int64_t s = 0; s == 0 || s < p->segments; s++) {
    const uint32_t *left = a + s * p->a_segment, *right = b + s * p->b_segment;
    for (int64_t step = 0; step < p->depth; step += TILE_PAIRS, right += TILE_PAIRS * p->b_step) {
      next = fetch_rows(next, end, p->ldc);
      TILE_LOAD(4, left + step, a_bytes);
      TILE_LOAD(6, right, b_bytes);
      TILE_ADD_BF16(0, 4, 6);
      if (wide) {
        TILE_LOAD(7, right + TILE_SIDE, b_bytes);
        TILE_ADD_BF16(1, 4, 7);
      }
      if (high) {
        TILE_LOAD(5, left + low + step, a_bytes);
        TILE_ADD_BF16(2, 5, 6);
      }
      if (high && wide) {
        TILE_ADD_BF16(3, 5, 7);
      }
    }
  }
  TILE_STORE(0, c, c_bytes);
  if (wide) {
    TILE_STORE(1, c + TILE_SIDE, c_bytes);
  }
  if (high) {
    TILE_STORE(2, low_c, c_bytes);
  }
  if (high && wide) {
    TILE_STORE(3, low_c + TILE_SIDE, c_bytes);
  }
}

/* Rows or columns of C. */
typedef struct tile_range {
  int64_t first, end;
} tile_range;

/* A part of C in blocks of one shape, rows by columns. */
INLINE void bf16_blocks(const bool high, const bool wide, const clf__product *p, tile_range rows,
                        tile_range columns) {
  for (int64_t j = columns.first; j < columns.end; j += BLOCK_SIDE) {
    const uint32_t *b = (const uint32_t *)p->b + j / BLOCK_SIDE * p->b_panel;
    for (int64_t i = rows.first; i < rows.end; i += BLOCK_SIDE) {
      const uint32_t *a = (const uint32_t *)p->a + i / BLOCK_SIDE * p->a_panel;
      float *const c = (float *)p->c + i * p->ldc + j;
      const bool below = i + BLOCK_SIDE < rows.end, last = !below && j + BLOCK_SIDE >= columns.end;
      const float *const next = last    ? c
                                : below ? c + BLOCK_SIDE * p->ldc
                                        : (float *)p->c + rows.first * p->ldc + j + BLOCK_SIDE;
      bf16_block(high, wide, p, a, b, c, next);
    }
  }
}

static void bf16_part(const clf__product *p, tile_range rows, tile_range columns) {
  const int64_t height = clf__min_i64(rows.end - rows.first, BLOCK_SIDE);
  const int64_t width = clf__min_i64(columns.end - columns.first, BLOCK_SIDE);
  if (height == 0 || width == 0) {
    return;
  }
  tiles_begin(height, width);
  if (height > TILE_SIDE && width > TILE_SIDE) {
    bf16_blocks(true, true, p, rows, columns);
  } else if (height > TILE_SIDE) {
    bf16_blocks(true, false, p, rows, columns);
  } else if (width > TILE_SIDE) {
    bf16_blocks(false, true, p, rows, columns);
  } else {
    bf16_blocks(false, false, p, rows, columns);
  }
}

/* Whole blocks, then those at the edges. */
static void multiply_bf16(const clf__product *p) {
  const tile_range rows = {.end = p->rows - p->rows % BLOCK_SIDE};
  const tile_range columns = {.end = p->columns - p->columns % BLOCK_SIDE};
  const tile_range last_rows = {.first = rows.end, .end = p->rows};
  const tile_range last_columns = {.first = columns.end, .end = p->columns};
  bf16_part(p, rows, columns);
  bf16_part(p, rows, last_columns);
  bf16_part(p, last_rows, columns);
  bf16_part(p, last_rows, last_columns);
  tiles_end();
}

/* Packs lines of one step each, with zeros up to a multiple of 32 steps. */
static void pack_lines_bf16(uint32_t *out, int64_t width, const float *from, int64_t stride,
                            int64_t depth, int64_t count) {
  for (int64_t step = 0; step < depth; step += 2, out += width) {
    const float *first = from + step * stride;
    pack_pair(out, first, step + 1 < depth ? first + stride : NULL, count);
  }
  for (int64_t step = clf__round_up(depth, 2); step % TILE_STEPS != 0; step += 2, out += width) {
    memset(out, 0, (size_t)count * sizeof *out);
  }
}

static void pack_line_bf16(uint32_t *out, const float *x, int64_t depth) {
  int64_t i = 0;
  for (; i + TILE_STEPS <= depth; i += TILE_STEPS, out += TILE_PAIRS) {
    const vector_i32 pairs = pairs_of_line(load_f32(x + i), load_f32(x + i + LANES_F32));
    memcpy(out, &pairs, sizeof pairs);
  }
  if (i < depth) {
    const vector_i32 pairs = pairs_of_line(load_up_to(x + i, depth - i),
                                           load_up_to(x + i + LANES_F32, depth - i - LANES_F32));
    memcpy(out, &pairs, sizeof pairs);
  }
}

/* Packs 32 steps of up to 16 rows, whose steps are lines, each row to a line of its own. */
INLINE void pack_steps_bf16(uint32_t *out, int64_t line, const float *from, int64_t stride,
                            int64_t steps, int64_t rows) {
  __m512i pairs[TILE_PAIRS];
  UNROLL for (int k = 0; k < TILE_PAIRS; k++) {
    const float *first = from + 2 * k * stride;
    const vector_f32 even = load_up_to(first, 2 * k < steps ? rows : 0);
    const vector_f32 odd = load_up_to(first + stride, 2 * k + 1 < steps ? rows : 0);
    pairs[k] = (__m512i)pairs_of_lines(even, odd);
  }
  transpose_16(pairs);
  for (int64_t row = 0; row < rows; row++) {
    _mm512_storeu_si512(out + row * line, pairs[row]);
  }
}

static void pack_rows_bf16(void *out, const void *a, int64_t a_row, int64_t a_step, int64_t depth,
                           int64_t rows) {
  const int64_t line = clf__round_up(depth, TILE_STEPS) / 2;
  const float *from = a;
  uint32_t *to = out;
  if (a_step == 1) {
    for (int64_t row = 0; row < rows; row++) {
      pack_line_bf16(to + row * line, from + row * a_row, depth);
    }
    return;
  }
  for (int64_t row = 0; row < rows; row += TILE_SIDE) {
    const int64_t count = clf__min_i64(TILE_SIDE, rows - row);
    for (int64_t step = 0; step < depth; step += TILE_STEPS) {
      pack_steps_bf16(to + row * line + step / 2, line, from + row + step * a_step, a_step,
                      depth - step, count);
    }
  }
}

/* Packs 32 steps of up to 16 columns, each of which is a line, to lines of pairs. */
INLINE void pack_columns_bf16(uint32_t *out, const float *from, int64_t stride, int64_t steps,
                              int64_t columns) {
  __m512i pairs[TILE_PAIRS];
  UNROLL for (int j = 0; j < TILE_PAIRS; j++) {
    const int64_t count = j < columns ? steps : 0;
    pairs[j] = (__m512i)pairs_of_line(load_up_to(from + j * stride, count),
                                      load_up_to(from + j * stride + LANES_F32, count - LANES_F32));
  }
  transpose_16(pairs);
  UNROLL for (int k = 0; k < TILE_PAIRS; k++) {
    _mm512_storeu_si512(out + k * BLOCK_SIDE, pairs[k]);
  }
}

static void pack_bf16(void *out, const void *b, int64_t b_step, int64_t b_column, int64_t depth,
                      int64_t columns) {
  uint32_t *to = out;
  if (b_column == 1) {
    pack_lines_bf16(to, BLOCK_SIDE, b, b_step, depth, columns);
    return;
  }
  for (int64_t step = 0; step < depth; step += TILE_STEPS, to += TILE_PAIRS * BLOCK_SIDE) {
    for (int64_t column = 0; column < columns; column += TILE_SIDE) {
      pack_columns_bf16(to + column, (const float *)b + column * b_column + step, b_column,
                        depth - step, columns - column);
    }
  }
}

/* The vectors of columns from j on: adds the lines of one group of 32 steps. */
INLINE void combine_group(const int vectors, const uint32_t *a, const int32_t *place, int64_t count,
                          const uint32_t *b, int64_t stride, float *c, int64_t lanes) {
  enum { MAX_VECTORS = 4 };
  vector_f32 even[MAX_VECTORS], odd[MAX_VECTORS];
  UNROLL for (int v = 0; v < vectors; v++) {
    even[v] = odd[v] = (vector_f32){0};
  }
  for (int64_t k = 0; k < count; k++) {
    const vector_f32 first = (vector_f32)((int32_t)(a[k] << 16) - (vector_i32){0});
    const vector_f32 second = (vector_f32)((int32_t)(a[k] & 0xffff0000) - (vector_i32){0});
    const uint32_t *line = b + place[k] * stride;
    UNROLL for (int v = 0; v < vectors; v++) {
      const vector_i32 pairs = lanes >= LANES_F32 ? load_pairs(line + v * LANES_F32)
                                                  : load_part_pairs(line + v * LANES_F32, lanes);
      even[v] += first * (vector_f32)(pairs << 16);
      odd[v] += second * (vector_f32)(pairs & -65536);
    }
  }
  UNROLL for (int v = 0; v < vectors; v++) {
    float *to = c + v * LANES_F32;
    if (lanes >= LANES_F32) {
      store_f32(to, load_f32(to) + (even[v] + odd[v]));
    } else {
      store_part_f32(to, load_part_f32(to, lanes) + (even[v] + odd[v]), lanes);
    }
  }
}

static void combine_bf16(const uint32_t *a, const int32_t *place, int64_t count, const uint32_t *b,
                         int64_t stride, int64_t columns, float *c) {
  memset(c, 0, (size_t)columns * sizeof *c);
  for (int64_t k = 0, end; k < count; k = end) {
    for (end = k + 1; end < count && place[end] / TILE_PAIRS == place[k] / TILE_PAIRS;) {
      end++;
    }
    int64_t j = 0;
    for (; j + 4 * LANES_F32 <= columns; j += 4 * LANES_F32) {
      combine_group(4, a + k, place + k, end - k, b + j, stride, c + j, LANES_F32);
    }
    for (; j < columns; j += LANES_F32) {
      combine_group(1, a + k, place + k, end - k, b + j, stride, c + j, columns - j);
    }
  }
}

static void pair_lines(uint32_t *out, const uint32_t *lines, int64_t pairs, int64_t count) {
  for (int64_t pair = 0; pair < pairs; pair++, out += count, lines += count) {
    const uint32_t *second = lines + count / 2;
    for (int64_t i = 0; i < count; i += LANES_F32) {
      const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)(lines + i / 2));
      const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(second + i / 2));
      const __m512i above = _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16);
      _mm512_storeu_si512(out + i, _mm512_or_si512(_mm512_cvtepu16_epi32(low), above));
    }
  }
}

const clf__bf16_kernels FAMILY(bf16_kernels) = {
    .product = {sizeof(float), BLOCK_SIDE, BLOCK_SIDE, TILE_STEPS, 2, true, multiply_bf16,
                pack_bf16, pack_rows_bf16},
    .pack_lines = pack_lines_bf16,
    .combine = combine_bf16,
    .pair_lines = pair_lines,
};
