/* The formats of other programs' model files. A new one is a file with its clf__model_format and a
 * line here. */
#include "models/model_format.h"

#include "base/text.h"
#include "data/source.h"
#include "onnx/onnx.h"

static const clf__model_format *const formats[] = {
    &clf__model_format_libsvm,
    &clf__model_format_onnx,
    NULL,
};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] - 1 };

const clf__model_format *const *clf__model_formats(void) {
  return formats;
}

static clf_status find(const clf__model_format **out, const char *name) {
  const char *names[FORMAT_COUNT];
  for (int32_t i = 0; i < FORMAT_COUNT; i++) {
    names[i] = formats[i]->name;
  }
  int64_t index = clf__find_name("model format", name, names, FORMAT_COUNT);
  if (index < 0) {
    return CLF_ERROR_ARGUMENT;
  }
  *out = formats[index];
  return CLF_OK;
}

clf_status clf_model_import(clf_model **out, clf_context *context, const char *format,
                            const char *path, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("model");
  const clf__model_format *reader = NULL;
  clf_status status = find(&reader, format);
  if (status < 0) {
    return status;
  }
  if (reader->import == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s files are only written", format);
  }
  context = clf__context_hold(context);
  if (context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  void *values = NULL;
  clf__bytes bytes = {NULL, 0, false};
  CLF__TRY(clf__params_create(&values, context, &reader->params, params));
  CLF__TRY(clf__source_open(&bytes, context, path, false, NULL));
  CLF__TRY(reader->import(out, context, &bytes, path, values));
done:
  clf__bytes_release(&bytes);
  clf__params_free(&reader->params, values);
  clf__context_release(context);
  return status;
}

clf_status clf_model_export(const clf_model *model, const char *format, const char *path) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER(model->kind->name);
  const clf__model_format *writer = NULL;
  clf__output output = {.descriptor = -1};
  clf_status status;
  CLF__TRY(find(&writer, format));
  CLF__TRY(clf__model_require_fit(model));
  if (writer->export == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s files are only read", format);
  }
  CLF__TRY(clf__output_open(&output, model->context, path));
  CLF__TRY(writer->export(model, &output));
  CLF__TRY(clf__output_commit(&output));
done:
  clf__output_close(&output);
  return status;
}
