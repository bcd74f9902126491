/* Exact products of u8 rows by tiles (tiles.h), for many rows at once. The columns are packed as
 * for the instruction VNNI (kernel_pack.h): bytes z - 128, whose sums the rows' terms correct. Rows
 * are packed by 16: first units of 64 bytes, 16 by 64, then the rest of all rows. A block has 32
 * rows by 16 columns: its 2 products of a unit take 32 cycles, longer than its 3 loads, so that a
 * value of 784 bytes takes 0.8 cycles. By VNNI it takes 6 cycles, or 3 where half of the steps are
 * 0, which tiles do not omit. */
#include "ops/kernelfn/kernel_matrix.h"
#include "ops/kernelfn/kernel_tiles.h"

#include "ops/simd/math.h"

#include "ops/simd/kernel_map.h"

enum { UNIT_STEPS = TILE_BYTES / 4 }; /* of 4 bytes */

static void pack_byte_rows(int32_t *out, int32_t *places, void *norms, const clf__row_pick *from,
                           const clf__row_map *map, bool distances) {
  const int64_t columns = from->x->columns;
  const int64_t stored = 4 * clf__round_up(clf__ceil_div(columns, 4), CLF__TILE_STEPS);
  int32_t *row_norms = norms;
  uint8_t *to = (uint8_t *)out;
  (void)places;
  (void)map;
  memset(out, 0, (size_t)(BLOCK_SIDE * stored));
  for (int64_t i = 0; i < BLOCK_SIDE; i++) {
    uint32_t sum = 0, squares = 0;
    uint8_t *half = to + i / TILE_SIDE * TILE_SIDE * stored;
    const int64_t row = i % TILE_SIDE;
    const uint8_t *x = i >= from->count ? NULL
                                        : (const uint8_t *)from->x->data +
                                              clf__row_picked(from, i) * from->x->stride;
    for (int64_t k = 0; x != NULL && k < columns; k += TILE_BYTES) {
      const int64_t width = clf__min_i64(TILE_BYTES, stored - k);
      memcpy(half + TILE_SIDE * k + row * width, x + k, (size_t)clf__min_i64(width, columns - k));
    }
    for (int64_t k = 0; x != NULL && k < columns; k++) {
      sum += x[k];
      squares += (uint32_t)(x[k] * x[k]);
    }
    row_norms[i] = (int32_t)(distances ? squares - 2u * BIAS * sum : BIAS * sum);
  }
}

/* The last unit may be shorter: tiles 4 and 5 of rows and 7 of columns have its shape. */
INLINE void byte_shapes(int64_t rest) {
  tile_shapes shapes = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    const bool last = i == 4 || i == 5;
    shapes.rows[i] = (uint8_t)(i == 7 && rest > 0 ? rest : TILE_SIDE);
    shapes.row_bytes[i] = (uint16_t)(last && rest > 0 ? 4 * rest : TILE_BYTES);
  }
  __asm__ volatile("ldtilecfg %0" : : "m"(shapes));
}

/* sums [32, 16] = the products of a block; only its first 16 rows if it is not `high`. */
INLINE void byte_block(const bool high, const int32_t *a, const int32_t *b, int64_t stored,
                       int32_t *sums) {
  const int32_t *low = a + TILE_SIDE * stored;
  const int64_t pitch = 4 * WIDTH_F32;
  TILE_ZERO(0);
  TILE_ZERO(1);
  int64_t step = 0;
  for (; step + UNIT_STEPS <= stored; step += UNIT_STEPS) {
    TILE_LOAD(6, b + step * WIDTH_F32, pitch);
    TILE_LOAD(2, a + TILE_SIDE * step, TILE_BYTES);
    TILE_ADD_BYTES(0, 2, 6);
    if (high) {
      TILE_LOAD(3, low + TILE_SIDE * step, TILE_BYTES);
      TILE_ADD_BYTES(1, 3, 6);
    }
  }
  if (step < stored) {
    TILE_LOAD(7, b + step * WIDTH_F32, pitch);
    TILE_LOAD(4, a + TILE_SIDE * step, 4 * (stored - step));
    TILE_ADD_BYTES(0, 4, 7);
    if (high) {
      TILE_LOAD(5, low + TILE_SIDE * step, 4 * (stored - step));
      TILE_ADD_BYTES(1, 5, 7);
    }
  }
  TILE_STORE(0, sums, TILE_BYTES);
  if (high) {
    TILE_STORE(1, sums + TILE_SIDE * TILE_SIDE, TILE_BYTES);
  }
}

/* Applies the function to lanes skip … skip + columns - 1 of a block. */
INLINE void byte_finish_kind(const int kind, const clf__kernel_tiles *t, const int32_t *sums,
                             int64_t row, const int32_t *column_norms, int64_t skip,
                             int64_t columns, float *out) {
  const uint32_t *row_norms = (const uint32_t *)t->a_norms + row;
  const int64_t rows = clf__min_i64(BLOCK_SIDE, t->rows - row);
  const vector_u32 norms = (vector_u32)load_i32(column_norms);
  const __mmask16 lanes = (__mmask16)(((1u << columns) - 1) << skip);
  for (int64_t i = 0; i < rows; i++, sums += TILE_SIDE) {
    const vector_u32 s = (vector_u32)load_i32(sums);
    const vector_u32 value = (kind == CLF__KERNEL_RBF ? norms - 2 * s : s) + row_norms[i];
    const vector_f32 v = __builtin_convertvector((vector_i32)value, vector_f32);
    _mm512_mask_storeu_ps(out + i * t->ld - skip, lanes, (__m512)kernel_of(kind, &t->map, v));
  }
}

static void byte_finish(const clf__kernel_tiles *t, const int32_t *sums, int64_t row,
                        const int32_t *column_norms, int64_t skip, int64_t columns, float *out) {
  switch (t->map.kind) {
  case CLF__KERNEL_POLYNOMIAL:
    byte_finish_kind(CLF__KERNEL_POLYNOMIAL, t, sums, row, column_norms, skip, columns, out);
    break;
  case CLF__KERNEL_RBF:
    byte_finish_kind(CLF__KERNEL_RBF, t, sums, row, column_norms, skip, columns, out);
    break;
  case CLF__KERNEL_SIGMOID:
    byte_finish_kind(CLF__KERNEL_SIGMOID, t, sums, row, column_norms, skip, columns, out);
    break;
  default:
    byte_finish_kind(CLF__KERNEL_LINEAR, t, sums, row, column_norms, skip, columns, out);
    break;
  }
}

static void byte_multiply(const clf__kernel_tiles *t) {
  int32_t sums[BLOCK_SIDE * TILE_SIDE] __attribute__((aligned(TILE_BYTES)));
  const int64_t stored = clf__round_up(t->steps, CLF__TILE_STEPS), end = t->first + t->columns;
  const int32_t *column_norms = t->b_norms;
  byte_shapes(stored % UNIT_STEPS);
  for (int64_t column = t->first / TILE_SIDE * TILE_SIDE; column < end; column += TILE_SIDE) {
    const int64_t first = column > t->first ? column : t->first;
    const int64_t columns = clf__min_i64(column + TILE_SIDE, end) - first;
    const int64_t inside = column % WIDTH_F32;
    const int32_t *b = t->b + (column - inside) * stored + inside;
    for (int64_t row = 0; row < t->rows; row += BLOCK_SIDE) {
      const int64_t rows = clf__min_i64(BLOCK_SIDE, t->rows - row);
      const int32_t *a = t->a + row * stored;
      if (rows > TILE_SIDE) {
        byte_block(true, a, b, stored, sums);
      } else {
        byte_block(false, a, b, stored, sums);
      }
      byte_finish(t, sums, row, column_norms + column, first - column, columns,
                  t->out + row * t->ld + first - t->first);
    }
  }
  tiles_end();
}

const clf__tile_kernel FAMILY(byte_tiles) = {
    BLOCK_SIDE, WIDTH_F32, 4, CLF__EXACT_COLUMNS, pack_byte_rows, NULL, byte_multiply};
