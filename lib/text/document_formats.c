/* Reading documents from files of a format, or from memory, and filling their parts. */
#include <math.h>

#include "base/border.h"
#include "base/jobs.h"
#include "base/kind_use.h"
#include "base/progress.h"
#include "text/document_format.h"

static clf_status load_file(clf_documents **out, const clf__kind_use *use, const char *path) {
  const clf__document_reader *reader = use->kind;
  clf__bytes bytes = {0};
  clf_status status = clf__source_open(&bytes, use->context, path, false, NULL);
  if (status == CLF_OK) {
    status = reader->parse(out, use->context, &bytes, path, use->params);
  }
  clf__bytes_release(&bytes);
  return status;
}

clf_status clf_documents_load(clf_documents **out, clf_context *context, const char *format,
                              const char *path, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  CLF__ENTER("documents");
  clf__kind_use use = {0};
  CLF__CHECK(
      clf__kind_choose(&use, clf__kind_find(&clf__document_readers, format), context, params));
  const clf__document_reader *reader = use.kind;
  clf_status status = reader->load != NULL ? reader->load(out, use.context, path, use.params)
                                           : load_file(out, &use, path);
  clf__kind_release(&use);
  return status;
}

static clf_status load_bytes(clf_documents **out, const clf__kind_use *use, const void *data,
                             size_t size) {
  const clf__document_reader *reader = use->kind;
  clf__bytes bytes = {0};
  if (reader->parse == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "format '%s' is a folder of files, which memory does not hold; "
                     "clf_documents_create() takes texts",
                     reader->base.name);
  }
  clf_status status = clf__source_memory(&bytes, use->context, data, size, NULL);
  if (status == CLF_OK) {
    status = reader->parse(out, use->context, &bytes, CLF__SOURCE_MEMORY, use->params);
  }
  clf__bytes_release(&bytes);
  return status;
}

clf_status clf_documents_load_memory(clf_documents **out, clf_context *context, const char *format,
                                     const void *bytes, size_t size, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(bytes);
  CLF__ENTER("documents");
  clf__kind_use use = {0};
  CLF__CHECK(
      clf__kind_choose(&use, clf__kind_find(&clf__document_readers, format), context, params));
  clf_status status = load_bytes(out, &use, bytes, size);
  clf__kind_release(&use);
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
