/* Characters: what may stand in a word, lower case. */
#ifndef CLF_TEXT_UNICODE_H
#define CLF_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Of characters from U+0080 on. */
clf__char_traits clf__char_traits_of(uint32_t character);
uint32_t clf__char_lower(uint32_t character); /* simple case folding: one character for one */
/* In a table of places where something changes, as code point << bits | value, from U+0080 on. */
uint32_t clf__char_lookup(const uint32_t *changes, size_t count, int bits, uint32_t character);

#endif
