/* CSV text: records of fields, by RFC 4180, with any line ends and blanks around fields.
 *
 * A quote may only open or close a field, which lets the records be counted by the parity of the
 * quotes of each line. */
#include <string.h>

#include "base/text.h"
#include "data/csv.h"

static inline bool is_blank(const clf__csv_text *text, char byte) {
  return (byte == ' ' || byte == '\t' || byte == '\r') && byte != text->delimiter &&
         byte != text->lines.line_end;
}

static const char *skip_blanks(const clf__csv_text *text, const char *at) {
  while (at < text->lines.end && is_blank(text, *at)) {
    at++;
  }
  return at;
}

static inline bool ends_field(const clf__csv_text *text, const char *at) {
  return at == text->lines.end || *at == text->delimiter || *at == text->lines.line_end;
}

/* Sets what follows from the byte that ends the field. */
static void finish(clf__csv_field *field, const clf__csv_text *text, const char *stop) {
  field->last = stop == text->lines.end || *stop != text->delimiter;
  field->next = stop == text->lines.end ? stop : stop + 1;
}

/* `at` is the byte after the opening quote. */
static const char *read_quoted(clf__csv_field *out, const clf__csv_text *text, const char *at) {
  const char *end = text->lines.end;
  const char *quote = at;
  for (;;) {
    quote = memchr(quote, '"', (size_t)(end - quote));
    if (quote == NULL) {
      return "the quote that opens it is never closed";
    }
    if (quote + 1 == end || quote[1] != '"') {
      break;
    }
    quote += 2;
  }
  const char *stop = skip_blanks(text, quote + 1);
  if (!ends_field(text, stop)) {
    return "text follows its closing quote; a quote inside a quoted field is doubled";
  }
  *out = (clf__csv_field){.begin = at, .end = quote, .quoted = true};
  finish(out, text, stop);
  return NULL;
}

const char *clf__csv_field_at(clf__csv_field *out, const clf__csv_text *text, const char *at) {
  at = skip_blanks(text, at);
  if (at < text->lines.end && *at == '"' && text->quote == '"') {
    return read_quoted(out, text, at + 1);
  }
  const char *stop = at;
  for (; !ends_field(text, stop); stop++) {
    if (*stop == '"' && text->quote == '"') {
      return "a quote stands inside an unquoted field; quote the field and double the quote";
    }
  }
  const char *end = stop;
  while (end > at && is_blank(text, end[-1])) {
    end--;
  }
  *out = (clf__csv_field){.begin = at, .end = end};
  finish(out, text, stop);
  return NULL;
}

const char *clf__csv_record_at(const clf__csv_text *text, const char *at) {
  for (;;) {
    const char *stop = skip_blanks(text, at);
    if (stop == text->lines.end) {
      return stop;
    }
    if (*stop != text->lines.line_end) {
      return at;
    }
    at = stop + 1;
  }
}

int64_t clf__csv_count_fields(const clf__csv_text *text, const char *at) {
  clf__csv_field field = {.next = at};
  int64_t count = 0;
  do {
    count++;
  } while (clf__csv_field_at(&field, text, field.next) == NULL && !field.last);
  return count;
}

static int64_t count_quotes(const char *at, const char *end) {
  int64_t count = 0;
  for (; (at = memchr(at, '"', (size_t)(end - at))) != NULL; at++) {
    count++;
  }
  return count;
}

int64_t clf__csv_count_records(const clf__csv_text *text, const char *at) {
  int64_t records = 0;
  bool open = false;
  at = clf__csv_record_at(text, at);
  while (at < text->lines.end) {
    const char *next = clf__line_after(&text->lines, at);
    open ^= text->quote == '"' && count_quotes(at, next) % 2 != 0;
    records += !open;
    at = open ? next : clf__csv_record_at(text, next);
  }
  return records + open;
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

bool clf__csv_number(const clf__csv_field *field, double *out) {
  return clf__read_f64(field->begin, field->end, out) == field->end;
}

bool clf__csv_missing(const clf__csv_field *field) {
  size_t length = (size_t)(field->end - field->begin);
  return length == 0 ||
         (!field->quoted && clf__word_index("NA|NaN|nan|NAN|?", field->begin, length) >= 0);
}
