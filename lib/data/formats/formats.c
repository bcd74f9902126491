/* Datasets read from files of a format and written to them. */
#include "data/dataset.h"
#include "data/source.h"

/* A format whose datasets lie in one file. */
static clf_status load_file(clf_dataset **out, clf_context *context, const clf__format *reader,
                            const char *path, const void *params) {
  clf__bytes bytes = {NULL, 0, false};
  clf_status status = clf__source_open(&bytes, context, path, false, NULL);
  if (status == CLF_OK) {
    status = reader->parse(out, context, &bytes, path, params);
  }
  clf__bytes_release(&bytes);
  return status;
}

clf_status clf_dataset_load(clf_dataset **out, clf_context *context, const char *format,
                            const char *path, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("dataset");
  const clf__format *reader = clf__kind_find(&clf__formats, format);
  if (reader == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  context = clf__context_retain(context);
  if (context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  void *values = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__params_create(&values, context, &reader->base.params, params));
  CLF__TRY(reader->load != NULL ? reader->load(out, context, path, values)
                                : load_file(out, context, reader, path, values));
done:
  clf__params_free(&reader->base.params, values);
  clf__context_release(context);
  return status;
}

static clf_status write_file(const clf_dataset *dataset, const clf__format *writer,
                             const char *path) {
  clf__output output = {.descriptor = -1};
  clf__rows x = clf__dataset_rows(dataset);
  clf_status status = clf__rows_check_finite(dataset->context, &x);
  if (status == CLF_OK) {
    status = clf__output_open(&output, dataset->context, path);
  }
  if (status == CLF_OK) {
    status = writer->write(dataset, &output);
  }
  if (status == CLF_OK) {
    status = clf__output_commit(&output);
  }
  clf__output_close(&output);
  return status;
}

clf_status clf_dataset_save(const clf_dataset *dataset, const char *format, const char *path) {
  CLF__REQUIRE(dataset);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("dataset");
  const clf__format *writer = clf__kind_find(&clf__formats, format);
  if (writer == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  if (writer->write == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s files are only read; svmlight files are written",
                     format);
  }
  return write_file(dataset, writer, path);
}
