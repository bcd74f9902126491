/* The parameter columns: which columns of a CSV file are the features, and in which order. A name
 * is found by bisection, so that a list of all names of a wide table takes no longer than to sort
 * them. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "data/formats/csv/csv.h"

/* Returns whether the quote at `at` is closed before a comma or the end; `*stop` receives the
 * closing quote. */
static bool is_quoted(const char *at, const char **stop) {
  for (at++; *at != '\0'; at++) {
    if (*at == '"' && at[1] == '"') {
      at++;
    } else if (*at == '"') {
      *stop = at;
      return at[1] == ',' || at[1] == '\0';
    }
  }
  return false;
}

size_t clf__csv_list_item(const char **at, char *to) {
  const char *from = *at, *stop = strchr(from, ',');
  size_t length = 0;
  if (*from == '"' && is_quoted(from, &stop)) {
    for (from++; from < stop; from++) {
      to[length++] = *from;
      from += *from == '"';
    }
    stop++;
  } else {
    stop = stop != NULL ? stop : from + strlen(from);
    length = (size_t)(stop - from);
    memcpy(to, from, length);
  }
  to[length] = '\0';
  *at = *stop == ',' ? stop + 1 : NULL;
  return length;
}

clf_status clf__csv_names(const char ***out, clf__arena *arena, const clf__csv_columns *columns) {
  clf__csv_field field = {.next = columns->header};
  int64_t bytes = 1; /* of the empty name */
  for (int64_t i = columns->nameless; i < columns->count && !field.last; i++) {
    clf__csv_field_at(&field, &columns->text, field.next);
    bytes += field.end - field.begin + 1;
  }
  const char **names = clf__arena_array(arena, columns->count, sizeof *names);
  char *to = clf__arena_array(arena, bytes, 1);
  CLF__CHECK(clf__arena_status(arena));
  const char *empty = to;
  *to++ = '\0';
  field = (clf__csv_field){.next = columns->header};
  for (int64_t i = 0; i < columns->count; i++) {
    names[i] = empty;
    if (i >= columns->nameless && !field.last) {
      clf__csv_field_at(&field, &columns->text, field.next);
      names[i] = to;
      to += clf__csv_content(&field, to) + 1;
    }
  }
  *out = names;
  return CLF_OK;
}

static int compare(const void *a, const void *b) {
  const clf__csv_named *one = a, *other = b;
  const int order = strcmp(one->name, other->name);
  return order != 0 ? order : (one->column > other->column) - (one->column < other->column);
}

clf_status clf__csv_index_names(clf__csv_columns *columns) {
  if (columns->header == NULL || columns->sorted != NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__csv_names(&columns->names, &columns->index, columns));
  clf__csv_named *made = clf__arena_array(&columns->index, columns->count, sizeof *made);
  CLF__CHECK(clf__arena_status(&columns->index));
  for (int64_t i = columns->nameless; i < columns->count; i++) {
    made[i - columns->nameless] = (clf__csv_named){columns->names[i], i};
  }
  qsort(made, (size_t)(columns->count - columns->nameless), sizeof *made, compare);
  columns->sorted = made;
  return CLF_OK;
}

/* Returns the order of a name and a text. */
static int order_of(const char *name, const char *text, size_t length) {
  const int order = strncmp(name, text, length);
  return order != 0 ? order : name[length] != '\0';
}

static int64_t bisect(const clf__csv_columns *columns, const char *text, size_t length,
                      int64_t from) {
  const clf__csv_named *sorted = columns->sorted;
  const int64_t count = columns->count - columns->nameless;
  int64_t first = 0, end = count;
  while (first < end) {
    const int64_t middle = first + (end - first) / 2;
    const int order = order_of(sorted[middle].name, text, length);
    if (order < 0 || (order == 0 && sorted[middle].column < from)) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return first < count && order_of(sorted[first].name, text, length) == 0 ? sorted[first].column
                                                                          : -1;
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

int64_t clf__csv_find_name(const clf__csv_columns *columns, const char *text, size_t length,
                           int64_t from) {
  if (columns->sorted != NULL) {
    return bisect(columns, text, length, from);
  }
  clf__csv_field field = {.next = columns->header, .last = columns->header == NULL};
  for (int64_t i = columns->nameless; i < columns->count && !field.last; i++) {
    clf__csv_field_at(&field, &columns->text, field.next);
    if (i >= from && same_text(&field, text, length)) {
      return i;
    }
  }
  return -1;
}

static clf_status select_column(clf__csv_columns *columns, const char *item, size_t length,
                                int64_t position) {
  const char *file = columns->text.lines.name;
  const clf__excerpt shown = clf__excerpt_of(item, item + length);
  const int64_t column = clf__csv_find_column(columns, item, length);
  const int64_t next = clf__csv_find_name(columns, item, length, column + 1);
  if (column < 0) {
    return clf__csv_fail_column(columns, "columns", item, length);
  }
  if (next >= 0) {
    return clf__csv_fail_twice(columns, "columns", item, length, column, next);
  }
  if (columns->positions[column] >= 0) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: columns=%s: column %lld is listed twice", file,
                     shown.text, (long long)column + 1);
  }
  /* The role stays that of a feature; this refuses a column that has another one. */
  CLF__CHECK(clf__csv_set_role(columns, "columns", shown.text, column, CLF__CSV_FEATURE));
  columns->positions[column] = position;
  return CLF_OK;
}

clf_status clf__csv_select(clf__csv_columns *columns, const char *list) {
  clf__arena arena = {.context = columns->context};
  char *item = clf__arena_array(&arena, (int64_t)strlen(list) + 1, 1);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  columns->positions = clf__alloc_array(columns->context, columns->count, sizeof(int64_t));
  CLF__TRY(columns->positions != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  for (int64_t i = 0; i < columns->count; i++) {
    columns->positions[i] = -1;
  }
  CLF__TRY(clf__csv_index_names(columns));
  for (int64_t i = 0; list != NULL; i++) {
    const size_t length = clf__csv_list_item(&list, item);
    CLF__TRY(select_column(columns, item, length, i));
  }
done:
  clf__arena_free(&arena);
  return status;
}

void clf__csv_leave_out_rest(clf__csv_columns *columns) {
  int64_t left_out = 0, first = -1;
  for (int64_t i = 0; columns->positions != NULL && i < columns->count; i++) {
    if (columns->roles[i] == CLF__CSV_FEATURE && columns->positions[i] < 0) {
      columns->roles[i] = CLF__CSV_IGNORED;
      first = left_out++ == 0 ? i : first;
    }
  }
  if (left_out > 0) {
    const clf__csv_field name = clf__csv_name(columns, first);
    const clf__excerpt shown = clf__excerpt_of(name.begin, name.end);
    const bool known = shown.text[0] != '\0';
    clf__log(columns->context, CLF_LOG_INFO,
             "%s: %lld of %lld columns are left out, by columns=; the first is column %lld%s%s%s",
             columns->text.lines.name, (long long)left_out, (long long)columns->count,
             (long long)first + 1, known ? " (" : "", shown.text, known ? ")" : "");
  }
}
