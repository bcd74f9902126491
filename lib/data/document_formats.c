/* The formats that documents are read from, and how their parts are filled. */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/context.h"
#include "base/text.h"
#include "data/document_format.h"

static const clf__document_format *const formats[] = {
    &clf__document_format_folder,
    &clf__document_format_csv,
    NULL,
};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] - 1, MESSAGE_BYTES = 512 };

const clf__document_format *const *clf__document_formats(void) {
  return formats;
}

clf_status clf_documents_load(clf_documents **out, clf_context *context, const char *format,
                              const char *path, const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(format);
  CLF__REQUIRE(path);
  const char *names[FORMAT_COUNT];
  for (int32_t i = 0; i < FORMAT_COUNT; i++) {
    names[i] = formats[i]->name;
  }
  int64_t index = clf__find_name("format of documents", format, names, FORMAT_COUNT);
  if (index < 0) {
    return CLF_ERROR_ARGUMENT;
  }
  context = clf__context_hold(context);
  if (context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf__document_format *reader = formats[index];
  void *values = NULL;
  clf_status status = clf__params_create(&values, context, &reader->params, params);
  if (status == CLF_OK) {
    status = reader->load(out, context, path, values);
  }
  clf__params_free(&reader->params, values);
  clf__context_release(context);
  return status;
}

/* How a part's task ended: the message is the thread's, so it is handed over. */
typedef struct outcome {
  clf_status status;
  char message[MESSAGE_BYTES];
} outcome;

typedef struct filling {
  clf_documents *documents;
  clf__fill_part fill;
  void *argument;
  clf__progress progress;
  outcome *outcomes; /* [parts] */
  atomic_int_least64_t done;
} filling;

static void fill_part(void *argument, int64_t index, int32_t worker) {
  (void)worker;
  filling *own = argument;
  clf__document_part *part = &own->documents->parts[index];
  outcome *ended = &own->outcomes[index];
  ended->status = clf__progress_step(&own->progress, atomic_load(&own->done), NAN, NAN);
  if (ended->status == CLF_OK) {
    ended->status = own->fill(own->argument, own->documents, part);
  }
  if (ended->status < 0) {
    snprintf(ended->message, sizeof ended->message, "%s", clf_last_error());
  }
  atomic_fetch_add(&own->done, part->count);
}

clf_status clf__documents_fill(clf_documents *documents, clf__fill_part fill, void *argument) {
  clf_context *context = documents->context;
  filling own = {.documents = documents, .fill = fill, .argument = argument};
  own.progress = clf__progress_begin(context, "documents", documents->count);
  own.outcomes = clf__alloc_zeroed(context, documents->part_count, sizeof *own.outcomes);
  if (own.outcomes == NULL) {
    return CLF_ERROR_MEMORY;
  }
  atomic_init(&own.done, 0);
  clf_status status =
      clf__progress_parallel(&own.progress, &own.done, documents->part_count, fill_part, &own);
  for (int64_t i = 0; status == CLF_OK && i < documents->part_count; i++) {
    if (own.outcomes[i].status < 0) {
      status = clf__fail(own.outcomes[i].status, "%s", own.outcomes[i].message);
    }
  }
  clf__free(own.outcomes);
  return status == CLF_OK ? clf__documents_finish(documents) : status;
}
