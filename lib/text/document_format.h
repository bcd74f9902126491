/* Readers of documents: kinds in a registry (registry.c). */
#ifndef CLF_TEXT_DOCUMENT_FORMAT_H
#define CLF_TEXT_DOCUMENT_FORMAT_H

#include "base/kinds.h"
#include "data/source.h"
#include "text/documents.h"

typedef struct clf__document_reader {
  clf__kind base;
  /* For formats of more than one file. If it is NULL, the file at `path` is passed to parse. */
  clf_status (*load)(clf_documents **out, clf_context *context, const char *path,
                     const void *params);
  /* Reads documents from the bytes of one file; NULL for folders. `name` is used in messages. */
  clf_status (*parse)(clf_documents **out, clf_context *context, const clf__bytes *bytes,
                      const char *name, const void *params);
} clf__document_reader;

extern const clf__document_reader clf__document_reader_folder;
extern const clf__document_reader clf__document_reader_csv;
extern const clf__document_reader clf__document_reader_lines;
extern const clf__document_reader clf__document_reader_fasttext;

extern const clf__registry clf__document_readers;

/* Fills the parts in parallel, one task for each; the first failure is reported. */
typedef clf_status (*clf__fill_part)(void *argument, clf_documents *documents,
                                     clf__document_part *part);
clf_status clf__documents_fill(clf_documents *documents, clf__fill_part fill, void *argument);

#endif
