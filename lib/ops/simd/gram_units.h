/* Units of packed columns. An f32 unit is the value of one row. A u8 unit is GROUP rows: four bytes
 * for the instruction that multiplies unsigned by signed bytes and adds four products, or two
 * 16-bit numbers for the older instruction that adds two products. For the former, 128 is
 * subtracted from one factor to make it signed, x z = (x - 128) z + 128 z. */

#include "ops/simd/units.h"

INLINE vector_f32 broadcast_f32(const float *from) {
  return *from - (vector_f32){0};
}

INLINE vector_f32 add_f32(vector_f32 sum, vector_f32 a, vector_f32 b) {
  return sum + a * b;
}

/* For tiles whose columns were packed as signed bytes; the rows are used as they are. */
INLINE vector_i32 broadcast_row_i32(const int32_t *from) {
  return *from - (vector_i32){0};
}

INLINE vector_i32 add_column_i32(vector_i32 sum, vector_i32 row, vector_i32 column) {
  return add_i32(sum, column, row);
}

/* Far fewer than 2^31 / (GROUP * 255 * 255). */
enum { U8_STEPS = 1024, F32_STEPS = 256 };

/* c[i, j] += BIAS times the sum of column j of a panel. */
INLINE void add_shift(const int32_t *panel, int64_t steps, int64_t rows, int64_t columns, double *c,
                      int64_t ldc) {
  const vector_i32 ones = 0x01010101 - (vector_i32){0};
  vector_i32 sums[TILE_VECTORS] = {0};
  int32_t sum[WIDTH_F32];
  for (int64_t step = 0; step < steps; step++, panel += WIDTH_F32) {
    UNROLL for (int j = 0; j < TILE_VECTORS; j++) {
      sums[j] = add_i32(sums[j], ones, load_i32(panel + j * LANES_F32));
    }
  }
  memcpy(sum, sums, sizeof sum);
  for (int64_t i = 0; i < rows; i++, c += ldc) {
    for (int64_t j = 0; j < columns; j++) {
      c[j] += BIAS * (double)sum[j];
    }
  }
}

static void gram_pack_u8(void *out, const uint8_t *x, int64_t stride, int64_t rows,
                         int64_t columns) {
  int32_t *to = out;
  for (int64_t row = 0; row < rows; row += GROUP, to += WIDTH_F32) {
    const uint8_t *from = x + row * stride;
    for (int64_t column = 0; column < columns; column += LANES_F32) {
      const int64_t left = columns - column;
      if (rows - row >= GROUP && left >= LANES_F32) {
        pack_unit(to + column, from + column, stride, GROUP, true, LANES_F32);
      } else {
        pack_unit(to + column, from + column, stride, clf__min_i64(GROUP, rows - row),
                  left >= LANES_F32, left);
      }
    }
  }
}

/* Padding columns become 0, because center and x are loaded as 0 there. */
static void gram_pack_centered(void *out, const clf__rows *x, int64_t first, int64_t columns,
                               const float *center, const float *root) {
  float *to = out;
  for (int64_t row = 0; row < x->rows; row++, to += WIDTH_F32) {
    const vector_f32 factor = (root == NULL ? 1 : root[row]) - (vector_f32){0};
    const int64_t at = row * x->stride + first;
    for (int64_t column = 0; column < columns; column += LANES_F32) {
      const int64_t left = columns - column;
      const bool whole = left >= LANES_F32;
      const uint8_t *bytes = (const uint8_t *)x->data + at + column;
      const float *values = (const float *)x->data + at + column;
      const vector_f32 middle =
          whole ? load_f32(center + column) : load_part_f32(center + column, left);
      vector_f32 value;
      if (x->dtype == CLF_U8) {
        value = whole ? load_u8(bytes) : load_part_u8(bytes, left);
      } else {
        value = whole ? load_f32(values) : load_part_f32(values, left);
      }
      store_f32(to + column, factor * (value - middle));
    }
  }
}
