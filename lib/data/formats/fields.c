/* One row as text: a line "name=value" for each column, in any order, which models match by the
 * names. Name and value are fields of CSV: each may stand in quotes, in which two stand for one,
 * and has no blanks around it otherwise. So the lines become a CSV text of a header and one row,
 * whose reader decides what is a number, a date, a category or missing. */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "base/utf8_text.h"
#include "data/build.h"
#include "data/formats/csv/csv_reader.h"

typedef struct fields_params {
  char *categories, *ignore;
  int32_t dates;
  int32_t dtype;
  clf__csv_style style;
} fields_params;

#define CLF__VALUES fields_params
static const clf__param params[] = {
    CLF__TEXT(categories, "auto",
              "columns of categories, separated by commas; auto: those of texts; or none"),
    CLF__TEXT(ignore, NULL, "columns to omit, separated by commas"),
    CLF__CHOICE(dates, CLF__CSV_DATES, "auto",
                "dates become days since 1970: in the order of day (d), month and year; or none"),
    CLF__CHOICE(style.decimal, CLF__CSV_DECIMALS, "auto", "decimal mark"),
    CLF__CHOICE(style.thousands, CLF__CSV_THOUSANDS, "none", "mark between groups of three digits"),
    CLF__CSV_MISSING_VALUES,
    CLF__CSV_QUOTES,
    CLF__CSV_LINES,
    CLF__CHOICE(dtype, "auto|f32|f64", "auto", "auto: f64 where f32 loses digits of a value"),
};

enum { PER_FIELD = 3 }; /* two quotes, and a tab or a line end */

typedef struct conversion {
  clf__csv_text names, values; /* the same text, whose fields end at = or at the end of the line */
  clf__dictionary seen;
  clf__arena arena;
  int64_t *lines; /* [count] number of the line of each column */
  int64_t count;
  const char *counted; /* where line `line` begins, or a place in it */
  int64_t line;
  char *header, *row; /* texts, of which so many bytes are written: */
  size_t header_size, row_size;
} conversion;

static clf_status begin(conversion *out, const clf__lines *lines, bool quotes) {
  const size_t bytes = (size_t)(lines->end - lines->begin);
  const int64_t count = clf__lines_count(lines);
  size_t size;
  out->names = out->values = (clf__csv_text){.lines = *lines, .quote = quotes ? '"' : '\0'};
  out->names.delimiter = '=';
  out->counted = lines->begin;
  out->line = lines->first_line;
  clf__csv_set_meaning(&out->names);
  clf__csv_set_meaning(&out->values);
  if (!clf__mul_size((size_t)count, PER_FIELD, &size) || !clf__add_size(size, bytes, &size) ||
      !clf__add_size(size, bytes, &size)) { /* a quote may become two */
    return clf__fail(CLF_ERROR_MEMORY, "too many fields");
  }
  out->lines = clf__arena_array(&out->arena, count, sizeof *out->lines);
  out->row = clf__arena_array(&out->arena, (int64_t)size, 1);
  out->header = clf__arena_matrix(&out->arena, 2, (int64_t)size, 1); /* the row is joined to it */
  return clf__arena_status(&out->arena);
}

/* Returns the number of the line of a place that is not before the last one. */
static int64_t line_at(conversion *self, const char *at) {
  for (; self->counted < at; self->counted++) {
    self->line += *self->counted == self->names.lines.line_end;
  }
  return self->line;
}

static void write_field(char *to, size_t *size, const clf__csv_field *field, bool first) {
  to[*size] = '\t';
  *size += !first;
  to[(*size)++] = '"';
  for (const char *at = field->begin; at < field->end; at++) {
    to[(*size)++] = *at;
    if (*at == '"' && !field->quoted) {
      to[(*size)++] = '"';
    }
  }
  to[(*size)++] = '"';
}

/* The texts of missing values are such without quotes only. */
static void write_value(char *to, size_t *size, const clf__csv_field *field, bool first) {
  const size_t length = (size_t)(field->end - field->begin);
  if (field->quoted || length == 0 || memchr(field->begin, '\t', length) != NULL ||
      memchr(field->begin, '"', length) != NULL) {
    write_field(to, size, field, first);
    return;
  }
  to[*size] = '\t';
  *size += !first;
  memcpy(to + *size, field->begin, length);
  *size += length;
}

/* Reads the line at *at. */
static clf_status convert_line(conversion *self, const char **at) {
  clf__csv_field name, value;
  int32_t code;
  const char *wrong = clf__csv_field_at(&name, &self->names, *at);
  if (wrong == NULL && name.last) {
    return clf__fail(CLF_ERROR_FORMAT, "'%s' is not name=value",
                     clf__excerpt_of(name.begin, name.end).text);
  }
  wrong = wrong == NULL ? clf__csv_field_at(&value, &self->values, name.next) : wrong;
  if (wrong != NULL || name.begin == name.end) {
    return clf__fail(CLF_ERROR_FORMAT, "%s", wrong != NULL ? wrong : "no name is before =");
  }
  CLF__CHECK(
      clf__utf8_check(name.begin, (size_t)(name.end - name.begin), CLF__LINES_LATIN1_ADVICE));
  CLF__CHECK(clf__dictionary_add(&self->seen, name.begin, (size_t)(name.end - name.begin), &code));
  if (code < self->count) {
    return clf__fail(CLF_ERROR_DATA, "'%s' has a value in line %lld already",
                     clf__excerpt_of(name.begin, name.end).text, (long long)self->lines[code]);
  }
  write_field(self->header, &self->header_size, &name, code == 0);
  write_value(self->row, &self->row_size, &value, code == 0);
  self->lines[self->count++] = line_at(self, *at);
  *at = value.next;
  return CLF_OK;
}

/* Reads all lines, and makes the CSV text of them in self->header. */
static clf_status convert(conversion *self, clf_context *context) {
  const clf__lines *lines = &self->names.lines;
  clf__lines_watch watch = clf__lines_watch_of(lines, context, "fields");
  const char *at = clf__csv_record_at(&self->names, lines->begin);
  while (at < lines->end) {
    CLF__CHECK(clf__lines_step(lines, &watch, at));
    const clf_status status = convert_line(self, &at);
    if (status < 0) {
      return clf__fail_within(status, "%s line %lld", lines->name, (long long)line_at(self, at));
    }
    at = clf__csv_record_at(&self->names, at);
  }
  if (self->count == 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: it has no line name=value", lines->name);
  }
  self->header[self->header_size++] = '\n';
  memcpy(self->header + self->header_size, self->row, self->row_size);
  self->header_size += self->row_size;
  self->header[self->header_size++] = '\n';
  return CLF_OK;
}

/* Makes the row f32 if that holds all values. */
static clf_status narrow(clf_dataset *dataset) {
  const double *values = dataset->x->data;
  clf_tensor *made = NULL;
  for (int64_t j = 0; j < dataset->features; j++) {
    if (!isnan(values[j]) && (double)(float)values[j] != values[j]) {
      return CLF_OK;
    }
  }
  CLF__CHECK(clf__to_f32(&made, dataset->context, dataset->x));
  clf_tensor_free(dataset->x);
  dataset->x = made;
  return CLF_OK;
}

static clf_status read_row(clf_dataset **out, clf_context *context, const conversion *self,
                           const fields_params *values) {
  char none[] = "none";
  clf__csv_params table = {.label = none,
                           .ignore = values->ignore,
                           .categories = values->categories,
                           .dates = values->dates,
                           .style = values->style,
                           .missing = CLF__MISSING_KEEP,
                           .dtype =
                               values->dtype == CLF__READ_AUTO ? CLF__READ_F64 : values->dtype};
  clf_dataset *made = NULL;
  table.style.header = CLF__CSV_TRUE;
  table.style.row_numbers = CLF__CSV_FALSE;
  table.style.delimiter = CLF__CSV_TAB; /* a number may have commas */
  table.style.comment = CLF__CSV_NO_COMMENT;
  table.style.quotes = true;
  if (table.style.decimal == CLF__CSV_AUTO && table.style.thousands != CLF__CSV_THOUSANDS_POINT) {
    table.style.decimal = CLF__CSV_DECIMAL_POINT; /* one row is too few to guess by */
  }
  /* What was read is UTF-8 now, and has quotes where it needs some. */
  table.style.lines = (clf__lines_style){.first_line = 1};
  table.style.column_lines = self->lines;
  clf__bytes text = {(const unsigned char *)self->header, self->header_size, CLF__BYTES_BORROWED};
  CLF__CHECK(clf__dataset_reader_csv.parse(&made, context, &text, self->names.lines.name, &table));
  const clf_status status = values->dtype == CLF__READ_AUTO ? narrow(made) : CLF_OK;
  if (status < 0) {
    clf_dataset_free(made);
    return status;
  }
  *out = made;
  return CLF_OK;
}

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes,
                        const char *name, const void *values) {
  const fields_params *own = values;
  clf__lines lines;
  clf__bytes converted = {0};
  conversion self = {.seen = {.context = context}, .arena = {.context = context}};
  clf_status status;
  CLF__TRY(clf__lines_open(&lines, &converted, context, bytes, name, &own->style.lines));
  status = begin(&self, &lines, own->style.quotes);
  CLF__TRY(status < 0 ? clf__fail_within(status, "%s", name) : status);
  CLF__TRY(convert(&self, context));
  status = read_row(out, context, &self, own);
done:
  clf__dictionary_free(&self.seen);
  clf__arena_free(&self.arena);
  clf__bytes_release(&converted);
  return status;
}

const clf__dataset_reader clf__dataset_reader_fields = {
    .base = CLF__KIND("fields", "one row as text, a line name=value for each column", params,
                      fields_params),
    .parse = parse,
};
