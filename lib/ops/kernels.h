/* The kernels that are compiled once for each level of CPU. simd/kernels.c is their one source,
 * written with the compiler's vector types; where a level has an instruction that C cannot say
 * (integer dot products, masked loads), simd/vector.h and simd/gram.h name it. */
#ifndef CLF_OPS_KERNELS_H
#define CLF_OPS_KERNELS_H

#include "base/context.h"
#include "ops/conv_few.h"
#include "ops/network.h"
#include "ops/recurrent.h"
#include "ops/smo.h"
#include "ops/warp.h"
#include "ops/winograd.h"
#include "tensor/rows.h"

/* C = alpha A B + beta C. Row panel i of A (`rows` of the kernel's each) begins at a + i * a_panel,
 * its element (row, step) at row * a_row + step * a_step; column panel j of B begins at b + j *
 * b_panel, the row of it that belongs to a step at step * b_step. All in elements. So packed and
 * unpacked, transposed and plain matrices are told apart by strides alone. */
typedef struct clf__product {
  int64_t rows, columns, depth;
  const void *a;
  int64_t a_panel, a_row, a_step;
  const void *b;
  int64_t b_panel, b_step;
  double alpha, beta; /* C is not read when beta is 0 */
  void *c;
  int64_t ldc;
} clf__product;

typedef struct clf__product_kernel {
  int64_t element; /* bytes */
  int64_t rows;    /* in a panel of A */
  int64_t columns; /* in a panel of B, whose missing ones are packed as 0 */
  void (*multiply)(const clf__product *product);
  /* Elements (step, column) of a panel of B, at b + step * b_step + column * b_column, to `out`
   * with `columns` (the kernel's) from step to step. One of the strides is 1. */
  void (*pack)(void *out, const void *b, int64_t b_step, int64_t b_column, int64_t depth,
               int64_t columns);
  /* A panel of A: elements (row, step) at a + step * a_step + row. */
  void (*pack_rows)(void *out, const void *a, int64_t a_step, int64_t depth, int64_t rows);
} clf__product_kernel;

/* Sums of products of the columns of packed rows. Rows are packed into panels of `columns` columns;
 * a panel holds 4 bytes of each of them, then the next step's. A step is `group` rows. */
typedef struct clf__gram_kernel {
  int64_t columns;
  int64_t group;
  double bias; /* what is missing from element (i, j): bias times the sum of column j */
  /* c[rows, columns] += products of the first `rows` columns of panel a with the first `columns`
   * ones of panel b. */
  void (*add)(const void *a, const void *b, int64_t steps, int64_t rows, int64_t columns, double *c,
              int64_t ldc);
} clf__gram_kernel;

enum { CLF__SPARSE_LANES = 16 };

/* Some rows of x: rows[first …], or first … itself where `rows` is NULL. */
typedef struct clf__row_pick {
  const clf__rows *x;
  const int64_t *rows;
  int64_t first, count;
} clf__row_pick;

static inline int64_t clf__row_picked(const clf__row_pick *pick, int64_t i) {
  return pick->rows == NULL ? pick->first + i : pick->rows[pick->first + i];
}

/* Rows as they are packed: scale (x - center). The scale is a power of 2, which changes no digit.
 */
typedef struct clf__row_map {
  const float *center; /* [columns], NULL for 0 */
  float scale;
} clf__row_map;

/* A kernel function of products, or for rbf of squared distances, as they come out of the tiles. */
typedef struct clf__kernel_map {
  int32_t kind, degree; /* CLF__KERNEL_… */
  float factor, coef0;
} clf__kernel_map;

/* out [rows, columns] = the kernel function of packed rows and of packed columns `first` on. A row
 * is `steps` units of 4 bytes, stored as a multiple of CLF__TILE_STEPS. */
typedef struct clf__kernel_tiles {
  clf__kernel_map map;
  int64_t steps;
  const int32_t *a;      /* tiles of the kernel's rows: room for [steps, rows] each */
  const int32_t *places; /* of the tiles' steps, clf__tile_places() each */
  const void *a_norms;
  int64_t rows;
  const int32_t *b; /* panels of the kernel's columns: [steps, columns] each */
  const void *b_norms;
  int64_t first, columns;
  float *out;
  int64_t ld;
} clf__kernel_tiles;

/* 255^2 times as many columns is the last that fits 31 bits. */
enum { CLF__TILE_STEPS = 4, CLF__EXACT_COLUMNS = 33025 };
enum { CLF__TILE_COLUMNS = 48 }; /* a multiple of every panel's columns */

/* Norms are 4 bytes each: squared ones in f32; for u8 rows integers that only `multiply` reads. */
typedef struct clf__tile_kernel {
  int64_t rows, columns;
  int64_t group; /* elements of a row in a unit */
  int64_t depth; /* steps of a stretch, at whose end sums are put aside and begin anew */
  /* One tile, or one panel; missing rows come out as 0. `map` is for f32. Of a tile
   * the steps in which all rows are 0 are left out: `places` says where in a stretch of a panel
   * those begin that are there, and -1 after each stretch. */
  void (*pack_rows)(int32_t *out, int32_t *places, void *norms, const clf__row_pick *from,
                    const clf__row_map *map, bool distances);
  void (*pack_columns)(int32_t *out, void *norms, const clf__row_pick *from,
                       const clf__row_map *map, bool distances);
  void (*multiply)(const clf__kernel_tiles *tiles);
} clf__tile_kernel;

/* Room for the places of a tile: its steps, and the ends of its stretches. */
static inline int64_t clf__tile_places(int64_t steps, int64_t depth) {
  return steps + steps / depth + 1;
}

/* A block k [rows, columns] of a symmetric matrix times vectors on both of its sides: row_sums
 * [sides, rows] += scale k right, column_sums [sides, columns] += scale k^T left, `ld` from a side
 * to the next in all four. */
typedef struct clf__two_way {
  const void *k; /* without gaps */
  float scale;
  int64_t rows, columns; /* columns: a multiple of CLF__SPARSE_LANES */
  int64_t sides, ld;
  const float *left, *right; /* [sides, rows] and [sides, columns] */
  float *row_sums, *column_sums;
} clf__two_way;

/* A window of an image; `line` elements from one of its rows to the next. */
typedef struct clf__pool_window {
  int64_t rows, columns, channels, line;
} clf__pool_window;

/* Samples of a row: out[i] = sum_k weights[k * stride + i] row[first[i] + k * step]. */
typedef struct clf__resample {
  const int32_t *first; /* [stride] */
  const float *weights; /* [taps, stride] */
  int64_t stride;       /* a multiple of every vector's lanes; what lies beyond `count` is 0 */
  int64_t step;
  int64_t taps;
  int64_t count;
} clf__resample;

typedef struct clf__kernels {
  clf__product_kernel f32;
  clf__product_kernel f64;
  /* f32 products whose B is u8, unpacked. */
  void (*multiply_u8)(const clf__product *product);

  clf__gram_kernel gram_f32;
  clf__gram_kernel gram_u8;
  /* `columns` columns of some rows, from x on, as steps of a panel; missing rows count as 0. */
  void (*gram_pack_u8)(void *out, const uint8_t *x, int64_t stride, int64_t rows, int64_t columns);
  /* root[row] (NULL for 1) times (x - center) for the dense x from column `first` on, unscaled. */
  void (*gram_pack_centered)(void *out, const clf__rows *x, int64_t first, int64_t columns,
                             const float *center, const float *root);

  /* sums += x; sums += factor x. */
  void (*count_u8)(uint32_t *sums, const uint8_t *x, int64_t count);
  void (*add_u8)(double *sums, double factor, const uint8_t *x, int64_t count);
  void (*add_f32)(double *sums, double factor, const float *x, int64_t count);
  /* sums += sum_i factor[i] x[i]. */
  void (*add_vectors)(double *sums, const double *factor, const float *const *x, int64_t vectors,
                      int64_t count);
  /* w += factor x. */
  void (*step_u8)(float *w, float factor, const uint8_t *x, int64_t count);
  void (*step_f32)(float *w, float factor, const float *x, int64_t count);

  void (*widen_u8)(float *out, const uint8_t *x, int64_t count);

  /* out [rows, outputs] = scale x W^T + b (NULL for 0), dense x, W [outputs, ldw]. */
  void (*linear_f32)(const clf__rows *x, const float *w, int64_t ldw, const float *b,
                     int64_t outputs, float *out, int64_t ld);
  void (*linear_u8)(const clf__rows *x, const float *w, int64_t ldw, const float *b,
                    int64_t outputs, float *out, int64_t ld);
  /* The same for sparse x, and sums += r^T x, with W and sums [columns, stride]; stride is a
   * multiple of CLF__SPARSE_LANES, and what lies beyond the outputs is 0 and stays so. The first
   * takes any stride from the outputs on, if CLF__SPARSE_LANES more floats can be read after W. */
  void (*linear_sparse)(const clf__rows *x, const float *w, int64_t stride, const float *b,
                        int64_t outputs, float *out, int64_t ld);
  void (*gradient_sparse)(const clf__rows *x, const float *r, int64_t ld, float *sums,
                          int64_t stride, int64_t outputs);

  clf__tile_kernel tile_f32;
  clf__tile_kernel tile_u8; /* exact integers, up to CLF__EXACT_COLUMNS columns */
  /* out = the function of sums of products; norms are squared. */
  void (*kernel_map)(const clf__kernel_map *map, const float *sums, float x_norm,
                     const float *z_norms, float *out, int64_t count);
  /* out [z->rows, CLF__SPARSE_LANES] = x.z for sparse z and as many rows x as there are lanes,
   * which lie [columns, CLF__SPARSE_LANES]. */
  void (*kernel_sparse)(const clf__rows *z, const float *x, float *out);
  /* x_i.z_j for sparse z, with the bits that kernel_sparse gives. */
  float (*kernel_dot)(float scale, const clf__rows *x, int64_t i, const clf__rows *z, int64_t j);
  float (*kernel_norm)(float scale, const clf__rows *x, int64_t i);

  void (*two_way_f32)(const clf__two_way *block);
  void (*two_way_i16)(const clf__two_way *block);
  /* x as 16-bit integers: returns the scale that gives it back, or NaN when x is not finite. */
  float (*shorten)(int16_t *out, const float *x, int64_t count);

  void (*exp)(const float *x, float *out, int64_t count);
  void (*log)(const float *x, float *out, int64_t count);
  void (*tanh)(const float *x, float *out, int64_t count);
  void (*softmax)(float *values, int64_t rows, int64_t columns, int64_t ld, double *log_sums);
  void (*sigmoid)(float *values, int64_t count, float *softplus);

  int64_t (*smo)(const clf__smo *problem);

  /* y [pixels, filters] += bias (NULL for 0), then with `relu` = max(y, 0). */
  void (*conv_finish)(float *y, int64_t pixels, int64_t filters, const float *bias, bool relu);
  /* sums [filters] += the sum over pixels of y [pixels, filters]. */
  void (*conv_add_pixels)(double *sums, const float *y, int64_t pixels, int64_t filters);
  /* out = dy where y is above 0, else 0. */
  void (*conv_mask)(const float *dy, const float *y, int64_t count, float *out);
  /* y = the outputs for the pixels x and w [taps, filters]; dw += their gradient. */
  void (*conv_few)(const clf__conv_few *few, const float *x, const float *w, const float *bias,
                   bool relu, float *y);
  void (*conv_few_gradient)(const clf__conv_few *few, const float *x, const float *dy, float *dw);
  /* Transforms of Winograd's convolutions. One tile: values = B^T pixels B; pixels += B values B^T;
   * outputs = A^T values A; values = A slopes A^T. */
  void (*winograd_values)(const float *const *pixels, const clf__winograd_values *values);
  void (*winograd_add_pixels)(const clf__winograd_values *values, float *const *pixels);
  void (*winograd_outputs)(const clf__winograd_values *values, const clf__winograd_outputs *out);
  void (*winograd_slopes)(const clf__winograd_slopes *slopes, const clf__winograd_values *values);
  /* u = G w G^T; dw = G^T p G. */
  void (*winograd_weights)(const clf__winograd_weights *weights, const float *w, float *u);
  void (*winograd_gradients)(const clf__winograd_weights *weights, const float *p, float *dw);
  /* As in network.h, on the calling thread; softmax is left to the kernel above. */
  void (*bias_activate)(int32_t function, const float *bias, float *y, int64_t rows,
                        int64_t columns);
  void (*slope)(int32_t function, const float *y, float *dy, int64_t rows, int64_t columns);
  void (*drop)(uint32_t limit, float factor, uint64_t seed, const float *x, float *y,
               int64_t count);
  void (*column_sums)(const float *x, int64_t rows, int64_t columns, float *sums);
  /* As in channels.h, for `count` elements in lines of `period`, by which the arrays are. */
  void (*channel_sums)(const float *x, int64_t count, int64_t period, double *sums,
                       double *squares);
  void (*channel_products)(const float *x, const float *dy, int64_t count, int64_t period,
                           const float *center, double *sums, double *products);
  void (*channel_map)(const float *x, int64_t count, int64_t period, const float *center,
                      const float *factor, const float *shift, float *y);
  void (*channel_slope)(const float *x, const float *dy, int64_t count, int64_t period,
                        const float *center, const float *factor, const float *shift,
                        const float *share, float *dx);
  /* y [channels] of one window that begins at x; the gradients are added to dx. */
  void (*pool_max)(const clf__pool_window *w, const float *x, float *y);
  void (*pool_mean)(const clf__pool_window *w, const float *x, float *y);
  void (*pool_max_slope)(const clf__pool_window *w, const float *x, const float *y, const float *dy,
                         float *dx);
  void (*pool_mean_slope)(const clf__pool_window *w, const float *x, const float *y,
                          const float *dy, float *dx);
  void (*update)(const clf__update *update);
  float (*square_sum)(const float *x, int64_t count);

  void (*cell_forward)(const clf__cell_step *step);
  void (*cell_backward)(const clf__cell_step *step);
  void (*warp_row)(const clf__warp_row *row, float *out);

  /* out[i] = sum_k weights[k] from[k * stride + i] for i < count. */
  void (*weigh_f32)(const float *from, int64_t stride, const float *weights, int64_t taps,
                    int64_t count, float *out);
  void (*weigh_u8)(const uint8_t *from, int64_t stride, const float *weights, int64_t taps,
                   int64_t count, float *out);
  void (*resample)(const clf__resample *axis, const float *from, float *out);
  /* Rounds values from 0 to 255. */
  void (*round_u8)(uint8_t *out, const float *x, int64_t count);

  /* y += A x, as far as rows first … end - 1 of the upper triangle of the symmetric A [n, n] go:
   * each element above the diagonal counts for its row and for its column. */
  void (*symmetric_f64)(const double *a, int64_t lda, int64_t n, int64_t first, int64_t end,
                        const double *x, double *y);
  /* out[p] = rows[p] x; y += sum_p factors[p] rows[p], for rows [count, n]. */
  void (*dot_rows_f64)(const double *rows, int64_t count, int64_t ld, const double *x, int64_t n,
                       double *out);
  void (*add_rows_f64)(const double *rows, int64_t count, int64_t ld, const double *factors,
                       int64_t n, double *y);
  /* *value = sum_j z_j^2 / ((d_j - origin) - x), and its derivative with respect to x. */
  void (*secular_f64)(const double *d, const double *z, int64_t n, double origin, double x,
                      double *value, double *derivative);
} clf__kernels;

/* Those of the context's CPU target. */
const clf__kernels *clf__kernels_for(const clf_context *context);

#endif
