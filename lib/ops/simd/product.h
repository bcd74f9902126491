/* The product kernel, included once for each element type:
 *   REAL, VECTOR, LANES  the type of A and C, its vector, and the vector's lanes
 *   A_REAL, B_REAL       the types of A and B; B_VECTOR a vector of B
 *   LOAD, LOAD_PART      a vector of C; LOAD_B, LOAD_B_PART a vector of B, as B_VECTOR
 *   ADD(sum, a, b)       sum + a b, of an element of A and a vector of B
 *   STORE, STORE_PART
 *   NAME(x)              x with a suffix of its own
 *
 * B is fetched some steps ahead, since a processor foresees long strides badly: with eight rows of
 * A and B in L3 that makes products a fifth faster.
 *
 * A tile of C stays in registers over the whole depth: each step multiplies up to three vectors of
 * a row of B by one element of each row of A. Every element of C is the sum of its products in the
 * order of the steps, whichever tile it is in, so results do not depend on how the work is divided.
 */

/* `rows`, `vectors` and `whole` are compile-time constants, so the loops are unrolled and `sums`
 * stays in registers. If not `whole`, the last vector has only `lanes` lanes. */
INLINE void NAME(tile)(const int rows, const int vectors, const bool whole,
                       const clf__product *product, const A_REAL *a, const B_REAL *b, REAL *c,
                       int64_t lanes) {
  const int64_t a_row = product->a_row, a_step = product->a_step, b_step = product->b_step;
  const int last = vectors - 1;
  enum { AHEAD = 8 };
  VECTOR sums[TILE_ROWS][TILE_VECTORS];
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      sums[i][j] = (VECTOR){0};
      __builtin_prefetch(c + i * product->ldc + j * LANES, 1);
    }
  }
  for (int64_t step = 0; step < product->depth; step++, a += a_step, b += b_step) {
    B_VECTOR right[TILE_VECTORS];
    UNROLL for (int j = 0; j < vectors; j++) {
      __builtin_prefetch(b + AHEAD * b_step + j * LANES);
      right[j] = whole || j < last ? LOAD_B(b + j * LANES) : LOAD_B_PART(b + j * LANES, lanes);
    }
    UNROLL for (int i = 0; i < rows; i++) {
      UNROLL for (int j = 0; j < vectors; j++) {
        sums[i][j] = ADD(sums[i][j], a[i * a_row], right[j]);
      }
    }
  }
  const REAL alpha = (REAL)product->alpha, beta = (REAL)product->beta;
  UNROLL for (int i = 0; i < rows; i++, c += product->ldc) {
    UNROLL for (int j = 0; j < vectors; j++) {
      const bool all = whole || j < last;
      VECTOR sum = alpha * sums[i][j];
      if (beta != 0) {
        sum += beta * (all ? LOAD(c + j * LANES) : LOAD_PART(c + j * LANES, lanes));
      }
      if (all) {
        STORE(c + j * LANES, sum);
      } else {
        STORE_PART(c + j * LANES, sum, lanes);
      }
    }
  }
}

/* Computes one to three vectors of columns for all rows. */
INLINE void NAME(strip)(const int vectors, const bool whole, const clf__product *product,
                        const B_REAL *b, REAL *c, int64_t lanes) {
  const A_REAL *a = product->a;
  const int64_t ldc = product->ldc, a_row = product->a_row;
  int64_t left = product->rows;
  for (; left >= TILE_ROWS; left -= TILE_ROWS, a += product->a_panel, c += TILE_ROWS * ldc) {
    NAME(tile)(TILE_ROWS, vectors, whole, product, a, b, c, lanes);
  }
  if (TILE_ROWS > 4 && (left & 4) != 0) {
    NAME(tile)(4, vectors, whole, product, a, b, c, lanes);
    a += 4 * a_row;
    c += 4 * ldc;
  }
  if ((left & 2) != 0) {
    NAME(tile)(2, vectors, whole, product, a, b, c, lanes);
    a += 2 * a_row;
    c += 2 * ldc;
  }
  if ((left & 1) != 0) {
    NAME(tile)(1, vectors, whole, product, a, b, c, lanes);
  }
}

/* Computes the columns beyond the whole tiles: whole vectors, then a part of one. */
static void NAME(edge)(const clf__product *product, const B_REAL *b, REAL *c, int64_t columns) {
  if (TILE_VECTORS > 2 && columns >= 2 * LANES) {
    NAME(strip)(2, true, product, b, c, LANES);
    b += 2 * LANES;
    c += 2 * LANES;
    columns -= 2 * LANES;
  }
  if (columns >= LANES) {
    NAME(strip)(1, true, product, b, c, LANES);
    b += LANES;
    c += LANES;
    columns -= LANES;
  }
  if (columns > 0) {
    NAME(strip)(1, false, product, b, c, columns);
  }
}

static void NAME(multiply)(const clf__product *product) {
  const int64_t width = TILE_VECTORS * LANES;
  const B_REAL *b = product->b;
  REAL *c = product->c;
  int64_t left = product->columns;
  for (; left >= width; left -= width, b += product->b_panel, c += width) {
    NAME(strip)(TILE_VECTORS, true, product, b, c, LANES);
  }
  NAME(edge)(product, b, c, left);
}

#undef REAL
#undef VECTOR
#undef LANES
#undef A_REAL
#undef B_REAL
#undef B_VECTOR
#undef ADD
#undef LOAD
#undef LOAD_PART
#undef LOAD_B
#undef LOAD_B_PART
#undef STORE
#undef STORE_PART
#undef NAME
