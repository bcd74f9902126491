/* The members of documents, and what their readers share. */
#ifndef CLF_TEXT_DOCUMENTS_H
#define CLF_TEXT_DOCUMENTS_H

#include <classify/text.h>

#include "base/text.h"
#include "data/dataset.h"

/* A run of documents whose texts are consecutive, each followed by a NUL. Parts are filled in
 * parallel. */
typedef struct clf__document_part {
  int64_t first, count;
  clf__text text;
  int64_t replaced;
} clf__document_part;

struct clf_documents {
  clf_context *context;
  clf__arena arena; /* holds the arrays except `names` */
  int64_t count;
  size_t *sizes;             /* [count] bytes */
  const char **texts;        /* [count] into the parts, as soon as these are complete */
  clf__document_part *parts; /* [part_count] */
  int64_t part_count;
  int64_t replaced;
  const char **names; /* [count] into name_text; NULL if they have none */
  clf__text name_text;
  clf_dataset *label_set; /* rows without features: labels and classes */
  char *guesses;          /* of the reader, as parameters; NULL if there are none; owned */
};

/* Makes documents without texts yet, evenly divided into parts. */
clf_status clf__documents_blank(clf_documents **out, clf_context *context, int64_t count,
                                int64_t parts);
/* Appends the next text of a part. The part fails if memory runs out. */
void clf__documents_write(clf_documents *documents, clf__document_part *part, int64_t index,
                          const char *text, size_t size);
/* Refuses sizes that cannot be a number of bytes, such as -1. */
clf_status clf__check_text_size(size_t size);
/* Must be called when all texts have been added. Returns CLF_ERROR_MEMORY if a part has failed. */
clf_status clf__documents_finish(clf_documents *documents);

#endif
