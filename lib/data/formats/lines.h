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
  char line_end;      /* '\n', or '\r' in files that use only that */
  int64_t first_line; /* the number of its first line */
} clf__lines;

/* How a text is to be read, and the rows of parameters for it. */
typedef struct clf__lines_style {
  int32_t encoding;
  int64_t first_line;
} clf__lines_style;

#define CLF__LINES_ENCODING(member)                                                                \
  CLF__CHOICE(member, "utf8|latin1", "utf8", "encoding of the text; latin1: also Windows-1252")
#define CLF__LINES_FIRST_LINE(member)                                                              \
  CLF__INT(member, "1", 1, 1e12, "number of the first line in messages, for a part of a text")
#define CLF__LINES_LATIN1_ADVICE "encoding=latin1 reads it as Latin-1"

/* Finds the text after a byte order mark. Returns CLF_ERROR_FORMAT if the bytes are not text, and
 * CLF_ERROR_DATA if there are none. */
clf_status clf__lines_of(clf__lines *out, const clf__bytes *bytes, const char *name);

/* The same in a given style. `converted` receives the text if it was not UTF-8: release it by
 * clf__bytes_release. Also returns CLF_ERROR_MEMORY or CLF_ERROR_CANCELLED. */
clf_status clf__lines_open(clf__lines *out, clf__bytes *converted, clf_context *context,
                           const clf__bytes *bytes, const char *name,
                           const clf__lines_style *style);

/* Converts Latin-1 text to UTF-8; release it by clf__bytes_release. Returns CLF_ERROR_MEMORY or
 * CLF_ERROR_CANCELLED. */
clf_status clf__latin1_to_utf8(clf__bytes *out, clf_context *context, const clf__bytes *from);

/* Returns the number of lines. */
int64_t clf__lines_count(const clf__lines *lines);
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
