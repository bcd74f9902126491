/* Reading and writing UTF-8, and making texts from outside fit for messages. */
#ifndef CLF_BASE_UTF8_H
#define CLF_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { CLF__REPLACEMENT = 0xFFFD, CLF__MAX_UTF8_BYTES = 4 };

/* Reads the character at *at, which must be before `end`, and advances *at. If the bytes are not
 * UTF-8, the character is CLF__REPLACEMENT, `*valid` is false, and *at advances by the longest
 * valid prefix of a character, or by one byte. Python, the web and the Unicode standard (3.9, "best
 * practice") do the same. */
uint32_t clf__utf8_next(const unsigned char **at, const unsigned char *end, bool *valid);
/* Returns the number of bytes written to `to`, at most CLF__MAX_UTF8_BYTES. */
size_t clf__utf8_write(unsigned char *to, uint32_t character);
/* Appends bytes as valid UTF-8, and returns how often U+FFFD replaced invalid bytes. */
int64_t clf__utf8_append(clf__text *text, const unsigned char *bytes, size_t size);

/* Returns CLF_ERROR_DATA if a text is not UTF-8; the message states the first wrong byte. `advice`
 * says what to do about it; NULL suggests converting the text. */
clf_status clf__utf8_check(const char *text, size_t length, const char *advice);
/* Checks the names [count] of rows, which end with a NUL. Returns CLF_ERROR_ARGUMENT if one is
 * NULL. The message states the row. */
clf_status clf__utf8_check_names(const char *const *names, int64_t count);

/* Returns the beginning of a text in a form that can be shown: valid UTF-8 without control
 * characters. */
typedef struct clf__excerpt {
  char text[48];
} clf__excerpt;
clf__excerpt clf__excerpt_of(const char *begin, const char *end);

#endif
