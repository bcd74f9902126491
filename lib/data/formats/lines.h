/* What the readers of text formats share: checks of the whole text, positions for messages,
 * excerpts. */
#ifndef CLF_DATA_FORMATS_LINES_H
#define CLF_DATA_FORMATS_LINES_H

#include "base/context.h"
#include "base/file.h"
#include "base/progress.h"

typedef struct clf__lines {
  const char *name; /* of the file, for messages */
  const char *begin;
  const char *end;
  char line_end; /* '\n', or '\r' in files that use only that */
} clf__lines;

/* Finds the text after a byte order mark. Returns CLF_ERROR_FORMAT if the bytes are not text, and
 * CLF_ERROR_DATA if there are none. */
clf_status clf__lines_of(clf__lines *out, const clf__bytes *bytes, const char *name);

/* Converts Latin-1 text to UTF-8; release it by clf__bytes_release. Returns CLF_ERROR_MEMORY or
 * CLF_ERROR_CANCELLED. */
clf_status clf__latin1_to_utf8(clf__bytes *out, clf_context *context, const clf__bytes *from);

/* Returns the first byte after the line that `at` is in. */
const char *clf__line_after(const clf__lines *lines, const char *at);

/* Reports how far the text has been read. The stage is the format's name. */
typedef struct clf__lines_watch {
  clf__progress progress;
  const char *next; /* where the next report is due */
} clf__lines_watch;
clf__lines_watch clf__lines_watch_of(const clf__lines *lines, clf_context *context,
                                     const char *stage);
/* Returns CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__lines_step(const clf__lines *lines, clf__lines_watch *watch, const char *at);

/* Positions, counted from 1; the column is in bytes. */
int64_t clf__line_number(const clf__lines *lines, const char *at);
int64_t clf__line_column(const clf__lines *lines, const char *at);

#endif
