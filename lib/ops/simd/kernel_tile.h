/* Tiles of kernel matrices, included for f32 and for u8:
 *   UNIT, SUM        4 bytes of a packed row, and a vector of sums
 *   LOAD, BROADCAST  a vector of units; one unit in all lanes
 *   ADD              sum + products of a vector of columns by one of a row
 *   DEPTH            steps after which sums are set aside and restarted
 *   VALUE            the product, or for rbf the squared distance, of a vector of sums
 *   NAME(x)          x with a suffix of its own
 *
 * A tile stays in registers over DEPTH steps, and then in the first-level cache until the kernel
 * function is applied. Steps in which all its rows are 0 are omitted. For images of digits, half of
 * the steps remain with 8 rows by 4 features, and two fifths with 4 rows by 2 features; without
 * zeros a step costs only one extra look-up. Every sum is formed in the same order, whichever tile
 * it is in and whichever side its rows are on, so K(x, z) and K(z, x) have the same bits. */

INLINE void NAME(kernel_tile)(const int height, const int vectors, const UNIT *a,
                              const int32_t *place, const UNIT *b, int64_t steps, UNIT *to) {
  for (int64_t done = 0; done == 0 || done < steps; done += DEPTH, place++) {
    const UNIT *stretch = b + done * WIDTH_F32;
    SUM sums[TILE_ROWS][TILE_VECTORS];
    UNROLL for (int i = 0; i < height; i++) {
      UNROLL for (int j = 0; j < vectors; j++) {
        sums[i][j] = (SUM){0};
      }
    }
    for (; *place >= 0; place++, a += TILE_ROWS) {
      const UNIT *columns = stretch + *place;
      SUM right[TILE_VECTORS];
      UNROLL for (int j = 0; j < vectors; j++) {
        right[j] = LOAD(columns + j * LANES_F32);
      }
      UNROLL for (int i = 0; i < height; i++) {
        const SUM left = BROADCAST(a + i);
        UNROLL for (int j = 0; j < vectors; j++) {
          sums[i][j] = ADD(sums[i][j], left, right[j]);
        }
      }
    }
    UNROLL for (int i = 0; i < height; i++) {
      UNROLL for (int j = 0; j < vectors; j++) {
        UNIT *kept = to + i * WIDTH_F32 + j * LANES_F32;
        const SUM sum = done == 0 ? sums[i][j] : LOAD(kept) + sums[i][j];
        memcpy(kept, &sum, sizeof sum);
      }
    }
  }
}

INLINE void NAME(kernel_heights)(const int vectors, const UNIT *a, const int32_t *places,
                                 const UNIT *b, int64_t steps, int64_t rows, UNIT *to) {
  if (rows > 4) {
    NAME(kernel_tile)(TILE_ROWS, vectors, a, places, b, steps, to);
  } else if (rows > 2) {
    NAME(kernel_tile)(4, vectors, a, places, b, steps, to);
  } else if (rows == 2) {
    NAME(kernel_tile)(2, vectors, a, places, b, steps, to);
  } else {
    NAME(kernel_tile)(1, vectors, a, places, b, steps, to);
  }
}

/* Stores lanes skip … skip + columns - 1 of some vectors of each row of the tile at `row`. */
INLINE void NAME(finish_kind)(const int kind, const clf__kernel_tiles *t, const UNIT *sums,
                              int64_t row, const UNIT *column_norms, int64_t skip, int64_t columns,
                              float *out) {
  const UNIT *row_norms = (const UNIT *)t->a_norms + row;
  const int64_t rows = clf__min_i64(TILE_ROWS, t->rows - row);
  const int64_t vectors = (skip + columns + LANES_F32 - 1) / LANES_F32;
  const bool whole = skip == 0 && columns % LANES_F32 == 0;
  out += row * t->ld;
  for (int64_t i = 0; i < rows; i++, sums += WIDTH_F32, out += t->ld) {
    _Alignas(64) float line[WIDTH_F32];
    float *to = whole ? out : line;
    for (int64_t j = 0; j < vectors * LANES_F32; j += LANES_F32) {
      const vector_f32 v =
          VALUE(kind == CLF__KERNEL_RBF, LOAD(sums + j), row_norms[i], LOAD(column_norms + j));
      store_f32(to + j, kernel_of(kind, &t->map, v));
    }
    if (!whole) {
      memcpy(out, line + skip, (size_t)columns * sizeof *out);
    }
  }
}

static void NAME(finish)(const clf__kernel_tiles *t, const UNIT *sums, int64_t row,
                         const UNIT *column_norms, int64_t skip, int64_t columns, float *out) {
  switch (t->map.kind) {
  case CLF__KERNEL_POLYNOMIAL:
    NAME(finish_kind)(CLF__KERNEL_POLYNOMIAL, t, sums, row, column_norms, skip, columns, out);
    break;
  case CLF__KERNEL_RBF:
    NAME(finish_kind)(CLF__KERNEL_RBF, t, sums, row, column_norms, skip, columns, out);
    break;
  case CLF__KERNEL_SIGMOID:
    NAME(finish_kind)(CLF__KERNEL_SIGMOID, t, sums, row, column_norms, skip, columns, out);
    break;
  default:
    NAME(finish_kind)(CLF__KERNEL_LINEAR, t, sums, row, column_norms, skip, columns, out);
    break;
  }
}

/* Combines all rows with the columns skip … skip + columns - 1 of a panel. */
static void NAME(kernel_panel)(const clf__kernel_tiles *t, const UNIT *b, const UNIT *column_norms,
                               int64_t skip, int64_t columns, float *out) {
  const int64_t stored = clf__round_up(t->steps, CLF__TILE_STEPS);
  const int64_t vectors = (skip + columns + LANES_F32 - 1) / LANES_F32;
  const UNIT *a = (const UNIT *)(const void *)t->a;
  const int32_t *places = t->places;
  _Alignas(64) UNIT sums[TILE_ROWS * WIDTH_F32];
  for (int64_t row = 0; row < t->rows; row += TILE_ROWS) {
    const int64_t rows = clf__min_i64(TILE_ROWS, t->rows - row);
    if (vectors == 1) {
      NAME(kernel_heights)(1, a, places, b, t->steps, rows, sums);
    } else if (vectors == 2) {
      NAME(kernel_heights)(2, a, places, b, t->steps, rows, sums);
    } else {
      NAME(kernel_heights)(TILE_VECTORS, a, places, b, t->steps, rows, sums);
    }
    NAME(finish)(t, sums, row, column_norms, skip, columns, out);
    a += stored * TILE_ROWS;
    places += clf__tile_places(t->steps, DEPTH);
  }
}

static void NAME(kernel_multiply)(const clf__kernel_tiles *t) {
  const int64_t stored = clf__round_up(t->steps, CLF__TILE_STEPS);
  const UNIT *b = (const UNIT *)(const void *)t->b, *column_norms = t->b_norms;
  for (int64_t column = t->first; column < t->first + t->columns;) {
    const int64_t inside = column % WIDTH_F32, vector = inside / LANES_F32 * LANES_F32;
    const int64_t columns = clf__min_i64(WIDTH_F32 - inside, t->first + t->columns - column);
    NAME(kernel_panel)
    (t, b + (column - inside) * stored + vector, column_norms + column - inside + vector,
     inside - vector, columns, t->out + column - t->first);
    column += columns;
  }
}

#undef UNIT
#undef SUM
#undef LOAD
#undef BROADCAST
#undef ADD
#undef DEPTH
#undef VALUE
#undef NAME
