/* The steps of computing kernel matrices. Rows are processed in groups: a group is prepared once
 * (packed for tiles, or scattered if the columns are sparse) and then combined with any ranges of
 * columns. */
#ifndef CLF_OPS_KERNELFN_KERNEL_PARTS_H
#define CLF_OPS_KERNELFN_KERNEL_PARTS_H

#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/status.h"
#include "ops/kernelfn/kernel_matrix.h"
#include "ops/kernelfn/kernel_tiles.h"
#include "ops/kernels.h"

struct clf__kernel_columns {
  clf__arena arena;
  clf_context *context;
  const clf__kernels *kernels;
  clf__kernel_map map;
  clf__row_map rows_map;           /* for dense f32 rows; for sparse rows the scale of one side */
  bool precomputed, sparse, exact; /* if none: products in f32 */
  int64_t columns;                 /* of a row, the depth of products */
  int64_t count;
  int64_t *numbers; /* precomputed: [count] */
  void *norms;      /* [count, rounded up to whole panels], 4 bytes each */
  /* Dense. */
  const clf__tile_kernel *tile, *many; /* `many` for groups of many rows, or NULL */
  float *center;                       /* the one of rows_map, or NULL */
  int64_t steps, stored;               /* units of a packed row, used and allocated */
  int32_t *panels;
  /* Sparse: the arrays of z, or copies of rows that were selected or are dense. */
  clf__rows z;
  int64_t *row_start;
  int32_t *column;
  float *value;
};

/* A group of rows that is ready to be combined with columns. */
typedef struct clf__kernel_group {
  const clf__kernel_columns *z;
  clf__row_pick pick;
  const clf__tile_kernel *tile;
  int32_t *packed, *places; /* tiles */
  void *norms;
  float *scattered; /* [columns, CLF__SPARSE_LANES], 0 between groups */
  float *sums;      /* sparse: [SPARSE_COLUMNS, CLF__SPARSE_LANES] and the same transposed */
} clf__kernel_group;

/* Returns the number of rows in a group, at most `wanted` (> 0). */
int64_t clf__kernel_group_rows(const clf__kernel_columns *z, int64_t wanted);
/* Returns how many bytes a group of `rows` rows needs, a multiple of 64, and how many of them must
 * be 0. */
int64_t clf__kernel_group_bytes(const clf__kernel_columns *z, int64_t rows, int64_t *zeroed);
/* Prepares rows in `scratch`. After CLF_ERROR_NUMERIC (clf__kernel_check_norms) the group needs no
 * end. */
clf_status clf__kernel_group_begin(clf__kernel_group *group, const clf__kernel_columns *z,
                                   const clf__row_pick *pick, char *scratch);
void clf__kernel_group_range(const clf__kernel_group *group, int64_t first, int64_t n, float *out,
                             int64_t ld);
void clf__kernel_group_end(clf__kernel_group *group);

/* Returns an order of the rows of x in which tiles have fewer steps, in the arena; NULL if there is
 * none, or no memory for it. */
const int64_t *clf__kernel_order(clf__arena *arena, const clf__kernel_columns *z,
                                 const clf__rows *x);

/* Returns CLF_ERROR_NUMERIC for the first row whose squared norm [count] exceeds the range of
 * float. */
clf_status clf__kernel_check_norms(const clf__row_pick *pick, const float *norms);

#endif
