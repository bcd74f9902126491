/* How the features of a CSV file are read: as numbers, as categories, or as dates. A guess looks at
 * the first records: a feature whose values there are all texts has categories, or dates if all of
 * them are dates in one order. Numbers among texts make a column one of numbers, in which the first
 * text is an error that names the parameters: an unusual text for a missing value must not turn
 * numbers into categories. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "data/formats/csv/csv.h"

enum { NUMBERS = 1, TEXTS = 2, SAMPLE_BYTES = 1 << 16 };

/* What the first records show of each column. */
typedef struct facts {
  unsigned char *seen; /* [columns] NUMBERS, TEXTS */
  uint32_t *orders;    /* [columns] of dates, by all texts */
} facts;

static bool is_number(const clf__csv_text *text, const clf__csv_field *field) {
  double value;
  int64_t significand;
  return clf__csv_number(text, field, &value, &significand);
}

/* Returns whether a text looks like a number with other marks, or with a sign or a unit such as %
 * or $ at an end: such a column is none of categories. */
static bool is_almost_number(const clf__csv_field *field) {
  static const char ends[] = "+-% $\xC2\xA3\xE2\x82\xAC"; /* and pounds and euros */
  const char *at = field->begin, *end = field->end;
  while (at < end && strchr(ends, *at) != NULL) {
    at++;
  }
  while (at < end && strchr(ends, end[-1]) != NULL) {
    end--;
  }
  const bool digits = at < end;
  while (at < end && ((unsigned char)(*at - '0') <= 9 || strchr(".,' ", *at) != NULL)) {
    at++;
  }
  return digits && at == end;
}

static void look_at(facts *found, const clf__csv_columns *columns, const char *record) {
  clf__csv_field field = {.next = record};
  for (int64_t j = 0; j < columns->count && !field.last; j++) {
    if (clf__csv_field_at(&field, &columns->text, field.next) != NULL) {
      return;
    }
    if (columns->roles[j] != CLF__CSV_FEATURE || clf__csv_missing(&columns->text, &field)) {
      continue;
    }
    const uint32_t orders = clf__csv_date_orders(&field);
    if (is_number(&columns->text, &field) || (orders == 0 && is_almost_number(&field))) {
      found->seen[j] |= NUMBERS;
    } else {
      found->orders[j] = (found->seen[j] & TEXTS) != 0 ? found->orders[j] & orders : orders;
      found->seen[j] |= TEXTS;
    }
  }
}

static void look(facts *found, const clf__csv_columns *columns) {
  const clf__csv_text *text = &columns->text;
  const char *record = columns->rows;
  for (int i = 0; i < CLF__CSV_SAMPLE && record != NULL && record < text->lines.end; i++) {
    look_at(found, columns, record);
    record = record - columns->rows < SAMPLE_BYTES ? clf__csv_record_after(text, record) : NULL;
  }
}

/* Sets the order of all dates; columns in which several orders are possible must be told apart. */
static clf_status choose_order(clf__csv_columns *columns, const facts *found) {
  const uint32_t dmy = UINT32_C(1) << CLF__CSV_DMY, mdy = UINT32_C(1) << CLF__CSV_MDY;
  uint32_t orders = dmy | mdy;
  int64_t first = -1;
  for (int64_t j = 0; j < columns->count; j++) {
    if (found->seen[j] == TEXTS && (found->orders[j] & (dmy | mdy)) != 0) {
      orders &= found->orders[j];
      first = first < 0 ? j : first;
    }
  }
  if (first >= 0 && orders != dmy && orders != mdy) {
    const clf__csv_field name = clf__csv_name(columns, first);
    return clf__fail(CLF_ERROR_DATA,
                     "%s: the dates in column %lld%s%s%s may have the day or the month first; "
                     "dates=dmy or dates=mdy says which, dates=none takes them as texts",
                     columns->text.lines.name, (long long)first + 1,
                     name.begin < name.end ? " (" : "", clf__excerpt_of(name.begin, name.end).text,
                     name.begin < name.end ? ")" : "");
  }
  columns->dates = first < 0 ? CLF__CSV_YMD : orders == dmy ? CLF__CSV_DMY : CLF__CSV_MDY;
  return CLF_OK;
}

static clf_status choose_dates(clf__csv_columns *columns, const facts *found, int32_t dates) {
  columns->dates = dates;
  if (dates == CLF__CSV_AUTO) {
    CLF__CHECK(choose_order(columns, found));
  }
  for (int64_t j = 0; j < columns->count && dates != CLF__CSV_DATES_NONE; j++) {
    const uint32_t orders =
        UINT32_C(1) << columns->dates | (dates == CLF__CSV_AUTO ? UINT32_C(1) << CLF__CSV_YMD : 0);
    if (found->seen[j] == TEXTS && (found->orders[j] & orders) != 0) {
      columns->kinds[j] = CLF__CSV_DATE;
      columns->guessed_dates |= dates == CLF__CSV_AUTO && columns->dates != CLF__CSV_YMD;
    }
  }
  return CLF_OK;
}

static clf_status guess(clf__csv_columns *columns, int32_t dates, bool categories) {
  clf__arena arena = {.context = columns->context};
  facts found = {clf__arena_zeroed(&arena, columns->count, 1),
                 clf__arena_zeroed(&arena, columns->count, sizeof(uint32_t))};
  clf_status status;
  CLF__TRY(clf__arena_status(&arena));
  look(&found, columns);
  for (int64_t j = 0; j < columns->count && categories; j++) {
    if (columns->roles[j] == CLF__CSV_FEATURE) {
      columns->kinds[j] = found.seen[j] == TEXTS ? CLF__CSV_CATEGORY
                          : found.seen[j] == 0   ? CLF__CSV_OPEN
                                                 : CLF__CSV_NUMBER;
    }
  }
  status = choose_dates(columns, &found, dates);
done:
  clf__arena_free(&arena);
  return status;
}

/* Sets the kind of the columns of a list. */
static clf_status choose_listed(clf__csv_columns *columns, const char *list) {
  const size_t length = strlen(list);
  CLF__CHECK(clf__csv_index_names(columns));
  char *item = clf__alloc_array(columns->context, (int64_t)length + 1, 1);
  const bool single = clf__csv_find_column(columns, list, length) >= 0;
  clf_status status = item != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (const char *at = list; status == CLF_OK && at != NULL;) {
    const size_t bytes = single ? length : clf__csv_list_item(&at, item);
    const char *name = single ? list : item;
    const int64_t column = clf__csv_find_column(columns, name, bytes);
    at = single ? NULL : at;
    if (column < 0) {
      status = clf__csv_fail_column(columns, "categories", name, bytes);
    } else if (columns->roles[column] == CLF__CSV_FEATURE) {
      columns->kinds[column] = CLF__CSV_CATEGORY;
    }
  }
  clf__free(item);
  return status;
}

clf_status clf__csv_kinds_choose(clf__csv_columns *columns, const clf__csv_params *params) {
  const char *categories = params->categories;
  const bool automatic = categories == NULL || strcmp(categories, "auto") == 0;
  columns->guessed_kinds = automatic && params->unreadable == 0;
  columns->kinds = clf__alloc_zeroed(columns->context, columns->count, 1);
  if (columns->kinds == NULL) {
    return clf__fail_within(CLF_ERROR_MEMORY, "%s", columns->text.lines.name);
  }
  if (params->unreadable == 0) {
    CLF__CHECK(guess(columns, params->dates, columns->guessed_kinds));
  }
  return automatic || strcmp(categories, "none") == 0 ? CLF_OK : choose_listed(columns, categories);
}
