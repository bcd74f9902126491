/* Products of u8 rows and digits by tiles (tiles.h, ops/linalg/linear_digits.h).
 *
 * Outputs: a block has 32 rows, which are copied to whole lines of 64 bytes, since rows may begin
 * anywhere; two digits at a time are multiplied with it. The floor is 128 cycles for 32 rows, 64
 * columns and 16 outputs, where f32 takes 1024.
 *
 * The gradient: the residuals' digits are the left factor [outputs, rows], the rows the right one,
 * whose tiles have four rows of a column next to each other. Interleaving 64 columns of four rows
 * by two rounds of unpacking gives four tiles of 16 columns, which are 4 t … 4 t + 3 of each
 * quarter of the 64 for tile t; sums are put in order when they are added. */
#include "ops/linalg/linear_digits.h"

enum {
  DIGIT_LINES = 16, /* units copied at a time */
  DIGIT_ROWS = 128, /* of a gradient's block */
  RESIDUAL_DIGITS = 3,
  QUARTERS = 4, /* of the columns of a unit */
  TILE_NUMBERS = TILE_SIDE * TILE_SIDE,
  TILE_SIZE = TILE_SIDE * TILE_BYTES
};

/* Three digits of at most 127 make up to 8355711; the quotient and the product are rounded. */
#define LARGEST_RESIDUAL 8355700.0F
/* Smaller residuals are 0. */
#define SMALLEST_RESIDUAL 1e-30F

/* lines [units][32][64] = columns of up to 32 rows, with zeros beyond both. */
INLINE void copy_lines(uint8_t *lines, const uint8_t *x, int64_t stride, int64_t rows,
                       int64_t columns) {
  for (int64_t i = 0; i < BLOCK_SIDE; i++) {
    uint8_t *to = lines + i * TILE_BYTES;
    for (int64_t j = 0; j < columns; j += TILE_BYTES, to += BLOCK_SIDE * TILE_BYTES) {
      const int64_t left = i < rows ? columns - j : 0;
      const __mmask64 lanes = left >= TILE_BYTES ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1;
      _mm512_store_si512(to, _mm512_maskz_loadu_epi8(lanes, x + i * stride + j));
    }
  }
}

/* sums [2 digits][32][16] of all units of a pair of digits. */
INLINE void digit_pair(const uint8_t *lines, int64_t units, const int8_t *digits, bool first) {
  enum { UNIT_DIGITS = CLF__DIGITS * TILE_SIZE };
  if (first) {
    TILE_ZERO(0);
    TILE_ZERO(1);
    TILE_ZERO(2);
    TILE_ZERO(3);
  }
  for (int64_t u = 0; u < units; u++, lines += 2 * TILE_SIZE, digits += UNIT_DIGITS) {
    TILE_LOAD(4, lines, TILE_BYTES);
    TILE_LOAD(5, lines + TILE_SIZE, TILE_BYTES);
    TILE_LOAD(6, digits, TILE_BYTES);
    TILE_LOAD(7, digits + TILE_SIZE, TILE_BYTES);
    TILE_ADD_BYTES(0, 4, 6);
    TILE_ADD_BYTES(1, 4, 7);
    TILE_ADD_BYTES(2, 5, 6);
    TILE_ADD_BYTES(3, 5, 7);
  }
}

/* sums [4 digits][32][16] of 16 outputs. */
INLINE void digit_block(const clf__rows *x, int64_t row, int64_t rows, const int8_t *digits,
                        uint8_t *lines, int32_t *sums) {
  enum { UNIT_DIGITS = CLF__DIGITS * TILE_SIZE, WIDTH = DIGIT_LINES * TILE_BYTES };
  const uint8_t *from = (const uint8_t *)x->data + row * x->stride;
  for (int64_t pair = 0; pair < 2; pair++, sums += 2 * BLOCK_SIDE * TILE_SIDE) {
    for (int64_t column = 0; column < x->columns; column += WIDTH) {
      const int64_t columns = clf__min_i64(WIDTH, x->columns - column);
      const int8_t *part = digits + column / TILE_BYTES * UNIT_DIGITS + pair * 2 * TILE_SIZE;
      if (pair == 0 || x->columns > WIDTH) {
        copy_lines(lines, from + column, x->stride, rows, columns);
      }
      digit_pair(lines, clf__ceil_div(columns, TILE_BYTES), part, column == 0);
    }
    TILE_STORE(0, sums, TILE_BYTES);
    TILE_STORE(1, sums + BLOCK_SIDE * TILE_SIDE, TILE_BYTES);
    TILE_STORE(2, sums + TILE_NUMBERS, TILE_BYTES);
    TILE_STORE(3, sums + BLOCK_SIDE * TILE_SIDE + TILE_NUMBERS, TILE_BYTES);
  }
}

INLINE vector_f32 number_of(vector_i32 v) {
  return __builtin_convertvector(v, vector_f32);
}

/* The sums of digits, the first of which are the most significant, `step` numbers apart. */
INLINE vector_f32 value_of_digits(const int digits, const int32_t *sums, int64_t step) {
  vector_f32 value = number_of(load_i32(sums));
  UNROLL for (int d = 1; d < digits; d++) {
    value = value * 256 + number_of(load_i32(sums + d * step));
  }
  return value;
}

static void digit_outputs(const clf__digit_map *map, const clf__rows *x, float *out, int64_t ld,
                          int32_t worker) {
  uint8_t *lines = map->scratch + worker * CLF__DIGIT_SCRATCH; /* [DIGIT_LINES, 32, 64] */
  int32_t sums[CLF__DIGITS * BLOCK_SIDE * TILE_SIDE] __attribute__((aligned(TILE_BYTES)));
  const int64_t group_bytes = clf__ceil_div(x->columns, TILE_BYTES) * CLF__DIGITS * TILE_SIZE;
  tiles_begin(BLOCK_SIDE, BLOCK_SIDE);
  for (int64_t row = 0; row < x->rows; row += BLOCK_SIDE) {
    const int64_t rows = clf__min_i64(BLOCK_SIDE, x->rows - row);
    for (int64_t k = 0; k < map->outputs; k += TILE_SIDE) {
      const int64_t count = clf__min_i64(TILE_SIDE, map->outputs - k);
      const vector_f32 scale = load_f32(map->scales + k) * x->scale;
      const vector_f32 b = load_part_f32(map->b + k, count);
      digit_block(x, row, rows, map->digits + k / TILE_SIDE * group_bytes, lines, sums);
      for (int64_t i = 0; i < rows; i++) {
        const vector_f32 value =
            value_of_digits(CLF__DIGITS, sums + i * TILE_SIDE, BLOCK_SIDE * TILE_SIDE);
        store_part_f32(out + (row + i) * ld + k, value * scale + b, count);
      }
    }
  }
  tiles_end();
}

/* The largest size of up to 16 residuals of each row; false if one is not finite. */
INLINE bool largest_residuals(const float *r, int64_t ld, int64_t rows, int64_t outputs,
                              float *largest) {
  vector_i32 most = {0};
  for (int64_t i = 0; i < rows; i++) {
    const vector_i32 bits = (vector_i32)load_part_f32(r + i * ld, outputs) & 0x7fffffff;
    most = (vector_i32)_mm512_max_epi32((__m512i)most, (__m512i)bits);
  }
  store_f32(largest, (vector_f32)most);
  return _mm512_cmpge_epi32_mask((__m512i)most, _mm512_set1_epi32(0x7f800000)) == 0;
}

/* digits [3][2][16][64] = the digits of 16 outputs of up to 128 rows, in units of 64 rows. */
INLINE void split_residuals(const float *r, int64_t ld, int64_t rows, int64_t outputs,
                            const float *factors, int8_t *digits) {
  for (int64_t row = 0; row < DIGIT_ROWS; row += TILE_SIDE) {
    int8_t *to = digits + row / TILE_BYTES * TILE_SIZE + row % TILE_BYTES;
    __m512i lines[TILE_SIDE];
    UNROLL for (int i = 0; i < TILE_SIDE; i++) {
      const int64_t count = row + i < rows ? outputs : 0;
      lines[i] = (__m512i)load_part_f32(r + (row + i) * ld, count);
    }
    transpose_16(lines);
    for (int64_t k = 0; k < TILE_SIDE; k++, to += TILE_BYTES) {
      __m512i value = _mm512_cvtps_epi32(
          _mm512_mul_ps(_mm512_castsi512_ps(lines[k]), _mm512_set1_ps(factors[k])));
      UNROLL for (int d = RESIDUAL_DIGITS - 1; d >= 0; d--) {
        _mm_storeu_si128((__m128i *)(void *)(to + d * 2 * TILE_SIZE), _mm512_cvtepi32_epi8(value));
        value = _mm512_srai_epi32(_mm512_add_epi32(value, _mm512_set1_epi32(128)), 8);
      }
    }
  }
}

/* tiles [4][2][16][16][4] of 64 columns of up to 128 rows, with zeros beyond both. */
INLINE void interleave_rows(uint8_t *tiles, const uint8_t *x, int64_t stride, int64_t rows,
                            int64_t columns) {
  const __mmask64 lanes = columns >= TILE_BYTES ? ~(__mmask64)0 : ((__mmask64)1 << columns) - 1;
  for (int64_t row = 0; row < DIGIT_ROWS; row += 4, tiles += TILE_BYTES) {
    __m512i line[4];
    UNROLL for (int i = 0; i < 4; i++) {
      line[i] = _mm512_maskz_loadu_epi8(row + i < rows ? lanes : 0, x + (row + i) * stride);
    }
    const __m512i low01 = _mm512_unpacklo_epi8(line[0], line[1]);
    const __m512i high01 = _mm512_unpackhi_epi8(line[0], line[1]);
    const __m512i low23 = _mm512_unpacklo_epi8(line[2], line[3]);
    const __m512i high23 = _mm512_unpackhi_epi8(line[2], line[3]);
    _mm512_store_si512(tiles, _mm512_unpacklo_epi16(low01, low23));
    _mm512_store_si512(tiles + 2 * TILE_SIZE, _mm512_unpackhi_epi16(low01, low23));
    _mm512_store_si512(tiles + 4 * TILE_SIZE, _mm512_unpacklo_epi16(high01, high23));
    _mm512_store_si512(tiles + 6 * TILE_SIZE, _mm512_unpackhi_epi16(high01, high23));
  }
}

/* sums [4][3][16][16] of 64 columns. */
INLINE void multiply_residuals(const int8_t *digits, const uint8_t *tiles, int32_t *sums) {
  for (int64_t t = 0; t < QUARTERS; t++, tiles += 2 * TILE_SIZE) {
    TILE_ZERO(0);
    TILE_ZERO(1);
    TILE_ZERO(2);
    for (int64_t half = 0; half < 2; half++) {
      const int8_t *from = digits + half * TILE_SIZE;
      TILE_LOAD(7, tiles + half * TILE_SIZE, TILE_BYTES);
      TILE_LOAD(4, from, TILE_BYTES);
      TILE_LOAD(5, from + 2 * TILE_SIZE, TILE_BYTES);
      TILE_LOAD(6, from + 4 * TILE_SIZE, TILE_BYTES);
      TILE_ADD_SIGNED(0, 4, 7);
      TILE_ADD_SIGNED(1, 5, 7);
      TILE_ADD_SIGNED(2, 6, 7);
    }
    int32_t *to = sums + t * RESIDUAL_DIGITS * TILE_NUMBERS;
    TILE_STORE(0, to, TILE_BYTES);
    TILE_STORE(1, to + TILE_NUMBERS, TILE_BYTES);
    TILE_STORE(2, to + 2 * TILE_NUMBERS, TILE_BYTES);
  }
}

/* to [64] += scale times the sums of an output, in the order of the columns. */
INLINE void add_ordered(const int32_t *sums, float scale, int64_t columns, float *to) {
  __m512 t[QUARTERS];
  UNROLL for (int i = 0; i < QUARTERS; i++) {
    t[i] = (__m512)value_of_digits(RESIDUAL_DIGITS, sums + i * RESIDUAL_DIGITS * TILE_NUMBERS,
                                   TILE_NUMBERS);
  }
  const __m512 low01 = _mm512_shuffle_f32x4(t[0], t[1], 0x44);
  const __m512 high01 = _mm512_shuffle_f32x4(t[0], t[1], 0xee);
  const __m512 low23 = _mm512_shuffle_f32x4(t[2], t[3], 0x44);
  const __m512 high23 = _mm512_shuffle_f32x4(t[2], t[3], 0xee);
  const __m512 ordered[QUARTERS] = {
      _mm512_shuffle_f32x4(low01, low23, 0x88), _mm512_shuffle_f32x4(low01, low23, 0xdd),
      _mm512_shuffle_f32x4(high01, high23, 0x88), _mm512_shuffle_f32x4(high01, high23, 0xdd)};
  UNROLL for (int i = 0; i < QUARTERS; i++) {
    const int64_t left = clf__min_i64(TILE_SIDE, columns - i * TILE_SIDE);
    if (left > 0) {
      const vector_f32 before = load_lanes(to + i * TILE_SIDE, left);
      store_lanes(to + i * TILE_SIDE, before + scale * (vector_f32)ordered[i], left);
    }
  }
}

/* What a worker needs for the gradient of a block. */
typedef struct residual_scratch {
  int8_t digits[2 * RESIDUAL_DIGITS * TILE_SIZE];
  uint8_t tiles[2 * QUARTERS * TILE_SIZE];
  int32_t sums[QUARTERS * RESIDUAL_DIGITS * TILE_NUMBERS];
} residual_scratch;

_Static_assert(sizeof(residual_scratch) <= CLF__DIGIT_SCRATCH, "a worker's memory");
_Static_assert(DIGIT_LINES * 2 * TILE_SIZE <= CLF__DIGIT_SCRATCH, "a worker's memory");

/* Adds a block of up to 128 rows, for up to 16 outputs. */
INLINE void digit_gradient_block(const clf__rows *x, const float *r, int64_t ld, int64_t outputs,
                                 residual_scratch *scratch, float *sums) {
  float largest[TILE_SIDE], factors[TILE_SIDE];
  largest_residuals(r, ld, x->rows, outputs, largest);
  for (int64_t k = 0; k < TILE_SIDE; k++) {
    factors[k] = largest[k] >= SMALLEST_RESIDUAL ? LARGEST_RESIDUAL / largest[k] : 0;
  }
  split_residuals(r, ld, x->rows, outputs, factors, scratch->digits);
  for (int64_t j = 0; j < x->columns; j += TILE_BYTES) {
    const int64_t columns = x->columns - j;
    interleave_rows(scratch->tiles, (const uint8_t *)x->data + j, x->stride, x->rows, columns);
    multiply_residuals(scratch->digits, scratch->tiles, scratch->sums);
    for (int64_t k = 0; k < outputs; k++) {
      const float scale = largest[k] / LARGEST_RESIDUAL * x->scale;
      add_ordered(scratch->sums + k * TILE_SIDE, scale, columns, sums + k * x->columns + j);
    }
  }
}

static bool digit_gradient(const clf__digit_map *map, const clf__rows *x, const float *r,
                           float *sums, int32_t worker) {
  void *scratch = map->scratch + worker * CLF__DIGIT_SCRATCH;
  const int64_t outputs = map->outputs;
  float largest[TILE_SIDE];
  for (int64_t k = 0; k < outputs; k += TILE_SIDE) {
    const int64_t count = clf__min_i64(TILE_SIDE, outputs - k);
    if (!largest_residuals(r + k, outputs, x->rows, count, largest)) {
      return false;
    }
  }
  tiles_begin(BLOCK_SIDE, BLOCK_SIDE);
  for (int64_t row = 0; row < x->rows; row += DIGIT_ROWS) {
    clf__rows block = *x;
    block.rows = clf__min_i64(DIGIT_ROWS, x->rows - row);
    block.data = (const uint8_t *)x->data + row * x->stride;
    for (int64_t k = 0; k < outputs; k += TILE_SIDE) {
      digit_gradient_block(&block, r + row * outputs + k, outputs,
                           clf__min_i64(TILE_SIDE, outputs - k), scratch, sums + k * x->columns);
    }
  }
  tiles_end();
  return true;
}

const clf__digit_kernels FAMILY(digit_kernels) = {digit_outputs, digit_gradient};
