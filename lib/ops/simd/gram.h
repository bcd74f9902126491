/* Products of the columns of packed rows with each other, included for f32 and for u8:
 *   UNIT, SUM        4 bytes of a packed column, and a vector of sums
 *   LOAD, BROADCAST  a vector of units; one unit in all lanes
 *   ADD              sum + products of two vectors of units
 *   STEPS            after which the sums are added in f64: f32 sums before they lose accuracy,
 *                    integers before they overflow
 *   NAME(x)          x with a suffix of its own */

/* c[rows, vectors] += the products of TILE_ROWS columns of a and some vectors of columns of b, of
 * which `columns` count. */
INLINE void NAME(gram_tile)(const int vectors, const UNIT *a, const UNIT *b, int64_t steps,
                            int64_t rows, int64_t columns, double *c, int64_t ldc) {
  SUM sums[TILE_ROWS][TILE_VECTORS];
  UNROLL for (int i = 0; i < TILE_ROWS; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      sums[i][j] = (SUM){0};
    }
  }
  for (int64_t step = 0; step < steps; step++, a += WIDTH_F32, b += WIDTH_F32) {
    SUM right[TILE_VECTORS];
    UNROLL for (int j = 0; j < vectors; j++) {
      right[j] = LOAD(b + j * LANES_F32);
    }
    UNROLL for (int i = 0; i < TILE_ROWS; i++) {
      const SUM left = BROADCAST(a + i);
      UNROLL for (int j = 0; j < vectors; j++) {
        sums[i][j] = ADD(sums[i][j], left, right[j]);
      }
    }
  }
  UNROLL for (int i = 0; i < TILE_ROWS; i++, c += ldc) {
    UNIT row[WIDTH_F32];
    UNROLL for (int j = 0; j < vectors; j++) {
      memcpy(row + j * LANES_F32, &sums[i][j], sizeof sums[i][j]);
    }
    for (int64_t j = 0; i < rows && j < columns; j++) {
      c[j] += (double)row[j];
    }
  }
}

/* In a product of a panel with itself, vectors below the diagonal are left out. */
static void NAME(gram_add)(const void *panel_a, const void *panel_b, int64_t steps, int64_t rows,
                           int64_t columns, double *c, int64_t ldc) {
  for (int64_t step = 0; step < steps; step += STEPS) {
    const UNIT *a = (const UNIT *)panel_a + step * WIDTH_F32;
    const UNIT *b = (const UNIT *)panel_b + step * WIDTH_F32;
    const int64_t count = clf__min_i64(STEPS, steps - step);
    for (int64_t i = 0; i < rows; i += TILE_ROWS) {
      const int64_t height = clf__min_i64(TILE_ROWS, rows - i);
      const int64_t skip = panel_a == panel_b ? i / LANES_F32 * LANES_F32 : 0;
      const int64_t left = columns - skip;
      double *to = c + i * ldc + skip;
      if (left <= LANES_F32) {
        NAME(gram_tile)(1, a + i, b + skip, count, height, left, to, ldc);
      } else if (left <= 2 * LANES_F32) {
        NAME(gram_tile)(2, a + i, b + skip, count, height, left, to, ldc);
      } else {
        NAME(gram_tile)(TILE_VECTORS, a + i, b + skip, count, height, left, to, ldc);
      }
    }
  }
}

#undef UNIT
#undef SUM
#undef LOAD
#undef BROADCAST
#undef ADD
#undef STEPS
#undef NAME
