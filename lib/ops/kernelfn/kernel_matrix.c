/* Blocks of kernel matrices. Each task computes a group of rows by a range of columns. No sum is
 * divided, so results do not depend on how a block is cut.
 *
 * 256 x 12,000 values of rows of 784 elements are 2.4e9 products. One core of a 2.0 GHz server
 * computes at most 256 G products of bytes a second by VNNI, and 57 G of f32. By `bench_ops 115
 * kernel`, blocks reach 210 … 230 G and 50 … 53 G with any kernel function, and sums for 10,000
 * rows reach 195 G and 48 G. These figures are for rows without zeros: steps of a tile in which all
 * rows are 0 are skipped, half of all steps for images of digits. Sparse rows are bound by the
 * caches; each entry meets 16 values at a time. */
#include "ops/kernelfn/kernel_matrix.h"

#include <math.h>

#include "base/context.h"
#include "base/jobs.h"
#include "ops/kernelfn/kernel_parts.h"
#include "ops/kernelfn/kernel_tiles.h"
#include "ops/linalg/product.h"

enum {
  RANGE = 2016, /* columns in a task */
  PART = 480    /* columns of a part, with up to 96 rows: a multiple of every panel */
};
/* Below so many multiplications, waking threads (about 20 us) and dividing tasks are not
 * worthwhile. */
static const double task_products = 1 << 21;

typedef struct block_call {
  const clf__kernel_columns *z;
  clf__row_pick pick;
  int64_t first, n;
  float *out;
  int64_t ld;
  int64_t group, range; /* rows and columns in a task */
  int64_t ranges;
  int64_t scratch_bytes;
  char *scratch;
} block_call;

static clf_status block_job(void *argument, clf__range range) {
  block_call *call = argument;
  const int64_t row = range.index / call->ranges * call->group;
  const int64_t column = range.index % call->ranges * call->range;
  const clf__row_pick pick = {call->pick.x, call->pick.rows, call->pick.first + row,
                              clf__min_i64(call->group, call->pick.count - row)};
  clf__kernel_group group;
  CLF__CHECK(clf__kernel_group_begin(&group, call->z, &pick,
                                     call->scratch + range.worker * call->scratch_bytes));
  clf__kernel_group_range(&group, call->first + column, clf__min_i64(call->range, call->n - column),
                          call->out + row * call->ld + column, call->ld);
  clf__kernel_group_end(&group);
  return CLF_OK;
}

/* Computes a few sparse pairs by merging entries, which needs no memory. */
static bool merges(const block_call *call) {
  const clf__kernel_columns *z = call->z;
  if (!z->sparse) {
    return false;
  }
  const int64_t *start = z->z.row_start;
  const double entries = (double)(start[call->first + call->n] - start[call->first]);
  const double groups = ((double)call->pick.count + 15) / 16;
  double own = 0;
  for (int64_t i = 0; clf__rows_sparse(call->pick.x) && i < call->pick.count && own < 1e6; i++) {
    const int64_t row = clf__row_picked(&call->pick, i);
    own += (double)(call->pick.x->row_start[row + 1] - call->pick.x->row_start[row]);
  }
  const double merge = 4 * ((double)call->pick.count * entries + (double)call->n * own);
  return merge < 2 * (double)z->columns + groups * entries;
}

static clf_status merge_block(block_call *call) {
  const clf__kernel_columns *z = call->z;
  const float *z_norms = z->norms;
  for (int64_t i = 0; i < call->pick.count; i++) {
    const clf__row_pick one = {call->pick.x, call->pick.rows, call->pick.first + i, 1};
    const int64_t row = clf__row_picked(&one, 0);
    const float norm = z->kernels->kernel_functions->norm(z->rows_map.scale, one.x, row);
    float *out = call->out + i * call->ld;
    CLF__CHECK(clf__kernel_check_norms(&one, &norm));
    for (int64_t j = 0; j < call->n; j++) {
      out[j] =
          z->kernels->kernel_functions->dot(z->rows_map.scale, one.x, row, &z->z, call->first + j);
    }
    z->kernels->kernel_functions->map(&z->map, out, norm, z_norms + call->first, out, call->n);
  }
  return CLF_OK;
}

static double products_of(const clf__kernel_columns *z, int64_t rows, int64_t first, int64_t n) {
  if (z->sparse) {
    return (double)rows * (double)(z->z.row_start[first + n] - z->z.row_start[first]);
  }
  return (double)rows * (double)n * (z->precomputed ? 1 : (double)z->columns);
}

double clf__kernel_work(const clf__kernel_columns *z, int64_t rows, int64_t first, int64_t n) {
  const double each = z->sparse ? CLF__COST_ELEMENT : CLF__COST_PRODUCT;
  return products_of(z, rows, first, n) * each + (double)rows * (double)n * CLF__COST_FUNCTION;
}

/* Returns the columns of a task: more than RANGE if there are few rows. */
static int64_t range_of(const block_call *call) {
  const double rest = products_of(call->z, call->group, call->first, call->n);
  const double ranges = rest / task_products, max = (double)call->n / RANGE;
  const int64_t wanted = ranges < 1 ? 1 : ranges < max ? (int64_t)ranges : (int64_t)max + 1;
  return clf__round_up(clf__ceil_div(call->n, wanted), CLF__TILE_COLUMNS);
}

static clf_status run_tasks(block_call *call) {
  const clf__kernel_columns *z = call->z;
  const double work = clf__kernel_work(z, call->pick.count, call->first, call->n);
  const int64_t workers = clf__workers(z->context, work);
  int64_t zeroed;
  call->group = clf__kernel_group_rows(z, call->pick.count);
  call->range = range_of(call);
  call->ranges = clf__ceil_div(call->n, call->range);
  call->scratch_bytes = clf__kernel_group_bytes(z, call->group, &zeroed);
  call->scratch = clf__alloc_array(z->context, workers, (size_t)call->scratch_bytes);
  if (call->scratch == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; zeroed > 0 && i < workers; i++) {
    memset(call->scratch + i * call->scratch_bytes, 0, (size_t)zeroed);
  }
  const int64_t tasks = clf__ceil_div(call->pick.count, call->group) * call->ranges;
  const clf_status status = clf__jobs_ranges(z->context, tasks, 1, work, block_job, call);
  clf__free(call->scratch);
  return status;
}

clf_status clf__kernel_block(const clf__kernel_columns *z, int64_t first, int64_t n,
                             const clf__rows *x, const int64_t *rows, int64_t count, float *out,
                             int64_t ld) {
  block_call call = {
      .z = z, .pick = {x, rows, 0, count}, .first = first, .n = n, .out = out, .ld = ld};
  if (count <= 0 || n <= 0) {
    return CLF_OK;
  }
  return merges(&call) ? merge_block(&call) : run_tasks(&call);
}

/* A task computes its range of columns part by part. */
typedef struct parts_call {
  block_call block;
  int64_t part; /* columns; all of the task's if there are several groups, each of which is
                 * prepared once */
  int64_t group_bytes;
  clf__kernel_use use;
  void *argument;
} parts_call;

static clf_status parts_job(void *argument, clf__range range) {
  const parts_call *call = argument;
  const block_call *block = &call->block;
  char *scratch = block->scratch + range.worker * block->scratch_bytes;
  float *values = (float *)(void *)(scratch + call->group_bytes);
  clf__kernel_group group;
  for (int64_t first = range.first; first < range.end; first += call->part) {
    const int64_t n = clf__min_i64(call->part, range.end - first);
    for (int64_t row = 0; row < block->pick.count; row += block->group) {
      const clf__row_pick pick = {block->pick.x, block->pick.rows, row,
                                  clf__min_i64(block->group, block->pick.count - row)};
      if (first == range.first) {
        CLF__CHECK(clf__kernel_group_begin(&group, block->z, &pick, scratch));
      }
      clf__kernel_group_range(&group, first, n, values + row * call->part, call->part);
      if (first + n == range.end) {
        clf__kernel_group_end(&group);
      }
    }
    call->use(call->argument, values, call->part, first, n);
  }
  return CLF_OK;
}

clf_status clf__kernel_parts(const clf__kernel_columns *z, const clf__rows *x, const int64_t *rows,
                             int64_t count, clf__kernel_use use, void *argument) {
  parts_call call = {.block = {.z = z, .pick = {x, rows, 0, count}, .n = z->count},
                     .use = use,
                     .argument = argument};
  block_call *block = &call.block;
  if (count <= 0 || z->count <= 0) {
    return CLF_OK;
  }
  const double work = clf__kernel_work(z, count, 0, z->count);
  const int64_t workers = clf__workers(z->context, work);
  int64_t zeroed;
  block->group = clf__kernel_group_rows(z, count);
  block->range = block->group < count ? RANGE : range_of(block);
  call.part = block->group < count ? RANGE : PART;
  call.group_bytes = clf__kernel_group_bytes(z, block->group, &zeroed);
  block->scratch_bytes = call.group_bytes + count * call.part * (int64_t)sizeof(float);
  block->scratch = clf__alloc_array(z->context, workers, (size_t)block->scratch_bytes);
  if (block->scratch == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; zeroed > 0 && i < workers; i++) {
    memset(block->scratch + i * block->scratch_bytes, 0, (size_t)zeroed);
  }
  const clf_status status =
      clf__jobs_ranges(z->context, z->count, block->range, work, parts_job, &call);
  clf__free(block->scratch);
  return status;
}

typedef struct diagonal_call {
  const clf__kernel_function *function;
  clf__row_pick pick;
  double *out;
} diagonal_call;

static double value_at(const clf__rows *x, int64_t row, int64_t column) {
  const int64_t at = row * x->stride + column;
  return x->dtype == CLF_U8 ? (double)((const uint8_t *)x->data)[at] * (double)x->scale
                            : (double)((const float *)x->data)[at];
}

static double squared_norm(const clf__rows *x, int64_t row) {
  const bool sparse = clf__rows_sparse(x);
  if (!sparse && x->dtype == CLF_U8) {
    const uint8_t *bytes = (const uint8_t *)x->data + row * x->stride;
    uint64_t squares = 0;
    for (int64_t j = 0; j < x->columns; j++) {
      squares += (uint64_t)bytes[j] * bytes[j];
    }
    return (double)squares * (double)x->scale * (double)x->scale;
  }
  const float *values =
      sparse ? x->value + x->row_start[row] : (const float *)x->data + row * x->stride;
  const int64_t count = sparse ? x->row_start[row + 1] - x->row_start[row] : x->columns;
  double sum = 0;
  for (int64_t j = 0; j < count; j++) {
    sum += (double)values[j] * (double)values[j];
  }
  return sum;
}

static double own_value(const clf__rows *x, int64_t row) {
  if (!clf__rows_sparse(x)) {
    return value_at(x, row, row);
  }
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    if (x->column[e] == row) {
      return (double)x->value[e];
    }
  }
  return 0;
}

static void diagonal_task(void *argument, clf__range range) {
  const diagonal_call *call = argument;
  const clf__kernel_function *f = call->function;
  const int64_t index = range.index, row = clf__row_picked(&call->pick, index);
  switch (f->kind) {
  case CLF__KERNEL_POLYNOMIAL:
    call->out[index] = pow(f->gamma * squared_norm(call->pick.x, row) + f->coef0, f->degree);
    break;
  case CLF__KERNEL_RBF:
    call->out[index] = 1;
    break;
  case CLF__KERNEL_SIGMOID:
    call->out[index] = tanh(f->gamma * squared_norm(call->pick.x, row) + f->coef0);
    break;
  case CLF__KERNEL_PRECOMPUTED:
    call->out[index] = own_value(call->pick.x, row);
    break;
  default:
    call->out[index] = squared_norm(call->pick.x, row);
  }
}

clf_status clf__kernel_diagonal(clf_context *context, const clf__kernel_function *function,
                                const clf__rows *x, const int64_t *rows, int64_t count,
                                double *out) {
  diagonal_call call = {function, {x, rows, 0, count}, out};
  const double entries = (double)clf__rows_entries(x) / (double)x->rows + 10;
  return clf__progress_ranges(context, count, 1, (double)count * entries * CLF__COST_ELEMENT,
                              diagonal_task, &call);
}
