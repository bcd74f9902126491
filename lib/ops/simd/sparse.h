/* Sparse rows times weights stored as [columns, stride], so that the weights of an entry for all
 * outputs are consecutive. `stride` is a whole number of vectors; weights beyond the outputs are 0.
 * A product is bound by reading the weights of its entries, which come twice as fast from L3, and a
 * quarter faster from L2, if SPARSE_VECTORS of them are read one behind another. */

enum { SPARSE_VECTORS = 8 };

/* out = x W^T + b for some vectors of outputs; only the first `outputs` are stored. */
INLINE void sparse_forward(const int vectors, const clf__rows *x, const float *w, int64_t stride,
                           const float *b, int64_t outputs, float *out, int64_t ld) {
  const int64_t last = outputs - (vectors - 1) * LANES_F32;
  vector_f32 bias[SPARSE_VECTORS] = {{0}};
  UNROLL for (int j = 0; b != NULL && j < vectors; j++) {
    bias[j] = load_part_f32(b + j * LANES_F32, j < vectors - 1 ? LANES_F32 : last);
  }
  for (int64_t row = 0; row < x->rows; row++, out += ld) {
    vector_f32 sums[SPARSE_VECTORS];
    UNROLL for (int j = 0; j < vectors; j++) {
      sums[j] = bias[j];
    }
    for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
      const float *weights = w + x->column[e] * stride;
      UNROLL for (int j = 0; j < vectors; j++) {
        sums[j] += x->value[e] * load_f32(weights + j * LANES_F32);
      }
    }
    UNROLL for (int j = 0; j < vectors; j++) {
      store_part_f32(out + j * LANES_F32, sums[j], j < vectors - 1 ? LANES_F32 : last);
    }
  }
}

/* sums [columns, stride] += r^T x for some vectors of outputs. */
INLINE void sparse_backward(const int vectors, const clf__rows *x, const float *r, int64_t ld,
                            float *sums, int64_t stride, int64_t outputs) {
  const int64_t last = outputs - (vectors - 1) * LANES_F32;
  for (int64_t row = 0; row < x->rows; row++, r += ld) {
    vector_f32 residual[TILE_VECTORS];
    UNROLL for (int j = 0; j < vectors; j++) {
      residual[j] = load_part_f32(r + j * LANES_F32, j < vectors - 1 ? LANES_F32 : last);
    }
    for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
      float *to = sums + x->column[e] * stride;
      UNROLL for (int j = 0; j < vectors; j++) {
        store_f32(to + j * LANES_F32, load_f32(to + j * LANES_F32) + x->value[e] * residual[j]);
      }
    }
  }
}

static void linear_sparse(const clf__rows *x, const float *w, int64_t stride, const float *b,
                          int64_t outputs, float *out, int64_t ld) {
  for (int64_t o = 0; o < outputs;) {
    const int64_t left = outputs - o;
    const float *bias = b == NULL ? b : b + o;
    if (left > (SPARSE_VECTORS - 1) * LANES_F32) {
      const int64_t columns = clf__min_i64(left, SPARSE_VECTORS * LANES_F32);
      sparse_forward(SPARSE_VECTORS, x, w + o, stride, bias, columns, out + o, ld);
      o += columns;
    } else if (left > 3 * LANES_F32) {
      sparse_forward(4, x, w + o, stride, bias, clf__min_i64(left, 4 * LANES_F32), out + o, ld);
      o += 4 * LANES_F32;
    } else if (left > LANES_F32) {
      sparse_forward(2, x, w + o, stride, bias, clf__min_i64(left, 2 * LANES_F32), out + o, ld);
      o += 2 * LANES_F32;
    } else {
      sparse_forward(1, x, w + o, stride, bias, left, out + o, ld);
      o += LANES_F32;
    }
  }
}

static void gradient_sparse(const clf__rows *x, const float *r, int64_t ld, float *sums,
                            int64_t stride, int64_t outputs) {
  for (int64_t o = 0; o < outputs; o += WIDTH_F32) {
    const int64_t left = outputs - o;
    if (left <= LANES_F32) {
      sparse_backward(1, x, r + o, ld, sums + o, stride, left);
    } else if (left <= 2 * LANES_F32) {
      sparse_backward(2, x, r + o, ld, sums + o, stride, left);
    } else {
      sparse_backward(TILE_VECTORS, x, r + o, ld, sums + o, stride, clf__min_i64(left, WIDTH_F32));
    }
  }
}
