/* Lists of columns, and the layout of joined rows. */
#include "transform/columns.h"

#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "data/formats/csv/csv.h"

/* Returns the number of a column as an index, or -1. */
static int64_t find_number(const clf_dataset *dataset, const char *item) {
  int64_t number;
  if (!clf__parse_i64(item, &number) || number == 0 || number > dataset->features ||
      number < -dataset->features) {
    return -1;
  }
  return number > 0 ? number - 1 : dataset->features + number;
}

static clf_status find_column(int64_t *out, const clf_dataset *dataset, const char *item) {
  const clf__excerpt shown = clf__excerpt_of(item, item + strlen(item));
  const int64_t named = clf__names_find(dataset->names, item);
  for (int64_t j = named + 1; named >= 0 && j < dataset->features; j++) {
    if (strcmp(clf__names_at(dataset->names, j), item) == 0) {
      return clf__fail(CLF_ERROR_DATA,
                       "columns=%s: columns %lld and %lld have this name; give a number",
                       shown.text, (long long)named + 1, (long long)j + 1);
    }
  }
  *out = named >= 0 ? named : find_number(dataset, item);
  return *out >= 0 ? CLF_OK
                   : clf__fail(CLF_ERROR_DATA,
                               "columns=%s: the rows have no such column; give a name%s or a "
                               "number, 1 to %lld, or -1 for the last",
                               shown.text,
                               dataset->names != NULL ? " of theirs" : ", if the rows have names,",
                               (long long)dataset->features);
}

/* Fills columns [features] with those that are not marked; returns their number. */
static int64_t keep_others(int64_t *columns, const unsigned char *marked, int64_t features) {
  int64_t count = 0;
  for (int64_t j = 0; j < features; j++) {
    if (!marked[j]) {
      columns[count++] = j;
    }
  }
  return count;
}

clf_status clf__columns_read(int64_t **out, int64_t *count, const clf_dataset *dataset,
                             const char *list) {
  const bool others = list[0] == '!' && clf__names_find(dataset->names, list) < 0;
  const char *at = list + others;
  const bool single = clf__names_find(dataset->names, at) >= 0;
  int64_t *columns = clf__alloc_array(dataset->context, dataset->features, sizeof *columns);
  clf__arena arena = {.context = dataset->context};
  char *item = clf__arena_array(&arena, (int64_t)strlen(list) + 1, 1);
  unsigned char *marked = clf__arena_zeroed(&arena, dataset->features, 1);
  clf_status status = columns == NULL ? CLF_ERROR_MEMORY : clf__arena_status(&arena);
  int64_t found = 0;
  CLF__TRY(status);
  while (at != NULL) {
    int64_t column = 0;
    if (single) {
      memcpy(item, at, strlen(at) + 1);
      at = NULL;
    } else {
      clf__csv_list_item(&at, item);
    }
    CLF__TRY(find_column(&column, dataset, item));
    if (marked[column]) {
      status = clf__fail(CLF_ERROR_ARGUMENT, "columns=%s: the list has column %lld twice",
                         clf__excerpt_of(list, list + strlen(list)).text, (long long)column + 1);
      goto done;
    }
    marked[column] = 1;
    columns[found++] = column;
  }
  found = others ? keep_others(columns, marked, dataset->features) : found;
  if (found == 0) {
    status = clf__fail(CLF_ERROR_ARGUMENT, "columns=%s leaves no column",
                       clf__excerpt_of(list, list + strlen(list)).text);
    goto done;
  }
  *out = columns;
  *count = found;
  columns = NULL;
done:
  clf__free(columns);
  clf__arena_free(&arena);
  return status;
}

/* Counts the columns of the joined rows, and writes them where `place` is not NULL. */
static int64_t place_columns(int64_t *place, int64_t inputs, const int64_t *first,
                             const int64_t *widths, int64_t made) {
  int64_t count = 0;
  for (int64_t j = 0; j < inputs; j++) {
    const int64_t width = first[j] < 0 ? 1 : widths != NULL ? widths[j] : 0;
    for (int64_t o = 0; o < width; o++, count++) {
      if (place != NULL) {
        place[count] = first[j] < 0 ? j : inputs + first[j] + o;
      }
    }
  }
  for (int64_t o = 0; widths == NULL && o < made; o++, count++) {
    if (place != NULL) {
      place[count] = inputs + o;
    }
  }
  return count;
}

clf_status clf__columns_lay_out(clf__layout *out, clf_context *context, int64_t inputs,
                                const int64_t *columns, int64_t count, const int64_t *widths,
                                int64_t made) {
  clf__arena arena = {.context = context};
  int64_t *first = clf__arena_array(&arena, inputs, sizeof *first); /* what the kind makes of a
                                                                     * column, or -1 */
  int64_t *width = clf__arena_zeroed(&arena, inputs, sizeof *width);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  for (int64_t j = 0; j < inputs; j++) {
    first[j] = -1;
  }
  for (int64_t k = 0, at = 0; k < count; k++) {
    first[columns[k]] = at;
    width[columns[k]] = widths != NULL ? widths[k] : 0;
    at += width[columns[k]];
  }
  const int64_t *each = widths != NULL ? width : NULL;
  *out = (clf__layout){.inputs = inputs, .made = made};
  out->count = place_columns(NULL, inputs, first, each, made);
  out->place = clf__alloc_array(context, out->count, sizeof *out->place);
  if (out->place == NULL) {
    status = CLF_ERROR_MEMORY;
    goto done;
  }
  place_columns(out->place, inputs, first, each, made);
done:
  clf__arena_free(&arena);
  return status;
}
