/* Writing arrays of numbers: features row by row, labels, and the two files that some formats keep
 * them in. */
#include "data/formats/array_write.h"

#include <math.h>
#include <zlib.h>

#include "base/context.h"

enum { PIECE = 1 << 16 };
static const int64_t values_a_step = 1 << 20;

clf__sink clf__sink_of(clf_context *context, clf__output *output) {
  return (clf__sink){.output = output, .text = {.context = context}};
}

clf_status clf__sink_flush(clf__sink *sink) {
  clf_status status = sink->text.failed ? CLF_ERROR_MEMORY : CLF_OK;
  if (status == CLF_OK && sink->text.length > 0) {
    sink->crc =
        (uint32_t)crc32_z(sink->crc, (const unsigned char *)sink->text.bytes, sink->text.length);
    sink->size += sink->text.length;
    if (sink->output != NULL) {
      status = clf__output_write(sink->output, sink->text.bytes, sink->text.length);
    }
    sink->text.length = 0;
  }
  return status;
}

clf_status clf__sink_bytes(clf__sink *sink, const void *bytes, size_t count) {
  clf__text_append_bytes(&sink->text, bytes, count);
  return sink->text.failed || sink->text.length > PIECE ? clf__sink_flush(sink) : CLF_OK;
}

clf_status clf__sink_integer(clf__sink *sink, uint64_t value, int32_t width, bool big_endian) {
  char bytes[8];
  for (int32_t i = 0; i < width; i++) {
    bytes[big_endian ? width - 1 - i : i] = (char)(value >> 8 * i & 0xFF);
  }
  return clf__sink_bytes(sink, bytes, (size_t)width);
}

void clf__sink_free(clf__sink *sink) {
  clf__text_free(&sink->text);
}

void clf__array_of_features(clf__array *out, const clf_dataset *dataset, int32_t dtype,
                            float scale) {
  const clf__rows x = clf__dataset_rows(dataset);
  const bool bytes = x.dtype == CLF_U8 && !clf__rows_sparse(&x) && x.scale == scale;
  if (dtype == CLF__WRITE_AUTO) {
    dtype = bytes ? CLF__WRITE_U8 : x.dtype == CLF_F64 ? CLF__WRITE_F64 : CLF__WRITE_F32;
  }
  out->kind = dtype == CLF__WRITE_U8 ? 'u' : 'f';
  out->width = dtype == CLF__WRITE_U8 ? 1 : dtype == CLF__WRITE_F32 ? 4 : 8;
  out->ndim = dataset->x != NULL ? dataset->x->ndim : 2;
  out->shape[0] = x.rows;
  out->shape[1] = x.columns;
  for (int32_t i = 1; dataset->x != NULL && i < out->ndim; i++) {
    out->shape[i] = dataset->x->shape[i];
  }
}

void clf__array_log_scale(const clf__array *array, const clf_dataset *dataset, float scale,
                          const char *format) {
  const clf__rows x = clf__dataset_rows(dataset);
  const float own = x.dtype == CLF_U8 ? x.scale : 1;
  if (array->kind == 'u' && own != scale) {
    clf__log(dataset->context, CLF_LOG_INFO,
             "%s: the bytes of the file count %s each; scale=%s reads them so", format,
             clf__number_format_f32(own).text, clf__number_format_f32(own).text);
  }
}

static clf_status fail_value(double value, int64_t row, int64_t column, const char *wanted,
                             const char *format) {
  return clf__fail(CLF_ERROR_DATA, "%s: the value %s in row %lld, column %lld (from 0), is %s",
                   format, clf__number_text(value), (long long)row, (long long)column, wanted);
}

clf_status clf__array_write_number(clf__sink *sink, const clf__array *array, double value,
                                   int64_t row, int64_t column, const char *format) {
  uint64_t bits = 0;
  if (array->kind == 'u') {
    if (!(value >= 0 && value <= UINT8_MAX && value == floor(value))) {
      return fail_value(value, row, column, "no integer from 0 to 255, as dtype=u8 needs", format);
    }
    bits = (uint64_t)value;
  } else if (array->width == 4) {
    const float single = (float)value;
    uint32_t narrow;
    if (!isfinite(single) && !isnan(value)) {
      return fail_value(value, row, column, "beyond the range of f32; dtype=f64 writes it", format);
    }
    memcpy(&narrow, &single, sizeof narrow);
    bits = narrow;
  } else {
    memcpy(&bits, &value, sizeof bits);
  }
  return clf__sink_integer(sink, bits, array->width, array->big_endian);
}

/* Bytes are written as they are, whatever their scale is. */
static clf_status write_row(clf__sink *sink, const clf__array *array, const clf__rows *x,
                            int64_t row, double *values, const char *format) {
  clf_status status = CLF_OK;
  if (array->kind == 'u' && x->dtype == CLF_U8 && !clf__rows_sparse(x)) {
    return clf__sink_bytes(sink, (const uint8_t *)x->data + row * x->stride, (size_t)x->columns);
  }
  clf__rows_read_f64(x, row, values);
  for (int64_t j = 0; status == CLF_OK && j < x->columns; j++) {
    status = clf__array_write_number(sink, array, values[j], row, j, format);
  }
  return status;
}

clf_status clf__array_write_features(clf__sink *sink, const clf__array *array,
                                     const clf_dataset *dataset, const char *format) {
  const clf__rows x = clf__dataset_rows(dataset);
  const clf__progress progress = clf__progress_begin(dataset->context, format, x.rows);
  const int64_t step = 1 + values_a_step / (1 + x.columns);
  double *values = clf__alloc_array(dataset->context, x.columns, sizeof *values);
  clf_status status = values != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t row = 0; status == CLF_OK && row < x.rows; row++) {
    if (row % step == 0 && row > 0) {
      CLF__TRY(clf__progress_step(&progress, row, NAN, NAN));
    }
    CLF__TRY(write_row(sink, array, &x, row, values, format));
  }
done:
  clf__free(values);
  return status;
}

clf_status clf__array_write_labels(clf__sink *sink, const clf__array *array,
                                   const clf_dataset *dataset, clf__label_form form,
                                   const char *format) {
  const double *targets = clf__dataset_targets(dataset);
  const int64_t outputs = targets != NULL ? clf_dataset_outputs(dataset) : 1;
  for (int64_t i = 0; i < dataset->rows * outputs; i++) {
    if (array->kind != 'f') {
      const uint64_t label = (uint64_t)clf__label_integer(dataset, form, i);
      CLF__CHECK(clf__sink_integer(sink, label, array->width, array->big_endian));
    } else {
      const double value = targets != NULL ? targets[i] : clf__label_real(dataset, i);
      CLF__CHECK(clf__array_write_number(sink, array, value, i / outputs, i % outputs, format));
    }
  }
  return CLF_OK;
}

/* Writes one part to its file, which is not replaced yet. */
static clf_status write_part(clf__output *output, const clf_dataset *dataset, const char *path,
                             clf__array_part part, const void *params) {
  CLF__CHECK(clf__output_open(output, dataset->context, path));
  clf__sink sink = clf__sink_of(dataset->context, output);
  clf_status status = part(&sink, dataset, params);
  if (status == CLF_OK) {
    status = clf__sink_flush(&sink);
  }
  clf__sink_free(&sink);
  return status;
}

clf_status clf__array_save(const clf_dataset *dataset, const char *path, const char *labels_path,
                           clf__array_part features, clf__array_part labels, const void *params) {
  clf__output outputs[2] = {{.descriptor = -1}, {.descriptor = -1}};
  clf_status status;
  CLF__TRY(write_part(&outputs[0], dataset, path, features, params));
  if (labels_path != NULL) {
    CLF__TRY(write_part(&outputs[1], dataset, labels_path, labels, params));
    CLF__TRY(clf__output_commit(&outputs[1]));
  }
  CLF__TRY(clf__output_commit(&outputs[0]));
done:
  clf__output_close(&outputs[0]);
  clf__output_close(&outputs[1]);
  return status;
}
