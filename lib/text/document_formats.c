/* Reading documents from files of a format, and filling their parts. */
#include <math.h>

#include "base/border.h"
#include "base/jobs.h"
#include "base/progress.h"
#include "text/document_format.h"

clf_status clf_documents_load(clf_documents **out, clf_context *context, const char *format,
                              const char *path, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("documents");
  const clf__document_reader *reader = clf__kind_find(&clf__document_readers, format);
  if (reader == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  context = clf__context_retain(context);
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
  atomic_int_least64_t done; /* documents */
} filling;

static clf_status fill_part(void *argument, clf__range range) {
  filling *own = argument;
  clf__document_part *part = &own->documents->parts[range.index];
  CLF__CHECK(own->fill(own->argument, own->documents, part));
  atomic_fetch_add(&own->done, part->count);
  return CLF_OK;
}

clf_status clf__documents_fill(clf_documents *documents, clf__fill_part fill, void *argument) {
  filling own = {.documents = documents, .fill = fill, .argument = argument};
  const clf__progress progress =
      clf__progress_begin(documents->context, "documents", documents->count);
  CLF__CHECK(clf__progress_step(&progress, 0, NAN, NAN));
  clf_status status = clf__jobs_run(&progress, &own.done, documents->part_count, 1, CLF__WORK_LONG,
                                    fill_part, &own);
  return status == CLF_OK ? clf__documents_finish(documents) : status;
}
