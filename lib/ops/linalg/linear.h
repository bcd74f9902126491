/* Linear maps of rows of any storage, and their gradients. */
#ifndef CLF_OPS_LINALG_LINEAR_H
#define CLF_OPS_LINALG_LINEAR_H

#include "tensor/rows.h"

/* out = x W^T + b: x [rows, columns], W [outputs, columns] f32, b [outputs] or NULL, out [rows,
 * outputs] with leading dimension ld. Fails only if memory runs out. */
clf_status clf__linear(clf_context *context, const clf__rows *x, const float *w, const float *b,
                       int64_t outputs, float *out, int64_t ld);

/* The same in f64: W, b and out [rows, outputs] are f64, and the center of f64 rows is
 * subtracted. */
clf_status clf__linear_f64(clf_context *context, const clf__rows *x, const double *w,
                           const double *b, int64_t outputs, double *out);

/* clf__linear() in steps, for loops that combine it with other work on a cache-sized block of rows
 * inside a pool task: prepare it once for given weights, then map any number of blocks on any
 * threads.
 */
typedef struct clf__linear_map {
  clf_context *context;
  const float *w; /* [outputs, columns], borrowed */
  const float *b; /* [outputs] or NULL, borrowed */
  int64_t outputs;
  int64_t columns;
  int64_t stride;        /* 0 if w is used as it is */
  float *packed_weights; /* w as packed for the kernels, owned, or NULL */
} clf__linear_map;

/* `x` defines the storage and the number of the rows. For few dense rows (below 64), w is used as
 * it is, and may change between blocks. */
clf_status clf__linear_prepare(clf__linear_map *out, clf_context *context, const clf__rows *x,
                               const float *w, const float *b, int64_t outputs);
void clf__linear_release(clf__linear_map *map);
/* out [block->rows, outputs] = block W^T + b, on the calling thread. */
void clf__linear_block(const clf__linear_map *map, const clf__rows *block, float *out, int64_t ld);

/* Sums of r^T x over blocks of rows: the gradient of a loss with respect to W, where r [rows,
 * outputs] is the gradient with respect to the outputs. Each task has one. The sums are f32, so add
 * them to f64 sums by clf__linear_gradient_flush() every few thousand rows. */
typedef struct clf__linear_gradient {
  clf_context *context;
  int64_t outputs;
  int64_t columns;
  int64_t stride; /* sums are [columns, stride], or [outputs, columns] if it is 0 */
  float *sums;    /* owned */
} clf__linear_gradient;

/* Sets all sums to 0. `x` defines the storage of the blocks. */
clf_status clf__linear_gradient_create(clf__linear_gradient *out, clf_context *context,
                                       const clf__rows *x, int64_t outputs);
void clf__linear_gradient_free(clf__linear_gradient *gradient);
/* sums += r^T block, on the calling thread. The gradient with respect to the bias is the column sum
 * of r. */
void clf__linear_gradient_block(clf__linear_gradient *gradient, const clf__rows *block,
                                const float *r, int64_t ld);
/* out [outputs, columns] += sums; the sums become 0. */
void clf__linear_gradient_flush(clf__linear_gradient *gradient, double *out);

/* Outputs are padded to a multiple of this if x is sparse. */
enum { CLF__SPARSE_LANES = 16 };

/* The kernels of the functions above, on the calling thread. */
typedef struct clf__linear_kernels {
  /* out [rows, outputs] = scale x W^T + b (NULL for 0), dense x, W [outputs, ldw]. */
  void (*f32)(const clf__rows *x, const float *w, int64_t ldw, const float *b, int64_t outputs,
              float *out, int64_t ld);
  void (*u8)(const clf__rows *x, const float *w, int64_t ldw, const float *b, int64_t outputs,
             float *out, int64_t ld);
  /* The same for sparse x, and sums += r^T x, with W and sums [columns, stride]. stride is a
   * multiple of CLF__SPARSE_LANES; elements beyond the outputs are 0 and stay so. The first
   * function accepts any stride >= outputs if CLF__SPARSE_LANES more floats can be read after W. */
  void (*sparse)(const clf__rows *x, const float *w, int64_t stride, const float *b,
                 int64_t outputs, float *out, int64_t ld);
  void (*gradient_sparse)(const clf__rows *x, const float *r, int64_t ld, float *sums,
                          int64_t stride, int64_t outputs);
} clf__linear_kernels;

#endif
