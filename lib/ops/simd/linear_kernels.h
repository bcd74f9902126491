/* Linear maps of f32, u8 and sparse rows. */
#include "ops/linalg/linear.h"

/* out [x->rows, outputs] = x w^T + b. */
typedef struct linear_call {
  const clf__rows *x;
  const float *w, *b; /* [outputs, columns]; [outputs], or NULL */
  int64_t ldw, outputs;
  float *out;
  int64_t ld;
} linear_call;

#define X float
#define LOAD_X load_f32
#define LOAD_X_PART load_part_f32
#define NAME(x) x##_f32
#include "ops/simd/linear.h"

#define X uint8_t
#define LOAD_X load_u8
#define LOAD_X_PART load_part_u8
#define NAME(x) x##_u8
#include "ops/simd/linear.h"

#include "ops/simd/sparse.h"

const clf__linear_kernels FAMILY(linear_kernels) = {
    .f32 = linear_f32,
    .u8 = linear_u8,
    .sparse = linear_sparse,
    .gradient_sparse = gradient_sparse,
};
