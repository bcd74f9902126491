/* Guesses about a CSV file from its first records: the delimiter, the decimal mark, an empty last
 * column, a first column of row numbers. A wrong guess leads to an error later, or can be
 * recognized in the log, which names the parameter that changes it. */
#include <math.h>
#include <string.h>

#include "data/formats/csv/csv.h"

enum { SAMPLE_BYTES = 1 << 16 };

/* An iterator over well-formed records. */
typedef struct sample {
  const clf__csv_text *text;
  const char *begin, *at;
  int64_t count;
} sample;

static sample sample_of(const clf__csv_text *text, const char *begin) {
  return (sample){text, begin, begin, 0};
}

/* Returns the next record, or NULL. */
static const char *next_record(sample *self) {
  const char *at = self->at;
  if (at == NULL || at == self->text->lines.end || self->count == CLF__CSV_SAMPLE) {
    return NULL;
  }
  const char *after = clf__csv_record_after(self->text, at);
  self->at = after != NULL && after - self->begin < SAMPLE_BYTES ? after : NULL;
  self->count++;
  return after != NULL ? at : NULL;
}

/* Returns whether the field has only digits, signs, and marks that any notation may have between
 * digits. */
static bool looks_like_number(const clf__csv_field *field) {
  bool digits = false;
  for (const char *at = field->begin; at < field->end; at++) {
    const bool digit = (unsigned char)(*at - '0') <= 9;
    if (!digit && strchr("+-., '", *at) == NULL && !(digits && (*at | 0x20) == 'e')) {
      return false;
    }
    digits |= digit;
  }
  return digits;
}

static clf__csv_text with_delimiter(const clf__csv_text *text, int32_t choice) {
  clf__csv_text out = *text;
  clf__csv_set_delimiter(&out, choice);
  return out;
}

/* Rates a delimiter: among records with equal numbers of fields, the share of fields that are
 * numbers. The first record may be a header with one field more or fewer, and counts only if it is
 * the only record. */
typedef struct fit {
  int64_t fields, numbers; /* 0: the delimiter does not fit */
} fit;

static fit fit_of(const clf__csv_text *plain, const char *first, int32_t choice) {
  const clf__csv_text text = with_delimiter(plain, choice);
  fit found = {0, 0};
  int64_t width = 0, before = 0;
  sample records = sample_of(&text, first);
  for (const char *record; (record = next_record(&records)) != NULL; before = width) {
    clf__csv_field field = {.next = record};
    if (records.count == 2) {
      found = (fit){0, 0};
    }
    width = 0;
    do {
      clf__csv_field_at(&field, &text, field.next);
      found.numbers += looks_like_number(&field);
      width++;
    } while (!field.last);
    found.fields += width;
    const int64_t apart = width > before ? width - before : before - width;
    if (width == 1 || (records.count > 1 && apart > (records.count == 2))) {
      return (fit){0, 0};
    }
  }
  return found;
}

static bool is_present(const clf__csv_text *text, const char *first, int32_t choice) {
  const clf__csv_text with = with_delimiter(text, choice);
  clf__csv_field field;
  return clf__csv_field_at(&field, &with, first) == NULL && !field.last;
}

/* Returns the delimiter that fits with the largest share of numbers. If none fits, it is the first
 * one that occurs in the first record, so that messages refer to it. Blanks also occur within
 * texts, so they must fit better than others. */
int32_t clf__csv_guess_delimiter(const clf__csv_text *text, const char *first, bool documents) {
  static const int32_t candidates[] = {CLF__CSV_TAB, CLF__CSV_SEMICOLON, CLF__CSV_COMMA,
                                       CLF__CSV_PIPE, CLF__CSV_BLANKS};
  int32_t present[5], count = 0, best = 0;
  fit best_fit = {0, 0};
  for (int32_t i = 0; i < (documents ? 3 : 5); i++) { /* texts contain pipes and blanks */
    if (is_present(text, first, candidates[i])) {
      present[count++] = candidates[i];
    }
  }
  for (int32_t i = 0; i < count && (count > 1 || present[0] == CLF__CSV_BLANKS); i++) {
    const fit found = fit_of(text, first, present[i]);
    if (found.fields > 0 &&
        (best == 0 || found.numbers * best_fit.fields > best_fit.numbers * found.fields)) {
      best = present[i];
      best_fit = found;
    }
  }
  return best != 0                                    ? best
         : count > 0 && present[0] != CLF__CSV_BLANKS ? present[0]
                                                      : CLF__CSV_COMMA;
}

char clf__csv_guess_decimal(const clf__csv_text *text, const char *first, bool *doubtful,
                            bool *points) {
  clf__csv_text commas = *text, groups = *text;
  commas.decimal = ',';
  groups.thousands = ',';
  int64_t by_comma = 0, by_point = 0, by_group = 0;
  sample records = sample_of(text, first);
  for (const char *record; (record = next_record(&records)) != NULL;) {
    clf__csv_field field = {.next = record};
    do {
      double value;
      int64_t significand;
      clf__csv_field_at(&field, text, field.next);
      const bool comma = clf__csv_number(&commas, &field, &value, &significand);
      const bool point = clf__csv_number(text, &field, &value, &significand);
      by_comma += comma && !point;
      by_point += point && !comma;
      by_group += comma && !point && clf__csv_number(&groups, &field, &value, &significand);
    } while (!field.last);
  }
  *doubtful = by_comma > 0 && by_comma == by_group;
  *points = by_point > 0;
  return by_comma > 0 && by_point == 0 ? ',' : '.';
}

bool clf__csv_all_end_empty(const clf__csv_text *text, const char *rows) {
  sample records = sample_of(text, rows);
  int64_t count = 0;
  for (const char *record; (record = next_record(&records)) != NULL; count++) {
    clf__csv_field field = {.next = record};
    int64_t fields = 0;
    do {
      clf__csv_field_at(&field, text, field.next);
      fields++;
    } while (!field.last);
    if (field.begin != field.end || field.quoted || fields < 2) {
      return false;
    }
  }
  return count > 0;
}

bool clf__csv_counts_rows(const clf__csv_text *text, const char *rows, int64_t *records_seen,
                          bool *texts) {
  sample records = sample_of(text, rows);
  double next = NAN;
  bool counts = true;
  *texts = true;
  *records_seen = 0;
  for (const char *record; (record = next_record(&records)) != NULL; ++*records_seen) {
    clf__csv_field field;
    double value = NAN;
    int64_t significand;
    clf__csv_field_at(&field, text, record);
    const bool number = clf__csv_number(text, &field, &value, &significand);
    *texts = *texts && !number;
    counts = counts && number && (isnan(next) ? value == 0 || value == 1 : value == next);
    next = value + 1;
  }
  return counts && *records_seen > 0;
}
