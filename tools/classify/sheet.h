/* What a verb found out about one thing: facts, lists of texts and tables, in their order. People
 * see facts first and tables below each other; JSON is an array of one object; CSV is the table
 * `csv`, or without one a row for each fact. */
#ifndef CLASSIFY_SHEET_H
#define CLASSIFY_SHEET_H

#include "table.h"

typedef enum sheet_form {
  SHEET_TEXT,
  SHEET_NUMBER,
  SHEET_LIST, /* short texts, on the same lines */
  SHEET_LINES /* sentences, a line each */
} sheet_form;

typedef struct sheet_fact {
  const char *name; /* with "_" between words */
  sheet_form form;
  char **texts; /* [count], one unless it is a list */
  size_t count, capacity;
} sheet_fact;

typedef struct sheet_table {
  const char *name;
  table rows;
} sheet_table;

typedef struct sheet {
  sheet_fact facts[48];
  size_t fact_count;
  sheet_table tables[8];
  size_t table_count;
  const char *csv; /* the name of a table, or NULL */
  bool all;        /* people see all rows of all tables, and all of each list */
  bool failed;     /* memory ran out */
} sheet;

#if defined(__GNUC__)
#define SHEET_FORMAT __attribute__((format(printf, 3, 4)))
#else
#define SHEET_FORMAT
#endif

void sheet_text(sheet *self, const char *name, const char *format, ...) SHEET_FORMAT;
void sheet_number(sheet *self, const char *name, double value);
void sheet_integer(sheet *self, const char *name, int64_t value);
/* Add to the list of that name, which the first call makes. */
void sheet_item(sheet *self, const char *name, const char *format, ...) SHEET_FORMAT;
void sheet_line(sheet *self, const char *name, const char *format, ...) SHEET_FORMAT;
/* Makes a list of lines, which people see as "none" if it stays empty. */
void sheet_lines(sheet *self, const char *name);
/* Adds a line unless the list has it. */
void sheet_once(sheet *self, const char *name, const char *text);
/* Adds an empty table. The columns must live as long as the sheet. */
table *sheet_table_of(sheet *self, const char *name, const table_column *columns, size_t count);

/* Returns as table_print(). */
int sheet_print(const sheet *self, const tool *t, FILE *out);
void sheet_free(sheet *self);

#endif
