/* Reads records of CSV text into the matrix. Numbers are read in place; everything other than a
 * number and a delimiter takes the slower path through fields. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "data/build.h"
#include "data/formats/csv/csv_reader.h"
#include "data/formats/decimal.h"

bool clf__csv_may_widen(const clf__csv_reader *self) {
  return !self->wide && self->params->dtype == CLF__READ_AUTO;
}

/* Returns whether a number is finite in the type that the matrix has or may become. */
static bool fits(const clf__csv_reader *self, double value) {
  return isfinite(self->params->dtype == CLF__READ_F32 ? (double)(float)value : value);
}

/* Stores a number that f32 might merge with another, or any number as f64. */
static void write_many_digits(clf__csv_reader *self, double value) {
  if (self->wide) {
    *self->next_wide++ = value;
  } else {
    self->many |= (double)(float)value != value && !isnan(value);
    *self->next_x++ = (float)value;
  }
}

static inline void write_feature(clf__csv_reader *self, double value, int64_t significand) {
  if (significand < self->few) {
    *self->next_x++ = (float)value;
  } else {
    write_many_digits(self, value);
  }
}

static clf_status fail_missing(const clf__csv_reader *self, const clf__csv_field *field,
                               int64_t column, bool feature) {
  clf__fail(CLF_ERROR_DATA, "the value is missing; missing=skip leaves such rows out%s%s",
            feature ? ", missing=keep keeps it as NaN, which the transform impute replaces" : "",
            field->begin < field->end ? ", missing_values says which texts stand for none" : "");
  return clf__csv_fail_within(CLF_ERROR_DATA, &self->columns, field->begin, column);
}

clf_status clf__csv_read_missing(clf__csv_reader *self, const clf__csv_field *field, int64_t column,
                                 double *out, bool *complete) {
  const bool feature = self->columns.roles[column] == CLF__CSV_FEATURE;
  const int32_t missing = self->params->missing;
  *out = NAN;
  *complete = *complete && missing != CLF__MISSING_SKIP;
  return missing == CLF__MISSING_SKIP || (feature && self->keeps_missing)
             ? CLF_OK
             : fail_missing(self, field, column, feature);
}

/* Returns whether a field would be a number with other marks. */
static bool is_number_by(const clf__csv_text *text, const clf__csv_field *field, char decimal,
                         char thousands) {
  clf__csv_text other = *text;
  double value;
  int64_t significand;
  other.decimal = decimal;
  other.thousands = thousands;
  return clf__csv_number(&other, field, &value, &significand) && isfinite(value);
}

/* Returns the parameter that would make a text a number, or NULL. */
static const char *advice_for(const clf__csv_reader *self, const clf__csv_field *field) {
  const clf__csv_text *text = &self->columns.text;
  const bool comma = is_number_by(text, field, ',', '\0');
  const bool groups = is_number_by(text, field, '.', ',');
  if (is_number_by(text, field, '.', '\0')) {
    return "decimal=point reads it";
  }
  if (comma || groups) {
    return comma && groups ? "decimal=comma or thousands=comma reads it"
           : comma         ? "decimal=comma reads it"
                           : "thousands=comma reads it";
  }
  if (is_number_by(text, field, ',', '.')) {
    return "decimal=comma thousands=point reads it";
  }
  if (is_number_by(text, field, '.', ' ') || is_number_by(text, field, '.', '\'')) {
    return "thousands=space or thousands=apostrophe reads it";
  }
  if (self->columns.style->column_lines != NULL) {
    return NULL;
  }
  for (const char *at = field->begin; !field->quoted && at < field->end; at++) {
    if (*at != text->delimiter && strchr(";\t|", *at) != NULL) {
      return "delimiter says what separates fields";
    }
  }
  return *field->begin == '#' ? "comment=hash leaves comments out" : NULL;
}

/* Returns the text as a value for missing_values; empty if it cannot be one. */
static clf__excerpt missing_value(const clf__csv_field *field) {
  clf__excerpt out = clf__excerpt_of(field->begin, field->end);
  const size_t length = (size_t)(field->end - field->begin);
  const bool whole = length == strlen(out.text) && memcmp(out.text, field->begin, length) == 0;
  if (field->quoted || !whole || strpbrk(out.text, ",\"'") != NULL) {
    out.text[0] = '\0';
  }
  return out;
}

/* Refuses text in place of a number that no marks make one; the message says how to leave it
 * out. */
static void fail_text(const clf__csv_reader *self, const clf__csv_field *field, int64_t column) {
  const clf__excerpt missing = missing_value(field);
  const char *quote = strchr(missing.text, ' ') != NULL ? "'" : "";
  char first[128] = "", label[64] = "", category[80];
  if (missing.text[0] != '\0') {
    snprintf(first, sizeof first, "missing_values=%s%s%s takes it as missing, ", quote,
             missing.text, quote);
  }
  snprintf(category, sizeof category, "categories=%lld takes the column as categories, ",
           (long long)column + 1);
  if (self->params->label == NULL && !self->params->regression) {
    snprintf(label, sizeof label, "label=%lld takes the column as labels, ", (long long)column + 1);
  }
  const bool headless = self->record == self->columns.rows && self->columns.header == NULL;
  clf__fail(CLF_ERROR_DATA, "'%s' is not a number; %s%s%s%signore=%lld leaves the column out",
            clf__excerpt_of(field->begin, field->end).text,
            headless ? "header=true takes the first line as names, " : "", first, label,
            self->columns.roles[column] == CLF__CSV_FEATURE ? category : "", (long long)column + 1);
}

/* Refuses text in place of a number; the message names the parameter by which it can be read or
 * left out. */
static clf_status fail_number(const clf__csv_reader *self, const clf__csv_field *field,
                              int64_t column) {
  const clf__excerpt shown = clf__excerpt_of(field->begin, field->end);
  double value;
  int64_t significand;
  const char *advice;
  if (clf__csv_number(&self->columns.text, field, &value, &significand)) {
    const bool feature = self->columns.roles[column] == CLF__CSV_FEATURE;
    clf__fail(CLF_ERROR_DATA, "'%s' is not a finite %d-bit number", shown.text,
              feature && self->params->dtype != CLF__READ_F32 ? 64 : 32);
  } else if ((advice = advice_for(self, field)) != NULL) {
    clf__fail(CLF_ERROR_DATA, "'%s' is not a number; %s", shown.text, advice);
  } else {
    fail_text(self, field, column);
  }
  return clf__csv_fail_within(CLF_ERROR_DATA, &self->columns, field->begin, column);
}

/* Reads the number in a field. A missing one is NaN; `*complete` becomes false if its row is
 * skipped. */
static clf_status read_number(clf__csv_reader *self, const clf__csv_field *field, int64_t column,
                              double *out, int64_t *significand, bool *complete) {
  bool feature = self->columns.roles[column] == CLF__CSV_FEATURE;
  if (clf__csv_missing(&self->columns.text, field)) {
    *significand = INT64_MAX;
    return clf__csv_read_missing(self, field, column, out, complete);
  }
  const bool number = clf__csv_number(&self->columns.text, field, out, significand) &&
                      (feature ? fits(self, *out) : isfinite((float)*out));
  if (!number && feature && self->params->unreadable != 0) {
    self->first_unreadable = self->unreadable++ == 0 ? field->begin : self->first_unreadable;
    *out = NAN;
    *significand = INT64_MAX;
    return CLF_OK;
  }
  return number ? CLF_OK : fail_number(self, field, column);
}

/* Returns how a feature is read. The first value of a column that is open settles it. */
static unsigned char kind_of(clf__csv_reader *self, const clf__csv_field *field, int64_t column) {
  unsigned char *kind = &self->columns.kinds[column];
  double value;
  int64_t significand;
  if (*kind == CLF__CSV_OPEN && !clf__csv_missing(&self->columns.text, field)) {
    *kind = clf__csv_number(&self->columns.text, field, &value, &significand) ? CLF__CSV_NUMBER
                                                                              : CLF__CSV_CATEGORY;
  }
  return *kind;
}

/* Stores a field by the role of its column. */
static clf_status store(clf__csv_reader *self, const clf__csv_field *field, int64_t column,
                        bool *complete) {
  clf__csv_role role = self->columns.roles[column];
  double number = 0;
  int64_t significand = 0;
  if (role == CLF__CSV_IGNORED) {
    return CLF_OK;
  }
  if (role == CLF__CSV_LABEL) {
    self->labels[self->rows] = field->begin - field->quoted;
    return clf__csv_missing(&self->columns.text, field)
               ? read_number(self, field, column, &number, &significand, complete)
               : CLF_OK;
  }
  clf_status status;
  switch (role == CLF__CSV_FEATURE ? kind_of(self, field, column) : CLF__CSV_NUMBER) {
  case CLF__CSV_CATEGORY:
    status = clf__csv_read_category(self, field, column, &number, complete);
    significand = isnan(number) ? INT64_MAX : (int64_t)number;
    break;
  case CLF__CSV_DATE:
    status = clf__csv_read_date(self, field, column, &number, complete);
    significand = INT64_MAX;
    break;
  default:
    status = read_number(self, field, column, &number, &significand, complete);
  }
  if (status < 0) {
    return status;
  }
  if (role == CLF__CSV_FEATURE) {
    write_feature(self, number, significand);
  } else if (role == CLF__CSV_TARGET) {
    *self->next_target++ = number;
  } else {
    ((double *)self->weights->data)[self->rows] = number;
  }
  return CLF_OK;
}

/* Reads a feature that is a number followed by a delimiter. */
static inline bool read_plain(clf__csv_reader *self, const char **at, bool runs) {
  const clf__csv_text *text = &self->columns.text;
  const char *end = text->lines.end;
  double value;
  int64_t significand;
  const char *stop = clf__read_digits(*at, end, &value, &significand);
  if (stop == NULL || stop == end || *stop != text->delimiter ||
      (significand == INT64_MAX && !isfinite((float)value))) {
    return false;
  }
  const char *next = stop + 1;
  if (runs) {
    next = clf__csv_skip_blanks(text, next);
    if (next == end || clf__csv_means(text, *next, CLF__CSV_ENDS_RECORD)) {
      return false; /* the record ends early */
    }
  }
  write_feature(self, value, significand);
  *at = next;
  return true;
}

/* Returns how many of 8 bytes are before the first delimiter: 8 if none is one. */
static inline size_t bytes_before(uint64_t bytes, char delimiter) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
  const uint64_t differ = bytes ^ ones * (unsigned char)delimiter;
  const uint64_t equal = (differ - ones) & ~differ & ones << 7;
  return equal != 0 ? (size_t)__builtin_ctzll(equal) / 8 : 8;
}

/* Returns the code of the text of one of the fields before that ends at a delimiter, and *stop as
 * its end; -1 if there is none. `begin` is followed by more than 8 bytes. */
static inline int32_t find_known(const clf__csv_reader *self, const clf__dictionary *texts,
                                 const char *begin, const char **stop) {
  const clf__csv_text *text = &self->columns.text;
  const uint64_t bytes = clf__eight_bytes(begin);
  const size_t length = bytes_before(bytes, text->delimiter);
  if (length < 8) {
    *stop = begin + length;
    return clf__dictionary_find_word(texts, bytes & ~(~UINT64_C(0) << 8 * length), length);
  }
  *stop = memchr(begin + 8, text->delimiter, (size_t)(text->lines.end - begin) - 8);
  return *stop != NULL ? clf__dictionary_find(texts, begin, (size_t)(*stop - begin)) : -1;
}

/* Reads a category of the fields before that is followed by a delimiter, or a missing one that is
 * kept. Bytes that are a known text are that field, since none shadows another. */
static inline bool read_known(clf__csv_reader *self, const char **at, int64_t column) {
  const clf__csv_text *text = &self->columns.text;
  const clf__csv_categories *known = &self->categories[column];
  const char *begin = *at, *stop;
  if (text->lines.end - begin <= 8 || known->shadows) {
    return false;
  }
  if (*begin == text->delimiter && self->keeps_missing) {
    write_many_digits(self, NAN);
    *at = begin + 1;
    return true;
  }
  const int32_t code = find_known(self, &known->texts, begin, &stop);
  if (code < 0) {
    return false;
  }
  write_feature(self, code, code);
  *at = stop + 1;
  return true;
}

/* Reads the record at `*at`, and advances `*at`; `*complete` receives whether its row is kept. */
static clf_status read_record(clf__csv_reader *self, const char **at, bool *complete) {
  const clf__csv_columns *columns = &self->columns;
  const bool runs = columns->text.runs;
  *complete = true;
  for (int64_t column = 0; column < columns->count; column++) {
    if (self->plain[column] == CLF__CSV_PLAIN_NUMBER     ? read_plain(self, at, runs)
        : self->plain[column] == CLF__CSV_PLAIN_CATEGORY ? read_known(self, at, column)
                                                         : false) {
      continue;
    }
    const bool last = column + 1 == columns->count;
    clf__csv_field field;
    const char *wrong = clf__csv_field_at(&field, &columns->text, *at);
    if (wrong != NULL) {
      clf__fail(CLF_ERROR_FORMAT, "%s", wrong);
      return clf__csv_fail_within(CLF_ERROR_FORMAT, columns, *at, column);
    }
    if (field.last != last && !clf__csv_ends_empty(columns, &field, column)) {
      return clf__csv_fail_count(columns, self->record);
    }
    CLF__CHECK(store(self, &field, column, complete));
    *at = field.next;
  }
  return CLF_OK;
}

clf_status clf__csv_order_create(clf__csv_reader *self) {
  const clf__csv_columns *columns = &self->columns;
  const int64_t features = columns->counts[CLF__CSV_FEATURE];
  bool in_order = true;
  if (columns->positions == NULL) {
    return CLF_OK;
  }
  self->order = clf__arena_array(&self->arena, features, sizeof *self->order);
  self->row = clf__arena_array(&self->arena, features, sizeof(double));
  CLF__CHECK(clf__arena_status(&self->arena));
  for (int64_t i = 0, feature = 0; i < columns->count; i++) {
    if (columns->roles[i] == CLF__CSV_FEATURE) {
      in_order = in_order && columns->positions[i] == feature;
      self->order[feature++] = columns->positions[i];
    }
  }
  self->order = in_order ? NULL : self->order;
  return CLF_OK;
}

/* Moves the features, which were read in the order of the file, to their positions. */
static clf_status order_features(const clf__csv_reader *self) {
  enum { ROWS = 256 };
  const int64_t features = self->columns.counts[CLF__CSV_FEATURE];
  for (int64_t i = 0; self->order != NULL && i < self->rows; i++) {
    float *x = self->wide ? NULL : (float *)self->x->data + i * features;
    double *wide = self->wide ? (double *)self->x->data + i * features : NULL;
    CLF__CHECK(i % ROWS == 0 ? clf__progress_check() : CLF_OK);
    memcpy(self->row, self->wide ? (void *)wide : x,
           (size_t)features * (self->wide ? sizeof *wide : sizeof *x));
    for (int64_t j = 0; j < features; j++) {
      if (self->wide) {
        wide[self->order[j]] = ((const double *)self->row)[j];
      } else {
        x[self->order[j]] = ((const float *)self->row)[j];
      }
    }
  }
  return CLF_OK;
}

clf_status clf__csv_read_records(clf__csv_reader *self) {
  const clf__csv_columns *columns = &self->columns;
  const clf__lines *lines = &columns->text.lines;
  clf__lines_watch watch = clf__lines_watch_of(lines, self->context, "csv");
  const char *at = columns->rows;
  while (at < lines->end) {
    CLF__CHECK(clf__lines_step(lines, &watch, at));
    self->record = at;
    if (self->rows == self->capacity) {
      return clf__csv_fail_count(columns, at); /* the rest is too short for a record */
    }
    const int64_t first = self->rows * columns->counts[CLF__CSV_FEATURE];
    self->next_x = self->wide ? NULL : (float *)self->x->data + first;
    self->next_wide = self->wide ? (double *)self->x->data + first : NULL;
    if (self->targets != NULL) {
      self->next_target =
          (double *)self->targets->data + self->rows * columns->counts[CLF__CSV_TARGET];
    }
    bool complete;
    CLF__CHECK(read_record(self, &at, &complete));
    self->rows += complete;
    self->skipped += !complete;
    if (self->many && clf__csv_may_widen(self)) {
      return CLF_OK;
    }
    at = clf__csv_record_at(&columns->text, at);
  }
  if (self->rows == 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: every row lacks a value", lines->name);
  }
  return order_features(self);
}
