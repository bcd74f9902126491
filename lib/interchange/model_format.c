/* Reading models from files of other programs, and writing them. */
#include "interchange/model_format.h"

#include "base/border.h"
#include "base/kind_use.h"
#include "data/source.h"

clf_status clf_model_import(clf_model **out, clf_context *context, const char *format,
                            const char *path, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("model");
  const void *found = NULL;
  CLF__CHECK(clf__format_find(&found, &clf__model_readers, format, &clf__model_writers, "written"));
  clf__kind_use use = {0};
  CLF__CHECK(clf__kind_choose(&use, found, context, params));
  const clf__model_reader *reader = found;
  clf__bytes bytes = {0};
  clf_status status = clf__source_open(&bytes, use.context, path, false, NULL);
  if (status == CLF_OK) {
    status = reader->import(out, use.context, &bytes, path, use.params);
  }
  clf__bytes_release(&bytes);
  clf__kind_release(&use);
  return status;
}

clf_status clf_model_export(const clf_model *model, const char *format, const char *path,
                            const char *params) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER(model->kind->base.name);
  const void *found = NULL;
  CLF__CHECK(clf__format_find(&found, &clf__model_writers, format, &clf__model_readers, "read"));
  const clf__model_writer *writer = found;
  clf__output output = {.descriptor = -1};
  void *values = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__model_require_fit(model));
  CLF__TRY(clf__params_create(&values, model->context, &writer->base.params, params));
  CLF__TRY(clf__output_open(&output, model->context, path));
  CLF__TRY(writer->write(model, &output, values));
  CLF__TRY(clf__output_commit(&output));
done:
  clf__output_close(&output);
  clf__params_free(&writer->base.params, values);
  return status;
}
