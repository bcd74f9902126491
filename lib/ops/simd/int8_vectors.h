/* Quantized products by vectors of sums: each unit of a row is multiplied by those of the columns
 * of a panel. */

#if defined(__AVX512F__)
enum { INT8_ROWS = 6, INT8_VECTORS = 4 };
#else
enum { INT8_ROWS = 4, INT8_VECTORS = 2 };
#endif
enum { INT8_COLUMNS = INT8_VECTORS * LANES_F32, INT8_GROUP = GROUP, INT8_UNIT = 4 };

/* [units][vectors of the panel][LANES_F32][GROUP], with zeros beyond the depth and the columns. */
static void int8_pack(const int8_t *w, int64_t stride, int64_t depth, int64_t columns, void *out) {
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)
  int8_t *to = out;
#else
  int16_t *to = out;
#endif
  const int64_t width = clf__ceil_div(columns, LANES_F32) * LANES_F32;
  for (int64_t step = 0; step < depth; step += GROUP) {
    for (int64_t column = 0; column < width; column++) {
      for (int64_t k = step; k < step + GROUP; k++) {
        *to++ = k < depth && column < columns ? w[k * stride + column] : 0;
      }
    }
  }
}

/* `rows` and `vectors` are compile-time constants, so `sums` stays in registers. */
INLINE void int8_tile(const int rows, const int vectors, const clf__int8_product *p, int64_t row,
                      int64_t column, const int32_t *w) {
  const quantized *x = (const quantized *)p->x + row * p->row_step;
  vector_i32 sums[INT8_ROWS][INT8_VECTORS];
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      sums[i][j] = (vector_i32){0};
    }
  }
  for (int64_t s = 0; s < p->segment_count; s++) {
    const quantized *from = x + p->segments[s];
    for (int64_t unit = 0; unit < p->segment_units;
         unit++, from += GROUP, w += vectors * LANES_F32) {
      UNROLL for (int i = 0; i < rows; i++) {
        int32_t bytes;
        memcpy(&bytes, from + i * p->row_step, sizeof bytes);
        const vector_i32 left = bytes - (vector_i32){0};
        UNROLL for (int j = 0; j < vectors; j++) {
          sums[i][j] = add_i32(sums[i][j], load_i32(w + j * LANES_F32), left);
        }
      }
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    float *y = p->y + (row + i) * p->ldy + column;
    UNROLL for (int j = 0; j < vectors; j++) {
      const int64_t first = column + j * LANES_F32;
      finish_int8(&p->finish, first, sums[i][j], y + j * LANES_F32,
                  clf__min_i64(LANES_F32, p->columns - first));
    }
  }
}

INLINE void int8_strip(const int vectors, const clf__int8_product *p, int64_t column,
                       const int32_t *w) {
  int64_t row = 0;
  for (; row + INT8_ROWS <= p->rows; row += INT8_ROWS) {
    int8_tile(INT8_ROWS, vectors, p, row, column, w);
  }
  if (INT8_ROWS > 4 && row + 4 <= p->rows) {
    int8_tile(4, vectors, p, row, column, w);
    row += 4;
  }
  if (row + 2 <= p->rows) {
    int8_tile(2, vectors, p, row, column, w);
    row += 2;
  }
  if (row < p->rows) {
    int8_tile(1, vectors, p, row, column, w);
  }
}

static void int8_multiply(const clf__int8_product *p) {
  const int64_t units = p->segment_count * p->segment_units;
  const int32_t *w = p->panels;
  for (int64_t column = 0; column < p->columns; column += INT8_COLUMNS) {
    const int64_t vectors =
        clf__min_i64(INT8_VECTORS, clf__ceil_div(p->columns - column, LANES_F32));
    if (vectors == 4 && INT8_VECTORS >= 4) {
      int8_strip(4, p, column, w);
    } else if (vectors == 3 && INT8_VECTORS >= 3) {
      int8_strip(3, p, column, w);
    } else if (vectors == 2) {
      int8_strip(2, p, column, w);
    } else {
      int8_strip(1, p, column, w);
    }
    w += units * vectors * LANES_F32;
  }
}
