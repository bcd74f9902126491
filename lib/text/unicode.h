/* Characters: which ones may occur in a word, and lower case. */
#ifndef CLF_TEXT_UNICODE_H
#define CLF_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The roles of characters in words. */
enum {
  CLF__CHAR_OTHER,     /* blanks, punctuation, symbols: separate words */
  CLF__CHAR_LETTER,    /* letters and digits */
  CLF__CHAR_IDEOGRAPH, /* Han and Hiragana, written without blanks */
  CLF__CHAR_SYLLABLE,  /* letters of Thai, Lao, Khmer, Burmese and others without blanks */
  CLF__CHAR_MARK,      /* modifies the letter before it */
  CLF__CHAR_FORMAT,    /* invisible: soft hyphens, direction, variation selectors */
  CLF__CHAR_JOINER,    /* U+200C and U+200D, which join letters or keep them apart */
  CLF__CHAR_EMOJI,     /* emoji that are not letters */
  CLF__CHAR_CLASSES
};

typedef struct clf__char_traits {
  unsigned char class;
  bool plain; /* NFC never changes it, whatever its neighbors, and it folds to one character */
} clf__char_traits;

/* For characters from U+0080 on. */
clf__char_traits clf__char_traits_of(uint32_t character);
uint32_t clf__char_lower(uint32_t character); /* simple case folding: one character to one */
/* Looks up a table of positions where a value changes, as code point << bits | value, from U+0080
 * on. */
uint32_t clf__char_lookup(const uint32_t *changes, size_t count, int bits, uint32_t character);

#endif
