/* The steps of kernel matrices. Rows meet columns in groups: a group is made ready once (packed for
 * tiles, or scattered where the columns are sparse) and then meets any ranges of columns. */
#ifndef CLF_OPS_KERNELFN_KERNEL_PARTS_H
#define CLF_OPS_KERNELFN_KERNEL_PARTS_H

#include <stdatomic.h>
#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/status.h"
#include "ops/kernelfn/kernel_matrix.h"
#include "ops/kernelfn/kernel_tiles.h"
#include "ops/kernels.h"

struct clf__kernel_columns {
  clf_context *context;
  const clf__kernels *kernels;
  clf__kernel_map map;
  clf__row_map rows_map; /* of dense f32 rows; of sparse ones the scale, on one of the sides */
  bool precomputed, sparse, exact; /* none of them: f32 products */
  int64_t columns;                 /* of a row: the depth of products */
  int64_t count;
  int64_t *numbers; /* precomputed: [count] */
  void *norms;      /* [count, up to whole panels], 4 bytes each */
  /* Dense. */
  const clf__tile_kernel *tile;
  float *center;         /* rows_map's, or NULL */
  int64_t steps, stored; /* units of a packed row, and how many there is room for */
  int32_t *panels;
  /* Sparse: z's own arrays, or copies of what was picked or is dense. */
  clf__rows z;
  int64_t *row_start;
  int32_t *column;
  float *value;
};

/* A group of rows, ready to meet columns. */
typedef struct clf__kernel_group {
  const clf__kernel_columns *z;
  clf__row_pick pick;
  int32_t *packed, *places; /* tiles */
  void *norms;
  float *scattered; /* [columns, CLF__SPARSE_LANES], 0 between groups */
  float *sums;      /* sparse: [SPARSE_COLUMNS, CLF__SPARSE_LANES] and the same transposed */
} clf__kernel_group;

/* Rows of a group, at most `wanted` (> 0). */
int64_t clf__kernel_group_rows(const clf__kernel_columns *z, int64_t wanted);
/* Bytes that a group of `rows` rows needs, a multiple of 64, and those of them that must be 0. */
int64_t clf__kernel_group_bytes(const clf__kernel_columns *z, int64_t rows, int64_t *zeroed);
/* Makes rows ready in `scratch`; *bad becomes the first of the rows whose squared norm is beyond
 * float, where that is smaller than it was. `scattered` may be NULL: then pairs of rows are merged,
 * which is better for a few of them. */
void clf__kernel_group_begin(clf__kernel_group *group, const clf__kernel_columns *z,
                             const clf__row_pick *pick, char *scratch, atomic_int_least64_t *bad);
void clf__kernel_group_range(const clf__kernel_group *group, int64_t first, int64_t n, float *out,
                             int64_t ld);
void clf__kernel_group_end(clf__kernel_group *group);

/* CLF_ERROR_NUMERIC for the row that `bad` names, CLF_OK when it is still INT64_MAX. */
clf_status clf__kernel_norm_status(const atomic_int_least64_t *bad);
void clf__kernel_check_norms(atomic_int_least64_t *bad, const clf__row_pick *pick,
                             const float *norms);

#endif
