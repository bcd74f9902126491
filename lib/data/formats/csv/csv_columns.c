/* Determines which columns of a CSV file are labels, targets or weights, or are left out. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "data/formats/csv/csv.h"

clf__csv_field clf__csv_name(const clf__csv_columns *columns, int64_t column) {
  static const clf__csv_field none = {.begin = "", .end = ""};
  clf__csv_field field = {.next = columns->header, .last = columns->header == NULL};
  for (int64_t i = columns->nameless; i <= column && !field.last; i++) {
    clf__csv_field_at(&field, &columns->text, field.next);
    if (i == column) {
      return field;
    }
  }
  return none;
}

clf_status clf__csv_fail_within(clf_status status, const clf__csv_columns *columns, const char *at,
                                int64_t column) {
  const clf__lines *lines = &columns->text.lines;
  const clf__csv_field field = clf__csv_name(columns, column);
  const clf__excerpt name = clf__excerpt_of(field.begin, field.end);
  const bool named = name.text[0] != '\0';
  if (columns->style->column_lines != NULL) {
    return clf__fail_within(status, "%s line %lld (%s)", lines->name,
                            (long long)columns->style->column_lines[column], name.text);
  }
  return clf__fail_within(status, "%s line %lld, column %lld%s%s%s", lines->name,
                          (long long)clf__line_number(lines, at), (long long)column + 1,
                          named ? " (" : "", name.text, named ? ")" : "");
}

bool clf__csv_ends_empty(const clf__csv_columns *columns, clf__csv_field *field, int64_t column) {
  clf__csv_field empty;
  if (!columns->trailing || column + 1 < columns->count || field->last ||
      clf__csv_field_at(&empty, &columns->text, field->next) != NULL || !empty.last ||
      empty.begin != empty.end) {
    return false;
  }
  field->next = empty.next;
  return true;
}

/* Returns a possible reason for a record with another number of fields, or an empty text. */
static const char *advice_for(const clf__csv_columns *columns, const char *record, int64_t fields,
                              int64_t wanted) {
  const char *at = record, *end = columns->text.lines.end;
  while (at < end && (*at == ' ' || *at == '\t')) {
    at++;
  }
  if (at < end && *at == '#') {
    return "; comment=hash leaves lines out that begin with #";
  }
  if (wanted == 1 || fields == 1) {
    return "; delimiter says what separates them";
  }
  if (columns->style->documents) {
    return fields > wanted ? "; a text with delimiters in it needs quotes around it" : "";
  }
  return columns->header != NULL && record == columns->rows && fields == wanted + 1
             ? "; row_numbers=true if the first one has no name"
             : "";
}

clf_status clf__csv_fail_count(const clf__csv_columns *columns, const char *record) {
  const clf__csv_text *text = &columns->text;
  const char *like = columns->nameless > 0 ? columns->rows : columns->first;
  const int64_t fields = clf__csv_count_fields(text, record);
  const int64_t wanted = clf__csv_count_fields(text, like);
  char where[32] = "the first line";
  if (like != columns->first) {
    snprintf(where, sizeof where, "line %lld", (long long)clf__line_number(&text->lines, like));
  }
  return clf__fail(CLF_ERROR_FORMAT, "%s line %lld: it has %lld fields; %s has %lld%s",
                   text->lines.name, (long long)clf__line_number(&text->lines, record),
                   (long long)fields, where, (long long)wanted,
                   advice_for(columns, record, fields, wanted));
}

/* Returns a column by its number: 1 is the first, -1 the last; -1 if there is none. */
static int64_t find_number(const clf__csv_columns *columns, const char *text, size_t length) {
  int64_t number;
  if (clf__read_i64(text, text + length, &number) != text + length || number == 0 ||
      number > columns->count || number < -columns->count) {
    return -1;
  }
  return number > 0 ? number - 1 : columns->count + number;
}

int64_t clf__csv_find_column(const clf__csv_columns *columns, const char *text, size_t length) {
  const int64_t named = clf__csv_find_name(columns, text, length, 0);
  return named >= 0 ? named : find_number(columns, text, length);
}

clf_status clf__csv_set_role(clf__csv_columns *columns, const char *parameter, const char *shown,
                             int64_t column, clf__csv_role role) {
  static const char *const roles[] = {"", "label", "target", "weight", "ignored", "text"};
  if (columns->roles[column] != CLF__CSV_FEATURE) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s=%s: column %lld is already the %s column",
                     columns->text.lines.name, parameter, shown, (long long)column + 1,
                     roles[columns->roles[column]]);
  }
  columns->roles[column] = (unsigned char)role;
  return CLF_OK;
}

clf_status clf__csv_fail_column(const clf__csv_columns *columns, const char *parameter,
                                const char *text, size_t length) {
  const bool lines = columns->style->column_lines != NULL;
  clf__csv_columns headed = *columns;
  headed.header = columns->first;
  headed.sorted = NULL;
  return clf__fail(
      CLF_ERROR_ARGUMENT, "%s: %s=%s: it has no such column; %s, 1 to %lld, or -1 for the last",
      columns->text.lines.name, parameter, clf__excerpt_of(text, text + length).text,
      columns->header == NULL && clf__csv_find_name(&headed, text, length, 0) >= 0
          ? "header=true takes the first line, which has it, as names; or give a number"
      : lines ? "give a name of its lines or a number"
              : "give a name of its header or a number",
      (long long)columns->count);
}

clf_status clf__csv_fail_twice(const clf__csv_columns *columns, const char *parameter,
                               const char *text, size_t length, int64_t one, int64_t other) {
  return clf__fail(CLF_ERROR_ARGUMENT,
                   "%s: %s=%s: columns %lld and %lld have this name; give a number",
                   columns->text.lines.name, parameter, clf__excerpt_of(text, text + length).text,
                   (long long)one + 1, (long long)other + 1);
}

clf_status clf__csv_assign_role(clf__csv_columns *columns, const char *parameter, const char *text,
                                size_t length, clf__csv_role role) {
  const char *name = columns->text.lines.name;
  const clf__excerpt shown = clf__excerpt_of(text, text + length);
  const int64_t column = clf__csv_find_column(columns, text, length);
  if (column < 0) {
    return clf__csv_fail_column(columns, parameter, text, length);
  }
  const int64_t number = find_number(columns, text, length);
  if (number >= 0 && number != column) {
    clf__log(columns->context, CLF_LOG_WARNING,
             "%s: %s=%s is taken as the name of column %lld, not as column %lld", name, parameter,
             shown.text, (long long)column + 1, (long long)number + 1);
  }
  int64_t next = clf__csv_find_name(columns, text, length, column + 1);
  if (next >= 0 && role != CLF__CSV_IGNORED) {
    return clf__csv_fail_twice(columns, parameter, text, length, column, next);
  }
  clf_status status = clf__csv_set_role(columns, parameter, shown.text, column, role);
  for (; status == CLF_OK && next >= 0;
       next = clf__csv_find_name(columns, text, length, next + 1)) {
    status = clf__csv_set_role(columns, parameter, shown.text, next, role);
  }
  return status;
}

/* Assigns a role to one column, or to several of a list. */
static clf_status assign_roles(clf__csv_columns *columns, const char *parameter, const char *list,
                               clf__csv_role role) {
  if (list == NULL) {
    return CLF_OK;
  }
  const size_t length = strlen(list);
  const bool several = (role == CLF__CSV_TARGET || role == CLF__CSV_IGNORED) &&
                       clf__csv_find_column(columns, list, length) < 0;
  if (!several) {
    return clf__csv_assign_role(columns, parameter, list, length, role);
  }
  CLF__CHECK(clf__csv_index_names(columns));
  char *item = clf__alloc_array(columns->context, (int64_t)length + 1, 1);
  clf_status status = item != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  while (status == CLF_OK && list != NULL) {
    const size_t bytes = clf__csv_list_item(&list, item);
    status = clf__csv_assign_role(columns, parameter, item, bytes, role);
  }
  clf__free(item);
  return status;
}

static bool is_selected(const clf__csv_columns *columns, int64_t column) {
  return columns->positions != NULL && columns->positions[column] >= 0;
}

int64_t clf__csv_assign_to_last(clf__csv_columns *columns, clf__csv_role role) {
  for (int64_t i = columns->count - 1; i >= 0; i--) {
    if (columns->roles[i] == CLF__CSV_FEATURE && !is_selected(columns, i)) {
      columns->roles[i] = (unsigned char)role;
      return i;
    }
  }
  return -1;
}

/* Leaves out the first column if it has row numbers and has no other role. */
static void leave_out_numbers(clf__csv_columns *columns) {
  if (columns->roles[0] != CLF__CSV_FEATURE || is_selected(columns, 0)) {
    columns->numbered = false;
    columns->unlike_feature = NULL;
  } else if (columns->numbered) {
    columns->roles[0] = CLF__CSV_IGNORED;
  }
}

void clf__csv_warn_of_label(const clf__csv_columns *columns, int64_t label) {
  static const char names[] =
      "label|labels|class|class_label|category|target|species|sentiment|outcome|diagnosis";
  clf__csv_field field = {.next = columns->header, .last = columns->header == NULL};
  int64_t other = -1;
  for (int64_t i = columns->nameless; i < columns->count && !field.last; i++) {
    clf__csv_field_at(&field, &columns->text, field.next);
    const bool named = clf__csv_is_named(&field, names);
    if (named && i == label) {
      return;
    }
    const bool read = columns->roles[i] == CLF__CSV_FEATURE || columns->roles[i] == CLF__CSV_TEXT;
    other = named && other < 0 && read ? i : other;
  }
  if (label >= 0 && other >= 0) {
    field = clf__csv_name(columns, other);
    clf__log(columns->context, CLF_LOG_WARNING,
             "%s: the labels are the last column, though column %lld is called '%s'; label=%lld "
             "takes that one, label=%lld says that it is the last",
             columns->text.lines.name, (long long)other + 1,
             clf__excerpt_of(field.begin, field.end).text, (long long)other + 1,
             (long long)label + 1);
  }
}

clf_status clf__csv_columns_set_roles(clf__csv_columns *columns, const clf__csv_params *params) {
  const clf__csv_role role = params->regression ? CLF__CSV_TARGET : CLF__CSV_LABEL;
  int64_t label = -1;
  clf_status status;
  CLF__TRY(assign_roles(columns, "ignore", params->ignore, CLF__CSV_IGNORED));
  CLF__TRY(assign_roles(columns, "weight", params->weight, CLF__CSV_WEIGHT));
  if (params->label != NULL && strcmp(params->label, "none") != 0) {
    CLF__TRY(assign_roles(columns, "label", params->label, role));
  }
  CLF__TRY(params->columns != NULL ? clf__csv_select(columns, params->columns) : CLF_OK);
  leave_out_numbers(columns);
  if (params->label == NULL) {
    label = clf__csv_assign_to_last(columns, role);
  }
  clf__csv_leave_out_rest(columns);
  for (int64_t i = 0; i < columns->count; i++) {
    columns->counts[columns->roles[i]]++;
  }
  CLF__TRY(clf__csv_kinds_choose(columns, params));
  CLF__TRY(clf__csv_log_guesses(columns, label, -1));
  clf__csv_warn_of_label(columns, label);
  if (columns->counts[CLF__CSV_FEATURE] == 0 && columns->style->column_lines != NULL) {
    status =
        clf__fail(CLF_ERROR_DATA, "%s: ignore leaves none of its lines", columns->text.lines.name);
  } else if (columns->counts[CLF__CSV_FEATURE] == 0) {
    status = clf__fail(CLF_ERROR_DATA,
                       "%s: no feature is left among its %lld columns; label=none keeps the last "
                       "one as a feature%s%s",
                       columns->text.lines.name, (long long)columns->count,
                       columns->numbered ? ", row_numbers=false the first" : "",
                       columns->count == 1 ? ", delimiter says what separates columns" : "");
  }
done:
  return status;
}
