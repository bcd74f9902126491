/* CSV text: records of fields, by RFC 4180, with any line ends and blanks around fields.
 *
 * A quote may only open or close a field, so the records can be counted by the parity of the quotes
 * in each line. A table gives the meaning of each byte outside of quotes, so that runs of blanks
 * and comments cost nothing if there are none. */
#include <string.h>

#include "base/text.h"
#include "data/formats/csv/csv.h"

void clf__csv_set_meaning(clf__csv_text *text) {
  unsigned char *meaning = text->meaning;
  const unsigned char blank = CLF__CSV_BLANK | (text->runs ? CLF__CSV_ENDS_FIELD : 0);
  memset(meaning, 0, sizeof text->meaning);
  meaning[' '] = meaning['\t'] = meaning['\r'] = blank;
  meaning[(unsigned char)text->quote] = CLF__CSV_QUOTE;
  if (!text->runs) {
    meaning[(unsigned char)text->delimiter] = CLF__CSV_ENDS_FIELD;
  }
  meaning[(unsigned char)text->lines.line_end] = CLF__CSV_ENDS_FIELD | CLF__CSV_ENDS_RECORD;
  meaning[(unsigned char)text->comment] = CLF__CSV_ENDS_FIELD | CLF__CSV_ENDS_RECORD;
  meaning[0] = 0; /* does not occur in text, but stands above for no quote or no comment */
}

char clf__csv_delimiter(int32_t choice) {
  static const char delimiters[] = {0, ',', ';', '\t', ' ', '|', ' '};
  return delimiters[choice];
}

void clf__csv_set_delimiter(clf__csv_text *text, int32_t choice) {
  text->delimiter = clf__csv_delimiter(choice);
  text->runs = choice == CLF__CSV_BLANKS;
  clf__csv_set_meaning(text);
}

static inline bool ends(const clf__csv_text *text, const char *at, int meaning) {
  return at == text->lines.end || clf__csv_means(text, *at, meaning);
}

/* Returns the first byte after the record that ends at `stop`, by a line end or a comment. */
static const char *after_record(const clf__csv_text *text, const char *stop) {
  return stop < text->lines.end && *stop != text->lines.line_end
             ? clf__line_after(&text->lines, stop)
             : stop + (stop < text->lines.end);
}

/* Sets what follows from the byte that ends the field. */
static void finish(clf__csv_field *field, const clf__csv_text *text, const char *stop) {
  if (text->runs) {
    stop = clf__csv_skip_blanks(text, stop);
  }
  field->last = ends(text, stop, CLF__CSV_ENDS_RECORD);
  field->next = field->last ? after_record(text, stop) : stop + !text->runs;
}

/* `at` is the byte after the opening quote. */
static const char *read_quoted(clf__csv_field *out, const clf__csv_text *text, const char *at) {
  const char *end = text->lines.end;
  const char *quote = at;
  for (;;) {
    quote = memchr(quote, '"', (size_t)(end - quote));
    if (quote == NULL) {
      return "the quote that opens it is never closed; quotes=false takes quotes as they are";
    }
    if (quote + 1 == end || quote[1] != '"') {
      break;
    }
    quote += 2;
  }
  const char *stop = text->runs ? quote + 1 : clf__csv_skip_blanks(text, quote + 1);
  if (!ends(text, stop, CLF__CSV_ENDS_FIELD)) {
    return "text follows its closing quote; a quote inside a quoted field is doubled, and "
           "quotes=false "
           "takes quotes as they are";
  }
  *out = (clf__csv_field){.begin = at, .end = quote, .quoted = true};
  finish(out, text, stop);
  return NULL;
}

const char *clf__csv_field_at(clf__csv_field *out, const clf__csv_text *text, const char *at) {
  at = clf__csv_skip_blanks(text, at);
  if (at < text->lines.end && clf__csv_means(text, *at, CLF__CSV_QUOTE)) {
    return read_quoted(out, text, at + 1);
  }
  const char *stop = at;
  while (!ends(text, stop, CLF__CSV_ENDS_FIELD | CLF__CSV_QUOTE)) {
    stop++;
  }
  if (stop < text->lines.end && clf__csv_means(text, *stop, CLF__CSV_QUOTE)) {
    return "a quote stands inside an unquoted field; quote the field and double the quote, or take "
           "quotes as they are by quotes=false";
  }
  const char *end = stop;
  while (end > at && clf__csv_means(text, end[-1], CLF__CSV_BLANK)) {
    end--;
  }
  *out = (clf__csv_field){.begin = at, .end = end};
  finish(out, text, stop);
  return NULL;
}

const char *clf__csv_record_at(const clf__csv_text *text, const char *at) {
  for (;;) {
    const char *stop = clf__csv_skip_blanks(text, at);
    if (stop == text->lines.end) {
      return stop;
    }
    if (!clf__csv_means(text, *stop, CLF__CSV_ENDS_RECORD)) {
      return at;
    }
    at = after_record(text, stop);
  }
}

const char *clf__csv_record_after(const clf__csv_text *text, const char *at) {
  clf__csv_field field = {.next = at};
  do {
    if (clf__csv_field_at(&field, text, field.next) != NULL) {
      return NULL;
    }
  } while (!field.last);
  return clf__csv_record_at(text, field.next);
}

int64_t clf__csv_count_fields(const clf__csv_text *text, const char *at) {
  clf__csv_field field = {.next = at};
  int64_t count = 0;
  do {
    count++;
  } while (clf__csv_field_at(&field, text, field.next) == NULL && !field.last);
  return count;
}

/* Returns whether a quote is open after a line, given whether one was open before it. */
static bool is_open_after(const clf__csv_text *text, const char *at, const char *end, bool open) {
  if (text->comment != 0) {
    for (; at < end && (open || *at != text->comment); at++) {
      open ^= *at == '"';
    }
    return open;
  }
  for (; (at = memchr(at, '"', (size_t)(end - at))) != NULL; at++) {
    open = !open;
  }
  return open;
}

int64_t clf__csv_count_records(const clf__csv_text *text, const char *at) {
  int64_t records = 0;
  bool open = false;
  at = clf__csv_record_at(text, at);
  while (at < text->lines.end) {
    const char *next = clf__line_after(&text->lines, at);
    open = text->quote == '"' && is_open_after(text, at, next, open);
    records += !open;
    at = open ? next : clf__csv_record_at(text, next);
  }
  return records + open;
}

bool clf__csv_same_bytes(const clf__csv_field *one, const clf__csv_field *other) {
  const size_t length = (size_t)(one->end - one->begin);
  return length == (size_t)(other->end - other->begin) &&
         memcmp(one->begin, other->begin, length) == 0;
}

size_t clf__csv_content(const clf__csv_field *field, char *to) {
  size_t length = 0;
  for (const char *at = field->begin; at < field->end; at++) {
    to[length++] = *at;
    at += field->quoted && *at == '"';
  }
  to[length] = '\0';
  return length;
}
