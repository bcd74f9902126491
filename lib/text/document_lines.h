/* Texts of which each line is a document, for the readers of such files. */
#ifndef CLF_TEXT_DOCUMENT_LINES_H
#define CLF_TEXT_DOCUMENT_LINES_H

#include "data/formats/lines.h"
#include "text/document_format.h"

/* One text. */
typedef struct clf__line_source {
  clf__bytes bytes;     /* owned if it was read from a file */
  clf__bytes converted; /* the text if it was not UTF-8; owned */
  clf__lines lines;
} clf__line_source;

void clf__line_source_close(clf__line_source *source);

/* The lines, without what ends them. They point into their sources. */
typedef struct clf__document_lines {
  clf__arena arena;
  const char **begins; /* [count] */
  size_t *sizes;       /* [count] bytes */
  int64_t count;
} clf__document_lines;

/* Finds the lines of all sources, in order. Free them by clf__arena_free(&lines->arena), also after
 * a failure. Returns CLF_ERROR_MEMORY or CLF_ERROR_CANCELLED. */
clf_status clf__document_lines_find(clf__document_lines *out, clf_context *context,
                                    const clf__line_source *sources, int64_t count);
/* Makes documents without labels, one of each line, in parallel. `fill` writes those of a part from
 * `argument`. */
clf_status clf__document_lines_make(clf_documents **out, clf_context *context,
                                    const clf__document_lines *lines, clf__fill_part fill,
                                    void *argument);

#endif
