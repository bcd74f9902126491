/* The columns of kernel matrices, which are kept: dense rows are packed into panels for the tiles
 * (u8 rows as bytes if the products will be exact), and sparse rows are stored as CSR. */
#include <float.h>
#include <inttypes.h>
#include <math.h>

#include "base/context.h"
#include "base/jobs.h"
#include "base/text.h"
#include "ops/kernelfn/kernel_parts.h"
#include "ops/kernelfn/kernel_tiles.h"

typedef struct pack_call {
  clf__kernel_columns *made;
  clf__row_pick pick;
} pack_call;

static int64_t entries_of(const clf__row_pick *pick, int64_t i) {
  const clf__rows *x = pick->x;
  const int64_t row = clf__row_picked(pick, i);
  int64_t entries = 0;
  if (clf__rows_sparse(x)) {
    return x->row_start[row + 1] - x->row_start[row];
  }
  for (int64_t j = 0; j < x->columns; j++) {
    const int64_t at = row * x->stride + j;
    entries += x->dtype == CLF_U8 ? ((const uint8_t *)x->data)[at] != 0
                                  : ((const float *)x->data)[at] != 0;
  }
  return entries;
}

static void count_row(void *argument, int64_t index, int32_t worker) {
  const pack_call *call = argument;
  (void)worker;
  call->made->row_start[index + 1] = entries_of(&call->pick, index);
}

static clf_status copy_row(void *argument, clf__range range) {
  const pack_call *call = argument;
  const clf__rows *x = call->pick.x;
  const int64_t row = clf__row_picked(&call->pick, range.index);
  const int64_t to = call->made->row_start[range.index];
  int32_t *column = call->made->column + to;
  float *value = call->made->value + to;
  if (clf__rows_sparse(x)) {
    const size_t count = (size_t)(x->row_start[row + 1] - x->row_start[row]);
    memcpy(column, x->column + x->row_start[row], count * sizeof *column);
    memcpy(value, x->value + x->row_start[row], count * sizeof *value);
    return CLF_OK;
  }
  for (int64_t j = 0; j < x->columns; j++) {
    const int64_t at = row * x->stride + j;
    const float v = x->dtype == CLF_U8 ? (float)((const uint8_t *)x->data)[at] * x->scale
                                       : ((const float *)x->data)[at];
    if (v != 0) {
      *column++ = (int32_t)j;
      *value++ = v;
    }
  }
  return CLF_OK;
}

/* The state of a pass over the selected rows. */
static double work_of(const pack_call *call) {
  const clf__rows *x = call->pick.x;
  const double entries = x->rows > 0 ? (double)clf__rows_entries(x) / (double)x->rows + 1 : 1;
  return (double)call->made->count * entries * CLF__COST_ELEMENT;
}

static clf_status norm_of_row(void *argument, clf__range range) {
  pack_call *call = argument;
  float *norms = call->made->norms;
  const int64_t index = range.index;
  const clf__row_pick one = {call->pick.x, call->pick.rows, call->pick.first + index, 1};
  norms[index] = call->made->kernels->kernel_functions->norm(call->made->rows_map.scale,
                                                             &call->made->z, index);
  return clf__kernel_check_norms(&one, norms + index);
}

static clf_status copy_sparse(pack_call *call) {
  clf__kernel_columns *made = call->made;
  const int64_t count = made->count;
  made->row_start = clf__arena_zeroed(&made->arena, count + 1, sizeof *made->row_start);
  CLF__CHECK(clf__arena_status(&made->arena));
  clf__parallel(made->context, count, work_of(call), count_row, call);
  for (int64_t i = 0; i < count; i++) {
    made->row_start[i + 1] += made->row_start[i];
  }
  made->column = clf__arena_array(&made->arena, made->row_start[count], sizeof *made->column);
  made->value = clf__arena_array(&made->arena, made->row_start[count], sizeof *made->value);
  CLF__CHECK(clf__arena_status(&made->arena));
  const clf_status status =
      clf__jobs_ranges(made->context, count, 1, work_of(call), copy_row, call);
  made->z = (clf__rows){.rows = count,
                        .columns = made->columns,
                        .dtype = CLF_F32,
                        .scale = 1,
                        .row_start = made->row_start,
                        .column = made->column,
                        .value = made->value};
  return status;
}

static clf_status pack_sparse(pack_call *call) {
  clf__kernel_columns *made = call->made;
  clf_status status = CLF_OK;
  made->norms = clf__arena_array(&made->arena, made->count, sizeof(float));
  CLF__CHECK(clf__arena_status(&made->arena));
  if (call->pick.rows == NULL && clf__rows_sparse(call->pick.x)) {
    made->z = clf__rows_range(call->pick.x, 0, made->count);
  } else {
    status = copy_sparse(call);
  }
  return status < 0
             ? status
             : clf__jobs_ranges(made->context, made->count, 1, work_of(call), norm_of_row, call);
}

static clf_status pack_panel(void *argument, clf__range range) {
  pack_call *call = argument;
  clf__kernel_columns *made = call->made;
  const int64_t first = range.first;
  const clf__row_pick pick = {call->pick.x, call->pick.rows, first, range.end - first};
  float *norms = (float *)made->norms + first;
  made->tile->pack_columns(made->panels + first * made->stored, norms, &pick, &made->rows_map,
                           made->map.kind == CLF__KERNEL_RBF);
  return made->exact ? CLF_OK : clf__kernel_check_norms(&pick, norms);
}

static clf_status pack_dense(pack_call *call, const float *center) {
  clf__kernel_columns *made = call->made;
  const int64_t width = made->tile->columns, padded = clf__round_up(made->count, width);
  made->steps = clf__ceil_div(made->columns, made->tile->group);
  made->stored = clf__round_up(made->steps, CLF__TILE_STEPS);
  made->panels = clf__arena_matrix(&made->arena, padded, made->stored, sizeof *made->panels);
  made->norms = clf__arena_array(&made->arena, padded, sizeof(float));
  if (center != NULL && !made->exact) {
    made->center = clf__arena_array(&made->arena, made->columns, sizeof *center);
  }
  CLF__CHECK(clf__arena_status(&made->arena));
  if (made->center != NULL) {
    memcpy(made->center, center, (size_t)made->columns * sizeof *center);
    made->rows_map.center = made->center;
  }
  return clf__jobs_ranges(made->context, made->count, width, work_of(call), pack_panel, call);
}

static clf_status keep_numbers(clf__kernel_columns *made, const int64_t *rows) {
  made->numbers = clf__arena_array(&made->arena, made->count, sizeof *made->numbers);
  for (int64_t j = 0; made->numbers != NULL && j < made->count; j++) {
    made->numbers[j] = rows == NULL ? j : rows[j];
  }
  return made->numbers == NULL ? CLF_ERROR_MEMORY : CLF_OK;
}

int32_t clf__kernel_packing(const clf__rows *z, const clf__rows *partner) {
  if (clf__rows_sparse(z) || clf__rows_sparse(partner)) {
    return CLF__PACKED_SPARSE;
  }
  const bool exact = z->dtype == CLF_U8 && partner->dtype == CLF_U8 && z->scale == partner->scale &&
                     z->columns <= CLF__EXACT_COLUMNS;
  return exact ? CLF__PACKED_EXACT : CLF__PACKED_F32;
}

/* Returns the power of 2 next to the square root of gamma. Dense rows are multiplied by it, sparse
 * ones on one side only. So neither the squares nor the remaining factor of gamma exceed the range
 * of float, in whatever unit the features are. */
static double scale_for(double gamma) {
  enum { MAX_EXPONENT = 126 };
  int exponent = 0;
  if (gamma > 0) {
    frexp(gamma, &exponent);
  }
  exponent /= 2;
  return ldexp(1, exponent > MAX_EXPONENT    ? MAX_EXPONENT
                  : exponent < -MAX_EXPONENT ? -MAX_EXPONENT
                                             : exponent);
}

/* Sparse rows get half of the power that dense ones get; the remaining factor for their products
 * may exceed the range of float if the features are tiny. */
static clf_status choose(clf__kernel_columns *made, const clf__kernel_function *f,
                         const clf__rows *z, const clf__rows *partner) {
  made->precomputed = f->kind == CLF__KERNEL_PRECOMPUTED;
  if (made->precomputed) {
    return CLF_OK;
  }
  made->columns = z->columns;
  made->sparse = clf__kernel_packing(z, partner) == CLF__PACKED_SPARSE;
  made->exact = clf__kernel_packing(z, partner) == CLF__PACKED_EXACT;
  made->tile =
      made->exact ? &made->kernels->kernel_functions->u8 : &made->kernels->kernel_functions->f32;
  made->many = made->exact ? clf__reduced_kernels_for(made->context)->byte_tiles : NULL;
  const double factor = f->kind == CLF__KERNEL_LINEAR ? 1
                        : f->kind == CLF__KERNEL_RBF  ? -f->gamma
                                                      : f->gamma;
  const double scale = made->exact ? 1 : scale_for(fabs(factor));
  const double unit = made->exact ? (double)z->scale : 1 / scale;
  made->rows_map.scale = (float)scale;
  made->map = (clf__kernel_map){
      f->kind, f->degree, (float)(factor * (made->sparse ? unit : unit * unit)), (float)f->coef0};
  return isfinite(made->map.factor)
             ? CLF_OK
             : clf__fail(CLF_ERROR_NUMERIC,
                         "gamma is %s, which floats cannot represent with such small features; "
                         "scale the features up",
                         clf__number_text(f->gamma));
}

clf_status clf__kernel_columns_create(clf__kernel_columns **out, clf_context *context,
                                      const clf__kernel_function *function, const clf__rows *z,
                                      const int64_t *rows, int64_t count, const clf__rows *partner,
                                      const float *center) {
  clf__kernel_columns *made = clf__alloc_zeroed(context, 1, sizeof *made);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  pack_call call = {.made = made, .pick = {z, rows, 0, count}};
  made->context = made->arena.context = context;
  made->kernels = clf__kernels_for(context);
  made->count = count;
  clf_status status = choose(made, function, z, partner);
  if (status == CLF_OK) {
    status = made->precomputed ? keep_numbers(made, rows)
             : made->sparse    ? pack_sparse(&call)
                               : pack_dense(&call, center);
  }
  if (status < 0) {
    clf__kernel_columns_free(made);
    return status;
  }
  *out = made;
  return CLF_OK;
}

void clf__kernel_columns_free(clf__kernel_columns *columns) {
  if (columns != NULL) {
    clf__arena_free(&columns->arena);
    clf__free(columns);
  }
}

/* The limit keeps the sum of two norms and twice a product finite. */
clf_status clf__kernel_check_norms(const clf__row_pick *pick, const float *norms) {
  for (int64_t i = 0; i < pick->count; i++) {
    if (!(norms[i] <= FLT_MAX / 4)) {
      return clf__fail(CLF_ERROR_NUMERIC,
                       "row %" PRId64
                       ": the sum of its squared features, times gamma where the "
                       "kernel has one, is not below 8e37; scale the features down (transforms: "
                       "standardize, min_max)",
                       clf__row_picked(pick, i));
    }
  }
  return CLF_OK;
}
