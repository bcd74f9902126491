/* Columns of categories and of dates. A text is looked up in the dictionary of its column before it
 * is compared with those of missing values, so that a repeated text costs one search. */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "base/utf8_text.h"
#include "data/formats/csv/csv_reader.h"

enum { MANY_ROWS = 20 }; /* with more rows, categories that are mostly distinct are none */

clf_status clf__csv_categories_create(clf__csv_reader *self) {
  const clf__csv_columns *columns = &self->columns;
  bool any = false;
  for (int64_t j = 0; j < columns->count; j++) {
    any = any || columns->kinds[j] == CLF__CSV_CATEGORY || columns->kinds[j] == CLF__CSV_OPEN;
  }
  if (!any) {
    return CLF_OK;
  }
  self->categories = clf__arena_zeroed(&self->arena, columns->count, sizeof *self->categories);
  CLF__CHECK(clf__arena_status(&self->arena));
  for (int64_t j = 0; j < columns->count; j++) {
    self->categories[j].texts.context = self->context;
  }
  return CLF_OK;
}

void clf__csv_categories_free(clf__csv_reader *self) {
  for (int64_t j = 0; self->categories != NULL && j < self->columns.count; j++) {
    clf__dictionary_free(&self->categories[j].texts);
  }
}

static bool is_number(const clf__csv_text *text, const clf__csv_field *field) {
  double value;
  int64_t significand;
  return clf__csv_number(text, field, &value, &significand);
}

/* Returns whether a text without quotes around it would be another field. */
static bool needs_quotes(const clf__csv_text *text, const char *begin, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (clf__csv_means(text, begin[i], CLF__CSV_ENDS_FIELD | CLF__CSV_QUOTE)) {
      return true;
    }
  }
  return length > 0 && (clf__csv_means(text, begin[0], CLF__CSV_BLANK) ||
                        clf__csv_means(text, begin[length - 1], CLF__CSV_BLANK));
}

/* Adds the content of a field to the dictionary of its column. */
static clf_status add(clf__csv_reader *self, const clf__csv_field *field, const char *begin,
                      size_t length, int64_t column, double *out) {
  clf__csv_categories *known = &self->categories[column];
  const clf__csv_text *text = &self->columns.text;
  const clf__csv_field bare = {.begin = field->begin, .end = field->end};
  int32_t code;
  clf_status status = clf__utf8_check(begin, length, CLF__LINES_LATIN1_ADVICE);
  if (status == CLF_OK) {
    status = clf__dictionary_add(&known->texts, begin, length, &code);
  }
  if (status < 0) {
    return status == CLF_ERROR_MEMORY
               ? clf__fail_within(status, "%s", text->lines.name)
               : clf__csv_fail_within(status, &self->columns, field->begin, column);
  }
  const bool number = is_number(text, field);
  known->numbers += number;
  if (known->first_text == NULL && !number) {
    known->first_text = field->begin - field->quoted;
  }
  known->shadows |=
      field->quoted && (clf__csv_missing(text, &bare) || needs_quotes(text, begin, length));
  *out = code;
  return CLF_OK;
}

/* The same for a field in which two quotes stand for one. */
static clf_status add_quoted(clf__csv_reader *self, const clf__csv_field *field, int64_t column,
                             double *out) {
  char *content = clf__alloc_array(self->context, field->end - field->begin + 1, 1);
  if (content == NULL) {
    return clf__fail_within(CLF_ERROR_MEMORY, "%s", self->columns.text.lines.name);
  }
  const size_t length = clf__csv_content(field, content);
  const clf_status status = add(self, field, content, length, column, out);
  clf__free(content);
  return status;
}

clf_status clf__csv_read_category(clf__csv_reader *self, const clf__csv_field *field,
                                  int64_t column, double *out, bool *complete) {
  const clf__csv_categories *known = &self->categories[column];
  const size_t length = (size_t)(field->end - field->begin);
  if (field->quoted && memchr(field->begin, '"', length) != NULL) {
    return add_quoted(self, field, column, out);
  }
  if (length == 0 || (known->shadows && clf__csv_missing(&self->columns.text, field))) {
    return clf__csv_read_missing(self, field, column, out, complete);
  }
  const int32_t code = clf__dictionary_find(&known->texts, field->begin, length);
  *out = code;
  if (code >= 0) {
    return CLF_OK;
  }
  return clf__csv_missing(&self->columns.text, field)
             ? clf__csv_read_missing(self, field, column, out, complete)
             : add(self, field, field->begin, length, column, out);
}

clf_status clf__csv_read_date(clf__csv_reader *self, const clf__csv_field *field, int64_t column,
                              double *out, bool *complete) {
  const clf__csv_columns *columns = &self->columns;
  if (clf__csv_missing(&columns->text, field)) {
    return clf__csv_read_missing(self, field, column, out, complete);
  }
  if (clf__csv_date(field, columns->dates, out) || clf__csv_date(field, CLF__CSV_YMD, out)) {
    return CLF_OK;
  }
  clf__fail(CLF_ERROR_DATA,
            "'%s' is not a date as those before it; dates=none and categories=%lld take the column "
            "as categories, missing_values says which texts stand for none",
            clf__excerpt_of(field->begin, field->end).text, (long long)column + 1);
  return clf__csv_fail_within(CLF_ERROR_DATA, columns, field->begin, column);
}

/* Counts the rows whose category is a number, and those that have one. */
static void count_rows(const clf__csv_reader *self, const clf_dataset *dataset, int64_t column,
                       int64_t feature, int64_t counts[2]) {
  const clf__dictionary *texts = &self->categories[column].texts;
  const clf__rows x = clf__dataset_rows(dataset);
  counts[0] = counts[1] = 0;
  for (int64_t i = 0; i < x.rows; i++) {
    const double code = clf__rows_element(&x, i, feature);
    if (!isnan(code)) {
      const clf__dictionary_entry *entry = &texts->entries[(int64_t)code];
      const char *begin = texts->text + entry->text;
      const clf__csv_field field = {.begin = begin, .end = begin + entry->length};
      counts[0] += is_number(&self->columns.text, &field);
      counts[1]++;
    }
  }
}

/* Refuses guessed categories that are mostly numbers, among which a text may stand for a missing
 * one; logs those that are mostly distinct. */
static clf_status check_guess(const clf_dataset *dataset, const clf__csv_reader *self,
                              int64_t column, int64_t feature) {
  const clf__csv_columns *columns = &self->columns;
  const clf__csv_categories *known = &self->categories[column];
  int64_t counts[2] = {0, 0};
  if (known->numbers > 0) {
    count_rows(self, dataset, column, feature, counts);
  }
  if (2 * counts[0] > counts[1] && known->first_text != NULL) {
    clf__csv_field field;
    clf__csv_field_at(&field, &columns->text, known->first_text);
    const clf__excerpt shown = clf__excerpt_of(field.begin, field.end);
    clf__fail(
        CLF_ERROR_DATA,
        "%lld of %lld values are numbers, '%s' is not; missing_values=%s takes it as missing, "
        "categories=%lld takes all as categories",
        (long long)counts[0], (long long)counts[1], shown.text, shown.text, (long long)column + 1);
    return clf__csv_fail_within(CLF_ERROR_DATA, columns, field.begin, column);
  }
  if (dataset->rows >= MANY_ROWS && known->texts.count > dataset->rows / 2) {
    clf__log(self->context, CLF_LOG_WARNING,
             "%s: column %lld has %lld categories in %lld rows; ignore=%lld leaves it out",
             columns->text.lines.name, (long long)column + 1, (long long)known->texts.count,
             (long long)dataset->rows, (long long)column + 1);
  }
  return CLF_OK;
}

static clf_status make_column(clf__names **out, const clf__csv_reader *self, int64_t column) {
  const clf__dictionary *texts = &self->categories[column].texts;
  int64_t twice;
  const char **names = clf__alloc_array(self->context, texts->count, sizeof *names);
  if (names == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__dictionary_list(texts, names);
  const clf_status status = clf__categories_column(out, self->context, names, texts->count, &twice);
  clf__free(names);
  return status;
}

clf_status clf__csv_categories_set(clf_dataset *dataset, const clf__csv_reader *self) {
  const clf__csv_columns *columns = &self->columns;
  clf__names **found = NULL;
  clf_status status = CLF_OK;
  if (self->categories == NULL) {
    return CLF_OK;
  }
  found = clf__alloc_zeroed(self->context, dataset->features, sizeof(clf__names *));
  if (found == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0, next = 0; j < columns->count; j++) {
    if (columns->roles[j] != CLF__CSV_FEATURE) {
      continue;
    }
    const int64_t feature = columns->positions != NULL ? columns->positions[j] : next;
    next++;
    if (columns->kinds[j] == CLF__CSV_CATEGORY && self->categories[j].texts.count > 0) {
      CLF__TRY(columns->guessed_kinds ? check_guess(dataset, self, j, feature) : CLF_OK);
      CLF__TRY(make_column(&found[feature], self, j));
    }
  }
  CLF__TRY(clf__categories_create(&dataset->categories, self->context, found, dataset->features));
done:
  for (int64_t j = 0; j < dataset->features; j++) {
    clf__names_release(found[j]);
  }
  clf__free(found);
  return status;
}
