/* Strings that are canonically equal (é as one character, or as e with an accent) as one: in
 * Unicode's normalization form C, NFC (UAX #15), and folded where case does not matter: two strings
 * fold to the same when they are a canonical caseless match (The Unicode Standard, 3.13, D145). */
#ifndef CLF_TEXT_UNICODE_NORMAL_H
#define CLF_TEXT_UNICODE_NORMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLF__NORMAL_CODES = 512 };

/* A string decomposed, up to CLF__NORMAL_CODES characters: an NFC of 255 bytes takes no more. */
typedef struct clf__normal {
  int32_t count;
  bool full; /* what follows is left out */
  uint32_t codes[CLF__NORMAL_CODES];
} clf__normal;

void clf__normal_begin(clf__normal *normal);
/* Appends a character's full canonical decomposition (NFD). */
void clf__normal_add(clf__normal *normal, uint32_t character);
/* Writes the string's NFC as UTF-8, with `fold` of its full case folding: whole characters, as many
 * as `capacity` bytes hold. Returns the bytes. The string is used up. */
size_t clf__normal_write(clf__normal *normal, bool fold, unsigned char *to, size_t capacity);

/* Its canonical combining class: 0 for letters, 9 for viramas, which take away a vowel. */
int32_t clf__char_combining(uint32_t character);

#endif
