/* What the readers of text formats share: checks of the whole, places for messages, excerpts. */
#ifndef CLF_DATA_FORMATS_LINES_H
#define CLF_DATA_FORMATS_LINES_H

#include "base/context.h"
#include "base/file.h"

typedef struct clf__lines {
  const char *name; /* of the file, for messages */
  const char *begin;
  const char *end;
  char line_end; /* '\n', or '\r' in files that know no other */
} clf__lines;

/* The text behind a byte order mark. CLF_ERROR_FORMAT when the bytes are no text, CLF_ERROR_DATA
 * when they are none at all. */
clf_status clf__lines_of(clf__lines *out, const clf__bytes *bytes, const char *name);

/* Latin-1 text as UTF-8; release with clf__bytes_release. CLF_ERROR_MEMORY,
 * CLF_ERROR_CANCELLED. */
clf_status clf__latin1_to_utf8(clf__bytes *out, clf_context *context, const clf__bytes *from);

/* First byte after the line that `at` is in. */
const char *clf__line_after(const clf__lines *lines, const char *at);

/* How far the text has been read, for the host. The stage is the format's name. */
typedef struct clf__lines_watch {
  clf__progress progress;
  const char *next; /* where it is due again */
} clf__lines_watch;
clf__lines_watch clf__lines_watch_of(const clf__lines *lines, clf_context *context,
                                     const char *stage);
/* CLF_OK or CLF_ERROR_CANCELLED. */
clf_status clf__lines_step(const clf__lines *lines, clf__lines_watch *watch, const char *at);

/* Places, counted from 1; the column in bytes. */
int64_t clf__line_number(const clf__lines *lines, const char *at);
int64_t clf__line_column(const clf__lines *lines, const char *at);

#endif
