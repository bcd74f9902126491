/* Rows of numbers times a few rows of weights, included for each type of x:
 *   X, LOAD_X, LOAD_X_PART  its type; a vector of it as f32, or a part of one
 *   NAME(x)                 x with a suffix of its own
 *
 * Vectors extend along the columns: each vector of x is multiplied by DOT_OUTPUTS rows of weights,
 * and each vector of weights by DOT_ROWS rows of x. Every output is the same sum in the same order,
 * whichever tile it is in. */

/* Computes outputs first … first + outputs - 1 of some rows. */
INLINE void NAME(dot_tile)(const int rows, const int outputs, const linear_call *call, int64_t row,
                           int64_t first) {
  const clf__rows *x = call->x;
  const X *from = (const X *)x->data + row * x->stride;
  const float *w = call->w + first * call->ldw, *b = call->b;
  const int64_t whole = x->columns - x->columns % LANES_F32;
  vector_f32 sums[DOT_ROWS][DOT_OUTPUTS], values[DOT_ROWS];
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int o = 0; o < outputs; o++) {
      sums[i][o] = (vector_f32){0};
    }
  }
  for (int64_t column = 0; column < whole; column += LANES_F32) {
    UNROLL for (int i = 0; i < rows; i++) {
      values[i] = LOAD_X(from + i * x->stride + column);
    }
    UNROLL for (int o = 0; o < outputs; o++) {
      const vector_f32 factor = load_f32(w + o * call->ldw + column);
      UNROLL for (int i = 0; i < rows; i++) {
        sums[i][o] += factor * values[i];
      }
    }
  }
  if (whole < x->columns) {
    const int64_t left = x->columns - whole;
    UNROLL for (int i = 0; i < rows; i++) {
      values[i] = LOAD_X_PART(from + i * x->stride + whole, left);
    }
    UNROLL for (int o = 0; o < outputs; o++) {
      const vector_f32 factor = load_part_f32(w + o * call->ldw + whole, left);
      UNROLL for (int i = 0; i < rows; i++) {
        sums[i][o] += factor * values[i];
      }
    }
  }
  float *out = call->out + row * call->ld + first;
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int o = 0; o < outputs; o++) {
      out[i * call->ld + o] = x->scale * sum_of_f32(sums[i][o]) + (b == NULL ? 0 : b[first + o]);
    }
  }
}

/* Computes all outputs of some rows. */
INLINE void NAME(dot_rows)(const int rows, const linear_call *call, int64_t row) {
  int64_t o = 0;
  for (; o + DOT_OUTPUTS <= call->outputs; o += DOT_OUTPUTS) {
    NAME(dot_tile)(rows, DOT_OUTPUTS, call, row, o);
  }
  switch (call->outputs - o) {
  case 4:
    NAME(dot_tile)(rows, 4, call, row, o);
    break;
  case 3:
    NAME(dot_tile)(rows, 3, call, row, o);
    break;
  case 2:
    NAME(dot_tile)(rows, 2, call, row, o);
    break;
  case 1:
    NAME(dot_tile)(rows, 1, call, row, o);
    break;
  default:
    break;
  }
}

static void NAME(linear)(const clf__rows *x, const float *w, int64_t ldw, const float *b,
                         int64_t outputs, float *out, int64_t ld) {
  const linear_call call = {x, w, b, ldw, outputs, out, ld};
  int64_t row = 0;
  for (; row + DOT_ROWS <= x->rows; row += DOT_ROWS) {
    NAME(dot_rows)(DOT_ROWS, &call, row);
  }
  for (; row < x->rows; row++) {
    NAME(dot_rows)(1, &call, row);
  }
}

#undef X
#undef LOAD_X
#undef LOAD_X_PART
#undef NAME
