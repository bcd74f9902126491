/* Vector kernels of eigenproblems, f64: products of a symmetric matrix and a vector, products of
 * some rows and a vector, sums of some rows, and the sums of the secular equation.
 *
 * Each reads its matrix once and does two operations for each element (the first kernel: four), so
 * beyond the second-level cache they are bound by memory. */
#include "ops/linalg/vectors.h"

#if defined(__AVX512F__)
enum { SYMMETRIC_ROWS = 8 };
#else
enum { SYMMETRIC_ROWS = 4 };
#endif

INLINE double sum_of_f64(vector_f64 v) {
  double sum = 0;
  UNROLL for (int lane = 0; lane < LANES_F64; lane++) {
    sum += v[lane];
  }
  return sum;
}

/* Computes the triangle of `rows` rows at the diagonal, and then the elements to its right, each of
 * which counts for its row's sum and for its column's. */
INLINE void symmetric_strip(const int rows, const double *a, int64_t lda, int64_t n, int64_t first,
                            const double *x, double *y) {
  vector_f64 sums[SYMMETRIC_ROWS], left[SYMMETRIC_ROWS];
  double tail[SYMMETRIC_ROWS];
  const double *row = a + first * lda;
  UNROLL for (int i = 0; i < rows; i++) {
    sums[i] = (vector_f64){0};
    left[i] = (vector_f64){0} + x[first + i];
    tail[i] = row[i * lda + first + i] * x[first + i];
  }
  for (int i = 0; i < rows; i++) {
    for (int j = i + 1; j < rows; j++) {
      const double value = row[i * lda + first + j];
      tail[i] += value * x[first + j];
      tail[j] += value * x[first + i];
    }
  }
  int64_t j = first + rows;
  for (; j + LANES_F64 <= n; j += LANES_F64) {
    const vector_f64 right = load_f64(x + j);
    vector_f64 down = load_f64(y + j);
    UNROLL for (int i = 0; i < rows; i++) {
      const vector_f64 value = load_f64(row + i * lda + j);
      sums[i] += value * right;
      down += value * left[i];
    }
    store_f64(y + j, down);
  }
  for (; j < n; j++) {
    for (int i = 0; i < rows; i++) {
      tail[i] += row[i * lda + j] * x[j];
      y[j] += row[i * lda + j] * x[first + i];
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    y[first + i] += tail[i] + sum_of_f64(sums[i]);
  }
}

static void symmetric_f64(const double *a, int64_t lda, int64_t n, int64_t first, int64_t end,
                          const double *x, double *y) {
  for (; first + SYMMETRIC_ROWS <= end; first += SYMMETRIC_ROWS) {
    symmetric_strip(SYMMETRIC_ROWS, a, lda, n, first, x, y);
  }
  for (; first < end; first++) {
    symmetric_strip(1, a, lda, n, first, x, y);
  }
}

INLINE void dot_strip(const int rows, const double *a, int64_t lda, const double *x, int64_t n,
                      double *out) {
  vector_f64 sums[DOT_ROWS][2];
  UNROLL for (int i = 0; i < rows; i++) {
    sums[i][0] = sums[i][1] = (vector_f64){0};
  }
  int64_t j = 0;
  for (; j + 2 * LANES_F64 <= n; j += 2 * LANES_F64) {
    UNROLL for (int half = 0; half < 2; half++) {
      const vector_f64 right = load_f64(x + j + half * LANES_F64);
      UNROLL for (int i = 0; i < rows; i++) {
        sums[i][half] += load_f64(a + i * lda + j + half * LANES_F64) * right;
      }
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    double tail = 0;
    for (int64_t p = j; p < n; p++) {
      tail += a[i * lda + p] * x[p];
    }
    out[i] = tail + sum_of_f64(sums[i][0] + sums[i][1]);
  }
}

static void dot_rows_f64(const double *rows, int64_t count, int64_t ld, const double *x, int64_t n,
                         double *out) {
  for (; count >= DOT_ROWS; count -= DOT_ROWS, rows += DOT_ROWS * ld, out += DOT_ROWS) {
    dot_strip(DOT_ROWS, rows, ld, x, n, out);
  }
  for (; count > 0; count--, rows += ld, out++) {
    dot_strip(1, rows, ld, x, n, out);
  }
}

/* `vectors` vectors of the sum stay in registers. */
INLINE void add_strip(const int vectors, const double *rows, int64_t count, int64_t ld,
                      const double *factors, double *y) {
  vector_f64 sums[8];
  UNROLL for (int j = 0; j < vectors; j++) {
    sums[j] = load_f64(y + j * LANES_F64);
  }
  for (int64_t p = 0; p < count; p++, rows += ld) {
    UNROLL for (int j = 0; j < vectors; j++) {
      sums[j] += factors[p] * load_f64(rows + j * LANES_F64);
    }
  }
  UNROLL for (int j = 0; j < vectors; j++) {
    store_f64(y + j * LANES_F64, sums[j]);
  }
}

static void add_rows_f64(const double *rows, int64_t count, int64_t ld, const double *factors,
                         int64_t n, double *y) {
  int64_t j = 0;
  for (; j + 8 * LANES_F64 <= n; j += 8 * LANES_F64) {
    add_strip(8, rows + j, count, ld, factors, y + j);
  }
  for (; j + 4 * LANES_F64 <= n; j += 4 * LANES_F64) {
    add_strip(4, rows + j, count, ld, factors, y + j);
  }
  for (; j + LANES_F64 <= n; j += LANES_F64) {
    add_strip(1, rows + j, count, ld, factors, y + j);
  }
  if (j < n) {
    double sums[LANES_F64] = {0};
    for (int64_t p = 0; p < count; p++) {
      for (int64_t c = j; c < n; c++) {
        sums[c - j] += factors[p] * rows[p * ld + c];
      }
    }
    for (int64_t c = j; c < n; c++) {
      y[c] += sums[c - j];
    }
  }
}

/* Sums the terms z_j^2 / ((d_j - origin) - x) in `value`, and their derivatives. */
static void secular_f64(const double *d, const double *z, int64_t n, double origin, double x,
                        double *value, double *derivative) {
  vector_f64 sums = {0}, derivatives = {0};
  double sum = 0, gradient = 0;
  int64_t j = 0;
  for (; j + LANES_F64 <= n; j += LANES_F64) {
    const vector_f64 share = load_f64(z + j), inverse = 1 / ((load_f64(d + j) - origin) - x);
    const vector_f64 scaled = share * inverse;
    sums += scaled * share;
    derivatives += scaled * scaled;
  }
  for (; j < n; j++) {
    const double scaled = z[j] / ((d[j] - origin) - x);
    sum += scaled * z[j];
    gradient += scaled * scaled;
  }
  *value = sum + sum_of_f64(sums);
  *derivative = gradient + sum_of_f64(derivatives);
}

const clf__vector_kernels FAMILY(vector_kernels) = {
    .symmetric = symmetric_f64,
    .dot_rows = dot_rows_f64,
    .add_rows = add_rows_f64,
    .secular = secular_f64,
};
