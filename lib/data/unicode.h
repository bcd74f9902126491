/* Characters: UTF-8 in and out, what may stand in a word, lower case. */
#ifndef CLF_DATA_UNICODE_H
#define CLF_DATA_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum { CLF__REPLACEMENT = 0xFFFD, CLF__LONGEST_CHARACTER = 4 };

/* What characters are to words. */
enum {
  CLF__CHAR_OTHER,     /* blanks, punctuation, symbols: between words */
  CLF__CHAR_LETTER,    /* letters and digits */
  CLF__CHAR_IDEOGRAPH, /* Han and Hiragana, written without blanks */
  CLF__CHAR_SYLLABLE,  /* letters of Thai, Lao, Khmer, Burmese and others without blanks */
  CLF__CHAR_MARK,      /* changes the letter before it */
  CLF__CHAR_FORMAT,    /* not seen: soft hyphens, direction, how a symbol is drawn */
  CLF__CHAR_JOINER,    /* U+200C and U+200D, by which letters are drawn apart or together */
  CLF__CHAR_EMOJI,     /* those that are no letters */
  CLF__CHAR_CLASSES
};

typedef struct clf__char_traits {
  unsigned char class;
  bool plain; /* NFC leaves it alone whatever stands beside it, and what it folds to: one character
               */
} clf__char_traits;

/* The character at *at, which is before `end`, and moves on. Where the bytes are no UTF-8 it is
 * CLF__REPLACEMENT, `*valid` is false, and the longest beginning of a character is skipped, or one
 * byte: as Python, the web and the Unicode standard (3.9, "best practice") replace them. */
uint32_t clf__utf8_next(const unsigned char **at, const unsigned char *end, bool *valid);
/* Bytes written to `to`, at most CLF__LONGEST_CHARACTER. */
size_t clf__utf8_put(unsigned char *to, uint32_t character);
/* Appends bytes as valid UTF-8; returns how often U+FFFD took the place of bytes that are none. */
int64_t clf__utf8_append(clf__text *text, const unsigned char *bytes, size_t size);

/* CLF_ERROR_DATA, with the first byte that is no UTF-8 in the message, where a text has one.
 * `advice` says what to do about it; NULL: convert the text. */
clf_status clf__utf8_check(const char *text, size_t length, const char *advice);
/* The same for the names [count] of rows, which end with a NUL; CLF_ERROR_ARGUMENT where one is
 * NULL. The message says which row. */
clf_status clf__utf8_check_names(const char *const *names, int64_t count);

/* Of characters from U+0080 on. */
clf__char_traits clf__char_traits_of(uint32_t character);
uint32_t clf__char_lower(uint32_t character); /* simple case folding: one character for one */
/* In a table of places where something changes, as code point << bits | value, from U+0080 on. */
uint32_t clf__char_lookup(const uint32_t *changes, size_t count, int bits, uint32_t character);

#endif
