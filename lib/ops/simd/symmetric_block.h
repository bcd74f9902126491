/* A block of a symmetric matrix times vectors on both of its sides, included for f32 and for i16:
 *   K       the type of its elements
 *   LOAD_K  a vector of them as f32
 *   NAME(x) x with a suffix of its own
 *
 * The block is read once, a few rows at a time along their columns. Each vector of elements is
 * multiplied by the vectors on the right, whose sums stay in registers, and added to the sums of
 * its columns, which stay in the first-level cache. So an element costs little more than two
 * multiplications for each side; from 5 sides on that takes longer than reading the element from
 * memory. */

INLINE void NAME(symmetric_block_rows)(const int rows, const int sides,
                                       const clf__symmetric_block *t, const int64_t row,
                                       const int64_t side) {
  const int64_t ld = t->ld, columns = t->columns; /* local copies, since stores could change the
                                                   * members of t */
  const K *k = (const K *)t->k + row * columns;
  const float *right = t->right + side * ld;
  float *to = t->column_sums + side * ld;
  float left[DOT_OUTPUTS][DOT_ROWS];
  vector_f32 sums[DOT_ROWS][DOT_OUTPUTS];
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int c = 0; c < sides; c++) {
      left[c][i] = t->scale * t->left[(side + c) * ld + row + i];
      sums[i][c] = (vector_f32){0};
    }
  }
  for (int64_t j = 0; j < columns; j += LANES_F32) {
    vector_f32 value[DOT_ROWS];
    UNROLL for (int i = 0; i < rows; i++) {
      value[i] = LOAD_K(k + i * columns + j);
    }
    UNROLL for (int c = 0; c < sides; c++) {
      const vector_f32 other = load_f32(right + c * ld + j);
      vector_f32 down = load_f32(to + c * ld + j);
      UNROLL for (int i = 0; i < rows; i++) {
        sums[i][c] += value[i] * other;
        down += value[i] * left[c][i];
      }
      store_f32(to + c * ld + j, down);
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int c = 0; c < sides; c++) {
      t->row_sums[(side + c) * ld + row + i] += t->scale * sum_of_f32(sums[i][c]);
    }
  }
}

INLINE void NAME(symmetric_block_sides)(const int sides, const clf__symmetric_block *t,
                                        int64_t side) {
  int64_t row = 0;
  for (; row + DOT_ROWS <= t->rows; row += DOT_ROWS) {
    NAME(symmetric_block_rows)(DOT_ROWS, sides, t, row, side);
  }
  for (; row < t->rows; row++) {
    NAME(symmetric_block_rows)(1, sides, t, row, side);
  }
}

static void NAME(symmetric_block)(const clf__symmetric_block *t) {
  int64_t side = 0;
  for (; side + DOT_OUTPUTS <= t->sides; side += DOT_OUTPUTS) {
    NAME(symmetric_block_sides)(DOT_OUTPUTS, t, side);
  }
  switch (t->sides - side) {
  case 4:
    NAME(symmetric_block_sides)(4, t, side);
    break;
  case 3:
    NAME(symmetric_block_sides)(3, t, side);
    break;
  case 2:
    NAME(symmetric_block_sides)(2, t, side);
    break;
  case 1:
    NAME(symmetric_block_sides)(1, t, side);
    break;
  default:
    break;
  }
}

#undef K
#undef LOAD_K
#undef NAME
