/* Groups of rows, combined with the stored columns. Dense rows are packed into tiles. If the
 * columns are sparse, 16 rows are scattered side by side over all features, so that each entry of a
 * column meets 16 consecutive values; for a few pairs, entries are merged instead. Packing dense
 * rows takes a hundredth of the time of a prediction, and a twenty-fifth of that of a fit, whose
 * rows meet fewer columns. */
#include "ops/kernelfn/kernel_parts.h"
#include "ops/kernelfn/kernel_tiles.h"

enum {
  GROUP_ROWS = 96,          /* a multiple of the rows of every tile */
  GROUP_BYTES = 512 * 1024, /* packed rows: a part of L2 */
  LANES = CLF__SPARSE_LANES,
  SPARSE_COLUMNS = 64, /* columns that are combined at once */
};

static const clf__tile_kernel *tile_for(const clf__kernel_columns *z, int64_t rows) {
  return z->many != NULL && rows >= CLF__MANY_ROWS ? z->many : z->tile;
}

int64_t clf__kernel_group_rows(const clf__kernel_columns *z, int64_t wanted) {
  if (z->precomputed) {
    return clf__min_i64(wanted, GROUP_ROWS);
  }
  if (z->sparse) {
    return clf__min_i64(wanted, LANES);
  }
  const int64_t height = tile_for(z, wanted)->rows, row_bytes = 4 * (z->stored > 0 ? z->stored : 1);
  const int64_t fit = GROUP_BYTES / row_bytes / height * height;
  const int64_t max = fit < height ? height : clf__min_i64(fit, GROUP_ROWS);
  return clf__min_i64(clf__round_up(wanted, height), max);
}

int64_t clf__kernel_group_bytes(const clf__kernel_columns *z, int64_t rows, int64_t *zeroed) {
  *zeroed = 0;
  if (z->precomputed) {
    return 0;
  }
  if (z->sparse) {
    *zeroed = z->columns * LANES * (int64_t)sizeof(float);
    return *zeroed + (2 * SPARSE_COLUMNS + 1) * LANES * (int64_t)sizeof(float);
  }
  const int64_t padded = clf__round_up(rows, tile_for(z, rows)->rows);
  const int64_t tiles = clf__ceil_div(padded, z->tile->rows);
  return clf__round_up(
      4 * tiles * (z->tile->rows * (z->stored + 1) + clf__tile_places(z->steps, z->tile->depth)),
      64);
}

static float value_at(const clf__rows *x, int64_t row, int64_t column) {
  const int64_t at = row * x->stride + column;
  return x->dtype == CLF_U8 ? (float)((const uint8_t *)x->data)[at] * x->scale
                            : ((const float *)x->data)[at];
}

static void scatter(const clf__kernel_group *group, bool clear) {
  const clf__rows *x = group->pick.x;
  const float scale = group->z->rows_map.scale;
  for (int64_t i = 0; i < group->pick.count; i++) {
    const int64_t row = clf__row_picked(&group->pick, i);
    float *to = group->scattered + i;
    if (clf__rows_sparse(x)) {
      for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
        to[x->column[e] * LANES] = clear ? 0 : scale * x->value[e];
      }
    } else {
      for (int64_t j = 0; j < x->columns; j++) {
        to[j * LANES] = clear ? 0 : scale * value_at(x, row, j);
      }
    }
  }
}

clf_status clf__kernel_group_begin(clf__kernel_group *group, const clf__kernel_columns *z,
                                   const clf__row_pick *pick, char *scratch) {
  *group = (clf__kernel_group){.z = z, .pick = *pick};
  if (z->precomputed) {
    return CLF_OK;
  }
  if (z->sparse) {
    group->scattered = (float *)(void *)scratch;
    group->sums = group->scattered + z->columns * LANES;
    group->norms = group->sums + 2 * SPARSE_COLUMNS * LANES;
    for (int64_t i = 0; i < pick->count; i++) {
      ((float *)group->norms)[i] =
          z->kernels->kernel_functions->norm(z->rows_map.scale, pick->x, clf__row_picked(pick, i));
    }
    CLF__CHECK(clf__kernel_check_norms(pick, group->norms));
    scatter(group, false);
    return CLF_OK;
  }
  group->tile = tile_for(z, pick->count);
  const int64_t height = group->tile->rows, padded = clf__round_up(pick->count, height);
  const int64_t places = clf__tile_places(z->steps, group->tile->depth);
  group->packed = (int32_t *)(void *)scratch;
  group->norms = group->packed + padded * z->stored;
  group->places = group->packed + padded * (z->stored + 1);
  for (int64_t i = 0; i < pick->count; i += height) {
    const clf__row_pick tile = {pick->x, pick->rows, pick->first + i,
                                clf__min_i64(height, pick->count - i)};
    float *norms = (float *)group->norms + i;
    group->tile->pack_rows(group->packed + i * z->stored, group->places + i / height * places,
                           norms, &tile, &z->rows_map, z->map.kind == CLF__KERNEL_RBF);
    if (!z->exact) {
      CLF__CHECK(clf__kernel_check_norms(&tile, norms));
    }
  }
  return CLF_OK;
}

static void sparse_range(const clf__kernel_group *group, int64_t first, int64_t n, float *out,
                         int64_t ld) {
  const clf__kernel_columns *z = group->z;
  const float *norms = group->norms, *z_norms = z->norms;
  float *transposed = group->sums + SPARSE_COLUMNS * LANES;
  for (int64_t j = 0; j < n; j += SPARSE_COLUMNS) {
    const int64_t count = clf__min_i64(SPARSE_COLUMNS, n - j);
    const clf__rows part = clf__rows_range(&z->z, first + j, count);
    z->kernels->kernel_functions->sparse(&part, group->scattered, group->sums);
    for (int64_t i = 0; i < LANES; i++) {
      for (int64_t k = 0; k < count; k++) {
        transposed[i * SPARSE_COLUMNS + k] = group->sums[k * LANES + i];
      }
    }
    for (int64_t i = 0; i < group->pick.count; i++) {
      z->kernels->kernel_functions->map(&z->map, transposed + i * SPARSE_COLUMNS, norms[i],
                                        z_norms + first + j, out + i * ld + j, count);
    }
  }
}

/* Returns the value of a sparse row in a column. */
static float entry_at(const clf__rows *x, int64_t row, int64_t column) {
  int64_t e = x->row_start[row], end = x->row_start[row + 1];
  const int64_t last = end;
  while (e < end) {
    const int64_t middle = e + (end - e) / 2;
    if (x->column[middle] < column) {
      e = middle + 1;
    } else {
      end = middle;
    }
  }
  return e < last && x->column[e] == column ? x->value[e] : 0;
}

static void gather(const clf__kernel_group *group, int64_t first, int64_t n, float *out,
                   int64_t ld) {
  const clf__rows *x = group->pick.x;
  const int64_t *numbers = group->z->numbers + first;
  for (int64_t i = 0; i < group->pick.count; i++) {
    const int64_t row = clf__row_picked(&group->pick, i);
    for (int64_t j = 0; j < n; j++) {
      out[i * ld + j] =
          clf__rows_sparse(x) ? entry_at(x, row, numbers[j]) : value_at(x, row, numbers[j]);
    }
  }
}

void clf__kernel_group_range(const clf__kernel_group *group, int64_t first, int64_t n, float *out,
                             int64_t ld) {
  const clf__kernel_columns *z = group->z;
  if (z->precomputed) {
    gather(group, first, n, out, ld);
  } else if (z->sparse) {
    sparse_range(group, first, n, out, ld);
  } else {
    group->tile->multiply(&(clf__kernel_tiles){.map = z->map,
                                               .steps = z->steps,
                                               .a = group->packed,
                                               .places = group->places,
                                               .a_norms = group->norms,
                                               .rows = group->pick.count,
                                               .b = z->panels,
                                               .b_norms = z->norms,
                                               .first = first,
                                               .columns = n,
                                               .out = out,
                                               .ld = ld});
  }
}

void clf__kernel_group_end(clf__kernel_group *group) {
  if (group->scattered != NULL) {
    scatter(group, true);
  }
}
