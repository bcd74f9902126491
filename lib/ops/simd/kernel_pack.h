/* Rows packed for the tiles of kernel matrices: [steps, pitch] units of 4 bytes, the units of a
 * step side by side. A unit is an f32 value or GROUP bytes of a row, as in units.h. The bytes
 * of columns are made signed if the instruction requires it. Rows are converted into units in
 * pieces, and each piece is transposed. */

enum { PIECE = 64 }; /* units */

/* sums of 4-byte units are set aside after so many steps, so that long f32 sums keep their
 * digits */
enum { TILE_DEPTH = 256 };

/* Converts `count` units of a row, from unit `first` on. */
INLINE void units_of_f32(int32_t *out, const clf__rows *x, int64_t row, int64_t first,
                         int64_t count, const clf__row_map *map) {
  const int64_t at = row * x->stride + first;
  for (int64_t k = 0; k < count; k += LANES_F32) {
    const int64_t lanes = clf__min_i64(LANES_F32, count - k);
    vector_f32 v;
    if (x->dtype == CLF_U8) {
      v = load_part_u8((const uint8_t *)x->data + at + k, lanes) * x->scale;
    } else {
      v = load_part_f32((const float *)x->data + at + k, lanes);
    }
    if (map->center != NULL) {
      v -= load_part_f32(map->center + first + k, lanes);
    }
    v *= map->scale;
    store_f32((float *)(void *)(out + k), v); /* the piece has space for whole vectors */
  }
}

INLINE void units_of_u8(int32_t *out, const clf__rows *x, int64_t row, int64_t first, int64_t count,
                        int32_t flip) {
  const uint8_t *from = (const uint8_t *)x->data + row * x->stride + first * GROUP;
  const int64_t bytes = clf__min_i64(count * GROUP, x->columns - first * GROUP);
  if (GROUP == 4) {
    out[count - 1] = 0;
    memcpy(out, from, (size_t)bytes);
    for (int64_t k = 0; k < count; k++) {
      out[k] ^= flip;
    }
  } else {
    uint16_t *pairs = (uint16_t *)(void *)out;
    pairs[count * GROUP - 1] = 0;
    for (int64_t k = 0; k < bytes; k++) {
      pairs[k] = from[k];
    }
  }
}

INLINE void transpose_units(int32_t *to, const int64_t pitch, const int32_t *from) {
  quad_i32 row[4], pair[4];
  UNROLL for (int i = 0; i < 4; i++) {
    memcpy(&row[i], from + i * PIECE, sizeof row[i]);
  }
  pair[0] = SHUFFLE(row[0], row[1], 0, 4, 1, 5);
  pair[1] = SHUFFLE(row[0], row[1], 2, 6, 3, 7);
  pair[2] = SHUFFLE(row[2], row[3], 0, 4, 1, 5);
  pair[3] = SHUFFLE(row[2], row[3], 2, 6, 3, 7);
  row[0] = SHUFFLE(pair[0], pair[2], 0, 1, 4, 5);
  row[1] = SHUFFLE(pair[0], pair[2], 2, 3, 6, 7);
  row[2] = SHUFFLE(pair[1], pair[3], 0, 1, 4, 5);
  row[3] = SHUFFLE(pair[1], pair[3], 2, 3, 6, 7);
  UNROLL for (int i = 0; i < 4; i++) {
    memcpy(to + i * pitch, &row[i], sizeof row[i]);
  }
}

/* `pitch` and the allocated number of steps are multiples of 4. */
INLINE void pack_units(const bool bytes, const int64_t pitch, int32_t *out,
                       const clf__row_pick *from, const clf__row_map *map, int32_t flip) {
  _Alignas(64) int32_t piece[WIDTH_F32 * PIECE];
  const int64_t group = bytes ? GROUP : 1, steps = clf__ceil_div(from->x->columns, group);
  for (int64_t first = 0; first < steps; first += PIECE, out += PIECE * pitch) {
    const int64_t count = clf__min_i64(PIECE, steps - first);
    const int64_t whole = clf__round_up(count, CLF__TILE_STEPS);
    for (int64_t i = 0; i < pitch; i++) {
      int32_t *to = piece + i * PIECE;
      if (i >= from->count) {
        memset(to, 0, (size_t)whole * sizeof *to);
        continue;
      }
      memset(to + count, 0, (size_t)(whole - count) * sizeof *to);
      if (bytes) {
        units_of_u8(to, from->x, clf__row_picked(from, i), first, count, flip);
      } else {
        units_of_f32(to, from->x, clf__row_picked(from, i), first, count, map);
      }
    }
    for (int64_t step = 0; step < whole; step += 4) {
      for (int64_t i = 0; i < pitch; i += 4) {
        transpose_units(out + step * pitch + i, pitch, piece + i * PIECE + step);
      }
    }
  }
}

/* Computes the squared norms of packed rows by the same operations as a tile, so that the squared
 * distance of a row from itself is 0. */
INLINE void norms_of_f32(const int pitch, float *norms, const float *packed, int64_t steps) {
  enum { MAX_ROWS = WIDTH_F32 / 4 };
  quad_f32 total[MAX_ROWS] = {{0}};
  for (int64_t done = 0; done < steps; done += TILE_DEPTH) {
    const int64_t count = clf__min_i64(TILE_DEPTH, steps - done);
    quad_f32 sums[MAX_ROWS] = {{0}};
    for (int64_t step = 0; step < count; step++, packed += pitch) {
      UNROLL for (int i = 0; i < pitch / 4; i++) {
        quad_f32 v;
        memcpy(&v, packed + i * 4, sizeof v);
        sums[i] += v * v;
      }
    }
    for (int i = 0; i < pitch / 4; i++) {
      total[i] += sums[i];
    }
  }
  memcpy(norms, total, (size_t)pitch * sizeof *norms);
}

/* Removes from a packed tile the steps that are 0 in all rows. */
INLINE void keep_steps(int32_t *packed, int32_t *places, int64_t steps, const int64_t depth) {
  const int32_t *from = packed;
  for (int64_t done = 0; done == 0 || done < steps; done += depth) {
    const int64_t count = clf__min_i64(depth, steps - done);
    for (int64_t step = 0; step < count; step++, from += TILE_ROWS) {
      uint64_t any = 0;
      UNROLL for (int i = 0; i < TILE_ROWS; i += 2) {
        uint64_t two;
        memcpy(&two, from + i, sizeof two);
        memcpy(packed + i, &two, sizeof two);
        any |= two;
      }
      *places = (int32_t)step * WIDTH_F32;
      places += any != 0;
      packed += any != 0 ? TILE_ROWS : 0;
    }
    *places++ = -1;
  }
}

static void pack_tile_rows_f32(int32_t *out, int32_t *places, void *norms,
                               const clf__row_pick *from, const clf__row_map *map, bool distances) {
  (void)distances;
  pack_units(false, TILE_ROWS, out, from, map, 0);
  norms_of_f32(TILE_ROWS, norms, (const float *)(const void *)out, from->x->columns);
  keep_steps(out, places, from->x->columns, TILE_DEPTH);
}

static void pack_tile_columns_f32(int32_t *out, void *norms, const clf__row_pick *from,
                                  const clf__row_map *map, bool distances) {
  (void)distances;
  pack_units(false, WIDTH_F32, out, from, map, 0);
  norms_of_f32(WIDTH_F32, norms, (const float *)(const void *)out, from->x->columns);
}

/* With up to 33025 columns, neither sum exceeds 31 bits. */
INLINE void sums_of_u8(const uint8_t *x, int64_t count, uint32_t *sum, uint32_t *squares) {
  uint32_t s = 0, q = 0;
  for (int64_t k = 0; k < count; k++) {
    s += x[k];
    q += (uint32_t)(x[k] * x[k]);
  }
  *sum = s;
  *squares = q;
}

/* Computes the terms that are added to the sums s of a tile: a product is s + row's term, a squared
 * distance is row's + column's - 2 s. If BIAS is set, the bytes of columns were packed as z - 128:
 * x.z = s + 128 sum x. */
static void pack_tile_rows_u8(int32_t *out, int32_t *places, void *norms, const clf__row_pick *from,
                              const clf__row_map *map, bool distances) {
  int32_t *row_norms = norms;
  (void)map;
  pack_units(true, TILE_ROWS, out, from, NULL, 0);
  keep_steps(out, places, clf__ceil_div(from->x->columns, GROUP), CLF__EXACT_COLUMNS);
  for (int64_t i = 0; i < TILE_ROWS; i++) {
    uint32_t sum = 0, squares = 0;
    if (i < from->count) {
      sums_of_u8((const uint8_t *)from->x->data + clf__row_picked(from, i) * from->x->stride,
                 from->x->columns, &sum, &squares);
    }
    row_norms[i] = (int32_t)(distances ? squares - 2u * BIAS * sum : BIAS * sum);
  }
}

static void pack_tile_columns_u8(int32_t *out, void *norms, const clf__row_pick *from,
                                 const clf__row_map *map, bool distances) {
  int32_t *column_norms = norms;
  (void)map;
  pack_units(true, WIDTH_F32, out, from, NULL, BIAS == 0 ? 0 : INT32_C(-2139062144));
  for (int64_t i = 0; i < WIDTH_F32; i++) {
    uint32_t sum = 0, squares = 0;
    if (distances && i < from->count) {
      sums_of_u8((const uint8_t *)from->x->data + clf__row_picked(from, i) * from->x->stride,
                 from->x->columns, &sum, &squares);
    }
    column_norms[i] = (int32_t)squares;
  }
}
