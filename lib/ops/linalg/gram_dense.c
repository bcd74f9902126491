/* Sums of products of columns, for dense rows.
 *
 * A chunk of rows is packed into column panels. Then every pair of panels on or above the diagonal
 * adds its products to its square of the scatter matrix. Threads share both steps, but no sum is
 * divided between them. If there are too few pairs for all threads, the rows are divided into
 * parts, depending on the shape alone; the parts are summed in parallel and added in order.
 *
 * 60,000 x 784 values need 1.84e10 products. At the peak of the instructions, two Zen 4 cores take
 * 40 ms for u8 rows by VNNI and 160 ms for f32, and two cores with tiles 4 ms for u8 rows. */
#include <math.h>

#include "base/jobs.h"
#include "base/progress.h"
#include "ops/linalg/gram_parts.h"
#include "ops/linalg/product.h"

enum {
  PACK_ROWS = 128, /* rows in a task; a multiple of every group */
  PART_ROWS = 2048,
  FEW_PANELS = 4,
  MAX_PARTS = 16,
  MANY_COLUMNS = 64, /* from which tiles pay */
  MANY_ROWS = 256,
};
static const int64_t max_chunk_bytes = 32 << 20; /* bytes */
/* Products after which the host is asked whether to continue: a fifth of a second on one core with
 * the narrowest vectors. */
static const int64_t products_a_step = (int64_t)1 << 31;

typedef struct dense_call {
  clf_context *context;
  const clf__gram_input *input;
  const clf__gram_kernels *values;
  const clf__gram_byte_kernels *bytes; /* instead, where the products are exact; or NULL */
  const clf__gram_kernel *kernel;      /* of these */
  float *center;                       /* [columns] */
  int64_t panels;
  int64_t chunk;       /* rows */
  int64_t panel_bytes; /* of a chunk */
  char *packed;        /* [workers or 1, panels, panel_bytes] */
  int64_t parts, part_rows;
  double *scatter; /* [parts, columns, columns] */
  clf__progress progress;
  atomic_int_least64_t done; /* rows */
} dense_call;

/* One chunk of a part. */
typedef struct dense_chunk {
  const dense_call *call;
  int64_t first, rows;
  int64_t first_pair;
  char *packed;
  double *scatter;
} dense_chunk;

/* Copies sparse rows as dense ones: zeros first, then the entries. */
static void pack_sparse(const dense_chunk *chunk, const clf__rows *x, const float *root,
                        int64_t at) {
  const dense_call *call = chunk->call;
  const int64_t width = call->kernel->columns;
  for (int64_t row = 0; row < x->rows; row++) {
    const float factor = root == NULL ? 1 : root[row];
    for (int64_t j = 0; j < call->panels * width; j++) {
      float *panel = (float *)(void *)(chunk->packed + j / width * call->panel_bytes);
      panel[(at + row) * width + j % width] = j < x->columns ? factor * -call->center[j] : 0;
    }
    for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
      const int64_t j = x->column[e];
      float *panel = (float *)(void *)(chunk->packed + j / width * call->panel_bytes);
      panel[(at + row) * width + j % width] = factor * (x->value[e] - call->center[j]);
    }
  }
}

/* f64 rows are shifted before they are rounded. */
static void pack_f64(float *out, const clf__rows *x, const float *center, const float *root,
                     int64_t width) {
  double values[CLF__TILE_COLUMNS]; /* no panel has more columns */
  for (int64_t row = 0; row < x->rows; row++) {
    const double factor = root == NULL ? 1 : (double)root[row];
    clf__rows_read_f64(x, row, values);
    for (int64_t j = 0; j < width; j++) {
      out[row * width + j] = j < x->columns ? (float)(factor * (values[j] - (double)center[j])) : 0;
    }
  }
}

static void pack_panel(const dense_chunk *chunk, const clf__rows *x, int64_t panel, char *out,
                       const float *root) {
  const dense_call *call = chunk->call;
  const int64_t width = call->kernel->columns, column = panel * width;
  const int64_t columns = clf__min_i64(width, x->columns - column);
  if (call->bytes != NULL) {
    call->bytes->pack(out, (const uint8_t *)x->data + column, x->stride, x->rows, columns);
  } else if (x->dtype == CLF_F64) {
    const clf__rows stripe = clf__rows_columns(x, column, columns);
    pack_f64((float *)(void *)out, &stripe, call->center + column, root, width);
  } else {
    call->values->pack_centered(out, x, column, columns, call->center + column, root);
  }
}

static void pack_rows(void *argument, clf__range rows) {
  const dense_chunk *chunk = argument;
  const dense_call *call = chunk->call;
  const clf__gram_input *input = call->input;
  const int64_t at = rows.first;
  const clf__rows x = clf__rows_range(input->x, chunk->first + at, rows.end - at);
  float root[PACK_ROWS];
  for (int64_t row = 0; row < x.rows && input->weights != NULL; row++) {
    root[row] = (float)sqrt((double)input->weights[chunk->first + at + row]);
  }
  if (clf__rows_sparse(&x)) {
    pack_sparse(chunk, &x, input->weights == NULL ? NULL : root, at);
    return;
  }
  for (int64_t panel = 0; panel < call->panels; panel++) {
    char *out = chunk->packed + panel * call->panel_bytes +
                at / call->kernel->group * call->kernel->step_bytes;
    pack_panel(chunk, &x, panel, out, input->weights == NULL ? NULL : root);
  }
}

static void pair_task(void *argument, int64_t index, int32_t worker) {
  const dense_chunk *chunk = argument;
  const dense_call *call = chunk->call;
  const int64_t width = call->kernel->columns, columns = call->input->x->columns;
  int64_t i, j;
  (void)worker;
  clf__gram_pair(chunk->first_pair + index, call->panels, &i, &j);
  call->kernel->add(chunk->packed + i * call->panel_bytes, chunk->packed + j * call->panel_bytes,
                    clf__ceil_div(chunk->rows, call->kernel->group),
                    clf__min_i64(width, columns - i * width),
                    clf__min_i64(width, columns - j * width),
                    chunk->scatter + i * width * columns + j * width, columns);
}

/* Adds the products of a packed chunk. */
static clf_status add_pairs(dense_chunk *chunk) {
  const dense_call *call = chunk->call;
  const int64_t width = call->kernel->columns;
  const int64_t pairs = call->panels * (call->panels + 1) / 2;
  const int64_t max = 1 + products_a_step / (width * width * chunk->rows);
  clf_status status = CLF_OK;
  chunk->first_pair = 0;
  while (status == CLF_OK && chunk->first_pair < pairs) {
    const int64_t done = atomic_load(&call->done);
    if (done > 0 || chunk->first_pair > 0) {
      status = clf__progress_step(&call->progress, done, NAN, NAN);
    }
    if (status == CLF_OK) {
      const int64_t count = clf__min_i64(max, pairs - chunk->first_pair);
      const double products = (double)count * (double)(width * width) * (double)chunk->rows;
      clf__parallel(call->context, count, products * CLF__COST_PRODUCT, pair_task, chunk);
      chunk->first_pair += count;
    }
  }
  return status;
}

static clf_status add_part(void *argument, clf__range rows) {
  dense_call *call = argument;
  const int64_t columns = call->input->x->columns;
  dense_chunk chunk = {.call = call,
                       .packed = call->packed + rows.worker * call->panels * call->panel_bytes,
                       .scatter = call->scatter + rows.index * columns * columns};
  for (chunk.first = rows.first; chunk.first < rows.end; chunk.first += call->chunk) {
    chunk.rows = clf__min_i64(call->chunk, rows.end - chunk.first);
    clf__parallel_ranges(call->context, chunk.rows, PACK_ROWS,
                         (double)chunk.rows * (double)columns * CLF__COST_ELEMENT, pack_rows,
                         &chunk);
    CLF__CHECK(add_pairs(&chunk));
    atomic_fetch_add(&call->done, chunk.rows);
  }
  return CLF_OK;
}

static void choose_sizes(dense_call *call) {
  const clf__rows *x = call->input->x;
  const int64_t width = call->kernel->columns, group = call->kernel->group;
  const int64_t step_bytes = call->kernel->step_bytes;
  call->panels = clf__ceil_div(x->columns, width);
  call->parts =
      call->panels <= FEW_PANELS ? clf__min_i64(MAX_PARTS, clf__ceil_div(x->rows, PART_ROWS)) : 1;
  call->part_rows = clf__ceil_div(x->rows, call->parts);
  int64_t max =
      clf__min_i64(call->kernel->chunk, max_chunk_bytes / (step_bytes * call->panels) * group);
  max = max < 4 * PACK_ROWS ? 4 * PACK_ROWS : max / PACK_ROWS * PACK_ROWS;
  call->chunk = clf__min_i64(max, call->part_rows);
  call->panel_bytes = clf__ceil_div(call->chunk, group) * step_bytes;
}

static const clf__gram_byte_kernels *byte_kernels(clf_context *context, const clf__rows *x) {
  const bool many = x->columns >= MANY_COLUMNS && x->rows >= MANY_ROWS;
  return (many ? clf__reduced_kernels_for(context) : clf__kernels_for(context))->gram_bytes;
}

clf_status clf__gram_add_dense(double *scatter, clf_context *context, const clf__gram_input *input,
                               const double *center) {
  const int64_t columns = input->x->columns;
  dense_call call = {.context = context,
                     .input = input,
                     .values = clf__kernels_for(context)->gram,
                     .scatter = scatter,
                     .progress = clf__progress_begin(context, "gram", input->x->rows)};
  call.bytes = clf__gram_exact(input) ? byte_kernels(context, input->x) : NULL;
  call.kernel = call.bytes != NULL ? &call.bytes->sums : &call.values->sums;
  if (columns == 0 || input->x->rows == 0) {
    return CLF_OK;
  }
  choose_sizes(&call);
  const int64_t workers = call.parts == 1 ? 1 : clf__context_threads(context);
  clf__arena arena = {.context = context};
  call.center = clf__arena_array(&arena, columns, sizeof *call.center);
  call.packed = clf__arena_matrix(&arena, workers, call.panels, (size_t)call.panel_bytes);
  if (call.parts > 1) {
    call.scatter = clf__arena_zeroed(&arena, clf__count(clf__count(call.parts, columns), columns),
                                     sizeof *call.scatter);
  }
  clf_status status = clf__arena_status(&arena);
  for (int64_t j = 0; status == CLF_OK && j < columns; j++) {
    call.center[j] = (float)center[j];
  }
  if (status == CLF_OK) {
    const double products = (double)input->x->rows * (double)columns * (double)columns / 2;
    status = clf__jobs_run(&call.progress, &call.done, input->x->rows, call.part_rows,
                           products * CLF__COST_PRODUCT, add_part, &call);
  }
  for (int64_t part = 0; status == CLF_OK && call.parts > 1 && part < call.parts; part++) {
    for (int64_t i = 0; i < columns * columns; i++) {
      scatter[i] += call.scatter[part * columns * columns + i];
    }
  }
  clf__arena_free(&arena);
  return status;
}
