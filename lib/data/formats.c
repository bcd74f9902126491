/* The formats that a dataset can be read from and, some of them, written in. */
#include "base/text.h"
#include "data/dataset.h"
#include "data/source.h"

static const clf__format *const formats[] = {
    &clf__format_idx, &clf__format_csv,    &clf__format_svmlight,
    &clf__format_npy, &clf__format_images, NULL,
};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] - 1 };

const clf__format *const *clf__formats(void) {
  return formats;
}

static clf_status find(const clf__format **out, const char *name) {
  const char *names[FORMAT_COUNT];
  for (int32_t i = 0; i < FORMAT_COUNT; i++) {
    names[i] = formats[i]->name;
  }
  int64_t index = clf__find_name("format", name, names, FORMAT_COUNT);
  if (index < 0) {
    return CLF_ERROR_ARGUMENT;
  }
  *out = formats[index];
  return CLF_OK;
}

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
  const clf__format *reader = NULL;
  clf_status status = find(&reader, format);
  if (status < 0) {
    return status;
  }
  context = clf__context_hold(context);
  if (context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  void *values = NULL;
  CLF__TRY(clf__params_create(&values, context, &reader->params, params));
  CLF__TRY(reader->load != NULL ? reader->load(out, context, path, values)
                                : load_file(out, context, reader, path, values));
done:
  clf__params_free(&reader->params, values);
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
  const clf__format *writer = NULL;
  clf_status status = find(&writer, format);
  if (status < 0) {
    return status;
  }
  if (writer->write == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s files are only read; svmlight files are written",
                     format);
  }
  return write_file(dataset, writer, path);
}
