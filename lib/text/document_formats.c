/* Documents read from files of a format, and how their parts are filled. */
#include "base/context.h"
#include "base/jobs.h"
#include "text/document_format.h"

clf_status clf_documents_load(clf_documents **out, clf_context *context, const char *format,
                              const char *path, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("documents");
  const clf__document_format *reader = clf__kind_find(&clf__document_formats, format);
  if (reader == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  context = clf__context_hold(context);
  if (context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  void *values = NULL;
  clf_status status = clf__params_create(&values, context, &reader->base.params, params);
  if (status == CLF_OK) {
    status = reader->load(out, context, path, values);
  }
  clf__params_free(&reader->base.params, values);
  clf__context_release(context);
  return status;
}

typedef struct filling {
  clf_documents *documents;
  clf__fill_part fill;
  void *argument;
} filling;

static clf_status fill_part(void *argument, int64_t index) {
  const filling *own = argument;
  return own->fill(own->argument, own->documents, &own->documents->parts[index]);
}

clf_status clf__documents_fill(clf_documents *documents, clf__fill_part fill, void *argument) {
  filling own = {.documents = documents, .fill = fill, .argument = argument};
  clf_status status = clf__jobs_run(documents->context, "documents", documents->count,
                                    documents->part_count, fill_part, &own);
  return status == CLF_OK ? clf__documents_finish(documents) : status;
}
