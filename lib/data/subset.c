/* Subsets of rows. Consecutive rows are a view; others are gathered in their own types, in blocks,
 * by the context's threads. */
#include <string.h>

#include "base/border.h"
#include "base/pool.h"
#include "data/build.h"

enum { TASK_BYTES = 1 << 18 };

typedef struct gathering {
  char *to;
  const char *from;
  const int64_t *rows;
  int64_t row_bytes;
  int64_t stride_bytes;
} gathering;

static int64_t rows_per_task(int64_t row_bytes) {
  return row_bytes < TASK_BYTES ? TASK_BYTES / row_bytes : 1;
}

static void gather_block(void *argument, clf__range range) {
  const gathering *job = argument;
  for (int64_t i = range.first; i < range.end; i++) {
    memcpy(job->to + i * job->row_bytes, job->from + job->rows[i] * job->stride_bytes,
           (size_t)job->row_bytes);
  }
}

void clf__gather(clf_tensor *to, const clf_tensor *from, const int64_t *rows, int64_t count) {
  int64_t size = (int64_t)clf__dtype_size(from->dtype);
  gathering job = {.to = to->data,
                   .from = from->data,
                   .rows = rows,
                   .row_bytes = clf_tensor_count(from) / from->shape[0] * size,
                   .stride_bytes = from->strides[0] * size};
  const double row_work = (double)job.row_bytes / 4 * CLF__COST_COPY + CLF__COST_ELEMENT;
  clf__parallel_ranges(to->context, count, rows_per_task(job.row_bytes), (double)count * row_work,
                       gather_block, &job);
}

clf_status clf__like_rows(clf_tensor **out, clf_context *context, const clf_tensor *from,
                          int64_t count) {
  int64_t shape[CLF_MAX_DIMENSIONS];
  memcpy(shape, from->shape, sizeof shape);
  shape[0] = count;
  clf_status status =
      clf__tensor_create_uninitialized(out, context, from->dtype, from->ndim, shape);
  if (status == CLF_OK) {
    (*out)->scale = from->scale;
  }
  return status;
}

clf_status clf__tensor_cut(clf_tensor **tensor, int64_t count) {
  clf_tensor *view = NULL;
  clf_status status = clf_tensor_slice(&view, *tensor, 0, 0, count, 1);
  if (status == CLF_OK) {
    clf_tensor_free(*tensor);
    *tensor = view;
  }
  return status;
}

/* Returns the chosen rows of one tensor: a view if `consecutive`. NULL gives NULL. */
static clf_status choose(clf_tensor **out, clf_context *context, const clf_tensor *from,
                         const int64_t *rows, int64_t count, bool consecutive) {
  if (from == NULL) {
    return CLF_OK;
  }
  if (consecutive) {
    return clf_tensor_slice(out, from, 0, rows[0], count, 1);
  }
  clf_status status = clf__like_rows(out, context, from, count);
  if (status == CLF_OK) {
    clf__gather(*out, from, rows, count);
  }
  return status;
}

/* Returns the starts of chosen sparse rows that are consecutive. */
static clf_status add_up(clf_tensor **out, const clf_dataset *dataset, const int64_t *rows,
                         int64_t count) {
  CLF__CHECK(clf__tensor_vector(out, dataset->context, CLF_I64, count + 1));
  const int64_t *from = dataset->row_start->data;
  int64_t *to = (*out)->data;
  for (int64_t i = 0; i < count; i++) {
    int64_t entries = from[rows[i] + 1] - from[rows[i]];
    if (entries > INT64_MAX - to[i]) {
      return clf__fail(CLF_ERROR_MEMORY, "subset: the entries of the rows overflow");
    }
    to[i + 1] = to[i] + entries;
  }
  return CLF_OK;
}

typedef struct sparse_gathering {
  const clf_dataset *from;
  clf_dataset *to;
  const int64_t *rows;
} sparse_gathering;

static void gather_sparse_block(void *argument, clf__range range) {
  const sparse_gathering *job = argument;
  clf__rows from = clf__dataset_rows(job->from);
  const int64_t *start = job->to->row_start->data;
  int32_t *column = job->to->column->data;
  float *value = job->to->value->data;
  for (int64_t i = range.first; i < range.end; i++) {
    size_t entries = (size_t)(start[i + 1] - start[i]);
    int64_t first = from.row_start[job->rows[i]];
    if (entries > 0) {
      memcpy(column + start[i], from.column + first, entries * sizeof *column);
      memcpy(value + start[i], from.value + first, entries * sizeof *value);
    }
  }
}

static clf_status choose_sparse(clf_dataset *subset, const clf_dataset *dataset,
                                const int64_t *rows, bool consecutive) {
  if (consecutive) {
    CLF__CHECK(
        clf_tensor_slice(&subset->row_start, dataset->row_start, 0, rows[0], subset->rows + 1, 1));
    CLF__CHECK(clf__tensor_share(&subset->column, dataset->column));
    CLF__CHECK(clf__tensor_share(&subset->value, dataset->value));
    return CLF_OK;
  }
  CLF__CHECK(add_up(&subset->row_start, dataset, rows, subset->rows));
  int64_t entries = ((const int64_t *)subset->row_start->data)[subset->rows];
  CLF__CHECK(
      clf__tensor_create_uninitialized(&subset->column, subset->context, CLF_I32, 1, &entries));
  CLF__CHECK(
      clf__tensor_create_uninitialized(&subset->value, subset->context, CLF_F32, 1, &entries));
  int64_t row_bytes = 8 * (entries / subset->rows + 1);
  sparse_gathering job = {dataset, subset, rows};
  clf__parallel_ranges(subset->context, subset->rows, rows_per_task(row_bytes),
                       (double)(2 * entries) * CLF__COST_COPY +
                           (double)subset->rows * CLF__COST_ELEMENT,
                       gather_sparse_block, &job);
  return CLF_OK;
}

static clf_status check_indices(const clf_dataset *dataset, const int64_t *rows, int64_t count,
                                bool *consecutive) {
  if (count < 1) {
    return clf__fail(CLF_ERROR_ARGUMENT, "subset: %lld rows; there must be at least one",
                     (long long)count);
  }
  *consecutive = true;
  for (int64_t i = 0; i < count; i++) {
    if (rows[i] < 0 || rows[i] >= dataset->rows) {
      return clf__fail(CLF_ERROR_ARGUMENT, "subset: rows[%lld] is %lld; it must be 0 to %lld",
                       (long long)i, (long long)rows[i], (long long)(dataset->rows - 1));
    }
    *consecutive = *consecutive && rows[i] - rows[0] == i;
  }
  return CLF_OK;
}

clf_status clf_dataset_subset(clf_dataset **out, const clf_dataset *dataset, const int64_t *indices,
                              int64_t count) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(dataset);
  CLF__REQUIRE(indices);
  CLF__ENTER("dataset");
  clf_dataset *subset = NULL;
  clf_context *context = dataset->context;
  bool run = false;
  clf_status status = CLF_OK;
  CLF__TRY(check_indices(dataset, indices, count, &run));
  CLF__TRY(clf__dataset_blank(&subset, context));
  subset->rows = count;
  subset->features = dataset->features;
  subset->classes = clf__classes_retain(dataset->classes);
  subset->names = clf__names_retain(dataset->names);
  subset->categories = clf__categories_retain(dataset->categories);
  CLF__TRY(choose(&subset->x, context, dataset->x, indices, count, run));
  CLF__TRY(choose(&subset->labels, context, dataset->labels, indices, count, run));
  CLF__TRY(choose(&subset->targets, context, dataset->targets, indices, count, run));
  CLF__TRY(choose(&subset->weights, context, dataset->weights, indices, count, run));
  if (dataset->row_start != NULL) {
    CLF__TRY(choose_sparse(subset, dataset, indices, run));
  }
  *out = subset;
  subset = NULL;
done:
  clf_dataset_free(subset);
  return status;
}

const clf_dataset *clf__dataset_block_of(clf__dataset_block *block, const clf_dataset *dataset,
                                         int64_t first, int64_t count) {
  const clf_tensor *along = dataset->x != NULL ? dataset->x : dataset->row_start;
  block->along = *along;
  block->along.data =
      (char *)along->data + first * along->strides[0] * (int64_t)clf__dtype_size(along->dtype);
  block->along.shape[0] = dataset->x != NULL ? count : count + 1;
  block->rows = (clf_dataset){.context = dataset->context,
                              .x = dataset->x != NULL ? &block->along : NULL,
                              .row_start = dataset->x != NULL ? NULL : &block->along,
                              .column = dataset->column,
                              .value = dataset->value,
                              .rows = count,
                              .features = dataset->features,
                              .names = dataset->names,
                              .categories = dataset->categories,
                              .first_row = dataset->first_row + first};
  return &block->rows;
}
