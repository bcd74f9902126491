/* Models from and to the files of other programs. */
#include "interchange/model_format.h"

#include "data/source.h"

clf_status clf_model_import(clf_model **out, clf_context *context, const char *format,
                            const char *path, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("model");
  const clf__model_format *reader = clf__kind_find(&clf__model_formats, format);
  if (reader == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  if (reader->import == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s files are only written", format);
  }
  context = clf__context_retain(context);
  if (context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  void *values = NULL;
  clf__bytes bytes = {NULL, 0, false};
  clf_status status = CLF_OK;
  CLF__TRY(clf__params_create(&values, context, &reader->base.params, params));
  CLF__TRY(clf__source_open(&bytes, context, path, false, NULL));
  CLF__TRY(reader->import(out, context, &bytes, path, values));
done:
  clf__bytes_release(&bytes);
  clf__params_free(&reader->base.params, values);
  clf__context_release(context);
  return status;
}

clf_status clf_model_export(const clf_model *model, const char *format, const char *path) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER(model->kind->base.name);
  clf__output output = {.descriptor = -1};
  clf_status status = CLF_OK;
  const clf__model_format *writer = clf__kind_find(&clf__model_formats, format);
  if (writer == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
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
