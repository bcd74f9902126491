#include "table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"

table table_of(const table_column *columns, size_t count) {
  return (table){.columns = columns, .count = count};
}

/* Takes ownership of the text; NULL is one that memory did not suffice for. */
static void add(table *self, char *text) {
  if (self->used == self->capacity) {
    const size_t capacity = self->capacity > 0 ? 2 * self->capacity : 64;
    char **cells = realloc(self->cells, capacity * sizeof *cells);
    self->capacity = cells != NULL ? capacity : self->capacity;
    self->cells = cells != NULL ? cells : self->cells;
  }
  if (text == NULL || self->used == self->capacity) {
    self->failed = true;
    free(text);
    return;
  }
  self->cells[self->used++] = text;
}

void table_text(table *self, const char *text) {
  add(self, strdup(text));
}

void table_number(table *self, double value) {
  char text[NUMBER_BYTES];
  add(self, strdup(number_text(text, value)));
}

void table_integer(table *self, int64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, value);
  add(self, strdup(text));
}

static const char *cell_at(const table *self, size_t row, size_t column) {
  return self->cells[row * self->count + column];
}

static size_t rows_of(const table *self) {
  return self->used / self->count;
}

typedef struct shown_cell {
  char digits[64];
  const char *text;
} shown_cell;

/* A cell as people read it: numbers with the decimals of their column. */
static const char *show(shown_cell *out, const table *self, size_t row, size_t column) {
  const char *cell = cell_at(self, row, column);
  const int decimals = self->columns[column].decimals;
  out->text = cell;
  if (self->columns[column].number && decimals > 0 && *cell != '\0') {
    snprintf(out->digits, sizeof out->digits, "%.*f", decimals, strtod(cell, NULL));
    out->text = out->digits;
  }
  return out->text;
}

static int width_of(const table *self, size_t column) {
  shown_cell cell;
  int width = text_columns(self->columns[column].name, strlen(self->columns[column].name));
  for (size_t i = 0; i < rows_of(self); i++) {
    const char *text = show(&cell, self, i, column);
    const int wanted = text_columns(text, strlen(text));
    width = wanted > width ? wanted : width;
  }
  return width;
}

/* A cell with blanks up to the width of its column: before a number, after a text. */
static void print_cell(FILE *out, const table *self, size_t column, int width, const char *cell) {
  const int blanks = width - text_columns(cell, strlen(cell));
  const bool number = self->columns[column].number;
  fprintf(out, "%s%*s%s%*s", column > 0 ? "  " : "", number ? blanks : 0, "", cell,
          number ? 0 : blanks, "");
}

/* Cells of a row up to the last one that is not empty: a line ends without blanks. */
static size_t cells_of(const table *self, size_t row) {
  size_t count = self->count;
  while (count > 1 && *cell_at(self, row, count - 1) == '\0') {
    count--;
  }
  return count;
}

static void print_row(FILE *out, const table *self, size_t row, const int *widths) {
  shown_cell cell;
  const size_t count = cells_of(self, row);
  for (size_t c = 0; c < count; c++) {
    const char *text = show(&cell, self, row, c);
    const bool last = c + 1 == count && !self->columns[c].number;
    print_cell(out, self, c, last ? text_columns(text, strlen(text)) : widths[c], text);
  }
  fputc('\n', out);
}

spaced_name table_spaced(const char *name) {
  spaced_name out;
  snprintf(out.text, sizeof out.text, "%s", name);
  for (char *at = out.text; (at = strchr(at, '_')) != NULL;) {
    *at = ' ';
  }
  return out;
}

/* Escapes what a terminal would obey: names come from data. False without memory. */
static bool make_printable(const table *self) {
  for (size_t i = 0; i < self->used; i++) {
    char *printable = printable_text(self->cells[i], "");
    if (printable == NULL) {
      return false;
    }
    free(self->cells[i]);
    self->cells[i] = printable;
  }
  return true;
}

static void print_people(const table *self, FILE *out) {
  int widths[TABLE_COLUMNS];
  for (size_t c = 0; c < self->count; c++) {
    widths[c] = width_of(self, c);
  }
  const bool color = shows_colors(out);
  fputs(color ? "\033[1m" : "", out);
  for (size_t c = 0; c < self->count; c++) {
    const table_column *column = &self->columns[c];
    const spaced_name spaced = table_spaced(column->name);
    const char *name = self->verbatim ? column->name : spaced.text;
    const bool last = c + 1 == self->count && !column->number;
    print_cell(out, self, c, last ? text_columns(name, strlen(name)) : widths[c], name);
  }
  fputs(color ? "\033[0m\n" : "\n", out);
  for (size_t i = 0; i < rows_of(self); i++) {
    print_row(out, self, i, widths);
  }
}

void table_csv_field(FILE *out, const char *text) {
  if (strpbrk(text, ",\"\r\n") == NULL) {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (; *text != '\0'; text++) {
    fputs(*text == '"' ? "\"\"" : (const char[]){*text, '\0'}, out);
  }
  fputc('"', out);
}

static void print_csv(const table *self, FILE *out) {
  for (size_t c = 0; c < self->count; c++) {
    fputs(c > 0 ? "," : "", out);
    table_csv_field(out, self->columns[c].name);
  }
  fputc('\n', out);
  for (size_t i = 0; i < rows_of(self); i++) {
    for (size_t c = 0; c < self->count; c++) {
      fputs(c > 0 ? "," : "", out);
      table_csv_field(out, cell_at(self, i, c));
    }
    fputc('\n', out);
  }
}

void table_json(const table *self, json_writer *json, const char *name) {
  json_open(json, name, '[');
  for (size_t i = 0; i < rows_of(self); i++) {
    json_open(json, NULL, '{');
    for (size_t c = 0; c < self->count; c++) {
      const char *column = self->columns[c].name, *cell = cell_at(self, i, c);
      if (self->columns[c].number) {
        json_literal(json, column, *cell != '\0' ? cell : "null");
      } else {
        json_text(json, column, cell);
      }
    }
    json_close(json, '}');
  }
  json_close(json, ']');
}

static void print_json(const table *self, FILE *out) {
  json_writer json = json_begin(out);
  table_json(self, &json, NULL);
}

int table_print(const table *self, const tool *t, FILE *out) {
  if (self->failed || (tool_for_people(t) && !make_printable(self))) {
    return tool_fail(CLF_ERROR_MEMORY);
  }
  (t->common.json ? print_json : t->common.csv ? print_csv : print_people)(self, out);
  return -1;
}

void table_free(table *self) {
  for (size_t i = 0; i < self->used; i++) {
    free(self->cells[i]);
  }
  free(self->cells);
  *self = (table){0};
}
