/* Makes canonically equal strings identical (é as one character, or as e with an accent), by
 * Unicode's normalization form C, NFC (UAX #15). If case does not matter, strings are also folded:
 * two strings fold to the same one if they are a canonical caseless match (The Unicode Standard,
 * 3.13, D145). */
#ifndef CLF_TEXT_UNICODE_NORMAL_H
#define CLF_TEXT_UNICODE_NORMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLF__NORMAL_CODES = 512 };

/* A decomposed string of up to CLF__NORMAL_CODES characters, as many as the NFC of 255 bytes can
 * have. */
typedef struct clf__normal {
  int32_t count;
  bool full; /* further characters are left out */
  uint32_t codes[CLF__NORMAL_CODES];
} clf__normal;

void clf__normal_begin(clf__normal *normal);
/* Appends the full canonical decomposition (NFD) of a character. */
void clf__normal_add(clf__normal *normal, uint32_t character);
/* Writes the NFC of the string as UTF-8, with `fold` that of its full case folding: as many whole
 * characters as fit `capacity` bytes. Returns the number of bytes. The string is consumed. */
size_t clf__normal_write(clf__normal *normal, bool fold, unsigned char *to, size_t capacity);

/* Returns the canonical combining class: 0 for letters, 9 for viramas, which remove a vowel. */
int32_t clf__char_combining(uint32_t character);

#endif
