#include "fields.h"

#include <stdlib.h>
#include <string.h>

void fields_free(fields *f) {
  free(f->bytes);
  free(f->texts);
  *f = (fields){0};
}

/* Reads the field at *at, which it ends by a NUL, and moves *at behind it; false if it is the
 * last. */
static bool cut_field(char **at, char delimiter, bool blanks, bool quotes, char **field) {
  char *from = *at, *to;
  while (*from == ' ' || (*from == '\t' && delimiter != '\t')) {
    from++;
  }
  const bool quoted = quotes && *from == '"';
  from += quoted;
  *field = to = from;
  while (*from != '\0' && (quoted ? *from != '"' || from[1] == '"'
                                  : *from != delimiter && !(blanks && *from == '\t'))) {
    from += quoted && *from == '"';
    *to++ = *from++;
  }
  while (!quoted && to > *field && (to[-1] == ' ' || to[-1] == '\t')) {
    to--;
  }
  from += quoted && *from == '"';
  while (*from != '\0' && *from != delimiter && !(blanks && *from == '\t')) {
    from++; /* text behind a closing quote is no field of its own */
  }
  while (blanks && (*from == ' ' || *from == '\t')) {
    from++;
  }
  const bool last = *from == '\0';
  *to = '\0';
  *at = from + (!last && !blanks);
  return !last;
}

bool fields_split(fields *out, const char *bytes, size_t size, const char *delimiter, bool quotes) {
  static const struct {
    const char *word;
    char byte;
  } words[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'},
               {"space", ' '}, {"pipe", '|'},      {"blanks", ' '}};
  char byte = ',';
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    byte = strcmp(delimiter, words[i].word) == 0 ? words[i].byte : byte;
  }
  while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r')) {
    size--;
  }
  size_t most = 2;
  for (size_t b = 0; b < size; b++) {
    most += bytes[b] == byte || bytes[b] == '\t';
  }
  *out = (fields){.bytes = strndup(bytes, size), .texts = calloc(most, sizeof *out->texts)};
  if (out->bytes == NULL || out->texts == NULL) {
    fields_free(out);
    return false;
  }
  char *at = out->bytes + (strncmp(out->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
  while (
      cut_field(&at, byte, strcmp(delimiter, "blanks") == 0, quotes, &out->texts[out->count++])) {
  }
  return true;
}

const char *fields_delimiter(const char *bytes, size_t size) {
  static const struct {
    char byte;
    const char *word;
  } words[] = {{',', "comma"}, {';', "semicolon"}, {'\t', "tab"}, {'|', "pipe"}, {' ', "blanks"}};
  size_t best = 0, most = 0;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t count = 0;
    for (size_t b = 0; b < size; b++) {
      count += bytes[b] == words[i].byte;
    }
    if (count > most && (words[i].byte != ' ' || most == 0)) {
      most = count;
      best = i;
    }
  }
  return words[best].word;
}

bool field_is_number(const char *text) {
  text += strspn(text, "+-.,");
  return *text >= '0' && *text <= '9';
}

/* Whether the reader of rows takes a field for a number, or for no value. */
static bool is_value(const char *text) {
  static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE",
                                      "?",    "NA",   "N/A",  "n/a",   "NaN",   "nan",
                                      "NAN",  "null", "Null", "NULL",  "None"};
  bool found = field_is_number(text);
  for (size_t i = 0; !found && i < sizeof words / sizeof *words; i++) {
    found = strcmp(text, words[i]) == 0;
  }
  return found;
}

bool fields_have(const fields *f, const char *text) {
  for (size_t i = 0; i < f->count; i++) {
    if (strcmp(f->texts[i], text) == 0) {
      return true;
    }
  }
  return false;
}

bool fields_are_names(const fields *f) {
  bool filled = false;
  for (size_t i = 0; i < f->count; i++) {
    if (is_value(f->texts[i])) {
      return false;
    }
    filled = filled || f->texts[i][0] != '\0';
  }
  return filled;
}

size_t fields_only_text(const fields *f) {
  size_t found = 0;
  for (size_t i = 0; i < f->count; i++) {
    if (!is_value(f->texts[i])) {
      if (found > 0) {
        return 0;
      }
      found = i + 1;
    }
  }
  return found;
}
