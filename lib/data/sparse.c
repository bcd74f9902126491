/* Sparse datasets (CSR). The dataset copies the indices and validates them once, so that kernels
 * need not check them; values are shared. Columns ascend within each row: if the caller's do not,
 * the copies are sorted, which makes duplicate columns neighbors. */
#include "base/border.h"
#include "data/build.h"
#include "data/row_order.h"

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
  CLF__CHECK(check_vector("row_start", row_start, true));
  CLF__CHECK(check_vector("column", column, true));
  CLF__CHECK(check_vector("value", value, false));
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
  return CLF_OK;
}

static int64_t integer_at(const clf_tensor *tensor, int64_t index) {
  int64_t offset = index * tensor->strides[0];
  return tensor->dtype == CLF_I32 ? ((const int32_t *)tensor->data)[offset]
                                  : ((const int64_t *)tensor->data)[offset];
}

/* Copies the indices and checks each one. Kernels write where they point, so the copies must stay
 * valid whatever happens to the caller's arrays. */
static clf_status copy_row_start(clf_tensor **out, clf_context *context,
                                 const clf_tensor *row_start, int64_t entries) {
  clf_status status = clf__tensor_vector(out, context, CLF_I64, row_start->shape[0]);
  int64_t before = 0;
  for (int64_t i = 0; status == CLF_OK && i < row_start->shape[0]; i++) {
    int64_t start = integer_at(row_start, i);
    if (start < before || start > entries) {
      return clf__fail(CLF_ERROR_DATA,
                       "row_start[%lld] is %lld; it must be %lld (where the row before starts) to "
                       "%lld (the entries)",
                       (long long)i, (long long)start, (long long)before, (long long)entries);
    }
    ((int64_t *)(*out)->data)[i] = before = start;
  }
  return status;
}

static clf_status copy_columns(clf_tensor **out, clf_context *context, const clf_tensor *column,
                               int64_t columns) {
  clf_status status = clf__tensor_vector(out, context, CLF_I32, column->shape[0]);
  for (int64_t i = 0; status == CLF_OK && i < column->shape[0]; i++) {
    int64_t index = integer_at(column, i);
    if (index < 0 || index >= columns) {
      return clf__fail(CLF_ERROR_DATA, "column[%lld] is %lld; it must be 0 to %lld", (long long)i,
                       (long long)index, (long long)(columns - 1));
    }
    ((int32_t *)(*out)->data)[i] = (int32_t)index;
  }
  return status;
}

/* Returns the first row whose columns do not ascend; -1 if all do. */
static int64_t first_unsorted(const clf_dataset *dataset) {
  const int64_t *start = dataset->row_start->data;
  const int32_t *column = dataset->column->data;
  for (int64_t i = 0; i < dataset->rows; i++) {
    if (!clf__row_ascends(column + start[i], start[i + 1] - start[i])) {
      return i;
    }
  }
  return -1;
}

/* Sorts the columns of every row, and a copy of its values; the rows before `first` ascend. */
static clf_status sort_rows(clf_dataset *dataset, int64_t first) {
  const int64_t *start = dataset->row_start->data;
  clf_tensor *value = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf_tensor_copy(&value, dataset->value, CLF_F32));
  for (int64_t i = first; i < dataset->rows; i++) {
    int32_t *columns = (int32_t *)dataset->column->data + start[i];
    int64_t count = start[i + 1] - start[i];
    if (!clf__row_ascends(columns, count) &&
        clf__row_sort(columns, (float *)value->data + start[i], sizeof(float), count) >= 0) {
      status = clf__fail(CLF_ERROR_DATA, "row %lld has a column twice", (long long)i);
      goto done;
    }
  }
  clf_tensor_free(dataset->value);
  dataset->value = value;
  value = NULL;
done:
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
  CLF__ENTER("dataset");
  clf_dataset *dataset = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(check_shapes(columns, row_start, column, value));
  CLF__TRY(clf__dataset_blank(&dataset, context));
  dataset->rows = row_start->shape[0] - 1;
  dataset->features = columns;
  CLF__TRY(copy_row_start(&dataset->row_start, dataset->context, row_start, column->shape[0]));
  CLF__TRY(copy_columns(&dataset->column, dataset->context, column, columns));
  if (value->dtype == CLF_F32 && clf__tensor_contiguous(value) && value->data != NULL) {
    CLF__TRY(clf__tensor_share(&dataset->value, value));
  } else {
    CLF__TRY(clf__round_to_f32(&dataset->value, dataset->context, value));
  }
  int64_t unsorted = first_unsorted(dataset);
  if (unsorted >= 0) {
    CLF__TRY(sort_rows(dataset, unsorted));
  }
  if (value->dtype != CLF_F32 && value->dtype != CLF_U8) {
    CLF__TRY(clf__sparse_report(dataset, column, value, "sparse rows"));
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
