/* Sparse datasets (CSR): validated once, so that kernels need not look at an index again. Columns
 * ascend within each row: where the caller's do not, a copy is sorted; a column that comes twice in
 * a row then stands beside itself. */
#include <stdlib.h>
#include <string.h>

#include "data/build.h"

static clf_status check_vector(const char *name, const clf_tensor *tensor, bool integers) {
  if (tensor->ndim != 1) {
    return clf__fail(CLF_ERROR_SHAPE, "%s: %d dimensions; the shape must be [n]", name,
                     tensor->ndim);
  }
  if (integers && tensor->dtype != CLF_I32 && tensor->dtype != CLF_I64) {
    return clf__fail(CLF_ERROR_TYPE, "%s: the elements are %s; they must be i64 or i32", name,
                     clf__dtype_name(tensor->dtype));
  }
  return CLF_OK;
}

static clf_status check_shapes(int64_t columns, const clf_tensor *row_start,
                               const clf_tensor *column, const clf_tensor *value) {
  if (columns < 1 || columns > INT32_MAX) {
    return clf__fail(CLF_ERROR_SHAPE, "columns is %lld; it must be 1 to %d", (long long)columns,
                     INT32_MAX);
  }
  clf_status status = CLF_OK;
  CLF__TRY(check_vector("row_start", row_start, true));
  CLF__TRY(check_vector("column", column, true));
  CLF__TRY(check_vector("value", value, false));
  if (row_start->shape[0] < 2) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "row_start has %lld elements; it needs one more than there are rows, of which "
                     "there must be one",
                     (long long)row_start->shape[0]);
  }
  if (column->shape[0] != value->shape[0]) {
    return clf__fail(CLF_ERROR_SHAPE, "column has %lld entries and value %lld; they go in pairs",
                     (long long)column->shape[0], (long long)value->shape[0]);
  }
done:
  return status;
}

static int64_t integer_at(const clf_tensor *tensor, int64_t index) {
  int64_t offset = index * tensor->strides[0];
  return tensor->dtype == CLF_I32 ? ((const int32_t *)tensor->data)[offset]
                                  : ((const int64_t *)tensor->data)[offset];
}

/* The tensor itself when it is contiguous and of the type, else a copy. The values fit. */
static clf_status as_integers(clf_tensor **out, clf_context *context, const clf_tensor *tensor,
                              int32_t dtype) {
  if (tensor->dtype == dtype && clf__tensor_contiguous(tensor)) {
    return clf__tensor_share(out, tensor);
  }
  int64_t count = tensor->shape[0];
  clf_status status = clf__tensor_vector(out, context, dtype, count);
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    if (dtype == CLF_I32) {
      ((int32_t *)(*out)->data)[i] = (int32_t)integer_at(tensor, i);
    } else {
      ((int64_t *)(*out)->data)[i] = integer_at(tensor, i);
    }
  }
  return status;
}

static clf_status check_row_start(const clf_tensor *row_start, int64_t entries) {
  int64_t before = 0;
  for (int64_t i = 0; i < row_start->shape[0]; i++) {
    int64_t start = integer_at(row_start, i);
    if (start < before || start > entries) {
      return clf__fail(CLF_ERROR_DATA,
                       "row_start[%lld] is %lld; it must be %lld (where the row before starts) to "
                       "%lld (the entries)",
                       (long long)i, (long long)start, (long long)before, (long long)entries);
    }
    before = start;
  }
  return CLF_OK;
}

static clf_status check_columns(const clf_tensor *column, int64_t columns) {
  for (int64_t i = 0; i < column->shape[0]; i++) {
    int64_t index = integer_at(column, i);
    if (index < 0 || index >= columns) {
      return clf__fail(CLF_ERROR_DATA, "column[%lld] is %lld; it must be 0 to %lld", (long long)i,
                       (long long)index, (long long)(columns - 1));
    }
  }
  return CLF_OK;
}

static bool ascends(const int32_t *column, int64_t count) {
  for (int64_t i = 1; i < count; i++) {
    if (column[i] <= column[i - 1]) {
      return false;
    }
  }
  return true;
}

typedef struct pair {
  int32_t column;
  float value;
} pair;

static int compare_pairs(const void *a, const void *b) {
  int32_t first = ((const pair *)a)->column;
  int32_t second = ((const pair *)b)->column;
  return (first > second) - (first < second);
}

/* Sorts one row's entries; `pairs` has room for them. False when a column comes twice. */
static bool sort_row(int32_t *column, float *value, int64_t count, pair *pairs) {
  for (int64_t i = 0; i < count; i++) {
    pairs[i] = (pair){column[i], value[i]};
  }
  qsort(pairs, (size_t)count, sizeof *pairs, compare_pairs);
  for (int64_t i = 0; i < count; i++) {
    column[i] = pairs[i].column;
    value[i] = pairs[i].value;
  }
  return ascends(column, count);
}

/* Entries of the longest row whose columns do not ascend; 0 when all do. */
static int64_t longest_unsorted(const clf_dataset *dataset) {
  const int64_t *start = dataset->row_start->data;
  const int32_t *column = dataset->column->data;
  int64_t longest = 0;
  for (int64_t i = 0; i < dataset->rows; i++) {
    int64_t count = start[i + 1] - start[i];
    if (count > 1 && count > longest && !ascends(column + start[i], count)) {
      longest = count;
    }
  }
  return longest;
}

/* Replaces columns and values by copies in which the columns of every row ascend. */
static clf_status sort_rows(clf_dataset *dataset, int64_t longest) {
  const int64_t *start = dataset->row_start->data;
  clf_tensor *column = NULL;
  clf_tensor *value = NULL;
  pair *pairs = NULL;
  clf_status status = CLF_OK;
  int64_t entries = dataset->column->shape[0];
  CLF__TRY(clf__tensor_vector(&column, dataset->context, CLF_I32, entries));
  CLF__TRY(clf__tensor_vector(&value, dataset->context, CLF_F32, entries));
  memcpy(column->data, dataset->column->data, (size_t)entries * sizeof(int32_t));
  memcpy(value->data, dataset->value->data, (size_t)entries * sizeof(float));
  pairs = clf__alloc_array(dataset->context, longest, sizeof *pairs);
  if (pairs == NULL) {
    status = CLF_ERROR_MEMORY;
    goto done;
  }
  for (int64_t i = 0; i < dataset->rows; i++) {
    int32_t *first = (int32_t *)column->data + start[i];
    int64_t count = start[i + 1] - start[i];
    if (count > 1 && !ascends(first, count) &&
        !sort_row(first, (float *)value->data + start[i], count, pairs)) {
      status = clf__fail(CLF_ERROR_DATA, "row %lld has a column twice", (long long)i);
      goto done;
    }
  }
  clf_tensor_free(dataset->column);
  clf_tensor_free(dataset->value);
  dataset->column = column;
  dataset->value = value;
  column = value = NULL;
done:
  clf__free(pairs);
  clf_tensor_free(column);
  clf_tensor_free(value);
  return status;
}

clf_status clf_dataset_create_sparse(clf_dataset **out, clf_context *context, int64_t columns,
                                     const clf_tensor *row_start, const clf_tensor *column,
                                     const clf_tensor *value, const clf_tensor *y) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(row_start);
  CLF__REQUIRE(column);
  CLF__REQUIRE(value);
  clf_dataset *dataset = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_shapes(columns, row_start, column, value));
  CLF__TRY(check_row_start(row_start, column->shape[0]));
  CLF__TRY(check_columns(column, columns));
  CLF__TRY(clf__dataset_blank(&dataset, context));
  dataset->rows = row_start->shape[0] - 1;
  dataset->features = columns;
  CLF__TRY(as_integers(&dataset->row_start, dataset->context, row_start, CLF_I64));
  CLF__TRY(as_integers(&dataset->column, dataset->context, column, CLF_I32));
  if (value->dtype == CLF_F32 && clf__tensor_contiguous(value)) {
    CLF__TRY(clf__tensor_share(&dataset->value, value));
  } else {
    CLF__TRY(clf__to_f32(&dataset->value, dataset->context, value));
  }
  int64_t longest = longest_unsorted(dataset);
  if (longest > 0) {
    CLF__TRY(sort_rows(dataset, longest));
  }
  if (y != NULL) {
    CLF__TRY(clf_dataset_set_labels(dataset, y));
  }
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  return status;
}
