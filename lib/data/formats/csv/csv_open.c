/* Determines how a CSV file is to be read, by its parameters and, if these are auto, by guesses.
 * Every guess is logged as the parameter that would have the same effect. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/params.h"
#include "base/utf8.h"
#include "base/utf8_text.h"
#include "data/formats/csv/csv.h"

/* The name that pandas gives a first column without a name when it writes it again. */
static const char unnamed_0[] = "Unnamed: 0";

/* Returns where the table begins: after a first line "sep=;", which names the delimiter for Excel.
 * `*delimiter` is set to it, if there is one. */
static const char *skip_separator(const clf__lines *lines, int32_t *delimiter) {
  const char *at = lines->begin, *after = clf__line_after(lines, at);
  if (after - at < 6 || strncmp(at, "sep=", 4) != 0 || (at[5] != '\r' && at[5] != '\n')) {
    return at;
  }
  for (int32_t choice = CLF__CSV_COMMA; choice <= CLF__CSV_PIPE; choice++) {
    *delimiter = clf__csv_delimiter(choice) == at[4] ? choice : *delimiter;
  }
  return after;
}

/* Finds the first record. Lines before it that begin with # are comments. */
static const char *skip_head(clf__csv_columns *columns, const char *begin) {
  clf__csv_text *text = &columns->text;
  const bool guess = columns->style->comment == 0 && !columns->style->documents;
  text->comment = guess ? '#' : text->comment;
  clf__csv_set_meaning(text);
  const char *first = clf__csv_record_at(text, begin);
  text->comment = guess ? '\0' : text->comment;
  clf__csv_set_meaning(text);
  const char *plain = clf__csv_record_at(text, begin);
  columns->head_comments = guess && first != plain && first < text->lines.end;
  return columns->head_comments ? first : plain;
}

static clf_status set_numbers(clf__csv_columns *columns) {
  static const char marks[] = {0, ',', '.', ' ', '\''};
  const clf__csv_style *style = columns->style;
  clf__csv_text *text = &columns->text;
  text->thousands = marks[style->thousands];
  if (style->decimal != 0) {
    text->decimal = style->decimal == 1 ? '.' : ',';
  } else if (text->thousands == '.') {
    text->decimal = ',';
  } else if (text->delimiter != ',' && text->thousands != ',') {
    text->decimal =
        clf__csv_guess_decimal(text, columns->first, &columns->thousands_doubt, &columns->points);
  }
  return text->decimal != text->thousands
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT, "%s: decimal and thousands must not be the same mark",
                         text->lines.name);
}

static clf_status set_text(clf__csv_columns *columns, const clf__bytes *bytes, const char *name) {
  static const char comments[] = {0, 0, '#', '%'};
  const clf__csv_style *style = columns->style;
  clf__csv_text *text = &columns->text;
  CLF__CHECK(clf__lines_open(&text->lines, &columns->converted, columns->context, bytes, name,
                             &style->lines));
  text->quote = style->quotes ? '"' : '\0';
  text->comment = comments[style->comment];
  text->missing = style->missing_values;
  text->decimal = '.';
  const char *begin = skip_separator(&text->lines, &columns->delimiter);
  columns->first = skip_head(columns, begin);
  if (style->delimiter != 0) {
    columns->delimiter = style->delimiter;
  } else if (columns->delimiter == 0) {
    columns->delimiter = clf__csv_guess_delimiter(text, columns->first, style->documents);
  }
  clf__csv_set_delimiter(text, columns->delimiter);
  return set_numbers(columns);
}

/* The first record determines the number of columns, so it must be well-formed. */
static clf_status count_columns(clf__csv_columns *columns) {
  clf__csv_field field = {.next = columns->first};
  do {
    const char *at = field.next;
    const char *wrong = clf__csv_field_at(&field, &columns->text, at);
    if (wrong != NULL) {
      clf__fail(CLF_ERROR_FORMAT, "%s", wrong);
      return clf__csv_fail_within(CLF_ERROR_FORMAT, columns, at, columns->count);
    }
    columns->count++;
  } while (!field.last);
  return CLF_OK;
}

/* Returns the last of the comments at the beginning if it has a name for each column, possibly
 * without the first one; otherwise NULL. */
static const char *names_in_comment(const clf__csv_columns *columns) {
  const clf__csv_text *text = &columns->text;
  const char *found = NULL;
  for (const char *at = text->lines.begin; at < columns->first;
       at = clf__line_after(&text->lines, at)) {
    const char *mark = at + strspn(at, " \t");
    found = mark < columns->first && *mark == '#' ? mark + 1 : found;
  }
  if (found == NULL || columns->count < 2 || clf__csv_count_fields(text, found) != columns->count) {
    return NULL;
  }
  clf__csv_field field = {.next = found};
  for (int64_t i = 0; i < columns->count; i++) {
    double value;
    int64_t significand;
    if (clf__csv_field_at(&field, text, field.next) != NULL ||
        clf__csv_number(text, &field, &value, &significand) ||
        (i > 0 && field.begin == field.end)) {
      return NULL;
    }
  }
  return field.last ? found : NULL;
}

static clf_status set_header(clf__csv_columns *columns) {
  const int32_t header = columns->style->header;
  bool named = header == CLF__CSV_TRUE;
  if (header == CLF__CSV_AUTO) {
    CLF__CHECK(clf__csv_guess_header(&named, columns));
  }
  columns->header = named ? columns->first : NULL;
  columns->rows = named ? clf__csv_record_after(&columns->text, columns->first) : columns->first;
  if (header == CLF__CSV_IN_COMMENT ||
      (header == CLF__CSV_AUTO && !named && columns->head_comments)) {
    columns->header = names_in_comment(columns);
    columns->doubt = columns->header != NULL ? NULL : columns->doubt;
  }
  if (header == CLF__CSV_IN_COMMENT && columns->header == NULL) {
    return clf__fail(CLF_ERROR_DATA,
                     "%s: header=comment, but no line that begins with # names its %lld columns",
                     columns->text.lines.name, (long long)columns->count);
  }
  if (columns->rows == columns->text.lines.end) {
    return clf__fail(CLF_ERROR_DATA, "%s: it has %s", columns->text.lines.name,
                     named ? "a header and no rows" : "no rows");
  }
  return CLF_OK;
}

static clf_status check_names(const clf__csv_columns *columns) {
  clf__csv_field field = {.next = columns->header, .last = columns->header == NULL};
  for (int64_t i = columns->nameless; !field.last; i++) {
    clf__csv_field_at(&field, &columns->text, field.next);
    clf_status status =
        clf__utf8_check(field.begin, (size_t)(field.end - field.begin), CLF__LINES_LATIN1_ADVICE);
    if (status < 0) {
      return clf__fail_within(status, "%s line %lld, column %lld", columns->text.lines.name,
                              (long long)clf__line_number(&columns->text.lines, field.begin),
                              (long long)i + 1);
    }
  }
  return CLF_OK;
}

/* Returns whether the first column has row numbers or row names. `counting` is the number of
 * records that were found to count; 0: they do not. */
static void guess_row_numbers(clf__csv_columns *columns, int64_t counting, bool texts) {
  enum { MANY_ROWS = 5 };
  const int32_t style = columns->style->row_numbers;
  const clf__csv_field name = clf__csv_name(columns, 0);
  const clf__csv_field pandas = {.begin = unnamed_0, .end = unnamed_0 + sizeof unnamed_0 - 1};
  const bool unnamed =
      columns->header != NULL && (name.begin == name.end || clf__csv_same_bytes(&name, &pandas));
  columns->numbered =
      style == CLF__CSV_TRUE || (style == CLF__CSV_AUTO && unnamed && (counting > 0 || texts));
  if (style == CLF__CSV_AUTO && !columns->numbered) {
    columns->unlike_feature = unnamed                 ? "has no name and may number the rows"
                              : counting >= MANY_ROWS ? "counts the rows"
                                                      : NULL;
  }
}

/* Rows may have one field more than the header: an empty one behind the last delimiter, or a first
 * one without a name, which numbers or names the row, as R writes it. For documents it must be a
 * number, because a text may contain a comma. */
static clf_status fit_rows(clf__csv_columns *columns) {
  const clf__csv_text *text = &columns->text;
  const int32_t style = columns->style->row_numbers;
  const int64_t names = columns->count, fields = clf__csv_count_fields(text, columns->rows);
  const clf__csv_field last = clf__csv_name(columns, names - 1);
  const bool nameless = last.begin == last.end; /* of the last column in the header, or of all */
  int64_t records;
  bool texts;
  const bool counts = clf__csv_counts_rows(text, columns->rows, &records, &texts);
  const bool longer = columns->header != NULL && fields == names + 1;
  columns->trailing =
      (longer || (nameless && fields == names)) && clf__csv_all_end_empty(text, columns->rows);
  if (columns->trailing) {
    columns->count = fields - 1;
  } else if (nameless && names == fields + 1) {
    columns->count = fields;
  } else if (longer &&
             (style == CLF__CSV_TRUE ||
              (style == CLF__CSV_AUTO && (counts || (texts && !columns->style->documents))))) {
    columns->count = fields;
    columns->nameless = 1;
  } else if (longer) {
    return clf__csv_fail_count(columns, columns->rows);
  }
  guess_row_numbers(columns, counts ? records : 0, texts);
  return CLF_OK;
}

clf_status clf__csv_columns_read(clf__csv_columns *out, clf_context *context,
                                 const clf__bytes *bytes, const char *name,
                                 const clf__csv_style *style) {
  *out = (clf__csv_columns){
      .context = context, .style = style, .guesses.context = context, .index.context = context};
  clf_status status;
  CLF__TRY(set_text(out, bytes, name));
  CLF__TRY(count_columns(out));
  CLF__TRY(set_header(out));
  CLF__TRY(check_names(out));
  CLF__TRY(fit_rows(out));
  out->roles = clf__alloc_zeroed(context, out->count, 1);
  status = out->roles != NULL ? CLF_OK : CLF_ERROR_MEMORY;
done:
  return status == CLF_ERROR_MEMORY ? clf__fail_within(status, "%s", name) : status;
}

void clf__csv_columns_free(clf__csv_columns *columns) {
  clf__free(columns->roles);
  clf__free(columns->kinds);
  clf__free(columns->positions);
  columns->roles = NULL;
  columns->kinds = NULL;
  columns->positions = NULL;
  clf__arena_free(&columns->index);
  columns->names = NULL;
  columns->sorted = NULL;
  clf__text_free(&columns->guesses);
  clf__bytes_release(&columns->converted);
}

/* A line for the log, as long as necessary. */
typedef struct guesses {
  char text[400];
  size_t length;
} guesses;

__attribute__((format(printf, 2, 3))) static void append(guesses *line, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const size_t available = sizeof line->text - line->length;
  const int written = vsnprintf(line->text + line->length, available, format, arguments);
  line->length += written < 0 ? 0 : (size_t)written < available ? (size_t)written : available - 1;
  va_end(arguments);
}

/* Appends " name=word" to the line and to the parameters if the parameter was guessed. */
static void append_word(guesses *line, clf__csv_columns *columns, bool guessed, const char *name,
                        const char *words, int32_t index) {
  size_t length;
  const char *word = clf__word_at(words, index, &length);
  if (guessed) {
    append(line, " %s=%.*s", name, (int)length, word);
    clf__text_append(&columns->guesses, "%s%s=%.*s", columns->guesses.length > 0 ? " " : "", name,
                     (int)length, word);
  }
}

/* Returns the name of a column as a parameter selects it; NULL if only its number does. */
static const char *selecting_name(clf__csv_columns *columns, int64_t column) {
  int64_t number;
  if (clf__csv_index_names(columns) < 0) {
    columns->guesses.failed = true;
    return NULL;
  }
  const char *name = columns->names != NULL ? columns->names[column] : "";
  const size_t length = strlen(name);
  const bool selects = length > 0 && strchr(name, ',') == NULL && strcmp(name, "none") != 0 &&
                       !clf__parse_i64(name, &number) &&
                       clf__csv_find_name(columns, name, length, 0) == column &&
                       clf__csv_find_name(columns, name, length, column + 1) < 0;
  return selects ? name : NULL;
}

static void append_column(guesses *line, clf__csv_columns *columns, const char *name,
                          int64_t column) {
  if (column >= 0) {
    const clf__csv_field field = clf__csv_name(columns, column);
    const clf__excerpt shown = clf__excerpt_of(field.begin, field.end);
    const bool named = shown.text[0] != '\0';
    const char *selecting = selecting_name(columns, column);
    append(line, " %s=%lld%s%s%s", name, (long long)column + 1, named ? " (" : "", shown.text,
           named ? ")" : "");
    clf__text_append(&columns->guesses, "%s%s=", columns->guesses.length > 0 ? " " : "", name);
    if (selecting != NULL) {
      clf__params_quote(&columns->guesses, selecting);
    } else {
      clf__text_append(&columns->guesses, "%lld", (long long)column + 1);
    }
  }
}

/* Appends " categories=a,b" if it was guessed that some columns have categories. */
static void append_categories(guesses *line, clf__csv_columns *columns) {
  clf__text list = {.context = columns->context};
  for (int64_t i = 0; columns->guessed_kinds && i < columns->count; i++) {
    if (columns->roles[i] != CLF__CSV_FEATURE || columns->kinds[i] != CLF__CSV_CATEGORY) {
      continue;
    }
    const char *selecting = selecting_name(columns, i);
    clf__text_append(&list, "%s", list.length > 0 ? "," : "");
    if (selecting != NULL && strchr(selecting, '"') == NULL) {
      clf__text_append(&list, "%s", selecting);
    } else {
      clf__text_append(&list, "%lld", (long long)i + 1);
    }
  }
  if (list.length > 0 && !list.failed) {
    append(line, " categories=%s", list.bytes);
    clf__text_append(&columns->guesses, "%scategories=", columns->guesses.length > 0 ? " " : "");
    clf__params_quote(&columns->guesses, list.bytes);
  }
  columns->guesses.failed |= list.failed;
  clf__text_free(&list);
}

/* Logs guesses that may be wrong, a line each. */
static void warn(const clf__csv_columns *columns) {
  const char *file = columns->text.lines.name;
  const bool named = columns->header == columns->first;
  if (columns->doubt != NULL) {
    clf__log(columns->context, CLF_LOG_WARNING,
             "%s: line %lld is taken as %s, %s; header=%s takes it as %s", file,
             (long long)clf__line_number(&columns->text.lines, columns->first),
             named ? "names" : "a row", columns->doubt, named ? "false" : "true",
             named ? "a row" : "names");
  }
  if (columns->thousands_doubt && columns->text.decimal == ',') {
    clf__log(
        columns->context, CLF_LOG_WARNING,
        "%s: commas are taken as decimal ones; thousands=comma if they stand between thousands",
        file);
  }
  if (columns->unlike_feature != NULL && columns->roles[0] == CLF__CSV_FEATURE &&
      !columns->style->documents) {
    clf__log(columns->context, CLF_LOG_WARNING,
             "%s: the first column is a feature, though it %s; row_numbers=true leaves it out, "
             "row_numbers=false says that it is one",
             file, columns->unlike_feature);
  }
}

clf_status clf__csv_log_guesses(clf__csv_columns *columns, int64_t label, int64_t body) {
  const clf__csv_style *style = columns->style;
  guesses line = {.length = 0};
  if (style->column_lines != NULL) {
    return CLF_OK;
  }
  append_word(&line, columns, style->delimiter == 0, "delimiter", CLF__CSV_DELIMITERS,
              columns->delimiter);
  append_word(&line, columns, style->header == CLF__CSV_AUTO, "header", CLF__CSV_HEADERS,
              columns->header == NULL             ? CLF__CSV_FALSE
              : columns->header == columns->first ? CLF__CSV_TRUE
                                                  : CLF__CSV_IN_COMMENT);
  if (style->comment == 0 && columns->head_comments) {
    append(&line, " comment=hash"); /* no parameter: it would hold behind the first record, too */
  }
  append_word(&line, columns,
              style->decimal == 0 && (columns->text.decimal == ',' || columns->points), "decimal",
              CLF__CSV_DECIMALS, columns->text.decimal == ',' ? 2 : 1);
  append_word(&line, columns,
              style->row_numbers == CLF__CSV_AUTO &&
                  (columns->numbered || columns->unlike_feature != NULL),
              "row_numbers", "true|false", !columns->numbered);
  append_column(&line, columns, "text", body);
  append_column(&line, columns, "label", label);
  if (columns->kinds != NULL) {
    append_categories(&line, columns);
    append_word(&line, columns, columns->guessed_dates, "dates", CLF__CSV_DATES, columns->dates);
  }
  if (columns->trailing) {
    append(&line, ", without the empty last column");
  }
  if (line.length > 0) {
    clf__log(columns->context, CLF_LOG_INFO, "%s: guessed%s", columns->text.lines.name, line.text);
  }
  warn(columns);
  return columns->guesses.failed
             ? clf__fail_within(CLF_ERROR_MEMORY, "%s", columns->text.lines.name)
             : CLF_OK;
}

char *clf__csv_take_guesses(clf__csv_columns *columns) {
  char *taken = columns->guesses.bytes;
  columns->guesses.bytes = NULL;
  return taken;
}
