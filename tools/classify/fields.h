/* The fields of one record of a table: enough to find out what its columns are. */
#ifndef CLASSIFY_FIELDS_H
#define CLASSIFY_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct fields {
  char *bytes;
  char **texts; /* [count] without quotes and the blanks around them */
  size_t count;
} fields;

/* Splits a record by a delimiter of the format "csv": "comma", "blanks" … False without memory. */
bool fields_split(fields *out, const char *bytes, size_t size, const char *delimiter, bool quotes);
void fields_free(fields *f);

/* The delimiter that occurs most often in a record, by its name. */
const char *fields_delimiter(const char *bytes, size_t size);

/* Whether a text begins as numbers do, by whatever marks. */
bool field_is_number(const char *text);

/* Whether one of the fields is this text. */
bool fields_have(const fields *f, const char *text);

/* Whether no field is a number, as in a header. */
bool fields_are_names(const fields *f);

/* The only field that is no number, counted from 1; 0 if there are others, or none. */
size_t fields_only_text(const fields *f);

#endif
