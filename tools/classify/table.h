/* A table of results: aligned for people, or as CSV or JSON (an array of an object a row) for
 * machines. */
#ifndef CLASSIFY_TABLE_H
#define CLASSIFY_TABLE_H

#include "report/json.h"
#include "tool.h"

enum { TABLE_COLUMNS = 24 };

typedef struct table_column {
  const char *name; /* with "_" between words, which people see as a blank */
  bool number;
  int decimals; /* of a number that is not whole, for people; machines get all digits */
} table_column;

typedef struct table {
  const table_column *columns; /* [count], at most TABLE_COLUMNS */
  size_t count;
  char **cells; /* [used] row after row */
  size_t used, capacity;
  bool failed;   /* memory ran out */
  bool verbatim; /* names of columns are those of the user, such as classes: "_" stays */
} table;

table table_of(const table_column *columns, size_t count);

/* Adds the next cell, row after row. NaN is an empty cell, and null in JSON. */
void table_text(table *self, const char *text);
void table_number(table *self, double value);
void table_integer(table *self, int64_t value);

/* Writes it as the tool's options say. Returns -1 to go on, or the status to exit with after a message.
 */
int table_print(const table *self, const tool *t, FILE *out);
/* Writes it as a JSON array among other values; `name` is NULL outside of an object. */
void table_json(const table *self, json_writer *json, const char *name);
void table_free(table *self);

/* A name of this program as people see it, "train accuracy". */
typedef struct spaced_name {
  char text[64];
} spaced_name;
spaced_name table_spaced(const char *name);

/* Writes a field of a CSV file, in quotes where it needs them. */
void table_csv_field(FILE *out, const char *text);

#endif
