/* What the columns of a CSV file are: its delimiter, whether the first record names the columns,
 * and which column is the label, a target, a weight or left out. */
#include <string.h>

#include "base/text.h"
#include "data/csv.h"

/* The first of tab, semicolon and comma that the first record has outside quotes. */
static char detect_delimiter(const clf__lines *lines, char quote) {
  static const char candidates[] = "\t;,";
  size_t best = 2;
  bool open = false;
  const char *at = lines->begin;
  while (at < lines->end && (*at == ' ' || *at == '\r' || *at == '\n')) {
    at++;
  }
  for (; at < lines->end && (open || *at != lines->line_end); at++) {
    open ^= *at == quote;
    for (size_t i = 0; !open && i < best; i++) {
      best = *at == candidates[i] ? i : best;
    }
  }
  return candidates[best];
}

clf_status clf__csv_fail_within(clf_status status, const clf__csv_columns *columns, const char *at,
                                int64_t column) {
  const clf__lines *lines = &columns->text.lines;
  clf__csv_field field = {.next = columns->header};
  clf__excerpt name = {""};
  for (int64_t i = 0; columns->header != NULL && i <= column; i++) {
    clf__csv_field_at(&field, &columns->text, field.next);
    name = clf__excerpt_of(field.begin, field.end);
  }
  bool named = name.text[0] != '\0';
  return clf__fail_within(status, "%s line %lld, column %lld%s%s%s", lines->name,
                          (long long)clf__line_number(lines, at), (long long)column + 1,
                          named ? " (" : "", name.text, named ? ")" : "");
}

/* Of the first record, which is in order. */
static const char *record_after(const clf__csv_text *text, const char *at) {
  clf__csv_field field = {.next = at};
  do {
    clf__csv_field_at(&field, text, field.next);
  } while (!field.last);
  return clf__csv_record_at(text, field.next);
}

/* The first record names the columns when it has text where the second has a number, or when it has
 * text and no number at all. */
static bool detect_header(const clf__csv_text *text, const char *first) {
  const char *second = record_after(text, first);
  clf__csv_field above = {.next = first};
  clf__csv_field below = {.next = second};
  bool more_below = second < text->lines.end;
  bool any_number = false;
  bool any_text = false;
  do {
    double value;
    clf__csv_field_at(&above, text, above.next);
    more_below = more_below && clf__csv_field_at(&below, text, below.next) == NULL;
    bool number_below = more_below && clf__csv_number(&below, &value);
    more_below = more_below && !below.last;
    bool number = clf__csv_number(&above, &value);
    bool is_text = !number && !clf__csv_missing(&above);
    if (is_text && number_below) {
      return true;
    }
    any_number |= number;
    any_text |= is_text;
  } while (!above.last);
  return any_text && !any_number;
}

static bool same_text(const clf__csv_field *field, const char *text, size_t length) {
  const char *end = text + length;
  for (const char *at = field->begin; at < field->end; at++, text++) {
    if (text == end || *at != *text) {
      return false;
    }
    at += field->quoted && *at == '"';
  }
  return text == end;
}

/* A column by its name or by its number: 1 is the first, -1 the last; -1 when there is none. */
static int64_t find_column(const clf__csv_columns *columns, const char *text, size_t length) {
  clf__csv_field field = {.next = columns->header, .last = columns->header == NULL};
  for (int64_t i = 0; !field.last; i++) {
    clf__csv_field_at(&field, &columns->text, field.next);
    if (same_text(&field, text, length)) {
      return i;
    }
  }
  int64_t number;
  if (clf__read_i64(text, text + length, &number) != text + length || number == 0 ||
      number > columns->count || number < -columns->count) {
    return -1;
  }
  return number > 0 ? number - 1 : columns->count + number;
}

clf_status clf__csv_give_role(clf__csv_columns *columns, const char *parameter, const char *text,
                              size_t length, clf__csv_role role) {
  static const char *const roles[] = {"", "label", "target", "weight", "ignored", "text"};
  const char *name = columns->text.lines.name;
  clf__excerpt shown = clf__excerpt_of(text, text + length);
  int64_t column = find_column(columns, text, length);
  if (column < 0) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "%s: %s=%s: it has no such column; give a name of its header or a number, 1 "
                     "to %lld, or -1 for the last",
                     name, parameter, shown.text, (long long)columns->count);
  }
  if (columns->roles[column] != CLF__CSV_FEATURE) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s=%s: column %lld is already the %s column", name,
                     parameter, shown.text, (long long)column + 1, roles[columns->roles[column]]);
  }
  columns->roles[column] = (unsigned char)role;
  return CLF_OK;
}

/* One column, or several separated by commas. */
static clf_status give_roles(clf__csv_columns *columns, const char *parameter, const char *list,
                             clf__csv_role role) {
  if (list == NULL) {
    return CLF_OK;
  }
  size_t length = strlen(list);
  bool several = (role == CLF__CSV_TARGET || role == CLF__CSV_IGNORED) &&
                 find_column(columns, list, length) < 0;
  const char *end = list + length;
  for (;;) {
    const char *comma = several ? memchr(list, ',', (size_t)(end - list)) : NULL;
    const char *stop = comma != NULL ? comma : end;
    clf_status status = clf__csv_give_role(columns, parameter, list, (size_t)(stop - list), role);
    if (status < 0 || comma == NULL) {
      return status;
    }
    list = comma + 1;
  }
}

void clf__csv_give_to_last(clf__csv_columns *columns, clf__csv_role role) {
  for (int64_t i = columns->count - 1; i >= 0; i--) {
    if (columns->roles[i] == CLF__CSV_FEATURE) {
      columns->roles[i] = (unsigned char)role;
      return;
    }
  }
}

clf_status clf__csv_columns_set_roles(clf__csv_columns *columns, const clf__csv_params *params) {
  clf__csv_role label = params->regression ? CLF__CSV_TARGET : CLF__CSV_LABEL;
  clf_status status;
  CLF__TRY(give_roles(columns, "ignore", params->ignore, CLF__CSV_IGNORED));
  CLF__TRY(give_roles(columns, "weight", params->weight, CLF__CSV_WEIGHT));
  if (params->label == NULL) {
    clf__csv_give_to_last(columns, label);
  } else if (strcmp(params->label, "none") != 0) {
    CLF__TRY(give_roles(columns, "label", params->label, label));
  }
  for (int64_t i = 0; i < columns->count; i++) {
    columns->counts[columns->roles[i]]++;
  }
  if (columns->counts[CLF__CSV_FEATURE] == 0) {
    status = clf__fail(CLF_ERROR_DATA,
                       "%s: no feature is left among its %lld columns; label=none keeps the last "
                       "one as a feature",
                       columns->text.lines.name, (long long)columns->count);
  }
done:
  return status;
}

/* The first record says how many columns there are, so it must be in order. */
static clf_status count_columns(clf__csv_columns *columns, const char *first) {
  clf__csv_field field = {.next = first};
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

clf_status clf__csv_columns_read(clf__csv_columns *out, clf_context *context,
                                 const clf__lines *lines, const clf__csv_style *style) {
  static const char delimiters[] = {0, ',', ';', '\t', ' ', '|'};
  char delimiter = delimiters[style->delimiter], quote = style->plain ? '\0' : '"';
  clf__csv_columns columns = {
      .text = {*lines, delimiter != 0 ? delimiter : detect_delimiter(lines, quote), quote}};
  const char *first = clf__csv_record_at(&columns.text, lines->begin);
  clf_status status = count_columns(&columns, first);
  if (status < 0) {
    return status;
  }
  bool named = style->header == 0 ? detect_header(&columns.text, first) : style->header == 1;
  columns.header = named ? first : NULL;
  columns.rows = named ? record_after(&columns.text, first) : first;
  if (columns.rows == lines->end) {
    return clf__fail(CLF_ERROR_DATA, "%s: it has %s", lines->name,
                     named ? "a header and no rows" : "no rows");
  }
  columns.roles = clf__alloc_zeroed(context, columns.count, 1);
  if (columns.roles == NULL) {
    return clf__fail_within(CLF_ERROR_MEMORY, "%s", lines->name);
  }
  *out = columns;
  return CLF_OK;
}

void clf__csv_columns_free(clf__csv_columns *columns) {
  clf__free(columns->roles);
  columns->roles = NULL;
}
