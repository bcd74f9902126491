/* The characters of UTF-8, and texts from outside in a form fit for messages. */
#ifndef CLF_BASE_UTF8_H
#define CLF_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLF__REPLACEMENT = 0xFFFD, CLF__MAX_UTF8_BYTES = 4 };

/* Reads the character at *at, which must be before `end`, and advances *at. If the bytes are not
 * UTF-8, the character is CLF__REPLACEMENT, `*valid` is false, and *at advances by the longest
 * valid prefix of a character, or by one byte. Python, the web and the Unicode standard (3.9, "best
 * practice") do the same. */
uint32_t clf__utf8_next(const unsigned char **at, const unsigned char *end, bool *valid);
/* Returns the number of bytes written to `to`, at most CLF__MAX_UTF8_BYTES. */
size_t clf__utf8_write(unsigned char *to, uint32_t character);
/* Returns how many bytes, of at most `left`, the UTF-8 character at `at` has; 0 if there is
 * none. */
size_t clf__utf8_length(const char *at, size_t left);
/* Makes a text valid UTF-8 for people to read: each invalid byte becomes '?'. */
void clf__utf8_mend(char *text);
/* Returns the first byte of begin … end that is not UTF-8, or `end`. */
const unsigned char *clf__utf8_skip(const unsigned char *begin, const unsigned char *end);

/* Returns the beginning of a text in a form that can be shown: valid UTF-8 without control
 * characters. */
typedef struct clf__excerpt {
  char text[48];
} clf__excerpt;
clf__excerpt clf__excerpt_of(const char *begin, const char *end);

#endif
