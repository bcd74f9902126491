/* Products of quantized numbers, for inference. An activation x is a byte q of 0 … 255 that stands
 * for scale (q - zero); a weight is a signed byte of -127 … 127 that stands for w times the scale
 * of its column. A product is a sum of integers, which is exact below 2^31:
 *
 *   sum_k x_k W_kj = scale scale_j (sum_k q_k w_kj - zero sum_k w_kj)
 *
 * so that all CPU targets, and all ways to divide the work, have the same sums.
 *
 * The floors: a target with an instruction for four products of bytes (VNNI) does four times as
 * many operations in a cycle as with f32, other targets, which multiply pairs of 16-bit numbers, at
 * least as many as with f32; one row is bound by reading the weights, whose bytes are a quarter. */
#ifndef CLF_OPS_NN_INT8_H
#define CLF_OPS_NN_INT8_H

#include <stdbool.h>
#include <stdint.h>

#include "tensor/rows.h"

/* How numbers become bytes: q = zero + the nearest integer to x / scale, within 0 … 255. */
typedef struct clf__int8_range {
  float scale;
  int32_t zero;
} clf__int8_range;

/* More terms could leave 32 bits: 255 * 127 * 65536 < 2^31. */
enum { CLF__INT8_MAX_DEPTH = 1 << 16, CLF__INT8_LIMIT = 127 };

/* What becomes of the sums of column j: y = f(scale_j (sum + offset_j) + bias_j), f = max(0, .)
 * with `relu`. The arrays have elements for whole panels. */
typedef struct clf__int8_finish {
  const int32_t *offset;
  const float *scale, *bias;
  bool relu;
} clf__int8_finish;

/* y [rows, columns] = the products of rows with packed weights. The elements of row i are in
 * segments: those of segment s begin at x + i * row_step + segments[s], in elements. */
typedef struct clf__int8_product {
  int64_t rows, columns;
  const void *x;
  int64_t row_step;
  const int64_t *segments; /* [segment_count] */
  int64_t segment_count, segment_units;
  const void *panels;
  clf__int8_finish finish;
  float *y;
  int64_t ldy;
} clf__int8_product;

/* One row x [inputs] with weights w [inputs, columns] that are not packed. With `skip`, which needs
 * a zero of 0, rows of W whose x is 0 are not read. */
typedef struct clf__int8_row {
  int64_t inputs, columns;
  const void *x;
  bool skip;
  const int8_t *w;
  clf__int8_finish finish;
  float *y;
  int32_t *index; /* scratch, [inputs + 3] each */
  uint8_t *value;
} clf__int8_row;

typedef struct clf__int8_kernels {
  int64_t element; /* bytes in which a quantized activation is stored */
  int64_t group;   /* elements in a unit; segments are filled up to whole units */
  int64_t unit;    /* bytes of a unit of a packed column */
  int64_t columns; /* of a panel; the last one has as many vectors as it needs */
  int64_t lanes;   /* of a vector; columns are packed up to whole vectors */
  /* out [count] = the quantized x; NULL stands for zeros. Returns false if there is a NaN. */
  bool (*quantize)(const float *x, int64_t count, clf__int8_range range, void *out);
  /* out [count] = bytes that are quantized already. */
  void (*widen)(const uint8_t *bytes, int64_t count, void *out);
  /* Packs a panel of at most `columns` columns of one segment w [depth, stride]. */
  void (*pack)(const int8_t *w, int64_t stride, int64_t depth, int64_t columns, void *out);
  void (*multiply)(const clf__int8_product *product);
  void (*multiply_row)(const clf__int8_row *row);
} clf__int8_kernels;

/* Returns the kernels for segments of this depth: those of tiles multiply 64 elements at a time, so
 * that vectors are faster where a segment has few. */
const clf__int8_kernels *clf__int8_kernels_for(clf_context *context, int64_t depth);

/* A layer's weights [segments * depth, columns] and how its inputs are quantized. */
typedef struct clf__int8_source {
  const int8_t *w;
  const float *scale; /* [columns] */
  clf__int8_range range;
} clf__int8_source;

/* Weights that are packed for the kernels of a context, within one array. */
typedef struct clf__int8_packed {
  clf__int8_range range;
  const int8_t *w;   /* those of the source, which must live as long */
  float *scale;      /* [columns] of whole vectors: what a product of integers stands for */
  int32_t *offset;   /* likewise: minus zero times the sum of the weights */
  int64_t *segments; /* [segment_count], for the caller to set */
  void *panels;
} clf__int8_packed;

/* The shape of packed weights. */
typedef struct clf__int8_shape {
  int64_t segments, depth, columns;
} clf__int8_shape;

/* Returns how many floats they take, -1 if the number overflows. The bias of a pass has as many
 * elements as `scale`. */
int64_t clf__int8_packed_size(clf_context *context, clf__int8_shape shape);
int64_t clf__int8_padded(int64_t columns);
/* Returns `memory`, filled. */
clf__int8_packed *clf__int8_pack(clf_context *context, clf__int8_shape shape,
                                 const clf__int8_source *source, float *memory);

/* y [rows, units] = f(x [rows, inputs] W + bias) on the calling thread, f = max(0, .) with `relu`.
 * A row with a NaN gives NaN. */
typedef struct clf__dense_int8 {
  int64_t inputs, units, rows;
  const float *x;
  const clf__rows *bytes; /* u8 rows to read instead of x, for which clf__int8_reads_bytes() */
  const float *packed, *bias;
  bool relu;
  float *y;
} clf__dense_int8;
/* Returns whether bytes that stand for themselves times `scale` are the quantized inputs. */
bool clf__int8_reads_bytes(const float *packed, float scale);
/* Returns how many floats a call needs as scratch; -1 if the number overflows. */
int64_t clf__dense_int8_scratch_size(clf_context *context, int64_t inputs);
void clf__dense_int8_multiply(clf_context *context, const clf__dense_int8 *pass, float *scratch);

#endif
