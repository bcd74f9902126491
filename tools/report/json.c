#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

#include "text.h"

static void write_text(FILE *out, const char *text) {
  fputc('"', out);
  while (*text != '\0') {
    const size_t length = utf8_length(text);
    if (length == 0) {
      fputs("\\ufffd", out);
    } else if (*text == '"' || *text == '\\') {
      fprintf(out, "\\%c", *text);
    } else if (length == 1 && *text < 0x20) {
      fprintf(out, "\\u%04x", (unsigned)*text);
    } else {
      fprintf(out, "%.*s", (int)length, text);
    }
    text += length > 0 ? length : 1;
  }
  fputc('"', out);
}

json_writer json_begin(FILE *out) {
  return (json_writer){.out = out};
}

json_writer json_begin_line(FILE *out) {
  return (json_writer){.out = out, .depth = 2}; /* as if within other values */
}

/* What comes before a value: the comma, and its name. */
static void begin_value(json_writer *json, const char *name) {
  if (json->depth == 1) {
    fputs(json->follows ? ",\n  " : "\n  ", json->out);
  } else {
    fputs(json->follows ? ", " : "", json->out);
  }
  if (name != NULL) {
    write_text(json->out, name);
    fputs(": ", json->out);
  }
  json->follows = true;
}

void json_open(json_writer *json, const char *name, char bracket) {
  begin_value(json, name);
  fputc(bracket, json->out);
  json->depth++;
  json->follows = false;
}

void json_close(json_writer *json, char bracket) {
  json->depth--;
  fprintf(json->out, "%s%c%s", json->depth == 0 && json->follows ? "\n" : "", bracket,
          json->depth == 0 ? "\n" : "");
  json->follows = true;
}

void json_text(json_writer *json, const char *name, const char *text) {
  begin_value(json, name);
  write_text(json->out, text);
}

void json_literal(json_writer *json, const char *name, const char *value) {
  begin_value(json, name);
  fputs(value, json->out);
}

void json_int64(json_writer *json, const char *name, int64_t value) {
  begin_value(json, name);
  fprintf(json->out, "%" PRId64, value);
}

void json_number(json_writer *json, const char *name, const char *format, double value) {
  begin_value(json, name);
  if (isfinite(value)) {
    fprintf(json->out, format, value);
  } else {
    fputs("null", json->out);
  }
}

void json_numbers(json_writer *json, const char *name, const char *format, const double *values,
                  int64_t count) {
  json_open(json, name, '[');
  for (int64_t i = 0; i < count; i++) {
    json_number(json, NULL, format, values[i]);
  }
  json_close(json, ']');
}
