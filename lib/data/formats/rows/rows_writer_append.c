/* Writing rows to a file of rows: features, or the values of sparse rows, in pieces to the file
 * itself, and the rest to its part. */
#include <math.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/formats/rows/rows_writer.h"

static clf_status fail_value(double value, int64_t row, int64_t column, int32_t dtype) {
  return clf__fail(CLF_ERROR_DATA, "%s: the value %s in row %lld, column %lld (from 0), is %s",
                   CLF__ROWS_OWNER, clf__number_text(value), (long long)row, (long long)column,
                   dtype == CLF_U8 ? "no integer from 0 to 255, as dtype=u8 needs"
                                   : "beyond the range of f32; dtype=f64 holds it");
}

/* Converts the values of a row to the file's type. */
static clf_status convert_row(void *to, int32_t dtype, const double *values, int64_t columns,
                              int64_t row) {
  for (int64_t j = 0; j < columns; j++) {
    const double value = values[j];
    const bool fits =
        dtype == CLF_F64 ||
        (dtype == CLF_F32 ? isfinite((float)value) || !isfinite(value)
                          : value >= 0 && value <= UINT8_MAX && value == floor(value));
    if (!fits) {
      return fail_value(value, row, j, dtype);
    }
    if (dtype == CLF_F64) {
      ((double *)to)[j] = value;
    } else if (dtype == CLF_F32) {
      ((float *)to)[j] = (float)value;
    } else {
      ((uint8_t *)to)[j] = (uint8_t)value;
    }
  }
  return CLF_OK;
}

/* Writes rows of another type than the file's, one after the other. */
static clf_status write_converted(clf_dataset_writer *writer, const clf__rows *x) {
  const clf__progress progress = clf__progress_begin(writer->context, "rows", x->rows);
  const int32_t dtype = writer->first->dtype;
  const size_t element = clf__dtype_size(dtype);
  clf__arena arena = {.context = writer->context};
  double *values = clf__arena_array(&arena, x->columns, sizeof *values);
  void *row = clf__arena_array(&arena, x->columns, element);
  clf_status status = clf__arena_status(&arena);
  for (int64_t i = 0; status == CLF_OK && i < x->rows; i++) {
    clf__rows_read_f64(x, i, values);
    CLF__TRY(convert_row(row, dtype, values, x->columns, writer->rows + i));
    CLF__TRY(clf__store_stream_write(&writer->stream, row, (size_t)x->columns * element, element));
    CLF__TRY(clf__progress_step(&progress, i, NAN, NAN));
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Writes elements in pieces, between which the host may cancel. */
static clf_status write_run(clf_dataset_writer *writer, const void *data, int64_t count,
                            int32_t dtype) {
  const int64_t piece = (int64_t)1 << 22;
  const size_t element = clf__dtype_size(dtype);
  const clf__progress progress = clf__progress_begin(writer->context, "rows", count);
  clf_status status = CLF_OK;
  for (int64_t at = 0; status == CLF_OK && at < count; at += piece) {
    status = clf__store_stream_write(&writer->stream, (const char *)data + (size_t)at * element,
                                     (size_t)clf__min_i64(count - at, piece) * element, element);
    if (status == CLF_OK) {
      status = clf__progress_step(&progress, clf__min_i64(at + piece, count), NAN, NAN);
    }
  }
  return status;
}

static clf_status write_dense(clf_dataset_writer *writer, const clf_dataset *rows) {
  const clf__rows x = clf__dataset_rows(rows);
  const size_t element = clf__dtype_size(x.dtype);
  if (x.dtype != writer->first->dtype || rows->x->scale != writer->first->scale) {
    return write_converted(writer, &x);
  }
  const bool whole = x.stride == x.columns;
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < (whole ? 1 : x.rows); i++) {
    const char *data = (const char *)x.data + (size_t)(i * x.stride) * element;
    status = write_run(writer, data, whole ? x.rows * x.columns : x.columns, x.dtype);
  }
  return status;
}

static clf_status write_sparse(clf_dataset_writer *writer, const clf_dataset *rows) {
  const clf__rows x = clf__dataset_rows(rows);
  const int64_t first = x.row_start[0], count = x.row_start[x.rows] - first;
  CLF__CHECK(write_run(writer, x.value + first, count, CLF_F32));
  CLF__CHECK(clf__rows_part_write(&writer->parts[CLF__PART_COLUMN], x.column + first, count));
  for (int64_t i = 1; i <= x.rows; i++) {
    const int64_t start = writer->entries + x.row_start[i] - first;
    CLF__CHECK(clf__rows_part_write(&writer->parts[CLF__PART_START], &start, 1));
  }
  writer->entries += count;
  return CLF_OK;
}

clf_status clf__rows_writer_append(clf_dataset_writer *writer, const clf_dataset *rows) {
  CLF__CHECK(writer->sparse ? write_sparse(writer, rows) : write_dense(writer, rows));
  if (rows->labels != NULL) {
    CLF__CHECK(clf__rows_labels_write(&writer->labels, &writer->parts[CLF__PART_LABELS], rows));
  }
  if (rows->targets != NULL) {
    CLF__CHECK(clf__rows_part_write(&writer->parts[CLF__PART_TARGETS], rows->targets->data,
                                    rows->rows * writer->outputs));
  }
  if (rows->weights != NULL) {
    CLF__CHECK(
        clf__rows_part_write(&writer->parts[CLF__PART_WEIGHTS], rows->weights->data, rows->rows));
  }
  writer->rows += rows->rows;
  writer->first->shape[0] = writer->sparse ? writer->entries : writer->rows;
  return CLF_OK;
}
