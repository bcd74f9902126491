/* Quantized products by tiles (tiles.h). A unit is 64 elements, what an instruction takes of a row.
 * The floor is 1024 multiply-adds a cycle, and some 8 instructions to finish 16 sums, half as much
 * where the depth is 512. Rows that do not begin at cache lines take nearly twice the time. */

enum { INT8_COLUMNS = BLOCK_SIDE, INT8_GROUP = TILE_BYTES, INT8_UNIT = TILE_BYTES };

/* [units][groups of 4 elements][columns of the panel][4], with zeros beyond the depth and the
 * columns. */
static void int8_pack(const int8_t *w, int64_t stride, int64_t depth, int64_t columns, void *out) {
  enum { ELEMENTS = 4 };
  const int64_t width = clf__round_up(columns, TILE_SIDE), steps = clf__round_up(depth, INT8_GROUP);
  int8_t *to = out;
  for (int64_t step = 0; step < steps; step += ELEMENTS) {
    for (int64_t column = 0; column < width; column++) {
      for (int64_t k = step; k < step + ELEMENTS; k++) {
        *to++ = k < depth && column < columns ? w[k * stride + column] : 0;
      }
    }
  }
}

/* The products of a block of rows that begin at `x` with a panel. */
INLINE void int8_block(const bool high, const bool wide, const clf__int8_product *p,
                       const uint8_t *x, const int8_t *w, int32_t *sums) {
  enum { SUMS_BYTES = 4 * BLOCK_SIDE };
  const int64_t x_bytes = p->row_step, w_bytes = (wide ? 2 : 1) * TILE_BYTES;
  TILE_ZERO(0);
  TILE_ZERO(1);
  TILE_ZERO(2);
  TILE_ZERO(3);
  for (int64_t s = 0; s < p->segment_count; s++) {
    const uint8_t *top = x + p->segments[s], *low = top + TILE_SIDE * x_bytes;
    for (int64_t unit = 0; unit < p->segment_units;
         unit++, top += INT8_GROUP, low += INT8_GROUP, w += TILE_SIDE * w_bytes) {
      TILE_LOAD(4, top, x_bytes);
      TILE_LOAD(6, w, w_bytes);
      TILE_ADD_BYTES(0, 4, 6);
      if (wide) {
        TILE_LOAD(7, w + TILE_BYTES, w_bytes);
        TILE_ADD_BYTES(1, 4, 7);
      }
      if (high) {
        TILE_LOAD(5, low, x_bytes);
        TILE_ADD_BYTES(2, 5, 6);
      }
      if (high && wide) {
        TILE_ADD_BYTES(3, 5, 7);
      }
    }
  }
  TILE_STORE(0, sums, SUMS_BYTES);
  if (wide) {
    TILE_STORE(1, sums + TILE_SIDE, SUMS_BYTES);
  }
  if (high) {
    TILE_STORE(2, sums + TILE_SIDE * BLOCK_SIDE, SUMS_BYTES);
  }
  if (high && wide) {
    TILE_STORE(3, sums + TILE_SIDE * BLOCK_SIDE + TILE_SIDE, SUMS_BYTES);
  }
}

/* All panels for `rows` rows from `first` on, in blocks of one height. */
static void int8_rows(const clf__int8_product *p, int64_t first, int64_t rows) {
  int32_t sums[BLOCK_SIDE * BLOCK_SIDE] __attribute__((aligned(TILE_BYTES)));
  const int64_t units = p->segment_count * p->segment_units;
  const int64_t height = clf__min_i64(rows, BLOCK_SIDE);
  const bool high = height > TILE_SIDE;
  const int8_t *w = p->panels;
  tiles_begin(height, BLOCK_SIDE);
  for (int64_t column = 0; column < p->columns; column += BLOCK_SIDE) {
    const int64_t left = p->columns - column, vectors = left > TILE_SIDE ? 2 : 1;
    for (int64_t row = first; row < first + rows; row += BLOCK_SIDE) {
      const uint8_t *x = (const uint8_t *)p->x + row * p->row_step;
      if (high && vectors == 2) {
        int8_block(true, true, p, x, w, sums);
      } else if (high) {
        int8_block(true, false, p, x, w, sums);
      } else if (vectors == 2) {
        int8_block(false, true, p, x, w, sums);
      } else {
        int8_block(false, false, p, x, w, sums);
      }
      for (int64_t i = 0; i < height; i++) {
        for (int64_t j = 0; j < vectors * TILE_SIDE; j += TILE_SIDE) {
          finish_int8(&p->finish, column + j, load_i32(sums + i * BLOCK_SIDE + j),
                      p->y + (row + i) * p->ldy + column + j, clf__min_i64(TILE_SIDE, left - j));
        }
      }
    }
    w += units * vectors * TILE_SIDE * INT8_UNIT;
  }
}

static void int8_multiply(const clf__int8_product *p) {
  const int64_t rest = p->rows % BLOCK_SIDE;
  if (p->rows > rest) {
    int8_rows(p, 0, p->rows - rest);
  }
  if (rest > 0) {
    int8_rows(p, p->rows - rest, rest);
  }
  tiles_end();
}
