/* Whether the first record of a CSV file names the columns, by comparison with those that follow.
 *
 * A name is a text that does not begin like a number. The rules, in this order:
 *  1. If a name is above numbers, or if all fields are quoted numbers above unquoted ones, it is a
 * header.
 *  2. If a text occurs again in its column, it is a row: names of classes repeat, names of columns
 *     do not.
 *  3. If a field is a usual name, such as "label", it is a header.
 *  4. If the file has no numbers, it is a header; but for documents it is a row, because losing the
 *     first document is worse than an additional one.
 *  5. If numbers increase by one from column to column, as pandas writes them for columns without
 *     names, it is a header. There must be three numbers, which begin at 0 or have a text or an
 *     empty first field in their line; if they begin at 0 and have one, two are enough.
 *  6. Otherwise it is a row.
 * If the other answer is likely, too, the log warns. docs/data-formats.md explains the rules to
 * users. */
#include <ctype.h>
#include <math.h>

#include "base/text.h"
#include "data/formats/csv/csv.h"

/* What the records below the first one showed about each column. */
enum { NUMBER = 1, BARE_NUMBER = 2, TEXT = 4, RETURNS = 8, REPEATS = 16 };

static const char usual_names[] =
    "id|index|label|labels|class|classes|class_label|category|target|species|type|kind|outcome|"
    "result|text|texts|review|reviews|sentence|sentences|sentiment|message|comment|content|"
    "document|body|title|tweet|description|polarity|rating|score|name|lang|language";

typedef struct evidence {
  int64_t names_above_numbers;
  int64_t texts_above_numbers; /* that begin like a number */
  int64_t texts, usual;        /* above texts: all names, and the usual ones */
  int64_t dates;               /* of these: those that begin like a number */
  int64_t returning;
  int64_t unique; /* texts that do not occur again, above texts that do */
  int64_t numbers;
  bool quoted;   /* all fields are quoted, and there are unquoted numbers below */
  double from;   /* the first number, if they increase by one; otherwise NaN */
  bool nameless; /* the first field is empty */
} evidence;

static bool is_number(const clf__csv_text *text, const clf__csv_field *field, double *out) {
  int64_t significand;
  return clf__csv_number(text, field, out, &significand) && isfinite(*out);
}

static bool begins_like_number(const clf__csv_field *field) {
  const unsigned char byte = (unsigned char)*field->begin;
  return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.';
}

bool clf__csv_is_named(const clf__csv_field *field, const char *names) {
  char lower[16];
  const size_t length = (size_t)(field->end - field->begin);
  if (length > sizeof lower) {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    const char byte = field->begin[i];
    lower[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
  }
  return clf__word_index(names, lower, length) >= 0;
}

/* Adds to `seen` what a record shows about each column by comparison with the first record and, for
 * repeated texts, with the second one. The record may be the second one itself. */
static void look_at(const clf__csv_text *text, const char *first, const char *second,
                    const char *record, unsigned char *seen, int64_t count) {
  clf__csv_field above = {.next = first}, middle = {.next = second}, field = {.next = record};
  for (int64_t j = 0; j < count && !above.last && !middle.last && !field.last; j++) {
    double value;
    if (clf__csv_field_at(&above, text, above.next) != NULL ||
        clf__csv_field_at(&field, text, field.next) != NULL ||
        (record != second && clf__csv_field_at(&middle, text, middle.next) != NULL)) {
      return;
    }
    if (clf__csv_missing(text, &field)) {
      continue;
    }
    const bool number = is_number(text, &field, &value);
    const bool repeats = record != second && clf__csv_same_bytes(&middle, &field);
    seen[j] |=
        (unsigned char)((number ? NUMBER : TEXT) | (number && !field.quoted ? BARE_NUMBER : 0) |
                        (clf__csv_same_bytes(&above, &field) ? RETURNS : 0) |
                        (repeats ? REPEATS : 0));
  }
}

/* Numbers that increase by one so far: the first of them and the next. Both are NaN before the
 * first number; only `from` is NaN after one that does not fit. */
typedef struct counter {
  double from, next;
} counter;

static void count(counter *self, double value) {
  const bool fits = value == floor(value) && (isnan(self->next) || value == self->next);
  self->from = isnan(self->next) && fits ? value : fits ? self->from : NAN;
  self->next = value + 1;
}

/* Returns whether all numbers of a record increase by one. */
static bool counts_by_one(const clf__csv_text *text, const char *record) {
  clf__csv_field field = {.next = record};
  counter numbers = {NAN, NAN};
  do {
    double value;
    if (clf__csv_field_at(&field, text, field.next) != NULL) {
      return false;
    }
    if (is_number(text, &field, &value)) {
      count(&numbers, value);
    }
  } while (!field.last && (isnan(numbers.next) || !isnan(numbers.from)));
  return !isnan(numbers.from);
}

/* A document may be a number. In a table, a column of texts and numbers is one of numbers, some of
 * which are missing in an unusual notation. */
static void weigh_text(evidence *found, const clf__csv_field *field, unsigned char seen,
                       bool documents) {
  const bool odd = begins_like_number(field);
  const bool numbers = (seen & NUMBER) != 0 && !(documents && (seen & TEXT) != 0);
  if (numbers && (seen & RETURNS) == 0) {
    found->names_above_numbers += !odd;
    found->texts_above_numbers += odd;
    return;
  }
  const bool returns = (seen & RETURNS) != 0;
  found->texts++;
  found->dates += odd;
  found->returning += returns;
  found->usual += !returns && clf__csv_is_named(field, usual_names);
  found->unique += !returns && (seen & REPEATS) != 0;
}

static evidence weigh(const clf__csv_columns *columns, const char *second,
                      const unsigned char *seen) {
  const clf__csv_text *text = &columns->text;
  evidence found = {0};
  counter numbers = {NAN, NAN};
  bool quoted = true;
  clf__csv_field field = {.next = columns->first};
  for (int64_t j = 0; j < columns->count; j++) {
    double value;
    clf__csv_field_at(&field, text, field.next);
    if (clf__csv_missing(text, &field)) {
      found.nameless |= j == 0 && field.begin == field.end;
    } else if (!is_number(text, &field, &value)) {
      weigh_text(&found, &field, seen[j], columns->style->documents);
    } else {
      found.numbers++;
      count(&numbers, value);
    }
    quoted = quoted && field.quoted;
    found.quoted |= (seen[j] & BARE_NUMBER) != 0;
  }
  found.quoted = found.quoted && quoted;
  const bool rows_count = second == text->lines.end || counts_by_one(text, second);
  found.from = rows_count ? NAN : numbers.from;
  return found;
}

/* Numbers may be names, if no name is above numbers and no text occurs again. */
static bool counts(const evidence *found, const char **doubt) {
  const bool likely = found->texts > 0 || found->nameless;
  if (found->from == 0 && found->numbers >= 3) {
    *doubt = likely ? NULL : "though all of it is numbers";
    return true;
  }
  *doubt = found->texts > 0 && found->nameless ? NULL : "though it has numbers";
  return likely &&
         (found->from == 0 ? found->numbers == 2 : !isnan(found->from) && found->numbers >= 3);
}

static bool decide(const evidence *found, bool documents, const char **doubt) {
  *doubt = NULL;
  if (found->quoted) {
    return true;
  }
  if (found->names_above_numbers > 0 || (found->returning == 0 && found->usual > 0)) {
    const int64_t names = found->names_above_numbers + found->usual;
    *doubt = found->numbers >= names && isnan(found->from) ? "though it has numbers" : NULL;
    return true;
  }
  if (found->returning == 0 && found->numbers == 0) {
    const bool named =
        found->texts_above_numbers > 0 || (found->texts > 0 && found->dates == 0 && !documents);
    *doubt = !named && found->texts > 1 ? "though it might be names" : NULL;
    return named;
  }
  if (found->returning == 0 && counts(found, doubt)) {
    return true;
  }
  *doubt = found->unique > 0 && found->returning == 0
               ? "though a text in it is in no other of the first lines"
               : NULL;
  return false;
}

clf_status clf__csv_guess_header(bool *out, clf__csv_columns *columns) {
  const clf__csv_text *text = &columns->text;
  const char *second = clf__csv_record_after(text, columns->first);
  unsigned char *seen = clf__alloc_zeroed(columns->context, columns->count, 1);
  if (seen == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const char *record = second;
  for (int i = 0; i < CLF__CSV_SAMPLE && record != NULL && record < text->lines.end; i++) {
    look_at(text, columns->first, second, record, seen, columns->count);
    record = record - second < 1 << 16 ? clf__csv_record_after(text, record) : NULL;
  }
  const evidence found = weigh(columns, second, seen);
  *out = decide(&found, columns->style->documents, &columns->doubt);
  clf__free(seen);
  return CLF_OK;
}
