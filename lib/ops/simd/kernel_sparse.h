/* Products of sparse rows z and rows x, one of which is scaled; norms are scaled once as well. */

/* Computes several rows of z at once, so that additions of one need not wait for those of
 * another. */
#if defined(__AVX2__)
enum { SPARSE_ROWS = 4 };
#else
enum { SPARSE_ROWS = 2 };
#endif
enum { SPARSE_VECTORS = CLF__SPARSE_LANES / LANES_F32 };

typedef struct sparse_sums {
  vector_f32 sums[SPARSE_VECTORS];
  int64_t entry, end; /* entries of z that are still to be added */
} sparse_sums;

/* Adds entries of `rows` rows as long as each row has some. */
INLINE void add_entries(const int rows, sparse_sums *s, const clf__rows *z, const float *x) {
  vector_f32 sums[SPARSE_ROWS][SPARSE_VECTORS];
  const int32_t *column[SPARSE_ROWS];
  const float *value[SPARSE_ROWS];
  int64_t count = s[0].end - s[0].entry;
  UNROLL for (int r = 0; r < rows; r++) {
    column[r] = z->column + s[r].entry;
    value[r] = z->value + s[r].entry;
    count = clf__min_i64(count, s[r].end - s[r].entry);
    UNROLL for (int j = 0; j < SPARSE_VECTORS; j++) {
      sums[r][j] = s[r].sums[j];
    }
  }
  for (int64_t e = 0; e < count; e++) {
    UNROLL for (int r = 0; r < rows; r++) {
      const float *from = x + (int64_t)column[r][e] * CLF__SPARSE_LANES;
      UNROLL for (int j = 0; j < SPARSE_VECTORS; j++) {
        sums[r][j] += value[r][e] * load_f32(from + j * LANES_F32);
      }
    }
  }
  UNROLL for (int r = 0; r < rows; r++) {
    s[r].entry += count;
    UNROLL for (int j = 0; j < SPARSE_VECTORS; j++) {
      s[r].sums[j] = sums[r][j];
    }
  }
}

static void kernel_sparse(const clf__rows *z, const float *x, float *out) {
  for (int64_t row = 0; row < z->rows; row += SPARSE_ROWS) {
    const int64_t rows = clf__min_i64(SPARSE_ROWS, z->rows - row);
    sparse_sums s[SPARSE_ROWS] = {{.entry = 0}};
    for (int64_t r = 0; r < rows; r++) {
      s[r].entry = z->row_start[row + r];
      s[r].end = z->row_start[row + r + 1];
    }
    add_entries(SPARSE_ROWS, s, z, x);
    for (int r = 0; r < SPARSE_ROWS; r += 2) {
      add_entries(2, s + r, z, x);
      add_entries(1, s + r, z, x);
      add_entries(1, s + r + 1, z, x);
    }
    for (int64_t r = 0; r < rows; r++, out += CLF__SPARSE_LANES) {
      memcpy(out, s[r].sums, CLF__SPARSE_LANES * sizeof *out);
    }
  }
}

INLINE float dense_value(const clf__rows *x, int64_t at) {
  return x->dtype == CLF_U8 ? (float)((const uint8_t *)x->data)[at] * x->scale
                            : ((const float *)x->data)[at];
}

/* Returns sum + a b in the first lane, rounded as in kernel_sparse: compilers may split a scalar
 * multiply-add into two operations, where vector code has one. */
INLINE quad_f32 add_product(quad_f32 sum, float a, float b) {
  const quad_f32 left = {a, 0, 0, 0}, right = {b, 0, 0, 0};
  return sum + left * right;
}

/* Products are added in the order of the columns, as in kernel_sparse. That function also adds
 * products with missing values, which are 0 and change nothing. */
static float kernel_dot(float scale, const clf__rows *x, int64_t i, const clf__rows *z, int64_t j) {
  const int64_t z_end = z->row_start[j + 1];
  int64_t b = z->row_start[j];
  quad_f32 sum = {0};
  if (!clf__rows_sparse(x)) {
    for (; b < z_end; b++) {
      sum = add_product(sum, z->value[b], scale * dense_value(x, i * x->stride + z->column[b]));
    }
    return sum[0];
  }
  const int64_t x_end = x->row_start[i + 1];
  for (int64_t a = x->row_start[i]; a < x_end && b < z_end;) {
    const int32_t left = x->column[a], right = z->column[b];
    if (left == right) {
      sum = add_product(sum, z->value[b], scale * x->value[a]);
    }
    a += left <= right;
    b += right <= left;
  }
  return sum[0];
}

static float kernel_norm(float scale, const clf__rows *x, int64_t i) {
  quad_f32 sum = {0};
  if (clf__rows_sparse(x)) {
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      sum = add_product(sum, x->value[e], scale * x->value[e]);
    }
    return sum[0];
  }
  for (int64_t j = 0; j < x->columns; j++) {
    const float value = dense_value(x, i * x->stride + j);
    sum = add_product(sum, value, scale * value);
  }
  return sum[0];
}
