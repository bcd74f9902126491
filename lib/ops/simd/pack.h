/* Packing of panels, included once for each element type (REAL, LANES, NAME as in product.h). */

typedef REAL NAME(quad) __attribute__((vector_size(4 * sizeof(REAL))));

/* to[4][] = from[4][] transposed, by two rounds of interleaving. */
INLINE void NAME(transpose_4)(REAL *to, int64_t to_stride, const REAL *from, int64_t stride) {
  NAME(quad) row[4], pair[4];
  for (int i = 0; i < 4; i++) {
    memcpy(&row[i], from + i * stride, sizeof row[i]);
  }
  pair[0] = SHUFFLE(row[0], row[1], 0, 4, 1, 5);
  pair[1] = SHUFFLE(row[0], row[1], 2, 6, 3, 7);
  pair[2] = SHUFFLE(row[2], row[3], 0, 4, 1, 5);
  pair[3] = SHUFFLE(row[2], row[3], 2, 6, 3, 7);
  row[0] = SHUFFLE(pair[0], pair[2], 0, 1, 4, 5);
  row[1] = SHUFFLE(pair[0], pair[2], 2, 3, 6, 7);
  row[2] = SHUFFLE(pair[1], pair[3], 0, 1, 4, 5);
  row[3] = SHUFFLE(pair[1], pair[3], 2, 3, 6, 7);
  for (int i = 0; i < 4; i++) {
    memcpy(to + i * to_stride, &row[i], sizeof row[i]);
  }
}

/* Element (step, column) at b[column * stride + step]. */
static void NAME(pack_transposed)(REAL *out, const REAL *b, int64_t stride, int64_t depth,
                                  int64_t columns) {
  enum { WIDTH = TILE_VECTORS * LANES, STEPS = 16 };
  const int64_t whole = columns - columns % 4;
  for (int64_t first = 0; first < depth; first += STEPS) {
    const int64_t steps = depth - first < STEPS ? depth - first : STEPS;
    REAL *to = out + first * WIDTH;
    for (int64_t column = 0; column < columns; column += column < whole ? 4 : 1) {
      const REAL *from = b + column * stride + first;
      int64_t step = 0;
      for (; column < whole && step + 4 <= steps; step += 4) {
        NAME(transpose_4)(to + step * WIDTH + column, WIDTH, from + step, stride);
      }
      for (; step < steps; step++) {
        for (int64_t j = 0; j < (column < whole ? 4 : 1); j++) {
          to[step * WIDTH + column + j] = from[j * stride + step];
        }
      }
    }
  }
}

/* Copies `count` elements from each of `depth` lines; the count is a constant if possible. */
INLINE void NAME(pack_lines)(REAL *to, int64_t to_stride, const REAL *from, int64_t stride,
                             int64_t depth, int64_t count) {
  for (int64_t step = 0; step < depth; step++, to += to_stride, from += stride) {
    memcpy(to, from, (size_t)count * sizeof(REAL));
  }
}

static void NAME(pack_rows)(void *out, const void *a, int64_t a_row, int64_t a_step, int64_t depth,
                            int64_t rows) {
  (void)a_row;
  if (rows == TILE_ROWS) {
    NAME(pack_lines)(out, TILE_ROWS, a, a_step, depth, TILE_ROWS);
  } else {
    NAME(pack_lines)(out, TILE_ROWS, a, a_step, depth, rows);
  }
}

static void NAME(pack)(void *out, const void *b, int64_t b_step, int64_t b_column, int64_t depth,
                       int64_t columns) {
  enum { WIDTH = TILE_VECTORS * LANES };
  const size_t padding = (size_t)((LANES - columns % LANES) % LANES) * sizeof(REAL);
  REAL *to = out;
  if (b_column != 1) {
    NAME(pack_transposed)(to, b, b_column, depth, columns);
  } else if (columns == WIDTH) {
    NAME(pack_lines)(to, WIDTH, b, b_step, depth, WIDTH);
  } else {
    NAME(pack_lines)(to, WIDTH, b, b_step, depth, columns);
  }
  for (int64_t step = 0; padding > 0 && step < depth; step++) {
    memset(to + step * WIDTH + columns, 0, padding);
  }
}

#undef REAL
#undef LANES
#undef NAME
