/* Text in memory. Lines are counted only if a message needs a line number. */
#include "data/formats/lines.h"

#include <math.h>
#include <string.h>

#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"

/* Returns what a file is that users mistake for text, or NULL. UTF-16 is recognized by its byte
 * order mark, or by a zero byte in one of its first characters, which are ASCII in data files. */
static const char *other_than_text(const unsigned char *data, size_t size) {
  static const struct {
    const char *begin;
    size_t size;
    const char *what;
  } kinds[] = {
      {"\xFF\xFE", 2, "UTF-16 text; save it as UTF-8"},
      {"\xFE\xFF", 2, "UTF-16 text; save it as UTF-8"},
      {"PK\3\4", 4, "a ZIP archive, as spreadsheets are; save it as text"},
      {"\xD0\xCF\x11\xE0", 4, "a spreadsheet; save it as text"},
      {"PAR1", 4, "a Parquet file; save it as text"},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (size >= kinds[i].size && memcmp(data, kinds[i].begin, kinds[i].size) == 0) {
      return kinds[i].what;
    }
  }
  const bool wide = size >= 4 && size % 2 == 0 && (data[0] == 0) == (data[2] == 0) &&
                    (data[1] == 0) == (data[3] == 0) && (data[0] == 0) != (data[1] == 0);
  return wide ? kinds[0].what : NULL;
}

clf_status clf__lines_of(clf__lines *out, const clf__bytes *bytes, const char *name) {
  const unsigned char *data = bytes->data;
  size_t size = bytes->size;
  const char *other = other_than_text(data, size);
  if (other != NULL) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: it is %s", name, other);
  }
  size_t mark = size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  if (size == mark) {
    return clf__fail(CLF_ERROR_DATA, "%s: the file is empty", name);
  }
  const unsigned char *zero = memchr(data, 0, size);
  if (zero != NULL) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: it is not a text file: byte %zu is 0", name,
                     (size_t)(zero - data));
  }
  const char *begin = (const char *)data + mark;
  const char *end = (const char *)data + size;
  bool returns_only = memchr(begin, '\n', (size_t)(end - begin)) == NULL &&
                      memchr(begin, '\r', (size_t)(end - begin)) != NULL;
  *out = (clf__lines){name, begin, end, returns_only ? '\r' : '\n', 1};
  return CLF_OK;
}

clf_status clf__lines_open(clf__lines *out, clf__bytes *converted, clf_context *context,
                           const clf__bytes *bytes, const char *name,
                           const clf__lines_style *style) {
  if (style->encoding != 0) {
    CLF__CHECK(clf__latin1_to_utf8(converted, context, bytes));
    bytes = converted;
  }
  CLF__CHECK(clf__lines_of(out, bytes, name));
  out->first_line = style->first_line;
  return CLF_OK;
}

static int64_t count_ends(const clf__lines *lines, const char *end) {
  int64_t count = 0;
  for (const char *byte = lines->begin; byte < end; byte++) {
    count += *byte == lines->line_end;
  }
  return count;
}

int64_t clf__lines_count(const clf__lines *lines) {
  return count_ends(lines, lines->end) + (lines->end[-1] != lines->line_end);
}

const char *clf__line_after(const clf__lines *lines, const char *at) {
  const char *stop = memchr(at, lines->line_end, (size_t)(lines->end - at));
  return stop != NULL ? stop + 1 : lines->end;
}

clf__lines_watch clf__lines_watch_of(const clf__lines *lines, clf_context *context,
                                     const char *stage) {
  return (clf__lines_watch){clf__progress_begin(context, stage, lines->end - lines->begin),
                            lines->begin};
}

clf_status clf__lines_step(const clf__lines *lines, clf__lines_watch *watch, const char *at) {
  const int64_t stretch = 1 << 24; /* a tenth of a second at most */
  if (at < watch->next) {
    return CLF_OK;
  }
  watch->next = lines->end - at > stretch ? at + stretch : lines->end;
  return clf__progress_step(&watch->progress, at - lines->begin, NAN, NAN);
}

int64_t clf__line_number(const clf__lines *lines, const char *at) {
  return lines->first_line + count_ends(lines, at);
}

int64_t clf__line_column(const clf__lines *lines, const char *at) {
  const char *byte = at;
  while (byte > lines->begin && byte[-1] != lines->line_end) {
    byte--;
  }
  return at - byte + 1;
}
