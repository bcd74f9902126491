#include "sheet.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"

enum { NAME_WIDTH = 15, LINE_WIDTH = 100, SHOWN = 20, ROWS = 40 };

/* The fact of that name; a new one, of a form, if there is none. */
static sheet_fact *fact_of(sheet *self, const char *name, sheet_form form) {
  for (size_t i = 0; i < self->fact_count; i++) {
    if (strcmp(self->facts[i].name, name) == 0) {
      return &self->facts[i];
    }
  }
  if (self->fact_count == sizeof self->facts / sizeof *self->facts) {
    self->failed = true;
    return NULL;
  }
  sheet_fact *made = &self->facts[self->fact_count++];
  *made = (sheet_fact){.name = name, .form = form};
  return made;
}

/* Takes ownership of the text; NULL is one that memory did not suffice for. */
static void add(sheet *self, const char *name, sheet_form form, char *text) {
  sheet_fact *fact = fact_of(self, name, form);
  if (fact != NULL && fact->count == fact->capacity) {
    const size_t capacity = fact->capacity > 0 ? 2 * fact->capacity : 4;
    char **texts = realloc(fact->texts, capacity * sizeof *texts);
    fact->capacity = texts != NULL ? capacity : fact->capacity;
    fact->texts = texts != NULL ? texts : fact->texts;
  }
  if (fact == NULL || text == NULL || fact->count == fact->capacity) {
    self->failed = true;
    free(text);
    return;
  }
  fact->texts[fact->count++] = text;
}

static char *formatted(const char *format, va_list arguments) {
  char *text = NULL;
  return vasprintf(&text, format, arguments) >= 0 ? text : NULL;
}

void sheet_text(sheet *self, const char *name, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(self, name, SHEET_TEXT, formatted(format, arguments));
  va_end(arguments);
}

void sheet_item(sheet *self, const char *name, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(self, name, SHEET_LIST, formatted(format, arguments));
  va_end(arguments);
}

void sheet_line(sheet *self, const char *name, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(self, name, SHEET_LINES, formatted(format, arguments));
  va_end(arguments);
}

void sheet_lines(sheet *self, const char *name) {
  fact_of(self, name, SHEET_LINES);
}

void sheet_once(sheet *self, const char *name, const char *text) {
  for (size_t i = 0; i < self->fact_count; i++) {
    const sheet_fact *fact = &self->facts[i];
    for (size_t k = 0; strcmp(fact->name, name) == 0 && k < fact->count; k++) {
      if (strcmp(fact->texts[k], text) == 0) {
        return;
      }
    }
  }
  sheet_line(self, name, "%s", text);
}

void sheet_number(sheet *self, const char *name, double value) {
  char text[40];
  snprintf(text, sizeof text, "%.6g", value);
  add(self, name, SHEET_NUMBER, strdup(isfinite(value) ? text : "null"));
}

void sheet_integer(sheet *self, const char *name, int64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, value);
  add(self, name, SHEET_NUMBER, strdup(text));
}

table *sheet_table_of(sheet *self, const char *name, const table_column *columns, size_t count) {
  sheet_table *made = &self->tables[self->table_count++];
  *made = (sheet_table){.name = name, .rows = table_of(columns, count)};
  return &made->rows;
}

static void print_name(FILE *out, const char *name, bool color) {
  const spaced_name spaced = table_spaced(name);
  fprintf(out, "%s%-*s%s ", color ? "\033[1m" : "", NAME_WIDTH, spaced.text,
          color ? "\033[0m" : "");
}

/* Writes a text whose lines after the first are indented. */
static void print_lines(FILE *out, const char *text) {
  for (; *text != '\0'; text++) {
    fputc(*text, out);
    if (*text == '\n' && text[1] != '\0') {
      fprintf(out, "%*s", NAME_WIDTH + 1, "");
    }
  }
  fputs(text[-1] == '\n' ? "" : "\n", out);
}

/* Writes the first texts of a list on lines that are wrapped between texts. */
static void print_list(FILE *out, const sheet_fact *fact, bool all) {
  int column = NAME_WIDTH + 1;
  for (size_t i = 0; i < fact->count; i++) {
    char more[48];
    snprintf(more, sizeof more, "… (%zu in all)", fact->count);
    const bool rest = i == SHOWN && !all;
    const char *text = rest ? more : fact->texts[i];
    const int width = text_columns(text, strlen(text)) + 2;
    if (column + width > LINE_WIDTH && column > NAME_WIDTH + 1) {
      fprintf(out, "\n%*s", NAME_WIDTH + 1, "");
      column = NAME_WIDTH + 1;
    }
    const bool last = rest || i + 1 == fact->count;
    fprintf(out, "%s%s", text, last ? "" : ", ");
    column += width;
    if (rest) {
      break;
    }
  }
  fputc('\n', out);
}

static void print_fact(FILE *out, const sheet_fact *fact, bool all, bool color) {
  if (fact->form == SHEET_LINES) {
    if (fact->count == 0) {
      print_name(out, fact->name, color);
      fputs("none\n", out);
    }
    for (size_t i = 0; i < fact->count; i++) {
      print_name(out, i == 0 ? fact->name : "", color);
      print_wrapped(out, fact->texts[i], NAME_WIDTH + 1, LINE_WIDTH);
      fputc('\n', out);
    }
    return;
  }
  print_name(out, fact->name, color);
  if (fact->form == SHEET_LIST) {
    print_list(out, fact, all);
  } else {
    print_lines(out, *fact->texts[0] != '\0' ? fact->texts[0] : "-");
  }
}

/* Prints a table, of which people see the first rows. */
static int print_rows(const table *rows, const tool *t, bool all, FILE *out) {
  table shown = *rows;
  const size_t limit = shown.count * ROWS;
  const bool cut = !all && shown.used > limit;
  shown.used = cut ? limit : shown.used;
  fputc('\n', out);
  const int status = table_print(&shown, t, out);
  if (status < 0 && cut) {
    fprintf(out, "… %zu more; --all shows them\n", (rows->used - limit) / rows->count);
  }
  return status;
}

/* Escapes what a terminal would obey; lines stay. False without memory. */
static bool make_printable(const sheet *self) {
  for (size_t i = 0; i < self->fact_count; i++) {
    for (size_t k = 0; k < self->facts[i].count; k++) {
      char **text = &self->facts[i].texts[k], *printable = printable_text(*text, "\n");
      if (printable == NULL) {
        return false;
      }
      free(*text);
      *text = printable;
    }
  }
  return true;
}

static int print_people(const sheet *self, const tool *t, FILE *out) {
  const bool color = shows_colors(out);
  for (int lines = 0; lines < 2; lines++) { /* sentences are below the tables */
    for (size_t i = 0; i < self->fact_count; i++) {
      if ((self->facts[i].form == SHEET_LINES) == (lines == 1)) {
        fputs(lines == 1 ? "\n" : "", out);
        print_fact(out, &self->facts[i], self->all, color);
      }
    }
    for (size_t i = 0; i < self->table_count && lines == 0; i++) {
      const int status = print_rows(&self->tables[i].rows, t, self->all, out);
      if (status >= 0) {
        return status;
      }
    }
  }
  return -1;
}

static void print_json(const sheet *self, FILE *out) {
  json_writer json = json_begin(out);
  json_open(&json, NULL, '[');
  json_open(&json, NULL, '{');
  for (size_t i = 0; i < self->fact_count; i++) {
    const sheet_fact *fact = &self->facts[i];
    if (fact->form == SHEET_TEXT) {
      json_text(&json, fact->name, fact->texts[0]);
    } else if (fact->form == SHEET_NUMBER) {
      json_literal(&json, fact->name, fact->texts[0]);
    } else {
      json_open(&json, fact->name, '[');
      for (size_t k = 0; k < fact->count; k++) {
        json_text(&json, NULL, fact->texts[k]);
      }
      json_close(&json, ']');
    }
  }
  for (size_t i = 0; i < self->table_count; i++) {
    table_json(&self->tables[i].rows, &json, self->tables[i].name);
  }
  json_close(&json, '}');
  json_close(&json, ']');
}

static int print_csv(const sheet *self, const tool *t, FILE *out) {
  for (size_t i = 0; self->csv != NULL && i < self->table_count; i++) {
    if (strcmp(self->tables[i].name, self->csv) == 0) {
      return table_print(&self->tables[i].rows, t, out);
    }
  }
  fputs("name,value\n", out);
  for (size_t i = 0; i < self->fact_count; i++) {
    for (size_t k = 0; k < self->facts[i].count; k++) {
      fprintf(out, "%s,", self->facts[i].name);
      table_csv_field(out, self->facts[i].texts[k]);
      fputc('\n', out);
    }
  }
  return -1;
}

int sheet_print(const sheet *self, const tool *t, FILE *out) {
  bool failed = self->failed || (tool_for_people(t) && !make_printable(self));
  for (size_t i = 0; i < self->table_count; i++) {
    failed = failed || self->tables[i].rows.failed;
  }
  if (failed) {
    return tool_fail(CLF_ERROR_MEMORY);
  }
  if (t->common.json) {
    print_json(self, out);
    return -1;
  }
  return t->common.csv ? print_csv(self, t, out) : print_people(self, t, out);
}

void sheet_free(sheet *self) {
  for (size_t i = 0; i < self->fact_count; i++) {
    for (size_t k = 0; k < self->facts[i].count; k++) {
      free(self->facts[i].texts[k]);
    }
    free(self->facts[i].texts);
  }
  for (size_t i = 0; i < self->table_count; i++) {
    table_free(&self->tables[i].rows);
  }
  *self = (sheet){.csv = NULL};
}
