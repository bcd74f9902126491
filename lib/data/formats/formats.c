/* Reading datasets from files of a format, and writing them. */
#include "base/border.h"
#include "data/dataset.h"
#include "data/source.h"

/* Loads a format whose datasets are single files. */
static clf_status load_file(clf_dataset **out, clf_context *context,
                            const clf__dataset_reader *reader, const char *path,
                            const void *params) {
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
  const clf__dataset_reader *reader = clf__kind_find(&clf__dataset_readers, format);
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

/* Writes a format whose datasets are single files. */
static clf_status save_file(const clf_dataset *dataset, const clf__dataset_writer *writer,
                            const char *path, const void *params) {
  clf__output output = {.descriptor = -1};
  clf_status status;
  CLF__TRY(clf__output_open(&output, dataset->context, path));
  CLF__TRY(writer->write(dataset, &output, params));
  CLF__TRY(clf__output_commit(&output));
done:
  clf__output_close(&output);
  return status;
}

clf_status clf_dataset_save(const clf_dataset *dataset, const char *format, const char *path,
                            const char *params) {
  CLF__REQUIRE(dataset);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("dataset");
  const void *found = NULL;
  CLF__CHECK(
      clf__format_find(&found, &clf__dataset_writers, format, &clf__dataset_readers, "read"));
  const clf__dataset_writer *writer = found;
  void *values = NULL;
  const clf__rows x = clf__dataset_rows(dataset);
  clf_status status;
  CLF__TRY(clf__params_create(&values, dataset->context, &writer->base.params, params));
  CLF__TRY(clf__rows_check_finite(dataset->context, &x));
  CLF__TRY(writer->save != NULL ? writer->save(dataset, path, values)
                                : save_file(dataset, writer, path, values));
done:
  clf__params_free(&writer->base.params, values);
  return status;
}
