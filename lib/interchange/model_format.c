/* Reading models from files of other programs, and writing them. */
#include "interchange/model_format.h"

#include "base/border.h"
#include "base/context.h"
#include "base/kind_use.h"
#include "base/text.h"
#include "data/source.h"
#include "models/decision/decision.h"
#include "tensor/rows_precision.h"

clf_status clf__model_check_integer_classes(const clf_model *model, const char *format) {
  for (int64_t k = 0; k < model->outputs; k++) {
    const char *name = clf__classes_name(model->classes, k);
    int64_t label;
    if (!clf__parse_i64(name, &label) || label < INT32_MIN || label > INT32_MAX) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "%s: the class '%s' is not an integer of 32 bits, as labels must be", format,
                       name);
    }
  }
  return CLF_OK;
}

void clf__model_log_far(clf_context *context, const char *format, const double *intercept,
                        int64_t machines) {
  for (int64_t k = 0; k < machines; k++) {
    if (clf__range_is_far(-intercept[k] - 1, -intercept[k] + 1)) {
      clf__log(
          context, CLF_LOG_WARNING,
          "%s: an intercept is %s: rows lie so far from 0 that f32 loses more than 1e-6 of the "
          "margin; fit on rows that are moved or standardized",
          format, clf__number_text(intercept[k]));
      return;
    }
  }
}

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
  CLF__TRY(clf__choices_check_export(model, format));
  CLF__TRY(clf__params_create(&values, model->context, &writer->base.params, params));
  CLF__TRY(clf__output_open(&output, model->context, path));
  CLF__TRY(writer->write(model, &output, values));
  CLF__TRY(clf__output_commit(&output));
  if (model->decision.reject_scale != NULL) {
    clf__log(model->context, CLF_LOG_WARNING,
             "%s: %s cannot express which rows are none of the classes: the model there rejects "
             "none",
             model->kind->base.name, format);
  }
done:
  clf__output_close(&output);
  clf__params_free(&writer->base.params, values);
  return status;
}
