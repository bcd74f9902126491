/* Fields as numbers, with any marks for decimals and thousands, as true and false, and as missing
 * values.
 *
 * A thousands separator is accepted only after one to three digits, the first of which is not 0,
 * and before exactly three digits. If it were removed anywhere, as some readers do, "1,5" would
 * become 15. */
#include <math.h>
#include <string.h>

#include "data/formats/csv/csv.h"
#include "data/formats/decimal.h"

static bool is_digit(char byte) {
  return (unsigned char)(byte - '0') <= 9;
}

/* Copies the digits before the decimal mark; returns NULL if thousands are separated wrongly. */
static const char *copy_whole(char **to, const char *at, const char *end, char thousands) {
  int64_t digits = 0, marks = 0;
  for (; at < end && (is_digit(*at) || (thousands != 0 && *at == thousands)); at++) {
    if (is_digit(*at)) {
      *(*to)++ = *at;
      digits++;
    } else if (marks > 0 ? digits != 3 : digits < 1 || digits > 3 || at[-digits] == '0') {
      return NULL;
    } else {
      marks++;
      digits = 0;
    }
  }
  return marks > 0 && digits != 3 ? NULL : at;
}

void clf__csv_respell(clf__csv_digits *out, const clf__csv_text *text,
                      const clf__csv_field *field) {
  const char *at = field->begin, *end = field->end;
  out->begin = at;
  out->end = end;
  if (text->decimal == '.' && text->thousands == 0) {
    return;
  }
  char *to = out->bytes;
  out->begin = to;
  out->end = NULL;
  if ((size_t)(end - at) > sizeof out->bytes) {
    return;
  }
  if (at < end && (*at == '-' || *at == '+')) {
    *to++ = *at++;
  }
  at = copy_whole(&to, at, end, text->thousands);
  for (bool decimals = false; at != NULL && at < end; at++) {
    if (text->decimal != '.' && (*at == '.' || (decimals && *at == text->decimal))) {
      return;
    }
    decimals |= *at == text->decimal;
    *to++ = *at == text->decimal ? '.' : *at;
  }
  out->end = at != NULL ? to : NULL;
}

bool clf__csv_number(const clf__csv_text *text, const clf__csv_field *field, double *out,
                     int64_t *significand) {
  clf__csv_digits digits;
  clf__csv_respell(&digits, text, field);
  if (digits.end != NULL &&
      clf__read_digits(digits.begin, digits.end, out, significand) == digits.end) {
    return true;
  }
  const size_t length = (size_t)(field->end - field->begin);
  const char first = length == 4 || length == 5 ? (char)(*field->begin | 0x20) : '\0';
  const int32_t word =
      first == 't' || first == 'f'
          ? clf__word_index("false|False|FALSE|true|True|TRUE", field->begin, length)
          : -1;
  *significand = word >= 3;
  *out = word >= 3 ? 1 : 0;
  return word >= 0;
}

/* Returns whether an entry of a list equals the field, as text or as a number. */
static bool is_entry(const clf__csv_text *text, const clf__csv_field *field, const char *begin,
                     const char *end) {
  const clf__csv_field entry = {.begin = begin, .end = end};
  double one, other;
  int64_t ignored;
  return clf__csv_same_bytes(&entry, field) ||
         (clf__csv_number(text, field, &one, &ignored) && isfinite(one) &&
          clf__read_f64(begin, end, &other) == end && one == other);
}

static bool is_listed(const clf__csv_text *text, const clf__csv_field *field) {
  for (const char *at = text->missing;; at++) {
    const char *stop = at + strcspn(at, ",");
    if (is_entry(text, field, at, stop)) {
      return true;
    }
    if (*stop == '\0') {
      return false;
    }
    at = stop;
  }
}

/* The usual texts, ordered by length. */
static bool is_usual(const char *begin, size_t length) {
  static const char *const usual[] = {"",
                                      "?|",
                                      "NA|\\N|",
                                      "N/A|n/a|NaN|nan|NAN|#NA|",
                                      "null|NULL|Null|None|-NaN|-nan|<NA>|#N/A|",
                                      NULL,
                                      NULL,
                                      NULL,
                                      "#N/A N/A|"};
  const char *at = length < sizeof usual / sizeof usual[0] ? usual[length] : NULL;
  for (; at != NULL && *at != '\0'; at += length + 1) {
    if (memcmp(at, begin, length) == 0) {
      return true;
    }
  }
  return false;
}

bool clf__csv_missing(const clf__csv_text *text, const clf__csv_field *field) {
  const size_t length = (size_t)(field->end - field->begin);
  if (length == 0 || field->quoted) {
    return length == 0;
  }
  return text->missing != NULL ? is_listed(text, field) : is_usual(field->begin, length);
}
