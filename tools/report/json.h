/* A writer of JSON, which sets the commas and the escapes. Elements of the outermost array begin on
 * lines of their own. What the file system refuses is left in the stream. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct json_writer {
  FILE *out;
  int depth;    /* of arrays and objects that are open */
  bool follows; /* a comma comes before the next value */
} json_writer;

json_writer json_begin(FILE *out);

/* The same for values that are to be on one line each, whose ends the caller writes. */
json_writer json_begin_line(FILE *out);

/* Each value has a name in an object, and NULL in an array or outside. `bracket` is one of "[{",
 * and its partner when it is closed. */
void json_open(json_writer *json, const char *name, char bracket);
void json_close(json_writer *json, char bracket);

/* A string; bytes that are no UTF-8 become U+FFFD. */
void json_text(json_writer *json, const char *name, const char *text);
/* A value that is JSON already: a number as text, null, true. */
void json_literal(json_writer *json, const char *name, const char *value);
void json_int64(json_writer *json, const char *name, int64_t value);

/* Numbers by a format for a double, such as "%.6f"; null for one that is NaN or infinite. */
void json_number(json_writer *json, const char *name, const char *format, double value);
void json_numbers(json_writer *json, const char *name, const char *format, const double *values,
                  int64_t count);

#endif
